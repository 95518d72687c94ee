import type { BoundExpression } from "../bound.js";
import type { Binding } from "./binding.js";

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

export const asItIs: Finish = (bound) => bound;

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
