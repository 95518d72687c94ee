/** Window functions. Source: Redshift's "Window functions". */

import type { BoundExpression } from "../binder/bound.js";
import { notZero } from "../binder/expressions/arithmetic.js";
import { coerce, settled } from "../binder/expressions/coerce.js";
import { commonType } from "../binder/expressions/common-type.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { SqlType } from "../types.js";
import { BIGINT, type CallSite, DOUBLE, type EntryOptions, type FunctionEntry, familyOf } from "./entry.js";
import { overText } from "./window-text.js";

const { special } = familyOf("window");
const window = (names: string, bind: (site: CallSite) => BoundExpression, options: EntryOptions = {}) =>
  special(names, bind, { ...options, kind: "window" });

export const WINDOW_FUNCTIONS: readonly FunctionEntry[] = [
  ...window("row_number", (site) => windowed(site, [], "row_number()", BIGINT, "none")),
  ...window("rank", (site) => windowed(site, [], "rank()", BIGINT, "none")),
  ...window("dense_rank", (site) => windowed(site, [], "dense_rank()", BIGINT, "none")),
  ...window("percent_rank", (site) => windowed(site, [], "percent_rank()", DOUBLE, "none")),
  ...window("cume_dist", (site) => windowed(site, [], "cume_dist()", DOUBLE, "none")),
  ...window("ntile", (site) => {
    const tiles = coerce(argument(site, 0), BIGINT, "assignment", site.scope.context);
    return windowed(site, [tiles], `ntile(${tiles.sql})`, BIGINT, "none");
  }),
  ...window("lag", (site) => neighbour(site, "lag")),
  ...window("lead", (site) => neighbour(site, "lead")),
  ...window("first_value", (site) => edge(site, "first_value")),
  ...window("last_value", (site) => edge(site, "last_value")),
  ...window("nth_value", (site) => edge(site, "nth_value")),
  ...window("ratio_to_report", (site) => {
    const value = coerce(argument(site, 0), DOUBLE, "assignment", site.scope.context);
    const total = windowed(site, [value], `sum(${value.sql})`, DOUBLE, "none");
    return { ...total, sql: `(${value.sql} / ${notZero(total.sql, total)})` };
  }),
];

function argument(site: CallSite, index: number): BoundExpression {
  const arg = site.call.args[index];
  if (arg === undefined) {
    throw new SqlError(
      SQL_STATE.undefinedFunction,
      `function ${site.name} needs ${index + 1} arguments, ${site.call.args.length} were given`,
      { at: site.at },
    );
  }
  return site.bind(arg);
}

function windowed(
  site: CallSite,
  args: readonly BoundExpression[],
  sql: string,
  type: SqlType,
  frames: "needed" | "none",
): BoundExpression {
  const over = overText(site.call.over!, site, frames);
  const parts = [...args, ...over.parts];
  return {
    sql: `${sql}${over.sql}`,
    type,
    at: site.at,
    aggregate: parts.some((part) => part.aggregate),
    window: true,
    nullable: args.length > 0,
  };
}

function ignoring(site: CallSite): string {
  return site.call.nulls === "ignore" ? " IGNORE NULLS" : "";
}

function neighbour(site: CallSite, name: "lag" | "lead"): BoundExpression {
  const { context } = site.scope;
  const value = settled(argument(site, 0), context);
  const offset = site.call.args.length > 1 ? coerce(argument(site, 1), BIGINT, "assignment", context) : undefined;
  const otherwise = site.call.args.length > 2 ? argument(site, 2) : undefined;
  const type = otherwise === undefined ? value.type : commonType([value, otherwise], name.toUpperCase());
  const first = coerce(value, type, "implicit", context).sql;
  const last = otherwise === undefined ? "" : `, ${coerce(otherwise, type, "implicit", context).sql}`;
  const parts = [value, ...(offset === undefined ? [] : [offset])];
  return windowed(
    site,
    parts,
    `${name}(${first}${offset === undefined ? "" : `, ${offset.sql}`}${last}${ignoring(site)})`,
    type,
    "none",
  );
}

function edge(site: CallSite, name: "first_value" | "last_value" | "nth_value"): BoundExpression {
  const { context } = site.scope;
  const value = settled(argument(site, 0), context);
  const nth = name === "nth_value" ? coerce(argument(site, 1), BIGINT, "assignment", context) : undefined;
  return windowed(
    site,
    [value],
    `${name}(${value.sql}${nth === undefined ? "" : `, ${nth.sql}`}${ignoring(site)})`,
    value.type,
    "needed",
  );
}
