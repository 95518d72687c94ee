--- Metabase | foreign keys of a table | 1 row
select source_column.attname as "fk-column-name", dest_table.relname as "dest-table-name", dest_ns.nspname as "dest-table-schema", dest_column.attname as "dest-column-name"
from pg_constraint c
join pg_namespace n on c.connamespace = n.oid
join pg_class source_table on c.conrelid = source_table.oid
join pg_attribute source_column on c.conrelid = source_column.attrelid
join pg_class dest_table on c.confrelid = dest_table.oid
join pg_namespace dest_ns on dest_table.relnamespace = dest_ns.oid
join pg_attribute dest_column on c.confrelid = dest_column.attrelid
where c.contype = 'f'::char and source_table.relname = $1 and n.nspname = $2 and source_column.attnum = any(c.conkey) and dest_column.attnum = any(c.confkey)
parameters: ["orders", "sales"]

--- Metabase | may the schema be used | 1 row
select has_schema_privilege($1, 'USAGE')
parameters: ["sales"]

--- Metabase | a text quoted | 1 row
select quote_literal($1)
parameters: ["it's"]

--- Metabase | the time there | 1 row
/* partner: "metabase", {"dashboard_id":null} */ select to_char(current_timestamp, 'YYYY-MM-DD HH24:MI:SS.MS TZ')

--- DBeaver | databases | 1 row
select db.oid, db.* from pg_catalog.pg_database db where datallowconn and not datistemplate order by db.datname

--- DBeaver | schemas | some rows
select n.oid, n.*, d.description from pg_catalog.pg_namespace n
left outer join pg_catalog.pg_description d on d.objoid = n.oid and d.objsubid = 0 and d.classoid = 'pg_namespace'::regclass
order by nspname

--- DBeaver | external schemas | 0 rows
select * from pg_catalog.svv_external_schemas where databasename = $1
parameters: ["penstock"]

--- DBeaver | external tables | 0 rows
select * from pg_catalog.svv_external_tables where schemaname = $1
parameters: ["lake"]

--- DBeaver | types | some rows
select t.oid, t.*, c.relkind, format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description
from pg_catalog.pg_type t
left outer join pg_class c on c.oid = t.typrelid
left outer join pg_catalog.pg_description d on t.oid = d.objoid
where t.typname is not null and (c.relkind is null or c.relkind = 'c')

--- DBeaver | tables of a schema | 4 rows
select c.oid, c.*, d.description from pg_catalog.pg_class c
left outer join pg_catalog.pg_description d on d.objoid = c.oid and d.objsubid = 0 and d.classoid = 'pg_class'::regclass
where c.relnamespace = {oid:schema sales} and c.relkind not in ('i', 'I', 'c')

--- DBeaver | columns of a table, with their encodings | 7 rows
select c.relname, a.*, pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value, dsc.description, format_encoding(a.attencodingtype::integer) as "encoding"
from pg_catalog.pg_attribute a
inner join pg_catalog.pg_class c on (a.attrelid = c.oid)
left outer join pg_catalog.pg_attrdef ad on (a.attrelid = ad.adrelid and a.attnum = ad.adnum)
left outer join pg_catalog.pg_description dsc on (c.oid = dsc.objoid and a.attnum = dsc.objsubid)
where not a.attisdropped and c.oid = {oid:sales.orders} and a.attnum > 0
order by a.attnum

--- DBeaver | constraints of a schema | 2 rows
select c.oid, c.*, t.relname as tabrelname, rt.relnamespace as refnamespace, d.description, pg_catalog.pg_get_constraintdef(c.oid) as consrc_copy
from pg_catalog.pg_constraint c
inner join pg_catalog.pg_class t on t.oid = c.conrelid
left outer join pg_catalog.pg_class rt on rt.oid = c.confrelid
left outer join pg_catalog.pg_description d on d.objoid = c.oid and d.objsubid = 0 and d.classoid = 'pg_constraint'::regclass
where t.relnamespace = {oid:schema sales}
order by c.oid

--- psqlODBC, as Tableau and Power BI use it | tables | 5 rows
select relname, nspname, relkind from pg_catalog.pg_class c, pg_catalog.pg_namespace n
where relkind in ('r', 'v') and nspname not in ('pg_catalog', 'information_schema', 'pg_toast', 'pg_temp_1', 'penstock') and n.oid = relnamespace
and pg_catalog.has_table_privilege(c.oid, 'select') and relname not like 'mv\\_tbl%'
order by nspname, relname

--- psqlODBC, as Tableau and Power BI use it | columns | 7 rows
select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, c.oid,
  pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, c.relhasoids
from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.relname = E'orders' and n.nspname = E'sales')
  inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid)
  inner join pg_catalog.pg_type t on t.oid = a.atttypid)
  left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum
order by n.nspname, c.relname, attnum

--- psqlODBC, as Tableau and Power BI use it | primary key | 1 row
select ta.attname, ia.attnum, ic.relname, n.nspname, tc.relname
from pg_catalog.pg_attribute ta, pg_catalog.pg_attribute ia, pg_catalog.pg_class tc, pg_catalog.pg_index i, pg_catalog.pg_namespace n, pg_catalog.pg_class ic
where tc.relname = 'orders' and n.nspname = 'sales' and tc.oid = i.indrelid and n.oid = tc.relnamespace and i.indisprimary = 't'
  and ia.attrelid = i.indexrelid and ta.attrelid = i.indrelid and ta.attnum = i.indkey[ia.attnum - 1]
  and (not ta.attisdropped) and (not ia.attisdropped) and ic.oid = i.indexrelid
order by ia.attnum

--- Tableau | what a query would answer | 0 rows
select * from (select * from sales.orders) "t" where 1 = 0

--- Looker | what runs | 1 row
select pid, trim(user_name) as user_name, starttime, query from stv_recents where status = 'Running'

--- AWS's administrators' scripts | tables with their attributes | 2 rows
select "schema", "table", diststyle, sortkey1, sortkey_num, encoded, size, tbl_rows, unsorted, stats_off from svv_table_info where "schema" in ('public', 'sales') order by size desc

--- AWS's administrators' scripts | newest load errors | 0 rows
select trim(e.filename), e.line_number, trim(e.colname), trim(e.err_reason) from stl_load_errors e order by e.starttime desc limit 10
