/** COPY of JSON: objects one behind the other, whatever stands between them, and the parts of them that columns take. */
import { ROW_BYTES_MAX } from "./bytes.js";
import type { FieldError, Fields } from "./fields.js";
import type { RawRecord } from "./records.js";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LF = 0x0a;

/** Cuts bytes into objects and arrays by their braces. What stands between them and is no blank or comma comes as a record of its own. */
export async function* jsonRecords(chunks: AsyncIterable<Buffer>): AsyncIterable<RawRecord[]> {
  let rest: Buffer = Buffer.alloc(0);
  let at = 0;
  let start = -1;
  let depth = 0;
  let inText = false;
  let line = 1;
  let startLine = 1;
  for await (const chunk of chunks) {
    const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const found: RawRecord[] = [];
    for (; at < buffer.length; at++) {
      const byte = buffer[at]!;
      if (byte === LF) line++;
      if (inText) {
        if (byte === BACKSLASH) {
          if (at + 1 === buffer.length) break;
          at++;
        } else if (byte === QUOTE) inText = false;
        continue;
      }
      if (start === -1) {
        if (byte <= 0x20 || byte === 0x2c) continue;
        start = at;
        startLine = line;
        if (byte !== 0x7b && byte !== 0x5b) {
          // No object begins here: the rest of the line is what is wrong.
          const end = buffer.indexOf(LF, at);
          found.push({ line, bytes: buffer.subarray(at, end === -1 ? buffer.length : end) });
          at = end === -1 ? buffer.length : end - 1;
          start = -1;
          continue;
        }
      }
      if (byte === QUOTE) inText = true;
      else if (byte === 0x7b || byte === 0x5b) depth++;
      else if (byte === 0x7d || byte === 0x5d) {
        depth--;
        if (depth === 0) {
          found.push({ line: startLine, bytes: buffer.subarray(start, at + 1) });
          start = -1;
        }
      }
    }
    const keep = start === -1 ? Math.min(at, buffer.length) : start;
    rest = buffer.subarray(keep);
    at -= keep;
    if (start !== -1) start = 0;
    if (found.length > 0) yield found;
    if (rest.length > ROW_BYTES_MAX * 4) {
      yield [{ line: startLine, bytes: rest.subarray(0, 1024), torn: "too-long" }];
      return;
    }
  }
  if (start !== -1) yield [{ line: startLine, bytes: rest }];
}

/** Marks digits that a JavaScript number would lose. */
const EXACT = "\u0001";
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
const DIGITS_SAFE = 15;

/** Parses, with the digits of long numbers kept as texts that begin with a mark. */
export function parseExact(text: string): unknown {
  if (!/[\d.]{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(
    text.replace(TOKENS, (token) => (token[0] === '"' || token.length <= DIGITS_SAFE ? token : `"\\u0001${token}"`)),
  );
}

/** As a field's text: strings without their quotes, null as null. */
function fieldText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value.startsWith(EXACT) ? value.slice(1) : value;
  return jsonText(value);
}

/** As a SUPER's text: strings with their quotes. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(/"\\u0001([^"]*)"/g, "$1");
}

export type JsonPath = readonly (string | number)[];

export type JsonShape =
  | { readonly kind: "names"; readonly names: readonly string[]; readonly ignoreCase: boolean }
  | { readonly kind: "paths"; readonly paths: readonly JsonPath[] }
  | { readonly kind: "whole" };

/** `supers`: which of the fields go into a SUPER. */
export function jsonCutter(shape: JsonShape, supers: readonly boolean[]): (text: string) => Fields | FieldError {
  const give = (value: unknown, index: number) =>
    value === undefined || value === null ? null : supers[index] === true ? jsonText(value) : fieldText(value);
  return (text) => {
    let parsed: unknown;
    try {
      parsed = parseExact(text);
    } catch {
      return { code: 1216, reason: "Invalid JSON: the object could not be read" };
    }
    if (shape.kind === "whole") return [jsonText(parsed)];
    if (typeof parsed !== "object" || parsed === null)
      return { code: 1216, reason: "Invalid JSON: an object or an array was expected" };
    if (shape.kind === "paths") return shape.paths.map((path, index) => give(valueAt(parsed, path), index));
    if (Array.isArray(parsed))
      return { code: 1216, reason: "Invalid JSON: an object was expected, the record is an array (use JSONPaths)" };
    const object = shape.ignoreCase ? lowerNames(parsed) : (parsed as Record<string, unknown>);
    return shape.names.map((name, index) => give(Object.hasOwn(object, name) ? object[name] : undefined, index));
  };
}

function lowerNames(object: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name.toLowerCase(), value]));
}

function valueAt(value: unknown, path: JsonPath): unknown {
  let at: unknown = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null) return undefined;
    if (typeof step === "number") at = Array.isArray(at) ? at[step] : undefined;
    else at = !Array.isArray(at) && Object.hasOwn(at, step) ? (at as Record<string, unknown>)[step] : undefined;
  }
  return at;
}

/** `$.a.b[0]`, `$['a'][1]`; undefined for what is none. */
export function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith("$")) return undefined;
  const steps: (string | number)[] = [];
  let rest = text.slice(1);
  while (rest !== "") {
    const found = /^(?:\.([^.[\]'"]+)|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\])/.exec(rest);
    if (found === null) return undefined;
    const name = found[1] ?? found[2]?.replace(/\\(.)/g, "$1") ?? found[3]?.replace(/\\(.)/g, "$1");
    steps.push(name ?? Number(found[4]));
    rest = rest.slice(found[0].length);
  }
  return steps;
}
