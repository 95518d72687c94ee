/** Looks ahead for a query, where an expression could stand as well. */
import type { Cursor } from "./cursor.js";

/** Whether a query begins here, perhaps behind further parentheses. */
export function isQueryNext(cursor: Cursor): boolean {
  let ahead = 0;
  while (cursor.isSign("(", ahead)) ahead++;
  const token = cursor.peek(ahead);
  if (token.kind !== "word") return false;
  if (ahead === 0) return token.text === "select" || token.text === "with";
  return (token.text === "select" || token.text === "with") && parenthesesHoldQuery(cursor);
}

/** `((select 1) union select 2)` is a query, `((select 1) + 2)` is none: what follows the inner one tells. */
function parenthesesHoldQuery(cursor: Cursor): boolean {
  let depth = 0;
  let ahead = 0;
  for (;;) {
    const token = cursor.peek(ahead++);
    if (token.kind === "end") return false;
    if (token.kind === "operator" && token.text === "(") depth++;
    else if (token.kind === "operator" && token.text === ")" && --depth === 0) break;
  }
  const behind = cursor.peek(ahead);
  if (behind.kind === "operator") return behind.text === ")" || behind.text === ";";
  if (behind.kind === "end") return true;
  return ["union", "intersect", "except", "minus", "order", "limit", "offset"].includes(behind.text);
}
