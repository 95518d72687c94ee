/**
 * A JSON reader for records: it keeps every value's own text, so that no digit of a number is lost and SUPER columns get what was sent.
 *
 * The grammar is RFC 8259's and, because DuckDB's reader has them too and many producers write them, three liberties: a comma before a
 * closing bracket, the literals NaN, Inf and Infinity (any case, with or without a minus sign), and any nesting depth. Of duplicate keys
 * the first counts. Where a text holds several documents, `readJson` reads one and says where it ended.
 */
export type JsonValue = JsonString | JsonScalar | JsonObject | JsonArray;

export interface JsonString {
  readonly kind: "string";
  /** Without quotes and escapes. */
  readonly text: string;
  readonly raw: string;
}

/** `number` includes NaN and the infinities; `raw` is the literal as it stands. */
export interface JsonScalar {
  readonly kind: "number" | "true" | "false" | "null";
  readonly raw: string;
}

export interface JsonObject {
  readonly kind: "object";
  readonly fields: ReadonlyMap<string, JsonValue>;
  readonly raw: string;
}

export interface JsonArray {
  readonly kind: "array";
  readonly items: readonly JsonValue[];
  readonly raw: string;
}

/** Where and why a text is no JSON; `at` counts UTF-16 units from the text's start. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

interface Frame {
  readonly start: number;
  readonly fields: Map<string, JsonValue> | undefined;
  readonly items: JsonValue[] | undefined;
  key: string;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const NOT_FINITE = /-?(?:infinity|inf|nan)/iy;
const LONE_SURROGATE = /\p{Surrogate}/u;
const WORD = /[a-z]+/y;
/** The usual string: no escapes, no control characters. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what JSON forbids in strings.
const PLAIN_STRING = /"[^"\\\u0000-\u001f]*"/y;

/** The position of the first character that is not JSON whitespace, from `at` on. */
export function skipWhitespace(text: string, at: number): number {
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return at;
    at++;
  }
}

/** Reads one value that begins at `start`, where no whitespace stands. Loops instead of recursing: depth is the sender's choice. */
export function readJson(text: string, start: number): { readonly value: JsonValue; readonly end: number } {
  const stack: Frame[] = [];
  let at = start;
  for (;;) {
    let value: JsonValue | undefined;
    const unit = text.charCodeAt(at);
    if (unit === 0x7b || unit === 0x5b) {
      const object = unit === 0x7b;
      const frame: Frame = {
        start: at,
        fields: object ? new Map() : undefined,
        items: object ? undefined : [],
        key: "",
      };
      at = skipWhitespace(text, at + 1);
      if (text.charCodeAt(at) === (object ? 0x7d : 0x5d)) {
        at++;
        value = closed(frame, text, at);
      } else {
        stack.push(frame);
        if (object) at = readKey(text, at, frame);
        continue;
      }
    } else {
      value = readScalar(text, at);
      at += value.raw.length;
    }
    // A value is complete: it belongs to the frame on top, which may end here too, and so on upwards.
    for (;;) {
      const frame = stack[stack.length - 1];
      if (frame === undefined) return { value, end: at };
      if (frame.items !== undefined) frame.items.push(value);
      else if (!frame.fields!.has(frame.key)) frame.fields!.set(frame.key, value);
      const close = frame.items === undefined ? 0x7d : 0x5d;
      at = skipWhitespace(text, at);
      let next = text.charCodeAt(at);
      if (next === 0x2c) {
        at = skipWhitespace(text, at + 1);
        next = text.charCodeAt(at);
        if (next !== close) {
          if (frame.items === undefined) at = readKey(text, at, frame);
          break;
        }
      }
      if (next !== close) throw unexpected(text, at, frame.items === undefined ? "a comma or }" : "a comma or ]");
      at++;
      stack.pop();
      value = closed(frame, text, at);
    }
  }
}

function closed(frame: Frame, text: string, end: number): JsonValue {
  const raw = text.slice(frame.start, end);
  return frame.items === undefined
    ? { kind: "object", fields: frame.fields!, raw }
    : { kind: "array", items: frame.items, raw };
}

function readKey(text: string, at: number, frame: Frame): number {
  if (text.charCodeAt(at) !== 0x22) throw unexpected(text, at, "a key in double quotes");
  const key = readString(text, at);
  frame.key = key.text;
  at = skipWhitespace(text, at + key.raw.length);
  if (text.charCodeAt(at) !== 0x3a) throw unexpected(text, at, "a colon");
  return skipWhitespace(text, at + 1);
}

function readScalar(text: string, at: number): JsonString | JsonScalar {
  const unit = text.charCodeAt(at);
  if (unit === 0x22) return readString(text, at);
  NUMBER.lastIndex = at;
  const number = NUMBER.exec(text);
  if (number !== null) return numberAt(text, at, number[0]);
  NOT_FINITE.lastIndex = at;
  const notFinite = NOT_FINITE.exec(text);
  if (notFinite !== null) return { kind: "number", raw: notFinite[0] };
  WORD.lastIndex = at;
  const word = WORD.exec(text)?.[0];
  for (const kind of ["true", "false", "null"] as const) {
    if (word?.startsWith(kind)) return { kind, raw: kind };
  }
  throw unexpected(text, at, "a value");
}

/** `01`, `1.` and `1.e5` begin with a number and are none. */
function numberAt(text: string, at: number, raw: string): JsonScalar {
  const after = text.charCodeAt(at + raw.length);
  const digit = after >= 0x30 && after <= 0x39;
  if (digit || after === 0x2e || after === 0x65 || after === 0x45) {
    throw new JsonSyntaxError(`the number at character ${at} is not written as JSON has it`, at);
  }
  return { kind: "number", raw };
}

function readString(text: string, at: number): JsonString {
  PLAIN_STRING.lastIndex = at;
  const plain = PLAIN_STRING.exec(text);
  if (plain !== null) return { kind: "string", text: plain[0].slice(1, -1), raw: plain[0] };
  let end = at + 1;
  for (;;) {
    const unit = text.charCodeAt(end);
    if (unit === 0x22) break;
    if (Number.isNaN(unit)) throw new JsonSyntaxError(`the string that begins at character ${at} does not end`, at);
    if (unit < 0x20) throw new JsonSyntaxError(`an unescaped control character in the string at character ${end}`, end);
    end += unit === 0x5c ? 2 : 1;
  }
  const raw = text.slice(at, end + 1);
  let value: string;
  try {
    value = JSON.parse(raw) as string;
  } catch {
    throw new JsonSyntaxError(`a wrong escape in the string at character ${at}`, at);
  }
  // Half a surrogate pair is no character: it could not be written as UTF-8.
  if (LONE_SURROGATE.test(value))
    throw new JsonSyntaxError(`half a surrogate pair in the string at character ${at}`, at);
  return { kind: "string", text: value, raw };
}

function unexpected(text: string, at: number, wanted: string): JsonSyntaxError {
  const found = at < text.length ? JSON.stringify(text.slice(at, at + 12)) : "the end";
  return new JsonSyntaxError(`expected ${wanted} at character ${at}, found ${found}`, at);
}
