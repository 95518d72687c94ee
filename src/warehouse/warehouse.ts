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
   * Loads whole objects into a table: rows and ledger entries commit together, or neither. Objects that the ledger has already are
   * left out, so the same call may be made again. Rejects with `load-failed` when the objects themselves cannot be loaded (a retry will fail
   * too: bisect), `timeout` or `unavailable` when the outcome is unknown (ask `ledger` before anything else).
   */
  load(request: LoadRequest): Promise<LoadReport>;
  /** The ledger entries of these object keys, for the named target. */
  ledger(target: string, keys: readonly string[]): Promise<ReadonlyMap<string, LedgerEntry>>;
  /** Records in the ledger that an object was given up, so that no one tries it again unasked. */
  quarantine(target: string, object: LakeObject, reason: string): Promise<void>;
  query(sql: string, options?: QueryOptions): Promise<QueryResult>;
  close(): Promise<void>;
}

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
  /** Skip rows whose identity the target already has; for replays, which may overlap what was loaded before. */
  readonly skipExisting?: boolean;
  readonly signal?: AbortSignal;
}

export interface LoadReport {
  /** One for each object of the request that was loaded by this call. */
  readonly loaded: readonly LedgerEntry[];
  /** Keys that the ledger had already. */
  readonly already: readonly string[];
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
