import { ResultReturnType, StatementType } from "@duckdb/node-api";
import { isPenstockError, PenstockError } from "../../core/errors.js";
import { MIB } from "../../core/limits.js";
import type { QueryOptions, QueryResult } from "../warehouse.js";
import { engineError, fullMessage } from "./engine-errors.js";
import { type Engine, type Session, withSession } from "./session.js";
import { checkStatement, checkWords, explained } from "./statement-policy.js";
import { jsonValue, roughBytes } from "./values.js";

/** Where the caller names no limit: enough for a page or a script, little enough for any memory. */
const ROWS_MAX_DEFAULT = 100_000;
/** Of values held for one answer, whatever the number of rows. */
const RESULT_BYTES_MAX = 64 * MIB;

/** One statement from outside, on a connection of its own. The result is read piece by piece, and no further than the limits. */
export async function runQuery(engine: Engine, sql: string, options: QueryOptions): Promise<QueryResult> {
  const startedAtMs = engine.clock.monotonic();
  checkWords(sql);
  try {
    return await withSession(
      engine,
      {
        ...(options.timeoutMs === undefined ? {} : { deadlineMs: options.timeoutMs }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      async (session) => {
        const prepared = await prepareAllowed(session, sql);
        const result = await session.call(() => prepared.stream());
        const columns = result
          .deduplicatedColumnNames()
          .map((name, index) => ({ name, type: result.columnType(index).toString() }));
        const tookMs = () => engine.clock.monotonic() - startedAtMs;
        if (result.returnType === ResultReturnType.CHANGED_ROWS) {
          return { columns: [], rows: [], changed: result.rowsChanged, truncated: false, tookMs: tookMs() };
        }
        if (result.returnType === ResultReturnType.NOTHING)
          return { columns: [], rows: [], truncated: false, tookMs: tookMs() };
        const rowsMax = options.rowsMax ?? ROWS_MAX_DEFAULT;
        const rows: unknown[][] = [];
        let bytes = 0;
        for (;;) {
          const chunk = await session.call(() => result.fetchChunk());
          if (chunk === null || chunk.rowCount === 0) return { columns, rows, truncated: false, tookMs: tookMs() };
          for (const row of chunk.getRows()) {
            if (rows.length >= rowsMax || bytes >= RESULT_BYTES_MAX)
              return { columns, rows, truncated: true, tookMs: tookMs() };
            const values = row.map(jsonValue);
            bytes += roughBytes(values);
            rows.push(values);
          }
        }
      },
    );
  } catch (error) {
    if (isPenstockError(error)) throw error;
    const known = engineError(error, "The query could not be answered");
    if (known.code !== "load-failed") throw known;
    throw new PenstockError("query-failed", fullMessage(error), { cause: error });
  }
}

async function prepareAllowed(session: Session, sql: string) {
  const statements = await session.call(() => session.connection.extractStatements(sql));
  if (statements.count !== 1) {
    throw new PenstockError("refused", `There are ${statements.count} statements in it; one at a time is answered.`, {
      hint: "Send them one by one. (A PIVOT counts as two, unless it names its values with IN.)",
    });
  }
  const prepared = await session.call(() => statements.prepare(0));
  checkStatement(sql, prepared.statementType);
  if (prepared.statementType === StatementType.EXPLAIN) await prepareAllowed(session, explained(sql));
  return prepared;
}
