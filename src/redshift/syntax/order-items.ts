import type { OrderItem } from "./ast.js";
import type { Cursor } from "./cursor.js";

/** What follows ORDER BY. */
export function parseOrderItems(cursor: Cursor): OrderItem[] {
  return cursor.commas(() => {
    const { at } = cursor;
    const expression = cursor.expression();
    const descending = cursor.acceptOne("asc", "desc") === "desc";
    const nulls = cursor.accept("nulls") ? cursor.acceptOne("first", "last") : undefined;
    return { expression, descending, at, ...(nulls === undefined ? {} : { nulls }) };
  });
}
