/** Literals: their types, and their values as another type's literal, checked when the statement is bound. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { textLiteral } from "../../sql-text.js";
import type { Literal } from "../../syntax/ast.js";
import { DECIMAL_DIGITS_MAX, type SqlType, typeName } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";
import { valueOfText } from "../../value-text.js";
import type { BindContext, BoundExpression } from "../bound.js";
import { dateOfText, timeOfText, timestampOfText } from "./date-time-text.js";
import { intervalLiteral, intervalOfText } from "./interval-text.js";
import { inZone, sessionZone, zoneName } from "./time-zone.js";

const INTEGER_MAX = 2_147_483_647n;
const BIGINT_MAX = 9_223_372_036_854_775_807n;

export function bindLiteral(literal: Literal): BoundExpression {
  const { value, at } = literal;
  const base = { at, aggregate: false, window: false, nullable: false };
  switch (value.type) {
    case "null":
      return {
        ...base,
        sql: "NULL",
        type: { kind: "unknown" },
        nullable: true,
        untyped: true,
        origin: { kind: "null" },
      };
    case "boolean":
      return { ...base, sql: value.value ? "TRUE" : "FALSE", type: { kind: "boolean" } };
    case "string":
      return {
        ...base,
        sql: textLiteral(value.text),
        type: { kind: "unknown" },
        untyped: true,
        origin: { kind: "text", text: value.text },
      };
    case "number":
      return numberLiteral(value.text, at);
  }
}

/** An integer where it fits one, else DECIMAL with the digits as written; DOUBLE where those are too many. */
export function numberLiteral(text: string, at: number): BoundExpression {
  const base = { at, aggregate: false, window: false, nullable: false, origin: { kind: "number" as const, text } };
  if (/^-?\d+$/.test(text)) {
    const value = BigInt(text);
    const fits = (most: bigint) => value <= most && value >= -most - 1n;
    // DuckDB reads the lowest of each as a number of the next type, made negative.
    const lowest = (kind: "INTEGER" | "BIGINT", most: bigint) =>
      value < -most ? `CAST('${value}' AS ${kind})` : signed(`${value}`);
    if (fits(INTEGER_MAX)) return { ...base, sql: lowest("INTEGER", INTEGER_MAX), type: { kind: "integer" } };
    if (fits(BIGINT_MAX)) return { ...base, sql: lowest("BIGINT", BIGINT_MAX), type: { kind: "bigint" } };
  }
  const plain = plainDigits(text);
  const [whole = "", fraction = ""] = plain.replace("-", "").split(".");
  const digits = whole.replace(/^0+/, "").length + fraction.length;
  if (digits > DECIMAL_DIGITS_MAX || fraction.length > DECIMAL_DIGITS_MAX - 1) {
    return { ...base, sql: `CAST(${textLiteral(text)} AS DOUBLE)`, type: { kind: "double" } };
  }
  const type: SqlType = { kind: "decimal", precision: Math.max(1, digits), scale: fraction.length };
  const sql = fraction === "" ? `CAST(${textLiteral(plain)} AS ${duckDbType(type)})` : signed(plain);
  return { ...base, sql, type };
}

function signed(digits: string): string {
  return digits.startsWith("-") ? `(${digits})` : digits;
}

/** `1.5e3` as `1500`, `.5` as `0.5`, `1.` as `1`. */
function plainDigits(text: string): string {
  const found = /^(-?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text)!;
  const [, sign = "", whole = "", fraction = ""] = found;
  const exponent = Number(found[4] ?? 0);
  if (Math.abs(exponent) > 400) return text;
  let digits = whole + fraction;
  let point = whole.length + exponent;
  if (point < 0) {
    digits = "0".repeat(-point) + digits;
    point = 0;
  }
  if (point > digits.length) digits = digits.padEnd(point, "0");
  const left = digits.slice(0, point).replace(/^0+(?=\d)/, "") || "0";
  const right = digits.slice(point);
  return `${sign}${left}${right === "" ? "" : `.${right}`}`;
}

/** A text as a literal of the type, in DuckDB's words. Throws SqlError 22P02, 22003, 22007, 22008. */
export function textAs(text: string, to: SqlType, context: BindContext, at: number): string {
  const type = duckDbType(to);
  switch (to.kind) {
    case "smallint":
    case "integer":
    case "bigint":
    case "oid":
    case "xid":
      return `CAST(${checked(to, text, at)} AS ${type})`;
    case "decimal":
      return `CAST(${textLiteral(decimalText(text, to, at))} AS ${type})`;
    case "real":
    case "double":
      checked(to, text, at);
      return `CAST(${textLiteral(text.trim())} AS ${type})`;
    case "boolean":
      return checked(to, text, at) === "true" ? "TRUE" : "FALSE";
    case "date": {
      const date = dateOfText(text);
      if (date === undefined) throw refusedTime(to, text, at);
      return `DATE '${date}'`;
    }
    case "timestamp": {
      const found = timestampOfText(text);
      if (found === undefined) throw refusedTime(to, text, at);
      return `TIMESTAMP '${found.local}'`;
    }
    case "timestamptz": {
      const found = timestampOfText(text);
      if (found === undefined) throw refusedTime(to, text, at);
      return inZone(
        `TIMESTAMP '${found.local}'`,
        found.zone === undefined ? sessionZone(context) : zoneName(found.zone, at),
      );
    }
    case "time": {
      const found = timeOfText(text.trim()) ?? timePart(text);
      if (found === undefined) throw refusedTime(to, text, at);
      return `TIME '${found.local}'`;
    }
    case "timetz": {
      const found = timeOfText(text.trim()) ?? timePart(text);
      if (found === undefined) throw refusedTime(to, text, at);
      const zone = found.zone !== undefined && /^[+-]/.test(found.zone) ? found.zone : "+00";
      return `CAST(${textLiteral(`${found.local}${zone}`)} AS TIMETZ)`;
    }
    case "interval-year-month":
    case "interval-day-second":
      return intervalLiteral(intervalOfText(text, undefined, at));
    case "super":
      return `CAST(${textLiteral(JSON.stringify(text))} AS JSON)`;
    case "varbyte":
      return `unhex('${Buffer.from(text, "utf8").toString("hex")}')`;
    case "array":
      return arrayLiteral(text, to.of, context, at);
    default:
      return textLiteral(text);
  }
}

function timePart(text: string): ReturnType<typeof timeOfText> {
  const found = timestampOfText(text);
  return found === undefined ? undefined : { local: found.local.slice(found.local.indexOf(" ") + 1), zone: found.zone };
}

function checked(to: SqlType, text: string, at: number): string {
  try {
    return String(valueOfText(to, text));
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    throw new SqlError(error.state, error.message, { at, cause: error });
  }
}

function decimalText(text: string, to: SqlType & { readonly kind: "decimal" }, at: number): string {
  const trimmed = text.trim();
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) {
    throw new SqlError(SQL_STATE.invalidTextRepresentation, `invalid input syntax for type numeric: "${text}"`, { at });
  }
  const plain = plainDigits(trimmed.replace(/^\+/, ""));
  const whole = plain.replace("-", "").split(".")[0]!.replace(/^0+/, "");
  if (whole.length > to.precision - to.scale) throw fieldOverflow(to, at);
  return plain;
}

export function fieldOverflow(to: SqlType & { readonly kind: "decimal" }, at: number): SqlError {
  return new SqlError(SQL_STATE.numericValueOutOfRange, "numeric field overflow", {
    at,
    detail: `A field with precision ${to.precision}, scale ${to.scale} must round to an absolute value less than 10^${to.precision - to.scale}.`,
  });
}

function refusedTime(to: SqlType, text: string, at: number): SqlError {
  // Shaped like a date but none: PostgreSQL tells the two apart.
  const shaped = /^\s*\d{1,4}[-/]\d{1,2}[-/]\d{1,4}/.test(text);
  return shaped
    ? new SqlError(SQL_STATE.datetimeFieldOverflow, `date/time field value out of range: "${text}"`, { at })
    : new SqlError(SQL_STATE.invalidDatetimeFormat, `invalid input syntax for type ${typeName(to)}: "${text}"`, { at });
}

/** `{a,"b c",NULL}`, as PostgreSQL writes an array. */
function arrayLiteral(text: string, of: SqlType, context: BindContext, at: number): string {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{") || !trimmed.endsWith("}")) {
    throw new SqlError(
      SQL_STATE.invalidTextRepresentation,
      `array value must start with "{" or dimension information`,
      { at },
    );
  }
  const items: string[] = [];
  const item = /\s*(?:"((?:[^"\\]|\\.)*)"|([^,"]*?))\s*(,|$)/y;
  const inner = trimmed.slice(1, -1);
  while (inner !== "" && item.lastIndex <= inner.length) {
    const found = item.exec(inner);
    if (found === null) {
      throw new SqlError(SQL_STATE.invalidTextRepresentation, `malformed array literal: "${text}"`, { at });
    }
    if (found[1] !== undefined) items.push(textAs(found[1].replace(/\\(.)/g, "$1"), of, context, at));
    else items.push(found[2]!.toLowerCase() === "null" ? "NULL" : textAs(found[2]!, of, context, at));
    if (found[3] === "") break;
  }
  return `CAST([${items.join(", ")}] AS ${duckDbType(of)}[])`;
}
