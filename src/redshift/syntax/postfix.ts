/** What stands right behind an operand and binds to it before all else: casts, subscripts, paths into SUPER values. */
import type { Expression } from "./ast.js";
import type { Cursor } from "./cursor.js";
import { parsePrimary } from "./primary.js";
import { parseType } from "./type-name.js";

export function parsePostfix(cursor: Cursor): Expression {
  const { at } = cursor.peek();
  const parenthesized = cursor.isSign("(");
  let operand = parsePrimary(cursor);
  for (let links = 0; ; links++) {
    cursor.checkChain(links);
    const { kind, text } = cursor.peek();
    if (kind !== "operator") return operand;
    if (text === "::") {
      cursor.next();
      operand = { kind: "cast", operand, type: parseType(cursor), at };
    } else if (text === "[") {
      cursor.next();
      const index = cursor.expression();
      cursor.expectSign("]");
      operand = { kind: "subscript", operand, index, at };
    } else if (text === "." && (parenthesized || isPathHead(operand))) {
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
