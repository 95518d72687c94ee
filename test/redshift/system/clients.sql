What clients ask. A block is a client, its statement, and the rows that must come where they are given.

-- psql \dt
SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'i' THEN 'index' END as "Type",
  pg_catalog.pg_get_userbyid(c.relowner) as "Owner"
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE c.relkind IN ('r','p','') AND n.nspname OPERATOR(pg_catalog.~) '^(shop)$' AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast'
ORDER BY 1,2
=> shop|lines|table|penstock
=> shop|mv_tbl__daily__0|table|penstock
=> shop|orders|table|penstock

-- psql \d, the relation
SELECT c.oid > 0, n.nspname, c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname OPERATOR(pg_catalog.~) '^(orders)$' COLLATE pg_catalog.default AND n.nspname OPERATOR(pg_catalog.~) '^(shop)$' COLLATE pg_catalog.default
ORDER BY 2, 3
=> true|shop|orders

-- psql \d, what it is
SELECT c.relchecks, c.relkind, c.relhasindex, c.relhasrules, c.relhastriggers, false, false, c.relhasoids, false as relispartition,
  pg_catalog.array_to_string(c.reloptions || array(select 'toast.' || x from pg_catalog.unnest(tc.reloptions) x), ', '),
  c.reltablespace, CASE WHEN c.reloftype = 0 THEN '' ELSE c.reloftype::pg_catalog.regtype::pg_catalog.text END, c.relpersistence
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_class tc ON (c.reltoastrelid = tc.oid) WHERE c.oid = 'shop.orders'::regclass

-- psql \d, columns
SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
  (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef),
  a.attnotnull,
  (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation
FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'shop.orders'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
=> id|integer|NULL|true|NULL
=> name|character varying(64)|NULL|false|NULL
=> amount|numeric(12,2)|NULL|false|NULL
=> placed|timestamp without time zone|NULL|false|NULL
=> doc|super|NULL|false|NULL

-- psql \d, indexes
SELECT c2.relname, i.indisprimary, i.indisunique, i.indisclustered, i.indisvalid, pg_catalog.pg_get_indexdef(i.indexrelid, 0, true),
  pg_catalog.pg_get_constraintdef(con.oid, true), contype, condeferrable, condeferred, i.indisreplident, c2.reltablespace
FROM pg_catalog.pg_class c, pg_catalog.pg_class c2, pg_catalog.pg_index i
  LEFT JOIN pg_catalog.pg_constraint con ON (conrelid = i.indrelid AND conindid = i.indexrelid AND contype IN ('p','u','x'))
WHERE c.oid = 'shop.orders'::regclass AND c.oid = i.indrelid AND i.indexrelid = c2.oid ORDER BY i.indisprimary DESC, c2.relname
=> orders_pkey|true|true|false|true|CREATE UNIQUE INDEX orders_pkey ON shop.orders USING btree (id)|PRIMARY KEY (id)|p|false|false|false|0

-- psql \d, foreign keys
SELECT conname, conrelid::pg_catalog.regclass AS ontable, pg_catalog.pg_get_constraintdef(oid, true) FROM pg_catalog.pg_constraint c
WHERE confrelid = 'shop.orders'::regclass AND contype = 'f' ORDER BY conname
=> lines_order_id_fkey|shop.lines|FOREIGN KEY (order_id) REFERENCES shop.orders(id)

-- psql \dn
SELECT n.nspname AS "Name", pg_catalog.pg_get_userbyid(n.nspowner) AS "Owner" FROM pg_catalog.pg_namespace n
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1
=> penstock|penstock
=> public|penstock
=> shop|penstock

-- psql \l
SELECT d.datname, pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,
  pg_catalog.array_to_string(d.datacl, E'\n') AS "Access privileges" FROM pg_catalog.pg_database d ORDER BY 1
=> penstock|penstock|UTF8|C|C|NULL

-- psql \du
SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolcanlogin, r.rolconnlimit, r.rolvaliduntil,
  ARRAY(SELECT b.rolname FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles b ON (m.roleid = b.oid) WHERE m.member = r.oid) as memberof
FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY 1

-- psql \dT
SELECT n.nspname, pg_catalog.format_type(t.oid, NULL) AS "Name", pg_catalog.obj_description(t.oid, 'pg_type')
FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE (t.typrelid = 0 OR (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid))
  AND NOT EXISTS(SELECT 1 FROM pg_catalog.pg_type el WHERE el.oid = t.typelem AND el.typarray = t.oid) AND t.typname = 'varchar'
=> pg_catalog|character varying|NULL

-- psycopg, the type of hstore
SELECT t.oid, typarray FROM pg_type t JOIN pg_namespace ns ON typnamespace = ns.oid WHERE typname = 'hstore'

-- SQLAlchemy, on connecting
select pg_catalog.version() like 'PostgreSQL 8.0.2%Redshift%', current_schema(), current_database()
=> true|public|penstock

-- SQLAlchemy, schemas
SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg_%' ORDER BY nspname
=> information_schema
=> penstock
=> public
=> shop

-- sqlalchemy-redshift, relations
SELECT c.relkind, n.nspname as "schema", c.relname, CASE c.reldiststyle WHEN 0 THEN 'EVEN' WHEN 1 THEN 'KEY' WHEN 8 THEN 'ALL' END AS "diststyle",
  u.usename AS "owner_name", TRIM(TRAILING ';' FROM pg_catalog.pg_get_viewdef(c.oid, true)) AS "view_definition", pg_catalog.array_to_string(c.relacl, '
') AS "privileges"
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_user u ON u.usesysid = c.relowner
WHERE c.relkind IN ('r', 'v', 'm', 'S', 'f') AND n.nspname !~ '^pg_' AND n.nspname = 'shop' AND relname IN ('orders', 'large') ORDER BY 3
=> v|shop|large|EVEN|penstock|select id, name from shop.orders where amount > 100|NULL
=> r|shop|orders|KEY|penstock|NULL|NULL

-- sqlalchemy-redshift, columns
SELECT n.nspname, c.relname, att.attname, format_encoding(att.attencodingtype::integer), format_type(att.atttypid, att.atttypmod), att.attisdistkey, att.attsortkeyord,
  att.attnotnull, pg_catalog.col_description(att.attrelid, att.attnum), adsrc, attnum,
  pg_catalog.format_type(att.atttypid, att.atttypmod), pg_catalog.pg_get_expr(ad.adbin, ad.adrelid) AS DEFAULT, n.oid > 0, c.oid > 0
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute att ON att.attrelid = c.oid
LEFT JOIN pg_catalog.pg_attrdef ad ON (att.attrelid, att.attnum) = (ad.adrelid, ad.adnum)
WHERE n.nspname !~ '^pg_' AND att.attnum > 0 AND NOT att.attisdropped AND n.nspname = 'shop' AND c.relname = 'lines' AND att.attname = 'note'
=> shop|lines|note|lzo|character varying(256)|false|0|false|NULL|'none'|3|character varying(256)|'none'|true|true

-- sqlalchemy-redshift, constraints
SELECT n.nspname, c.relname, t.contype, t.conname, t.conkey, a.attnum, a.attname, pg_catalog.pg_get_constraintdef(t.oid, true)::varchar(512)
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_constraint t ON t.conrelid = c.oid
JOIN pg_catalog.pg_attribute a ON t.conrelid = a.attrelid AND a.attnum = ANY(t.conkey) WHERE n.nspname !~ '^pg_' AND c.relname = 'orders'
=> shop|orders|p|orders_pkey|1|1|id|PRIMARY KEY (id)

-- dbt, relations of a schema
select table_catalog as database, table_name as name, table_schema as schema, 'table' as type from information_schema.tables
where table_schema ilike 'shop' and table_type = 'BASE TABLE'
union all
select table_catalog, table_name, table_schema, case when view_definition ilike '%create materialized view%' then 'materialized_view' else 'view' end
from information_schema.views where table_schema ilike 'shop' order by 2
=> penstock|daily|shop|materialized_view
=> penstock|large|shop|view
=> penstock|late|shop|view
=> penstock|lines|shop|table
=> penstock|orders|shop|table

-- dbt, columns of a relation
with bound_views as (select ordinal_position, table_schema, column_name, data_type, character_maximum_length, numeric_precision, numeric_scale
  from information_schema."columns" where table_name = 'late'),
unbound_views as (select ordinal_position, view_schema, col_name,
    case when col_type ilike 'numeric%' then 'numeric' else col_type end as col_type,
    case when col_type like 'character%' then nullif(REGEXP_SUBSTR(col_type, '[0-9]+'), '')::int else null end as character_maximum_length,
    case when col_type like 'numeric%' then nullif(SPLIT_PART(REGEXP_SUBSTR(col_type, '[0-9,]+'), ',', 1), '')::int else null end as numeric_precision,
    case when col_type like 'numeric%' then nullif(SPLIT_PART(REGEXP_SUBSTR(col_type, '[0-9,]+'), ',', 2), '')::int else null end as numeric_scale
  from pg_get_late_binding_view_cols() cols(view_schema name, view_name name, col_name name, col_type varchar, ordinal_position int) where view_name = 'late'),
unioned as (select * from bound_views union all select * from unbound_views)
select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale from unioned where table_schema = 'shop' order by ordinal_position
=> id|integer|NULL|NULL|NULL
=> amount|numeric|NULL|12|2

-- dbt, the catalog
select sch.nspname as table_schema, tbl.relname as table_name,
  case when tbl.relkind = 'v' and mat_views.table_name is not null then 'MATERIALIZED VIEW' when tbl.relkind = 'v' then 'VIEW' else 'BASE TABLE' end as table_type,
  tbl_desc.description, count(col.attname)
from pg_catalog.pg_namespace sch join pg_catalog.pg_class tbl on tbl.relnamespace = sch.oid join pg_catalog.pg_attribute col on col.attrelid = tbl.oid
left outer join pg_catalog.pg_description tbl_desc on tbl_desc.objoid = tbl.oid and tbl_desc.objsubid = 0
left outer join information_schema.views mat_views on mat_views.table_schema = sch.nspname and mat_views.table_name = tbl.relname
  and mat_views.view_definition ilike '%create materialized view%' and mat_views.table_catalog = 'penstock'
where tbl.relkind in ('r', 'v', 'f', 'p') and col.attnum > 0 and not col.attisdropped and upper(sch.nspname) = upper('shop') group by 1, 2, 3, 4 order by 2
=> shop|daily|MATERIALIZED VIEW|NULL|2
=> shop|large|VIEW|NULL|2
=> shop|lines|BASE TABLE|NULL|3
=> shop|mv_tbl__daily__0|BASE TABLE|NULL|2
=> shop|orders|BASE TABLE|what was ordered|5

-- dbt, a materialized view
select tb.database, tb.schema, tb.table, tb.diststyle, tb.sortkey1, mv.autorefresh from svv_table_info tb
left join svv_mv_info mv on mv.database_name = tb.database and mv.schema_name = tb.schema and mv.name = tb.table
where tb.table ilike 'daily' and tb.schema ilike 'shop' and tb.database ilike 'penstock'

-- dbt, a materialized view's keys
SELECT a.attname as column, a.attisdistkey as is_dist_key, a.attsortkeyord as sort_key_position
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname ilike 'shop' AND c.relname LIKE 'mv_tbl__daily__%' order by 1
=> amount|false|0
=> placed|false|0

-- dbt, what depends on what
with relation as (select pg_class.oid as relation_id, pg_class.relname as relation_name, pg_namespace.nspname as schema_name
  from pg_class join pg_namespace on pg_class.relnamespace = pg_namespace.oid where pg_namespace.nspname != 'information_schema' and pg_namespace.nspname not like 'pg\_%'),
dependency as (select distinct coalesce(pg_rewrite.ev_class, pg_depend.objid) as dep_relation_id, pg_depend.refobjid as ref_relation_id
  from pg_depend left join pg_rewrite on pg_depend.objid = pg_rewrite.oid where coalesce(pg_rewrite.ev_class, pg_depend.objid) != pg_depend.refobjid)
select distinct dep.relation_name, ref.relation_name from dependency join relation ref on dependency.ref_relation_id = ref.relation_id
join relation dep on dependency.dep_relation_id = dep.relation_id where dep.relation_name in ('large', 'daily') order by 1
=> daily|orders
=> large|orders

-- dbt, privileges
select has_table_privilege(current_user, 'svv_table_info', 'SELECT') as can_select
=> true

-- JDBC, schemas
SELECT nspname AS TABLE_SCHEM, NULL AS TABLE_CATALOG FROM pg_catalog.pg_namespace
WHERE nspname <> 'pg_toast' AND (nspname !~ '^pg_temp_' OR nspname = (pg_catalog.current_schemas(true))[1])
  AND (nspname !~ '^pg_toast_temp_' OR nspname = replace((pg_catalog.current_schemas(true))[1], 'pg_temp_', 'pg_toast_temp_')) ORDER BY TABLE_SCHEM
=> information_schema|NULL
=> penstock|NULL
=> pg_catalog|NULL
=> public|NULL
=> shop|NULL

-- JDBC, tables
SELECT n.nspname, c.relname, CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema' WHEN true THEN 'SYSTEM' ELSE c.relkind END, d.description
FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 and d.classoid = 'pg_class'::regclass)
WHERE c.relnamespace = n.oid AND n.nspname LIKE 'shop' AND c.relkind = 'r' AND c.relname LIKE 'o%'
=> shop|orders|r|what was ordered

-- JDBC, primary keys
SELECT n.nspname, ct.relname, a.attname, a.attnum, ci.relname FROM pg_catalog.pg_namespace n, pg_catalog.pg_class ct, pg_catalog.pg_class ci,
  pg_catalog.pg_attribute a, pg_catalog.pg_index i
WHERE ct.oid = i.indrelid AND ci.oid = i.indexrelid AND a.attrelid = ci.oid AND i.indisprimary AND ct.relnamespace = n.oid AND n.nspname = 'shop' AND ct.relname = 'orders'
=> shop|orders|id|1|orders_pkey

-- JDBC, imported keys
SELECT pkn.nspname, pkc.relname, pka.attname, fkc.relname, fka.attname, pos.n, con.conname
FROM pg_catalog.pg_namespace pkn, pg_catalog.pg_class pkc, pg_catalog.pg_attribute pka, pg_catalog.pg_namespace fkn, pg_catalog.pg_class fkc,
  pg_catalog.pg_attribute fka, pg_catalog.pg_constraint con, pg_catalog.generate_series(1, 32) pos(n)
WHERE pkn.oid = pkc.relnamespace AND pkc.oid = pka.attrelid AND pka.attnum = con.confkey[pos.n] AND con.confrelid = pkc.oid AND fkn.oid = fkc.relnamespace
  AND fkc.oid = fka.attrelid AND fka.attnum = con.conkey[pos.n] AND con.conrelid = fkc.oid AND con.contype = 'f' AND fkc.relname = 'lines'
=> shop|orders|id|lines|order_id|1|lines_order_id_fkey

-- JDBC of Redshift, types
SELECT t.typname, t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON (t.typnamespace = n.oid) WHERE n.nspname != 'pg_toast' AND t.typname IN ('int4', 'super', '_text') ORDER BY 2
=> int4|23
=> _text|1009
=> super|4000

-- JDBC of Redshift, external schemas
select schemaname, eskind, databasename from svv_external_schemas

-- redshift_connector, catalogs
SELECT database_name FROM svv_redshift_databases WHERE database_name LIKE '%' ORDER BY 1
=> penstock

-- Metabase, foreign keys
SELECT fk_ns.nspname, fk_table.relname, fk_column.attname, pk_table.relname, pk_column.attname FROM pg_constraint c
JOIN pg_class fk_table ON c.conrelid = fk_table.oid JOIN pg_namespace fk_ns ON c.connamespace = fk_ns.oid
JOIN pg_attribute fk_column ON c.conrelid = fk_column.attrelid JOIN pg_class pk_table ON c.confrelid = pk_table.oid
JOIN pg_attribute pk_column ON c.confrelid = pk_column.attrelid
WHERE fk_ns.nspname !~ '^information_schema|catalog_history|pg_' AND c.contype = 'f' AND fk_column.attnum = ANY(c.conkey) AND pk_column.attnum = ANY(c.confkey)
=> shop|lines|order_id|orders|id

-- Metabase, tables
select schemaname, tablename from pg_tables where schemaname = 'shop' and has_schema_privilege(schemaname, 'USAGE') order by 2 limit 1
=> shop|lines

-- Tableau, cursors and empty results
select * from (select table_name from svv_tables) x where 1 = 0

-- DBeaver, the session
select pg_backend_pid() = process from stv_sessions
=> true

-- DBeaver, tables with their storage
SELECT c.oid > 0, c.relname, d.description, c.reltuples FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass
WHERE c.relnamespace = (select oid from pg_namespace where nspname = 'shop') AND c.relkind not in ('i','I','c') AND c.relname = 'orders'
=> true|orders|what was ordered|0.0010000000474974513

-- asyncpg, types with what they are made of
WITH RECURSIVE typeinfo_tree(oid, name, elemtype, depth) AS (
  SELECT ti.oid, ti.typname, ti.typelem, 1 FROM pg_catalog.pg_type ti WHERE ti.typname = '_int4'
  UNION ALL
  SELECT ti.oid, ti.typname, ti.typelem, tt.depth + 1 FROM pg_catalog.pg_type ti, typeinfo_tree tt WHERE tt.elemtype = ti.oid AND tt.elemtype <> 0)
SELECT name, depth FROM typeinfo_tree ORDER BY depth
=> _int4|1
=> int4|2

-- administration: running queries, locks, slices
select pid, trim(user_name), trim(query) from stv_recents where status = 'Running' and query like '%stv_recents%' limit 0

-- administration: last load errors
select l.starttime, trim(l.filename), l.line_number, trim(l.err_reason), trim(t.name) from stl_load_errors l left join stv_tbl_perm t on t.id = l.tbl order by 1 desc limit 10
