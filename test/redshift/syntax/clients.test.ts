import { expect, test } from "vitest";
import { parseStatements } from "../../../src/redshift/syntax/parse.js";

/** What clients send of their own accord, in their shapes: on connecting, to look around, and between a person's statements. */
const SENT: readonly (readonly [client: string, sql: string, verbs: string])[] = [
  [
    "psql \\d",
    `SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relname OPERATOR(pg_catalog.~) '^(t)$' COLLATE pg_catalog.default AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 2, 3;`,
    "SELECT",
  ],
  [
    "psql \\d, the table",
    `SELECT c.relchecks, c.relkind, c.relhasindex, c.relhasrules, c.relhastriggers, false, false, c.relhasoids, '', c.reltablespace,
       CASE WHEN c.reloftype = 0 THEN '' ELSE c.reloftype::pg_catalog.regtype::pg_catalog.text END
     FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_class tc ON (c.reltoastrelid = tc.oid) WHERE c.oid = '16384';`,
    "SELECT",
  ],
  [
    "psql \\d, its columns",
    `SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
       (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef),
       a.attnotnull, NULL AS attcollation, ''::pg_catalog.char AS attidentity
     FROM pg_catalog.pg_attribute a WHERE a.attrelid = '16384' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;`,
    "SELECT",
  ],
  [
    "psql \\dt",
    `SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' END as "Type",
       pg_catalog.pg_get_userbyid(c.relowner) as "Owner" FROM pg_catalog.pg_class c
     WHERE c.relkind IN ('r','p','') AND n.nspname !~ '^pg_toast' ORDER BY 1,2;`,
    "SELECT",
  ],
  ["psql \\copy", "COPY  t FROM STDIN with csv header", "COPY"],
  ["redshift_connector", "begin transaction", "BEGIN"],
  ["redshift_connector", "set client_encoding to 'utf8'; select version()", "SET SELECT"],
  ["JDBC, isValid", "", ""],
  ["JDBC", "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET"],
  [
    "JDBC, types",
    `SELECT typinput='array_in'::regproc, typtype FROM pg_catalog.pg_type LEFT JOIN (select ns.oid as nspoid, ns.nspname, r.r
       from pg_namespace as ns join ( select s.r, (current_schemas(false))[s.r] as nspname
       from generate_series(1, array_upper(current_schemas(false), 1)) as s(r) ) as r using ( nspname )) as sp ON sp.nspoid = typnamespace
     WHERE typname = $1 ORDER BY sp.r, pg_type.oid DESC LIMIT 1`,
    "SELECT",
  ],
  [
    "JDBC, columns",
    `SELECT * FROM (SELECT current_database()::VARCHAR(128) AS TABLE_CAT, n.nspname AS TABLE_SCHEM, ROW_NUMBER() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum,
       CASE typname WHEN 'text' THEN 12 ELSE -3 END AS DATA_TYPE, a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS notnull
     FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid)
     WHERE c.relname LIKE E't\\\\_x' ) WHERE true ORDER BY TABLE_SCHEM`,
    "SELECT",
  ],
  [
    "psycopg2",
    "SELECT t.oid, typarray FROM pg_type t JOIN pg_namespace ns ON typnamespace = ns.oid WHERE typname = 'hstore'",
    "SELECT",
  ],
  ["SQLAlchemy", "select pg_catalog.version()", "SELECT"],
  ["SQLAlchemy", "show transaction isolation level", "SHOW"],
  [
    "SQLAlchemy, constraints",
    `SELECT t.oid AS "table_oid", pg_get_constraintdef(t.oid) AS condef, array_agg(a.attname) FROM pg_catalog.pg_constraint t
     JOIN pg_catalog.pg_attribute a ON t.conrelid = a.attrelid AND a.attnum = ANY(t.conkey) WHERE (t.conrelid, 1) = (a.attrelid, a.attnum)`,
    "SELECT",
  ],
  [
    "SQLAlchemy, late-binding views",
    "SELECT view_schema FROM pg_get_late_binding_view_cols() cols(view_schema name, view_name name, col_name name, col_type varchar, col_num int) WHERE 1 = 1",
    "SELECT",
  ],
  [
    "asyncpg",
    `WITH RECURSIVE typeinfo_tree(oid, ns, depth) AS (SELECT ti.oid, ti.ns, 0 FROM (SELECT 1 AS oid, 'x' AS ns) AS ti WHERE ti.oid = any($1::oid[])
     UNION ALL SELECT ti.oid, ti.ns, tt.depth + 1 FROM typeinfo ti, typeinfo_tree tt) SELECT DISTINCT *, basetype::regtype::text AS n FROM typeinfo_tree ORDER BY depth DESC`,
    "SELECT",
  ],
  ["psqlODBC", 'BEGIN;declare "SQL_CUR0" cursor for select 1;fetch 100 in "SQL_CUR0"', "BEGIN DECLARE CURSOR FETCH"],
  ["psqlODBC", 'DEALLOCATE "_PLAN0x1"', "DEALLOCATE"],
  [
    "dbt, a model",
    `/* {"app": "dbt", "node_id": "model.x"} */
      create  table "penstock"."public"."m__dbt_tmp" diststyle even compound sortkey(a) as ( select 1 as a );`,
    "CREATE TABLE AS",
  ],
  ["dbt, a view", 'create view "penstock"."public"."v" as ( select 1 as id ) with no schema binding;', "CREATE VIEW"],
  [
    "dbt, renames",
    'alter table "penstock"."public"."m" rename to "m__dbt_backup"; drop table if exists "penstock"."public"."m__dbt_backup" cascade',
    "ALTER TABLE DROP TABLE",
  ],
  [
    "dbt, a snapshot",
    `update "penstock"."public"."s" set dbt_valid_to = DBT_INTERNAL_SOURCE.dbt_valid_to from "s__dbt_tmp" as DBT_INTERNAL_SOURCE
     where DBT_INTERNAL_SOURCE.dbt_scd_id::text = "penstock"."public"."s".dbt_scd_id::text and "penstock"."public"."s".dbt_valid_to is null`,
    "UPDATE",
  ],
  [
    "dbt, a merge",
    `merge into "penstock"."public"."m" using "m__dbt_tmp" as DBT_INTERNAL_SOURCE on DBT_INTERNAL_SOURCE.id = m.id
     when matched then update set "a" = DBT_INTERNAL_SOURCE."a" when not matched then insert ("id", "a") values (DBT_INTERNAL_SOURCE."id", DBT_INTERNAL_SOURCE."a")`,
    "MERGE",
  ],
  ["dbt", "select pg_terminate_backend(123); set role x", "SELECT SET"],
  ["Metabase", "SET TIMEZONE TO 'UTC'", "SET"],
  [
    "Metabase",
    "-- Metabase:: userID: 1 queryType: native\nSELECT QUOTE_LITERAL('x'), HAS_SCHEMA_PRIVILEGE('s', 'USAGE')",
    "SELECT",
  ],
  ["Tableau", 'SELECT * FROM (select 1 as a) "Custom SQL Query" WHERE 1=0 LIMIT 0', "SELECT"],
  ["Tableau", 'CREATE LOCAL TEMPORARY TABLE "#Tableau_1" ("X" INTEGER)', "CREATE TABLE"],
  ["Tableau", 'FETCH 10000 in "SQL_CUR1"', "FETCH"],
];

test.for(SENT)("%s", ([, sql, verbs]) => {
  expect(
    parseStatements(sql)
      .map(({ verb }) => verb)
      .join(" "),
  ).toBe(verbs);
});
