/** From a field's text to a column's value, and what is wrong with a text that has none, all as DuckDB's SQL over rows of texts. */
import type { RelationColumn } from "../binder/bound.js";
import { cutToBytes } from "../binder/expressions/cast-sql.js";
import { readingFormat } from "../functions/date-template.js";
import { textLiteral } from "../sql-text.js";
import { type SqlType, typeText } from "../types.js";
import { duckDbType } from "../types-duckdb.js";
import type { Conversion } from "./options.js";

export interface ColumnConversion {
  readonly column: RelationColumn;
  /** The value, NULL where there is none or the text is bad. */
  readonly value: string;
  /** Whether the text is no value of the column's; never NULL. */
  readonly bad: string;
}

export interface Wrong {
  readonly code: number;
  readonly reason: string;
}

/** `field` is DuckDB's text of a VARCHAR. `isJson`: null was written as such, an empty text is one. */
export function conversionOf(column: RelationColumn, field: string, how: Conversion, isJson = false): ColumnConversion {
  const { type } = column;
  const text = presentText(type, field, how, isJson);
  const { value, mayBeBad } = typed(type, text, how);
  const bad = [
    ...(mayBeBad ? [`(${value} IS NULL AND ${text} IS NOT NULL)`] : []),
    ...(column.nullable ? [] : [`(${mayBeBad ? text : value} IS NULL)`]),
    ...tooLong(type, value, how),
  ];
  return { column, value, bad: bad.length === 0 ? "FALSE" : `(${bad.join(" OR ")})` };
}

/** The text, or NULL for what stands for it. */
function presentText(type: SqlType, field: string, how: Conversion, isJson: boolean): string {
  const isText = type.kind === "char" || type.kind === "varchar" || type.kind === "text";
  const nulls: string[] = [];
  if (!isJson || how.nullText !== "\\N") nulls.push(`${field} = ${nullLiteral(how.nullText)}`);
  if (!isText || how.emptyAsNull) nulls.push(`${field} = ''`);
  if (isText && how.blanksAsNull) nulls.push(`trim(${field}) = ''`);
  return nulls.length === 0 ? field : `(CASE WHEN ${nulls.join(" OR ")} THEN NULL ELSE ${field} END)`;
}

function nullLiteral(text: string): string {
  return text.includes("\0") ? "chr(0)" : textLiteral(text);
}

function typed(type: SqlType, text: string, how: Conversion): { readonly value: string; readonly mayBeBad: boolean } {
  const cast = (sql: string) => `TRY_CAST(${sql} AS ${duckDbType(type)})`;
  const when = (pattern: string, sql: string) =>
    `CASE WHEN regexp_full_match(${text}, ${textLiteral(pattern)}) THEN ${sql} END`;
  switch (type.kind) {
    case "smallint":
    case "integer":
    case "bigint":
    case "oid":
      return { value: quickly(cast(text), `= ${text}`, when("\\s*[+-]?[0-9]+\\s*", cast(text))), mayBeBad: true };
    case "decimal": {
      const digits = how.roundDecimals
        ? text
        : `regexp_replace(${text}, '(\\.\\d{${type.scale}})\\d+(\\s*)$', '\\1\\2')`;
      const slowly = when("\\s*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?\\s*", cast(digits));
      // What its value's text begins with is plain digits, and no more of them than there is room for.
      return { value: quickly(cast(text), `^@ ${text}`, slowly), mayBeBad: true };
    }
    case "real":
    case "double":
      return { value: `(CASE WHEN NOT contains(${text}, '_') THEN ${cast(text)} END)`, mayBeBad: true };
    case "boolean":
      return {
        value: `(CASE WHEN lower(trim(${text})) IN ('t', 'true', 'y', 'yes', '1') THEN TRUE WHEN lower(trim(${text})) IN ('f', 'false', 'n', 'no', '0') THEN FALSE END)`,
        mayBeBad: true,
      };
    case "date":
    case "timestamp":
    case "timestamptz":
      return { value: moment(type, text, how), mayBeBad: !how.acceptAnyDate };
    case "super":
      return { value: `(CASE WHEN json_valid(${text}) THEN CAST(${text} AS JSON) END)`, mayBeBad: true };
    case "varbyte":
      return { value: `(${when("([0-9a-fA-F]{2})*", `unhex(${text})`)})`, mayBeBad: true };
    case "char": {
      const bare = `rtrim(${text}, ' ')`;
      return { value: how.truncateColumns ? cut(bare, type.length) : bare, mayBeBad: false };
    }
    case "varchar": {
      const kept = how.trimBlanks ? `rtrim(${text}, ' ')` : text;
      return { value: how.truncateColumns ? cut(kept, type.length) : kept, mayBeBad: false };
    }
    default:
      return { value: cast(text), mayBeBad: true };
  }
}

/**
 * Most texts are what their value prints as, and looking at that is several times as fast as a regular expression. `slowly` gives the same value
 * for such a text.
 */
function quickly(value: string, test: string, slowly: string): string {
  return `(CASE WHEN CAST(${value} AS VARCHAR) ${test} THEN ${value} ELSE ${slowly} END)`;
}

function cut(sql: string, length: number): string {
  return `(CASE WHEN strlen(${sql}) <= ${length} THEN ${sql} ELSE ${cutToBytes(sql, length)} END)`;
}

function tooLong(type: SqlType, value: string, how: Conversion): string[] {
  if (type.kind === "char") {
    const wide = `(strlen(${value}) <> length(${value}))`;
    return [`coalesce(${how.truncateColumns ? wide : `(strlen(${value}) > ${type.length}) OR ${wide}`}, FALSE)`];
  }
  if (type.kind === "varchar" && !how.truncateColumns) return [`coalesce(strlen(${value}) > ${type.length}, FALSE)`];
  if (type.kind === "varbyte") return [`coalesce(octet_length(${value}) > ${type.length}, FALSE)`];
  return [];
}

const ZONE = "\\s*([zZ]|UTC|GMT|[+-]\\d{1,2}(:?\\d{2})?)";

/** Source: "Using automatic recognition with DATEFORMAT and TIMEFORMAT". */
const AUTO_DATES = [
  "%Y-%m-%d",
  "%Y%m%d",
  "%m/%d/%Y",
  "%Y/%m/%d",
  "%Y.%m.%d",
  "%d-%b-%Y",
  "%Y-%b-%d",
  "%b-%d-%Y",
  "%d %b %Y",
  "%b %d %Y",
  "%b %d, %Y",
  "%B %d, %Y",
  "%d %B %Y",
  "%m-%d-%Y",
  "%m.%d.%Y",
  "%m/%d/%y",
  "%Y%j",
];
const AUTO_CLOCKS = ["%H:%M:%S", "%H:%M", "%H%M%S", "%I:%M:%S %p", "%I:%M %p", "%H:%M:%S.%f"];

function moment(type: SqlType, text: string, how: Conversion): string {
  const format = type.kind === "date" ? how.dateFormat : how.timeFormat;
  const trimmed = `trim(${text})`;
  const word = format?.trim().toLowerCase();
  const as = (sql: string) => `CAST(${sql} AS ${duckDbType(type)})`;
  if (word === "auto" || how.acceptAnyDate) {
    const iso = type.kind === "timestamptz" ? "TIMESTAMPTZ" : "TIMESTAMP";
    const others = AUTO_DATES.flatMap((date) => [
      date,
      ...AUTO_CLOCKS.flatMap((clock) => [`${date} ${clock}`, `${date}T${clock}`]),
    ]);
    return as(
      `(CASE WHEN length(${trimmed}) >= 6 THEN coalesce(TRY_CAST(CASE WHEN contains(${trimmed}, '-') THEN ${trimmed} END AS ${iso}), try_strptime(${trimmed}, [${others.map(textLiteral).join(", ")}])) END)`,
    );
  }
  if (type.kind !== "date" && (word === "epochsecs" || word === "epochmillisecs")) {
    const micros = word === "epochsecs" ? 1_000_000 : 1_000;
    const point = `make_timestamp(TRY_CAST(TRY_CAST(${trimmed} AS DECIMAL(38,6)) * ${micros} AS BIGINT))`;
    return type.kind === "timestamptz" ? `(${point} AT TIME ZONE 'UTC')` : point;
  }
  if (format !== undefined)
    return as(`try_strptime(${trimmed}, [${customFormats(format).map(textLiteral).join(", ")}])`);
  const day = "\\d{4}-\\d{1,2}-\\d{1,2}";
  if (type.kind === "date") {
    const slowly = `(CASE WHEN regexp_matches(${text}, ${textLiteral(`^\\s*${day}(\\D|$)`)}) THEN coalesce(TRY_CAST(${trimmed} AS DATE), TRY_CAST(TRY_CAST(${trimmed} AS TIMESTAMP) AS DATE)) END)`;
    return quickMoment(text, "DATE", slowly);
  }
  const clock = `( \\d{1,2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?)?`;
  const zone = type.kind === "timestamptz" ? `(${ZONE})?` : "";
  const slowly = `(CASE WHEN regexp_full_match(${trimmed}, ${textLiteral(`${day}${clock}${zone}`)}) THEN TRY_CAST(${trimmed} AS ${duckDbType(type)}) END)`;
  return type.kind === "timestamp" ? quickMoment(text, "TIMESTAMP", slowly) : slowly;
}

/** The same for moments; beyond these years, and for what has no end, they print as what Redshift does not read. */
function quickMoment(text: string, name: "DATE" | "TIMESTAMP", slowly: string): string {
  const value = `TRY_CAST(${text} AS ${name})`;
  const years = `${value} BETWEEN ${name} '0001-01-01' AND ${name} '9999-12-31'`;
  return `(CASE WHEN CAST(${value} AS VARCHAR) = ${text} AND ${years} THEN ${value} ELSE ${slowly} END)`;
}

/** A fraction of the seconds and a zone may follow where the template says nothing of them. */
function customFormats(template: string): string[] {
  const all = readingFormat(template, 0).formats.flatMap((format) => [
    format,
    ...(format.endsWith("%S") ? [`${format}.%f`] : []),
  ]);
  return all.flatMap((format) => [
    format,
    ...(/%[zZ]/.test(format) ? [format.replace(/\s*%[zZ]/, "%z"), format.replace(/%Z/, "%z")] : []),
  ]);
}

/** What is wrong with a text that `bad` has found. `text` is null for NULL. */
export function wrongOf(column: RelationColumn, text: string | null, how: Conversion): Wrong {
  const { type } = column;
  const absent =
    text === null ||
    text === how.nullText ||
    (text === "" && (how.emptyAsNull || !/char|text/.test(type.kind))) ||
    (how.blanksAsNull && text.trim() === "");
  if (absent) return { code: 1213, reason: "Missing data for not-null field" };
  switch (type.kind) {
    case "smallint":
    case "integer":
    case "bigint":
    case "oid":
      return wrongNumber(
        text,
        /^\s*[+-]?\d+\s*$/,
        { smallint: "Short", integer: "Integer", bigint: "Long", oid: "Integer" }[type.kind],
      );
    case "decimal":
      return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)
        ? { code: 1204, reason: `Overflow for NUMERIC(${type.precision},${type.scale})` }
        : wrongNumber(text, /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i, "Decimal");
    case "real":
    case "double":
      return wrongNumber(
        text,
        /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i,
        type.kind === "real" ? "Float" : "Double",
      );
    case "boolean":
      return { code: 1210, reason: "Unknown boolean format" };
    case "date":
      return {
        code: 1205,
        reason:
          how.dateFormat === undefined && text.trim().length < 10
            ? "Invalid Date Format - length must be 10 or more"
            : `Invalid Date Format${how.dateFormat === undefined ? "" : ` [${how.dateFormat}]`}`,
      };
    case "timestamp":
    case "timestamptz":
      return { code: 1206, reason: `Invalid timestamp format or value [${how.timeFormat ?? "YYYY-MM-DD HH24:MI:SS"}]` };
    case "char": {
      const wide = /[^\0-\x7f]/u.exec(text);
      if (wide === null) return longText(column, text);
      const bytes = [...Buffer.from(wide[0])].map((byte) => byte.toString(16)).join(" ");
      return {
        code: 1220,
        reason: `Multibyte character not supported for CHAR (Hint: Try using VARCHAR). Invalid char: ${bytes}`,
      };
    }
    case "varchar":
      return longText(column, text);
    case "varbyte":
      return /^([0-9a-f]{2})*$/i.test(text)
        ? { code: 1204, reason: "String length exceeds DDL length" }
        : { code: 1207, reason: "Invalid hexadecimal digits in a VARBYTE" };
    case "super":
      return { code: 1216, reason: "Invalid JSON in a SUPER" };
    default:
      return { code: 1216, reason: `Invalid value for ${typeText(type)}` };
  }
}

function longText(column: RelationColumn, text: string): Wrong {
  const length = column.type.kind === "varchar" || column.type.kind === "char" ? column.type.length : 0;
  return {
    code: 1204,
    reason: `String length exceeds DDL length. Column ${column.name}: Table: ${length}, Data: ${Buffer.byteLength(text)}`,
  };
}

function wrongNumber(text: string, form: RegExp, type: string): Wrong {
  if (form.test(text)) return { code: 1204, reason: `Overflow, Value '${text.trim()}', Type: ${type}` };
  const body = text.replace(/^\s*[+-]?/, "");
  const offset = text.length - body.length;
  const allowed = type === "Short" || type === "Integer" || type === "Long" ? /[^\d]/ : /[^\d.eE+-]/;
  const place = Math.max(0, body.search(allowed));
  return { code: 1207, reason: `Invalid digit, Value '${body[place] ?? ""}', Pos ${place + offset}, Type: ${type}` };
}

/** As STL_LOAD_ERRORS writes a column's type and length. */
export function loadErrorType(type: SqlType): { readonly type: string; readonly length: string } {
  const names: Partial<Record<SqlType["kind"], string>> = {
    smallint: "int2",
    integer: "int4",
    bigint: "int8",
    real: "float4",
    double: "float8",
    boolean: "bool",
    decimal: "numeric",
  };
  const length =
    "length" in type ? String(type.length) : type.kind === "decimal" ? `${type.precision}, ${type.scale}` : "0";
  return { type: names[type.kind] ?? type.kind, length };
}
