import type { Expression } from "../../syntax/ast.js";
import { lookForColumn } from "./level.js";
import type { Level } from "./names.js";

/**
 * Two expressions with the same key mean the same: `t.a + 1` and `A+1` where both columns are one. It tells which select item a GROUP BY or
 * ORDER BY expression repeats.
 */
export function expressionKey(expression: Expression, level: Level): string {
  return JSON.stringify(keyed(expression, level));
}

function keyed(value: unknown, level: Level): unknown {
  if (Array.isArray(value)) return value.map((item) => keyed(item, level));
  if (typeof value !== "object" || value === null) return value;
  const node = value as Readonly<Record<string, unknown>>;
  if (node.kind === "column") {
    const parts = node.parts as readonly string[];
    const found = lookForColumn(level, parts, 0);
    if (found?.alias !== undefined && found.rest.length === 0) return keyed(found.alias.expression, level);
    return found === undefined
      ? { kind: "column", parts }
      : { kind: "column", sql: found.column.sql, rest: found.rest };
  }
  // What is inside a subquery has names of its own.
  const inside = node.kind === "select-query" ? undefined : level;
  const copy: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(node)) {
    if (key !== "at") copy[key] = inside === undefined ? withoutPositions(inner) : keyed(inner, inside);
  }
  return copy;
}

function withoutPositions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPositions);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "at")
      .map(([key, inner]) => [key, withoutPositions(inner)]),
  );
}
