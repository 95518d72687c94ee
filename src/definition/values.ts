import type { ColumnModel, ColumnType } from "./model.js";
import { show } from "./problems.js";
import { parseIso, readTimeFormat, type TimeFormat } from "./time-format.js";

/**
 * Whether a JavaScript value is one of a column's type. Used for defaults, and by the producer before it sends.
 * Answers what is wrong, as the end of a sentence that began with the column's name; undefined when all is well.
 */
export function wrongWithValue(type: ColumnType, value: unknown, timeFormat?: string): string | undefined {
  const not = (allowed: string) => `is ${show(value)}; it must be ${allowed}`;
  switch (type.kind) {
    case "smallint":
      return inRange(value, -(2n ** 15n), 2n ** 15n - 1n) ? undefined : not("a whole number from -32768 to 32767");
    case "integer":
      return inRange(value, -(2n ** 31n), 2n ** 31n - 1n)
        ? undefined
        : not("a whole number from -2147483648 to 2147483647");
    case "bigint":
      if (typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value)) {
        return not("a bigint, since a number past 2^53 has lost digits already");
      }
      return inRange(value, -(2n ** 63n), 2n ** 63n - 1n) ? undefined : not("a whole number of 64 bits");
    case "decimal":
      return wrongWithDecimal(type, value);
    case "real":
      return typeof value === "number" && Number.isFinite(Math.fround(value))
        ? undefined
        : not("a finite number of 32 bits");
    case "double":
      return typeof value === "number" && Number.isFinite(value) ? undefined : not("a finite number");
    case "boolean":
      return typeof value === "boolean" ? undefined : not("true or false");
    case "varchar":
    case "char":
      return wrongWithText(type, value);
    case "time":
      return typeof value === "string" && isTimeOfDay(value) ? undefined : not('a time of day, such as "09:30:00.25"');
    case "date":
    case "timestamp":
    case "timestamptz":
      return wrongWithTime(type.kind, value, timeFormat);
    case "super":
      return wrongWithJson(value);
  }
}

function inRange(value: unknown, min: bigint, max: bigint): boolean {
  if (typeof value === "number") return Number.isInteger(value) && BigInt(value) >= min && BigInt(value) <= max;
  return typeof value === "bigint" && value >= min && value <= max;
}

function wrongWithDecimal(
  type: { readonly precision: number; readonly scale: number },
  value: unknown,
): string | undefined {
  const text = typeof value === "number" || typeof value === "bigint" ? String(value) : value;
  const digits = typeof text === "string" ? decimalDigits(text) : undefined;
  if (digits === undefined) return `is ${show(value)}; it must be a number, or text of one such as "12.50"`;
  const wholeMax = type.precision - type.scale;
  if (digits.whole > wholeMax) {
    return `is ${show(value)}; decimal(${type.precision}, ${type.scale}) has room for ${wholeMax} digits before the point`;
  }
  if (digits.fraction > type.scale) {
    return `is ${show(value)}; decimal(${type.precision}, ${type.scale}) has room for ${type.scale} digits behind the point (round it first)`;
  }
  return undefined;
}

/** How many digits a decimal number needs on each side of its point. */
function decimalDigits(text: string): { readonly whole: number; readonly fraction: number } | undefined {
  const match =
    /^[+-]?(\d+)(?:\.(\d*))?(?:e([+-]?\d{1,4}))?$/i.exec(text) ?? /^[+-]?()\.(\d+)(?:e([+-]?\d{1,4}))?$/i.exec(text);
  if (!match) return undefined;
  const [, whole = "", fraction = "", exponent = "0"] = match;
  const all = whole + fraction;
  const firstDigit = all.search(/[1-9]/);
  if (firstDigit === -1) return { whole: 0, fraction: 0 };
  const lastDigit = all.length - 1 - [...all].reverse().findIndex((digit) => digit !== "0");
  const point = whole.length + Number(exponent);
  return { whole: Math.max(0, point - firstDigit), fraction: Math.max(0, lastDigit + 1 - point) };
}

function wrongWithText(
  type: { readonly kind: "varchar" | "char"; readonly length: number },
  value: unknown,
): string | undefined {
  if (typeof value !== "string") return `is ${show(value)}; it must be text`;
  const bytes = Buffer.byteLength(value);
  if (bytes > type.length)
    return `is ${show(value)}, ${bytes} bytes of UTF-8; ${type.kind}(${type.length}) holds ${type.length}`;
  if (value.includes("\0")) return `is ${show(value)}; the warehouse's text cannot hold the character U+0000`;
  if (/\p{Surrogate}/u.test(value))
    return `is ${show(value)}; it holds half of a surrogate pair, which UTF-8 cannot write`;
  // A char counts bytes, and each must be a character: Redshift refuses the rest of Unicode in it.
  if (type.kind === "char" && bytes !== value.length)
    return `is ${show(value)}; char holds single-byte characters only, use varchar`;
  return undefined;
}

function wrongWithTime(
  kind: "date" | "timestamp" | "timestamptz",
  value: unknown,
  timeFormat: string | undefined,
): string | undefined {
  if (value instanceof Date) {
    const year = value.getUTCFullYear();
    if (Number.isNaN(value.getTime())) return "is an invalid Date";
    return year < 1 || year > 9999 ? `is ${value.toISOString()}; the year must be from 1 to 9999` : undefined;
  }
  if (timeFormat === "epochsecs" || timeFormat === "epochmillisecs") {
    const limit = timeFormat === "epochsecs" ? 253_402_300_800 : 253_402_300_800_000;
    return typeof value === "number" && Number.isFinite(value) && Math.abs(value) < limit
      ? undefined
      : `is ${show(value)}; it must be a Date or a number, ${timeFormat === "epochsecs" ? "seconds" : "milliseconds"} since 1970`;
  }
  if (typeof value !== "string") return `is ${show(value)}; it must be a Date or text`;
  if (timeFormat !== undefined && timeFormat !== "auto") {
    const format = timeFormatOf(timeFormat);
    return format?.parse(value) === undefined ? `is ${show(value)}; it must be as ${show(timeFormat)} says` : undefined;
  }
  const parsed = parseIso(value);
  if (parsed && (kind !== "date" || !parsed.timed)) return undefined;
  return `is ${show(value)}; it must be ${kind === "date" ? 'a day such as "2026-11-22"' : 'ISO 8601, such as "2026-11-22T09:30:00.25Z"'}`;
}

function wrongWithJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? 0 : inner)) === undefined
      ? `is ${show(value)}; JSON has nothing for it`
      : undefined;
  } catch (error) {
    return `cannot be written as JSON (${error instanceof Error ? error.message.split("\n")[0] : String(error)})`;
  }
}

function isTimeOfDay(text: string): boolean {
  return /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$/.test(text);
}

const formats = new Map<string, TimeFormat>();

/** A time format's reader and writer, made once; undefined when the format itself is wrong. */
export function timeFormatOf(text: string): TimeFormat | undefined {
  let format = formats.get(text);
  if (!format) {
    const read = readTimeFormat(text);
    if ("wrong" in read) return undefined;
    format = read;
    formats.set(text, format);
  }
  return format;
}

/** A default as the model stores it: numbers and booleans as they are, all that a double cannot hold as text. */
export function storedDefault(type: ColumnModel["type"], value: unknown): string | number | boolean {
  if (type.kind === "super") return JSON.stringify(value);
  if (value instanceof Date) {
    const iso = value.toISOString();
    if (type.kind === "date") return iso.slice(0, 10);
    return type.kind === "timestamp" ? iso.slice(0, -1) : iso;
  }
  if (type.kind === "bigint" || type.kind === "decimal" || typeof value === "bigint") return String(value);
  return value as string | number | boolean;
}
