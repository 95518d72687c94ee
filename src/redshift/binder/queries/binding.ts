import { SqlError } from "../../sql-error.js";
import type { QualifiedName, Query, Star } from "../../syntax/ast.js";
import type { BindContext, RelationInfo } from "../bound.js";
import type { CommonRelation, Level, Source, SourceColumn } from "./names.js";

/** What the binding of one statement shares, however deep its queries are nested. */
export interface Binding {
  readonly context: BindContext;
  readonly reads: Set<RelationInfo>;
  /** The views that are being bound, outermost first. */
  readonly views: readonly RelationInfo[];
  /** See `refuseUnsupported`. */
  readonly leaderOnly: { readonly what: string; readonly at: number }[];
  readonly unsupported: { readonly pattern: UnsupportedPattern; readonly at: number }[];
  /** A name that nothing else in the statement has, so that no inner query catches an outer one's columns. */
  alias(prefix: "r" | "q"): string;
  /** Told what a view's text is to be frozen by; not of what is inside the views that it reads. */
  readonly watcher?: BindingWatcher;
}

export type UnsupportedPattern = "skips a query" | "window function" | "outer join" | "GROUP BY";

export interface BindingWatcher {
  star(star: Star, columns: readonly ExpandedColumn[]): void;
  relation(name: QualifiedName, relation: RelationInfo): void;
}

export interface ExpandedColumn {
  readonly column: SourceColumn;
  /** Absent where the column belongs to several (USING) or its source has no name. */
  readonly source: Source | undefined;
}

/** What a query sees of what is around it. */
export interface Surroundings {
  readonly commonTables: ReadonlyMap<string, CommonRelation>;
  readonly outer: Level | undefined;
}

/** Given where it is needed, so that FROM and the queries in it may call each other. */
export type BindNested = (query: Query, binding: Binding, surroundings: Surroundings) => NestedQuery;

export interface NestedQuery {
  readonly sql: string;
  readonly columns: readonly Omit<SourceColumn, "sql">[];
}

/** Relations and subqueries of one statement, views looked through. */
const SOURCES_MAX = 10_000;

export function newBinding(context: BindContext, watcher?: BindingWatcher): Binding {
  let used = 0;
  return {
    context,
    reads: new Set(),
    views: [],
    leaderOnly: [],
    unsupported: [],
    alias(prefix) {
      used += 1;
      // Views of views, each naming the one before it twice, are soon more than anybody can hold.
      if (used > SOURCES_MAX) {
        throw new SqlError("54001", "statement too complex: it reads too many relations, those of its views included", {
          hint: `Up to ${SOURCES_MAX} may be read. Make a table or a materialized view of a part of it.`,
        });
      }
      return `${prefix}${used}`;
    },
    ...(watcher === undefined ? {} : { watcher }),
  };
}
