import { expect, test } from "vitest";
import { openSystemDatabase, SHOP } from "./system-database.js";

test("tables, views, keys and materialized views are classes", async () => {
  const { run, rows } = await openSystemDatabase();
  await run(SHOP);
  expect(
    await rows(
      `select c.relname, c.relkind, c.reldiststyle, c.relnatts, c.relhaspkey, n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'shop' order by 1`,
    ),
  ).toEqual([
    "daily|v|0|2|false|shop",
    "large|v|0|2|false|shop",
    "late|v|0|0|false|shop",
    "lines|r|8|3|false|shop",
    "lines_order_id_n_key|i|0|2|false|shop",
    "mv_tbl__daily__0|r|10|2|false|shop",
    "orders|r|1|5|true|shop",
    "orders_pkey|i|0|1|false|shop",
  ]);
});

test("columns have their types, encodings, keys and defaults", async () => {
  const { run, rows } = await openSystemDatabase();
  await run(SHOP);
  expect(
    await rows(
      `select attname, format_type(atttypid, atttypmod), attnotnull, attisdistkey, attsortkeyord, format_encoding(attencodingtype::integer)
       from pg_attribute where attrelid = 'shop.orders'::regclass and attnum > 0 and not attisdropped order by attnum`,
    ),
  ).toEqual([
    "id|integer|true|true|2|none",
    "name|character varying(64)|false|false|0|zstd",
    "amount|numeric(12,2)|false|false|0|az64",
    "placed|timestamp without time zone|false|false|1|none",
    "doc|super|false|false|0|zstd",
  ]);
  expect(
    await rows(
      `select a.attname, pg_get_expr(d.adbin, d.adrelid) from pg_attribute a join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where a.attrelid = 'shop.lines'::regclass order by a.attnum`,
    ),
  ).toEqual([expect.stringMatching(/^n\|"identity"\(\d+, 1, '1,1'::text\)$/), "note|'none'"]);
  expect(
    await rows(
      `select column_name, is_nullable, data_type, character_maximum_length, numeric_precision, numeric_scale from information_schema.columns
       where table_schema = 'shop' and table_name = 'orders' order by ordinal_position`,
    ),
  ).toEqual([
    "id|NO|integer|NULL|32|0",
    "name|YES|character varying|64|NULL|NULL",
    "amount|YES|numeric|NULL|12|2",
    "placed|YES|timestamp without time zone|NULL|NULL|NULL",
    "doc|YES|super|NULL|NULL|NULL",
  ]);
});

test("users go by their numbers", async () => {
  const { rows } = await openSystemDatabase();
  expect(
    await rows("select usename, pg_get_userbyid(usesysid), pg_get_userbyid(4711) from pg_user order by usesysid"),
  ).toEqual(["rdsdb|rdsdb|unknown (OID=4711)", "penstock|penstock|unknown (OID=4711)"]);
});

test("keys are told by columns' numbers, by names and as text", async () => {
  const { run, rows } = await openSystemDatabase();
  await run(SHOP);
  expect(
    await rows("select conname, contype, conkey, confkey, pg_get_constraintdef(oid) from pg_constraint order by 1"),
  ).toEqual([
    "lines_order_id_fkey|f|1|1|FOREIGN KEY (order_id) REFERENCES shop.orders(id)",
    "lines_order_id_n_key|u|1,2|NULL|UNIQUE (order_id, n)",
    "orders_pkey|p|1|NULL|PRIMARY KEY (id)",
  ]);
  expect(
    await rows(
      "select constraint_name, column_name, ordinal_position from information_schema.key_column_usage where table_name = 'lines' order by 1, 3",
    ),
  ).toEqual(["lines_order_id_fkey|order_id|1", "lines_order_id_n_key|order_id|1", "lines_order_id_n_key|n|2"]);
  expect(await rows("select unique_constraint_name from information_schema.referential_constraints")).toEqual([
    "orders_pkey",
  ]);
  expect(await rows("select pg_get_indexdef(indexrelid) from pg_index where indisprimary")).toEqual([
    "CREATE UNIQUE INDEX orders_pkey ON shop.orders USING btree (id)",
  ]);
});

test("views have their texts, late-binding and materialized ones in Redshift's form", async () => {
  const { run, rows } = await openSystemDatabase();
  await run(SHOP);
  expect(await rows("select viewname, definition from pg_views where schemaname = 'shop' order by 1")).toEqual([
    expect.stringMatching(/^daily\|create materialized view shop\.daily as \(.*group by placed\);$/s),
    "large|select id, name from shop.orders where amount > 100;",
    "late|create view shop.late as select id, amount from shop.orders with no schema binding;",
  ]);
  expect(await rows("select pg_get_viewdef('shop.large'::regclass, true)")).toEqual([
    "select id, name from shop.orders where amount > 100;",
  ]);
  expect(
    await rows(
      "select distinct r.ev_class::regclass from pg_depend d join pg_rewrite r on r.oid = d.objid where d.refobjid = 'shop.orders'::regclass order by 1",
    ),
  ).toEqual(["shop.daily", "shop.large"]);
});

test("columns of late-binding views are those that a query would find now", async () => {
  const { run, rows } = await openSystemDatabase();
  await run(SHOP);
  const columns =
    "select column_name, column_type from pg_get_late_binding_view_cols() cols(table_schema name, table_name name, column_name name, column_type varchar, n int) where table_name = 'late' order by n";
  expect(await rows(columns)).toEqual(["id|integer", "amount|numeric(12,2)"]);
  expect(await rows("select column_name from svv_columns where table_name = 'late' order by ordinal_position")).toEqual(
    ["id", "amount"],
  );
  expect(await rows("select count(*) from information_schema.columns where table_name = 'late'")).toEqual(["0"]);
  await run("drop table shop.orders cascade");
  expect(await rows(columns)).toEqual([]);
});

test("comments are found by object and by column", async () => {
  const { run, rows } = await openSystemDatabase();
  await run(SHOP);
  expect(
    await rows("select obj_description('shop.orders'::regclass), col_description('shop.orders'::regclass, 2)"),
  ).toEqual(["what was ordered|who ordered"]);
  expect(await rows("select objsubid, description from pg_description order by 1")).toEqual([
    "0|what was ordered",
    "2|who ordered",
  ]);
});

test("SVV_TABLE_INFO has the stored attributes of tables that have rows", async () => {
  const { run, rows } = await openSystemDatabase();
  await run(SHOP);
  const info = `select "table", encoded, diststyle, sortkey1, sortkey1_enc, sortkey_num, max_varchar, tbl_rows from svv_table_info where "schema" = 'shop' order by 1`;
  expect(await rows(info)).toEqual([]);
  await run(
    "insert into shop.orders (id, name) values (1, 'a'), (2, 'b'); insert into shop.lines (order_id) values (1)",
  );
  expect(await rows(info)).toEqual([
    "lines|Y, AUTO(ENCODE)|ALL|AUTO(SORTKEY)|NULL|0|256|1",
    "orders|Y|KEY(id)|placed|none|2|64|2",
  ]);
});

test("PG_TABLE_DEF shows what is on the search path, and temporary tables", async () => {
  const { run, rows } = await openSystemDatabase();
  await run(`${SHOP}; create temp table basket (item varchar(10) not null)`);
  const definition =
    'select tablename, "column", type, encoding, distkey, sortkey, "notnull" from pg_table_def where schemaname <> \'pg_catalog\' order by 1, 2';
  expect(await rows(definition)).toEqual(["basket|item|character varying(10)|lzo|false|0|true"]);
  await run("set search_path to shop");
  expect(await rows(`${definition} limit 2`)).toEqual([
    "basket|item|character varying(10)|lzo|false|0|true",
    "daily|amount|numeric(38,2)|az64|false|0|false",
  ]);
});

test("a table is visible where its schema is on the search path and no other of its name stands before it", async () => {
  const { run, rows } = await openSystemDatabase();
  await run("create schema a; create schema b; create table a.t (x int); create table b.t (x int)");
  const visible =
    "select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where relname = 't' and pg_table_is_visible(c.oid) order by 1";
  expect(await rows(visible)).toEqual([]);
  await run("set search_path to b, a");
  expect(await rows(visible)).toEqual(["b"]);
  expect(await rows("select 't'::regclass::oid = 'b.t'::regclass::oid, 'a.t'::regclass")).toEqual(["true|a.t"]);
  await run("create temp table t (y int)");
  expect(await rows(visible)).toEqual([expect.stringMatching(/^pg_temp_\d+$/)]);
});

test("names that are no relation or type are refused", async () => {
  const { rows, error } = await openSystemDatabase();
  expect(
    await rows("select 'integer'::regtype::oid, 1043::oid::regtype, 1259::oid::regclass, 0::oid::regclass"),
  ).toEqual(["23|character varying|pg_class|-"]);
  expect(await error("select 'nowhere'::regclass::oid")).toBe('42P01 relation "nowhere" does not exist');
  expect(await error("select 'nothing'::regtype::oid")).toBe('42704 type "nothing" does not exist');
});
