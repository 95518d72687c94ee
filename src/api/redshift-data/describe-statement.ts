import { operation } from "../aws/service.js";
import { structure } from "../aws/shape.js";
import { type DataApiContext, findStatement } from "./context.js";
import { statementId, targetAnswer, waitTimeSeconds } from "./request.js";
import type { Part, Statement } from "./statement.js";

export const describeStatement = (context: DataApiContext) =>
  operation(structure({ Id: statementId, WaitTimeSeconds: waitTimeSeconds }), async (input, call) => {
    const { statement, part } = findStatement(context, input.Id, call);
    await context.wait(statement, input.WaitTimeSeconds, call.signal);
    const { submission } = statement;
    const common = {
      Id: input.Id,
      ...targetAnswer(submission.target),
      RedshiftPid: statement.processId ?? 0,
      ResultFormat: submission.resultFormat,
      SessionId: statement.sessionId,
      QueryParameters: submission.parameters.length > 0 ? submission.parameters : undefined,
    };
    if (part !== undefined) return { ...common, ...partAnswer(part), QueryString: part.sql };
    if (!submission.batch) {
      return {
        ...common,
        ...partAnswer(statement.parts[0]!),
        ...timesAnswer(statement),
        QueryString: submission.sqls[0],
      };
    }
    return {
      ...common,
      ...timesAnswer(statement),
      ExecutionMode: submission.autoCommit ? "AUTO_COMMIT" : "TRANSACTION",
      HasResultSet: statement.parts.some(({ result }) => result !== undefined),
      QueryString: "",
      RedshiftQueryId: 0,
      ResultRows: -1,
      ResultSize: -1,
      SubStatements: statement.parts.map((one, index) => ({
        Id: `${statement.id}:${index + 1}`,
        QueryString: one.sql,
        ...partAnswer(one),
      })),
    };
  });

function timesAnswer(one: Statement | Part): object {
  return {
    Status: one.status,
    Error: one.error,
    CreatedAt: new Date(one.createdAtMs),
    UpdatedAt: new Date(one.updatedAtMs),
    Duration: one.durationMs === undefined ? -1 : Math.round(one.durationMs * 1_000_000),
  };
}

function partAnswer(part: Part): object {
  return {
    ...timesAnswer(part),
    HasResultSet: part.result !== undefined,
    RedshiftQueryId: part.queryId ?? 0,
    ResultRows: part.rows ?? -1,
    ResultSize: part.result?.sizeBytes ?? (part.status === "FINISHED" ? 0 : -1),
  };
}
