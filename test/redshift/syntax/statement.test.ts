import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SqlError } from "../../../src/redshift/sql-error.js";
import type { Statement } from "../../../src/redshift/syntax/ast.js";
import { parseStatements } from "../../../src/redshift/syntax/parse.js";

/** What a statement's tree must hold, and no more than that. */
const STATEMENTS: readonly (readonly [sql: string, verb: string, tree: object])[] = [
  ["select 1", "SELECT", { kind: "query-statement" }],
  ["(select 1) union all (select 2) limit 1", "SELECT", { query: { body: { operator: "union", all: true } } }],
  [
    "select 1 union select 2 intersect select 3",
    "SELECT",
    { query: { body: { operator: "union", right: { operator: "intersect" } } } },
  ],
  ["select 1 minus select 2", "SELECT", { query: { body: { operator: "except" } } }],
  ["select top 5 a from t", "SELECT", { query: { body: { top: { value: { text: "5" } } } } }],
  ["select distinct a from t", "SELECT", { query: { body: { distinct: true } } }],
  [
    'select a as b, c d, e "F" from t',
    "SELECT",
    { query: { body: { items: [{ alias: "b" }, { alias: "d" }, { alias: "f" }] } } },
  ],
  [
    "select * exclude (a, b) from t",
    "SELECT",
    { query: { body: { items: [{ expression: { exclude: ["a", "b"] } }] } } },
  ],
  [
    "select a from t x, u as y (b, c)",
    "SELECT",
    { query: { body: { from: [{ alias: { name: "x" } }, { alias: { name: "y", columns: ["b", "c"] } }] } } },
  ],
  [
    "select 1 from a left outer join b on a.x = b.x cross join c",
    "SELECT",
    { query: { body: { from: [{ type: "cross", left: { type: "left" } }] } } },
  ],
  [
    "select 1 from a join (b join c using (x)) using (x, y)",
    "SELECT",
    { query: { body: { from: [{ using: ["x", "y"], right: { using: ["x"] } }] } } },
  ],
  ["select 1 from a natural join b", "SELECT", { query: { body: { from: [{ natural: true }] } } }],
  ["select a from (select 1 as a)", "SELECT", { query: { body: { from: [{ kind: "table-query", lateral: false }] } } }],
  [
    "select * from o, o.lines as l at i",
    "SELECT",
    { query: { body: { from: [{}, { name: { parts: ["o", "lines"] }, alias: { name: "l" }, atAlias: "i" }] } } },
  ],
  [
    "select * from o, unpivot o.attrs as v at k",
    "SELECT",
    { query: { body: { from: [{}, { kind: "object-unpivot", valueAlias: "v", nameAlias: "k" }] } } },
  ],
  [
    "select * from generate_series(1, 3) as n",
    "SELECT",
    { query: { body: { from: [{ kind: "table-function", alias: { name: "n" } }] } } },
  ],
  [
    "select * from f() t(a int, b text)",
    "SELECT",
    { query: { body: { from: [{ columns: [{ name: "a" }, { name: "b" }] }] } } },
  ],
  [
    "select * from t pivot (sum(a) for b in ('x' as x, 'y')) p",
    "SELECT",
    { query: { body: { from: [{ kind: "pivot", values: [{ alias: "x" }, {}], alias: { name: "p" } }] } } },
  ],
  [
    "select * from t unpivot include nulls (v for n in (a, b as c))",
    "SELECT",
    { query: { body: { from: [{ kind: "unpivot", includeNulls: true, valueColumn: "v", nameColumn: "n" }] } } },
  ],
  [
    "select a, count(*) from t group by 1 having count(*) > 1 qualify row_number() over () = 1",
    "SELECT",
    { query: { body: { groupBy: [{}], having: {}, qualify: {} } } },
  ],
  ["select a from t group by all", "SELECT", { query: { body: { groupByAll: true } } }],
  [
    "select a from t group by rollup (a, (b, c)), grouping sets ((a), ())",
    "SELECT",
    {
      query: {
        body: {
          groupBy: [
            { type: "rollup", sets: [[{}], [{}, {}]] },
            { type: "sets", sets: [[{}], []] },
          ],
        },
      },
    },
  ],
  [
    "select a from t start with a = 1 connect by prior a = b",
    "SELECT",
    { query: { body: { connectBy: { startWith: {} } } } },
  ],
  [
    "select a from t order by a desc nulls last, b limit 10 offset 5",
    "SELECT",
    { query: { orderBy: [{ descending: true, nulls: "last" }, { descending: false }], limit: {}, offset: {} } },
  ],
  ["select a from t offset 5 limit all", "SELECT", { query: { offset: {} } }],
  [
    "with recursive a (n) as (select 1 union all select n + 1 from a) select * from a",
    "SELECT",
    { query: { recursive: true, with: [{ name: "a", columns: ["n"] }] } },
  ],
  [
    "select * into temp table x from t",
    "SELECT",
    { query: { body: { into: { temporary: true, name: { parts: ["x"] } } } } },
  ],
  [
    "insert into s.t (a, b) values (1, default), ($1, 'x')",
    "INSERT",
    {
      columns: ["a", "b"],
      source: {
        body: {
          kind: "values",
          rows: [
            [{}, { kind: "default" }],
            [{}, {}],
          ],
        },
      },
    },
  ],
  ["insert into t (select * from u)", "INSERT", { source: {} }],
  ["insert into t default values", "INSERT", { source: undefined }],
  [
    "update t set a = 1, t.b = default from u x where x.id = t.id",
    "UPDATE",
    { set: [{ column: "a" }, { column: "b", value: { kind: "default" } }], from: [{}], where: {} },
  ],
  ["with c as (select 1) update t set a = 1", "UPDATE", { with: [{ name: "c" }] }],
  ["delete from t using u where t.a = u.a", "DELETE", { using: [{}] }],
  ["delete t", "DELETE", { table: { parts: ["t"] } }],
  [
    "merge into t using s on t.a = s.a when matched then update set b = s.b when not matched then insert (a) values (s.a)",
    "MERGE",
    { matched: { action: "update" }, notMatched: { columns: ["a"] }, removeDuplicates: false },
  ],
  [
    "merge into t using (select 1 as a) s on t.a = s.a when not matched then insert values (s.a) when matched then delete",
    "MERGE",
    { matched: { action: "delete" } },
  ],
  ["merge into t using s on t.a = s.a remove duplicates", "MERGE", { removeDuplicates: true }],
  ["truncate table s.t", "TRUNCATE", { table: { parts: ["s", "t"] } }],
  [
    "create table if not exists t (id bigint identity(0, 1) primary key, a varchar(max) encode zstd distkey, b decimal(10, 2) default 1 not null sortkey, unique (a), foreign key (b) references u (x)) backup no",
    "CREATE TABLE",
    {
      ifNotExists: true,
      elements: [
        { name: "id", identity: { seed: 0, step: 1, byDefault: false }, primaryKey: true },
        { name: "a", type: { max: true }, encode: "zstd", distKey: true },
        { name: "b", notNull: true, sortKey: true, default: {} },
        { element: "constraint", constraint: { type: "unique" } },
        { element: "constraint", constraint: { type: "foreign-key", references: { columns: ["x"] } } },
      ],
      attributes: { backup: false },
    },
  ],
  [
    "create table t (a int) diststyle key distkey (a) interleaved sortkey (a, b) encode auto",
    "CREATE TABLE",
    {
      attributes: {
        distStyle: "key",
        distKey: "a",
        sortKey: { style: "interleaved", columns: ["a", "b"] },
        encodeAuto: true,
      },
    },
  ],
  ["create table t (a int) sortkey auto", "CREATE TABLE", { attributes: { sortKey: { style: "auto" } } }],
  [
    "create table #t (a int generated by default as identity (5, 2))",
    "CREATE TABLE",
    { temporary: true, elements: [{ identity: { seed: 5, step: 2, byDefault: true } }] },
  ],
  [
    "create temp table t (like u including defaults, b int)",
    "CREATE TABLE",
    { temporary: true, elements: [{ element: "like", includingDefaults: true }, {}] },
  ],
  [
    "create table t diststyle all sortkey (a) as select 1 as a",
    "CREATE TABLE AS",
    { attributes: { distStyle: "all" } },
  ],
  ["create table t (a, b) as (select 1, 2)", "CREATE TABLE AS", { columns: ["a", "b"] }],
  [
    "create or replace view v (x) as select 1 with no schema binding",
    "CREATE VIEW",
    { orReplace: true, lateBinding: true, queryText: "select 1", columns: ["x"] },
  ],
  [
    "create materialized view m backup no auto refresh yes sortkey (a) as select 1 as a",
    "CREATE MATERIALIZED VIEW",
    { autoRefresh: true, attributes: { backup: false, sortKey: {} } },
  ],
  ["refresh materialized view m", "REFRESH MATERIALIZED VIEW", {}],
  [
    "create schema if not exists s authorization u quota 5 gb",
    "CREATE SCHEMA",
    { name: "s", authorization: "u", quota: "5 gb" },
  ],
  [
    "create external schema e from data catalog database 'd' iam_role default create external database if not exists",
    "CREATE EXTERNAL SCHEMA",
    { from: "data catalog", options: { DATABASE: "d", IAM_ROLE: "default" }, createDatabase: true },
  ],
  [
    "create external table e.t (a int) partitioned by (d date) stored as parquet location 's3://b/p/'",
    "CREATE EXTERNAL TABLE",
    { storedAs: "parquet", location: "s3://b/p/", partitionedBy: [{ name: "d" }] },
  ],
  [
    "drop table if exists a, s.b cascade",
    "DROP TABLE",
    { object: "table", ifExists: true, behavior: "cascade", names: [{}, {}] },
  ],
  ["drop materialized view m", "DROP MATERIALIZED VIEW", { object: "materialized-view" }],
  [
    "alter table t add column c int not null default 0",
    "ALTER TABLE",
    { action: { type: "add-column", column: { name: "c", notNull: true } } },
  ],
  [
    "alter table t drop c restrict",
    "ALTER TABLE",
    { action: { type: "drop-column", column: "c", behavior: "restrict" } },
  ],
  ["alter table t rename column a to b", "ALTER TABLE", { action: { type: "rename-column", column: "a", to: "b" } }],
  ["alter table t rename to u", "ALTER TABLE", { action: { type: "rename-table", to: "u" } }],
  [
    "alter table t alter column c type varchar(20)",
    "ALTER TABLE",
    { action: { type: "alter-type", to: { args: [20] } } },
  ],
  [
    "alter table t alter column a encode zstd, alter column b encode raw",
    "ALTER TABLE",
    { action: { type: "alter-encode", columns: [{ encode: "zstd" }, { encode: "raw" }] } },
  ],
  [
    "alter table t alter distkey a, alter sortkey (a, b)",
    "ALTER TABLE",
    { action: { type: "alter-attributes", attributes: { distKey: "a", sortKey: { columns: ["a", "b"] } } } },
  ],
  ["alter table t append from u filltarget", "ALTER TABLE", { action: { type: "append", fillTarget: true } }],
  [
    "alter table t add constraint k primary key (a)",
    "ALTER TABLE",
    { action: { type: "add-constraint", constraint: { name: "k" } } },
  ],
  ["alter schema s rename to r", "ALTER SCHEMA", { action: { type: "rename", to: "r" } }],
  [
    "copy t (a, b) from 's3://b/p' iam_role default format as parquet manifest",
    "COPY",
    {
      columns: ["a", "b"],
      from: "s3://b/p",
      options: [
        { name: "iam_role", values: ["default"] },
        { name: "format", values: ["parquet"] },
        { name: "parquet", values: [] },
        { name: "manifest" },
      ],
    },
  ],
  [
    "copy t from 's3://b/p' iam_role 'r' csv quote as '\"' delimiter '|' ignoreheader 1 null as 'NA' maxerror as 10 gzip statupdate off dateformat 'auto' region 'eu-central-1'",
    "COPY",
    {
      options: [
        { name: "iam_role", values: ["r"] },
        { name: "csv" },
        { name: "quote", values: ['"'] },
        { name: "delimiter", values: ["|"] },
        { name: "ignoreheader", values: [1] },
        { name: "null", values: ["NA"] },
        { name: "maxerror", values: [10] },
        { name: "gzip", values: [] },
        { name: "statupdate", values: [false] },
        { name: "dateformat", values: ["auto"] },
        { name: "region", values: ["eu-central-1"] },
      ],
    },
  ],
  [
    "copy t from 's3://b' credentials 'k' json 'auto ignorecase'",
    "COPY",
    { options: [{ name: "credentials" }, { name: "json", values: ["auto ignorecase"] }] },
  ],
  [
    "copy t from 's3://b' iam_role default format csv job create j auto off",
    "COPY JOB CREATE",
    { name: "j", auto: false, copy: { from: "s3://b" } },
  ],
  ["copy job run j", "COPY JOB RUN", { action: "run", name: "j" }],
  [
    "copy t (a) from stdin with (format csv, header true, delimiter ';')",
    "COPY",
    {
      kind: "copy-stdio",
      direction: "in",
      options: [
        { name: "format", values: ["csv"] },
        { name: "header", values: [true] },
        { name: "delimiter", values: [";"] },
      ],
    },
  ],
  ["copy (select 1) to stdout csv header", "COPY", { kind: "copy-stdio", direction: "out", query: {} }],
  [
    "unload ('select * from t where a = ''x''') to 's3://b/' iam_role default parquet partition by (a, b) include maxfilesize 100 mb parallel off",
    "UNLOAD",
    {
      queryText: "select * from t where a = 'x'",
      options: [
        {},
        { name: "parquet" },
        { name: "partition by", values: ["a", "b", true] },
        { name: "maxfilesize", values: [100, "mb"] },
        { name: "parallel", values: [false] },
      ],
    },
  ],
  ["unload ($$select 'x'$$) to 's3://b/' iam_role default", "UNLOAD", { queryText: "select 'x'" }],
  [
    "begin transaction isolation level serializable, read only",
    "BEGIN",
    { action: "begin", isolation: "serializable", readOnly: true },
  ],
  ["start transaction read write", "BEGIN", { readOnly: false }],
  ["end work", "COMMIT", { action: "commit" }],
  ["abort", "ROLLBACK", { action: "rollback" }],
  ["set search_path to a, \"B\", 'c'", "SET", { name: "search_path", values: ["a", "b", "c"] }],
  [
    "set session characteristics as transaction isolation level read committed",
    "SET",
    { name: "default_transaction_isolation", values: ["read committed"] },
  ],
  ["set local statement_timeout = 100", "SET", { local: true, values: ["100"] }],
  ["set time zone 'Europe/Berlin'", "SET", { name: "timezone", values: ["Europe/Berlin"] }],
  ["set a.b to default", "SET", { name: "a.b", values: undefined }],
  ["reset all", "RESET", { name: undefined }],
  ["show search_path", "SHOW", { kind: "show", name: "search_path" }],
  [
    "show tables from schema d.s like 'x%' limit 5",
    "SHOW",
    { kind: "show-objects", object: "tables", from: { parts: ["d", "s"] }, like: "x%", limit: 5 },
  ],
  ["show grants on table s.t for role r", "SHOW", { object: "grants", from: { parts: ["s", "t"] } }],
  ["show grants for role r", "SHOW", { object: "grants", from: { parts: ["r"] } }],
  [
    "show parameters of procedure d.s.p(int, varchar(10))",
    "SHOW",
    { object: "parameters", from: { parts: ["d", "s", "p"] } },
  ],
  ["declare c no scroll cursor for select 1", "DECLARE CURSOR", { name: "c" }],
  ["fetch forward 10 from c", "FETCH", { count: 10, name: "c" }],
  ["fetch all c", "FETCH", { count: "all" }],
  ["close c", "CLOSE", { name: "c" }],
  [
    "prepare p (int, varchar(10)) as select $1, $2",
    "PREPARE",
    { types: [{}, { args: [10] }], statementText: "select $1, $2" },
  ],
  ["execute p (1, 'x')", "EXECUTE", { args: [{}, {}] }],
  ["deallocate prepare p", "DEALLOCATE", { name: "p" }],
  ["explain verbose insert into t select 1", "EXPLAIN", { verbose: true, statement: { kind: "insert" } }],
  ["analyze t (a, b)", "ANALYZE", { columns: ["a", "b"] }],
  ["analyze compression t comprows 1000", "ANALYZE COMPRESSION", { compRows: 1000 }],
  ["vacuum sort only t to 75 percent", "VACUUM", { mode: "sort only", table: { parts: ["t"] } }],
  ["comment on column s.t.c is 'x'", "COMMENT", { object: "column", name: { parts: ["s", "t", "c"] }, text: "x" }],
  [
    "grant select, insert on all tables in schema s to group g, public",
    "GRANT",
    {
      privileges: ["select", "insert"],
      object: { type: "schema" },
      grantees: [{ type: "group", name: "g" }, { type: "public" }],
    },
  ],
  ["revoke usage on schema s from u", "REVOKE", { object: { type: "schema" } }],
  ["create user u password 'x' createdb", "CREATE USER", { action: "create", object: "user", name: "u" }],
  ["lock t", "LOCK TABLE", {}],
  ["cancel 123 'why'", "CANCEL", { processId: 123 }],
  ["call p (1, 'x')", "CALL", { args: [{}, {}] }],
  [
    "create function f (int) returns int stable as $$ select 1; $$ language sql",
    "CREATE FUNCTION",
    { kind: "create-function", orReplace: false, volatility: "stable", body: " select 1; " },
  ],
  ["/* partner: x */ select 1 -- end", "SELECT", {}],
  [
    "select #s.a from #s where #s.b = 1 # 2",
    "SELECT",
    { query: { body: { items: [{ expression: { parts: ["#s", "a"] } }], where: { right: { operator: "#" } } } } },
  ],
  ["select date with_it from t", "SELECT", { query: { body: { items: [{ alias: "with_it" }] } } }],
  [
    "select a start, b connect, c at, d over, e within from t start with a = 1 connect by prior a = b",
    "SELECT",
    {
      query: {
        body: {
          items: [{ alias: "start" }, { alias: "connect" }, { alias: "at" }, { alias: "over" }, { alias: "within" }],
          connectBy: { startWith: {}, condition: { left: { operator: "prior" } } },
        },
      },
    },
  ],
  [
    "select t.*, count(u.*) from t, u",
    "SELECT",
    { query: { body: { items: [{ expression: { kind: "star" } }, {}] } } },
  ],
  ["select * from t as a qualify rank() over (order by b) = 1", "SELECT", { query: { body: { qualify: {} } } }],
  [
    "with recursive c as (select 1) delete from t using c where t.a = c.a",
    "DELETE",
    { recursive: true, with: [{ name: "c" }] },
  ],
  [
    "create view v as select date with no schema binding",
    "CREATE VIEW",
    { lateBinding: true, queryText: "select date" },
  ],
  [
    "create external table e.t (a struct<x:int,y:array<varchar(10)>>, m map<int,int>) row format serde 'x' with serdeproperties ('a'='b') stored as inputformat 'i' outputformat 'o' location 's3://b/p/' table properties ('numRows'='1')",
    "CREATE EXTERNAL TABLE",
    {
      columns: [
        { name: "a", type: { name: "struct", nested: "<x:int,y:array<varchar(10)>>" } },
        { name: "m", type: { name: "map", nested: "<int,int>" } },
      ],
      rowFormat: "row format serde 'x' with serdeproperties ('a'='b')",
      storedAs: "inputformat 'i' outputformat 'o'",
      properties: { numRows: "1" },
    },
  ],
  [
    "create external schema k from kinesis iam_role 'arn:aws:iam::1:role/r' authentication none port 5432",
    "CREATE EXTERNAL SCHEMA",
    { from: "kinesis", options: { IAM_ROLE: "arn:aws:iam::1:role/r", AUTHENTICATION: "none", PORT: "5432" } },
  ],
  [
    "alter table e.t add if not exists partition (d='1', e=2) location 's3://a' partition (d='2') location 's3://b'",
    "ALTER TABLE",
    {
      action: {
        type: "add-partition",
        ifNotExists: true,
        values: { d: "1", e: "2" },
        more: [{ values: { d: "2" }, location: "s3://b" }],
      },
    },
  ],
  ["alter table e.t set location 's3://x'", "ALTER TABLE SET LOCATION", { kind: "unsupported" }],
  ["attach rls policy p on t to role r", "ATTACH", { kind: "unsupported" }],
  ["desc datashare d", "DESC", { kind: "unsupported" }],
  [
    "grant execute on function s.f(int, varchar(10)), g() to role r with grant option, group h",
    "GRANT",
    {
      object: { type: "function", names: [{ parts: ["s", "f"] }, { parts: ["g"] }] },
      grantees: [{ type: "role" }, { type: "group" }],
    },
  ],
  ["grant role a to role b", "GRANT", { privileges: ["role a"], grantees: [{ type: "role", name: "b" }] }],
  ["grant select (a, b), update on t to public", "GRANT", { privileges: ["select", "update"] }],
  ["grant select for tables in schema s to role r", "GRANT", { object: { type: "schema", names: [{ parts: ["s"] }] } }],
  ["grant assumerole on 'arn:x' to u for copy, unload", "GRANT", { object: { type: "iam role" } }],
  ["revoke all on all functions in schema s from u cascade", "REVOKE", { privileges: ["all"] }],
  [
    "copy t from 's3://b' iam_role default null as '\\N' delimiter as '\\t' encoding utf16le quote '\\''",
    "COPY",
    {
      options: [
        {},
        { name: "null", values: ["\\N"] },
        { name: "delimiter", values: ["\\t"] },
        { name: "encoding", values: ["utf16le"] },
        { name: "quote", values: ["'"] },
      ],
    },
  ],
  ["set transaction read only", "SET", { name: "transaction_read_only", values: ["on"], local: true }],
];

describe("a statement is read", () => {
  test.for(STATEMENTS)("%s", ([sql, verb, tree]) => {
    const parsed = parseStatements(sql);
    expect(parsed).toHaveLength(1);
    expect(parsed[0]!.verb).toBe(verb);
    expect(parsed[0]!.statement as Statement).toMatchObject(tree);
  });
});

test("a text is cut into its statements, each with its own text and its highest parameter", () => {
  const parsed = parseStatements(" select $2, $1 ;; -- nothing\n insert into t values (';');");
  expect(parsed.map(({ sql, at, parameters }) => [sql, at, parameters])).toEqual([
    ["select $2, $1", 1, 2],
    ["insert into t values (';')", 30, 0],
  ]);
  expect(parseStatements(" -- nothing\n ; ")).toEqual([]);
});

describe("what is no statement is refused, with its place", () => {
  test.for([
    ["selec 1", 'syntax error at or near "selec"', 0],
    ["select from t", 'syntax error at or near "from"', 7],
    ["select", "syntax error at end of input", 6],
    ["select 1 union", "syntax error at end of input", 14],
    ["select (1", "syntax error at end of input", 9],
    ["select a from b c d", 'syntax error at or near "d"', 18],
    ["select user_id from order", 'syntax error at or near "order"', 20],
    ["select 'x", 'unterminated quoted string at or near "\'x"', 7],
    ['select "x', 'unterminated quoted identifier at or near ""x"', 7],
    ["select /* x", 'unterminated /* comment at or near "/*"', 7],
    ['select ""', 'zero-length delimited identifier at or near """"', 7],
    ["select $0", "there is no parameter $0", 7],
    ["create index i on t (a); select 1", 'SQL command "create index i on t (a)" not supported on Redshift tables.', 0],
    ["insert into t values (1) on conflict do nothing", "ON CONFLICT is not supported by Redshift", 25],
    ["insert into t values (1) returning a", "RETURNING is not supported by Redshift", 25],
    ["select count(*) filter (where a) from t", "FILTER is not supported by Redshift", 16],
    ["select * from t, lateral (select 1) x", "LATERAL is not supported by Redshift", 17],
    ["select * from (values (1)) t", "VALUES in FROM is not supported by Redshift", 15],
    ["select distinct on (a) a from t", "SELECT DISTINCT ON is not supported", 16],
    ["savepoint a", 'SQL command "SAVEPOINT" not supported.', 0],
    ["with a as (select 1) insert into t select 1", 'syntax error at or near "insert"', 21],
    ["select 1 + * from t", 'syntax error at or near "*"', 11],
    ["select t.* + 1 from t", 'syntax error at or near "+"', 11],
    ["select a < b < c", 'syntax error at or near "<"', 13],
    ["select a like b like c", 'syntax error at or near "like"', 16],
    ["select timestamp, b from t", 'syntax error at or near ","', 16],
    ["create table t (tag int)", 'syntax error at or near "tag"', 16],
    ["create table t (a int) as t", 'syntax error at or near "as"', 23],
    ["create or replace table t (a int)", 'syntax error at or near "table"', 18],
    ["select 1 from t as left", 'syntax error at or near "left"', 19],
    ["select $32768", "there is no parameter $32768", 7],
    ["select 1 limit 5, 10", "LIMIT #,# syntax is not supported", 16],
    ["select '\\0'", "a text cannot hold the NUL character", 7],
    ["create sequence s", 'SQL command "create sequence s" not supported on Redshift tables.', 0],
    ["create table t (a int generated always as identity(1, 1))", "GENERATED ALWAYS is not supported by Redshift", 22],
    ["create table t (a int identity)", 'syntax error at or near ")"', 30],
    ["explain explain select 1", 'syntax error at or near "explain"', 8],
    ["prepare p as prepare q as select 1", 'syntax error at or near "prepare"', 13],
    ["unload ('select ''x'', a from t where , b') to 's3://b/'", 'syntax error at or near ","', 38],
    ["unload ('select \\'x\\' from t wher 1') to 's3://b/'", 'syntax error at or near "1"', 34],
    ["unload ($$select 1 from where$$) to 's3://b/'", 'syntax error at or near "where"', 24],
    ["unload ('select ''x') to 's3://b/'", 'unterminated quoted string at or near "\'x"', 16],
    ["create table t (a int[])", "columns of array types are not supported by Redshift", 18],
    ["create table t (a serial)", 'type "serial" is not supported by Redshift', 18],
    ["create table t (a int check (a > 1))", "CHECK constraints are not supported by Redshift", 22],
    ["merge into t x using s on true remove duplicates", "the target table of MERGE takes no alias", 13],
    ["unload ('select 1') to 's3://b/' iam_role default x y z", undefined, undefined],
    ["select a.b.c.d.e.f.* from t", undefined, undefined],
  ] as const)("%s", ([sql, message, at]) => {
    if (message === undefined) {
      // Left to the binder, or to the statement's own checks: the text as such can be read.
      expect(parseStatements(sql)).toHaveLength(1);
      return;
    }
    let error: unknown;
    try {
      parseStatements(sql);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(SqlError);
    expect(error).toMatchObject({ message, at });
  });
});

test("nesting has a bound, length has none", () => {
  for (const deep of ["(".repeat(20_000), "not ".repeat(20_000), "- ".repeat(20_000), "case when ".repeat(5_000)]) {
    expect(() => parseStatements(`select ${deep}1`)).toThrow(SqlError);
  }
  const many = Array.from({ length: 20_000 }, (_, index) => index);
  const chain = many.map((n) => `a = ${n}`).join(" or ");
  expect(parseStatements(`select * from t where ${chain} and b in (${many.join(", ")})`)).toHaveLength(1);
  expect(parseStatements(`select ${many.join(" || ")}`)).toHaveLength(1);
  expect(parseStatements(`insert into t values ${many.map((n) => `(${n}, 'x')`).join(", ")}`)).toHaveLength(1);
  // These make a tree as high as they are long.
  expect(parseStatements(`select ${many.slice(0, 350).join(" + ")}`)).toHaveLength(1);
  for (const high of [many.join(" + "), `a${"::int".repeat(20_000)}`, `a${"[0]".repeat(20_000)}`]) {
    expect(() => parseStatements(`select ${high}`)).toThrow("a chain of operations is too long");
  }
  expect(() => parseStatements(`select 1 from a${" join b on true".repeat(20_000)}`)).toThrow("too long");
  expect(() => parseStatements("explain ".repeat(20_000))).toThrow(SqlError);
});

test("two thousand queries may be united, and no more", () => {
  const united = (count: number) => Array<string>(count).fill("select 1").join(" union all ");
  expect(parseStatements(united(2_000))).toHaveLength(1);
  expect(() => parseStatements(united(2_001))).toThrow("too many queries are united");
  expect(parseStatements(`${united(2_000)}; ${united(2_000)}`)).toHaveLength(2);
});

test("many long chains in one statement are refused, for planning cannot be stopped; one by one they are read", () => {
  const chain = Array<string>(300).fill("1").join(" + ");
  const chains = (count: number, between: string) => Array<string>(count).fill(chain).join(between);
  expect(() => parseStatements(`select ${chains(20, ", ")}`)).toThrow("too many of its parts are nested deeply");
  expect(parseStatements(`select ${chains(20, "; select ")}`)).toHaveLength(20);
  const rows = Array<string>(20_000).fill("(1 + 2 * 3, 'x', abs(-4))").join(", ");
  expect(parseStatements(`insert into t values ${rows}`)).toHaveLength(1);
});

test("the time that a text takes grows with its length, and no faster", () => {
  const fastest = (parts: number) => {
    const sql = `select ${Array.from({ length: parts }, (_, n) => `f(a${n}, 'x') as c${n}`).join(", ")} from t where a in (${"1, ".repeat(parts)}1)`;
    return Math.min(
      ...Array.from({ length: 7 }, () => {
        const begin = performance.now();
        parseStatements(sql);
        return performance.now() - begin;
      }),
    );
  };
  fastest(1_000);
  expect(fastest(16_000) / fastest(1_000)).toBeLessThan(100);
});

test("a text beyond sixteen megabytes is refused before it is read", () => {
  expect(() => parseStatements(`select '${"x".repeat(16 * 1024 * 1024)}'`)).toThrow("longer than 16 MB");
});

test("whatever tokens come in whatever order, the answer is a tree or an error of SQL", () => {
  const words = [...new Set(STATEMENTS.flatMap(([sql]) => sql.match(/'[^']*'|[a-z_0-9#$]+|\S/g) ?? []))];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words), { maxLength: 30 }), (soup) => {
      try {
        parseStatements(soup.join(" "));
      } catch (error) {
        expect(error).toBeInstanceOf(SqlError);
      }
    }),
    { numRuns: 3_000 },
  );
});

test("whatever signs come in whatever order, the answer is a tree or an error of SQL with a place in the text", () => {
  const sign = fc.constantFrom(
    ..."aeE1 .,;()[]'\"$\\\\-+*/<>=:#%|~!@{}\n\té😀\u00a0".split(""),
    "--",
    "/*",
    "*/",
    "$$",
    "::",
    "''",
  );
  fc.assert(
    fc.property(fc.array(sign, { maxLength: 40 }), (signs) => {
      const sql = `select ${signs.join("")}`;
      try {
        for (const one of parseStatements(sql)) expect(sql.slice(one.at, one.at + one.sql.length)).toBe(one.sql);
      } catch (error) {
        expect(error).toBeInstanceOf(SqlError);
        const { at } = error as SqlError;
        expect(at).toBeGreaterThanOrEqual(0);
        expect(at).toBeLessThanOrEqual(sql.length);
      }
    }),
    { numRuns: 3_000 },
  );
});
