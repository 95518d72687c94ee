import type { SelectItem } from "./ast.js";
import type { Cursor } from "./cursor.js";
import { acceptStar } from "./star.js";

/** `expression [AS] alias`, `t.* EXCLUDE (a)`. */
export function parseItem(cursor: Cursor): SelectItem {
  const { at } = cursor;
  const star = acceptStar(cursor);
  if (star !== undefined) {
    const exclude = parseExclude(cursor);
    return { expression: exclude === undefined ? star : { ...star, exclude }, at };
  }
  const expression = cursor.expression();
  if (cursor.accept("as")) return { expression, alias: cursor.label(), at };
  return cursor.isAlias() ? { expression, alias: cursor.name(), at } : { expression, at };
}

function parseExclude(cursor: Cursor): readonly string[] | undefined {
  if (!cursor.accept("exclude")) return undefined;
  return cursor.isSign("(") ? cursor.list(() => cursor.name()) : [cursor.name()];
}
