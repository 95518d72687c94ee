/** EXTRACT, DATE_PART and their like. */

import type { BindContext, BoundExpression, Scope } from "../binder/bound.js";
import type { Bind } from "../binder/expressions/bind.js";
import { coerce } from "../binder/expressions/coerce.js";
import { distinctCast } from "../binder/expressions/derived.js";
import { inZone, sessionZone } from "../binder/expressions/time-zone.js";
import { groupOf } from "../binder/expressions/type-groups.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { Extract } from "../syntax/ast.js";
import { typeName } from "../types.js";
import { type DatePart, datePart } from "./date-parts.js";

/** EXTRACT answers INTEGER (BIGINT for an epoch, which outgrows it), of a TIMESTAMPTZ DOUBLE PRECISION. */
export function bindExtract(expression: Extract, scope: Scope, bind: Bind): BoundExpression {
  const part = datePart(expression.part, expression.at);
  const source = temporal(bind(expression.source, scope, { kind: "timestamp" }), scope.context);
  const value = partOf(part, source, scope.context, expression.at);
  const kind = source.type.kind === "timestamptz" ? "double" : part === "epoch" ? "bigint" : "integer";
  return distinctCast([source], value, { kind }, expression.at);
}

/** A source that is no date or time yet is read as a timestamp. */
export function temporal(bound: BoundExpression, context: BindContext): BoundExpression {
  const group = groupOf(bound.type);
  if (group === "date-time" || group === "time" || group === "interval") return bound;
  if (group === "unknown" || group === "super") return coerce(bound, { kind: "timestamp" }, "assignment", context);
  if (group === "text") return coerce(bound, { kind: "timestamp" }, "explicit", context);
  throw new SqlError(
    SQL_STATE.undefinedFunction,
    `function pg_catalog.date_part("unknown", ${typeName(bound.type)}) does not exist`,
    {
      at: bound.at,
      hint: "It takes a date, a time, a timestamp or an interval.",
    },
  );
}

/** A whole number. Parts of a TIMESTAMPTZ are those of its time in the session's zone. */
export function partOf(part: DatePart, source: BoundExpression, context: BindContext, at: number): string {
  const zoned = source.type.kind === "timestamptz";
  const zone = sessionZone(context);
  const sql = zoned && part !== "epoch" ? inZone(source.sql, zone) : source.sql;
  switch (part) {
    case "dayofweek":
      return `date_part('dow', ${sql})`;
    case "dayofyear":
      return `date_part('doy', ${sql})`;
    case "epoch":
      return `CAST(floor(epoch(${sql})) AS BIGINT)`;
    case "second":
      return `date_part('second', ${sql})`;
    // DuckDB counts the seconds in; Redshift has what is behind them.
    case "millisecond":
      return `((date_part('microsecond', ${sql}) % 1000000) // 1000)`;
    case "microsecond":
      return `(date_part('microsecond', ${sql}) % 1000000)`;
    case "timezone":
    case "timezone_hour":
    case "timezone_minute": {
      if (source.type.kind === "timetz") return `date_part('${part}', ${source.sql})`;
      if (!zoned) {
        throw new SqlError(SQL_STATE.featureNotSupported, `${typeName(source.type)} units "${part}" not supported`, {
          at,
        });
      }
      const seconds = `date_diff('second', ${inZone(source.sql, "UTC")}, ${sql})`;
      return part === "timezone"
        ? seconds
        : part === "timezone_hour"
          ? `(${seconds} // 3600)`
          : `((${seconds} % 3600) // 60)`;
    }
    default:
      return `date_part('${part}', ${sql})`;
  }
}
