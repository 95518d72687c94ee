/** Cuts a text of SQL into tokens, by PostgreSQL's rules with Redshift's exceptions. */
import { SQL_STATE, SqlError } from "../sql-error.js";

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

/** Signs that make no part of a longer operator. */
const SINGLE = new Set(["(", ")", "[", "]", ",", ";", "."]);
const OPERATOR_SIGNS = new Set("+-*/<>=~!@#%^&|?`");
/** What may end an operator only when one of the signs behind it occurs in it: PostgreSQL's rule, so that `a=-1` is two operators. */
const TAILS = new Set(["+", "-"]);
const TAIL_ALLOWING = /[~!@#%^&|?`]/;

const WORD = /[\p{L}_#\u0080-\uffff][\p{L}\p{N}_$#\u0080-\uffff]*/uy;
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const DOLLAR_TAG = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;

export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const push = (kind: Token["kind"], text: string, end: number) => {
    tokens.push({ kind, text, at, end });
    at = end;
  };
  for (;;) {
    at = skipBlank(sql, at);
    if (at >= sql.length) {
      tokens.push({ kind: "end", text: "", at: sql.length, end: sql.length });
      return tokens;
    }
    const sign = sql[at]!;
    if (sign === "'") {
      const { text, end } = readString(sql, at, false);
      push("string", text, end);
    } else if ((sign === "e" || sign === "E") && sql[at + 1] === "'") {
      const { text, end } = readString(sql, at + 1, true);
      push("string", text, end);
    } else if (sign === '"') {
      const { text, end } = readQuoted(sql, at);
      push("quoted", text, end);
    } else if (sign === "$") {
      readDollar(sql, at, push);
    } else if (isDigit(sign) || (sign === "." && isDigit(sql[at + 1] ?? ""))) {
      NUMBER.lastIndex = at;
      const text = NUMBER.exec(sql)![0];
      push("number", text, at + text.length);
    } else if (SINGLE.has(sign)) {
      push("operator", sign, at + 1);
    } else if (sign === ":") {
      push(
        "operator",
        sql[at + 1] === ":" ? "::" : sql[at + 1] === "=" ? ":=" : ":",
        at + (/[:=]/.test(sql[at + 1] ?? "") ? 2 : 1),
      );
    } else if (OPERATOR_SIGNS.has(sign) && !startsTempName(sql, at, tokens)) {
      const text = readOperator(sql, at);
      push("operator", text, at + text.length);
    } else {
      const end = endOfWord(sql, at);
      if (end === at) throw syntaxErrorAt(sql[at]!, at);
      push("word", sql.slice(at, end).toLowerCase(), end);
    }
  }
}

/** `#staging` is a temporary table's name where a name can stand, and the operator XOR behind a value. */
function startsTempName(sql: string, at: number, tokens: readonly Token[]): boolean {
  if (sql[at] !== "#" || !/[\p{L}_]/u.test(sql[at + 1] ?? "")) return false;
  const last = tokens.at(-1);
  const afterValue =
    last !== undefined &&
    (last.kind === "number" ||
      last.kind === "string" ||
      last.kind === "quoted" ||
      last.text === ")" ||
      last.text === "]");
  return !afterValue && (last?.kind !== "word" || NAME_FOLLOWS.has(last.text));
}

const NAME_FOLLOWS = new Set([
  "table",
  "into",
  "from",
  "join",
  "update",
  "exists",
  "truncate",
  "using",
  "like",
  "analyze",
  "vacuum",
  "copy",
  "only",
]);

/** By character codes as long as they are ASCII, which is nearly always; by the pattern where they are not. */
function endOfWord(sql: string, at: number): number {
  let end = at;
  for (; end < sql.length; end++) {
    const code = sql.charCodeAt(end);
    const letter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
    const behindFirst = (code >= 48 && code <= 57) || code === 36 || code === 35;
    if (letter || (behindFirst && (end > at || code === 35))) continue;
    if (code < 128) return end;
    break;
  }
  if (end === sql.length) return end;
  WORD.lastIndex = at;
  return at + (WORD.exec(sql)?.[0].length ?? 0);
}

function isDigit(sign: string): boolean {
  return sign >= "0" && sign <= "9";
}

/** Past blanks and comments; block comments nest. */
function skipBlank(sql: string, from: number): number {
  let at = from;
  for (;;) {
    while (at < sql.length && isBlank(sql.charCodeAt(at))) at++;
    const sign = sql.charCodeAt(at);
    // Neither - nor /: no comment.
    if (sign !== 45 && sign !== 47) return at;
    if (sql.startsWith("--", at)) {
      const end = sql.indexOf("\n", at);
      at = end === -1 ? sql.length : end + 1;
    } else if (sql.startsWith("/*", at)) {
      at = skipBlockComment(sql, at);
    } else {
      return at;
    }
  }
}

function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13) || code === 0xa0 || code === 0xfeff;
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

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** Redshift undoes backslashes in plain strings as well: of `\'` and `\\`, and of the letters above with E. */
function readString(sql: string, from: number, escaped: boolean): { text: string; end: number } {
  let text = "";
  let at = from + 1;
  let plain = at;
  for (;;) {
    const sign = sql[at];
    if (sign === undefined) {
      throw new SqlError(SQL_STATE.syntaxError, `unterminated quoted string at or near "${near(sql, from)}"`, {
        at: from,
      });
    }
    if (sign === "'") {
      text += sql.slice(plain, at);
      if (sql[at + 1] === "'") {
        text += "'";
        at += 2;
        plain = at;
        continue;
      }
      // Two strings with a line's end between them are one.
      const rest = /^\s*\n\s*'/.exec(sql.slice(at + 1, at + 1 + 200));
      if (rest === null) return { text, end: at + 1 };
      at += 1 + rest[0].length;
      plain = at;
    } else if (sign === "\\" && (escaped || sql[at + 1] === "'" || sql[at + 1] === "\\")) {
      text += sql.slice(plain, at);
      const [undone, length] = undoEscape(sql, at + 1, escaped);
      text += undone;
      at += 1 + length;
      plain = at;
    } else {
      at++;
    }
  }
}

function undoEscape(sql: string, at: number, escaped: boolean): readonly [string, number] {
  const sign = sql[at] ?? "";
  if (!escaped) return [sign, 1];
  const letter = ESCAPES[sign];
  if (letter !== undefined) return [letter, 1];
  const octal = /^[0-7]{1,3}/.exec(sql.slice(at, at + 3));
  if (octal !== null) return [String.fromCharCode(Number.parseInt(octal[0], 8)), octal[0].length];
  const hex = /^x([0-9a-fA-F]{1,2})/.exec(sql.slice(at, at + 3));
  if (hex !== null) return [String.fromCharCode(Number.parseInt(hex[1]!, 16)), hex[0].length];
  const unicode = /^u([0-9a-fA-F]{4})/.exec(sql.slice(at, at + 5));
  if (unicode !== null) return [String.fromCharCode(Number.parseInt(unicode[1]!, 16)), 5];
  return [sign, sign.length];
}

function readQuoted(sql: string, from: number): { text: string; end: number } {
  let at = from + 1;
  for (;;) {
    const quote = sql.indexOf('"', at);
    if (quote === -1) {
      throw new SqlError(SQL_STATE.syntaxError, `unterminated quoted identifier at or near "${near(sql, from)}"`, {
        at: from,
      });
    }
    if (sql[quote + 1] === '"') {
      at = quote + 2;
      continue;
    }
    if (quote === from + 1) {
      throw new SqlError(SQL_STATE.syntaxError, 'zero-length delimited identifier at or near """"', { at: from });
    }
    return {
      text: sql
        .slice(from + 1, quote)
        .replaceAll('""', '"')
        .toLowerCase(),
      end: quote + 1,
    };
  }
}

function readDollar(sql: string, at: number, push: (kind: Token["kind"], text: string, end: number) => void): void {
  const parameter = /^\$(\d{1,5})/.exec(sql.slice(at, at + 6));
  if (parameter !== null) {
    push("parameter", parameter[1]!, at + parameter[0].length);
    return;
  }
  DOLLAR_TAG.lastIndex = at;
  const tag = DOLLAR_TAG.exec(sql)?.[0];
  if (tag === undefined) throw syntaxErrorAt("$", at);
  const end = sql.indexOf(tag, at + tag.length);
  if (end === -1) {
    throw new SqlError(SQL_STATE.syntaxError, `unterminated dollar-quoted string at or near "${near(sql, at)}"`, {
      at,
    });
  }
  push("string", sql.slice(at + tag.length, end), end + tag.length);
}

/** The longest run of operator signs, without a comment's beginning, and without a + or - at its end that is a sign of what follows. */
function readOperator(sql: string, at: number): string {
  let end = at;
  while (
    end < sql.length &&
    OPERATOR_SIGNS.has(sql[end]!) &&
    !(end > at && (sql.startsWith("--", end) || sql.startsWith("/*", end)))
  )
    end++;
  let text = sql.slice(at, end);
  while (text.length > 1 && TAILS.has(text.at(-1)!) && !TAIL_ALLOWING.test(text)) text = text.slice(0, -1);
  // `count(*)` and `t.*` are followed by whatever; a star is never a part of something longer in Redshift.
  if (text.length > 1 && text[0] === "*") return "*";
  return text;
}

function near(sql: string, at: number): string {
  return sql.slice(at, at + 40);
}

export function syntaxErrorAt(text: string, at: number): SqlError {
  return new SqlError(SQL_STATE.syntaxError, `syntax error at or near "${text}"`, { at });
}
