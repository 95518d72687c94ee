import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Expression, TableRef } from "../../syntax/ast.js";
import { lookForColumn } from "./level.js";
import type { Level } from "./names.js";

/**
 * UPDATE ... FROM must tie its target to the other tables by an equality: Redshift refuses what would be a cross join. `isTarget` tells the
 * target's columns by their text.
 */
export function checkEquijoin(
  refs: readonly TableRef[],
  where: Expression | undefined,
  level: Level,
  isTarget: (sql: string) => boolean,
  at: number,
): void {
  if (refs.length === 0) return;
  if (hasEquality([...(where === undefined ? [] : [where]), ...refs.flatMap(joinConditions)], level, isTarget)) return;
  throw new SqlError(SQL_STATE.featureNotSupported, "Target table must be part of an equijoin predicate", {
    at,
    hint: "Compare a column of the updated table with one of FROM in WHERE: target.id = source.id.",
  });
}

/** Whether one of the conditions, or of their parts joined by AND, equates something of one side with something of the other. */
export function hasEquality(
  conditions: readonly Expression[],
  level: Level,
  isOneSide: (sql: string) => boolean,
): boolean {
  return conditions.flatMap(conjuncts).some((condition) => {
    if (condition.kind !== "binary" || condition.operator !== "=") return false;
    const [left, right] = [columnsIn(condition.left, level), columnsIn(condition.right, level)];
    const isOther = (sql: string): boolean => !isOneSide(sql);
    return (left.some(isOneSide) && right.some(isOther)) || (right.some(isOneSide) && left.some(isOther));
  });
}

function conjuncts(expression: Expression): readonly Expression[] {
  return expression.kind === "and" ? expression.operands.flatMap(conjuncts) : [expression];
}

function joinConditions(ref: TableRef): readonly Expression[] {
  if (ref.kind !== "join") return [];
  return [...(ref.on === undefined ? [] : [ref.on]), ...joinConditions(ref.left), ...joinConditions(ref.right)];
}

function columnsIn(value: unknown, level: Level): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => columnsIn(item, level));
  if (typeof value !== "object" || value === null) return [];
  const node = value as { readonly kind?: unknown; readonly parts?: readonly string[] };
  if (node.kind === "select-query") return [];
  if (node.kind === "column" && node.parts !== undefined) {
    const found = lookForColumn(level, node.parts, 0);
    return found === undefined ? [] : [found.column.sql];
  }
  return Object.values(node).flatMap((inner) => columnsIn(inner, level));
}
