/** Queries: WITH, set operations, ORDER BY, LIMIT around SELECT. */
import type { CommonTable, DefaultValue, Expression, Query, QueryBody, Values } from "./ast.js";
import type { Cursor } from "./cursor.js";
import { parseOrderItems } from "./order-items.js";
import { parseSelect } from "./select.js";

/** What stands before a query, an UPDATE or a DELETE. */
export type WithClause = Pick<Query, "with" | "recursive">;

export function parseQuery(cursor: Cursor): Query {
  return cursor.deeper(() => {
    const { at } = cursor;
    return parseQueryBehind(cursor, parseWith(cursor), at);
  });
}

export function parseQueryBehind(cursor: Cursor, withClause: WithClause, at: number): Query {
  const body = parseSetOperations(cursor);
  return { kind: "select-query", ...withClause, body, at, ...parseTail(cursor) };
}

export function parseWith(cursor: Cursor): WithClause {
  if (!cursor.accept("with")) return { with: [], recursive: false };
  const recursive = cursor.accept("recursive");
  const common = cursor.commas((): CommonTable => {
    const { at } = cursor;
    const name = cursor.name();
    const columns = cursor.isSign("(") ? cursor.list(() => cursor.name()) : undefined;
    cursor.expect("as");
    cursor.expectSign("(");
    const query = cursor.query();
    cursor.expectSign(")");
    return { name, query, at, ...(columns === undefined ? {} : { columns }) };
  });
  return { with: common, recursive };
}

/** The engine plans a union in the square of its length, and can't be interrupted in it: this many take it most of a second. */
const UNITED_MAX = 2_000;

/** INTERSECT binds tighter than UNION and EXCEPT. */
function parseSetOperations(cursor: Cursor): QueryBody {
  const { at } = cursor;
  let left = parseIntersections(cursor);
  for (let united = 2; ; united++) {
    const word = cursor.acceptOne("union", "except", "minus");
    if (word === undefined) return left;
    if (united > UNITED_MAX) {
      cursor.refuse("statement too complex: too many queries are united", cursor.at, {
        state: "54001",
        hint: `Up to ${UNITED_MAX} may be. INSERT ... VALUES takes as many rows as you like.`,
      });
    }
    const all = acceptAll(cursor);
    const right = parseIntersections(cursor);
    left = { kind: "set-operation", operator: word === "union" ? "union" : "except", all, left, right, at };
  }
}

function parseIntersections(cursor: Cursor): QueryBody {
  const { at } = cursor;
  let left = parseOperand(cursor);
  while (cursor.accept("intersect")) {
    const all = acceptAll(cursor);
    left = { kind: "set-operation", operator: "intersect", all, left, right: parseOperand(cursor), at };
  }
  return left;
}

function acceptAll(cursor: Cursor): boolean {
  if (cursor.accept("all")) return true;
  cursor.accept("distinct");
  return false;
}

function parseOperand(cursor: Cursor): QueryBody {
  if (cursor.acceptSign("(")) {
    const query = cursor.query();
    cursor.expectSign(")");
    return { ...query, parenthesized: true };
  }
  if (cursor.isWord("values")) return parseValues(cursor);
  return parseSelect(cursor);
}

export function parseValues(cursor: Cursor): Values {
  const { at } = cursor;
  cursor.expect("values");
  const rows = cursor.commas(() =>
    cursor.list(() => {
      const value = parseExpressionOrDefault(cursor);
      if (isConstant(value)) cursor.discount();
      return value;
    }),
  );
  return { kind: "values", rows, at };
}

function isConstant(value: Expression | DefaultValue): boolean {
  if (value.kind === "unary") return value.operand.kind === "literal";
  return value.kind === "literal" || value.kind === "parameter";
}

export function parseExpressionOrDefault(cursor: Cursor) {
  const { at } = cursor;
  return cursor.accept("default") ? ({ kind: "default", at } as const) : cursor.expression();
}

function parseTail(cursor: Cursor): Pick<Query, "orderBy" | "limit" | "offset"> {
  const orderBy = cursor.accept("order", "by") ? parseOrderItems(cursor) : [];
  let limit: Expression | undefined;
  let offset: Expression | undefined;
  for (;;) {
    if (limit === undefined && cursor.accept("limit")) {
      if (!cursor.accept("all")) limit = cursor.expression();
      if (cursor.isSign(",")) {
        cursor.refuse("LIMIT #,# syntax is not supported", cursor.at, {
          hint: "Use separate LIMIT and OFFSET clauses.",
        });
      }
    } else if (offset === undefined && cursor.accept("offset")) {
      offset = cursor.expression();
      cursor.acceptOne("row", "rows");
    } else {
      break;
    }
  }
  if (cursor.isWords("for", "update") || cursor.isWords("for", "share")) {
    cursor.refuse("SELECT FOR UPDATE/SHARE is not supported", cursor.at, { state: "0A000" });
  }
  return { orderBy, ...(limit === undefined ? {} : { limit }), ...(offset === undefined ? {} : { offset }) };
}
