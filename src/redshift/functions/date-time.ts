/** Date and time functions. Source: Redshift's "Date and time functions". */

import type { BoundExpression } from "../binder/bound.js";
import { coerce } from "../binder/expressions/coerce.js";
import { shifted } from "../binder/expressions/date-arithmetic.js";
import { derived } from "../binder/expressions/derived.js";
import { inZone, sessionZone, zoneName } from "../binder/expressions/time-zone.js";
import { groupOf, isInteger } from "../binder/expressions/type-groups.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { SqlType } from "../types.js";
import { type DatePart, partArgument } from "./date-parts.js";
import {
  BIGINT,
  type CallSite,
  DATE,
  DOUBLE,
  type FunctionEntry,
  familyOf,
  INTEGER,
  overload,
  TEXT,
  TIMESTAMP,
  TIMESTAMPTZ,
} from "./entry.js";
import { partOf, temporal } from "./extract.js";
import { raise } from "./raise.js";

const { scalar, special } = familyOf("date and time");

/** The start of the transaction, in the session's zone. */
const now = (site: CallSite) => inZone("now()", sessionZone(site.scope.context));
const bare = (sql: (site: CallSite) => string, type: SqlType) => (site: CallSite) => {
  if (site.call.args.length > 1) throw wrongCount(site, 0);
  return derived([], sql(site), type, site.at, { nullable: false });
};

export const DATE_TIME_FUNCTIONS: readonly FunctionEntry[] = [
  ...special(
    "getdate",
    bare((site) => `date_trunc('second', ${now(site)})`, TIMESTAMP),
  ),
  ...special("sysdate", bare(now, TIMESTAMP)),
  ...special(
    "current_date",
    bare((site) => `CAST(${now(site)} AS DATE)`, DATE),
  ),
  ...special(
    "current_timestamp now",
    bare(() => "now()", TIMESTAMPTZ),
  ),
  ...special("localtimestamp", bare(now, TIMESTAMP)),
  ...special(
    "current_time localtime",
    bare((site) => `CAST(${now(site)} AS TIME)`, { kind: "time" }),
  ),
  ...special(
    "timeofday",
    bare(
      (site) =>
        `strftime(${inZone("get_current_timestamp()", sessionZone(site.scope.context))}, '%a %b %d %H:%M:%S.%f %Y ')  || 'UTC'`,
      TEXT,
    ),
    {
      status: "partly",
      note: "Names UTC whatever the session's time zone is; the time itself is the session's.",
      volatile: true,
    },
  ),
  ...special("dateadd date_add", dateAdd),
  ...special("datediff date_diff", dateDiff),
  ...special("date_part pgdate_part", (site) => datePartCall(site)),
  ...special("date_part_year", (site) => {
    const source = coerce(site.bind(argument(site, 0, 1)), DATE, "assignment", site.scope.context);
    return derived([source], `CAST(date_part('year', ${source.sql}) AS INTEGER)`, INTEGER, site.at);
  }),
  ...special("date_trunc", dateTrunc),
  ...scalar("add_months", [
    overload("timestamptz, int", TIMESTAMPTZ, addMonths),
    overload("timestamp, int", TIMESTAMP, addMonths),
  ]),
  ...scalar("months_between", overload("timestamp, timestamp", DOUBLE, monthsBetween)),
  ...scalar("last_day", overload("date", DATE, "last_day($1)")),
  ...scalar("next_day", overload("date, text", DATE, nextDay)),
  ...special("convert_timezone", convertTimeZone),
  ...special("timezone", (site) => {
    const source = moment(site, site.bind(argument(site, 1, 2), TIMESTAMP));
    const zone = zoneArgument(site, 0);
    const type: SqlType = source.type.kind === "timestamptz" ? TIMESTAMP : TIMESTAMPTZ;
    return derived([source], zoned(source.sql, zone), type, site.at);
  }),
  ...scalar("date_cmp", overload("date, date", INTEGER, compared)),
  ...scalar("timestamp_cmp timestamp_cmp_date date_cmp_timestamp", overload("timestamp, timestamp", INTEGER, compared)),
  ...scalar(
    "timestamptz_cmp timestamp_cmp_timestamptz timestamptz_cmp_timestamp date_cmp_timestamptz timestamptz_cmp_date",
    overload("timestamptz, timestamptz", INTEGER, compared),
  ),
  ...scalar("interval_cmp", overload("interval, interval", INTEGER, compared)),
  ...scalar("date", overload("timestamp", DATE, "CAST($1 AS DATE)")),
  ...scalar("age", [
    overload("timestamp, timestamp", { kind: "interval-day-second" }, "age($1, $2)"),
    overload(
      "timestamp",
      { kind: "interval-day-second" },
      (args, site) => `age(CAST(CAST(${now(site)} AS DATE) AS TIMESTAMP), ${args[0]!.sql})`,
    ),
  ]),
];

function argument(site: CallSite, index: number, count: number) {
  const { args } = site.call;
  if (args.length !== count) throw wrongCount(site, count);
  return args[index]!;
}

function wrongCount(site: CallSite, count: number): SqlError {
  return new SqlError(
    SQL_STATE.undefinedFunction,
    `function ${site.name} takes ${count} arguments, ${site.call.args.length} were given`,
    {
      at: site.at,
    },
  );
}

const UNITS: Readonly<Partial<Record<DatePart, (amount: string) => string>>> = {
  millennium: (n) => `to_months(12000 * ${n})`,
  century: (n) => `to_months(1200 * ${n})`,
  decade: (n) => `to_months(120 * ${n})`,
  year: (n) => `to_months(12 * ${n})`,
  quarter: (n) => `to_months(3 * ${n})`,
  month: (n) => `to_months(${n})`,
  week: (n) => `to_days(7 * ${n})`,
  day: (n) => `to_days(${n})`,
  dayofyear: (n) => `to_days(${n})`,
  dayofweek: (n) => `to_days(${n})`,
  hour: (n) => `to_hours(${n})`,
  minute: (n) => `to_minutes(${n})`,
  second: (n) => `to_seconds(${n})`,
  millisecond: (n) => `to_milliseconds(${n})`,
  microsecond: (n) => `to_microseconds(${n})`,
};

function dateAdd(site: CallSite): BoundExpression {
  const { context } = site.scope;
  const part = partArgument(argument(site, 0, 3), site.at);
  const unit = UNITS[part];
  if (unit === undefined)
    throw new SqlError(SQL_STATE.featureNotSupported, `DATEADD has no part "${part}"`, { at: site.at });
  let amount = site.bind(site.call.args[1]!, BIGINT);
  if (!isInteger(amount.type)) amount = coerce(amount, BIGINT, "assignment", context);
  let moment = temporal(site.bind(site.call.args[2]!, TIMESTAMP), context);
  if (moment.type.kind === "date") moment = coerce(moment, TIMESTAMP, "implicit", context);
  if (groupOf(moment.type) === "interval")
    throw new SqlError(SQL_STATE.undefinedFunction, "DATEADD takes a date, a time or a timestamp", { at: site.at });
  const days = ["to_months", "to_days"].some((name) => unit("").startsWith(name));
  const by = unit(`CAST(${amount.sql} AS ${days ? "INTEGER" : "BIGINT"})`);
  return derived([amount, moment], shifted(site.scope, moment, `+ ${by}`), moment.type, site.at);
}

/** How many boundaries of the part lie between. A week begins on Sunday here, on Monday for DATE_TRUNC. */
function dateDiff(site: CallSite): BoundExpression {
  const { context } = site.scope;
  const part = partArgument(argument(site, 0, 3), site.at);
  const bound = [1, 2].map((index) => temporal(site.bind(site.call.args[index]!, TIMESTAMP), context));
  const [left, right] = bound as [BoundExpression, BoundExpression];
  if (groupOf(left.type) === "time" && groupOf(right.type) === "time") {
    const times = [left, right].map((one) => (one.type.kind === "timetz" ? `CAST(${one.sql} AS TIME)` : one.sql));
    return derived(bound, `date_diff('${part}', ${times[0]}, ${times[1]})`, BIGINT, site.at);
  }
  const inSession = (one: BoundExpression) =>
    (one.type.kind === "date" ? one : coerce(one, TIMESTAMP, "assignment", context)).sql;
  const bothDates = left.type.kind === "date" && right.type.kind === "date";
  const from = bothDates ? left.sql : coerceToTimestamp(inSession(left), left);
  const to = bothDates ? right.sql : coerceToTimestamp(inSession(right), right);
  const sunday = "DATE '0001-01-07'";
  const week = (sql: string) => `(date_diff('day', ${sunday}, CAST(${sql} AS DATE)) // 7)`;
  const sql =
    part === "week"
      ? `(${week(to)} - ${week(from)})`
      : part === "epoch"
        ? `date_diff('second', ${from}, ${to})`
        : `date_diff('${part === "dayofyear" || part === "dayofweek" ? "day" : part}', ${from}, ${to})`;
  return derived(bound, sql, BIGINT, site.at);
}

function coerceToTimestamp(sql: string, one: BoundExpression): string {
  return one.type.kind === "date" ? `CAST(${sql} AS TIMESTAMP)` : sql;
}

function datePartCall(site: CallSite): BoundExpression {
  const part = partArgument(argument(site, 0, 2), site.at);
  const source = temporal(site.bind(site.call.args[1]!, TIMESTAMP), site.scope.context);
  return derived([source], `CAST(${partOf(part, source, site.scope.context, site.at)} AS DOUBLE)`, DOUBLE, site.at);
}

function dateTrunc(site: CallSite): BoundExpression {
  const { context } = site.scope;
  const part = partArgument(argument(site, 0, 2), site.at);
  let source = temporal(site.bind(site.call.args[1]!, TIMESTAMP), context);
  if (source.type.kind === "date") source = coerce(source, TIMESTAMP, "implicit", context);
  if (groupOf(source.type) === "time") source = coerce(source, { kind: "interval-day-second" }, "implicit", context);
  const truncated = (sql: string) => `date_trunc('${part}', ${sql})`;
  if (source.type.kind === "timestamptz") {
    const zone = sessionZone(context);
    const sql = zone === "UTC" ? truncated(source.sql) : inZone(truncated(inZone(source.sql, zone)), zone);
    return derived([source], sql, TIMESTAMPTZ, site.at);
  }
  return derived([source], truncated(source.sql), source.type, site.at);
}

/** The last day of a month goes to the last day of a month, unlike DATEADD's. */
function addMonths(args: readonly BoundExpression[]): string {
  const [moment, months] = args.map((arg) => arg.sql) as [string, string];
  const moved = `(${moment} + to_months(CAST(${months} AS INTEGER)))`;
  const day = `CAST(${moment} AS DATE)`;
  return `(CASE WHEN ${day} = last_day(${day}) THEN ${moved} + to_days(CAST(last_day(CAST(${moved} AS DATE)) - CAST(${moved} AS DATE) AS INTEGER)) ELSE ${moved} END)`;
}

/** Whole months where both are the same day, or both the last one; else a month is 31 days. */
function monthsBetween(args: readonly BoundExpression[]): string {
  const [a, b] = args.map((arg) => arg.sql) as [string, string];
  const months = `((date_part('year', ${a}) - date_part('year', ${b})) * 12 + date_part('month', ${a}) - date_part('month', ${b}))`;
  const isLast = (sql: string) => `CAST(${sql} AS DATE) = last_day(${sql})`;
  const seconds = (sql: string) =>
    `((date_part('day', ${sql}) - 1) * 86400 + date_diff('second', date_trunc('day', ${sql}), ${sql}))`;
  return `(CASE WHEN date_part('day', ${a}) = date_part('day', ${b}) OR (${isLast(a)} AND ${isLast(b)}) THEN CAST(${months} AS DOUBLE) ELSE ${months} + (${seconds(a)} - ${seconds(b)}) / CAST(2678400 AS DOUBLE) END)`;
}

/** The first one after the date; the day's name is read by its first letters. */
function nextDay(args: readonly BoundExpression[]): string {
  const [day, name] = args.map((arg) => arg.sql) as [string, string];
  const word = `lower(trim(${name}))`;
  const wrong = raise(SQL_STATE.invalidParameterValue, "NEXT_DAY: the day of the week is not known");
  const wanted = `(CASE WHEN ${word} IN ('su', 'sun', 'sunday') THEN 0 WHEN ${word} IN ('m', 'mo', 'mon', 'monday') THEN 1 WHEN ${word} IN ('tu', 'tue', 'tues', 'tuesday') THEN 2 WHEN ${word} IN ('w', 'we', 'wed', 'weds', 'wednesday') THEN 3 WHEN ${word} IN ('th', 'thu', 'thurs', 'thursday') THEN 4 WHEN ${word} IN ('f', 'fr', 'fri', 'friday') THEN 5 WHEN ${word} IN ('sa', 'sat', 'saturday') THEN 6 WHEN ${name} IS NOT NULL THEN ${wrong} END)`;
  return `(${day} + CAST(((${wanted} - date_part('dow', ${day}) + 6) % 7) + 1 AS INTEGER))`;
}

/** A TIMESTAMP or a TIMESTAMPTZ. */
function moment(site: CallSite, bound: BoundExpression): BoundExpression {
  const source = temporal(bound, site.scope.context);
  return source.type.kind === "timestamptz" ? source : coerce(source, TIMESTAMP, "implicit", site.scope.context);
}

function zoneArgument(site: CallSite, index: number): BoundExpression {
  return coerce(site.bind(site.call.args[index]!, TEXT), TEXT, "implicit", site.scope.context);
}

function zoned(sql: string, zone: BoundExpression): string {
  return zone.origin?.kind === "text"
    ? inZone(sql, zoneName(zone.origin.text, zone.at))
    : `timezone(${zone.sql}, ${sql})`;
}

function convertTimeZone(site: CallSite): BoundExpression {
  const { args } = site.call;
  if (args.length !== 2 && args.length !== 3) throw wrongCount(site, 3);
  const moment = site.bind(args.at(-1)!, TIMESTAMP);
  const { context } = site.scope;
  if (moment.type.kind === "timestamptz") {
    return derived([moment], zoned(moment.sql, zoneArgument(site, args.length - 2)), TIMESTAMP, site.at);
  }
  const source = coerce(moment, TIMESTAMP, "assignment", context);
  const target = zoneArgument(site, args.length - 2);
  const at = args.length === 3 ? zoned(source.sql, zoneArgument(site, 0)) : inZone(source.sql, "UTC");
  return derived([source], zoned(at, target), TIMESTAMP, site.at);
}

function compared(args: readonly BoundExpression[]): string {
  const [a, b] = args.map((arg) => arg.sql) as [string, string];
  return `(CASE WHEN ${a} < ${b} THEN -1 WHEN ${a} > ${b} THEN 1 WHEN ${a} = ${b} THEN 0 END)`;
}
