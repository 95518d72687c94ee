import { ResultReturnType } from "@duckdb/node-api";
import { isPenstockError, PenstockError } from "../../core/errors.js";
import { MIB } from "../../core/limits.js";
import type { QueryOptions, QueryResult } from "../warehouse.js";
import { engineError, fullMessage } from "./engine-errors.js";
import { type Engine, withSession } from "./session.js";
import { jsonValue, roughBytes } from "./values.js";

/** Where the caller names no limit: enough for a page or a script, little enough for any memory. */
const ROWS_MAX_DEFAULT = 100_000;
/** Of values held for one answer, whatever the number of rows. */
const RESULT_BYTES_MAX = 64 * MIB;

/** One statement of Penstock's own (SQL from outside has its door in src/redshift), on a connection of its own. The result is read piece by piece, and no further than the limits. */
export async function runQuery(engine: Engine, sql: string, options: QueryOptions): Promise<QueryResult> {
  const startedAtMs = engine.clock.monotonic();
  try {
    return await withSession(
      engine,
      {
        ...(options.timeoutMs === undefined ? {} : { deadlineMs: options.timeoutMs }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      async (session) => {
        // Planned and run in one transaction. In two, as DuckDB does it otherwise, a plan made by the statistics of the rows before a load can
        // read those behind it wrongly: a text of three letters, packed as one of one.
        await session.run("BEGIN TRANSACTION");
        const result = await session.call(() => session.connection.stream(sql));
        const columns = result
          .deduplicatedColumnNames()
          .map((name, index) => ({ name, type: result.columnType(index).toString() }));
        const tookMs = () => engine.clock.monotonic() - startedAtMs;
        if (result.returnType === ResultReturnType.CHANGED_ROWS) {
          await session.run("COMMIT");
          return { columns: [], rows: [], changed: result.rowsChanged, truncated: false, tookMs: tookMs() };
        }
        if (result.returnType === ResultReturnType.NOTHING) {
          await session.run("COMMIT");
          return { columns: [], rows: [], truncated: false, tookMs: tookMs() };
        }
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
