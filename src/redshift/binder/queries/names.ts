/** What names stand for: sources in FROM, their columns, and the levels of queries in queries. */
import type { SqlColumn } from "../../database.js";
import type { Expression } from "../../syntax/ast.js";
import type { SqlType } from "../../types.js";
import type { BoundExpression } from "../bound.js";

export interface SourceColumn {
  readonly name: string;
  readonly sql: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  readonly table?: SqlColumn["table"];
  /** Found by its name, but not in a star. */
  readonly hidden?: boolean;
}

/** What one name in FROM stands for. */
export interface Source {
  /** Undefined for a subquery without an alias. */
  readonly name: string | undefined;
  /** Where the relation has no alias, so that `schema.table.column` finds it. */
  readonly schema?: string;
  /** The relation's own name, which its alias hides. */
  readonly hiddenName?: string;
  readonly columns: readonly SourceColumn[];
  /** Of an iteration over a SUPER array: the name itself is the element, and what is behind it a path into it. */
  readonly element?: SourceColumn;
}

export interface Level {
  readonly sources: readonly Source[];
  /** Those that a name without a table may mean, in the order of a star; columns that USING merged are here once. */
  readonly columns: readonly SourceColumn[];
  readonly outer: Level | undefined;
  readonly commonTables: ReadonlyMap<string, CommonRelation>;
  /** Select items by their alias, as far as they are bound: Redshift lets later items, WHERE, GROUP BY and HAVING use them. */
  readonly aliases: Map<string, AliasedItem>;
  readonly correlation: Correlation;
}

export interface AliasedItem {
  readonly bound: BoundExpression;
  readonly expression: Expression;
}

/** What a level of names notices about references across levels; places in the statement's text. */
export interface Correlation {
  /** A query inside this one named a column of it. */
  insideAt?: number;
  /** This query named a column of one around it. */
  outsideAt?: number;
  /** The same, of one that is not next to it. */
  skippedAt?: number;
}

/** A table of a WITH that is bound: `sql` is its name in DuckDB's text. */
export interface CommonRelation {
  readonly sql: string;
  readonly columns: readonly Omit<SourceColumn, "sql">[];
}
