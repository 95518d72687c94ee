/** Walks over a statement's tokens; what every part of the parser is made of. */
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { Expression, QualifiedName, Query, Statement } from "./ast.js";
import { NO_ALIAS_BEFORE, RESERVED } from "./keywords.js";
import { type Token, tokensOf } from "./lexer.js";

/** A bound on what may stand inside of what, far below where the program's own stack ends. */
const DEPTH_MAX = 500;

/** As much of a token as a message shows. */
const SHOWN_UNITS_MAX = 200;

/** The rules that all others come back to. They are handed in, so that the files of the grammar need not import one another in circles. */
export interface Grammar {
  expression(cursor: Cursor): Expression;
  /** Without AND, OR, NOT, comparisons and tests. */
  operand(cursor: Cursor): Expression;
  query(cursor: Cursor): Query;
  statement(cursor: Cursor): Told;
}

export interface Told {
  readonly statement: Statement;
  /** See SqlStatement. */
  readonly verb: string;
}

export interface Cursor {
  readonly grammar: Grammar;
  expression(): Expression;
  operand(): Expression;
  query(): Query;
  statement(): Told;
  readonly sql: string;
  /** The highest parameter met so far. */
  parameters: number;
  /** In a CONNECT BY condition, where PRIOR is an operator; elsewhere it is a name as any other. */
  priorAllowed: boolean;
  /** The token `ahead` of the next one. */
  peek(ahead?: number): Token;
  next(): Token;
  readonly at: number;
  /** Where the last token that was taken ends. */
  readonly lastEnd: number;
  position(): number;
  reset(position: number): void;
  /** Whether these words come next. */
  isWords(...words: readonly string[]): boolean;
  isWord(...anyOf: readonly string[]): boolean;
  isSign(sign: string, ahead?: number): boolean;
  /** Takes them if they come next. */
  accept(...words: readonly string[]): boolean;
  /** Takes the next word if it is one of these, and answers it. */
  acceptOne<T extends string>(...words: readonly T[]): T | undefined;
  acceptSign(sign: string): boolean;
  expect(...words: readonly string[]): void;
  expectSign(sign: string): void;
  /** A name: quoted, or a word that is not reserved. */
  name(): string;
  /** Where only a name can stand: a reserved word will do. */
  label(): string;
  isName(ahead?: number): boolean;
  /** Whether an alias without AS comes next. */
  isAlias(): boolean;
  qualifiedName(): QualifiedName;
  string(): string;
  /** A text whose backslashes are left to whom it is for (COPY's `NULL AS '\N'`), but those before a quote or another backslash. */
  rawString(): string;
  /** A whole number, with its sign. */
  integer(): number;
  /** `( item, item, ... )`. */
  list<T>(item: () => T): T[];
  /** `item, item, ...`. */
  commas<T>(item: () => T): T[];
  /** Runs it one level deeper. */
  deeper<T>(work: () => T): T;
  /** The same by two calls. An error ends the whole walk, so that nobody needs to leave behind one. */
  enter(): void;
  leave(): void;
  /** The error for the next token. */
  unexpected(): SqlError;
  refuse(message: string, at: number, details?: { readonly hint?: string; readonly state?: string }): never;
}

/** `tokens`: those to walk over, where they are not all of the text's. */
export function openCursor(sql: string, grammar: Grammar, tokens: readonly Token[] = tokensOf(sql)): Cursor {
  let index = 0;
  let depth = 0;
  const last = tokens[tokens.length - 1]!;
  const peek = (ahead = 0) => tokens[index + ahead] ?? last;
  const isWordAt = (ahead: number, word: string) => {
    const token = peek(ahead);
    return token.text === word && token.kind === "word";
  };
  const areWords = (words: readonly string[]) => {
    for (let ahead = 0; ahead < words.length; ahead++) if (!isWordAt(ahead, words[ahead]!)) return false;
    return true;
  };
  const unexpected = () => {
    const token = peek();
    if (token.kind === "end")
      return new SqlError(SQL_STATE.syntaxError, "syntax error at end of input", { at: token.at });
    const text = sql.slice(token.at, Math.min(token.end, token.at + SHOWN_UNITS_MAX));
    return new SqlError(SQL_STATE.syntaxError, `syntax error at or near "${text}"`, { at: token.at });
  };
  const isSign = (sign: string, ahead = 0) => {
    const token = peek(ahead);
    return token.text === sign && token.kind === "operator";
  };
  const isName = (ahead = 0) => {
    const token = peek(ahead);
    return token.kind === "quoted" || (token.kind === "word" && !RESERVED.has(token.text));
  };

  const cursor: Cursor = {
    sql,
    grammar,
    expression: () => grammar.expression(cursor),
    operand: () => grammar.operand(cursor),
    query: () => grammar.query(cursor),
    statement: () => grammar.statement(cursor),
    parameters: 0,
    priorAllowed: false,
    peek,
    next: () => {
      const token = peek();
      if (index < tokens.length - 1) index++;
      if (token.kind === "parameter") cursor.parameters = Math.max(cursor.parameters, Number(token.text));
      return token;
    },
    get at() {
      return peek().at;
    },
    get lastEnd() {
      return index === 0 ? 0 : tokens[index - 1]!.end;
    },
    position: () => index,
    reset: (position) => {
      index = position;
    },
    isWords: (...words) => areWords(words),
    isWord: (...anyOf) => {
      const token = peek();
      return token.kind === "word" && anyOf.includes(token.text);
    },
    isSign,
    accept: (...words) => {
      if (!areWords(words)) return false;
      index += words.length;
      return true;
    },
    acceptOne: (...words) => {
      const found = words.find((word) => isWordAt(0, word));
      if (found !== undefined) index++;
      return found;
    },
    acceptSign: (sign) => {
      if (!isSign(sign)) return false;
      index++;
      return true;
    },
    expect: (...words) => {
      for (const word of words) {
        if (!isWordAt(0, word)) throw unexpected();
        index++;
      }
    },
    expectSign: (sign) => {
      if (!isSign(sign)) throw unexpected();
      index++;
    },
    name: () => {
      if (!isName()) throw unexpected();
      return cursor.next().text;
    },
    label: () => {
      const { kind } = peek();
      if (kind !== "word" && kind !== "quoted") throw unexpected();
      return cursor.next().text;
    },
    isName,
    isAlias: () => {
      const { kind, text } = peek();
      if (kind === "quoted") return true;
      if (kind !== "word" || RESERVED.has(text)) return false;
      const before = NO_ALIAS_BEFORE.get(text);
      if (before === undefined) return true;
      return before.length > 0 && !before.includes(peek(1).text) && !(before[0] === "name" && isName(1));
    },
    qualifiedName: () => {
      const { at } = cursor;
      const parts = [cursor.name()];
      while (isSign(".")) {
        index++;
        parts.push(cursor.label());
      }
      if (parts.length > 3) {
        cursor.refuse(`improper qualified name (too many dotted names): ${parts.join(".")}`, at);
      }
      return { at, parts };
    },
    string: () => {
      if (peek().kind !== "string") throw unexpected();
      return cursor.next().text;
    },
    rawString: () => {
      const { kind, at, end } = peek();
      if (kind !== "string" || sql[at] === "$") return cursor.string();
      index++;
      const inside = sql.slice(sql[at] === "'" ? at + 1 : at + 2, end - 1);
      return inside.replace(/''|\\(?=['\\])(.)/gs, (_, escaped?: string) => escaped ?? "'");
    },
    integer: () => {
      const negative = isSign("-");
      if (negative || isSign("+")) index++;
      const token = peek();
      if (token.kind !== "number" || !/^\d+$/.test(token.text)) throw unexpected();
      index++;
      return negative ? -Number(token.text) : Number(token.text);
    },
    list: (item) => {
      cursor.expectSign("(");
      const items = cursor.commas(item);
      cursor.expectSign(")");
      return items;
    },
    commas: (item) => {
      const items = [item()];
      while (cursor.acceptSign(",")) items.push(item());
      return items;
    },
    enter: () => {
      if (++depth > DEPTH_MAX) {
        cursor.refuse("stack depth limit exceeded: the statement is nested too deeply", cursor.at, {
          state: "54001",
          hint: `Parts of a statement may stand ${DEPTH_MAX} deep inside one another.`,
        });
      }
    },
    leave: () => {
      depth--;
    },
    deeper: (work) => {
      cursor.enter();
      const done = work();
      cursor.leave();
      return done;
    },
    unexpected,
    refuse: (message, at, { hint, state = SQL_STATE.syntaxError } = {}) => {
      throw new SqlError(state, message, { at, ...(hint === undefined ? {} : { hint }) });
    },
  };
  return cursor;
}
