/** Carries out one submission on a session: its statements in order, in one transaction or each in its own. */
import { join } from "node:path";
import type { Clock } from "../../core/clock.js";
import type { Disk } from "../../disk/disk.js";
import type { SqlSession } from "../../redshift/database.js";
import { isSqlError, SQL_STATE, SqlError } from "../../redshift/sql-error.js";
import { csvRow, jsonRow } from "./encode-row.js";
import { statementErrorText } from "./errors.js";
import { bindNamed, numberParameters } from "./named-parameters.js";
import { resultWriter } from "./result-pages.js";
import { isEnded, type Moment, move, type Part, type Statement } from "./statement.js";

export interface RunOptions {
  readonly session: SqlSession;
  readonly disk: Disk;
  readonly clock: Clock;
  /** For the pages of results. */
  readonly directory: string;
}

/** The service's words for a statement that was never begun, since one before it failed. */
const PASSED_OVER = "Connection or an prior query failed.";

/** Never rejects: whatever happens is the statement's end. */
export async function runStatement(statement: Statement, options: RunOptions): Promise<void> {
  const { submission } = statement;
  const now = () => moment(options.clock);
  move(statement, "STARTED", now());
  const inTransaction = submission.batch && !submission.autoCommit;
  let failure: string | undefined;
  let undone = false;
  try {
    if (inTransaction) await control(options.session, "BEGIN");
    for (const [index, part] of statement.parts.entries()) {
      if (statement.cancelled.signal.aborted) break;
      const error = await runPart(statement, part, index, options);
      if (error === undefined) continue;
      failure ??= submission.batch ? `Query #${index + 1} failed with ${error}` : error;
      if (!submission.autoCommit) break;
    }
    if (inTransaction) {
      undone = failure !== undefined || statement.cancelled.signal.aborted;
      await control(options.session, undone ? "ROLLBACK" : "COMMIT");
    }
  } catch (error) {
    failure ??= statementErrorText(error);
  }
  for (const part of statement.parts) {
    if (!isEnded(part)) move(part, "ABORTED", now(), PASSED_OVER);
  }
  // One that was cancelled too late to stop it has finished all the same.
  const cancelled = statement.cancelled.signal.aborted && (undone || failure !== undefined || !allFinished(statement));
  if (cancelled) move(statement, "ABORTED", now(), failure ?? "Query cancelled on user's request.");
  else if (failure !== undefined) move(statement, "FAILED", now(), failure);
  else move(statement, "FINISHED", now());
}

/** Answers the error's text, undefined where it went well. */
async function runPart(
  statement: Statement,
  part: Part,
  index: number,
  { session, disk, clock, directory }: RunOptions,
): Promise<string | undefined> {
  move(part, "PICKED", moment(clock));
  move(part, "STARTED", moment(clock));
  try {
    const { sql, values: texts } = numberParameters(part.sql, statement.submission.parameters);
    const [parsed, ...more] = session.parse(sql);
    if (parsed === undefined) throw new SqlError(SQL_STATE.syntaxError, "The statement is empty.");
    if (more.length > 0) {
      throw new SqlError(SQL_STATE.syntaxError, "cannot insert multiple commands into a prepared statement", {
        hint: "One statement at a time; several go as a batch, by BatchExecuteStatement.",
      });
    }
    const prepared = await session.prepare(parsed);
    const values = bindNamed(prepared.parameters, texts);
    const result = await session.execute(prepared, values, { signal: statement.cancelled.signal });
    if (result.columns === undefined) {
      for await (const _ of result.rows) break;
      part.rows = result.changed ?? 0;
    } else {
      const { columns } = result;
      const csv = statement.submission.resultFormat === "CSV";
      const writer = resultWriter(disk, join(directory, statement.id, String(index + 1)), csv ? "\n" : ",");
      for await (const chunk of result.rows) {
        for (const row of chunk) await writer.add(csv ? csvRow(row) : jsonRow(columns, row));
      }
      part.columns = columns;
      part.result = await writer.finish();
      part.rows = part.result.rows;
    }
    part.queryId = result.queryId;
    move(part, "FINISHED", moment(clock));
    return undefined;
  } catch (error) {
    const text = statementErrorText(error);
    const stopped = statement.cancelled.signal.aborted && isSqlError(error, SQL_STATE.queryCanceled);
    move(part, stopped ? "ABORTED" : "FAILED", moment(clock), text);
    return text;
  }
}

async function control(session: SqlSession, sql: "BEGIN" | "COMMIT" | "ROLLBACK"): Promise<void> {
  const [statement] = session.parse(sql);
  const result = await session.execute(await session.prepare(statement!));
  for await (const _ of result.rows) break;
}

function allFinished(statement: Statement): boolean {
  return statement.parts.every(({ status }) => status === "FINISHED");
}

export function moment(clock: Clock): Moment {
  return { nowMs: clock.now(), monotonicMs: clock.monotonic() };
}
