/** `+` and `-` of dates, times and intervals. Undefined where there is no such operator. */

import { raise } from "../../functions/raise.js";
import { SQL_STATE } from "../../sql-error.js";
import type { SqlType } from "../../types.js";
import type { BoundExpression } from "../bound.js";
import { coerce } from "./coerce.js";
import { derived } from "./derived.js";
import type { OperatorSite } from "./operator-site.js";
import { inZone, sessionZone } from "./time-zone.js";
import { groupOf, isInteger } from "./type-groups.js";

export function dateArithmetic(
  site: OperatorSite,
  left: BoundExpression,
  right: BoundExpression,
): BoundExpression | undefined {
  const { operator, at, context } = site;
  const answer = (sql: string, type: SqlType) => derived([left, right], sql, type, at);
  const [a, b] = [left.type, right.type];
  const [aGroup, bGroup] = [groupOf(a), groupOf(b)];
  if (
    operator === "+" &&
    aGroup !== "date-time" &&
    aGroup !== "time" &&
    (bGroup === "date-time" || bGroup === "time")
  ) {
    return dateArithmetic(site, right, left);
  }
  if (a.kind === "date" && isInteger(b) && (operator === "+" || operator === "-")) {
    return answer(`(${left.sql} ${operator} CAST(${right.sql} AS INTEGER))`, a);
  }
  if (a.kind === "date" && b.kind === "date" && operator === "-") {
    return answer(`CAST(${left.sql} - ${right.sql} AS INTEGER)`, { kind: "integer" });
  }
  if (a.kind === "date" && b.kind === "time" && operator === "+")
    return answer(`(${left.sql} + ${right.sql})`, { kind: "timestamp" });
  if (aGroup === "date-time" && bGroup === "date-time" && operator === "-") {
    const zoned = a.kind === "timestamptz" || b.kind === "timestamptz";
    const both: SqlType = { kind: zoned ? "timestamptz" : "timestamp" };
    const [from, to] = [coerce(left, both, "implicit", context), coerce(right, both, "implicit", context)];
    return answer(`(${from.sql} - ${to.sql})`, { kind: "interval-day-second" });
  }
  if (aGroup === "date-time" && bGroup === "interval" && (operator === "+" || operator === "-")) {
    return answer(shifted(site, left, `${operator} ${right.sql}`), a.kind === "date" ? { kind: "timestamp" } : a);
  }
  if (aGroup === "time" && bGroup === "interval" && (operator === "+" || operator === "-")) {
    return answer(`(${left.sql} ${operator} ${right.sql})`, a);
  }
  if (aGroup === "time" && bGroup === "time" && operator === "-") {
    return answer(`(CAST(${left.sql} AS TIME) - CAST(${right.sql} AS TIME))`, { kind: "interval-day-second" });
  }
  if (aGroup === "interval" && bGroup === "interval" && (operator === "+" || operator === "-")) {
    const type: SqlType = a.kind === b.kind ? a : { kind: "interval-day-second" };
    return answer(`(${left.sql} ${operator} ${right.sql})`, type);
  }
  if (operator === "*" && aGroup === "number" && bGroup === "interval") return answer(scaled(right.sql, left.sql), b);
  if (operator === "*" && aGroup === "interval" && bGroup === "number") return answer(scaled(left.sql, right.sql), a);
  if (operator === "/" && aGroup === "interval" && bGroup === "number") {
    const divisor = `CASE WHEN ${right.sql} = 0 THEN ${raise(SQL_STATE.divisionByZero, "Divide by zero")} ELSE ${right.sql} END`;
    return answer(scaled(left.sql, `(1.0 / CAST(${divisor} AS DOUBLE))`), a);
  }
  return undefined;
}

/** A day of a TIMESTAMPTZ is a day of the session's time zone, however long it is there. */
export function shifted(
  site: { readonly context: OperatorSite["context"] },
  moment: BoundExpression,
  by: string,
): string {
  if (moment.type.kind === "timestamptz") {
    const zone = sessionZone(site.context);
    if (zone !== "UTC") return inZone(`(${inZone(moment.sql, zone)} ${by})`, zone);
  }
  return `(${moment.sql} ${by})`;
}

/** Months stay whole, what is left of them becomes days of a thirtieth, as in PostgreSQL. */
function scaled(interval: string, factor: string): string {
  const by = `CAST(${factor} AS DOUBLE)`;
  const months = `(date_part('year', ${interval}) * 12 + date_part('month', ${interval})) * ${by}`;
  const days = `date_part('day', ${interval}) * ${by} + (${months} - trunc(${months})) * 30`;
  const micros = `(date_part('hour', ${interval}) * 3600000000 + date_part('minute', ${interval}) * 60000000 + date_part('microsecond', ${interval})) * ${by} + (${days} - trunc(${days})) * 86400000000`;
  return `(to_months(CAST(trunc(${months}) AS INTEGER)) + to_days(CAST(trunc(${days}) AS INTEGER)) + to_microseconds(CAST(round(${micros}) AS BIGINT)))`;
}
