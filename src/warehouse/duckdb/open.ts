import { dirname } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Clock } from "../../core/clock.js";
import { messageOf, PenstockError } from "../../core/errors.js";
import type { Gate } from "../../core/gate.js";
import { inTurn } from "../../core/in-turn.js";
import { MIB } from "../../core/limits.js";
import type { ObjectStore } from "../../lake/object-store.js";
import type { StageLog } from "../log.js";
import type { LedgerEntry, Warehouse } from "../warehouse.js";
import { applyTable, describeTable } from "./apply-table.js";
import { readDeadLetters } from "./dead-letters.js";
import { engineError } from "./engine-errors.js";
import { ledgerSummary, lockLedger, readLedger, writeLedger } from "./ledger.js";
import { loadObjects } from "./load.js";
import { runQuery } from "./query.js";
import { preparePenstockSchema } from "./schema.js";
import { type Engine, type Session, transaction, withSession } from "./session.js";
import { text } from "./sql-text.js";

export interface DuckDbWarehouseOptions {
  /** The database's file; made when absent. Its folder must be there. */
  readonly path: string;
  /** SQL from outside can read its folder, and no other file. */
  readonly lake: ObjectStore;
  /** Folders that the SQL side reads and writes besides: the buckets, and where UNLOAD stages its files. */
  readonly folders?: readonly string[];
  readonly memoryBytes: number;
  readonly threads: number;
  readonly tempDirectory: string;
  /** Bytes on disk that statements may spill; default 4 GiB. */
  readonly spillBytesMax?: number;
  readonly clock: Clock;
  readonly log: StageLog;
  /** Every call into the engine passes it; see core/gate.ts. */
  readonly gate: Gate;
}

const SPILL_BYTES_DEFAULT = 4096 * MIB;
/** DuckDB's log is taken into its file from this size on: what a start after a crash reads again at most. */
const LOG_BYTES_MAX = 16 * MIB;
/** Of a new file: the first that packs texts by DuckDB's newer way, which takes a quarter off a load's work; a file that is there keeps its own. */
const STORAGE_VERSION = "v1.3.0";

export interface DuckDbWarehouse extends Warehouse {
  /** For the SQL side, which has connections of its own to the same database. */
  readonly engine: Engine;
  /** Told after each `applyTable`. */
  onShape(listener: () => void): void;
  /** Told after each load that was not tried only. */
  onRows(listener: (target: string) => void): void;
}

/** The embedded warehouse: a DuckDB database in a file, locked down before any SQL from outside can reach it. */
export async function openDuckDbWarehouse(options: DuckDbWarehouseOptions): Promise<DuckDbWarehouse> {
  const { lake, clock, gate, log } = options;
  const instance = await openInstance(options);
  const engine: Engine = { instance, gate, clock };
  const take = inTurn();
  const shapeListeners: (() => void)[] = [];
  const rowListeners: ((target: string) => void)[] = [];
  let closing = false;

  /** Penstock's own statements, with its own words around the engine's errors. */
  const own = async <T>(doing: string, work: (session: Session) => Promise<T>, limit = {}): Promise<T> => {
    if (closing) throw new PenstockError("unavailable", "The warehouse is closed.");
    try {
      return await withSession(engine, limit, work);
    } catch (error) {
      throw engineError(error, doing, options.path);
    }
  };

  try {
    await own("The warehouse could not be prepared", async (session) => {
      await lockDown(session, options);
      await preparePenstockSchema(session);
    });
  } catch (error) {
    instance.closeSync();
    throw error;
  }

  return {
    engine,
    onShape: (listener) => {
      shapeListeners.push(listener);
    },
    onRows: (listener) => {
      rowListeners.push(listener);
    },

    applyTable: (table, { as: target = table.name } = {}) =>
      take(target, () =>
        own(`The table "${target}" could not be applied`, (session) =>
          // Commit point. Before: the table as it was. After: the table, all of its new columns, and how they are declared.
          transaction(session, () => applyTable(session, table, { target, nowMs: clock.now() })),
        ).then(() => {
          for (const listener of shapeListeners) listener();
        }),
      ),

    describeTable: (name) =>
      own(`The table "${name}" could not be described`, (session) => describeTable(session, name)),

    load: (request) =>
      take(request.target, async () => {
        const limit = {
          deadlineMs: request.deadlineMs,
          ...(request.signal === undefined ? {} : { signal: request.signal }),
          ...(request.onStatement === undefined ? {} : { onStatement: request.onStatement }),
        };
        try {
          const report = await own(
            `The load into "${request.target}" failed`,
            (session) => loadObjects(session, engine, lake, request),
            limit,
          );
          if (request.dryRun !== true) for (const listener of rowListeners) listener(request.target);
          return report;
        } catch (error) {
          throw withKeys(error, lake, request.objects);
        }
      }),

    ledger: (target, keys, flushes) =>
      own(`The ledger could not be read`, (session) => readLedger(session, target, keys, flushes)),

    quarantine: (target, object, reason) =>
      take(target, () =>
        own(`The object ${object.key} could not be put into quarantine`, (session) =>
          transaction(session, async () => {
            await lockLedger(session, target);
            const entry: LedgerEntry = {
              target,
              key: object.key,
              kind: object.kind === "dead" ? "dead" : "rows",
              status: "quarantined",
              flush: object.flush,
              schemaVersion: object.schemaVersion,
              rows: object.rows,
              loadedRows: 0,
              dedupedRows: 0,
              replacedRows: 0,
              sizeBytes: object.sizeBytes,
              reason,
              loadedAtMs: clock.now(),
              tookMs: 0,
            };
            // One that is loaded stays so: the ledger writes over quarantines only.
            await writeLedger(session, [entry], await readLedger(session, target, [object.key]));
          }),
        ),
      ),

    summary: (target, newest) =>
      own("The ledger could not be read", (session) => ledgerSummary(session, target, newest)),

    deadLetters: (choice) => own("The dead letters could not be read", (session) => readDeadLetters(session, choice)),

    query: (sql, queryOptions = {}) => {
      if (closing) return Promise.reject(new PenstockError("unavailable", "The warehouse is closed."));
      return runQuery(engine, sql, queryOptions);
    },

    close: async () => {
      if (closing) return;
      closing = true;
      // Off the event loop; closing would do the same on it. Failing (a query is at work still) costs the next start some reading.
      await withSession(engine, {}, (session) => session.run("CHECKPOINT")).catch((error: unknown) => {
        log.debug({ reason: messageOf(error) }, "the warehouse's log was not taken into its file at close");
      });
      instance.closeSync();
    },
  };
}

async function openInstance(options: DuckDbWarehouseOptions): Promise<DuckDBInstance> {
  try {
    return await options.gate(() =>
      DuckDBInstance.create(options.path, {
        memory_limit: `${Math.floor(options.memoryBytes / MIB)}MiB`,
        threads: String(options.threads),
        temp_directory: options.tempDirectory,
        max_temp_directory_size: `${Math.floor((options.spillBytesMax ?? SPILL_BYTES_DEFAULT) / MIB)}MiB`,
        checkpoint_threshold: `${LOG_BYTES_MAX / MIB}MiB`,
        storage_compatibility_version: STORAGE_VERSION,
        // SQL promises no order that was not asked for, nor does Redshift keep one; to keep it would cost a load a seventh of its work.
        preserve_insertion_order: "false",
        autoinstall_known_extensions: "false",
        autoload_known_extensions: "false",
        allow_persistent_secrets: "false",
        allow_community_extensions: "false",
      }),
    );
  } catch (error) {
    const message = messageOf(error);
    if (/set lock|conflicting lock/i.test(message)) {
      throw new PenstockError("locked", `The warehouse ${options.path} cannot be opened: ${message}`, {
        cause: error,
        hint: "Another process has it open: stop that one, or ask it by `penstock query`.",
      });
    }
    const known = engineError(error, "It cannot be opened", options.path);
    if (known.code === "poisoned") throw known;
    throw new PenstockError("refused", `The warehouse ${options.path} cannot be opened: ${message}`, {
      cause: error,
      hint: "Mend what the engine says; its file is as of its last commit.",
    });
  }
}

/** Once `lock_configuration` is set, no statement of anybody can change any of this. */
async function lockDown(session: Session, { lake, folders: more = [] }: DuckDbWarehouseOptions): Promise<void> {
  const inLake = lake.localPath("any");
  const folders = [...(inLake === undefined ? [] : [dirname(inLake)]), ...more];
  await session.run("SET GLOBAL TimeZone = 'UTC'");
  await session.run(`SET GLOBAL allowed_directories = [${folders.map(text).join(", ")}]`);
  await session.run("SET GLOBAL enable_external_access = false");
  await session.run("SET GLOBAL lock_configuration = true");
}

/** The engine speaks of paths; the person who reads a quarantine's reason knows keys. */
function withKeys(error: unknown, lake: ObjectStore, objects: readonly { readonly key: string }[]): unknown {
  if (!(error instanceof PenstockError)) return error;
  let message = error.message;
  for (const { key } of objects) {
    const path = lake.localPath(key);
    if (path !== undefined) message = message.replaceAll(path, key);
  }
  if (message === error.message) return error;
  return new PenstockError(error.code, message, {
    cause: error.cause,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}
