/** Where loads and unloads are told: what STL_LOAD_ERRORS, SYS_LOAD_HISTORY and their like show. Survives the rollback of what it tells. */
export interface LoadLog {
  load(record: LoadRecord): Promise<void>;
  unload(record: UnloadRecord): Promise<void>;
}

export interface LoadRecord {
  readonly queryId: number;
  readonly transactionId: number;
  readonly processId: number;
  readonly user: string;
  readonly database: string;
  readonly sql: string;
  readonly table: { readonly oid: number; readonly schema: string; readonly name: string };
  /** `s3://...` as it was written. */
  readonly source: string;
  readonly format: "parquet" | "csv" | "json" | "delimited" | "fixed-width";
  readonly compression: string;
  readonly copyJob?: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** `failed` has loaded nothing. */
  readonly status: "completed" | "failed";
  readonly rowsLoaded: number;
  readonly message: string | undefined;
  readonly files: readonly LoadedFile[];
  readonly errors: readonly LoadError[];
}

export interface LoadedFile {
  readonly url: string;
  readonly sizeBytes: number;
  readonly rowsRead: number;
  readonly rowsLoaded: number;
}

export interface LoadError {
  readonly url: string;
  /** From 1; 0 where it is not of a line. */
  readonly line: number;
  /** Empty where it is not of a column. */
  readonly column: string;
  /** `int4`, `varchar`, ... as STL_LOAD_ERRORS has it. */
  readonly type: string;
  readonly length: string;
  /** In the line, from 0. */
  readonly position: number;
  readonly rawLine: string;
  readonly rawField: string;
  readonly code: number;
  readonly reason: string;
  readonly startByte?: number;
}

export interface UnloadRecord {
  readonly queryId: number;
  readonly transactionId: number;
  readonly processId: number;
  readonly user: string;
  readonly database: string;
  readonly sql: string;
  readonly target: string;
  readonly format: "parquet" | "csv" | "json" | "text";
  readonly compression: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly rows: number;
  readonly files: readonly { readonly url: string; readonly rows: number; readonly sizeBytes: number }[];
}
