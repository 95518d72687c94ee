/**
 * CONNECT BY as a recursive table: the rows of START WITH, then for each level those that the condition joins to the level above. WHERE comes
 * after it. Source: "CONNECT BY clause".
 */
import type { Expression, Select } from "../../syntax/ast.js";
import type { Scope } from "../bound.js";
import type { QueryScope } from "./body.js";
import { bindCondition } from "./condition.js";
import { bindFrom } from "./from.js";
import type { FromItem } from "./from-item.js";
import { findColumn, newLevel } from "./level.js";
import type { Level, Source, SourceColumn } from "./names.js";
import { nestedScope } from "./nested.js";

/** Stands before the names under PRIOR; no name that a user writes begins so. */
const PRIOR = "\u0000prior";
const LEVEL = "level";

export function bindConnectBy(select: Select, connectBy: NonNullable<Select["connectBy"]>, how: QueryScope): FromItem {
  const roots = bindFrom(select.from, how);
  const children = bindFrom(select.from, how);
  const table = how.binding.alias("q");
  const parent = how.binding.alias("r");
  const all = distinctColumns(roots);
  const childColumns = distinctColumns(children);
  const levelName = `c${all.length + 1}`;
  const rootLevel = levelOf(withLevel(roots, "1"), how);
  const startWith =
    connectBy.startWith === undefined
      ? ""
      : ` WHERE ${bindCondition(connectBy.startWith, nestedScope(rootLevel, how, { clause: "START WITH" }))}`;
  const childLevel = levelOf(withLevel(children, `(${parent}.${levelName} + 1)`), how);
  const parentLevel = levelOf(withLevel(renamed(roots, all, parent), `${parent}.${levelName}`), how);
  const scope = priorScope(nestedScope(childLevel, how, { clause: "CONNECT BY" }), parentLevel);
  const condition = bindCondition(marked(connectBy.condition, false), scope);
  const columns = (from: readonly SourceColumn[]) =>
    from.map((column, index) => `${column.sql} AS c${index + 1}`).join(", ");
  const list = all.length === 0 ? "" : ", ";
  const sql =
    `(WITH RECURSIVE ${table} AS (SELECT ${columns(all)}${list}1 AS ${levelName} FROM ${roots.sql}${startWith} ` +
    `UNION ALL SELECT ${columns(childColumns)}${list}${parent}.${levelName} + 1 AS ${levelName} ` +
    `FROM ${children.sql}, ${table} AS ${parent} WHERE ${condition}) SELECT * FROM ${table})`;
  const alias = how.binding.alias("r");
  const item = withLevel(renamed(roots, all, alias), `${alias}.${levelName}`);
  return { ...item, sql: `${sql} AS ${alias}` };
}

function levelOf(item: FromItem, how: QueryScope): Level {
  const { outer, commonTables } = how.surroundings;
  return newLevel({ sources: item.sources, columns: item.columns, outer, commonTables });
}

/** Those that a star shows, and those that only a qualified name finds. */
function distinctColumns(item: FromItem): readonly SourceColumn[] {
  const found = new Map<string, SourceColumn>();
  for (const column of [...item.columns, ...item.sources.flatMap((source) => source.columns)])
    found.set(column.sql, column);
  return [...found.values()];
}

function renamed(item: FromItem, all: readonly SourceColumn[], alias: string): FromItem {
  const made = new Map(all.map((column, index) => [column.sql, { ...column, sql: `${alias}.c${index + 1}` }]));
  const swap = (column: SourceColumn): SourceColumn => ({ ...column, sql: made.get(column.sql)?.sql ?? column.sql });
  const sources = item.sources.map((source): Source => ({ ...source, columns: source.columns.map(swap) }));
  return { sql: item.sql, sources, columns: item.columns.map(swap) };
}

function withLevel(item: FromItem, sql: string): FromItem {
  const level: SourceColumn = { name: LEVEL, sql, type: { kind: "integer" }, nullable: false, hidden: true };
  if (item.columns.some((column) => column.name === LEVEL)) return item;
  return {
    ...item,
    sources: [...item.sources, { name: undefined, columns: [level] }],
    columns: [...item.columns, level],
  };
}

/** Marks the names under PRIOR and takes the operator away. */
function marked<T>(value: T, prior: boolean): T {
  if (Array.isArray(value)) return value.map((item: unknown) => marked(item, prior)) as T;
  if (typeof value !== "object" || value === null) return value;
  const node = value as { readonly kind?: unknown };
  if (isPrior(node)) return marked(node.operand, true) as T;
  if (prior && isColumn(node)) return { ...node, parts: [PRIOR, ...node.parts] } as T;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, marked(inner, prior)])) as T;
}

function isPrior(node: { readonly kind?: unknown }): node is Expression & { readonly kind: "unary" } {
  return node.kind === "unary" && (node as { readonly operator?: unknown }).operator === "prior";
}

function isColumn(node: { readonly kind?: unknown }): node is Expression & { readonly kind: "column" } {
  return node.kind === "column";
}

function priorScope(scope: Scope, parent: Level): Scope {
  return {
    ...scope,
    column(parts, at) {
      if (parts[0] !== PRIOR) return scope.column(parts, at);
      const found = findColumn(parent, parts.slice(1), at);
      return { column: found.column, rest: found.rest };
    },
  };
}
