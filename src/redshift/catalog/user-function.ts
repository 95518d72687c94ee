import type { UserFunction } from "../binder/bound.js";
import { SqlError } from "../sql-error.js";
import type { Expression } from "../syntax/ast.js";
import { parseQuery } from "../syntax/parse.js";
import type { StoredFunction } from "./stored.js";

const parsed = new WeakMap<StoredFunction, UserFunction>();

/** As the binder needs it. */
export function userFunction(stored: StoredFunction): UserFunction {
  const known = parsed.get(stored);
  if (known !== undefined) return known;
  const found: UserFunction = { ...stored, body: functionBody(stored.body) };
  parsed.set(stored, found);
  return found;
}

/** Source: "Creating a scalar SQL UDF": a SELECT of one expression, without FROM, WHERE, GROUP BY, ORDER BY, LIMIT and the like. */
export function functionBody(text: string): Expression {
  const { body, with: tables, orderBy, limit, offset } = parseQuery(text.replace(/;\s*$/, ""));
  if (body.kind === "select" && tables.length === 0 && orderBy.length === 0 && (limit ?? offset) === undefined) {
    const { items, from, where, groupBy, groupByAll, having, qualify, top, into, connectBy, distinct } = body;
    const clauses = [where, having, qualify, top, into, connectBy].some((clause) => clause !== undefined);
    const [item] = items;
    const isPlain = !clauses && !distinct && from.length === 0 && groupBy.length === 0 && groupByAll !== true;
    if (isPlain && items.length === 1 && item !== undefined) return item.expression;
  }
  throw new SqlError(
    "42P13",
    "The body of a function in SQL must be a SELECT of one expression, without FROM, WHERE, GROUP BY, ORDER BY or LIMIT",
    { hint: "For example: select $1 + 1" },
  );
}
