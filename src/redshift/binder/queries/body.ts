import type { Query } from "../../syntax/ast.js";
import type { BoundExpression } from "../bound.js";
import { settled } from "../expressions/coerce.js";
import type { Binding, BindNested, NestedQuery, Surroundings } from "./binding.js";

/** The rows of a query before their types are final: a set operation, an INSERT or the end of the query has the last word on them. */
export interface Body {
  readonly items: readonly BodyItem[];
  /** The text, its columns named `c1`, `c2`, ..., each as `finish` wants it. */
  render(finish: Finish): string;
}

export interface BodyItem {
  readonly name: string;
  readonly bound: BoundExpression;
}

export type Finish = (bound: BoundExpression, index: number) => BoundExpression;

/** Where a query stands, and how those in it are bound: handed on, so that the files need not import one another in circles. */
export interface QueryScope {
  readonly binding: Binding;
  readonly surroundings: Surroundings;
  readonly bindNested: BindNested;
  bindBody(query: Query, how: QueryScope): Body;
}

/** The same rows with their columns finished around them; the text itself where there is nothing to finish. */
export function finished(sql: string, items: readonly BodyItem[], finish: Finish, binding: Binding): string {
  const alias = binding.alias("q");
  let changed = false;
  const columns = items.map(({ bound }, index) => {
    const column = `${alias}.c${index + 1}`;
    const whole = finish(bound, index);
    if (whole.sql === bound.sql) return `${column} AS c${index + 1}`;
    changed = true;
    const text = bound.origin === undefined ? finish({ ...bound, sql: column }, index).sql : whole.sql;
    return `${text} AS c${index + 1}`;
  });
  return changed ? `SELECT ${columns.join(", ")} FROM (${sql}) AS ${alias}` : sql;
}

/** The rows as a query inside another: what nothing has typed is VARCHAR. */
export function nestedOf(body: Body, binding: Binding): NestedQuery {
  const finish: Finish = (bound) => settled(bound, binding.context);
  const sql = body.render(finish);
  return { sql, columns: body.items.map((item, index) => columnOf(item, finish(item.bound, index))) };
}

export function columnOf(item: BodyItem, bound: BoundExpression): NestedQuery["columns"][number] {
  const table = bound.column?.table;
  return { name: item.name, type: bound.type, nullable: bound.nullable, ...(table === undefined ? {} : { table }) };
}
