/**
 * The SQL port: what the PostgreSQL wire, the Data API, the console and the CLI speak to. One database; sessions that know nothing of each
 * other. All SQL from outside enters here, as Redshift's dialect, and nowhere else.
 */
import type { SqlType } from "./types.js";

export interface SqlDatabase {
  /** `penstock`. */
  readonly name: string;
  /** By the way Penstock was started, or because another one made it so. Everybody is where nobody need prove who they are. */
  isSuperuser(user: string): boolean;
  /** Rejects with SqlError 53300 when there are too many, 3D000 for a database of another name. */
  connect(options: SessionOptions): Promise<SqlSession>;
  /** Those that are open now: for STV_SESSIONS, for `status`, and for the doors. */
  sessions(): readonly SessionInfo[];
  /** Stops what the session of that process id runs, as CancelRequest, PG_CANCEL_BACKEND and the Data API ask. False when there is none. */
  cancel(processId: number): boolean;
  /** Ends the session: its transaction is rolled back, its door told by `onEnd`. False when there is none. */
  terminate(processId: number): boolean;
  /** Ends every session, then resolves. */
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly user: string;
  readonly database: string;
  /** Who asks, as the door knows: to connect as another user one must be a superuser (42501). */
  readonly actor?: string;
  readonly applicationName?: string;
  /** `127.0.0.1:53211`, or the name of a door. */
  readonly remote?: string;
  /** Settings of the connection's start (`search_path`, `datestyle`, ...); an unknown one is kept and shown, as drivers send many. */
  readonly settings?: Readonly<Record<string, string>>;
  /** May not change anything: every statement that writes is refused (25006). For the console's grids and the like. */
  readonly readOnly?: boolean;
}

export interface SessionInfo {
  readonly processId: number;
  readonly user: string;
  readonly applicationName: string;
  readonly remote: string;
  readonly startedAtMs: number;
  readonly state: "idle" | "active" | "in-transaction" | "failed-transaction";
  /** The newest statement's text. */
  readonly sql: string | undefined;
}

/**
 * One connection's state: settings, temporary tables, transaction, cursors, SQL-level prepared statements. Calls run in the order in which they
 * were made, one at a time; `cancel` and `close` alone overtake.
 */
export interface SqlSession {
  readonly processId: number;
  readonly user: string;
  /** `idle`: none is open. `failed`: every statement but ROLLBACK or COMMIT is refused (25P02). */
  readonly transaction: "idle" | "open" | "failed";
  /** What SHOW would answer; undefined for an unknown name. */
  setting(name: string): string | undefined;
  /** Told of settings that a driver follows (ParameterStatus), after each change. */
  onSetting(listener: (name: string, value: string) => void): void;
  onNotice(listener: (notice: SqlNotice) => void): void;
  /** The session was ended from within (terminated, idle in transaction for too long, the database closes). */
  onEnd(listener: (reason: Error) => void): void;

  /** Cuts a text into its statements; [] for blanks and comments alone. Throws SqlError 42601 for what is no statement. */
  parse(sql: string): readonly SqlStatement[];
  /**
   * Names and types of parameters and columns are settled here, so that a driver may be told before it binds. `parameterTypes` are those that
   * the client insists on, by index from 0. Rejects with SqlError.
   */
  prepare(statement: SqlStatement, parameterTypes?: readonly (SqlType | undefined)[]): Promise<SqlPrepared>;
  /**
   * Runs it. Outside a transaction it is one by itself, committed when the promise resolves or, for one with rows, when the last row was
   * read (or `rows` was returned from early), unless `implicit` holds it open. A result stays readable while others run in the session.
   * Rejects with SqlError, its transaction then `failed` or gone.
   */
  execute(prepared: SqlPrepared, parameters?: readonly SqlValue[], options?: ExecuteOptions): Promise<SqlResult>;
  /**
   * From now on statements share one implicit transaction, until `endImplicit`: several statements in one simple query, or those between
   * two Syncs. BEGIN turns it into an explicit one.
   */
  beginImplicit(): void;
  /** Commits the implicit transaction, or rolls it back; nothing where an explicit one has taken over. Rejects if the commit fails. */
  endImplicit(outcome: "commit" | "rollback"): Promise<void>;
  /** Interrupts the statement that runs, which then rejects with 57014. Nothing when none does. */
  cancel(): void;
  /** Rolls back what is open, drops temporary tables. */
  close(): Promise<void>;
}

export interface SqlNotice {
  readonly severity: "NOTICE" | "WARNING" | "INFO";
  readonly message: string;
  readonly state?: string;
  readonly detail?: string;
  readonly hint?: string;
}

/** Made by `parse`; what is inside is the session's. */
export interface SqlStatement {
  /** Its own text, without the semicolon. */
  readonly sql: string;
  /** The first words in upper case, as far as they tell what it does: `SELECT`, `CREATE TABLE`, `COPY`, `BEGIN`. */
  readonly verb: string;
}

export interface SqlPrepared {
  readonly statement: SqlStatement;
  readonly parameters: readonly SqlType[];
  /** Undefined for a statement that answers no rows. */
  readonly columns: readonly SqlColumn[] | undefined;
}

export interface SqlColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable?: boolean;
  /** Where the column is a table's own. */
  readonly table?: { readonly schema: string; readonly name: string; readonly oid: number; readonly position: number };
}

export interface ExecuteOptions {
  /** Milliseconds; the smaller one of this and the session's `statement_timeout` holds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** For COPY ... FROM STDIN: the bytes, as they come. */
  readonly input?: AsyncIterable<Uint8Array>;
}

/**
 * A value as its type's canonical JavaScript form:
 * boolean -> boolean; smallint, integer, oid -> number; bigint -> bigint; real, double -> number (NaN and the infinities too);
 * decimal -> text in plain digits with the type's scale; char, varchar, text, name, regclass ... -> text;
 * date -> `2024-01-31`; time -> `10:00:00` with `.123456` where there is a fraction; timetz -> the same and `+00`;
 * timestamp -> `2024-01-31 10:00:00.5`; timestamptz -> the same and `+00`, in the session's time zone; intervals -> PostgreSQL's text;
 * super -> JSON text; varbyte -> Uint8Array; array -> SqlValue[]. NULL -> null.
 */
export type SqlValue = null | boolean | number | bigint | string | Uint8Array | readonly SqlValue[];

export interface SqlResult {
  /** Undefined where the statement answers none. */
  readonly columns: readonly SqlColumn[] | undefined;
  /** Chunks of rows, each read from the engine when asked for. Empty where there are no columns. To be read to its end, or returned from. */
  readonly rows: AsyncIterable<readonly (readonly SqlValue[])[]>;
  /** `SELECT 5`, `INSERT 0 3`, `CREATE TABLE`, `COPY`; for one with rows the count is the rows read, so ask when they are. */
  tag(): string;
  /** Rows changed; undefined for statements that change none. */
  readonly changed: number | undefined;
  /** As SYS_QUERY_HISTORY has it. */
  readonly queryId?: number;
  /** For COPY ... TO STDOUT: `rows` are lines, in this form. */
  readonly copyOut?: { readonly format: "text" | "csv"; readonly columns: number };
}
