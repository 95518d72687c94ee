/** A value from the text that a client sends for it, where its type is settled: parameters in text form, and those of the Data API. */
import type { SqlValue } from "./database.js";
import { SQL_STATE, SqlError } from "./sql-error.js";
import { type SqlType, typeName } from "./types.js";

/** Throws SqlError 22P02 or 22003. Texts of times and the like go on as they are: the engine reads them. */
export function valueOfText(type: SqlType, text: string): SqlValue {
  switch (type.kind) {
    case "smallint":
      return wholeNumber(type, text, -32_768, 32_767);
    case "integer":
      return wholeNumber(type, text, -2_147_483_648, 2_147_483_647);
    case "oid":
      return wholeNumber(type, text, 0, 4_294_967_295);
    case "bigint": {
      const trimmed = text.trim();
      if (!WHOLE.test(trimmed)) throw invalidText(type, text);
      const value = BigInt(trimmed.replace(/^\+/, ""));
      if (BigInt.asIntN(64, value) !== value) throw outOfRange(type, text);
      return value;
    }
    case "real":
    case "double":
      return floatingPoint(type, text);
    case "decimal":
      if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text)) throw invalidText(type, text);
      return text.trim();
    case "boolean": {
      const word = text.trim().toLowerCase();
      if (TRUE_TEXTS.has(word)) return true;
      if (FALSE_TEXTS.has(word)) return false;
      throw invalidText(type, text);
    }
    case "varbyte":
      return bytesOf(type, text);
    default:
      return text;
  }
}

const WHOLE = /^[+-]?\d+$/;
const TRUE_TEXTS: ReadonlySet<string> = new Set(["t", "true", "y", "yes", "on", "1"]);
const FALSE_TEXTS: ReadonlySet<string> = new Set(["f", "false", "n", "no", "off", "0"]);

function wholeNumber(type: SqlType, text: string, min: number, max: number): number {
  const trimmed = text.trim();
  if (!WHOLE.test(trimmed)) throw invalidText(type, text);
  const value = Number(trimmed);
  if (value < min || value > max) throw outOfRange(type, text);
  return value;
}

function floatingPoint(type: SqlType, text: string): number {
  const word = text.trim().toLowerCase();
  if (word === "nan") return Number.NaN;
  const infinite = /^([+-]?)inf(inity)?$/.exec(word);
  if (infinite !== null) return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(word)) throw invalidText(type, text);
  return Number(word);
}

/** Hexadecimal digits, with PostgreSQL's `\x` before them or without. */
function bytesOf(type: SqlType, text: string): Uint8Array {
  const digits = text.startsWith("\\x") ? text.slice(2) : text;
  if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) throw invalidText(type, text);
  return Buffer.from(digits, "hex");
}

function invalidText(type: SqlType, text: string): SqlError {
  return new SqlError(SQL_STATE.invalidTextRepresentation, `invalid input syntax for ${typeName(type)}: "${text}"`);
}

function outOfRange(type: SqlType, text: string): SqlError {
  return new SqlError(SQL_STATE.numericValueOutOfRange, `value "${text}" is out of range for type ${typeName(type)}`);
}
