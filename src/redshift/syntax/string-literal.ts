/** Texts in quotes and in dollars: what they say, and which place of the statement each of their units comes from. */
import { SQL_STATE, SqlError } from "../sql-error.js";

export interface ReadText {
  readonly text: string;
  /** Behind the closing quote. */
  readonly end: number;
}

/**
 * A text in single quotes, `from` its opening one. Redshift undoes backslashes as PostgreSQL 8.0 did, in every text: `\n`, `\t` and their like,
 * octal digits, and any other sign for itself; `E'...'` knows hexadecimal digits and code points as well.
 * `runs` receives pairs of numbers: from this unit of the text on, units stand side by side from that place of the statement on.
 */
export function readString(sql: string, from: number, extended: boolean, runs?: number[]): ReadText {
  let text = "";
  let at = from + 1;
  let plain = at;
  const take = (piece: string, piecesPlace: number) => {
    if (piece === "") return;
    runs?.push(text.length, piecesPlace);
    text += piece;
  };
  for (;;) {
    const code = sql.charCodeAt(at);
    if (code === QUOTE) {
      take(sql.slice(plain, at), plain);
      if (sql.charCodeAt(at + 1) === QUOTE) {
        take("'", at);
        at += 2;
      } else {
        const next = continuation(sql, at + 1);
        if (next === undefined) return { text, end: at + 1 };
        at = next;
      }
      plain = at;
    } else if (code === BACKSLASH && at + 1 < sql.length) {
      take(sql.slice(plain, at), plain);
      const [undone, length] = undoEscape(sql, at + 1, extended);
      take(undone, at);
      at += 1 + length;
      plain = at;
    } else if (at >= sql.length) {
      throw unterminated("quoted string", sql, from);
    } else {
      at++;
    }
  }
}

const QUOTE = 39;
const BACKSLASH = 92;

/** Two texts with a line's end between them, and nothing else but blanks, are one. */
function continuation(sql: string, behind: number): number | undefined {
  let at = behind;
  let lineEnded = false;
  for (;;) {
    const code = sql.charCodeAt(at);
    if (code === 10 || code === 13) lineEnded = true;
    else if (code !== 32 && code !== 9 && code !== 11 && code !== 12)
      return lineEnded && code === QUOTE ? at + 1 : undefined;
    at++;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const OCTAL = /[0-7]{1,3}(?:\\[0-7]{1,3})*/y;
const HEX = /x[0-9a-fA-F]{1,2}(?:\\x[0-9a-fA-F]{1,2})*/y;
const CODE_POINT = /u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})/y;

/** What stands behind a backslash, and how many units of it belong to that. */
function undoEscape(sql: string, at: number, extended: boolean): readonly [string, number] {
  const sign = sql[at]!;
  const known = ESCAPES[sign];
  if (known !== undefined) return [known, 1];
  // A run of numbers is a run of bytes: a letter beyond ASCII is written as several of them.
  const octal = matchAt(OCTAL, sql, at);
  if (octal !== undefined) return [bytesOf(octal[0], 8, sql, at), octal[0].length];
  if (extended) {
    const hex = matchAt(HEX, sql, at);
    if (hex !== undefined) return [bytesOf(hex[0].replaceAll("x", ""), 16, sql, at), hex[0].length];
    const point = matchAt(CODE_POINT, sql, at);
    if (point !== undefined) {
      const value = Number.parseInt(point[1] ?? point[2]!, 16);
      if (value === 0 || value > 0x10ffff) throw invalidEscape("invalid Unicode escape value", sql, at);
      return [String.fromCodePoint(value), point[0].length];
    }
  }
  return [sign, 1];
}

function matchAt(pattern: RegExp, sql: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(sql) ?? undefined;
}

function bytesOf(digits: string, base: 8 | 16, sql: string, at: number): string {
  const bytes = digits.split("\\").map((one) => Number.parseInt(one, base) & 0xff);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(bytes));
  } catch {
    throw invalidEscape('invalid byte sequence for encoding "UTF8"', sql, at);
  }
}

function invalidEscape(message: string, sql: string, at: number): SqlError {
  return new SqlError(SQL_STATE.syntaxError, `${message} at or near "${near(sql, at - 1)}"`, { at: at - 1 });
}

/** A name in double quotes, folded to lower case as Redshift does. */
export function readQuoted(sql: string, from: number): ReadText {
  let at = from + 1;
  for (;;) {
    const quote = sql.indexOf('"', at);
    if (quote === -1) throw unterminated("quoted identifier", sql, from);
    if (sql[quote + 1] === '"') {
      at = quote + 2;
      continue;
    }
    if (quote === from + 1) {
      throw new SqlError(SQL_STATE.syntaxError, 'zero-length delimited identifier at or near """"', { at: from });
    }
    const inside = sql.slice(from + 1, quote);
    return { text: (inside.includes('""') ? inside.replaceAll('""', '"') : inside).toLowerCase(), end: quote + 1 };
  }
}

const DOLLAR_TAG = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;

/** `$$...$$`, `$tag$...$tag$`; undefined where no such thing begins. */
export function readDollarText(sql: string, from: number, runs?: number[]): ReadText | undefined {
  const tag = matchAt(DOLLAR_TAG, sql, from)?.[0];
  if (tag === undefined) return undefined;
  const end = sql.indexOf(tag, from + tag.length);
  if (end === -1) throw unterminated("dollar-quoted string", sql, from);
  runs?.push(0, from + tag.length);
  return { text: sql.slice(from + tag.length, end), end: end + tag.length };
}

/** Tells where in the statement a place in the text of the token at `from` stands. */
export function placesOf(sql: string, from: number, end: number): (place: number) => number {
  const runs: number[] = [];
  const sign = sql[from];
  if (sign === "$") readDollarText(sql, from, runs);
  else if (sign === "'") readString(sql, from, false, runs);
  else readString(sql, from + 1, true, runs);
  return (place) => {
    let low = 0;
    let high = runs.length / 2 - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (runs[middle * 2]! <= place) low = middle;
      else high = middle - 1;
    }
    return high < 0 ? end - 1 : Math.min(runs[low * 2 + 1]! + place - runs[low * 2]!, end - 1);
  };
}

/** A text's beginning, for a message. */
export function near(sql: string, at: number): string {
  return sql.slice(at, at + 40);
}

function unterminated(what: string, sql: string, at: number): SqlError {
  return new SqlError(SQL_STATE.syntaxError, `unterminated ${what} at or near "${near(sql, at)}"`, { at });
}
