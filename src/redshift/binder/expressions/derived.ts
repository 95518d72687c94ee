import type { SqlType } from "../../types.js";
import type { BoundExpression } from "../bound.js";

/** What an expression inherits from its parts: whether it holds an aggregate or a window function, and may be NULL. */
export function derived(
  parts: readonly BoundExpression[],
  sql: string,
  type: SqlType,
  at: number,
  own: { readonly nullable?: boolean } = {},
): BoundExpression {
  return {
    sql,
    type,
    at,
    aggregate: parts.some((part) => part.aggregate),
    window: parts.some((part) => part.window),
    nullable: own.nullable ?? parts.some((part) => part.nullable),
  };
}

/** The same value, in other words or as another type. It is neither a literal nor a column any more. */
export function recast(bound: BoundExpression, sql: string, type: SqlType): BoundExpression {
  const { aggregate, window, nullable, at } = bound;
  return { sql, type, at, aggregate, window, nullable };
}
