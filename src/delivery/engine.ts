/**
 * The conversion engine: a DuckDB of its own, in memory, that reads spools and writes Parquet. It runs no SQL from outside, and what
 * it may hold is set here; beyond that it spills into its temporary folder, or fails with `unavailable`, and the flush is tried again.
 */
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { messageOf, PenstockError } from "../core/errors.js";
import type { Gate } from "../core/gate.js";
import { MIB } from "../core/limits.js";
import { PARTITIONS_MAX } from "./partitions.js";

export interface ConversionEngineOptions {
  /** Bytes that DuckDB may hold; from 64 MiB. */
  readonly memoryBytesMax: number;
  /** DuckDB's own threads. */
  readonly threads: number;
  /** Where it spills; made when needed. */
  readonly temporaryDirectory: string;
  readonly temporaryBytesMax: number;
  /** Every call into DuckDB passes it: see core/gate.ts. */
  readonly gate: Gate;
}

export interface ConversionEngine {
  /** Runs statements one after another on a connection of their own; temporary tables live until `work` ends. */
  session<T>(work: (session: EngineSession) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface EngineSession {
  /** For statements whose result is a single number, such as COPY. */
  run(sql: string): Promise<number>;
  /** Rows of plain values (numbers as DOUBLE or text, as the statement casts them), a chunk at a time. */
  read(sql: string, onRows: (rows: readonly (readonly unknown[])[]) => void): Promise<void>;
}

/**
 * Threads cost memory: each has its reader's buffers and a row group under construction. Two work with 160 MiB.
 */
const MEMORY_A_THREAD = 80 * MIB;

export async function openConversionEngine(options: ConversionEngineOptions): Promise<ConversionEngine> {
  const { gate } = options;
  const threads = Math.max(1, Math.min(options.threads, Math.floor(options.memoryBytesMax / MEMORY_A_THREAD)));
  const instance = await gate(() =>
    DuckDBInstance.create(":memory:", {
      memory_limit: bytesText(options.memoryBytesMax),
      threads: String(threads),
      temp_directory: options.temporaryDirectory,
      max_temp_directory_size: bytesText(options.temporaryBytesMax),
      // Rows carry their identity; an order that nobody reads would cost memory.
      preserve_insertion_order: "false",
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
    }),
  );
  const configured = await instance.connect();
  for (const setting of [
    "SET GLOBAL TimeZone = 'UTC'",
    // Pushed below the projections, each condition would parse the record once more: 16 s instead of 3.5 for three million.
    "SET GLOBAL disabled_optimizers = 'filter_pushdown'",
    // Beyond its limit of open files DuckDB begins a second one for a partition; a flush has one object a partition.
    `SET GLOBAL partitioned_write_max_open_files = ${PARTITIONS_MAX + 1}`,
    "SET GLOBAL lock_configuration = true",
  ]) {
    await gate(() => configured.run(setting));
  }
  configured.closeSync();
  const sessions = { open: 0, closed: false, onIdle: () => {} };
  return {
    session: async (work) => {
      if (sessions.closed) throw new PenstockError("refused", "The conversion engine is closed.");
      sessions.open++;
      const connection = await instance.connect();
      try {
        return await work(sessionOn(connection, gate));
      } finally {
        connection.closeSync();
        sessions.open--;
        if (sessions.open === 0) sessions.onIdle();
      }
    },
    close: async () => {
      if (sessions.closed) return;
      sessions.closed = true;
      if (sessions.open > 0) {
        await new Promise<void>((resolve) => {
          sessions.onIdle = resolve;
        });
      }
      instance.closeSync();
    },
  };
}

function sessionOn(connection: DuckDBConnection, gate: ConversionEngineOptions["gate"]): EngineSession {
  return {
    run: (sql) =>
      gate(async () => {
        try {
          const result = await connection.runAndReadAll(sql);
          return Number(result.getRows()[0]?.[0] ?? 0);
        } catch (error) {
          throw asPenstockError(error);
        }
      }),
    read: (sql, onRows) =>
      gate(async () => {
        try {
          const result = await connection.stream(sql);
          for (;;) {
            const chunk = await result.fetchChunk();
            if (chunk === null || chunk.rowCount === 0) return;
            onRows(chunk.getRows());
          }
        } catch (error) {
          throw asPenstockError(error);
        }
      }),
  };
}

function asPenstockError(error: unknown): PenstockError {
  if (error instanceof PenstockError) return error;
  // Without the advice on DuckDB's own settings that follows.
  const reason = messageOf(error).split(/\n\s*\n/)[0]!;
  const full = /Out of Memory/i.test(reason);
  return new PenstockError("unavailable", `The conversion failed: ${reason}`, {
    hint: full
      ? "Raise the conversion engine's memory (--conversion-memory-mib), or make room on the disk that it spills to."
      : "It is tried again; if it goes on failing, look at the disk's room and at the reason above.",
    cause: error,
  });
}

function bytesText(bytes: number): string {
  return `${Math.max(1, Math.floor(bytes / 1024))}KiB`;
}
