/** One statement for the console and the command line, on a session of its own, its answer as JSON can carry it. */
import type { QueryBody } from "../api/control/contract.js";
import type { Clock } from "../core/clock.js";
import { type ErrorCode, PenstockError } from "../core/errors.js";
import { MIB } from "../core/limits.js";
import type { SqlColumn, SqlDatabase, SqlSession, SqlStatement, SqlValue } from "../redshift/database.js";
import { isSqlError, SQL_STATE, type SqlError } from "../redshift/sql-error.js";
import { typeText } from "../redshift/types.js";
import type { QueryResult } from "../warehouse/warehouse.js";

/** Where the caller names no limit: enough for a page or a script, little enough for any memory. */
const ROWS_MAX_DEFAULT = 100_000;
/** Of values held for one answer, whatever the number of rows. */
const RESULT_BYTES_MAX = 64 * MIB;
/** What a value costs in memory and in an answer, roughly. */
const VALUE_BYTES = 16;

export async function runQuery(
  database: SqlDatabase,
  body: QueryBody,
  { clock, signal, user }: { readonly clock: Clock; readonly signal: AbortSignal; readonly user?: string },
): Promise<QueryResult> {
  const startedAtMs = clock.monotonic();
  try {
    const session = await database.connect({
      user: user ?? database.name,
      ...(user === undefined ? {} : { actor: user }),
      database: database.name,
      applicationName: "penstock query",
      remote: "control",
    });
    try {
      const answer = await execute(session, onlyOne(session.parse(body.sql)), body, signal);
      return { ...answer, tookMs: clock.monotonic() - startedAtMs };
    } finally {
      await session.close();
    }
  } catch (error) {
    if (isSqlError(error)) throw queryError(error, body.sql);
    throw error;
  }
}

function onlyOne(statements: readonly SqlStatement[]): SqlStatement {
  const [statement] = statements;
  if (statement === undefined) throw new PenstockError("invalid-argument", "There is no statement in it.");
  if (statements.length === 1) return statement;
  throw new PenstockError("refused", `There are ${statements.length} statements in it; one at a time is answered.`, {
    hint: "Send them one by one, or use psql: the SQL door takes several.",
  });
}

async function execute(
  session: SqlSession,
  statement: SqlStatement,
  { rowsMax = ROWS_MAX_DEFAULT, timeoutMs }: QueryBody,
  signal: AbortSignal,
): Promise<Omit<QueryResult, "tookMs">> {
  const result = await session.execute(await session.prepare(statement), [], {
    signal,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const columns = result.columns ?? [];
  const rows: unknown[][] = [];
  let bytes = 0;
  let truncated = false;
  reading: for await (const chunk of result.rows) {
    for (const row of chunk) {
      if (rows.length >= rowsMax || bytes >= RESULT_BYTES_MAX) {
        truncated = true;
        break reading;
      }
      const values = row.map((value, index) => jsonValue(value, columns[index]!));
      for (const value of values) bytes += VALUE_BYTES + (typeof value === "string" ? value.length : 0);
      rows.push(values);
    }
  }
  return {
    columns: columns.map(({ name, type }) => ({ name, type: typeText(type) })),
    rows,
    truncated,
    ...(result.changed === undefined ? {} : { changed: result.changed }),
  };
}

/** Numbers where JavaScript's are exact; times as ISO 8601, bytes as base64, all else as text. */
function jsonValue(value: SqlValue, { type }: Pick<SqlColumn, "type">): unknown {
  switch (typeof value) {
    case "bigint":
      return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString();
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "string":
      if (type.kind === "timestamp") return value.replace(" ", "T");
      if (type.kind === "timestamptz") return value.replace(" ", "T").replace(/\+00$/, "Z");
      return value;
    case "boolean":
      return value;
  }
  if (value === null) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return value.map((item) => jsonValue(item, { type: type.kind === "array" ? type.of : type }));
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  [SQL_STATE.queryCanceled]: "timeout",
  [SQL_STATE.insufficientPrivilege]: "refused",
  [SQL_STATE.tooManyConnections]: "unavailable",
  [SQL_STATE.serializationFailure]: "unavailable",
  [SQL_STATE.outOfMemory]: "unavailable",
  [SQL_STATE.diskFull]: "unavailable",
  [SQL_STATE.adminShutdown]: "unavailable",
  [SQL_STATE.cannotConnectNow]: "unavailable",
};

function queryError(error: SqlError, sql: string): PenstockError {
  const place = error.at === undefined ? "" : ` (${placeOf(sql, error.at)})`;
  const detail = error.detail === undefined ? "" : ` ${error.detail}`;
  return new PenstockError(CODES[error.state] ?? "query-failed", `${error.message}${place}${detail}`, {
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}

/** As an editor counts. */
function placeOf(sql: string, at: number): string {
  const lines = sql.slice(0, at).split("\n");
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
