import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Query } from "../../syntax/ast.js";
import type { BoundQuery, Scope } from "../bound.js";
import type { Binding, BindNested } from "./binding.js";
import { type ScopeOptions, scopeOf } from "./level.js";
import type { Level } from "./names.js";

/** A scope whose subqueries see the level's columns. */
export function nestedScope(
  level: Level,
  how: { readonly binding: Binding; readonly bindNested: BindNested },
  options: ScopeOptions,
): Scope {
  const bindInner = (query: Query, outer: Level): BoundQuery => {
    refuseInnerRecursion(query);
    const bound = how.bindNested(query, how.binding, { commonTables: outer.commonTables, outer });
    return { sql: bound.sql, columns: bound.columns.map(visible), reads: [] };
  };
  return scopeOf(level, how.binding, bindInner, options);
}

/** As a driver is told of a column. */
export function visible(column: ReturnType<BindNested>["columns"][number]): BoundQuery["columns"][number] {
  const { name, type, nullable, table } = column;
  return { name, type, nullable, ...(table === undefined ? {} : { table }) };
}

/** Redshift takes WITH RECURSIVE before a whole statement only. */
export function refuseInnerRecursion(query: Query): void {
  if (!query.recursive || query.with.length === 0) return;
  throw new SqlError(SQL_STATE.featureNotSupported, "WITH RECURSIVE is not supported in a subquery", {
    at: query.at,
    hint: "Put it before the whole statement.",
  });
}
