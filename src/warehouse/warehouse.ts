import type { TableModel } from "../definition/model.js";
import type { LakeObject } from "../delivery/flush.js";

/**
 * The warehouse port, as the loader and the doors use it. It assumes no Redshift and no DuckDB: staging, merging and locking are the
 * driver's business; what it promises is exactly-once per load id.
 */
export interface Warehouse {
  /** Makes the table (or its shadow) as the model says, or adds the columns it lacks, at the end. */
  applyTable(table: TableModel, options?: { readonly as?: string }): Promise<void>;
  /** Columns as they stand, in order; undefined when there is no such table. */
  describeTable(name: string): Promise<readonly WarehouseColumn[] | undefined>;
  /**
   * Loads whole objects into a table: rows and ledger entries commit together, or neither. Objects that the ledger has as loaded are
   * left out, so the same call may be made again; one that was quarantined is tried, since somebody asked. All objects are of one kind.
   * Rejects with `load-failed` when the objects themselves cannot be loaded (a retry will fail too: bisect), `timeout` or
   * `unavailable` when the outcome is unknown (ask `ledger` before anything else), `incompatible-schema` when the warehouse's table is not the
   * model's (nothing was loaded; no object is to blame), `refused` when a letter of `redriven` was redriven meanwhile, `poisoned` when the
   * warehouse can take nothing more.
   *
   * With `dedupe`, of all rows with one key (NULLs are equal here) the one that is first, or latest, by `_arrived_at`, then `_shard_id`,
   * `_sequence_number`, `_row_index` stays, whatever the order in which objects are loaded.
   */
  load(request: LoadRequest): Promise<LoadReport>;
  /**
   * The ledger entries of these object keys, for the named target. `flushes` are those that the objects are of, where the caller knows: a driver may
   * pass by the rest of a long ledger then.
   */
  ledger(target: string, keys: readonly string[], flushes?: FlushSpan): Promise<ReadonlyMap<string, LedgerEntry>>;
  /** Records in the ledger that an object was given up, so that no one tries it again unasked. */
  quarantine(target: string, object: LakeObject, reason: string): Promise<void>;
  /** What the ledger says of a target in sum, with its newest entries, newest first. */
  summary(target: string, newest: number): Promise<LedgerSummary>;
  /**
   * The loaded dead letters of a choice, oldest first; `after` is the id of the last one had. Fewer than `limit` where their raw bytes
   * come to more than DEAD_LETTER_PAGE_BYTES; none at all only after the last one.
   */
  deadLetters(choice: DeadLetterChoice): Promise<readonly StoredDeadLetter[]>;
  /** Penstock's own questions, in the driver's words: never a text from outside. */
  query(sql: string, options?: QueryOptions): Promise<QueryResult>;
  close(): Promise<void>;
}

/** Both inclusive. */
export interface FlushSpan {
  readonly from: number;
  readonly to: number;
}

/** Raw bytes in one answer of dead letters; passed by at most one letter. */
export const DEAD_LETTER_PAGE_BYTES = 16 * 1024 * 1024;

export interface WarehouseColumn {
  readonly name: string;
  /** The engine's own name of the type. */
  readonly type: string;
  readonly nullable: boolean;
}

export interface LoadRequest {
  readonly table: TableModel;
  /** The warehouse table to fill; the table's own name but for a shadow. */
  readonly target: string;
  readonly objects: readonly LakeObject[];
  /** Milliseconds for the whole transaction. */
  readonly deadlineMs: number;
  /**
   * Skip rows whose identity the target already has; for replays, which may overlap what was loaded before. The ledger does not keep
   * an object out then. Into the table itself, open dead letters of the rows that are loaded are marked as redriven.
   */
  readonly skipExisting?: boolean;
  /** With `skipExisting`: only the rows in this range. Such a load is no load of whole objects, so the ledger keeps no entry of it. */
  readonly range?: RowRange;
  /** Ids of the dead letters whose rows the objects hold: marked as redriven in the same transaction. There may be no objects then. */
  readonly redriven?: readonly string[];
  /** Of those, the ones whose record somebody edited: the bytes that were decoded in its place, kept beside it. */
  readonly edited?: ReadonlyMap<string, Uint8Array>;
  /** Does all of it but the commit; the report tells what would have been. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
  /** Told of each statement of the load once the warehouse has run it, in order. It is a note and nothing else: it returns at once. */
  readonly onStatement?: (statement: LoadStatement) => void;
}

/** A statement as the warehouse got it. */
export interface LoadStatement {
  readonly sql: string;
  /** What its `$1`, `$2` stood for. */
  readonly values?: readonly string[];
  readonly startedAtMs: number;
  /** Absent where the statements ran as one batch, and only the batch was timed. */
  readonly tookMs?: number;
  /** Rows that it inserted, updated or deleted. */
  readonly rowsChanged?: number;
  /** Why the warehouse did not run it. */
  readonly failure?: string;
}

/** Every bound is inclusive but `untilMs`; an absent one is open. Times are of arrival. */
export interface RowRange {
  /** As in `_shard_id`. */
  readonly shardId?: string;
  readonly fromSequence?: number;
  readonly toSequence?: number;
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

export interface LoadReport {
  /** One for each object of the request that was loaded by this call. */
  readonly loaded: readonly LedgerEntry[];
  /** Keys that the ledger had already. */
  readonly already: readonly string[];
  /** Arrival of the oldest row among those loaded, where the driver knows it. */
  readonly oldestArrivalMs?: number;
}

export interface LedgerSummary {
  readonly loadedRows: number;
  readonly dedupedRows: number;
  readonly replacedRows: number;
  readonly deadLetters: number;
  /** Objects that were given up and are not loaded, newest first. */
  readonly quarantined: readonly LedgerEntry[];
  readonly newest: readonly LedgerEntry[];
}

export interface DeadLetterChoice {
  readonly table?: string;
  readonly code?: string;
  readonly ids?: readonly string[];
  /** Only those that are still dead, or only those that are no more; both when absent. */
  readonly redriven?: boolean;
  readonly after?: string;
  /** By arrival; the oldest come first when absent. */
  readonly newestFirst?: boolean;
  readonly limit: number;
}

/** A row of `penstock.dead_letters`. */
export interface StoredDeadLetter {
  /** `<table>/<shard id>/<sequence>/<row index>`. The shard id is as in `_shard_id`. */
  readonly id: string;
  readonly table: string;
  readonly stream: string;
  readonly shardId: string;
  readonly sequence: number;
  /** The service's form. */
  readonly sequenceNumber: string;
  readonly rowIndex: number;
  readonly arrivedAtMs: number;
  readonly code: string;
  readonly column: string | undefined;
  readonly message: string;
  readonly raw: Uint8Array;
  readonly flush: number;
  readonly redrivenAtMs: number | undefined;
}

/** One lake object in one target: the row of `penstock.loads`. `rows = loadedRows + dedupedRows` for a loaded one. */
export interface LedgerEntry {
  readonly target: string;
  readonly key: string;
  readonly kind: "rows" | "dead";
  readonly status: "loaded" | "quarantined";
  readonly flush: number;
  readonly schemaVersion: number;
  readonly rows: number;
  readonly loadedRows: number;
  /** Rows of this object that `dedupe` (or `skipExisting`) kept out when it was loaded. */
  readonly dedupedRows: number;
  /** Rows of earlier objects that this load replaced (`keep: "latest"`). */
  readonly replacedRows: number;
  readonly sizeBytes: number;
  readonly reason?: string;
  readonly loadedAtMs: number;
  readonly tookMs: number;
}

export interface QueryOptions {
  readonly timeoutMs?: number;
  /** Rows beyond it are not fetched; `truncated` tells. */
  readonly rowsMax?: number;
  readonly signal?: AbortSignal;
}

export interface QueryResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** JSON values: numbers where they are exact, text for what JavaScript cannot hold (BIGINT past 2^53, DECIMAL), ISO text for times. */
  readonly rows: readonly (readonly unknown[])[];
  /** Rows changed, for INSERT, UPDATE, DELETE. */
  readonly changed?: number;
  readonly truncated: boolean;
  readonly tookMs: number;
}
