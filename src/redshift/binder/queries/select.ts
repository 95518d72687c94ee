import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Expression, OrderItem, Select } from "../../syntax/ast.js";
import { bindExpression } from "../expressions/bind-expression.js";
import { type Body, type Finish, finished, type QueryScope } from "./body.js";
import { bindCondition } from "./condition.js";
import { bindConnectBy } from "./connect-by.js";
import { expressionKey } from "./expression-key.js";
import { bindFrom } from "./from.js";
import { bindGrouping, checkGrouped, checkStarGrouped, type Grouping } from "./grouping.js";
import { newLevel, type ScopeOptions } from "./level.js";
import type { Level } from "./names.js";
import { nestedScope } from "./nested.js";
import { directionOf, type Limits, limitText, outputPosition } from "./order.js";
import { type BoundItem, bindItems } from "./select-items.js";
import { notePattern } from "./unsupported.js";

/** ORDER BY, LIMIT and OFFSET of the query that the SELECT is all of; empty where it is one side of a set operation. */
export interface Tail extends Limits {
  readonly orderBy: readonly OrderItem[];
}

/**
 * A SELECT. The select list is bound first, since its aliases may be used in WHERE, GROUP BY, HAVING and QUALIFY (where a column of FROM of the
 * same name goes first). Source: "SELECT list", "WHERE clause", usage notes.
 */
export function bindSelect(select: Select, tail: Tail, how: QueryScope): Body {
  const plain = bindFrom(select.from, how);
  const from = select.connectBy === undefined ? plain : bindConnectBy(select, select.connectBy, how);
  const { outer, commonTables } = how.surroundings;
  const level = newLevel({ sources: from.sources, columns: from.columns, outer, commonTables });
  const scope = (clause: string, may: Omit<ScopeOptions, "clause"> = {}) => nestedScope(level, how, { clause, ...may });
  const items = bindItems(select, level, scope("SELECT", { aggregates: true, windows: true }), how.binding);
  const where = select.where === undefined ? "" : ` WHERE ${bindCondition(select.where, scope("WHERE"))}`;
  const grouping = bindGrouping(select, items, { level, scope: scope("GROUP BY"), binding: how.binding });
  const having =
    select.having === undefined ? "" : ` HAVING ${bindCondition(select.having, scope("HAVING", { aggregates: true }))}`;
  const qualify =
    select.qualify === undefined
      ? ""
      : ` QUALIFY ${bindCondition(select.qualify, scope("QUALIFY", { aggregates: true, windows: true }))}`;
  if (grouping !== undefined) checkAllGrouped(select, items, grouping, level);
  const order = bindOrder(select, tail.orderBy, items, grouping, level, how);
  notePattern(how.binding, "skips a query", level.correlation.skippedAt);
  if (select.qualify !== undefined || items.some((item) => item.bound.window)) {
    notePattern(how.binding, "window function", level.correlation.outsideAt);
  }
  const limits = limitText(limitsOf(select, tail), (clause) => scope(clause));
  const render = (finish: Finish): string => {
    const columns = items.map((item, index) => `${finish(item.bound, index).sql} AS c${index + 1}`);
    const fromText = from.sql === "" ? "" : ` FROM ${from.sql}`;
    const groupBy = grouping?.render() ?? "";
    const distinct = select.distinct ? "DISTINCT " : "";
    return `SELECT ${distinct}${columns.join(", ")}${fromText}${where}${groupBy}${having}${qualify}${order}${limits}`;
  };
  return {
    items,
    render(finish) {
      if (!select.distinct && tail.orderBy.length === 0) return render(finish);
      // Rows are told apart, and ordered, as they are before anything is made of them. A literal is nothing before it is finished.
      const literals: Finish = (bound, index) => (bound.origin === undefined ? bound : finish(bound, index));
      const rest: Finish = (bound, index) => (bound.origin === undefined ? finish(bound, index) : bound);
      return finished(render(literals), items, rest, how.binding);
    },
  };
}

function limitsOf(select: Select, tail: Tail): Limits {
  if (select.top === undefined) return tail;
  if (tail.limit !== undefined) {
    throw new SqlError(SQL_STATE.syntaxError, "multiple LIMIT clauses not allowed", {
      at: select.top.at,
      hint: "TOP and LIMIT say the same: keep one of them.",
    });
  }
  return { limit: select.top, ...(tail.offset === undefined ? {} : { offset: tail.offset }) };
}

function checkAllGrouped(select: Select, items: readonly BoundItem[], grouping: Grouping, level: Level): void {
  for (const item of items) {
    if (item.expression === undefined) checkStarGrouped(item, grouping, level);
    else if (!grouping.keys.has(item.key)) checkGrouped(item.expression, grouping, level);
  }
  if (select.having !== undefined) checkGrouped(select.having, grouping, level);
  if (select.qualify !== undefined) checkGrouped(select.qualify, grouping, level);
}

function bindOrder(
  select: Select,
  orderBy: readonly OrderItem[],
  items: readonly BoundItem[],
  grouping: Grouping | undefined,
  level: Level,
  how: QueryScope,
): string {
  if (orderBy.length === 0) return "";
  const scope = nestedScope(level, how, { clause: "ORDER BY", aggregates: true, windows: true });
  const sqlOf = (expression: Expression): string => {
    if (grouping !== undefined) checkGrouped(expression, grouping, level);
    return bindExpression(expression, scope).sql;
  };
  const parts = orderBy.map((item) => {
    const position = outputPosition(item, items) ?? repeated(item, items, level);
    if (position !== undefined) return `${position + 1} ${directionOf(item)}`;
    const sql = sqlOf(item.expression);
    if (select.distinct) {
      throw new SqlError(
        SQL_STATE.invalidColumnReference,
        "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
        {
          at: item.at,
        },
      );
    }
    return `${sql} ${directionOf(item)}`;
  });
  return ` ORDER BY ${parts.join(", ")}`;
}

function repeated(item: OrderItem, items: readonly BoundItem[], level: Level): number | undefined {
  const key = expressionKey(item.expression, level);
  const found = items.findIndex((one) => one.key === key);
  return found === -1 ? undefined : found;
}
