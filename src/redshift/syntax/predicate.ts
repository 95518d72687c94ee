/** Tests behind an operand: IS, LIKE, BETWEEN, IN, ANY and ALL, OVERLAPS, and COLLATE, which changes how it is tested. */
import type { Expression } from "./ast.js";
import type { Cursor } from "./cursor.js";
import { isQueryNext } from "./query-ahead.js";

/** Reads what binds more tightly than the test at hand. */
type Tighter = () => Expression;

export function parseIs(cursor: Cursor, operand: Expression, at: number, tighter: Tighter): Expression {
  cursor.expect("is");
  const negated = cursor.accept("not");
  const word = cursor.acceptOne("null", "true", "false", "unknown");
  if (word !== undefined) return { kind: "is", operand, negated, test: { type: word }, at };
  if (cursor.accept("distinct", "from")) {
    return { kind: "is", operand, negated, test: { type: "distinct", from: tighter() }, at };
  }
  throw cursor.unexpected();
}

/** Behind the word LIKE, ILIKE or SIMILAR. */
export function parsePattern(
  cursor: Cursor,
  word: string,
  operand: Expression,
  negated: boolean,
  at: number,
  tighter: Tighter,
): Expression {
  if (word === "similar") cursor.expect("to");
  else {
    const quantified = parseQuantified(cursor, operand, `${negated ? "!" : ""}~~${word === "ilike" ? "*" : ""}`, at);
    if (quantified !== undefined) return quantified;
  }
  const pattern = tighter();
  const base = { kind: "like", operator: word as "like" | "ilike" | "similar", operand, pattern, negated, at } as const;
  return cursor.accept("escape") ? { ...base, escape: tighter() } : base;
}

export function parseBetween(
  cursor: Cursor,
  operand: Expression,
  negated: boolean,
  at: number,
  tighter: Tighter,
): Expression {
  const low = tighter();
  cursor.expect("and");
  return { kind: "between", operand, low, high: tighter(), negated, at };
}

export function parseIn(cursor: Cursor, operand: Expression, negated: boolean, at: number): Expression {
  cursor.expectSign("(");
  if (isQueryNext(cursor)) {
    const query = cursor.query();
    cursor.expectSign(")");
    return { kind: "in-query", operand, query, negated, at };
  }
  const items = cursor.commas(cursor.expression);
  cursor.expectSign(")");
  return { kind: "in-list", operand, items, negated, at };
}

/** Behind an operator, at ANY, SOME or ALL; undefined where none of them comes. */
export function parseQuantified(
  cursor: Cursor,
  operand: Expression,
  operator: string,
  at: number,
): Expression | undefined {
  if (!cursor.isWord("any", "some", "all") || !cursor.isSign("(", 1)) return undefined;
  const quantifier = cursor.next().text === "all" ? "all" : "any";
  cursor.expectSign("(");
  const over = isQueryNext(cursor) ? { query: cursor.query() } : { array: cursor.expression() };
  cursor.expectSign(")");
  return { kind: "quantified", operand, operator: operator === "!=" ? "<>" : operator, quantifier, over, at };
}

/** `(a, b) OVERLAPS (c, d)` is a function of the four. */
export function parseOverlaps(cursor: Cursor, left: Expression, at: number, tighter: Tighter): Expression {
  const { at: nameAt } = cursor.next();
  const right = tighter();
  for (const side of [left, right]) {
    if (side.kind !== "row" || side.items.length !== 2) {
      return cursor.refuse("wrong number of parameters on a side of OVERLAPS expression", side.at, {
        hint: "(start, end) OVERLAPS (start, end)",
      });
    }
  }
  const args = [left, right].flatMap((side) => (side.kind === "row" ? side.items : []));
  return { kind: "call", name: { parts: ["overlaps"], at: nameAt }, args, at };
}

/** `COLLATE pg_catalog.default` is the default, and says nothing. */
export function parseCollate(cursor: Cursor, operand: Expression, at: number): Expression {
  cursor.expect("collate");
  const token = cursor.peek();
  let name = token.kind === "string" ? cursor.string() : cursor.label();
  while (cursor.acceptSign(".")) name = cursor.label();
  switch (name.toLowerCase()) {
    case "default":
    case "c":
    case "posix":
      return operand;
    case "case_sensitive":
    case "cs":
      return { kind: "collate", operand, collation: "case_sensitive", at };
    case "case_insensitive":
    case "ci":
      return { kind: "collate", operand, collation: "case_insensitive", at };
    default:
      return cursor.refuse(`collation "${name}" does not exist`, token.at, {
        hint: "There are case_sensitive and case_insensitive.",
        state: "42704",
      });
  }
}
