import type { Star } from "./ast.js";
import type { Cursor } from "./cursor.js";

/** `*`, `t.*` or `s.t.*`, where one may stand: in a select list and among a function's arguments. */
export function acceptStar(cursor: Cursor): Star | undefined {
  const { at } = cursor;
  if (cursor.acceptSign("*")) return { kind: "star", at };
  let names = 0;
  while (cursor.isSign(".", names * 2 + 1) && (names > 0 || cursor.isName())) names++;
  if (names === 0 || !cursor.isSign("*", names * 2)) return undefined;
  const parts = [cursor.name()];
  while (cursor.acceptSign(".") && !cursor.acceptSign("*")) parts.push(cursor.label());
  return { kind: "star", qualifier: { parts, at }, at };
}
