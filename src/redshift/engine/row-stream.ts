/**
 * The rows of one running SELECT. They are fetched from DuckDB a chunk at a time; when the session's connection is needed for something else, what
 * is left is put aside (`drain`): a little in memory, the rest in a temporary table of another connection, where DuckDB spills it to disk.
 */
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api";
import { quotedName } from "../sql-text.js";
import type { EngineConnection } from "./connection.js";
import type { StatementLimit } from "./statement-limit.js";

/** Chunks (of 2,048 rows) that are put aside in memory. */
const KEPT_CHUNKS_MAX = 8;
/** Rows read back at a time. */
const PAGE_ROWS = 20 * 2_048;

export interface RowStream {
  /** Undefined after the last one. `limit`: of the statement that asks, where it is another than the one that began. */
  next(limit?: StatementLimit): Promise<DuckDBDataChunk | undefined>;
  /** Frees the session's connection: what is left can still be read. `limit`: of the statement that needs the connection, and waits. */
  drain(limit?: StatementLimit): Promise<void>;
  /** Nothing more is wanted. */
  close(): Promise<void>;
  /** The same, where the connection is about to let go of it anyway: its transaction is rolled back, or the session ends. */
  discard(): void;
  readonly ended: boolean;
}

export interface RowStreamOptions {
  readonly connection: EngineConnection;
  readonly result: DuckDBResult;
  readonly limit: StatementLimit;
  /** A connection of its own for what is put aside. */
  readonly aside: () => Promise<EngineConnection>;
}

export function rowStream({ connection, result, limit, aside }: RowStreamOptions): RowStream {
  const kept: DuckDBDataChunk[] = [];
  let live = true;
  let ended = false;
  let pages: PutAside | undefined;

  async function fetchLive(asking = limit): Promise<DuckDBDataChunk | undefined> {
    const chunk = await connection.fetch(result, asking);
    if (chunk === undefined) live = false;
    return chunk;
  }

  function discard(): void {
    if (ended) return;
    ended = true;
    kept.length = 0;
    pages?.close();
  }

  return {
    get ended() {
      return ended;
    },
    async next(asking) {
      if (ended) return undefined;
      const chunk = kept.shift() ?? (live ? await fetchLive(asking) : await pages?.next());
      if (chunk === undefined) {
        ended = true;
        pages?.close();
      }
      return chunk;
    },
    async drain(asking = limit) {
      while (live && !ended) {
        const chunk = await fetchLive(asking);
        if (chunk === undefined) return;
        if (pages === undefined && kept.length < KEPT_CHUNKS_MAX) kept.push(chunk);
        else {
          pages ??= await putAside(result, await aside(), limit);
          await pages.add(chunk, asking);
        }
      }
    },
    discard,
    async close() {
      if (ended) return;
      discard();
      if (!live) return;
      live = false;
      // DuckDB lets go of an unread result when the connection's next statement begins.
      await connection.call((own) => own.run("SELECT 1"));
    },
  };
}

interface PutAside {
  add(chunk: DuckDBDataChunk, limit: StatementLimit): Promise<void>;
  next(): Promise<DuckDBDataChunk | undefined>;
  close(): void;
}

async function putAside(result: DuckDBResult, connection: EngineConnection, limit: StatementLimit): Promise<PutAside> {
  const names = result.columnNames().map((_, index) => quotedName(`c${index + 1}`));
  const types = result.columnTypes();
  const columns = names.map((name, index) => `${name} ${types[index]}`);
  let appender: Awaited<ReturnType<DuckDBConnection["createAppender"]>> | undefined;
  try {
    await connection.run(`CREATE TEMP TABLE aside (${columns.join(", ")})`);
    appender = await connection.call((own) => own.createAppender("aside", "main", "temp"));
  } catch (error) {
    connection.close();
    throw error;
  }
  let from = 0;
  let page: DuckDBDataChunk[] = [];
  return {
    add: (chunk, asking) =>
      connection.call(async () => {
        appender?.appendDataChunk(chunk);
        // Several at once would be inserted side by side, and numbered out of their order.
        appender?.flushSync();
      }, asking),
    async next() {
      if (appender !== undefined) {
        appender.closeSync();
        appender = undefined;
      }
      if (page.length === 0) {
        // By number, for DuckDB keeps no order by itself.
        const sql = `SELECT ${names.join(", ")} FROM temp.aside WHERE rowid >= ${from} AND rowid < ${from + PAGE_ROWS} ORDER BY rowid`;
        from += PAGE_ROWS;
        page = await connection.call(async (own) => (await own.run(sql)).fetchAllChunks(), limit);
      }
      return page.shift();
    },
    close: () => connection.close(),
  };
}
