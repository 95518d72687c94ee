/**
 * Errors that only show while a statement runs: generated text calls DuckDB's `error()` with a marked message, and the engine's layer asks
 * `runtimeError` what an error of DuckDB's was meant to be.
 */
import { SQL_STATE, SqlError } from "../sql-error.js";
import { textLiteral } from "../sql-text.js";

const MARK = "penstock";

/** DuckDB text that raises when it is evaluated; it fits where a value of any type does. */
export function raise(state: string, message: string): string {
  return `error(${textLiteral(`${MARK}:${state}:${message}`)})`;
}

/** The same with a value in the message, `before` and `after` it: `value` is DuckDB text of type VARCHAR, never NULL. */
export function raiseWith(state: string, before: string, value: string, after = ""): string {
  const tail = after === "" ? "" : ` || ${textLiteral(after)}`;
  return `error(${textLiteral(`${MARK}:${state}:${before}`)} || ${value}${tail})`;
}

const OUT_OF_REACH = 0xe000;

/** Each character (below U+0100) as one of Unicode's private ones, which no reader of numbers takes. */
export function outOfReach(characters: string): string {
  return [...characters].map((character) => String.fromCodePoint(OUT_OF_REACH + character.codePointAt(0)!)).join("");
}

function withinReach(message: string): string {
  return message.replace(/[\uE000-\uE0FF]/g, (character) =>
    String.fromCodePoint(character.codePointAt(0)! - OUT_OF_REACH),
  );
}

/** What an error message of DuckDB's means to the user of the SQL door; undefined where it is nothing that a statement's data can cause. */
export function runtimeError(message: string, cause?: unknown): SqlError | undefined {
  const details = cause === undefined ? {} : { cause };
  // DuckDB puts the line of the statement behind an error that it finds while it plans.
  const said = withinReach(message.replace(/\n\nLINE \d+:[\s\S]*$/, ""));
  const marked = new RegExp(`${MARK}:([0-9A-Z]{5}):([\\s\\S]*)`).exec(said);
  if (marked !== null) return new SqlError(marked[1]!, marked[2]!, details);
  for (const [pattern, state, words] of ENGINE_ERRORS) {
    const found = pattern.exec(said);
    if (found !== null) return new SqlError(state, words(found.slice(1)), details);
  }
  return undefined;
}

const TYPES: Readonly<Record<string, string>> = {
  INT8: "smallint",
  INT16: "smallint",
  INT32: "integer",
  INT64: "bigint",
  INT128: "numeric",
  FLOAT: "real",
  DOUBLE: "double precision",
  BOOL: "boolean",
};

const typeWord = (engine: string | undefined) => {
  const name = engine ?? "";
  return TYPES[name] ?? (name.startsWith("DECIMAL") ? "numeric" : name.toLowerCase());
};
const outOfRange = (engine: string | undefined) =>
  typeWord(engine) === "numeric" ? "numeric field overflow" : `${typeWord(engine)} out of range`;
const invalidInput = (engine: string | undefined, text: string | undefined) => {
  const word = typeWord(engine);
  const integer = word === "integer" || word === "bigint" || word === "smallint";
  return `invalid input syntax for ${integer ? word : `type ${word}`}: "${text ?? ""}"`;
};

type EngineError = readonly [
  pattern: RegExp,
  state: string,
  words: (groups: readonly (string | undefined)[]) => string,
];

/** DuckDB's own errors of values, in PostgreSQL's words. */
const ENGINE_ERRORS: readonly EngineError[] = [
  [
    /Overflow in [a-z ]+ of (\w+(?:\(\d+(?:,\d+)?\))?)/i,
    SQL_STATE.numericValueOutOfRange,
    ([type]) => outOfRange(type),
  ],
  [/Overflow in (?:HUGEINT|DECIMAL)/i, SQL_STATE.numericValueOutOfRange, () => "numeric field overflow"],
  [
    /Could not convert string '([\s\S]*)' to (\w+)/,
    SQL_STATE.invalidTextRepresentation,
    ([text, type]) => invalidInput(type, text),
  ],
  [
    /Could not convert string "([\s\S]*)" to (DECIMAL)/,
    SQL_STATE.invalidTextRepresentation,
    ([text, type]) => invalidInput(type, text),
  ],
  [
    /can't be cast because the value is out of range for the destination type (\w+)/,
    SQL_STATE.numericValueOutOfRange,
    ([type]) => outOfRange(type),
  ],
  [
    /(?:Casting value|Could not cast value) [\s\S]* to type (DECIMAL)|Could not cast value [\s\S]* to (DECIMAL)/,
    SQL_STATE.numericValueOutOfRange,
    () => "numeric field overflow",
  ],
  [
    /invalid (\w+) field format: "([\s\S]*)", expected/,
    SQL_STATE.invalidDatetimeFormat,
    ([type, text]) => `invalid input syntax for type ${type}: "${text ?? ""}"`,
  ],
  [
    /(?:date|timestamp) field value out of range: "([\s\S]*)"/,
    SQL_STATE.datetimeFieldOverflow,
    ([text]) => `date/time field value out of range: "${text ?? ""}"`,
  ],
  [
    /(?:Date|Timestamp|timestamp|date|interval)[\s\S]* out of range/i,
    SQL_STATE.datetimeFieldOverflow,
    () => "timestamp out of range",
  ],
  [
    /Unknown TimeZone '([^']*)'/,
    SQL_STATE.invalidParameterValue,
    ([zone]) => `time zone "${zone ?? ""}" not recognized`,
  ],
  [/Malformed JSON/, SQL_STATE.invalidTextRepresentation, () => "JSON parsing error: the text is no valid JSON"],
  [
    /More than one row returned by a subquery/,
    SQL_STATE.cardinalityViolation,
    () => "more than one row returned by a subquery used as an expression",
  ],
  [/is undefined outside/, SQL_STATE.numericValueOutOfRange, () => "input is out of range"],
  [/Could not decode string "[\s\S]*" as base64/, SQL_STATE.invalidParameterValue, () => "the text is no base64"],
  [/out of range/i, SQL_STATE.numericValueOutOfRange, () => "value out of range"],
];
