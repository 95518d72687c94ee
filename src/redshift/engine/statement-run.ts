/** What carries out a kind of statement, and what it is given: the statement itself, its session, and what all sessions share. */
import type { Clock } from "../../core/clock.js";
import type { BindContext, RelationInfo } from "../binder/bound.js";
import type { AccessRules } from "../catalog/rights.js";
import type { ExternalRelation, SessionCatalog, SystemView } from "../catalog/session-catalog.js";
import type { StoredRelation } from "../catalog/stored.js";
import type { ExecuteOptions, SessionInfo, SqlColumn, SqlNotice, SqlResult, SqlValue } from "../database.js";
import type { SqlError } from "../sql-error.js";
import type { AlterTableAction, Statement } from "../syntax/ast.js";
import type { ParsedStatement } from "../syntax/parse.js";
import type { SqlType } from "../types.js";
import type { Parameters } from "./bind-parameters.js";
import type { CommittedCatalog } from "./committed-catalog.js";
import type { EngineConnection } from "./connection.js";
import type { QueryLog } from "./query-log.js";
import type { RowChanges } from "./row-changes.js";
import type { RowStream } from "./row-stream.js";
import type { Settings } from "./settings.js";
import type { StatementLimit } from "./statement-limit.js";
import type { SessionTransaction } from "./transaction.js";

export type Access = "none" | "read" | "write";

export interface StatementHandler<S extends Statement = Statement, B = unknown> {
  /**
   * `none` needs no transaction (SET, SHOW of a setting); `read` is a single query, which is a transaction by itself; `write` changes something, or
   * runs several statements that are to see one state.
   */
  readonly access: Access | ((statement: S, core: SessionCore) => Access);
  /** Not inside BEGIN ... COMMIT (25001). */
  readonly alone?: boolean;
  /** What it binds depends on more than the catalog and the settings: bound anew each time that it runs. */
  readonly volatile?: boolean;
  /** Names, types and functions are settled here, before it runs; the answer is kept while nothing changes that it depends on. */
  bind?(statement: S, context: BindContext, core: SessionCore): B;
  /** Of the rows that it answers, if any. */
  columns?(statement: S, bound: B, core: SessionCore): readonly SqlColumn[] | undefined;
  run(statement: S, run: StatementRun<B>): Promise<Outcome>;
}

export type StatementHandlers = {
  readonly [K in Statement["kind"]]?: StatementHandler<Extract<Statement, { kind: K }>>;
};

export function accessOf(handler: StatementHandler, statement: Statement, core: SessionCore): Access {
  return typeof handler.access === "function" ? handler.access(statement, core) : handler.access;
}

export interface StatementRun<B = unknown> {
  readonly bound: B;
  /** The statement's own text. */
  readonly sql: string;
  readonly queryId: number;
  readonly core: SessionCore;
  /** In the statement's transaction. */
  readonly connection: EngineConnection;
  readonly limit: StatementLimit;
  readonly parameters: Parameters;
  readonly options: ExecuteOptions;
  /**
   * Told when what the statement did is committed, or why it could not be. Within a transaction that goes on: when the statement is over, as
   * Redshift's logs of loads are no part of the transaction.
   */
  atEnd(listener: EndListener): void;
  /** For SYS_QUERY_DETAIL. */
  reads(relations: readonly RelationInfo[]): void;
  /**
   * A context to bind more with: a view's query, a default, ... All relations are looked up when asked for, by the rights of the session's user, or
   * of who owns what is bound.
   */
  context(parameterTypes?: (SqlType | undefined)[], as?: { readonly owner: string }): BindContext;
}

export type EndListener = (refusal: SqlError | undefined) => Promise<void>;

export interface Outcome {
  /** `SELECT 5` and the like; `rows` is how many were read. */
  readonly tag: (rows: number) => string;
  readonly changed?: number;
  /** With one of the three below. */
  readonly columns?: readonly SqlColumn[];
  readonly stream?: RowStream;
  readonly rows?: readonly (readonly SqlValue[])[];
  readonly chunks?: AsyncIterable<readonly (readonly SqlValue[])[]>;
  readonly copyOut?: SqlResult["copyOut"];
}

export const done = (tag: string, changed?: number): Outcome => ({
  tag: () => tag,
  ...(changed === undefined ? {} : { changed }),
});

/** A text column of an answer that no table has. */
export function textColumn(name: string): SqlColumn {
  return { name, type: { kind: "text" } };
}

/** What the statements of a session work with: the inside of a SqlSession. */
export interface SessionCore {
  readonly shared: Shared;
  readonly processId: number;
  readonly user: string;
  readonly connection: EngineConnection;
  readonly settings: Settings;
  readonly transaction: SessionTransaction;
  readonly catalog: SessionCatalog;
  /** Of `catalog`, as the user names it: `pg_temp_12`. */
  readonly temporarySchema: string;
  readonly cursors: Map<string, OpenCursor>;
  readonly named: Map<string, NamedStatement>;
  notice(notice: SqlNotice): void;
  /** Ends the session's transaction as it is and begins no other: TRUNCATE. Cursors are closed. */
  commit(limit?: StatementLimit): Promise<void>;
  rollback(): Promise<void>;
}

export interface OpenCursor {
  readonly columns: readonly SqlColumn[];
  readonly stream: RowStream;
  readonly reads: readonly RelationInfo[];
  /** Rows of a chunk that were fetched and not asked for yet. */
  rest: (readonly SqlValue[])[];
  readonly limit: StatementLimit;
}

/** PREPARE name AS. */
export interface NamedStatement {
  readonly parsed: ParsedStatement;
  readonly types: readonly SqlType[];
}

/** What all sessions of a database share. */
export interface Shared {
  readonly name: string;
  readonly owner: string;
  /** Absent where everybody may do everything. */
  readonly access: AccessRules | undefined;
  /** Who proves a password at the doors. */
  readonly loginUsers: ReadonlySet<string>;
  readonly clock: Clock;
  readonly limits: SqlLimits;
  readonly log: QueryLog;
  readonly handlers: StatementHandlers;
  readonly systemView: SystemView;
  readonly systemState: SystemState | undefined;
  readonly external: ExternalRelation | undefined;
  readonly alterExternal: AlterExternal | undefined;
  /** Tables of the pipeline's definition: users change their rows, never their shape. */
  isPipelineTable(name: string): boolean;
  connect(): Promise<EngineConnection>;
  readonly catalog: CommittedCatalog;
  readonly rowChanges: RowChanges;
  sessions(): readonly SessionInfo[];
  cancel(processId: number): boolean;
  terminate(processId: number): boolean;
}

/**
 * What a statement that reads the system's relations must find in variables of its connection: DuckDB's text that sets them, undefined where it
 * reads none. `sql` is the statement as DuckDB will have it.
 */
export type SystemState = (sql: string, core: SessionCore) => string | undefined;

/** ALTER TABLE of an external table: partitions, properties, columns. */
export type AlterExternal = (relation: StoredRelation, action: AlterTableAction, run: StatementRun) => Promise<void>;

export interface SqlLimits {
  readonly sessionsMax: number;
  /** For a statement whose session sets no `statement_timeout`. */
  readonly statementMsMax: number;
}
