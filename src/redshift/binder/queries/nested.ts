import type { Query } from "../../syntax/ast.js";
import type { BoundQuery, Scope } from "../bound.js";
import type { Binding, BindNested } from "./binding.js";
import { type Level, type ScopeOptions, scopeOf } from "./level.js";

/** A scope whose subqueries see the level's columns. */
export function nestedScope(
  level: Level,
  how: { readonly binding: Binding; readonly bindNested: BindNested },
  options: ScopeOptions,
): Scope {
  const bindInner = (query: Query, outer: Level): BoundQuery => {
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
