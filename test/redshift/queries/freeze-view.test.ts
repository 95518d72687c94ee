import { afterAll, beforeAll, expect, test } from "vitest";
import { checkLateBinding, freezeView } from "../../../src/redshift/binder/queries/freeze-view.js";
import { parseQuery } from "../../../src/redshift/syntax/parse.js";
import { type Fixture, failure } from "./fixture.js";
import { openTables } from "./tables.js";

let tables: Fixture;
beforeAll(async () => {
  tables = await openTables();
});
afterAll(() => tables.close());

const frozen = (sql: string): string => freezeView(parseQuery(sql), sql, tables.context());

test.each([
  ["select 1 as a", "select 1 as a"],
  ["select * from venues", 'select "venues"."id", "venues"."name", "venues"."opened" from "public"."venues"'],
  [
    "select v . * -- all\n from venues v",
    'select "v"."id", "v"."name", "v"."opened" -- all\n from "public"."venues" v',
  ],
  [
    'SELECT "V".*, count(*) over () FROM VENUES AS v',
    'SELECT "v"."id", "v"."name", "v"."opened", count(*) over () FROM "public"."venues" AS v',
  ],
  ["select * exclude (opened) from venues", 'select "venues"."id", "venues"."name" from "public"."venues"'],
  ["select * from sales.venues", 'select "venues"."id", "venues"."region" from sales.venues'],
  [
    "select * from venues a join sales.venues b using (id)",
    'select "a"."id", "a"."name", "a"."opened", "b"."region" from "public"."venues" a join sales.venues b using (id)',
  ],
  [
    "select * from venues a full join sales.venues b using (id) order by 1",
    'select "id", "a"."name", "a"."opened", "b"."region" from "public"."venues" a full join sales.venues b using (id) order by 1',
  ],
  [
    "with n as (select * from numbers) select * from n",
    'with n as (select "numbers"."n", "numbers"."c1", "numbers"."r1" from "public"."numbers") select "n"."n", "n"."c1", "n"."r1" from n',
  ],
  ["select * from (select 1 as a, 2 as b)", 'select "a", "b" from (select 1 as a, 2 as b)'],
  [
    "select o.*, l from orders o, o.lines l",
    'select "o"."id", "o"."customer", "o"."lines", "o"."data", l from "public"."orders" o, o.lines l',
  ],
  ["select * from apple", 'select "apple"."ticker", "apple"."price" from "public"."apple"'],
  [
    "select n from numbers where n in (select id from venues)",
    'select n from "public"."numbers" where n in (select id from "public"."venues")',
  ],
])("%s", async (sql, expected) => {
  expect(frozen(sql)).toBe(expected);
  expect(await tables.query(frozen(sql))).toEqual(await tables.query(sql));
});

test("a view that cannot be bound is refused where it is wrong", async () => {
  const error = await failure(() => frozen("select nope from venues"));
  expect([error.state, error.message, error.at]).toEqual(["42703", 'column "nope" does not exist in venues', 7]);
});

test("a late-binding view names every relation with its schema", async () => {
  checkLateBinding(
    parseQuery("with t as (select * from public.venues) select * from t join sales.venues v on v.id = t.id"),
  );
  const error = await failure(() => checkLateBinding(parseQuery("select * from venues")));
  expect([error.state, error.at]).toEqual(["42P16", 14]);
});
