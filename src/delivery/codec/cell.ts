/**
 * One value into one column: the text that every later stage casts without doubt, or why it does not fit.
 *
 * A number is taken by its digits, never through a double (but for REAL and DOUBLE PRECISION, which are doubles). JSON text and CSV text
 * follow the same rules, so a number in quotes is as good as one without.
 */
import type { ColumnModel, ColumnType } from "../../definition/model.js";
import { timeFormatOf } from "../../definition/values.js";
import type { DeadLetterCode } from "./dead-letter.js";
import type { JsonValue } from "./json-text.js";
import {
  dateText,
  type Moment,
  momentOfMicros,
  parseEpoch,
  parseIso,
  parseTimeOfDay,
  timestampText,
} from "./temporal.js";

/** The canonical text, null for NULL, or a fault. */
export type Cell = string | null | CellFault;

export interface CellFault {
  readonly code: DeadLetterCode;
  readonly message: string;
}

/** Staging's VARCHAR(65535), through which SUPER travels (definition/types.ts). */
export const SUPER_BYTES_MAX = 65_535;
/** Larger exponents name no number that a column could hold, and would cost memory to write out. */
const EXPONENT_MAX = 400;
const SHOWN_CHARS_MAX = 60;

const INTEGER_BITS = { smallint: 16n, integer: 32n, bigint: 64n } as const;
type IntegerType = { readonly kind: keyof typeof INTEGER_BITS };
const TRUE_TEXTS = new Set(["true", "t", "yes", "y", "1"]);
const FALSE_TEXTS = new Set(["false", "f", "no", "n", "0"]);

/** From a CSV field, or any text; the caller has dealt with the null token. */
export function cellOfText(column: ColumnModel, text: string): Cell {
  const { type } = column;
  switch (type.kind) {
    case "varchar":
    case "char":
      return textCell(type, text);
    case "super":
      return superCell(text);
    default:
      return scalarCell(column, text.trim());
  }
}

/** `null` and a value that is absent are the caller's. */
export function cellOfJson(column: ColumnModel, value: JsonValue): Cell {
  const { type } = column;
  if (type.kind === "super") return superCell(value.raw);
  // yyjson, and so the fast path, has no integer -0.
  const raw = value.raw === "-0" ? "0" : value.raw;
  if (type.kind === "varchar" || type.kind === "char")
    return textCell(type, value.kind === "string" ? value.text : raw);
  switch (value.kind) {
    case "string":
      return scalarCell(column, value.text.trim());
    case "number":
      return scalarCell(column, raw);
    case "true":
    case "false":
      return type.kind === "boolean" ? value.kind : mismatch(type, value.raw);
    default:
      return mismatch(type, value.raw);
  }
}

function scalarCell(column: ColumnModel, text: string): Cell {
  const { type } = column;
  switch (type.kind) {
    case "smallint":
    case "integer":
    case "bigint":
      return integerCell({ kind: type.kind }, text);
    case "decimal":
      return decimalCell(type, text);
    case "real":
    case "double":
      return floatCell({ kind: type.kind }, text);
    case "boolean": {
      const lower = text.toLowerCase();
      if (TRUE_TEXTS.has(lower)) return "true";
      return FALSE_TEXTS.has(lower) ? "false" : mismatch(type, text);
    }
    case "time":
      return parseTimeOfDay(text) ?? notATime(column, text);
    case "date":
    case "timestamp":
    case "timestamptz": {
      const moment = momentOf(column, text);
      if (moment === undefined) return notATime(column, text);
      return type.kind === "date" ? dateText(moment) : timestampText(moment);
    }
    default:
      return mismatch(type, text);
  }
}

function momentOf({ type, timeFormat }: ColumnModel, text: string): Moment | undefined {
  if (timeFormat === undefined || timeFormat === "auto") {
    const moment = parseIso(text);
    return type.kind === "date" && moment?.timed ? undefined : moment;
  }
  if (timeFormat === "epochsecs" || timeFormat === "epochmillisecs") return parseEpoch(text, timeFormat);
  const micros = timeFormatOf(timeFormat)?.parse(text);
  return micros === undefined ? undefined : momentOfMicros(micros);
}

interface DecimalParts {
  readonly negative: boolean;
  /** All digits, without a point. */
  readonly digits: string;
  /** The number is digits * 10^exponent. */
  readonly exponent: number;
}

const DECIMAL = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,6}))?$/;

function decimalParts(text: string): DecimalParts | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = match[4] ?? "", , exponent = "0"] = match;
  return { negative: sign === "-", digits: whole + fraction, exponent: Number(exponent) - fraction.length };
}

function integerCell(type: IntegerType, text: string): Cell {
  const parts = decimalParts(text);
  if (parts === undefined) return mismatch(type, text);
  const value = scaled(parts, 0);
  if (value === "too large") return outOfRange(type, text);
  if (value === undefined || value.rounded) return mismatch(type, text);
  const limit = 1n << (INTEGER_BITS[type.kind] - 1n);
  return value.units >= -limit && value.units < limit ? value.units.toString() : outOfRange(type, text);
}

function decimalCell(type: Extract<ColumnType, { kind: "decimal" }>, text: string): Cell {
  const parts = decimalParts(text);
  if (parts === undefined) return mismatch(type, text);
  const value = scaled(parts, type.scale);
  if (value === "too large" || value === undefined) return outOfRange(type, text);
  const negative = value.units < 0n;
  const digits = (negative ? -value.units : value.units).toString().padStart(type.scale + 1, "0");
  // What rounding added counts too: 9.99 is no DECIMAL(2,1).
  if (digits.replace(/^0+/, "").length > type.precision) return outOfRange(type, text);
  const point = digits.length - type.scale;
  const written = type.scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return negative ? `-${written}` : written;
}

/** The number in units of 10^-scale, halves rounded away from zero; `rounded` when a digit was lost. */
function scaled(
  { negative, digits, exponent }: DecimalParts,
  scale: number,
): { readonly units: bigint; readonly rounded: boolean } | "too large" | undefined {
  const significant = digits.replace(/^0+/, "");
  if (significant === "") return { units: 0n, rounded: false };
  const shift = exponent + scale;
  if (shift > EXPONENT_MAX) return "too large";
  if (shift >= 0) {
    const units = BigInt(significant) * 10n ** BigInt(shift);
    return { units: negative ? -units : units, rounded: false };
  }
  const kept = significant.length + shift;
  if (kept < 0) return { units: 0n, rounded: true };
  const lost = significant.slice(kept);
  const units = BigInt(significant.slice(0, kept) || "0") + (lost.charCodeAt(0) >= 0x35 ? 1n : 0n);
  return { units: negative ? -units : units, rounded: /[1-9]/.test(lost) };
}

function floatCell(type: { readonly kind: "real" | "double" }, text: string): Cell {
  const named = /^([+-]?)(nan|inf|infinity)$/i.exec(text);
  if (named !== null) {
    if (named[2]!.toLowerCase() === "nan") return "NaN";
    return named[1] === "-" ? "-Infinity" : "Infinity";
  }
  if (!DECIMAL.test(text)) return mismatch(type, text);
  const double = Number(text);
  const value = type.kind === "real" ? Math.fround(double) : double;
  if (!Number.isFinite(value)) return outOfRange(type, text);
  // Negative zero is zero, however it is written.
  return value === 0 ? "0" : String(value);
}

function textCell(type: Extract<ColumnType, { kind: "varchar" | "char" }>, text: string): Cell {
  const bytes = utf8Bytes(text);
  if (bytes > type.length) {
    return { code: "too-long", message: `${bytes} bytes of text do not fit ${nameOf(type)}: ${shown(text)}` };
  }
  if (text.includes("\0")) {
    return { code: "type-mismatch", message: `the warehouse's text cannot hold the character U+0000: ${shown(text)}` };
  }
  if (type.kind === "char" && bytes !== text.length) {
    return { code: "not-ascii", message: `CHAR holds single-byte characters only, VARCHAR any: ${shown(text)}` };
  }
  return text;
}

/** The strict reading: what our own reader forgives (a last comma, NaN), the warehouse's JSON does not. */
function superCell(raw: string): Cell {
  if (!isJson(raw)) return { code: "type-mismatch", message: `${shown(raw)} is no JSON, which SUPER needs` };
  const bytes = utf8Bytes(raw);
  return bytes > SUPER_BYTES_MAX
    ? {
        code: "too-long",
        message: `${bytes} bytes of JSON; SUPER takes ${SUPER_BYTES_MAX} on its way to the warehouse`,
      }
    : raw;
}

function isJson(text: string): boolean {
  try {
    // A NUL would be cut off, or refused, by the warehouse.
    return JSON.parse(text) !== undefined && !text.includes("\\u0000");
  } catch {
    return false;
  }
}

function utf8Bytes(text: string): number {
  return Buffer.byteLength(text, "utf8");
}

function notATime({ type, timeFormat }: ColumnModel, text: string): CellFault {
  const wanted =
    timeFormat !== undefined && timeFormat !== "auto"
      ? `text as ${timeFormat} says`
      : type.kind === "date"
        ? "a date such as 2026-11-22"
        : type.kind === "time"
          ? "a time of day such as 09:30:00"
          : "ISO 8601 such as 2026-11-22T09:30:00Z";
  return { code: "invalid-time", message: `${shown(text)} is no ${nameOf(type)}: expected ${wanted}` };
}

function mismatch(type: ColumnType, text: string): CellFault {
  return { code: "type-mismatch", message: `${shown(text)} is no ${nameOf(type)}` };
}

function outOfRange(type: ColumnType, text: string): CellFault {
  return { code: "out-of-range", message: `${shown(text)} is out of the range of ${nameOf(type)}` };
}

function nameOf(type: ColumnType): string {
  if (type.kind === "decimal") return `DECIMAL(${type.precision},${type.scale})`;
  if (type.kind === "varchar" || type.kind === "char") return `${type.kind.toUpperCase()}(${type.length})`;
  return type.kind === "double" ? "DOUBLE PRECISION" : type.kind.toUpperCase();
}

function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}...` : text);
}
