/** SVV_ views, and the tables beside them: what there is in the database, with the attributes that are Redshift's own. */
import { TABLE_STORAGE } from "./base.js";
import { relation } from "./relation.js";

const DATABASE = "'penstock'";
/** As SVV_ALL_TABLES and its like tell the kinds apart. */
const TABLE_TYPE =
  "CASE r.kind WHEN 'table' THEN 'TABLE' WHEN 'external-table' THEN 'EXTERNAL TABLE' WHEN 'system-view' THEN 'SYSTEM VIEW' ELSE 'VIEW' END";
const TYPE = "penstock_catalog.format_type(c.type_oid, c.type_modifier)";
const DEFAULT = "c.default_source";
const TEXT_LENGTH = "CASE WHEN c.type_kind IN ('char', 'varchar', 'varbyte') THEN c.type_length END";
const DIGITS =
  "CASE c.type_kind WHEN 'decimal' THEN c.type_precision WHEN 'smallint' THEN 16 WHEN 'integer' THEN 32 WHEN 'bigint' THEN 64 WHEN 'real' THEN 24 WHEN 'double' THEN 53 END";
const SCALE =
  "CASE WHEN c.type_kind = 'decimal' THEN c.type_scale WHEN c.type_kind IN ('smallint', 'integer', 'bigint') THEN 0 END";
/** Those of late-binding views too. */
const COLUMNS = `(SELECT * FROM temp.penstock_columns UNION ALL BY NAME SELECT *, 'view' AS relation_kind, TRUE AS late_binding, FALSE AS not_null, FALSE AS dist_key,
  'none' AS encoding_name FROM temp.penstock_late_columns) AS c`;
const SCHEMAS = "temp.penstock_schemas AS s";
const MATERIALIZED = "temp.penstock_relations AS r WHERE r.kind = 'materialized-view'";
/** The last refresh of each view, and those that failed, by the log of statements. */
const REFRESHES = `(SELECT r.*, r.refreshed_at AS started_at, r.refreshed_at AS ended_at, NULL AS failure FROM ${MATERIALIZED} AND r.refreshed_at IS NOT NULL
  UNION ALL SELECT r.*, q.started_at, q.ended_at, q.error FROM temp.penstock_relations AS r JOIN penstock_catalog.queries AS q
    ON q.sql = 'REFRESH MATERIALIZED VIEW "' || r.schema_name || '"."' || r.name || '"' WHERE r.kind = 'materialized-view' AND q.state = 'failed') AS r`;
/** What the store says of an external table, as JSON: src/redshift/external writes it. */
const EXTERNAL = "temp.penstock_relations AS r WHERE r.kind = 'external-table'";

export const SVV = [
  relation(
    "svv_table_info",
    `
    database text = ${DATABASE}
    schema text = r.schema_name
    table_id oid = r.oid
    table text = r.name
    encoded text = CASE WHEN r.encode_auto THEN 'Y, AUTO(ENCODE)' WHEN k.encoded THEN 'Y' ELSE 'N' END
    diststyle text = CASE r.dist_style WHEN 'key' THEN 'KEY(' || k.dist_key || ')' WHEN 'auto' THEN 'AUTO(ALL)' ELSE upper(r.dist_style) END
    sortkey1 text = CASE WHEN k.sort_keys > 0 AND r.sort_style = 'interleaved' THEN 'INTERLEAVED' WHEN k.sort_keys > 0 THEN k.sort_key WHEN r.sort_style = 'auto' THEN 'AUTO(SORTKEY)' END
    max_varchar integer = coalesce(k.max_varchar, 0)
    sortkey1_enc char(32) = k.sort_encoding
    sortkey_num integer = coalesce(k.sort_keys, 0)
    size bigint = t.blocks
    pct_used numeric(10, 4) = 0
    empty bigint = 0
    unsorted numeric(5, 2) = CASE WHEN k.sort_keys > 0 THEN 0 END
    stats_off numeric(5, 2) = 0
    tbl_rows numeric(38, 0) = t.rows
    skew_sortkey1 numeric(19, 2) = CASE WHEN k.sort_keys > 0 THEN 1 END
    skew_rows numeric(19, 2) = CASE WHEN r.dist_style <> 'all' THEN 1 END
    estimated_visible_rows numeric(38, 0) = t.rows
    risk_event text
    vacuum_sort_benefit numeric(12, 2) = CASE WHEN k.sort_keys > 0 THEN 0 END
    create_time timestamp = CAST(r.created_at AS TIMESTAMP)
    `,
    // Of empty tables it says nothing, as Redshift's.
    `temp.penstock_relations AS r JOIN ${TABLE_STORAGE} AS t ON t.relation_oid = r.oid
     LEFT JOIN (SELECT relation_oid, bool_or(encoding_name <> 'none') AS encoded, max(name) FILTER (dist_key) AS dist_key,
         max(type_length) FILTER (type_kind = 'varchar') AS max_varchar, count(*) FILTER (sort_position <> 0) AS sort_keys,
         max(name) FILTER (abs(sort_position) = 1) AS sort_key,
         max(encoding_name) FILTER (abs(sort_position) = 1) AS sort_encoding
       FROM temp.penstock_columns GROUP BY relation_oid) AS k ON k.relation_oid = r.oid
     WHERE t.rows > 0`,
  ),
  relation(
    "svv_tables",
    `
    table_catalog name = ${DATABASE}
    table_schema name = r.schema_name
    table_name name = r.name
    table_type text = CASE r.kind WHEN 'table' THEN CASE WHEN r.temporary THEN 'LOCAL TEMPORARY' ELSE 'BASE TABLE' END WHEN 'external-table' THEN 'EXTERNAL TABLE' ELSE 'VIEW' END
    remarks text = r.comment
    `,
    "temp.penstock_relations AS r",
  ),
  relation(
    "svv_columns",
    `
    table_catalog name = ${DATABASE}
    table_schema name = c.schema_name
    table_name name = c.relation_name
    column_name name = c.name
    ordinal_position integer = c.position
    column_default text = ${DEFAULT}
    is_nullable varchar(3) = CASE WHEN c.not_null THEN 'NO' ELSE 'YES' END
    data_type text = c.information_name
    character_maximum_length integer = ${TEXT_LENGTH}
    numeric_precision integer = ${DIGITS}
    numeric_precision_radix integer = CASE WHEN c.type_kind = 'decimal' THEN 10 WHEN c.type_kind IN ('smallint', 'integer', 'bigint', 'real', 'double') THEN 2 END
    numeric_scale integer = ${SCALE}
    datetime_precision integer = CASE WHEN c.type_kind = 'date' THEN 0 WHEN c.type_kind IN ('time', 'timetz', 'timestamp', 'timestamptz') THEN 6 END
    interval_type varchar(32) = CASE c.type_kind WHEN 'interval-year-month' THEN 'YEAR TO MONTH' WHEN 'interval-day-second' THEN 'DAY TO SECOND' END
    interval_precision varchar(32), character_set_catalog name, character_set_schema name, character_set_name name, collation_catalog name, collation_schema name
    collation_name name = c.collation_name
    domain_name name
    remarks text = c.comment
    `,
    COLUMNS,
  ),
  relation(
    "svv_all_schemas",
    `
    database_name varchar(128) = ${DATABASE}
    schema_name varchar(128) = s.name
    schema_owner integer = s.owner_oid
    schema_type varchar(128) = CASE WHEN s.external_from IS NULL THEN 'local' ELSE 'external' END
    schema_acl varchar(128)
    source_database varchar(128) = ''
    schema_option varchar(256) = coalesce(s.external_options, '')
    `,
    SCHEMAS,
  ),
  relation(
    "svv_all_tables",
    `
    database_name varchar(128) = ${DATABASE}
    schema_name varchar(128) = r.schema_name
    table_name varchar(128) = r.name
    table_acl varchar(128)
    table_type varchar(128) = ${TABLE_TYPE}
    remarks varchar(128) = r.comment
    `,
    "temp.penstock_relations AS r",
  ),
  relation(
    "svv_all_columns",
    `
    database_name varchar(128) = ${DATABASE}
    schema_name varchar(128) = c.schema_name
    table_name varchar(128) = c.relation_name
    column_name varchar(128) = c.name
    ordinal_position integer = c.position
    column_default varchar(4000) = ${DEFAULT}
    is_nullable varchar(3) = CASE WHEN c.not_null THEN 'NO' ELSE 'YES' END
    data_type varchar(128) = c.information_name
    character_maximum_length integer = ${TEXT_LENGTH}
    numeric_precision integer = ${DIGITS}
    numeric_scale integer = ${SCALE}
    remarks varchar(256) = c.comment
    `,
    COLUMNS,
  ),
  relation(
    "svv_redshift_databases",
    `
    database_name varchar(128) = ${DATABASE}
    database_owner integer = 100
    database_type varchar(32) = 'local'
    database_acl varchar(128)
    database_options varchar(128)
    database_isolation_level varchar(128) = 'Serializable'
    `,
    "(SELECT 1) AS one",
  ),
  relation(
    "svv_redshift_schemas",
    `
    database_name varchar(128) = ${DATABASE}
    schema_name varchar(128) = s.name
    schema_owner integer = s.owner_oid
    schema_type varchar(16) = 'local'
    schema_acl varchar(128)
    schema_option varchar(128)
    `,
    "temp.penstock_schemas AS s WHERE s.external_from IS NULL",
  ),
  relation(
    "svv_redshift_tables",
    `
    database_name varchar(128) = ${DATABASE}
    schema_name varchar(128) = r.schema_name
    table_name varchar(128) = r.name
    table_type varchar(128) = CASE r.kind WHEN 'table' THEN 'TABLE' WHEN 'system-view' THEN 'SYSTEM VIEW' ELSE 'VIEW' END
    table_acl varchar(128)
    remarks varchar(128) = r.comment
    table_owner varchar(128) = r.owner
    `,
    "temp.penstock_relations AS r WHERE r.kind <> 'external-table'",
  ),
  relation(
    "svv_redshift_columns",
    `
    database_name varchar(128) = ${DATABASE}
    schema_name varchar(128) = c.schema_name
    table_name varchar(128) = c.relation_name
    column_name varchar(128) = c.name
    ordinal_position integer = c.position
    data_type varchar(128) = ${TYPE}
    column_default varchar(4000) = ${DEFAULT}
    is_nullable varchar(3) = CASE WHEN c.not_null THEN 'NO' ELSE 'YES' END
    encoding varchar(128) = c.encoding_name
    distkey boolean = c.dist_key
    sortkey integer = coalesce(c.sort_position, 0)
    column_acl varchar(128)
    remarks varchar(256) = c.comment
    `,
    `${COLUMNS} WHERE c.relation_kind <> 'external-table'`,
  ),
  relation(
    "svv_redshift_functions",
    `
    database_name varchar(128) = ${DATABASE}
    schema_name varchar(128) = f.schema_name
    function_name varchar(128) = f.name
    function_type varchar(128) = CASE f.kind WHEN 'aggregate' THEN 'AGGREGATE FUNCTION' ELSE 'REGULAR FUNCTION' END
    argument_type varchar(512) = array_to_string(list_transform(f.argument_oids, one -> penstock_catalog.format_type(one, NULL)), ', ')
    result_type varchar(128) = penstock_catalog.format_type(f.result_oid, NULL)
    `,
    "penstock_catalog.all_functions AS f",
  ),
  relation(
    "svv_external_schemas",
    `
    esoid oid = s.oid
    eskind smallint = CASE WHEN s.external_from ILIKE '%kinesis%' THEN 5 ELSE 1 END
    schemaname name = s.name
    esowner integer = s.owner_oid
    databasename text = s.external_options ->> 'database'
    esoptions text = s.external_options
    `,
    "temp.penstock_schemas AS s WHERE s.external_from IS NOT NULL",
  ),
  relation(
    "svv_external_databases",
    `
    eskind integer = 1
    esoptions text = s.external_options
    databasename text = s.external_options ->> 'database'
    location text
    parameters text
    `,
    "temp.penstock_schemas AS s WHERE s.external_from IS NOT NULL",
  ),
  relation(
    "svv_external_tables",
    `
    redshift_database_name varchar(128) = ${DATABASE}
    schemaname text = r.schema_name
    tablename text = r.name
    tabletype text = ''
    location text = r.external ->> 'location'
    input_format text = r.external ->> 'inputFormat'
    output_format text = r.external ->> 'outputFormat'
    serialization_lib text = r.external ->> 'serde'
    serde_parameters text = r.external ->> 'serdeParameters'
    compressed integer = 0
    parameters text = r.external ->> 'parameters'
    `,
    EXTERNAL,
  ),
  relation(
    "svv_external_columns",
    `
    redshift_database_name varchar(128) = ${DATABASE}
    schemaname text = r.schema_name
    tablename text = r.name
    columnname text = c.name
    external_type text = CASE WHEN c.type_kind = 'varchar' THEN 'varchar(' || c.type_length || ')' WHEN c.type_kind = 'char' THEN 'char(' || c.type_length || ')' WHEN c.type_kind = 'decimal' THEN 'decimal(' || c.type_precision || ',' || c.type_scale || ')' WHEN c.type_kind = 'integer' THEN 'int' ELSE c.type_kind END
    columnnum integer = c.position
    part_key integer = coalesce(list_position(from_json(coalesce(r.external -> 'partitionColumns', '[]'), '["VARCHAR"]'), c.name), 0)
    is_nullable text = CASE WHEN c.not_null THEN 'false' ELSE 'true' END
    `,
    `temp.penstock_relations AS r JOIN temp.penstock_columns AS c ON c.relation_oid = r.oid WHERE r.kind = 'external-table'`,
  ),
  relation(
    // Those that were told by ADD PARTITION. The lake's own partitions are in its objects' keys, and nobody has to tell them.
    "svv_external_partitions",
    `
    schemaname text = r.schema_name
    tablename text = r.name
    values text = '["' || array_to_string(p.part.values, '","') || '"]'
    location text = p.part.location
    input_format text = r.external ->> 'inputFormat'
    output_format text = r.external ->> 'outputFormat'
    serialization_lib text = r.external ->> 'serde'
    serde_parameters text = r.external ->> 'serdeParameters'
    compressed integer = 0
    parameters text = r.external ->> 'parameters'
    `,
    `temp.penstock_relations AS r, unnest(from_json(coalesce(r.external -> 'partitions', '[]'), '[{"values":["VARCHAR"],"location":"VARCHAR"}]')) AS p(part) WHERE r.kind = 'external-table'`,
  ),
  relation(
    "svv_mv_info",
    `
    database_name char(128) = ${DATABASE}
    schema_name char(128) = r.schema_name
    user_name char(128) = r.owner
    name char(128) = r.name
    is_stale char(1) = 'u'
    state integer = 0
    autorewrite char(1) = 'f'
    autorefresh char(1) = CASE WHEN r.auto_refresh THEN 't' ELSE 'f' END
    `,
    MATERIALIZED,
  ),
  relation(
    "stv_mv_info",
    `
    db_name char(128) = ${DATABASE}
    schema char(128) = r.schema_name
    name char(128) = r.name
    updated_upto_xid bigint = 0
    is_stale char(1) = 'u'
    owner_user_name char(128) = r.owner
    state integer = 0
    autorewrite char(1) = 'f'
    autorefresh char(1) = CASE WHEN r.auto_refresh THEN 't' ELSE 'f' END
    `,
    MATERIALIZED,
  ),
  relation(
    "stv_mv_deps",
    `
    db_name char(128) = ${DATABASE}
    schema char(128) = r.schema_name
    name char(128) = r.name
    ref_schema char(128) = f.schema_name
    ref_name char(128) = f.name
    ref_database_name char(128) = ${DATABASE}
    `,
    `penstock_catalog.dependencies AS d JOIN temp.penstock_relations AS r ON r.oid = d.view_oid
     JOIN temp.penstock_relations AS f ON f.oid = d.relation_oid WHERE r.kind = 'materialized-view'`,
  ),
  relation(
    "svv_mv_dependency",
    `
    database_name char(128) = ${DATABASE}
    schema_name char(128) = r.schema_name
    name char(128) = r.name
    dependent_database_name char(128) = ${DATABASE}
    dependent_schema_name char(128) = f.schema_name
    dependent_name char(128) = f.name
    `,
    `penstock_catalog.dependencies AS d JOIN temp.penstock_relations AS r ON r.oid = d.view_oid
     JOIN temp.penstock_relations AS f ON f.oid = d.relation_oid WHERE r.kind = 'materialized-view'`,
  ),
  relation(
    "svl_mv_refresh_status",
    `
    db_name char(128) = ${DATABASE}
    userid bigint = r.owner_oid
    schema_name char(128) = r.schema_name
    mv_name char(128) = r.name
    xid bigint = 0
    starttime timestamp = CAST(r.started_at AS TIMESTAMP)
    endtime timestamp = CAST(r.ended_at AS TIMESTAMP)
    status text = CASE WHEN r.failure IS NULL THEN 'Refresh successfully recomputed MV from scratch' ELSE 'Refresh failed. ' || r.failure END
    refresh_type char(32) = CASE WHEN r.auto_refresh THEN 'Auto' ELSE 'Manual' END
    `,
    REFRESHES,
  ),
] as const;
