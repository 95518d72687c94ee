import type { SqlType } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";
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

/** A cast of something that has as many values: hours as INTEGER, where DuckDB's are BIGINT. */
export function distinctCast(
  parts: readonly BoundExpression[],
  value: string,
  type: SqlType,
  at: number,
): BoundExpression {
  return { ...derived(parts, castText(value, type), type, at), uncast: value };
}

/** As rows are grouped by it: without a cast that tells all values apart, which DuckDB then makes once a group and not once a row. */
export function groupedSql({ sql, type, uncast }: BoundExpression): string {
  return uncast !== undefined && sql === castText(uncast, type) ? uncast : sql;
}

function castText(value: string, type: SqlType): string {
  return `CAST(${value} AS ${duckDbType(type)})`;
}
