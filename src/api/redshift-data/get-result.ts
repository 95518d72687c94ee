import { type Call, operation, ReadyJson } from "../aws/service.js";
import { structure } from "../aws/shape.js";
import { columnMetadata } from "./column-metadata.js";
import { type DataApiContext, findStatement, makeToken, readToken } from "./context.js";
import { csvHeader } from "./encode-row.js";
import { invalid, noResult } from "./errors.js";
import { nextToken, statementId, waitTimeSeconds } from "./request.js";

const input = structure({ Id: statementId, NextToken: nextToken, WaitTimeSeconds: waitTimeSeconds });

/** The rows were encoded when they came; here a page of them is put into its frame. */
export const getStatementResult = (context: DataApiContext) =>
  operation(input, async (request, call) => {
    const found = await resultOf(context, request, call);
    if (found.format === "CSV") {
      throw invalid("The result of this statement is in CSV; GetStatementResultV2 has it.");
    }
    const frame = JSON.stringify({
      ColumnMetadata: found.columns.map((column) => columnMetadata(column)),
      TotalNumRows: found.rows,
      NextToken: found.next,
    });
    return new ReadyJson(`{"Records":[${found.page}],${frame.slice(1)}`);
  });

export const getStatementResultV2 = (context: DataApiContext) =>
  operation(input, async (request, call) => {
    const found = await resultOf(context, request, call);
    if (found.format !== "CSV") {
      throw invalid(
        "The result of this statement is in JSON; ask for ResultFormat CSV when it is executed, or GetStatementResult for this one.",
      );
    }
    const lines = [
      ...(found.index === 0 ? [csvHeader(found.columns)] : []),
      ...(found.page === "" ? [] : [found.page]),
    ];
    return {
      ColumnMetadata: found.columns.map((column) => columnMetadata(column)),
      Records: [{ CSVRecords: `${lines.join("\n")}\n` }],
      ResultFormat: "CSV",
      TotalNumRows: found.rows,
      NextToken: found.next,
    };
  });

async function resultOf(
  context: DataApiContext,
  request: {
    readonly Id: string;
    readonly NextToken: string | undefined;
    readonly WaitTimeSeconds: number | undefined;
  },
  call: Call,
) {
  const { statement, part: named } = findStatement(context, request.Id, call);
  await context.wait(statement, request.WaitTimeSeconds, call.signal);
  const part = named ?? (statement.submission.batch ? undefined : statement.parts[0]);
  // One whose transaction was rolled back behind it has no result either.
  const good = statement.status === "FINISHED" || (statement.submission.autoCommit && part?.status === "FINISHED");
  if (!good || part?.result === undefined) throw noResult();
  const { result, columns = [] } = part;
  const index = request.NextToken === undefined ? 0 : readToken(request.NextToken, request.Id);
  if (index >= result.pages) throw invalid("NextToken is behind the last page of this result.");
  return {
    index,
    columns,
    format: statement.submission.resultFormat,
    page: await result.page(index),
    rows: result.rows,
    next: index + 1 < result.pages ? makeToken(request.Id, index + 1) : undefined,
  };
}
