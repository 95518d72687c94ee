import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Query, QueryBody, SetOperation } from "../../syntax/ast.js";
import type { BoundExpression } from "../bound.js";
import { coerce, commonType } from "../expressions/bind-expression.js";
import { settled } from "../expressions/coerce.js";
import type { Binding, BindNested } from "./binding.js";
import { type Body, type BodyItem, type Finish, finished, nestedOf, type QueryScope } from "./body.js";
import { newLevel } from "./level.js";
import { nestedScope } from "./nested.js";
import { limitText, orderByOutput } from "./order.js";
import { bindSelect, type Tail } from "./select.js";
import { bindWith } from "./with.js";

/** A query inside another: literals that nothing has typed become VARCHAR. */
export const bindNested: BindNested = (query, binding, surroundings) => {
  refuseInto(query.body);
  return nestedOf(bindBody(query, { binding, surroundings, bindNested, bindBody }), binding);
};

/** What a statement's own query stands in: nothing. */
export function outermost(binding: Binding): QueryScope {
  return { binding, surroundings: { commonTables: new Map(), outer: undefined }, bindNested, bindBody };
}

export function bindBody(query: Query, around: QueryScope): Body {
  const bound = bindWith(query.with, query.recursive, around);
  const tail: Tail = {
    orderBy: query.orderBy,
    ...(query.limit === undefined ? {} : { limit: query.limit }),
    ...(query.offset === undefined ? {} : { offset: query.offset }),
  };
  const body =
    query.body.kind === "select" ? bindSelect(query.body, tail, bound.how) : withTail(query.body, tail, bound.how);
  return bound.sql === "" ? body : { items: body.items, render: (finish) => bound.sql + body.render(finish) };
}

function withTail(body: QueryBody, tail: Tail, how: QueryScope): Body {
  const bare = bindMember(body, how);
  const order = orderByOutput(tail.orderBy, bare.items);
  const { outer, commonTables } = how.surroundings;
  const level = newLevel({ sources: [], columns: [], outer, commonTables });
  const limits = limitText(tail, (clause) => nestedScope(level, how, { clause }));
  if (order === "" && limits === "") return bare;
  const alias = how.binding.alias("q");
  return {
    items: bare.items,
    render: (finish) => `SELECT * FROM (${bare.render(finish)}) AS ${alias}${order}${limits}`,
  };
}

function bindMember(body: QueryBody, how: QueryScope): Body {
  switch (body.kind) {
    case "select":
      return bindSelect(body, { orderBy: [] }, how);
    case "select-query":
      return bindBody(body, how);
    case "set-operation":
      return bindSetOperation(body, how);
    case "values":
      throw new SqlError(SQL_STATE.syntaxError, 'syntax error at or near "values"', {
        at: body.at,
        hint: "VALUES stands in INSERT alone; elsewhere write SELECT ... UNION ALL SELECT ....",
      });
  }
}

/** A chain of the same operation is one: a thousand members of UNION ALL are as deep as two. */
function bindSetOperation(operation: SetOperation, how: QueryScope): Body {
  const members = chainOf(operation).map((member) => bindMember(member, how));
  const [first] = members;
  const what = operation.operator.toUpperCase();
  if (operation.all && operation.operator !== "union") {
    throw new SqlError(SQL_STATE.featureNotSupported, `${what} ALL is not supported`, {
      at: operation.at,
      hint: `${what} without ALL tells rows apart; to count repeated ones, number them by ROW_NUMBER() first.`,
    });
  }
  for (const member of members) {
    if (member.items.length !== first!.items.length) {
      throw new SqlError(SQL_STATE.syntaxError, `each ${what} query must have the same number of columns`, {
        at: operation.at,
      });
    }
  }
  const types = first!.items.map((_, index) =>
    commonType(
      members.map((member) => member.items[index]!.bound),
      what,
    ),
  );
  const items = first!.items.map((item, index): BodyItem => {
    const nullable = members.some((member) => member.items[index]!.bound.nullable);
    const isNull = members.every((member) => member.items[index]!.bound.origin?.kind === "null");
    const bound: BoundExpression = {
      ...(isNull ? { origin: { kind: "null" as const } } : {}),
      sql: `c${index + 1}`,
      type: types[index]!,
      at: item.bound.at,
      aggregate: false,
      window: false,
      nullable,
    };
    return { name: item.name, bound };
  });
  const { context } = how.binding;
  // NULLs alone are VARCHAR to DuckDB, and still bend to whatever type an INSERT wants.
  const unify: Finish = (bound, index) =>
    types[index]!.kind === "unknown" ? settled(bound, context) : coerce(bound, types[index]!, "implicit", context);
  const word = `${what}${operation.all ? " ALL" : ""}`;
  return {
    items,
    render(finish) {
      const sql = members.map((member) => `(${member.render(unify)})`).join(` ${word} `);
      return finished(sql, items, finish, how.binding);
    },
  };
}

/** Members from left to right. All of these operators work from the left, so a chain on that side is one list. */
function chainOf(operation: SetOperation): readonly QueryBody[] {
  const members: QueryBody[] = [operation.right];
  let left = operation.left;
  while (left.kind === "set-operation" && left.operator === operation.operator && left.all === operation.all) {
    members.push(left.right);
    left = left.left;
  }
  return [left, ...members.reverse()];
}

function refuseInto(body: QueryBody): void {
  if (body.kind === "select" && body.into !== undefined) {
    throw new SqlError(SQL_STATE.syntaxError, "SELECT INTO is not allowed here", {
      at: body.into.name.at,
      hint: "Only the outermost query can be kept in a table.",
    });
  }
}
