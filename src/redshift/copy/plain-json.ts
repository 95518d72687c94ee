/**
 * The fast way of COPY for JSON: DuckDB's own reader, for objects of which it is proved beforehand that it reads in them what the reference
 * (json-records.ts) does. All bytes are looked at: a JSON object a line, each with the same names in the same order, of texts without escapes, numbers
 * that are written as both sides would write them, true, false and null. Whatever else there is, the reference has it.
 */
import { isUtf8 } from "node:buffer";
import type { RelationColumn } from "../binder/bound.js";
import { quotedName, textLiteral } from "../sql-text.js";
import { notPlain, unpacked } from "./bytes.js";
import { relationFiles } from "./files.js";
import type { JsonShape } from "./json-records.js";
import type { CopyOptions } from "./options.js";
import { countLines, LINE_BYTES_MAX, type LineCounter, type PlainText } from "./plain-text.js";
import type { LoadRun } from "./services.js";
import type { SourceObject } from "./source.js";

/** Undefined where the reference must read them. */
export async function plainJson(
  run: LoadRun,
  objects: readonly SourceObject[],
  shape: JsonShape,
  columns: readonly RelationColumn[],
  { compression, encoding }: CopyOptions,
): Promise<PlainText | undefined> {
  if (shape.kind !== "names" || shape.ignoreCase || encoding !== "utf8" || compression === "bzip2") return undefined;
  if (columns.some(({ type }) => type.kind === "super")) return undefined;
  const rowsOf = new Map<SourceObject, number>();
  let rows = 0;
  let names: readonly string[] | undefined;
  const wholes = new Set<string>();
  for (const object of objects) {
    const lines = objectCounter();
    const counted = await countLines(unpacked(run, object, compression), lines).catch(notPlain);
    if (counted === undefined) return undefined;
    rowsOf.set(object, counted);
    rows += counted;
    if (counted === 0) continue;
    const found = lines.names();
    // One reader takes all objects, by names that they all have.
    if (names !== undefined && names.join("\0") !== found.join("\0")) return undefined;
    names = found;
    for (const name of lines.wholes()) wholes.add(name);
  }
  // DuckDB holds names to be the same that differ in their case alone.
  if (names === undefined || new Set(names.map((name) => name.toLowerCase())).size < names.length) return undefined;
  // As a value of these types both are the same.
  const indifferent: ReadonlySet<string> = new Set(["decimal", "real", "double"]);
  if (columns.some(({ type }, index) => wholes.has(shape.names[index]!) && !indifferent.has(type.kind)))
    return undefined;
  const known = new Set(names);
  const wanted = [...new Set(shape.names)].filter((name) => known.has(name));
  if (wanted.length === 0) return undefined;
  const filled = objects.filter((object) => (rowsOf.get(object) ?? 0) > 0);
  const read = wanted.map((name) => `${textLiteral(name)}: 'VARCHAR'`).join(", ");
  const fields = shape.names.map((name, index) =>
    known.has(name) ? `${quotedName(name)} AS c${index + 1}` : `CAST(NULL AS VARCHAR) AS c${index + 1}`,
  );
  const relation = `(SELECT ${fields.join(", ")} FROM read_json(${relationFiles(filled)}, format = 'newline_delimited', auto_detect = false, maximum_object_size = ${2 * LINE_BYTES_MAX}, compression = '${compression === "none" ? "uncompressed" : compression}', columns = {${read}}, hive_partitioning = false))`;
  return { relation, rows, rowsOf };
}

const LF = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** Up to so many characters a decimal is the shortest one of its double, and long numbers are kept by the reference digit for digit. */
const NUMBER_CHARS_MAX = 15;
/** Behind `0.`, of a number that is no smaller than what is written without an exponent. */
const SMALL_DIGITS_MAX = 6;
const WORDS = ["true", "false", "null"].map((word) => Buffer.from(word));

interface ObjectCounter extends LineCounter {
  names(): readonly string[];
  /** Those with a number like 7.0, which the one reader writes as 7 and the other does not. */
  wholes(): readonly string[];
}

function objectCounter(): ObjectCounter {
  const keys: Buffer[] = [];
  const wholes = new Set<number>();
  let lines = 0;
  let bytes: Buffer = Buffer.alloc(0);
  let at = 0;

  const spaces = () => {
    while (bytes[at] === SPACE) at++;
  };

  /** From the quote on; past the one that closes it. */
  function text(): boolean {
    if (bytes[at] !== QUOTE) return false;
    at++;
    for (; ; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        at++;
        return true;
      }
      // The line's end is one of these, so that this ends.
      if (byte < SPACE || byte === BACKSLASH) return false;
    }
  }

  function name(index: number): boolean {
    const start = at + 1;
    if (!text()) return false;
    const end = at - 1;
    const key = keys[index];
    if (lines === 0) {
      keys.push(Buffer.from(bytes.subarray(start, end)));
      return end > start;
    }
    if (key === undefined || key.length !== end - start) return false;
    for (let place = 0; place < key.length; place++) if (bytes[start + place] !== key[place]) return false;
    return true;
  }

  /** `-12`, `0.250`: no exponent, nothing so small that it would be written with one. `7.0`: is noted. */
  function number(field: number): boolean {
    const start = at;
    if (bytes[at] === MINUS) at++;
    const first = at;
    const digits = () => {
      while (bytes[at]! >= ZERO && bytes[at]! <= NINE) at++;
    };
    digits();
    const whole = at - first;
    if (whole === 0 || (bytes[first] === ZERO && whole > 1)) return false;
    if (bytes[at] === DOT) {
      at++;
      const fraction = at;
      digits();
      if (at === fraction || (bytes[first] === ZERO && at - fraction > SMALL_DIGITS_MAX)) return false;
      let last = at - 1;
      while (bytes[last] === ZERO) last--;
      if (bytes[last] === DOT) {
        if (bytes[start] === MINUS && whole === 1 && bytes[first] === ZERO) return false;
        wholes.add(field);
      }
    } else if (whole === 1 && bytes[first] === ZERO && first > start) return false;
    return at - start <= NUMBER_CHARS_MAX;
  }

  function value(field: number): boolean {
    const byte = bytes[at]!;
    if (byte === QUOTE) return text();
    if (byte === MINUS || (byte >= ZERO && byte <= NINE)) return number(field);
    for (const word of WORDS) {
      if (byte !== word[0]) continue;
      if (bytes.compare(word, 0, word.length, at, Math.min(bytes.length, at + word.length)) !== 0) return false;
      at += word.length;
      return true;
    }
    return false;
  }

  function line(): boolean {
    if (bytes[at] !== OPEN) return false;
    at++;
    let fields = 0;
    for (; ; fields++) {
      spaces();
      if (!name(fields)) return false;
      spaces();
      if (bytes[at] !== COLON) return false;
      at++;
      spaces();
      if (!value(fields)) return false;
      spaces();
      const byte = bytes[at];
      at++;
      if (byte === CLOSE) break;
      if (byte !== COMMA) return false;
    }
    if (bytes[at] !== LF || fields + 1 !== keys.length) return false;
    at++;
    return true;
  }

  return {
    add(given) {
      bytes = given;
      at = 0;
      while (at < bytes.length) {
        const start = at;
        if (!line() || at - start > LINE_BYTES_MAX) return false;
        lines++;
      }
      return isUtf8(bytes);
    },
    rows: () => lines,
    names: () => keys.map((key) => key.toString()),
    wholes: () => [...wholes].map((field) => keys[field]!.toString()),
  };
}
