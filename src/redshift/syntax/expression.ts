/**
 * Expressions, by precedence climbing. From the loosest to the tightest, as PostgreSQL 8 has them:
 *
 *     OR · AND · NOT · = < > · IS · LIKE, BETWEEN, IN, any other operator · + - · * / % · ^ · AT TIME ZONE · unary minus · [] · ::
 */
import type { Expression, Literal } from "./ast.js";
import type { Cursor } from "./cursor.js";
import { parsePrimary } from "./primary.js";
import { isQueryNext } from "./query-ahead.js";
import { parseType } from "./type-name.js";

export function parseExpression(cursor: Cursor): Expression {
  return cursor.deeper(() => parseOr(cursor));
}

/** What `position(... in ...)` looks for: everything that binds tighter than IN. */
export function parseOperand(cursor: Cursor): Expression {
  const { at } = cursor;
  let left = parseBinary(cursor, ADDITIVE);
  while (cursor.acceptSign("||")) left = binary("||", left, parseBinary(cursor, ADDITIVE), at);
  return left;
}

/** Chains are collected, not nested: they may be thousands long. */
function parseOr(cursor: Cursor): Expression {
  const { at } = cursor;
  const first = parseAnd(cursor);
  if (!cursor.isWord("or")) return first;
  const operands = [first];
  while (cursor.accept("or")) operands.push(parseAnd(cursor));
  return { kind: "or", operands, at };
}

function parseAnd(cursor: Cursor): Expression {
  const { at } = cursor;
  const first = parseNot(cursor);
  if (!cursor.isWord("and")) return first;
  const operands = [first];
  while (cursor.accept("and")) operands.push(parseNot(cursor));
  return { kind: "and", operands, at };
}

function parseNot(cursor: Cursor): Expression {
  const { at } = cursor;
  if (!cursor.accept("not")) return parseBinary(cursor, 0);
  return { kind: "unary", operator: "not", operand: cursor.deeper(() => parseNot(cursor)), at };
}

const COMPARISON = 1;
const IS = 2;
const OTHER = 3;
const ADDITIVE = 4;
const MULTIPLICATIVE = 5;
const POWER = 6;
const ZONE = 7;
const UNARY = 8;

const LEVELS: Readonly<Record<string, number>> = {
  "=": COMPARISON,
  "<>": COMPARISON,
  "!=": COMPARISON,
  "<": COMPARISON,
  "<=": COMPARISON,
  ">": COMPARISON,
  ">=": COMPARISON,
  "+": ADDITIVE,
  "-": ADDITIVE,
  "*": MULTIPLICATIVE,
  "/": MULTIPLICATIVE,
  "%": MULTIPLICATIVE,
  "^": POWER,
  "||": OTHER,
  "&": OTHER,
  "|": OTHER,
  "#": OTHER,
  "<<": OTHER,
  ">>": OTHER,
  "~": OTHER,
  "~*": OTHER,
  "!~": OTHER,
  "!~*": OTHER,
  "~~": OTHER,
  "~~*": OTHER,
  "!~~": OTHER,
  "!~~*": OTHER,
};

/** Everything from comparisons down, whose operators are at `level` or tighter. */
function parseBinary(cursor: Cursor, level: number): Expression {
  return cursor.deeper(() => {
    const { at } = cursor;
    let left = parseUnary(cursor);
    for (;;) {
      const next = parseTail(cursor, left, level, at);
      if (next === undefined) return left;
      left = next;
    }
  });
}

/** What follows an operand, if it binds at `level` or tighter; undefined where the operand stands alone. */
function parseTail(cursor: Cursor, left: Expression, level: number, at: number): Expression | undefined {
  const token = cursor.peek();
  if (token.kind === "operator") return parseOperator(cursor, left, level, at);
  if (token.kind !== "word") return undefined;
  switch (token.text) {
    case "is":
      return level <= IS ? parseIs(cursor, left, at) : undefined;
    case "isnull":
    case "notnull":
      if (level > IS) return undefined;
      cursor.next();
      return { kind: "is", operand: left, negated: token.text === "notnull", test: { type: "null" }, at };
    case "not":
    case "like":
    case "ilike":
    case "similar":
    case "between":
    case "in":
      return level <= OTHER ? parseMatch(cursor, left, at) : undefined;
    case "operator":
      return level <= OTHER && cursor.isSign("(", 1) ? parseNamedOperator(cursor, left, at) : undefined;
    case "at":
      if (level > ZONE || cursor.peek(1).text !== "time" || cursor.peek(2).text !== "zone") return undefined;
      cursor.expect("at", "time", "zone");
      return { kind: "at-time-zone", operand: left, zone: parseBinary(cursor, ZONE + 1), at };
    case "collate":
      return parseCollate(cursor, left, at);
    default:
      return undefined;
  }
}

function parseOperator(cursor: Cursor, left: Expression, level: number, at: number): Expression | undefined {
  const operator = cursor.peek().text;
  const own = LEVELS[operator];
  if (own === undefined || own < level) return undefined;
  cursor.next();
  if (own === COMPARISON || operator.startsWith("~") || operator.startsWith("!~")) {
    const quantifier = cursor.acceptOne("any", "some", "all");
    if (quantifier !== undefined) return parseQuantified(cursor, left, operator, quantifier, at);
  }
  return binary(operator, left, parseBinary(cursor, own + 1), at);
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

function parseQuantified(cursor: Cursor, operand: Expression, operator: string, word: string, at: number): Expression {
  cursor.expectSign("(");
  const over = isQueryNext(cursor) ? { query: cursor.query() } : { array: cursor.expression() };
  cursor.expectSign(")");
  const shown = operator === "!=" ? "<>" : operator;
  return { kind: "quantified", operand, operator: shown, quantifier: word === "all" ? "all" : "any", over, at };
}

/** `OPERATOR(pg_catalog.~)`, as psql sends it; binds as any other operator. */
function parseNamedOperator(cursor: Cursor, left: Expression, at: number): Expression {
  cursor.expect("operator");
  cursor.expectSign("(");
  if (cursor.isName()) {
    cursor.name();
    cursor.expectSign(".");
  }
  const token = cursor.next();
  if (token.kind !== "operator" || LEVELS[token.text] === undefined) throw cursor.unexpected();
  cursor.expectSign(")");
  const quantifier = cursor.acceptOne("any", "some", "all");
  if (quantifier !== undefined) return parseQuantified(cursor, left, token.text, quantifier, at);
  return binary(token.text, left, parseBinary(cursor, OTHER + 1), at);
}

function parseIs(cursor: Cursor, operand: Expression, at: number): Expression {
  cursor.expect("is");
  const negated = cursor.accept("not");
  const word = cursor.acceptOne("null", "true", "false", "unknown");
  if (word !== undefined) return { kind: "is", operand, negated, test: { type: word }, at };
  if (cursor.accept("distinct", "from")) {
    return { kind: "is", operand, negated, test: { type: "distinct", from: parseBinary(cursor, IS + 1) }, at };
  }
  throw cursor.unexpected();
}

function parseMatch(cursor: Cursor, operand: Expression, at: number): Expression | undefined {
  const begin = cursor.position();
  const negated = cursor.accept("not");
  const operator = cursor.acceptOne("like", "ilike", "similar", "between", "in");
  switch (operator) {
    case undefined:
      // NOT belongs to what comes behind: `x int default 1 not null`.
      cursor.reset(begin);
      return undefined;
    case "between":
      return parseBetween(cursor, operand, negated, at);
    case "in":
      return parseIn(cursor, operand, negated, at);
    default: {
      if (operator === "similar") cursor.expect("to");
      const pattern = parseBinary(cursor, OTHER + 1);
      const escapeSign = cursor.accept("escape") ? parseBinary(cursor, OTHER + 1) : undefined;
      return {
        kind: "like",
        operator,
        operand,
        pattern,
        negated,
        at,
        ...(escapeSign === undefined ? {} : { escape: escapeSign }),
      };
    }
  }
}

function parseBetween(cursor: Cursor, operand: Expression, negated: boolean, at: number): Expression {
  cursor.accept("symmetric");
  const low = parseBinary(cursor, OTHER + 1);
  cursor.expect("and");
  const high = parseBinary(cursor, OTHER + 1);
  return { kind: "between", operand, low, high, negated, at };
}

function parseIn(cursor: Cursor, operand: Expression, negated: boolean, at: number): Expression {
  cursor.expectSign("(");
  if (isQueryNext(cursor)) {
    const query = cursor.query();
    cursor.expectSign(")");
    return { kind: "in-query", operand, query, negated, at };
  }
  const items = cursor.commas(() => cursor.expression());
  cursor.expectSign(")");
  return { kind: "in-list", operand, items, negated, at };
}

/** `COLLATE pg_catalog.default` is the default, and says nothing. */
function parseCollate(cursor: Cursor, operand: Expression, at: number): Expression {
  cursor.expect("collate");
  const token = cursor.peek();
  let name = token.kind === "string" ? cursor.string() : cursor.label();
  while (cursor.acceptSign(".")) name = cursor.label();
  const folded = name.toLowerCase();
  if (folded === "default" || folded === "c" || folded === "posix") return operand;
  if (folded === "case_sensitive" || folded === "cs")
    return { kind: "collate", operand, collation: "case_sensitive", at };
  if (folded === "case_insensitive" || folded === "ci")
    return { kind: "collate", operand, collation: "case_insensitive", at };
  return cursor.refuse(`collation "${name}" does not exist`, token.at, {
    hint: "There are case_sensitive and case_insensitive.",
    state: "42704",
  });
}

const UNARY_OPERATORS = new Set(["-", "+", "~", "@", "|/", "||/", "!!"]);

function parseUnary(cursor: Cursor): Expression {
  const token = cursor.peek();
  if (cursor.priorAllowed && cursor.accept("prior")) {
    const operand = cursor.deeper(() => parseBinary(cursor, UNARY));
    return { kind: "unary", operator: "prior", operand, at: token.at };
  }
  if (token.kind !== "operator" || !UNARY_OPERATORS.has(token.text)) return parsePostfix(cursor);
  cursor.next();
  const operand = cursor.deeper(() =>
    parseBinary(cursor, token.text === "-" || token.text === "+" ? UNARY : OTHER + 1),
  );
  return negatedNumber(token.text, operand) ?? { kind: "unary", operator: token.text, operand, at: token.at };
}

/** `-5` is one number, so that the least of its type can be written. */
function negatedNumber(operator: string, operand: Expression): Literal | undefined {
  if (operator !== "-" || operand.kind !== "literal" || operand.value.type !== "number") return undefined;
  if (operand.value.text.startsWith("-")) return undefined;
  return { kind: "literal", value: { type: "number", text: `-${operand.value.text}` }, at: operand.at - 1 };
}

/** Subscripts, paths and casts behind an operand. */
function parsePostfix(cursor: Cursor): Expression {
  const { at } = cursor;
  const parenthesized = cursor.isSign("(");
  let operand = parsePrimary(cursor);
  for (;;) {
    if (cursor.acceptSign("::")) {
      operand = { kind: "cast", operand, type: parseType(cursor), at };
    } else if (cursor.acceptSign("[")) {
      const index = cursor.expression();
      cursor.expectSign("]");
      operand = { kind: "subscript", operand, index, at };
    } else if (cursor.isSign(".") && (parenthesized || isPathHead(operand))) {
      cursor.next();
      operand = { kind: "path", operand, name: cursor.label(), at };
    } else {
      return operand;
    }
  }
}

/** A dot behind a plain column was taken with the column. */
function isPathHead({ kind }: Expression): boolean {
  return kind !== "column" && kind !== "literal" && kind !== "star";
}
