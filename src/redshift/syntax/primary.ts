/** What an expression begins with: literals, names, calls, CASE, parentheses. */
import type { Call, Expression } from "./ast.js";
import { parseCall, parseKeywordCall } from "./call.js";
import type { Cursor } from "./cursor.js";
import { VALUE_WORDS } from "./keywords.js";
import { isQueryNext } from "./query-ahead.js";
import { parseType } from "./type-name.js";
import { parseTypedLiteral, typeLength } from "./typed-literal.js";

export function parsePrimary(cursor: Cursor): Expression {
  const token = cursor.peek();
  const { at } = token;
  switch (token.kind) {
    case "number":
      cursor.next();
      return { kind: "literal", value: { type: "number", text: token.text }, at };
    case "string":
      cursor.next();
      if (token.text.includes("\0"))
        return cursor.refuse("a text cannot hold the NUL character", at, { state: "22021" });
      return { kind: "literal", value: { type: "string", text: token.text }, at };
    case "parameter":
      cursor.next();
      return { kind: "parameter", number: Number(token.text), at };
    case "operator":
      if (token.text === "(") return parseParentheses(cursor);
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
  const items = cursor.commas(cursor.expression);
  cursor.expectSign(")");
  return items.length === 1 ? items[0]! : { kind: "row", items, at };
}

/** Words that may begin something of their own. */
const BEGINNINGS: ReadonlySet<string> = new Set(
  "null true false case cast try_cast exists interval timestamp array row approximate".split(" "),
);

function parseWord(cursor: Cursor): Expression {
  const { text } = cursor.peek();
  const begun = BEGINNINGS.has(text) ? parseBeginning(cursor) : undefined;
  if (begun !== undefined) return begun;
  const behind = cursor.peek(1);
  if (behind.kind === "operator" && behind.text === "(") {
    const special = text === "convert" ? parseConvert(cursor) : parseKeywordCall(cursor);
    if (special !== undefined) return special;
  }
  if (VALUE_WORDS.has(text) && !cursor.isSign(".", 1)) return parseValueWord(cursor);
  // A number of words may belong to a type's name; which do is only worth a look where a text can come behind.
  const typed = behind.kind === "string" || TYPE_WORDS.has(text) ? parseTypedLiteral(cursor) : undefined;
  return typed ?? parseNamed(cursor);
}

function parseBeginning(cursor: Cursor): Expression | undefined {
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
    case "timestamp": {
      // Reserved, since a text must follow; what follows instead is what Redshift complains about.
      const typed = parseTypedLiteral(cursor);
      if (typed !== undefined) return typed;
      cursor.next();
      throw cursor.unexpected();
    }
    case "array":
      if (cursor.isSign("[", 1)) return parseArray(cursor);
      if (cursor.isSign("(", 1)) return parseArrayCall(cursor);
      break;
    case "row":
      if (cursor.isSign("(", 1)) {
        cursor.next();
        return { kind: "row", items: cursor.list(cursor.expression), at };
      }
      break;
    case "approximate":
      if (behind.kind === "word" && cursor.isSign("(", 2)) return parseApproximate(cursor);
      break;
  }
  return undefined;
}

/** Types whose names are more than one token long, or have arguments. */
const TYPE_WORDS: ReadonlySet<string> = new Set(
  "bpchar char character dec decimal double float nchar numeric nvarchar time timestamptz timetz varbinary varbyte varchar".split(
    " ",
  ),
);

/** `CURRENT_DATE`, `CURRENT_TIMESTAMP(3)`, and with empty parentheses too. */
function parseValueWord(cursor: Cursor): Expression {
  const { at, text } = cursor.next();
  if (cursor.acceptSign("(")) {
    if (!cursor.isSign(")")) cursor.integer();
    cursor.expectSign(")");
  }
  return { kind: "call", name: { parts: [text], at }, args: [], bare: true, at };
}

/** `CONVERT(type, expression)`, a cast; undefined where no type comes first. */
function parseConvert(cursor: Cursor): Expression | undefined {
  const length = typeLength(cursor, 2);
  if (length === 0 || !cursor.isSign(",", 2 + length)) return undefined;
  const { at } = cursor.next();
  cursor.expectSign("(");
  const type = parseType(cursor);
  cursor.expectSign(",");
  const operand = cursor.expression();
  cursor.expectSign(")");
  return { kind: "cast", operand, type, at };
}

/** A column or a call. */
function parseNamed(cursor: Cursor): Expression {
  const { at } = cursor;
  const functionWord =
    cursor.isSign("(", 1) && cursor.peek().kind === "word" && CALLABLE_RESERVED.has(cursor.peek().text);
  const parts = [functionWord ? cursor.label() : cursor.name()];
  while (cursor.acceptSign(".")) parts.push(cursor.label());
  if (cursor.isSign("(")) {
    if (parts.length > 3) cursor.refuse("improper qualified name (too many dotted names)", at);
    return parseCall(cursor, { parts, at });
  }
  return { kind: "column", parts, at };
}

/** Reserved words that are functions as well. */
const CALLABLE_RESERVED: ReadonlySet<string> = new Set(["left", "right", "unnest", "overlaps", "isnull"]);

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

function parseArray(cursor: Cursor): Expression {
  const { at } = cursor.next();
  cursor.expectSign("[");
  const items = cursor.isSign("]") ? [] : cursor.commas(cursor.expression);
  cursor.expectSign("]");
  return { kind: "array", items, at };
}

const QUERY_WORDS: ReadonlySet<string> = new Set(["select", "with"]);

/** PostgreSQL's ARRAY(SELECT ...), or Redshift's function of values. */
function parseArrayCall(cursor: Cursor): Expression {
  const { at } = cursor.next();
  if (QUERY_WORDS.has(cursor.peek(1).text)) {
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
