import { expect, test } from "vitest";
import { openTestDatabase, WITH_SYSTEM } from "../support/database.js";

test("a function in SQL stands for its expression, and outlives a restart", async () => {
  const database = await openTestDatabase(WITH_SYSTEM);
  const session = await database.session();
  // The examples of Redshift's documentation.
  await session.run(
    "create function f_sql_greater (float, float) returns float stable as $$ select case when $1 > $2 then $1 else $2 end $$ language sql",
  );
  await session.run("create table sales (commission float, pricepaid float)");
  await session.run("insert into sales values (10, 5), (1, 2), (null, 4)");
  expect(
    await session.rows(
      "select f_sql_greater(commission, pricepaid * 0.20) from sales where commission is not null order by 1",
    ),
  ).toEqual(["1", "10"]);
  await session.run(
    "create function f_sql_commission (float, float) returns float stable as $$ select f_sql_greater ($1, $2) $$ language sql",
  );
  expect(await session.rows("select f_sql_commission(2, 3)")).toEqual(["3"]);
  await session.run(
    "CREATE OR REPLACE FUNCTION plus_one(int) RETURNS int IMMUTABLE AS $$ select $1 + 1; $$ LANGUAGE sql",
  );
  await session.run("create view v as select plus_one(n) as m from (select 1 as n) t");
  const again = await database.reopen();
  const later = await again.session();
  expect(await later.rows("select m, plus_one(plus_one(40)), sum(plus_one(1)) from v group by 1, 2")).toEqual([
    "2|42|2",
  ]);
  expect(
    await later.rows("select plus_one(n) from (select 3 as n union all select 1) t where plus_one(n) > 2"),
  ).toEqual(["4"]);
  expect(await later.rows("select plus_one($1)", ["7"])).toEqual(["8"]);
  expect(await later.rows("show functions from schema penstock.public like 'plus%'")).toEqual([
    "penstock|public|plus_one|1|integer|integer|NULL",
  ]);
  expect(
    await later.rows(
      "select n.nspname, p.proname, p.pronargs, p.provolatile, p.prosrc, pg_get_function_result(p.oid), pg_get_function_arguments(p.oid), l.lanname from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang where p.proname in ('plus_one', 'f_sql_greater') order by 2 desc",
    ),
  ).toEqual([
    "public|plus_one|1|i|select $1 + 1;|integer|integer|sql",
    "public|f_sql_greater|2|s|select case when $1 > $2 then $1 else $2 end|double precision|double precision, double precision|sql",
  ]);
  expect(
    await later.rows(
      "select schema_name, argument_type, result_type from svv_redshift_functions where function_name = 'plus_one'",
    ),
  ).toEqual(["public|integer|integer"]);
  expect(await later.rows("select max(plus_one(n)) over (), plus_one(max(n) over ()) from (select 5 as n) t")).toEqual([
    "6|6",
  ]);
});

test("functions of one name are told apart by their arguments' types, and by their schemas", async () => {
  const session = await (await openTestDatabase()).session();
  await session.run(
    "create schema s; create function s.f(int) returns varchar stable as $$ select 'number' $$ language sql",
  );
  await session.run("create function s.f(varchar) returns varchar stable as $$ select 'text ' || $1 $$ language sql");
  await session.run("create function s.f() returns date stable as $$ select '2024-01-31' $$ language sql");
  expect(await session.rows("select s.f(1), s.f('a'), s.f()")).toEqual(["number|text a|2024-01-31"]);
  expect(await session.error("select f(1)")).toContain("42883 function f(integer) does not exist");
  await session.run("set search_path to s");
  expect(await session.rows("select f(1::smallint), f(null::varchar)")).toEqual(["number|NULL"]);
  await session.run("drop function f(int)");
  expect(await session.error("select f(current_date, 1)")).toContain("42883 function f(date, integer) does not exist");
  expect(await session.error("drop function s.f(int)")).toBe("42883 function s.f(integer) does not exist");
  await session.run("alter schema s rename to t; set search_path to public");
  expect(await session.rows("select t.f('b')")).toEqual(["text b"]);
  expect(await session.error("drop schema t")).toContain("2BP01 cannot drop schema t");
  await session.run("drop schema t cascade");
  expect(await session.error("select t.f('b')")).toContain("42883");
});

test("what is wrong with a function is told when it is made", async () => {
  const session = await (await openTestDatabase()).session();
  const made = (rest: string) =>
    session.error(`create function g(int) returns int stable as $$ ${rest} $$ language sql`);
  expect(await made("select a from t")).toContain(
    "42P13 The body of a function in SQL must be a SELECT of one expression",
  );
  expect(await made("select $2")).toContain("42P02 there is no parameter $2");
  expect(await made("select x + $1")).toContain('42703 column "x" does not exist in g');
  expect(await made("select sum($1)")).toContain("aggregate functions are not allowed in the function g");
  expect(await made("select (select 1)")).toContain("0A000 a function in SQL cannot hold a query");
  expect(await made("select g($1)")).toContain("42883 function g(integer) does not exist");
  expect(await made("selec 1")).toContain("42601");
  expect(await session.error("create function abs(int) returns int stable as $$ select 1 $$ language sql")).toContain(
    "42723",
  );
  expect(
    await session.error("create function p(a int) returns int stable as $$ return a $$ language plpythonu"),
  ).toContain('0A000 CREATE FUNCTION in language "plpythonu" is not supported');
  expect(await session.error("create function p(a int) returns int stable as $$ select 1 $$ language sql")).toContain(
    "42601",
  );
  await session.run("create function g(int) returns int stable as $$ select $1 * 2 $$ language sql");
  expect(await made("select 1")).toContain('42723 function "g" already exists with same argument types');
  expect(
    await session.error(
      "create or replace function g(int) returns date stable as $$ select current_date $$ language sql",
    ),
  ).toContain("42P13 cannot change return type of existing function");
  await session.run("create or replace function g(int) returns int stable as $$ select g($1) $$ language sql");
  expect(await session.error("select g(1)")).toContain("54001");
  expect(await session.error("create procedure p() as $$ begin end $$ language plpgsql")).toContain(
    "0A000 CREATE PROCEDURE",
  );
});

test("a function is made and dropped with its transaction", async () => {
  const database = await openTestDatabase();
  const [one, other] = [await database.session(), await database.session()];
  await one.run("begin; create function h(int) returns int stable as $$ select $1 $$ language sql");
  expect(await one.rows("select h(5)")).toEqual(["5"]);
  expect(await other.error("select h(5)")).toContain("42883");
  await one.run("rollback");
  expect(await one.error("select h(5)")).toContain("42883");
  await one.run("create function h(int) returns int stable as $$ select $1 $$ language sql");
  expect(await other.rows("select h(5)")).toEqual(["5"]);
});
