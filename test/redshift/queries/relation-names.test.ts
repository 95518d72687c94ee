import { expect, test } from "vitest";
import { relationNames } from "../../../src/redshift/binder/queries/relation-names.js";
import { parseStatements } from "../../../src/redshift/syntax/parse.js";

function namesIn(sql: string): string[] {
  const [parsed] = parseStatements(sql);
  return relationNames(parsed!.statement).map(({ parts }) => parts.join("."));
}

test.each<[string, string[]]>([
  ["select * from a, public.b c join db.s.d using (x), (select 1 from e) f", ["a", "public.b", "db.s.d", "e"]],
  [
    "select (select x from a), exists (select 1 from b) from c where y in (select 1 from d) order by (select 1 from e)",
    ["a", "b", "c", "d", "e"],
  ],
  ["with a as (select * from t), b as (select * from a) select * from a, b, c", ["t", "c"]],
  ["with a as (select * from a) select * from a", ["a"]],
  ["with a as (select 1) select * from s.a", ["s.a"]],
  ["with recursive a(n) as (select 1 union all select n from a, t) select * from a", ["t"]],
  ["with a as (select * from b), b as (select 1) select * from b", ["b"]],
  ["select * from (with a as (select 1) select * from a) x, a", ["a"]],
  ["select 1 union select x from a union all (select y from b)", ["a", "b"]],
  ["select x from t, t.items i, i.parts", ["t", "t.items", "i.parts"]],
  ["select * into copy from a", ["copy", "a"]],
  ["insert into a (x) select y from b", ["a", "b"]],
  ["insert into a values (1, (select max(x) from b))", ["a", "b"]],
  [
    "with w as (select 1 from c) update a set x = (select y from b) from w, d where z in (select 1 from w)",
    ["c", "a", "b", "d"],
  ],
  ["delete from a using b where x in (select y from c)", ["a", "b", "c"]],
  ["merge into a using b on a.x = b.x when matched then delete when not matched then insert values (b.x)", ["a", "b"]],
  ["truncate a", ["a"]],
  ["create table a (x int references c (y), like b)", ["a", "c", "b"]],
  ["create table a (x int, foreign key (x) references s.c (y))", ["a", "s.c"]],
  ["create table a as select * from b", ["a", "b"]],
  ["create view v as select * from b", ["v", "b"]],
  ["create materialized view v as select * from b", ["v", "b"]],
  ["alter table a append from b", ["a", "b"]],
  ["drop table a, s.b", ["a", "s.b"]],
  ["copy a from 's3://bucket/x' iam_role default", ["a"]],
  ["unload ('select * from a join b on true') to 's3://bucket/x' iam_role default", ["a", "b"]],
  ["declare c cursor for select * from a", ["a"]],
  ["explain select * from a", ["a"]],
  ["prepare p as insert into a select * from b", ["a", "b"]],
  ["analyze a", ["a"]],
  ["vacuum a", ["a"]],
  ["lock table a, b", ["a", "b"]],
  ["comment on table a is 'x'", ["a"]],
  ["comment on column s.a.x is 'x'", ["s.a"]],
  ["select * from pg_get_late_binding_view_cols() x(a name)", ["pg_catalog.pg_get_late_binding_view_cols"]],
  ["show columns from table penstock.public.a", ["penstock.public.a"]],
  ["grant select on table a, s.b to public", ["a", "s.b"]],
  ["show tables from schema penstock.public", []],
  ["select 1", []],
  ["drop schema s", []],
  ["begin", []],
])("%s", (sql, names) => {
  expect(namesIn(sql).sort()).toEqual([...names].sort());
});
