import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Expression, OrderItem } from "../../syntax/ast.js";
import type { Scope } from "../bound.js";
import { bindExpression, coerce } from "../expressions/bind-expression.js";
import type { BodyItem } from "./body.js";
import { positionOf } from "./grouping.js";

/** NULL is above everything: last where it goes up, first where it goes down. Said plainly, as DuckDB's own default is another. */
export function directionOf(item: OrderItem): string {
  const nulls = item.nulls ?? (item.descending ? "first" : "last");
  return `${item.descending ? "DESC" : "ASC"} NULLS ${nulls.toUpperCase()}`;
}

/** The output column that an ORDER BY item means by its position or its bare name; undefined where it is an expression. */
export function outputPosition(item: OrderItem, outputs: readonly BodyItem[]): number | undefined {
  const { expression } = item;
  const position = positionOf(expression, "ORDER BY", outputs.length);
  if (position !== undefined) return position;
  if (expression.kind !== "column" || expression.parts.length !== 1) return undefined;
  const [name] = expression.parts;
  const found = outputs.flatMap((output, index) => (output.name === name ? [index] : []));
  const [first] = found;
  if (first !== undefined && found.some((index) => outputs[index]!.bound.sql !== outputs[first]!.bound.sql)) {
    throw new SqlError(SQL_STATE.ambiguousColumn, `ORDER BY "${name}" is ambiguous`, { at: expression.at });
  }
  return first;
}

/** Of a set operation, where nothing but the result is there to order by. */
export function orderByOutput(items: readonly OrderItem[], outputs: readonly BodyItem[]): string {
  if (items.length === 0) return "";
  const parts = items.map((item) => {
    const position = outputPosition(item, outputs);
    if (position === undefined) {
      throw new SqlError(
        SQL_STATE.featureNotSupported,
        "ORDER BY on a UNION/INTERSECT/EXCEPT result must be on one of the result columns",
        { at: item.at, hint: "Order by a column's name or position, or put the set operation in a subquery." },
      );
    }
    return `c${position + 1} ${directionOf(item)}`;
  });
  return ` ORDER BY ${parts.join(", ")}`;
}

export interface Limits {
  readonly limit?: Expression;
  readonly offset?: Expression;
}

export function limitText(limits: Limits, scope: (clause: string) => Scope): string {
  const limit = limits.limit === undefined ? "" : ` LIMIT ${rowCount(limits.limit, scope("LIMIT"))}`;
  const offset = limits.offset === undefined ? "" : ` OFFSET ${rowCount(limits.offset, scope("OFFSET"))}`;
  return limit + offset;
}

function rowCount(expression: Expression, scope: Scope): string {
  if (expression.kind === "literal" && expression.value.type === "number" && /^\d+$/.test(expression.value.text)) {
    return expression.value.text;
  }
  const bound = bindExpression(expression, scope, { kind: "bigint" });
  if (bound.origin?.kind === "number" && bound.origin.text.startsWith("-")) {
    throw new SqlError("2201W", `${scope.clause} must not be negative`, { at: expression.at });
  }
  return coerce(bound, { kind: "bigint" }, "assignment", scope.context).sql;
}
