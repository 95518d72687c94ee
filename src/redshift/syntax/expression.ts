/**
 * Expressions, by precedence climbing. From the loosest to the tightest, as PostgreSQL 8.0 has them:
 *
 *     OR · AND · NOT · = · < > · LIKE ILIKE SIMILAR · OVERLAPS · BETWEEN · IN · any other operator, <= >= <> among them · IS ISNULL NOTNULL ·
 *     + - · * / % · ^ · AT TIME ZONE · unary minus · [] · ::
 */
import type { Expression } from "./ast.js";
import type { Cursor } from "./cursor.js";
import type { Token } from "./lexer.js";
import { parsePostfix } from "./postfix.js";
import {
  parseBetween,
  parseCollate,
  parseIn,
  parseIs,
  parseOverlaps,
  parsePattern,
  parseQuantified,
} from "./predicate.js";

const OR = 1;
const AND = 2;
const NOT = 3;
const EQUALS = 4;
const LESS = 5;
const LIKE = 6;
const OVERLAPS = 7;
const BETWEEN = 8;
const IN = 9;
const OTHER = 10;
const IS = 11;
const ADDITIVE = 12;
const MULTIPLICATIVE = 13;
const POWER = 14;
const ZONE = 15;
const UNARY = 16;

const OPERATORS: ReadonlyMap<string, number> = new Map([
  ["=", EQUALS],
  ["<", LESS],
  [">", LESS],
  ["<=", OTHER],
  [">=", OTHER],
  ["<>", OTHER],
  ["!=", OTHER],
  ["||", OTHER],
  ["&", OTHER],
  ["|", OTHER],
  ["#", OTHER],
  ["<<", OTHER],
  [">>", OTHER],
  ["~", OTHER],
  ["~*", OTHER],
  ["!~", OTHER],
  ["!~*", OTHER],
  ["~~", OTHER],
  ["~~*", OTHER],
  ["!~~", OTHER],
  ["!~~*", OTHER],
  ["+", ADDITIVE],
  ["-", ADDITIVE],
  ["*", MULTIPLICATIVE],
  ["/", MULTIPLICATIVE],
  ["%", MULTIPLICATIVE],
  ["^", POWER],
]);

const WORDS: ReadonlyMap<string, number> = new Map([
  ["or", OR],
  ["and", AND],
  ["like", LIKE],
  ["ilike", LIKE],
  ["similar", LIKE],
  ["overlaps", OVERLAPS],
  ["between", BETWEEN],
  ["in", IN],
  ["operator", OTHER],
  ["is", IS],
  ["isnull", IS],
  ["notnull", IS],
  ["at", ZONE],
  ["collate", UNARY],
]);

/** Of these, no two may stand side by side without parentheses. */
const LONELY: ReadonlySet<number> = new Set([LESS, LIKE, OVERLAPS, BETWEEN]);

export function parseExpression(cursor: Cursor): Expression {
  return climb(cursor, OR);
}

/** What `position(... in ...)` looks for: everything that binds tighter than IN. */
export function parseOperand(cursor: Cursor): Expression {
  return climb(cursor, OTHER);
}

function climb(cursor: Cursor, least: number): Expression {
  cursor.enter();
  const { at } = cursor.peek();
  let left = parsePrefix(cursor);
  let last = 0;
  let links = 0;
  for (;;) {
    const token = cursor.peek();
    const level = levelOf(cursor, token);
    if (level < least) break;
    if (level === last && LONELY.has(level)) throw cursor.unexpected();
    last = level;
    cursor.checkChain(++links);
    left = token.kind === "word" ? byWord(cursor, left, token, at) : byOperator(cursor, left, token, level, at);
  }
  cursor.leave();
  return left;
}

/** How tightly the next token binds to what stands before it; 0 where it ends the expression. */
function levelOf(cursor: Cursor, token: Token): number {
  if (token.kind === "operator") return OPERATORS.get(token.text) ?? 0;
  if (token.kind !== "word") return 0;
  const { text } = token;
  if (text === "not") {
    // NOT belongs to what comes behind it, unless that is a test: `x int default 1 not null`.
    const behind = cursor.peek(1);
    const level = behind.kind === "word" ? (WORDS.get(behind.text) ?? 0) : 0;
    return level === LIKE || level === BETWEEN || level === IN ? level : 0;
  }
  const level = WORDS.get(text);
  if (level === undefined) return 0;
  if (text === "at") return cursor.isWords("at", "time", "zone") ? level : 0;
  if (text === "operator") return cursor.isSign("(", 1) ? level : 0;
  return level;
}

function byWord(cursor: Cursor, left: Expression, token: Token, at: number): Expression {
  switch (token.text) {
    case "or":
      return parseChain(cursor, "or", left, at);
    case "and":
      return parseChain(cursor, "and", left, at);
    case "is":
      return parseIs(cursor, left, at, () => climb(cursor, IS + 1));
    case "isnull":
    case "notnull":
      cursor.next();
      return { kind: "is", operand: left, negated: token.text === "notnull", test: { type: "null" }, at };
    case "operator":
      return parseNamedOperator(cursor, left, at);
    case "overlaps":
      return parseOverlaps(cursor, left, at, () => climb(cursor, OVERLAPS + 1));
    case "at":
      cursor.expect("at", "time", "zone");
      return { kind: "at-time-zone", operand: left, zone: climb(cursor, ZONE + 1), at };
    case "collate":
      return parseCollate(cursor, left, at);
    default:
      return parseMatch(cursor, left, at);
  }
}

/** LIKE and its like, BETWEEN, IN, each perhaps behind NOT. */
function parseMatch(cursor: Cursor, operand: Expression, at: number): Expression {
  const negated = cursor.accept("not");
  const word = cursor.next().text;
  switch (word) {
    case "in":
      return parseIn(cursor, operand, negated, at);
    case "between":
      return parseBetween(cursor, operand, negated, at, () => climb(cursor, BETWEEN + 1));
    default:
      return parsePattern(cursor, word, operand, negated, at, () => climb(cursor, LIKE + 1));
  }
}

/** Chains are collected, not nested: they may be thousands long. */
function parseChain(cursor: Cursor, kind: "and" | "or", first: Expression, at: number): Expression {
  const operands = [first];
  while (cursor.accept(kind)) {
    cursor.count();
    operands.push(climb(cursor, (kind === "and" ? AND : OR) + 1));
  }
  return { kind, operands, at };
}

function byOperator(cursor: Cursor, left: Expression, token: Token, level: number, at: number): Expression {
  cursor.next();
  const quantified = parseQuantified(cursor, left, token.text, at);
  if (quantified !== undefined) return quantified;
  if (token.text === "||") return parseConcatenation(cursor, left, at);
  // `=` alone groups from the right.
  return binary(token.text, left, climb(cursor, level === EQUALS ? EQUALS : level + 1), at);
}

/** Of texts that are joined it does not matter which are joined first: many become a flat tree rather than a high one. */
function parseConcatenation(cursor: Cursor, first: Expression, at: number): Expression {
  const operands = [first];
  do {
    cursor.count();
    operands.push(climb(cursor, OTHER + 1));
  } while (cursor.acceptSign("||"));
  if (operands.length <= HIGH_MAX) return operands.reduce((left, right) => binary("||", left, right, at));
  return halved(operands, 0, operands.length);
}

const HIGH_MAX = 64;

function halved(operands: readonly Expression[], from: number, to: number): Expression {
  if (to - from === 1) return operands[from]!;
  const middle = (from + to) >> 1;
  return binary("||", halved(operands, from, middle), halved(operands, middle, to), operands[from]!.at);
}

/** `OPERATOR(pg_catalog.~)`, as psql sends it; whatever the operator, it binds as the nameless ones do. */
function parseNamedOperator(cursor: Cursor, left: Expression, at: number): Expression {
  const operator = operatorName(cursor);
  if (!OPERATORS.has(operator)) cursor.refuse(`operator does not exist: ${operator}`, at, { state: "42883" });
  return parseQuantified(cursor, left, operator, at) ?? binary(operator, left, climb(cursor, OTHER + 1), at);
}

function operatorName(cursor: Cursor): string {
  cursor.expect("operator");
  cursor.expectSign("(");
  if (cursor.isName()) {
    cursor.name();
    cursor.expectSign(".");
  }
  if (cursor.peek().kind !== "operator") throw cursor.unexpected();
  const operator = cursor.next().text;
  cursor.expectSign(")");
  return operator;
}

function binary(operator: string, left: Expression, right: Expression, at: number): Expression {
  switch (operator) {
    case "!=":
      return { kind: "binary", operator: "<>", left, right, at };
    case "~~":
    case "!~~":
      return { kind: "like", operator: "like", operand: left, pattern: right, negated: operator[0] === "!", at };
    case "~~*":
    case "!~~*":
      return { kind: "like", operator: "ilike", operand: left, pattern: right, negated: operator[0] === "!", at };
    default:
      return { kind: "binary", operator, left, right, at };
  }
}

/** Signs before an operand, each with how tightly what it belongs to must bind. */
const PREFIXES: ReadonlyMap<string, number> = new Map([
  ["-", UNARY],
  ["+", UNARY],
  ["~", OTHER + 1],
  ["@", OTHER + 1],
  ["|/", OTHER + 1],
  ["||/", OTHER + 1],
]);

function parsePrefix(cursor: Cursor): Expression {
  const token = cursor.peek();
  const { text, kind, at } = token;
  if (kind === "word") {
    if (text === "not") {
      cursor.next();
      return { kind: "unary", operator: "not", operand: climb(cursor, NOT), at };
    }
    if (cursor.priorAllowed && text === "prior") {
      cursor.next();
      return { kind: "unary", operator: "prior", operand: climb(cursor, UNARY), at };
    }
    if (text === "operator" && cursor.isSign("(", 1)) return parseNamedPrefix(cursor, at);
  } else if (kind === "operator") {
    const level = PREFIXES.get(text);
    if (level !== undefined) {
      cursor.next();
      return prefixed(text, climb(cursor, level), at);
    }
  }
  return parsePostfix(cursor);
}

function parseNamedPrefix(cursor: Cursor, at: number): Expression {
  const operator = operatorName(cursor);
  if (!PREFIXES.has(operator)) cursor.refuse(`operator does not exist: ${operator}`, at, { state: "42883" });
  return prefixed(operator, climb(cursor, OTHER + 1), at);
}

/** `-5` is one number, so that the least of its type can be written. */
function prefixed(operator: string, operand: Expression, at: number): Expression {
  if (operator === "-" && operand.kind === "literal" && operand.value.type === "number") {
    const { text } = operand.value;
    if (!text.startsWith("-")) return { kind: "literal", value: { type: "number", text: `-${text}` }, at };
  }
  return { kind: "unary", operator, operand, at };
}
