import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { CommonTable, Query, QueryBody } from "../../syntax/ast.js";
import { type SqlType, typeText } from "../../types.js";
import type { BoundExpression } from "../bound.js";
import { coerce, commonType } from "../expressions/bind-expression.js";
import { settled } from "../expressions/coerce.js";
import type { NestedQuery } from "./binding.js";
import { type Body, type Finish, nestedOf, type QueryScope } from "./body.js";
import type { CommonRelation } from "./names.js";
import { relationNamesOfQuery } from "./relation-names.js";

export interface BoundWith {
  /** `WITH RECURSIVE q1 AS (...), q2 AS (...) `; empty where there is none. */
  readonly sql: string;
  readonly how: QueryScope;
}

/** WITH: each table sees those before it, and those of the queries around. */
export function bindWith(tables: readonly CommonTable[], recursive: boolean, how: QueryScope): BoundWith {
  if (tables.length === 0) return { sql: "", how };
  const commonTables = new Map(how.surroundings.commonTables);
  const own = new Set<string>();
  const texts: string[] = [];
  let isRecursive = false;
  for (const table of tables) {
    if (own.has(table.name)) {
      throw new SqlError("42712", `WITH query name "${table.name}" specified more than once`, { at: table.at });
    }
    own.add(table.name);
    const inner = { ...how, surroundings: { ...how.surroundings, commonTables: new Map(commonTables) } };
    const readsItself = recursive && readsTable(table.query, table.name);
    isRecursive ||= readsItself;
    const sql = how.binding.alias("q");
    const bound = readsItself
      ? bindRecursive(table, sql, inner)
      : nestedOf(inner.bindBody(table.query, inner), how.binding);
    texts.push(`${sql} AS (${bound.sql})`);
    commonTables.set(table.name, { sql, columns: renamed(table, bound.columns) });
  }
  return {
    sql: `WITH ${isRecursive ? "RECURSIVE " : ""}${texts.join(", ")} `,
    how: { ...how, surroundings: { ...how.surroundings, commonTables } },
  };
}

function readsTable(query: Query, name: string): boolean {
  return relationNamesOfQuery(query).some(({ parts }) => parts.length === 1 && parts[0] === name);
}

function renamed(table: CommonTable, columns: NestedQuery["columns"]): CommonRelation["columns"] {
  const names = table.columns ?? [];
  if (names.length > columns.length) {
    throw new SqlError(
      SQL_STATE.invalidColumnReference,
      `WITH query "${table.name}" has ${columns.length} columns available but ${names.length} columns specified`,
      { at: table.at },
    );
  }
  return columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }));
}

/**
 * Members that do not read the table itself are the start, the others are repeated. Types are the start's; where a repeated member's are wider
 * (`level + 1` as BIGINT), all are bound again with these.
 */
function bindRecursive(table: CommonTable, sql: string, how: QueryScope): NestedQuery {
  if (table.columns === undefined) {
    throw new SqlError(
      SQL_STATE.syntaxError,
      `recursive common table expression "${table.name}" must have a column list`,
      {
        at: table.at,
        hint: `Write WITH RECURSIVE ${table.name}(column, ...) AS (...).`,
      },
    );
  }
  const { query } = table;
  if (query.orderBy.length > 0 || query.limit !== undefined || query.offset !== undefined) {
    throw new SqlError(
      SQL_STATE.featureNotSupported,
      "ORDER BY, LIMIT and OFFSET are not supported in a recursive query",
      {
        at: query.at,
        hint: "Order and limit the query that reads the recursive table.",
      },
    );
  }
  const members = membersOf(query.body, table);
  const isRepeated = (member: QueryBody) => readsTable(asQuery(member), table.name);
  const start = members.filter((member) => !isRepeated(member)).map((member) => how.bindBody(asQuery(member), how));
  const repeated = members.filter(isRepeated);
  const [first] = start;
  if (first === undefined || repeated.length === 0) throw notRecursive(table);
  const { context } = how.binding;
  let types: readonly SqlType[] = first.items.map((_, index) =>
    settledType(
      commonType(
        start.map((body) => itemOf(body, index, table)),
        "UNION",
      ),
      first.items[index]!.bound,
      how,
    ),
  );
  const bindRepeated = (): readonly Body[] => {
    const columns = first.items.map((item, index) => ({
      name: table.columns?.[index] ?? item.name,
      type: types[index]!,
      nullable: true,
    }));
    const commonTables = new Map(how.surroundings.commonTables).set(table.name, { sql, columns });
    return repeated.map((member) =>
      how.bindBody(asQuery(member), { ...how, surroundings: { ...how.surroundings, commonTables } }),
    );
  };
  let bodies = bindRepeated();
  const aggregate = bodies.flatMap(({ items }) => items).find(({ bound }) => bound.aggregate);
  if (aggregate !== undefined) {
    throw new SqlError("42P19", "aggregate functions are not allowed in a recursive query's recursive term", {
      at: aggregate.bound.at,
      hint: "Aggregate in the query that reads the recursive table.",
    });
  }
  const wider = types.map((type, index) =>
    commonType([typed(type, first.items[index]!.bound), ...bodies.map((body) => itemOf(body, index, table))], "UNION"),
  );
  if (wider.some((type, index) => typeText(type) !== typeText(types[index]!))) {
    types = wider;
    bodies = bindRepeated();
  }
  const finish: Finish = (bound, index) => coerce(bound, types[index]!, "explicit", context);
  const render = (body: Body): string => `(${body.render(finish)})`;
  return {
    sql: `${start.map(render).join(" UNION ALL ")} UNION ALL ${repeatedText(bodies.map(render))}`,
    columns: first.items.map((item, index) => ({ name: item.name, type: types[index]!, nullable: true })),
  };
}

function repeatedText(members: readonly string[]): string {
  return members.length === 1 ? members[0]! : `(${members.join(" UNION ALL ")})`;
}

function settledType(type: SqlType, bound: BoundExpression, how: QueryScope): SqlType {
  return type.kind === "unknown" ? settled({ ...bound, type }, how.binding.context).type : type;
}

function typed(type: SqlType, bound: BoundExpression): BoundExpression {
  const { origin: _gone, untyped: _settled, ...rest } = bound;
  return { ...rest, type };
}

function itemOf(body: Body, index: number, table: CommonTable): BoundExpression {
  const item = body.items[index];
  if (item === undefined || body.items.length < (table.columns?.length ?? 0)) {
    throw new SqlError(SQL_STATE.syntaxError, "each UNION query must have the same number of columns", {
      at: table.at,
    });
  }
  return item.bound;
}

function membersOf(body: QueryBody, table: CommonTable): readonly QueryBody[] {
  if (body.kind !== "set-operation") return [body];
  if (body.operator !== "union" || !body.all) throw notRecursive(table);
  return [...membersOf(body.left, table), ...membersOf(body.right, table)];
}

function asQuery(body: QueryBody): Query {
  if (body.kind === "select-query") return body;
  return { kind: "select-query", with: [], recursive: false, body, orderBy: [], at: body.at };
}

function notRecursive(table: CommonTable): SqlError {
  return new SqlError(
    "42P19",
    `recursive query "${table.name}" does not have the form non-recursive-term UNION ALL recursive-term`,
    {
      at: table.at,
    },
  );
}
