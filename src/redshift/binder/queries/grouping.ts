import { functionEntry } from "../../functions/registry.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Call, Expression, GroupItem, Select } from "../../syntax/ast.js";
import type { BoundExpression, Scope } from "../bound.js";
import { bindExpression } from "../expressions/bind-expression.js";
import { groupedSql } from "../expressions/derived.js";
import type { Binding } from "./binding.js";
import { expressionKey } from "./expression-key.js";
import { findColumn } from "./level.js";
import type { Level } from "./names.js";
import type { BoundItem } from "./select-items.js";
import { notePattern } from "./unsupported.js";

/** GROUP BY, bound: its text is made once the select list is final, as it may stand for select items. */
export interface Grouping {
  /** Keys of what the rows are grouped by: only this, and what is made of it, may stand outside aggregates. */
  readonly keys: ReadonlySet<string>;
  render(): string;
}

type GroupKey = { readonly item: number } | { readonly sql: string };

/** Undefined where the query is not grouped at all; a query with aggregates alone is grouped by nothing. */
export function bindGrouping(
  select: Select,
  items: readonly BoundItem[],
  how: Pick<GroupScope, "level" | "scope" | "binding">,
): Grouping | undefined {
  if (select.groupByAll === true) {
    const all = items.flatMap((item, index) => (item.bound.aggregate || item.bound.window ? [] : [index]));
    return {
      keys: new Set(all.map((index) => items[index]!.key)),
      render: () =>
        all.length === 0 ? "" : ` GROUP BY ${all.map((index) => grouped(items[index]!.bound)).join(", ")}`,
    };
  }
  if (select.groupBy.length === 0) {
    const isGrouped = select.having !== undefined || items.some((item) => item.bound.aggregate);
    return isGrouped ? { keys: new Set(), render: () => "" } : undefined;
  }
  const keys = new Set<string>();
  const parts = select.groupBy.map((item) => bindGroupItem(item, { ...how, items, keys }));
  return { keys, render: () => ` GROUP BY ${parts.map((part) => part()).join(", ")}` };
}

interface GroupScope {
  readonly items: readonly BoundItem[];
  readonly level: Level;
  readonly scope: Scope;
  readonly binding: Binding;
  readonly keys: Set<string>;
}

type Render = () => string;

function bindGroupItem(item: GroupItem, how: GroupScope): Render {
  if (item.type === "expression") {
    const key = bindKey(item.expression, how);
    return () => keySql(key, how);
  }
  const sets = item.sets.map((set) => set.map((expression) => bindKey(expression, how)));
  const word = { rollup: "ROLLUP", cube: "CUBE", sets: "GROUPING SETS" }[item.type];
  return () => {
    const texts = sets.map((set) => `(${set.map((key) => keySql(key, how)).join(", ")})`);
    return `${word} (${texts.join(", ")})`;
  };
}

function keySql(key: GroupKey, how: GroupScope): string {
  return "sql" in key ? key.sql : grouped(how.items[key.item]!.bound);
}

/** A bare number would be a position to DuckDB. */
function grouped(bound: BoundExpression): string {
  const sql = groupedSql(bound);
  return bound.origin === undefined ? sql : `coalesce(${sql})`;
}

function bindKey(expression: Expression, how: GroupScope): GroupKey {
  const { items, level, scope, keys } = how;
  const position = positionOf(expression, "GROUP BY", items.length);
  if (position !== undefined) {
    const item = items[position]!;
    if (item.bound.aggregate || item.bound.window) {
      const what = item.bound.aggregate ? "aggregates" : "window functions";
      throw new SqlError(SQL_STATE.groupingError, `${what} not allowed in GROUP BY clause`, { at: expression.at });
    }
    notePattern(how.binding, "GROUP BY", item.correlatedAt);
    keys.add(item.key);
    return { item: position };
  }
  const key = expressionKey(expression, level);
  // Bound even where it repeats an item: what GROUP BY must not hold is refused by its own scope.
  const bound = bindExpression(expression, scope);
  keys.add(key);
  const same = items.findIndex((item) => item.key === key);
  notePattern(how.binding, "GROUP BY", items[same]?.correlatedAt);
  return same === -1 ? { sql: grouped(bound) } : { item: same };
}

/** `GROUP BY 2`, `ORDER BY 2`, from 0; undefined for what is no number. */
export function positionOf(expression: Expression, clause: string, count: number): number | undefined {
  if (expression.kind !== "literal") return undefined;
  const { value } = expression;
  if (value.type !== "number" || !/^\d+$/.test(value.text)) {
    throw new SqlError(SQL_STATE.syntaxError, `non-integer constant in ${clause}`, {
      at: expression.at,
      hint: "Name a column or an expression, or give the position of a select item.",
    });
  }
  const position = Number(value.text);
  if (position < 1 || position > count) {
    throw new SqlError(SQL_STATE.invalidColumnReference, `${clause} position ${value.text} is not in select list`, {
      at: expression.at,
    });
  }
  return position - 1;
}

/** Throws 42803 for a column that is neither grouped nor inside an aggregate. */
export function checkGrouped(expression: Expression, grouping: Grouping, level: Level): void {
  check(expression, grouping, level);
}

function check(value: unknown, grouping: Grouping, level: Level): void {
  if (Array.isArray(value)) {
    for (const item of value) check(item, grouping, level);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const node = value as { readonly kind?: unknown };
  // A subquery's uses of outer columns are left to the engine.
  if (node.kind === "select-query" || node.kind === "literal") return;
  if (isExpression(node) && grouping.keys.has(expressionKey(node, level))) return;
  if (node.kind === "column") {
    checkColumn(node as Expression & { readonly kind: "column" }, grouping, level);
    return;
  }
  if (node.kind === "call") {
    const call = node as Expression & { readonly kind: "call" };
    if (isGroupingCall(call)) checkGroupingCall(call, grouping, level);
    if (call.over === undefined && functionEntry(call.name.parts.at(-1) ?? "")?.kind === "aggregate") return;
  }
  for (const inner of Object.values(node)) check(inner, grouping, level);
}

function isGroupingCall({ name }: Call): boolean {
  return ["grouping", "grouping_id"].includes(name.parts.at(-1) ?? "");
}

function checkGroupingCall({ args }: Call, grouping: Grouping, level: Level): void {
  const other = args.find((arg) => !grouping.keys.has(expressionKey(arg, level)));
  if (other === undefined) return;
  throw new SqlError(
    SQL_STATE.groupingError,
    "arguments to GROUPING must be grouping expressions of the associated query level",
    { at: other.at, hint: "Name them as GROUP BY names them." },
  );
}

function isExpression(node: { readonly kind?: unknown }): node is Expression {
  return typeof node.kind === "string";
}

function checkColumn(reference: Expression & { readonly kind: "column" }, grouping: Grouping, level: Level): void {
  const found = findColumn(level, reference.parts, reference.at);
  if (found.outer) return;
  if (found.alias !== undefined) {
    check(found.alias.expression, grouping, level);
    return;
  }
  if (grouping.keys.has(JSON.stringify({ kind: "column", sql: found.column.sql, rest: [] }))) return;
  throw ungrouped(found.column, level, reference.at);
}

/** The same for a column of a star. */
export function checkStarGrouped(item: BoundItem, grouping: Grouping, level: Level): void {
  if (!grouping.keys.has(item.key)) throw ungrouped(item.bound, level, item.at);
}

function ungrouped(column: BoundExpression, level: Level, at: number): SqlError {
  const source = level.sources.find((one) => one.columns.some((own) => own.sql === column.sql));
  const name = [...(source?.name === undefined ? [] : [source.name]), column.column?.name ?? ""].join(".");
  return new SqlError(
    SQL_STATE.groupingError,
    `column "${name}" must appear in the GROUP BY clause or be used in an aggregate function`,
    { at },
  );
}
