/**
 * pg_catalog: what there is and what it is made of. Columns as PostgreSQL 8.0 has them, with Redshift's own; those that newer clients ask for are
 * hidden from `SELECT *`.
 */
import { DESCRIPTIONS } from "./macros.js";
import { relation } from "./relation.js";

/** What reads and writes a type is called like it; arrays share theirs, by which drivers know them. */
const TYPE_FUNCTION = "CASE WHEN starts_with(t.name, '_') THEN 'array_' ELSE t.name END";

export const PG_OBJECTS = [
  relation(
    "pg_class",
    `
    ~oid oid = c.oid
    ~tableoid oid = 1259
    relname name = c.name
    relnamespace oid = c.schema_oid
    reltype oid = 0
    relowner integer = c.owner_oid
    relam oid = CASE c.relkind WHEN 'i' THEN 403 ELSE 0 END
    relfilenode oid = c.oid
    reltablespace oid = 0
    relpages integer = 0
    reltuples real = CASE c.relkind WHEN 'r' THEN 0.001 ELSE 0 END
    reltoastrelid oid = 0
    reltoastidxid oid = 0
    relhasindex boolean = c.has_index
    relisshared boolean = FALSE
    relkind char1 = c.relkind
    relnatts smallint = c.columns
    relexternid oid = 0
    relisreplicated boolean = FALSE
    relispinned boolean = FALSE
    reldiststyle smallint = CASE c.dist_style WHEN 'key' THEN 1 WHEN 'all' THEN 8 WHEN 'auto' THEN CASE c.relkind WHEN 'r' THEN 10 ELSE 0 END ELSE 0 END
    relprojbaseid oid = 0
    relchecks smallint = 0
    reltriggers smallint = 0
    relukeys smallint = 0
    relfkeys smallint = 0
    relrefs smallint = 0
    relhasoids boolean = FALSE
    relhaspkey boolean = c.has_primary
    relhasrules boolean = c.relkind = 'v'
    relhassubclass boolean = FALSE
    relacl text[]
    ~relhastriggers boolean = c.foreign_keys > 0
    ~reloftype oid = 0
    ~relpersistence char1 = CASE WHEN c.temporary THEN 't' ELSE 'p' END
    ~relrowsecurity boolean = FALSE
    ~relforcerowsecurity boolean = FALSE
    ~relispartition boolean = FALSE
    ~relispopulated boolean = TRUE
    ~relreplident char1 = 'd'
    ~relpartbound text
    ~reloptions text[]
    ~xmin xid = 1
    `,
    "temp.penstock_classes AS c",
  ),
  relation(
    "pg_attribute",
    `
    ~tableoid oid = 1249
    attrelid oid = c.class_oid
    attname name = c.name
    atttypid oid = c.type_oid
    attstattarget integer = -1
    attlen smallint = c.length
    attnum smallint = c.number
    attndims integer = CASE WHEN c.type_kind LIKE 'array %' THEN 1 ELSE 0 END
    attcacheoff integer = -1
    atttypmod integer = c.type_modifier
    attbyval boolean = c.by_value
    attstorage char1 = CASE WHEN c.length < 0 THEN 'x' ELSE 'p' END
    attalign char1 = c.alignment
    attnotnull boolean = c.not_null
    atthasdef boolean = c.default_source IS NOT NULL AND c.class_oid = c.relation_oid
    attisdropped boolean = FALSE
    attislocal boolean = TRUE
    attinhcount integer = 0
    attisdistkey boolean = c.dist_key
    attispreloaded boolean = FALSE
    attsortkeyord integer = coalesce(c.sort_position, 0)
    attencodingtype smallint = penstock_catalog.encoding_number(c.encoding_name)
    attencrypttype smallint = 0
    ~attcollation oid = c.collation_oid
    ~attidentity char1 = ''
    ~attgenerated char1 = ''
    ~attacl text[]
    ~attoptions text[]
    ~attfdwoptions text[]
    ~atthasmissing boolean = FALSE
    ~attcompression char1 = ''
    `,
    "temp.penstock_attributes AS c",
  ),
  relation(
    "pg_attrdef",
    `
    ~oid oid = c.relation_oid * 1000::BIGINT % 2000000000 + c.position
    adrelid oid = c.relation_oid
    adnum smallint = c.position
    adbin text = c.default_source
    adsrc text = c.default_source
    `,
    "temp.penstock_columns AS c WHERE c.default_source IS NOT NULL AND NOT c.late_binding",
  ),
  relation(
    "pg_namespace",
    `
    ~oid oid = s.oid
    ~tableoid oid = 2615
    nspname name = s.name
    nspowner integer = s.owner_oid
    nspacl text[]
    ~xmin xid = 1
    `,
    "temp.penstock_schemas AS s",
  ),
  relation(
    "pg_type",
    `
    ~oid oid = t.oid
    ~tableoid oid = 1247
    typname name = t.name
    typnamespace oid = 11
    typowner integer = 1
    typlen smallint = t.length
    typbyval boolean = t.by_value
    typtype char1 = t.type
    typisdefined boolean = TRUE
    typdelim char1 = ','
    typrelid oid = 0
    typelem oid = t.element_oid
    typinput regproc = ${TYPE_FUNCTION} || 'in'
    typoutput regproc = ${TYPE_FUNCTION} || 'out'
    typreceive regproc = ${TYPE_FUNCTION} || 'recv'
    typsend regproc = ${TYPE_FUNCTION} || 'send'
    typanalyze regproc = '-'
    typalign char1 = t.alignment
    typstorage char1 = CASE WHEN t.length < 0 THEN 'x' ELSE 'p' END
    typnotnull boolean = FALSE
    typbasetype oid = 0
    typtypmod integer = -1
    typndims integer = 0
    typdefaultbin text
    typdefault text
    ~typcategory char1 = t.category
    ~typispreferred boolean = FALSE
    ~typarray oid = t.array_oid
    ~typcollation oid = t.collation_oid
    ~typmodin regproc = '-'
    ~typmodout regproc = '-'
    ~typacl text[]
    `,
    "penstock_catalog.system_types AS t",
  ),
  relation(
    "pg_constraint",
    `
    ~oid oid = k.oid
    ~tableoid oid = 2606
    conname name = k.name
    connamespace oid = r.schema_oid
    contype char1 = k.type
    condeferrable boolean = FALSE
    condeferred boolean = FALSE
    conrelid oid = k.relation_oid
    contypid oid = 0
    confrelid oid = coalesce(k.foreign_oid, 0)
    confupdtype char1 = CASE k.type WHEN 'f' THEN 'a' ELSE '' END
    confdeltype char1 = CASE k.type WHEN 'f' THEN 'a' ELSE '' END
    confmatchtype char1 = CASE k.type WHEN 'f' THEN 'u' ELSE '' END
    conkey smallint[] = k.keys
    confkey smallint[] = k.foreign_keys
    conbin text
    consrc text
    ~convalidated boolean = FALSE
    ~conindid oid = CASE WHEN k.type IN ('p', 'u') THEN k.oid ELSE 0 END
    ~conparentid oid = 0
    ~conislocal boolean = TRUE
    ~coninhcount integer = 0
    ~connoinherit boolean = TRUE
    ~conperiod boolean = FALSE
    `,
    "temp.penstock_constraints AS k JOIN temp.penstock_relations AS r ON r.oid = k.relation_oid",
  ),
  relation(
    "pg_index",
    `
    ~tableoid oid = 2610
    indexrelid oid = k.oid
    indrelid oid = k.relation_oid
    indkey int2vector = k.keys
    indclass oidvector = list_transform(k.keys, one -> 1978)
    indnatts smallint = len(k.keys)
    indisunique boolean = TRUE
    indisprimary boolean = k.type = 'p'
    indisclustered boolean = FALSE
    indexprs text
    indpred text
    ~indisvalid boolean = TRUE
    ~indisready boolean = TRUE
    ~indislive boolean = TRUE
    ~indimmediate boolean = TRUE
    ~indisreplident boolean = FALSE
    ~indisexclusion boolean = FALSE
    ~indnkeyatts smallint = len(k.keys)
    ~indoption int2vector = list_transform(k.keys, one -> 0)
    ~indcollation oidvector = list_transform(k.keys, one -> 0)
    ~indnullsnotdistinct boolean = FALSE
    `,
    "temp.penstock_constraints AS k WHERE k.type IN ('p', 'u')",
  ),
  relation(
    "pg_description",
    `
    objoid oid = d.oid
    classoid oid = d.class_oid
    objsubid integer = d.position
    description text = d.comment
    `,
    `(${DESCRIPTIONS}) AS d`,
  ),
  relation(
    "pg_depend",
    `
    classid oid = d.class_oid
    objid oid = d.oid
    objsubid integer = 0
    refclassid oid = 1259
    refobjid oid = d.relation_oid
    refobjsubid integer = d.position
    deptype char1 = d.type
    `,
    // A view's rule has the view's own oid here. It depends on what the view reads, and, internally, on the view. A foreign key depends on the index
    // of the key that it refers to, by which drivers name that key.
    `(SELECT 2618 AS class_oid, d.view_oid AS oid, d.relation_oid, coalesce(c.position, 0) AS position, 'n' AS type FROM penstock_catalog.dependencies AS d
        LEFT JOIN penstock_catalog.columns AS c ON c.relation_oid = d.relation_oid
      UNION ALL SELECT 2618, r.oid, r.oid, 0, 'i' FROM temp.penstock_relations AS r WHERE r.kind IN ('view', 'materialized-view') AND NOT r.late_binding
      UNION ALL SELECT 2606, k.oid, k.relation_oid, p.position, 'a' FROM (SELECT oid, relation_oid, unnest(keys) AS position FROM temp.penstock_constraints) AS k, LATERAL (SELECT k.position) AS p(position)
      UNION ALL SELECT 2606, k.oid, k.foreign_oid, 0, 'n' FROM temp.penstock_constraints AS k WHERE k.foreign_oid IS NOT NULL
      UNION ALL SELECT 2606, k.oid, i.oid, 0, 'n' FROM temp.penstock_constraints AS k JOIN temp.penstock_constraints AS i
        ON i.relation_oid = k.foreign_oid AND i.type IN ('p', 'u') AND list_sort(i.columns) = list_sort(k.foreign_columns)) AS d`,
  ),
  relation(
    "pg_rewrite",
    `
    ~oid oid = r.oid
    ~tableoid oid = 2618
    rulename name = '_RETURN'
    ev_class oid = r.oid
    ev_attr smallint = -1
    ev_type char1 = '1'
    is_instead boolean = TRUE
    ev_qual text = '<>'
    ev_action text = penstock_catalog.view_text(r.kind, r.late_binding, r.schema_name, r.name, r.definition)
    ~ev_enabled char1 = 'O'
    `,
    "temp.penstock_relations AS r WHERE r.kind IN ('view', 'materialized-view', 'system-view')",
  ),
  relation(
    "pg_tables",
    `
    schemaname name = r.schema_name
    tablename name = r.name
    tableowner name = r.owner
    tablespace name
    hasindexes boolean = EXISTS (SELECT 1 FROM temp.penstock_constraints AS k WHERE k.relation_oid = r.oid AND k.type IN ('p', 'u'))
    hasrules boolean = FALSE
    hastriggers boolean = FALSE
    ~rowsecurity boolean = FALSE
    `,
    `(SELECT oid, schema_name, name, owner FROM temp.penstock_relations WHERE kind = 'table'
      UNION ALL SELECT oid, schema_name, 'mv_tbl__' || name || '__0', owner FROM temp.penstock_relations WHERE kind = 'materialized-view') AS r`,
  ),
  relation(
    "pg_views",
    `
    schemaname name = r.schema_name
    viewname name = r.name
    viewowner name = r.owner
    definition text = penstock_catalog.view_text(r.kind, r.late_binding, r.schema_name, r.name, r.definition)
    `,
    "temp.penstock_relations AS r WHERE r.kind IN ('view', 'materialized-view', 'system-view')",
  ),
  relation(
    "pg_matviews",
    `
    schemaname name = r.schema_name
    matviewname name = r.name
    matviewowner name = r.owner
    tablespace name
    hasindexes boolean = FALSE
    ispopulated boolean = TRUE
    definition text = r.definition
    `,
    // PostgreSQL's, which Redshift has not: empty, so that what asks for both kinds does not list a view twice.
    "temp.penstock_relations AS r WHERE FALSE",
  ),
  relation(
    "pg_table_def",
    `
    schemaname name = c.schema_name
    tablename name = c.relation_name
    column name = c.name
    type text = penstock_catalog.format_type(c.type_oid, c.type_modifier)
    encoding text = c.encoding_name
    distkey boolean = c.dist_key
    sortkey integer = coalesce(c.sort_position, 0)
    notnull boolean = c.not_null
    `,
    `temp.penstock_columns AS c
     WHERE c.relation_kind IN ('table', 'materialized-view', 'system-view') AND c.place IS NOT NULL`,
  ),
  relation(
    "pg_get_late_binding_view_cols",
    `
    view_schema name = c.schema_name
    view_name name = c.relation_name
    col_name name = c.name
    col_type varchar(128) = penstock_catalog.format_type(c.type_oid, c.type_modifier)
    col_num integer = c.position
    `,
    "temp.penstock_late_columns AS c",
  ),
  relation("pg_get_external_views", "schema_name name, view_name name, view_definition text", undefined),
] as const;
