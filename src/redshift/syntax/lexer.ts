/** Cuts a text of SQL into tokens, by PostgreSQL's rules with Redshift's exceptions. */
import { SQL_STATE, SqlError } from "../sql-error.js";
import { RESERVED } from "./keywords.js";
import { placesOf, readDollarText, readQuoted, readString } from "./string-literal.js";

export interface Token {
  /**
   * `word`: a name or keyword without quotes, in lower case. `quoted`: the inside of a quoted name, folded too, as Redshift does. `string`:
   * the text itself. `number`: its digits as written. `parameter`: the number behind `$`. `operator`: a sign, or several that belong together.
   */
  readonly kind: "word" | "quoted" | "string" | "number" | "parameter" | "operator" | "end";
  readonly text: string;
  /** Where it begins and where what follows it does, in UTF-16 units. */
  readonly at: number;
  readonly end: number;
}

/** Redshift takes statements of 16 MB. */
const TEXT_UNITS_MAX = 16 * 1024 * 1024;
/** Tokens and the tree over them take many times the memory of their text: a hundred thousand rows of twenty values stay well below. */
const TOKENS_MAX = 8_000_000;
/** What a parameter's number may be, on the wire: two bytes. */
const PARAMETER_MAX = 32_767;

const WORD = /[a-zA-Z_#\u{80}-\u{10ffff}][a-zA-Z0-9_$\u{80}-\u{10ffff}]*/uy;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const DIGITS = /\d+/y;

/** What each ASCII sign begins. */
const BLANK = 1;
const LETTER = 2;
const DIGIT = 3;
/** Makes no part of a longer operator. */
const SINGLE = 4;
const OPERATOR = 5;
const CLASSES = new Uint8Array(128);
for (const sign of " \t\n\v\f\r") CLASSES[sign.charCodeAt(0)] = BLANK;
for (const sign of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") CLASSES[sign.charCodeAt(0)] = LETTER;
for (const sign of "0123456789") CLASSES[sign.charCodeAt(0)] = DIGIT;
for (const sign of "()[],;{}") CLASSES[sign.charCodeAt(0)] = SINGLE;
for (const sign of "+-*/<>=~!@#%^&|?`") CLASSES[sign.charCodeAt(0)] = OPERATOR;

function classOf(code: number): number {
  return code < 128 ? CLASSES[code]! : 0;
}

export function tokensOf(sql: string): Token[] {
  if (sql.length > TEXT_UNITS_MAX) {
    throw new SqlError("54000", `the statement is longer than ${TEXT_UNITS_MAX / 1024 / 1024} MB`, {
      hint: "Load many rows by COPY.",
    });
  }
  const tokens: Token[] = [];
  // A byte order mark at the very beginning says nothing.
  let at = sql.charCodeAt(0) === 0xfeff ? 1 : 0;
  for (;;) {
    at = skipBlank(sql, at);
    if (at >= sql.length) {
      tokens.push({ kind: "end", text: "", at: sql.length, end: sql.length });
      return tokens;
    }
    if (tokens.length >= TOKENS_MAX) {
      throw new SqlError("54000", "the statement has too many parts", { at, hint: "Load many rows by COPY." });
    }
    const token = tokenAt(sql, at, tokens);
    tokens.push(token);
    at = token.end;
  }
}

function tokenAt(sql: string, at: number, before: readonly Token[]): Token {
  const code = sql.charCodeAt(at);
  switch (classOf(code)) {
    case LETTER:
      if ((code === 69 || code === 101) && sql.charCodeAt(at + 1) === 39) {
        const { text, end } = readString(sql, at + 1, true);
        return { kind: "string", text, at, end };
      }
      return wordAt(sql, at);
    case DIGIT:
      return numberAt(sql, at);
    case SINGLE:
      return { kind: "operator", text: sql[at]!, at, end: at + 1 };
    case OPERATOR: {
      if (code === 35 && beginsName(sql, at, before)) return wordAt(sql, at);
      const end = endOfOperator(sql, at);
      return { kind: "operator", text: sql.slice(at, end), at, end };
    }
    default:
      return otherAt(sql, at, code);
  }
}

/** What begins with a sign that begins nothing else. */
function otherAt(sql: string, at: number, code: number): Token {
  switch (sql[at]) {
    case "'":
      return { kind: "string", ...readString(sql, at, false), at };
    case '"':
      return { kind: "quoted", ...readQuoted(sql, at), at };
    case "$":
      return dollarAt(sql, at);
    case ".":
      if (classOf(sql.charCodeAt(at + 1)) === DIGIT) return numberAt(sql, at);
      return { kind: "operator", text: ".", at, end: at + 1 };
    case ":": {
      const end = sql[at + 1] === ":" || sql[at + 1] === "=" ? at + 2 : at + 1;
      return { kind: "operator", text: sql.slice(at, end), at, end };
    }
    default:
      if (code < 128) throw syntaxErrorAt(sql[at]!, at);
      return wordAt(sql, at);
  }
}

function wordAt(sql: string, at: number): Token {
  const end = endOfWord(sql, at);
  const word = sql.slice(at, end);
  return { kind: "word", text: KNOWN.get(word) ?? word.toLowerCase(), at, end };
}

function numberAt(sql: string, at: number): Token {
  NUMBER.lastIndex = at;
  const text = NUMBER.exec(sql)![0];
  return { kind: "number", text, at, end: at + text.length };
}

/** The words that statements are made of, as one string each: comparing them is comparing their addresses then. */
const KNOWN = new Map<string, string>();
for (const word of RESERVED) {
  KNOWN.set(word, word);
  KNOWN.set(word.toUpperCase(), word);
}

/** The tokens of a text within the statement (UNLOAD's query), with their places in the statement itself. */
export function innerTokens(sql: string, { text, at, end }: Token): Token[] {
  const place = placesOf(sql, at, end);
  try {
    return tokensOf(text).map((token) => {
      const begin = place(token.at);
      const behind = token.end === token.at ? begin : place(token.end - 1) + 1;
      return { kind: token.kind, text: token.text, at: begin, end: Math.max(behind, begin) };
    });
  } catch (error) {
    if (!(error instanceof SqlError) || error.at === undefined) throw error;
    throw new SqlError(error.state, error.message, {
      at: place(error.at),
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

/** Words that are no keywords of Redshift's list and that a name follows all the same. */
const NAME_FOLLOWS: ReadonlySet<string> = new Set(
  "analyze by copy exists join like rename set table truncate update using vacuum view".split(" "),
);
/** Reserved words that end a value. */
const VALUE_ENDS: ReadonlySet<string> = new Set(
  "current_date current_time current_timestamp current_user end false localtime localtimestamp null session_user sysdate true user".split(
    " ",
  ),
);

/** `#staging` is a temporary table's name where a name can stand, and the operator XOR behind a value. */
function beginsName(sql: string, at: number, tokens: readonly Token[]): boolean {
  const next = sql.charCodeAt(at + 1);
  if (classOf(next) !== LETTER && !(next > 127)) return false;
  const last = tokens[tokens.length - 1];
  switch (last?.kind) {
    case undefined:
      return true;
    case "operator":
      return last.text !== ")" && last.text !== "]";
    case "word":
      return NAME_FOLLOWS.has(last.text) || (RESERVED.has(last.text) && !VALUE_ENDS.has(last.text));
    default:
      return false;
  }
}

/** By character codes as long as they are ASCII, which is nearly always; by the pattern where they are not. */
function endOfWord(sql: string, at: number): number {
  for (let end = at + 1; ; end++) {
    const code = sql.charCodeAt(end);
    const kind = classOf(code);
    if (kind === LETTER || kind === DIGIT || code === 36) continue;
    // Beyond the end the code is NaN, which is not above 127.
    if (!(code > 127) && sql.charCodeAt(at) < 128) return end;
    WORD.lastIndex = at;
    return at + (WORD.exec(sql)?.[0].length ?? 0);
  }
}

/** Past blanks and comments; block comments nest. */
function skipBlank(sql: string, from: number): number {
  let at = from;
  for (;;) {
    let code = sql.charCodeAt(at);
    while (code === 32 || (code >= 9 && code <= 13)) code = sql.charCodeAt(++at);
    const next = sql.charCodeAt(at + 1);
    if (code === 45 && next === 45) {
      const end = sql.indexOf("\n", at);
      at = end === -1 ? sql.length : end + 1;
    } else if (code === 47 && next === 42) {
      at = skipBlockComment(sql, at);
    } else {
      return at;
    }
  }
}

function skipBlockComment(sql: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < sql.length) {
    if (sql.startsWith("/*", at)) {
      depth++;
      at += 2;
    } else if (sql.startsWith("*/", at)) {
      depth--;
      at += 2;
      if (depth === 0) return at;
    } else {
      at++;
    }
  }
  throw new SqlError(SQL_STATE.syntaxError, 'unterminated /* comment at or near "/*"', { at: from });
}

function dollarAt(sql: string, at: number): Token {
  DIGITS.lastIndex = at + 1;
  const digits = DIGITS.exec(sql)?.[0];
  if (digits !== undefined) {
    if (Number(digits) > PARAMETER_MAX || Number(digits) === 0) {
      throw new SqlError(SQL_STATE.undefinedParameter, `there is no parameter $${digits}`, { at });
    }
    return { kind: "parameter", text: digits, at, end: at + 1 + digits.length };
  }
  const found = readDollarText(sql, at);
  if (found === undefined) throw syntaxErrorAt("$", at);
  return { kind: "string", ...found, at };
}

/** With one of these in it, an operator may end in + or -: PostgreSQL's rule, so that `a=-1` is two operators. */
const TAIL_ALLOWING = /[~!@#%^&|?`]/;

/** The longest run of operator signs, without a comment's beginning, and without a + or - at its end that is a sign of what follows. */
function endOfOperator(sql: string, at: number): number {
  let end = at + 1;
  // `count(*)` and `t.*` are followed by whatever; a star is never the first of something longer.
  if (sql.charCodeAt(at) === 42) return end;
  while (classOf(sql.charCodeAt(end)) === OPERATOR && !sql.startsWith("--", end) && !sql.startsWith("/*", end)) end++;
  if (end === at + 1) return end;
  while (end > at + 1 && (sql[end - 1] === "+" || sql[end - 1] === "-") && !TAIL_ALLOWING.test(sql.slice(at, end)))
    end--;
  return end;
}

export function syntaxErrorAt(text: string, at: number): SqlError {
  return new SqlError(SQL_STATE.syntaxError, `syntax error at or near "${text}"`, { at });
}
