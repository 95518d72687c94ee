/** Statements as tools generate them: long chains, many columns, many parameters. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { bindQuery } from "../../../src/redshift/binder/queries/bind-query.js";
import { parseQuery } from "../../../src/redshift/syntax/parse.js";
import type { SqlType } from "../../../src/redshift/types.js";
import { type Fixture, failure } from "./fixture.js";
import { openTables } from "./tables.js";

let tables: Fixture;
beforeAll(async () => {
  tables = await openTables();
});
afterAll(() => tables.close());

test("a union of a thousand members is one list", async () => {
  const sql = Array.from(
    { length: 1000 },
    (_, index) => `select ${index} as n, ${index % 2 === 0 ? "null" : "'x'"} as t`,
  ).join(" union all ");
  const { columns, rows } = await tables.query(`select count(*), sum(n), count(t) from (${sql})`);
  expect([columns, rows]).toEqual([["count bigint", "sum bigint", "count bigint"], ["1000|499500|500"]]);
});

test("forty common tables, each of the one before", async () => {
  const chain = Array.from(
    { length: 40 },
    (_, index) => `t${index + 1} as (select n + 1 as n from ${index === 0 ? "numbers" : `t${index}`})`,
  ).join(", ");
  expect((await tables.query(`with ${chain} select max(n) from t40`)).rows).toEqual(["43"]);
});

test("two hundred select items that lean on one another, grouped", async () => {
  const items = Array.from({ length: 200 }, (_, index) => `max(c1) + ${index} as m${index}`).join(", ");
  const { rows } = await tables.query(`select n, ${items} from numbers group by n having m199 > 0 order by n limit 1`);
  expect(rows[0]?.split("|").slice(0, 3)).toEqual(["1", "10", "11"]);
});

test("views of views are bound to their depth, and no further", async () => {
  tables.view("view0", "select n from numbers");
  for (let depth = 1; depth <= 40; depth += 1) tables.view(`view${depth}`, `select * from view${depth - 1}`);
  expect((await tables.query("select sum(n) from view40")).rows).toEqual(["6"]);
  for (let depth = 41; depth <= 80; depth += 1) tables.view(`view${depth}`, `select * from view${depth - 1}`);
  expect((await failure(() => tables.query("select * from view80"))).state).toBe("42P17");
});

function bound(sql: string, parameters: (SqlType | undefined)[] = []) {
  const result = bindQuery(parseQuery(sql), tables.context(parameters));
  return { ...result, parameters };
}

test("parameters take their types from what they stand beside", () => {
  const { parameters, columns } = bound(
    "select $1, n + $2 from numbers join venues v on v.id = n where v.name = $3 and v.opened > $4 limit $5 offset $6",
  );
  expect(parameters.map((type) => type?.kind)).toEqual(["varchar", "integer", "varchar", "date", "bigint", "bigint"]);
  expect(columns.map(({ type }) => type.kind)).toEqual(["varchar", "integer"]);
});

test("parameters of a union take the type of its other members", () => {
  expect(bound("select $1 union all select n from numbers").parameters.map((type) => type?.kind)).toEqual(["integer"]);
  expect(bound("select $1 as a union all select $2").parameters.map((type) => type?.kind)).toEqual([
    "varchar",
    "varchar",
  ]);
});

test("a column knows the table that it comes from, through subqueries; a view's column is the view's", () => {
  const of = (sql: string) =>
    bound(sql).columns.map(({ table }) =>
      table === undefined ? undefined : `${table.schema}.${table.name}.${table.position}`,
    );
  expect(of("select opened, id, id + 1 from venues")).toEqual(["public.venues.3", "public.venues.1", undefined]);
  expect(of("select y from (select region as y from sales.venues) x")).toEqual(["sales.venues.2"]);
  expect(of("with t as (select name from venues) select name from t")).toEqual(["public.venues.2"]);
  expect(of("select price from apple")).toEqual(["public.apple.2"]);
  expect(of("select max(id) from venues")).toEqual([undefined]);
});

test("columns behind an outer join may be NULL, others not", () => {
  const nullable = (sql: string) => bound(sql).columns.map((column) => column.nullable);
  expect(nullable("select a.id, b.id from venues a left join venues b on a.id = b.id")).toEqual([false, true]);
  expect(nullable("select a.id, b.id from venues a right join venues b on a.id = b.id")).toEqual([true, false]);
  expect(nullable("select a.id, b.id from venues a full join venues b on a.id = b.id")).toEqual([true, true]);
  expect(nullable("select a.id, b.id from venues a join venues b on a.id = b.id")).toEqual([false, false]);
});

test("what is read is told, with what views look through", () => {
  const reads = (sql: string) =>
    bound(sql)
      .reads.map(({ name }) => name)
      .sort();
  expect(reads("select * from apple_twice")).toEqual(["apple", "apple_twice", "quotes"]);
  expect(reads("with t as (select * from numbers) select (select max(id) from venues) from t, t u")).toEqual([
    "numbers",
    "venues",
  ]);
  expect(reads("select 1")).toEqual([]);
});
