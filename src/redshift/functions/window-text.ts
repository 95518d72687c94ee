/** OVER clauses, and the ORDER BY of ordered aggregates. */

import type { BoundExpression } from "../binder/bound.js";
import { settled } from "../binder/expressions/coerce.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { FrameBound, OrderItem, WindowSpec } from "../syntax/ast.js";
import type { CallSite } from "./entry.js";

export interface BoundText {
  readonly sql: string;
  readonly parts: readonly BoundExpression[];
}

/** NULL is the greatest value: last of an ascending order, first of a descending one. */
export function orderText(items: readonly OrderItem[], site: CallSite): BoundText {
  const parts = items.map((item) => settled(site.bind(item.expression), site.scope.context));
  const words = items.map((item, index) => {
    const nulls = item.nulls ?? (item.descending ? "first" : "last");
    return `${parts[index]!.sql}${item.descending ? " DESC" : " ASC"} NULLS ${nulls.toUpperCase()}`;
  });
  return { sql: words.join(", "), parts };
}

/** ` OVER (...)`. `frames`: whether the function looks at a frame, which Redshift then wants spelled out beside an ORDER BY. */
export function overText(window: WindowSpec, site: CallSite, frames: "needed" | "none"): BoundText {
  const partition = window.partitionBy.map((expression) => settled(site.bind(expression), site.scope.context));
  const order = orderText(window.orderBy, site);
  if (frames === "needed" && window.orderBy.length > 0 && window.frame === undefined) {
    throw new SqlError(
      SQL_STATE.featureNotSupported,
      "Aggregate window functions with an ORDER BY clause require a frame clause",
      {
        at: window.at,
        hint: "Add ROWS UNBOUNDED PRECEDING, or ROWS BETWEEN ... AND ....",
      },
    );
  }
  const pieces = [
    ...(partition.length === 0 ? [] : [`PARTITION BY ${partition.map((part) => part.sql).join(", ")}`]),
    ...(order.sql === "" ? [] : [`ORDER BY ${order.sql}`]),
    ...(window.frame === undefined || frames === "none" ? [] : [frameText(window.frame, site)]),
  ];
  return { sql: ` OVER (${pieces.join(" ")})`, parts: [...partition, ...order.parts] };
}

function frameText(frame: NonNullable<WindowSpec["frame"]>, site: CallSite): string {
  const start = boundText(frame.start, site);
  const end = frame.end === undefined ? "CURRENT ROW" : boundText(frame.end, site);
  return `${frame.unit.toUpperCase()} BETWEEN ${start} AND ${end}`;
}

function boundText(bound: FrameBound, site: CallSite): string {
  switch (bound.type) {
    case "unbounded-preceding":
      return "UNBOUNDED PRECEDING";
    case "unbounded-following":
      return "UNBOUNDED FOLLOWING";
    case "current-row":
      return "CURRENT ROW";
    default:
      return `${site.bind(bound.offset, { kind: "integer" }).sql} ${bound.type.toUpperCase()}`;
  }
}
