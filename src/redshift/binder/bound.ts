/**
 * The contract of the binder, which turns the syntax tree into DuckDB's SQL: every name resolved, every expression typed, every function from the
 * allow-list. No text from outside reaches the engine but as a quoted name or an escaped literal that was generated here.
 *
 * Binding is synchronous and pure: what it must know of the catalog was looked up before (`relationNames` of a statement, then `Catalog.lookUp`).
 */
import type { SqlColumn } from "../database.js";
import type { Expression, QualifiedName, Query } from "../syntax/ast.js";
import type { SqlType } from "../types.js";

/** An expression as DuckDB is to evaluate it. */
export interface BoundExpression {
  /** In parentheses wherever it is no atom, so that it can stand anywhere. */
  readonly sql: string;
  readonly type: SqlType;
  readonly at: number;
  /** Holds an aggregate that is not inside a window or a subquery. */
  readonly aggregate: boolean;
  /** Holds a window function. */
  readonly window: boolean;
  /** A literal or a parameter alone: its type may still be bent to its neighbour's. */
  readonly untyped?: boolean;
  /** False where it surely is never NULL. */
  readonly nullable: boolean;
  /** Where it is a column of a relation and nothing else. */
  readonly column?: SqlColumn;
  /** Where it is a cast that tells all values apart: what is cast, see `groupedSql`. */
  readonly uncast?: string;
  /** Of a literal or a parameter alone: what it was, so that a coercion makes it anew as the other type. */
  readonly origin?: ExpressionOrigin;
}

export type ExpressionOrigin =
  | { readonly kind: "text" | "number"; readonly text: string }
  | { readonly kind: "null" }
  /** From 1. */
  | { readonly kind: "parameter"; readonly number: number };

export interface BoundQuery {
  readonly sql: string;
  /** In order; names as a driver sees them (may repeat). In `sql` the columns are named `c1`, `c2`, ... so that they do not. */
  readonly columns: readonly SqlColumn[];
  /** Relations read, views looked through: for SYS_QUERY_DETAIL, for the advisor, and for what a view depends on. */
  readonly reads: readonly RelationInfo[];
}

/** A statement that changes rows. */
export interface BoundChange {
  readonly sql: string;
  /** Run before it in the same transaction; rows of the first column being TRUE, it is refused with the error. (MERGE with two source rows for one target.) */
  readonly checks: readonly { readonly sql: string; readonly error: (value: unknown) => Error }[];
  readonly target: RelationInfo;
  readonly reads: readonly RelationInfo[];
}

/** What binding a statement needs to know of its session. */
export interface BindContext {
  /**
   * The relation that a name means on the search path; undefined where there is none. Throws 42501 where the session's user may not do with it what
   * the statement is about to: read it, where nothing else is said.
   */
  relation(name: QualifiedName, need?: RelationNeed): RelationInfo | undefined;
  /** For the query of a view, which is read by the rights of who owns it. Absent where nobody's rights are checked. */
  asOwner?(view: RelationInfo): BindContext;
  /** Users' functions of that name, one for each list of argument types. */
  functions?(name: QualifiedName): readonly UserFunction[];
  /** Types of the statement's parameters: read, and settled by the neighbour where still undefined. By index from 0. */
  readonly parameters: (SqlType | undefined)[];
  /** What `setting` of the session answers: `timezone`, `search_path`, `datestyle`, ... */
  setting(name: string): string | undefined;
  readonly user: string;
  readonly database: string;
  readonly processId: number;
  /** Warnings on the way, told once the statement is bound. */
  notice(message: string): void;
}

/** A user's function: an expression of its arguments, which are the parameters in it. */
export interface UserFunction {
  readonly name: string;
  readonly arguments: readonly SqlType[];
  readonly returns: SqlType;
  readonly body: Expression;
}

/** `none`: nothing but what the catalog tells everybody. */
export type RelationNeed = "select" | "insert" | "update" | "delete" | "none";

export type RelationKind = "table" | "view" | "materialized-view" | "external-table" | "system-view";

export interface RelationInfo {
  /** 0 for a system view that has none. */
  readonly oid: number;
  /** As users name it: `public`, `pg_catalog`, `information_schema`, `penstock`, `pg_temp_3`, an external schema. */
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  /** Of what is stored. */
  readonly owner?: string;
  readonly columns: readonly RelationColumn[];
  /** How DuckDB is to read it: `main."quotes"`, `temp."t"`, `read_parquet([...])`-like text in parentheses. Absent for a view. */
  readonly from?: string;
  /** A view's query, to be bound in its place. Its stars were expanded when it was made, unless it is late-binding. */
  readonly view?: { readonly query: Query; readonly lateBinding: boolean };
  /** Users may change its rows: a table that is neither the system's nor Penstock's own. */
  readonly writable: boolean;
  /** External: chooses objects by the partitions that a query's conditions leave, given as bound by `prune`; see src/redshift/external. */
  readonly partitionColumns?: readonly string[];
  /** External: how many objects it has, before any are passed by. */
  readonly objects?: number;
  /** External: the scans that `from` has, one for the objects of each partition (of the lake: of each version in it). */
  readonly partitions?: number;
}

export interface RelationColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  /** From 1, as attnum. Gaps where columns were dropped are fine. */
  readonly position: number;
  readonly default?: Expression;
  /** `sequence` is DuckDB's sequence to draw from. */
  readonly identity?: {
    readonly seed: number;
    readonly step: number;
    readonly byDefault: boolean;
    readonly sequence: string;
  };
  /** Not in `SELECT *`: the oid columns and other system columns of the catalog. */
  readonly hidden?: boolean;
  /** As stored, where that is not the column's own name quoted. */
  readonly sql?: string;
}

/** Where an expression stands: what its names mean, and what it may hold. Made by the query binder, asked by the expression binder. */
export interface Scope {
  readonly context: BindContext;
  /** For messages: `WHERE`, `GROUP BY`, `JOIN/ON`, `VALUES`, `DEFAULT`, `ORDER BY`, `SELECT`, ... */
  readonly clause: string;
  readonly aggregatesAllowed: boolean;
  readonly windowsAllowed: boolean;
  /**
   * The column that a dotted name begins with, here or in an outer query; `rest` are the parts behind it, a path into a SUPER value. Throws
   * SqlError 42703 for none, 42702 for several.
   */
  column(parts: readonly string[], at: number): { readonly column: BoundExpression; readonly rest: readonly string[] };
  /** Binds a subquery, which may use this scope's columns. */
  query(query: Query): BoundQuery;
  /** Inside a user's function: what stands for its parameter, from 1. */
  argument?(number: number, at: number): BoundExpression;
  /** How many users' functions it is inside of. */
  readonly functionDepth?: number;
}
