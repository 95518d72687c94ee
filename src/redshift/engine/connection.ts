import type { DuckDBConnection, DuckDBDataChunk, DuckDBMaterializedResult, DuckDBResult } from "@duckdb/node-api";
import type { Gate } from "../../core/gate.js";
import { bindParameters, type Parameters } from "./bind-parameters.js";
import type { StatementLimit } from "./statement-limit.js";

/**
 * A session's own connection to DuckDB. Each call passes the gate by itself, so that a result that is read slowly holds none of its places. Calls
 * must not overlap. Rejects with what DuckDB rejects with, or with the limit's reason where that was why.
 */
export interface EngineConnection {
  /** One statement or several of generated text, the last one's rows in memory. */
  run(sql: string, limit?: StatementLimit): Promise<DuckDBMaterializedResult>;
  /** Rows of a small answer, as text or numbers. */
  rows(sql: string, limit?: StatementLimit): Promise<readonly (readonly unknown[])[]>;
  /** One statement whose rows are fetched as they are asked for. */
  stream(sql: string, parameters: Parameters, limit: StatementLimit): Promise<DuckDBResult>;
  fetch(result: DuckDBResult, limit: StatementLimit): Promise<DuckDBDataChunk | undefined>;
  /** Anything else that calls into the engine. */
  call<T>(work: (connection: DuckDBConnection) => Promise<T>, limit?: StatementLimit): Promise<T>;
  close(): void;
}

const INTERRUPT_AGAIN_MS = 20;

export function engineConnection(connection: DuckDBConnection, gate: Gate): EngineConnection {
  const call: EngineConnection["call"] = (work, limit) =>
    limit === undefined ? gate(() => work(connection)) : limited(gate, connection, limit, () => work(connection));
  return {
    call,
    run: (sql, limit) => call(() => connection.run(sql), limit),
    rows: (sql, limit) => call(async () => (await connection.run(sql)).getRows(), limit),
    stream: (sql, parameters, limit) =>
      call(async () => {
        const prepared = await connection.prepare(sql);
        try {
          if (parameters.values.length > 0) bindParameters(prepared, parameters);
          return await prepared.stream();
        } finally {
          // Its rows do not need it.
          prepared.destroySync();
        }
      }, limit),
    fetch: (result, limit) =>
      call(async () => {
        const chunk = await result.fetchChunk();
        return chunk === null || chunk.rowCount === 0 ? undefined : chunk;
      }, limit),
    close: () => connection.closeSync(),
  };
}

/** What waits for its place is stopped at once; what runs is interrupted and ends by itself, so that the next statement finds the connection free. */
function limited<T>(
  gate: Gate,
  connection: DuckDBConnection,
  limit: StatementLimit,
  work: () => Promise<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let running = false;
    let insisting: NodeJS.Timeout | undefined;
    const unlisten = limit.onStop((reason) => {
      if (!running) {
        reject(reason);
        return;
      }
      connection.interrupt();
      // DuckDB forgets an interrupt that comes just before its thread has begun the statement.
      insisting = setInterval(() => connection.interrupt(), INTERRUPT_AGAIN_MS);
    });
    gate(async () => {
      if (limit.stopped !== undefined) throw limit.stopped;
      running = true;
      return work();
    })
      .then(resolve, (error: unknown) => reject(limit.stopped ?? error))
      .finally(() => {
        unlisten();
        clearInterval(insisting);
      });
  });
}
