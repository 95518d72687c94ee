/** The DuckDB text of one conversion between types that differ. Who may ask for it is cast-rules.ts's business. */
import { catalogCall } from "../../functions/catalog-macros.js";
import { outOfReach, raise, raiseWith } from "../../functions/raise.js";
import { SQL_STATE } from "../../sql-error.js";
import { type SqlType, typeName, typeText, VARCHAR_BYTES_MAX } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";
import type { BindContext, BoundExpression } from "../bound.js";
import type { CastManner } from "./cast-manner.js";
import { superAs } from "./super-cast.js";
import { inZone, sessionZone } from "./time-zone.js";
import { groupOf, isInteger, textBytes } from "./type-groups.js";

type RegisteredName = "regclass" | "regproc" | "regtype";

export function castSql(bound: BoundExpression, to: SqlType, manner: CastManner): string {
  const { sql, type: from } = bound;
  const [source, target] = [groupOf(from), groupOf(to)];
  if (source === "super" && target !== "super") {
    const text: SqlType = { kind: "varchar", length: VARCHAR_BYTES_MAX };
    const { origin: _none, ...rest } = bound;
    return superAs(sql, to, manner, (inner) =>
      castSql({ ...rest, sql: inner, type: text }, to, { ...manner, try: manner.try || manner.kind !== "assignment" }),
    );
  }
  switch (target) {
    case "text":
      return fitted(asText(sql, from, manner), from, to, manner);
    case "number":
      if (source === "text" || source === "unknown") return numberOfText(sql, to, manner);
      if (source === "catalog") return oidOfName(bound, manner);
      return plain(sql, to, manner);
    case "boolean":
      if (source === "text" || source === "unknown") return booleanOfText(sql, manner);
      return source === "number" ? `(${sql} <> 0)` : plain(sql, to, manner);
    case "date-time":
      return dateTimeAs(sql, from, to, manner);
    case "time":
      if (from.kind === "timestamptz") {
        const local = plain(inZone(sql, sessionZone(manner.context)), { kind: "time" }, manner);
        return to.kind === "time" ? local : plain(local, to, manner);
      }
      // DuckDB takes no TIMETZ from a TIMESTAMP but by way of TIME.
      if (from.kind === "timestamp" && to.kind === "timetz")
        return plain(plain(sql, { kind: "time" }, manner), to, manner);
      if (source === "interval") return `(TIME '00:00:00' + ${sql})`;
      return plain(sql, to, manner);
    case "interval":
      if (source === "time") return `(${sql} - TIME '00:00:00')`;
      return source === "interval" ? sql : plain(sql, to, manner);
    case "super":
      return source === "text" || source !== "varbyte" ? `to_json(${jsonReady(sql, from)})` : `to_json(decode(${sql}))`;
    case "varbyte":
      if (source === "varbyte") return sql;
      return source === "number" ? `unhex(lpad(to_hex(CAST(${sql} AS BIGINT)), 16, '0'))` : `encode(${sql})`;
    case "catalog":
      return catalogName(sql, from, to);
    default:
      return plain(sql, to, manner);
  }
}

function plain(sql: string, to: SqlType, manner: CastManner): string {
  return `${manner.try ? "TRY_CAST" : "CAST"}(${sql} AS ${duckDbType(to)})`;
}

/** NULL for TRY_CAST, else an error with the value in it. */
function refusal(manner: CastManner, state: string, before: string, value: string, after: string): string {
  return manner.try ? "NULL" : raiseWith(state, before, value, after);
}

export function asText(sql: string, from: SqlType, manner: { readonly context: BindContext }): string {
  switch (from.kind) {
    case "real":
      return floatText(sql, 6);
    case "double":
      return floatText(sql, 15);
    case "timestamptz":
      return zonedText(sql, manner.context);
    case "interval-year-month":
    case "interval-day-second":
      return `replace(replace(CAST(${sql} AS VARCHAR), 'months', 'mons'), 'month', 'mon')`;
    case "varbyte":
      return `decode(${sql})`;
    case "array":
      return `('{' || array_to_string(${sql}, ',') || '}')`;
    default:
      return groupOf(from) === "text" || groupOf(from) === "catalog" || from.kind === "unknown"
        ? sql
        : `CAST(${sql} AS VARCHAR)`;
  }
}

/** As PostgreSQL prints it: fifteen digits of a double, six of a real, no trailing zeros. */
function floatText(sql: string, digits: number): string {
  return `replace(replace(format('{:.${digits}g}', ${sql}), 'inf', 'Infinity'), 'nan', 'NaN')`;
}

/** In the session's time zone, with its offset behind. */
export function zonedText(sql: string, context: BindContext): string {
  const zone = sessionZone(context);
  if (zone === "UTC") return `CAST(${sql} AS VARCHAR)`;
  const local = inZone(sql, zone);
  const minutes = `date_diff('minute', ${inZone(sql, "UTC")}, ${local})`;
  return `(CAST(${local} AS VARCHAR) || ${offsetText(minutes)})`;
}

export function offsetText(minutes: string): string {
  return `(CASE WHEN ${minutes} < 0 THEN '-' ELSE '+' END || lpad(CAST(abs(${minutes}) // 60 AS VARCHAR), 2, '0') || CASE WHEN abs(${minutes}) % 60 = 0 THEN '' ELSE ':' || lpad(CAST(abs(${minutes}) % 60 AS VARCHAR), 2, '0') END)`;
}

/** Cuts or refuses what is longer than the type takes. Lengths are bytes. */
function fitted(sql: string, from: SqlType, to: SqlType, manner: CastManner): string {
  if (to.kind !== "char" && to.kind !== "varchar") return sql;
  // A CHAR's blanks at the end mean nothing: they are never kept, so that equal values are equal bytes.
  const value = to.kind === "char" && from.kind !== "char" ? `rtrim(${sql}, ' ')` : sql;
  if (from.kind !== "unknown" && textBytes(from) <= to.length) return value;
  if (manner.kind === "implicit") return value;
  const cut = cutToBytes(value, to.length);
  if (manner.kind === "explicit") return `(CASE WHEN strlen(${value}) <= ${to.length} THEN ${value} ELSE ${cut} END)`;
  const tooLong = raise(SQL_STATE.stringDataRightTruncation, `value too long for type ${typeText(to)}`);
  return `(CASE WHEN strlen(${value}) > ${to.length} THEN CASE WHEN strlen(rtrim(${value}, ' ')) <= ${to.length} THEN ${cut} ELSE ${tooLong} END ELSE ${value} END)`;
}

/** The longest beginning of whole characters within so many bytes: no byte behind the cut may be one that continues a character. */
export function cutToBytes(sql: string, length: number): string {
  const digits = `hex(encode(${sql}))`;
  const begins = (byte: number) => `substring(${digits}, ${2 * byte - 1}, 1) NOT IN ('8', '9', 'A', 'B')`;
  const upTo = (bytes: number) => `decode(unhex(left(${digits}, ${2 * Math.max(0, bytes)})))`;
  const places = [0, 1, 2].map((less) => `WHEN ${begins(length - less + 1)} THEN ${upTo(length - less)}`);
  return `CASE WHEN strlen(${sql}) = length(${sql}) THEN left(${sql}, ${length}) ${places.join(" ")} ELSE ${upTo(length - 3)} END`;
}

/**
 * DuckDB reads more as a number than Redshift does: `1.5`, `1e3`, `0x10`, `1_000` are no integers here. A text with such characters has them
 * put out of its reach, so that its own cast fails; `runtimeError` puts them back into the message. A look with a regular expression is cheap
 * beside a translation, and nothing here is volatile to the engine, as `error()` is.
 */
function numberOfText(sql: string, to: SqlType, manner: CastManner): string {
  const foreign = isInteger(to) ? "._eExXbB" : "_";
  const refused = plain(`translate(${sql}, '${foreign}', '${outOfReach(foreign)}')`, to, manner);
  return `(CASE WHEN regexp_matches(${sql}, '[${foreign}]') THEN ${refused} ELSE ${plain(sql, to, manner)} END)`;
}

function booleanOfText(sql: string, manner: CastManner): string {
  const refused = refusal(
    manner,
    SQL_STATE.invalidTextRepresentation,
    'invalid input syntax for type boolean: "',
    sql,
    '"',
  );
  const word = `lower(trim(${sql}))`;
  return `(CASE WHEN ${word} IN ('t', 'true', 'y', 'yes', 'on', '1') THEN TRUE WHEN ${word} IN ('f', 'false', 'n', 'no', 'off', '0') THEN FALSE WHEN ${sql} IS NOT NULL THEN ${refused} END)`;
}

const DATE_FORMS =
  "['%Y%m%d', '%m/%d/%Y', '%d-%b-%Y', '%d %b %Y', '%b %d, %Y', '%B %d, %Y', '%d %B %Y', '%m-%d-%Y', '%Y.%m.%d', '%b-%d-%Y']";
const TIMESTAMP_FORMS =
  "['%Y%m%d %H%M%S', '%Y%m%d %H:%M:%S', '%m/%d/%Y %H:%M:%S', '%m/%d/%Y %H:%M', '%d-%b-%Y %H:%M:%S', '%b %d, %Y %H:%M:%S', '%Y-%m-%d %I:%M:%S %p', '%m/%d/%Y %I:%M:%S %p', '%Y%m%dT%H%M%S']";

function dateTimeAs(sql: string, from: SqlType, to: SqlType, manner: CastManner): string {
  const zone = () => sessionZone(manner.context);
  if (groupOf(from) === "text" || from.kind === "unknown") return dateTimeOfText(sql, to, manner);
  if (to.kind === "timestamptz") {
    const local = from.kind === "date" ? plain(sql, { kind: "timestamp" }, manner) : sql;
    return inZone(local, zone());
  }
  if (from.kind === "timestamptz") {
    const local = inZone(sql, zone());
    return to.kind === "timestamp" ? local : plain(local, to, manner);
  }
  return plain(sql, to, manner);
}

/** DuckDB reads the ISO forms; the others are tried where it gave up, so that they cost nothing elsewhere. */
function dateTimeOfText(sql: string, to: SqlType, manner: CastManner): string {
  const refused = refusal(
    manner,
    SQL_STATE.invalidDatetimeFormat,
    `invalid input syntax for type ${typeName(to)}: "`,
    sql,
    '"',
  );
  const orRefused = `CASE WHEN ${sql} IS NOT NULL THEN ${refused} END`;
  if (to.kind === "date") {
    // A time behind the date is passed over.
    return `COALESCE(TRY_CAST(${sql} AS DATE), CAST(try_strptime(trim(${sql}), ${DATE_FORMS}) AS DATE), CAST(TRY_CAST(${sql} AS TIMESTAMP) AS DATE), ${orRefused})`;
  }
  const other = `COALESCE(try_strptime(trim(${sql}), ${TIMESTAMP_FORMS}), try_strptime(trim(${sql}), ${DATE_FORMS}))`;
  if (to.kind === "timestamp") {
    return `COALESCE(TRY_CAST(${sql} AS TIMESTAMP), ${other}, ${orRefused})`;
  }
  // With a zone behind it the text is a point in time; without, it is a time of the session's zone.
  const zoned = `CASE WHEN regexp_matches(${sql}, '(?i)(z|[+-]\\d{1,2}(:?\\d{2})?|[a-z]+/[a-z_]+|utc|gmt)\\s*$') AND regexp_matches(${sql}, ':') THEN TRY_CAST(${sql} AS TIMESTAMPTZ) END`;
  const local = inZone(`COALESCE(TRY_CAST(${sql} AS TIMESTAMP), ${other})`, sessionZone(manner.context));
  return `COALESCE(${zoned}, ${local}, ${orRefused})`;
}

/** What `to_json` takes: a text that is none yet is made one. */
function jsonReady(sql: string, from: SqlType): string {
  return from.kind === "unknown" ? `CAST(${sql} AS VARCHAR)` : sql;
}

/** `regclass` and its like are texts here; an oid is looked up in the catalog. */
function catalogName(sql: string, from: SqlType, to: SqlType): string {
  return groupOf(from) === "number" ? catalogCall(`${to.kind as RegisteredName}_text`, [sql]) : sql;
}

/** A relation that the statement names is known by now; anything else is looked up in the catalog when the statement runs. */
function oidOfName({ sql, type, origin, at }: BoundExpression, manner: CastManner): string {
  if (type.kind === "regclass" && origin?.kind === "text") {
    const parts = origin.text.split(".").map((part) =>
      part
        .trim()
        .replace(/^"(.*)"$/, "$1")
        .toLowerCase(),
    );
    const relation = /^\d+$/.test(origin.text) ? undefined : manner.context.relation({ parts, at }, "none");
    if (relation !== undefined) return `CAST(${relation.oid} AS INTEGER)`;
  }
  return catalogCall(`${type.kind as RegisteredName}_oid`, [sql]);
}
