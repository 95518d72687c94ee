/** What an expression begins with: literals, names, calls, CASE, parentheses. */
import type { Call, Expression } from "./ast.js";
import { parseCall, parseKeywordCall } from "./call.js";
import type { Cursor } from "./cursor.js";
import { VALUE_WORDS } from "./keywords.js";
import { isQueryNext } from "./query-ahead.js";
import { intervalQualifier, parseType } from "./type-name.js";

export function parsePrimary(cursor: Cursor): Expression {
  const token = cursor.peek();
  const { at } = token;
  switch (token.kind) {
    case "number":
      cursor.next();
      return { kind: "literal", value: { type: "number", text: token.text }, at };
    case "string":
      cursor.next();
      return { kind: "literal", value: { type: "string", text: token.text }, at };
    case "parameter":
      cursor.next();
      if (token.text === "0") return cursor.refuse("there is no parameter $0", at, { state: "42P02" });
      return { kind: "parameter", number: Number(token.text), at };
    case "operator":
      if (token.text === "(") return parseParentheses(cursor);
      if (token.text === "*") {
        cursor.next();
        return { kind: "star", at };
      }
      throw cursor.unexpected();
    case "word":
      return parseWord(cursor);
    case "quoted":
      return parseNamed(cursor);
    default:
      throw cursor.unexpected();
  }
}

function parseParentheses(cursor: Cursor): Expression {
  const { at } = cursor;
  cursor.expectSign("(");
  if (isQueryNext(cursor)) {
    const query = cursor.query();
    cursor.expectSign(")");
    return { kind: "query", query, at };
  }
  const items = cursor.commas(() => cursor.expression());
  cursor.expectSign(")");
  return items.length === 1 ? items[0]! : { kind: "row", items, at };
}

/** Words that begin something of their own. */
function parseWord(cursor: Cursor): Expression {
  const { text, at } = cursor.peek();
  const behind = cursor.peek(1);
  switch (text) {
    case "null":
      cursor.next();
      return { kind: "literal", value: { type: "null" }, at };
    case "true":
    case "false":
      cursor.next();
      return { kind: "literal", value: { type: "boolean", value: text === "true" }, at };
    case "case":
      return parseCase(cursor);
    case "cast":
    case "try_cast":
      if (cursor.isSign("(", 1)) return parseCast(cursor);
      break;
    case "exists":
      if (cursor.isSign("(", 1)) return parseExists(cursor);
      break;
    case "interval":
      if (behind.kind === "string") return parseInterval(cursor);
      break;
    case "date":
    case "timestamp":
    case "timestamptz":
    case "time":
    case "timetz":
    case "bool":
    case "boolean":
      if (behind.kind === "string" || (behind.text === "with" && behind.kind === "word") || behind.text === "without") {
        return parseTypedLiteral(cursor);
      }
      break;
    case "array":
      if (cursor.isSign("[", 1)) return parseArray(cursor);
      if (cursor.isSign("(", 1)) return parseArrayCall(cursor);
      break;
    case "row":
      if (cursor.isSign("(", 1)) {
        cursor.next();
        return { kind: "row", items: cursor.list(() => cursor.expression()), at };
      }
      break;
    case "approximate":
      if (behind.kind === "word") return parseApproximate(cursor);
      break;
  }
  const special = parseKeywordCall(cursor);
  if (special !== undefined) return special;
  if (VALUE_WORDS.has(text) && !cursor.isSign(".", 1)) {
    cursor.next();
    // `current_timestamp(3)`, `current_date()`.
    if (cursor.isSign("(") && cursor.isSign(")", 1)) {
      cursor.next();
      cursor.next();
    }
    return { kind: "call", name: { parts: [text], at }, args: [], bare: true, at };
  }
  return parseNamed(cursor);
}

/** A column, a call, or `t.*`. */
function parseNamed(cursor: Cursor): Expression {
  const { at } = cursor;
  const functionWord =
    cursor.isSign("(", 1) && cursor.peek().kind === "word" && CALLABLE_RESERVED.has(cursor.peek().text);
  const parts = [functionWord ? cursor.label() : cursor.name()];
  while (cursor.isSign(".")) {
    if (cursor.isSign("*", 1)) {
      cursor.next();
      cursor.next();
      return { kind: "star", qualifier: { parts, at }, at };
    }
    cursor.next();
    parts.push(cursor.label());
  }
  if (cursor.isSign("(")) {
    if (parts.length > 3) cursor.refuse("improper qualified name (too many dotted names)", at);
    return parseCall(cursor, { parts, at });
  }
  return { kind: "column", parts, at };
}

/** Reserved words that are functions as well. */
const CALLABLE_RESERVED: ReadonlySet<string> = new Set(["left", "right", "unnest", "percent", "array", "overlaps"]);

function parseCase(cursor: Cursor): Expression {
  const { at } = cursor;
  cursor.expect("case");
  const operand = cursor.isWord("when") ? undefined : cursor.expression();
  const branches: { when: Expression; then: Expression }[] = [];
  while (cursor.accept("when")) {
    const when = cursor.expression();
    cursor.expect("then");
    // biome-ignore lint/suspicious/noThenProperty: it is the tree's word for what stands behind THEN, and nobody awaits it.
    branches.push({ when, then: cursor.expression() });
  }
  if (branches.length === 0) throw cursor.unexpected();
  const otherwise = cursor.accept("else") ? cursor.expression() : undefined;
  cursor.expect("end");
  return {
    kind: "case",
    branches,
    at,
    ...(operand === undefined ? {} : { operand }),
    ...(otherwise === undefined ? {} : { otherwise }),
  };
}

function parseCast(cursor: Cursor): Expression {
  const { at, text } = cursor.next();
  cursor.expectSign("(");
  const operand = cursor.expression();
  cursor.expect("as");
  const type = parseType(cursor);
  cursor.expectSign(")");
  return { kind: "cast", operand, type, at, ...(text === "try_cast" ? { try: true } : {}) };
}

function parseExists(cursor: Cursor): Expression {
  const { at } = cursor.next();
  cursor.expectSign("(");
  const query = cursor.query();
  cursor.expectSign(")");
  return { kind: "exists", query, at };
}

function parseInterval(cursor: Cursor): Expression {
  const { at } = cursor.next();
  const text = cursor.string();
  const qualifier = intervalQualifier(cursor);
  return { kind: "interval", text, at, ...(qualifier === undefined ? {} : { qualifier }) };
}

/** `DATE '2026-01-31'` is a cast. */
function parseTypedLiteral(cursor: Cursor): Expression {
  const { at } = cursor;
  const type = parseType(cursor);
  const { at: textAt } = cursor;
  return {
    kind: "cast",
    operand: { kind: "literal", value: { type: "string", text: cursor.string() }, at: textAt },
    type,
    at,
  };
}

function parseArray(cursor: Cursor): Expression {
  const { at } = cursor.next();
  cursor.expectSign("[");
  const items = cursor.isSign("]") ? [] : cursor.commas(() => cursor.expression());
  cursor.expectSign("]");
  return { kind: "array", items, at };
}

/** PostgreSQL's ARRAY(SELECT ...), or Redshift's function of values. */
function parseArrayCall(cursor: Cursor): Expression {
  const { at } = cursor.next();
  if (cursor.isSign("(") && cursor.peek(1).text === "select") {
    cursor.expectSign("(");
    const items = cursor.query();
    cursor.expectSign(")");
    return { kind: "array", items, at };
  }
  return parseCall(cursor, { parts: ["array"], at });
}

function parseApproximate(cursor: Cursor): Expression {
  const { at } = cursor.next();
  const call = parsePrimary(cursor);
  if (call.kind !== "call") throw cursor.unexpected();
  return { ...(call as Call), approximate: true, at };
}
