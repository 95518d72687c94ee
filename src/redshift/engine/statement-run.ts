/** What carries out a kind of statement, and what it is given. */
import type { BindContext, RelationInfo } from "../binder/bound.js";
import type { ExecuteOptions, SqlColumn, SqlResult, SqlValue } from "../database.js";
import type { Statement } from "../syntax/ast.js";
import type { SqlType } from "../types.js";
import type { EngineConnection, Parameters } from "./connection.js";
import type { RowStream } from "./row-stream.js";
import type { SessionCore } from "./session-core.js";
import type { StatementLimit } from "./statement-limit.js";

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
  /** For SYS_QUERY_DETAIL. */
  reads(relations: readonly RelationInfo[]): void;
  /** A context to bind more with: a view's query, a default, ... All relations are looked up when asked for. */
  context(parameterTypes?: (SqlType | undefined)[]): BindContext;
}

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
