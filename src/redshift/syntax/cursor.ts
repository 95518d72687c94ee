/** Walks over a statement's tokens; what every part of the parser is made of. */
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { Expression, QualifiedName, Query, Statement } from "./ast.js";
import { NO_ALIAS_BEFORE, RESERVED } from "./keywords.js";
import { syntaxErrorAt, type Token, tokensOf } from "./lexer.js";

/** A bound on what may stand inside of what, far below where the program's own stack ends. */
const DEPTH_MAX = 350;

/**
 * How many parts may follow one another where each makes the tree one level higher (`1 + 1 + ...`, joins, casts of casts): the engine plans
 * such an expression in the cube of its height, and refuses one of a thousand. AND, OR and || have none, since they make flat trees.
 */
const CHAIN_MAX = 350;
/** Each costs some 20 microseconds until it is in the engine's words, and as much there. */
const EXPRESSIONS_MAX = 100_000;

/**
 * The engine's planning cannot be interrupted, so what it may cost is bounded beforehand: the sum of the squares of the heights at which parts
 * stand that are high up. One chain of the longest kind, or some sixty of a hundred links: a second or two.
 */
const PLANNING_MAX = 16_000_000;
const HEIGHT_FREE = 60;

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
  /** One more expression: throws 54001 for too many. */
  count(): void;
  /** The newest one is not counted. */
  discount(): void;
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
  /** Where the next token begins. */
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
  /** A database's, a schema's, its own; a column's may have four parts. */
  qualifiedName(partsMax?: number): QualifiedName;
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
  /** Throws where a chain of that many links is too long. */
  checkChain(links: number): void;
  /** The error for the next token. */
  unexpected(): SqlError;
  refuse(message: string, at: number, details?: { readonly hint?: string; readonly state?: string }): never;
}

/** `tokens`: those to walk over, where they are not all of the text's. */
export function openCursor(sql: string, grammar: Grammar, tokens: readonly Token[] = tokensOf(sql)): Cursor {
  return new TokenCursor(sql, grammar, tokens);
}

/** A class, unlike elsewhere: an object with this many functions of its own is a hash table to the engine, and parsing takes twice as long. */
class TokenCursor implements Cursor {
  readonly sql: string;
  readonly grammar: Grammar;
  parameters = 0;
  priorAllowed = false;
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  #index = 0;
  #expressions = 0;
  #depth = 0;
  /** Of the statement that is being read; see PLANNING_MAX. */
  #planning = 0;

  constructor(sql: string, grammar: Grammar, tokens: readonly Token[]) {
    this.sql = sql;
    this.grammar = grammar;
    this.#tokens = tokens;
    this.#end = tokens[tokens.length - 1]!;
  }

  readonly expression = (): Expression => {
    this.count();
    return this.grammar.expression(this);
  };

  operand(): Expression {
    return this.grammar.operand(this);
  }

  query(): Query {
    return this.grammar.query(this);
  }

  statement(): Told {
    this.#planning = 0;
    return this.deeper(() => this.grammar.statement(this));
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.#index + ahead] ?? this.#end;
  }

  next(): Token {
    const token = this.peek();
    if (token.kind === "parameter") this.parameters = Math.max(this.parameters, Number(token.text));
    if (token !== this.#end) this.#index++;
    return token;
  }

  get at(): number {
    return this.peek().at;
  }

  get lastEnd(): number {
    return this.#index === 0 ? 0 : this.#tokens[this.#index - 1]!.end;
  }

  position(): number {
    return this.#index;
  }

  reset(position: number): void {
    this.#index = position;
  }

  #isWordAt(ahead: number, word: string): boolean {
    const token = this.peek(ahead);
    return token.text === word && token.kind === "word";
  }

  isWords(...words: readonly string[]): boolean {
    for (let ahead = 0; ahead < words.length; ahead++) if (!this.#isWordAt(ahead, words[ahead]!)) return false;
    return true;
  }

  isWord(...anyOf: readonly string[]): boolean {
    const token = this.peek();
    return token.kind === "word" && anyOf.includes(token.text);
  }

  isSign(sign: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.text === sign && token.kind === "operator";
  }

  accept(...words: readonly string[]): boolean {
    for (let ahead = 0; ahead < words.length; ahead++) if (!this.#isWordAt(ahead, words[ahead]!)) return false;
    this.#index += words.length;
    return true;
  }

  acceptOne<T extends string>(...words: readonly T[]): T | undefined {
    const token = this.peek();
    if (token.kind !== "word") return undefined;
    const found = words.find((word) => word === token.text);
    if (found !== undefined) this.#index++;
    return found;
  }

  acceptSign(sign: string): boolean {
    if (!this.isSign(sign)) return false;
    this.#index++;
    return true;
  }

  expect(...words: readonly string[]): void {
    for (const word of words) {
      if (!this.#isWordAt(0, word)) throw this.unexpected();
      this.#index++;
    }
  }

  expectSign(sign: string): void {
    if (!this.isSign(sign)) throw this.unexpected();
    this.#index++;
  }

  isName(ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "quoted" || (token.kind === "word" && !RESERVED.has(token.text));
  }

  name(): string {
    if (!this.isName()) throw this.unexpected();
    return this.next().text;
  }

  label(): string {
    const { kind } = this.peek();
    if (kind !== "word" && kind !== "quoted") throw this.unexpected();
    return this.next().text;
  }

  isAlias(): boolean {
    const { kind, text } = this.peek();
    if (kind === "quoted") return true;
    if (kind !== "word" || RESERVED.has(text)) return false;
    const before = NO_ALIAS_BEFORE.get(text);
    if (before === undefined) return true;
    return before.length > 0 && !before.includes(this.peek(1).text) && !(before[0] === "name" && this.isName(1));
  }

  qualifiedName(partsMax = 3): QualifiedName {
    const { at } = this;
    const parts = [this.name()];
    while (this.acceptSign(".")) parts.push(this.label());
    if (parts.length > partsMax) this.refuse(`improper qualified name (too many dotted names): ${parts.join(".")}`, at);
    return { at, parts };
  }

  string(): string {
    if (this.peek().kind !== "string") throw this.unexpected();
    return this.next().text;
  }

  rawString(): string {
    const { kind, at, end } = this.peek();
    const sign = this.sql[at];
    if (kind !== "string" || sign === "$") return this.string();
    this.#index++;
    const inside = this.sql.slice(sign === "'" ? at + 1 : at + 2, end - 1);
    return inside.replace(/''|\\(['\\])/g, (_, escaped?: string) => escaped ?? "'");
  }

  integer(): number {
    const negative = this.acceptSign("-");
    if (!negative) this.acceptSign("+");
    const { kind, text } = this.peek();
    if (kind !== "number" || !/^\d+$/.test(text)) throw this.unexpected();
    this.#index++;
    return negative ? -Number(text) : Number(text);
  }

  list<T>(item: () => T): T[] {
    this.expectSign("(");
    const items = this.commas(item);
    this.expectSign(")");
    return items;
  }

  commas<T>(item: () => T): T[] {
    const items = [item()];
    while (this.acceptSign(",")) items.push(item());
    return items;
  }

  enter(): void {
    this.#plan(++this.#depth);
    if (this.#depth <= DEPTH_MAX) return;
    this.refuse("stack depth limit exceeded: the statement is nested too deeply", this.at, {
      state: "54001",
      hint: `Parts of a statement may stand ${DEPTH_MAX} deep inside one another.`,
    });
  }

  /** One more of the parts that are worked through one by one, while nothing else is done in this process. */
  count(): void {
    if (++this.#expressions <= EXPRESSIONS_MAX) return;
    this.refuse("statement too complex: it has too many expressions", this.at, {
      state: "54001",
      hint: `Up to ${EXPRESSIONS_MAX} may be in it, constants of VALUES not counted. COPY long lists into a table, and join that.`,
    });
  }

  /** The newest one was a constant of VALUES, of which there may be very many. */
  discount(): void {
    this.#expressions--;
  }

  leave(): void {
    this.#depth--;
  }

  checkChain(links: number): void {
    this.#plan(links);
    if (links <= CHAIN_MAX) return;
    this.refuse("stack depth limit exceeded: a chain of operations is too long", this.at, {
      state: "54001",
      hint: `Up to ${CHAIN_MAX} may follow one another; parentheses around parts of it help.`,
    });
  }

  #plan(height: number): void {
    if (height <= HEIGHT_FREE) return;
    this.#planning += height * height;
    if (this.#planning <= PLANNING_MAX) return;
    this.refuse("statement too complex: too many of its parts are nested deeply", this.at, {
      state: "54001",
      hint: "Split it into several statements, or parts of it into subqueries.",
    });
  }

  deeper<T>(work: () => T): T {
    this.enter();
    const done = work();
    this.leave();
    return done;
  }

  unexpected(): SqlError {
    const { kind, at, end } = this.peek();
    if (kind === "end") return new SqlError(SQL_STATE.syntaxError, "syntax error at end of input", { at });
    return syntaxErrorAt(this.sql.slice(at, Math.min(end, at + SHOWN_UNITS_MAX)), at);
  }

  refuse(
    message: string,
    at: number,
    { hint, state = SQL_STATE.syntaxError }: { readonly hint?: string; readonly state?: string } = {},
  ): never {
    throw new SqlError(state, message, { at, ...(hint === undefined ? {} : { hint }) });
  }
}
