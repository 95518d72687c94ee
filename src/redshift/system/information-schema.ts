/** information_schema, as PostgreSQL 8.0 has it. Late-binding views are listed as views; their columns are not. */
import { relation } from "./relation.js";

/** Characters and digits of a column, as the standard asks for them. */
const TEXT_LENGTH = "CASE WHEN c.type_kind IN ('char', 'varchar', 'varbyte') THEN c.type_length END";
const DIGITS =
  "CASE c.type_kind WHEN 'decimal' THEN c.type_precision WHEN 'smallint' THEN 16 WHEN 'integer' THEN 32 WHEN 'bigint' THEN 64 WHEN 'real' THEN 24 WHEN 'double' THEN 53 END";
const SCALE =
  "CASE WHEN c.type_kind = 'decimal' THEN c.type_scale WHEN c.type_kind IN ('smallint', 'integer', 'bigint') THEN 0 END";
const RADIX =
  "CASE WHEN c.type_kind = 'decimal' THEN 10 WHEN c.type_kind IN ('smallint', 'integer', 'bigint', 'real', 'double') THEN 2 END";
const TIME_DIGITS =
  "CASE WHEN c.type_kind = 'date' THEN 0 WHEN c.type_kind IN ('time', 'timetz', 'timestamp', 'timestamptz', 'interval-day-second') THEN 6 END";
const DEFAULT = "c.default_source";
/** External tables are in SVV_EXTERNAL_TABLES alone. */
const RELATIONS = "temp.penstock_relations AS r WHERE r.kind <> 'external-table'";
const PRIVILEGES = "(VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('REFERENCES')) AS p(privilege)";

const tablePrivileges = (name: string) =>
  relation(
    name,
    `
    grantor name = r.owner
    grantee name = r.owner
    table_catalog name = 'penstock'
    table_schema name = r.schema_name
    table_name name = r.name
    privilege_type varchar(16) = p.privilege
    is_grantable varchar(3) = 'YES'
    with_hierarchy varchar(3) = 'NO'
    `,
    `temp.penstock_relations AS r, ${PRIVILEGES} WHERE r.kind <> 'external-table'`,
  );

export const INFORMATION_SCHEMA = [
  relation(
    "information_schema.tables",
    `
    table_catalog name = 'penstock'
    table_schema name = r.schema_name
    table_name name = r.name
    table_type varchar(16) = CASE WHEN r.temporary THEN 'LOCAL TEMPORARY' WHEN r.kind = 'table' THEN 'BASE TABLE' ELSE 'VIEW' END
    self_referencing_column_name name
    reference_generation varchar(16)
    user_defined_type_catalog name
    user_defined_type_schema name
    user_defined_name name
    ~is_insertable_into varchar(3) = CASE WHEN r.kind = 'table' THEN 'YES' ELSE 'NO' END
    ~is_typed varchar(3) = 'NO'
    ~commit_action varchar(16)
    `,
    RELATIONS,
  ),
  relation(
    "information_schema.columns",
    `
    table_catalog name = 'penstock'
    table_schema name = c.schema_name
    table_name name = c.relation_name
    column_name name = c.name
    ordinal_position integer = c.position
    column_default text = ${DEFAULT}
    is_nullable varchar(3) = CASE WHEN c.not_null THEN 'NO' ELSE 'YES' END
    data_type varchar(128) = c.information_name
    character_maximum_length integer = ${TEXT_LENGTH}
    character_octet_length integer = NULL
    numeric_precision integer = ${DIGITS}
    numeric_precision_radix integer = ${RADIX}
    numeric_scale integer = ${SCALE}
    datetime_precision integer = ${TIME_DIGITS}
    interval_type varchar(32) = CASE c.type_kind WHEN 'interval-year-month' THEN 'YEAR TO MONTH' WHEN 'interval-day-second' THEN 'DAY TO SECOND' END
    interval_precision varchar(32)
    character_set_catalog name
    character_set_schema name
    character_set_name name
    collation_catalog name
    collation_schema name
    collation_name name = c.collation_name
    domain_catalog name
    domain_schema name
    domain_name name
    udt_catalog name = 'penstock'
    udt_schema name = 'pg_catalog'
    udt_name name = c.type_name
    scope_catalog name
    scope_schema name
    scope_name name
    maximum_cardinality integer
    dtd_identifier varchar(16) = c.position
    is_self_referencing varchar(3) = 'NO'
    ~is_identity varchar(3) = CASE WHEN c.identity_seed IS NULL THEN 'NO' ELSE 'YES' END
    ~identity_generation varchar(16) = CASE WHEN c.identity_by_default THEN 'BY DEFAULT' WHEN c.identity_seed IS NOT NULL THEN 'ALWAYS' END
    ~is_generated varchar(8) = 'NEVER'
    ~generation_expression text
    ~is_updatable varchar(3) = CASE WHEN c.relation_kind = 'table' THEN 'YES' ELSE 'NO' END
    `,
    `temp.penstock_columns AS c
     WHERE c.relation_kind <> 'external-table' AND NOT c.late_binding`,
  ),
  relation(
    "information_schema.schemata",
    `
    catalog_name name = 'penstock'
    schema_name name = s.name
    schema_owner name = s.owner
    default_character_set_catalog name
    default_character_set_schema name
    default_character_set_name name
    sql_path varchar(1)
    `,
    "temp.penstock_schemas AS s",
  ),
  relation(
    "information_schema.views",
    `
    table_catalog name = 'penstock'
    table_schema name = r.schema_name
    table_name name = r.name
    view_definition text = penstock_catalog.view_text(r.kind, r.late_binding, r.schema_name, r.name, r.definition)
    check_option varchar(8) = 'NONE'
    is_updatable varchar(3) = 'NO'
    is_insertable_into varchar(3) = 'NO'
    `,
    "temp.penstock_relations AS r WHERE r.kind IN ('view', 'materialized-view', 'system-view')",
  ),
  relation(
    "information_schema.table_constraints",
    `
    constraint_catalog name = 'penstock'
    constraint_schema name = r.schema_name
    constraint_name name = k.name
    table_catalog name = 'penstock'
    table_schema name = r.schema_name
    table_name name = r.name
    constraint_type varchar(16) = CASE k.type WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' ELSE 'FOREIGN KEY' END
    is_deferrable varchar(3) = 'NO'
    initially_deferred varchar(3) = 'NO'
    `,
    "temp.penstock_constraints AS k JOIN temp.penstock_relations AS r ON r.oid = k.relation_oid",
  ),
  relation(
    "information_schema.key_column_usage",
    `
    constraint_catalog name = 'penstock'
    constraint_schema name = r.schema_name
    constraint_name name = k.name
    table_catalog name = 'penstock'
    table_schema name = r.schema_name
    table_name name = r.name
    column_name name = k.column_name
    ordinal_position integer = k.position
    ~position_in_unique_constraint integer = CASE WHEN k.type = 'f' THEN k.position END
    `,
    `(SELECT name, type, relation_oid, unnest(columns) AS column_name, generate_subscripts(columns, 1) AS position FROM temp.penstock_constraints) AS k
     JOIN temp.penstock_relations AS r ON r.oid = k.relation_oid`,
  ),
  relation(
    "information_schema.constraint_column_usage",
    `
    table_catalog name = 'penstock'
    table_schema name = r.schema_name
    table_name name = r.name
    column_name name = k.column_name
    constraint_catalog name = 'penstock'
    constraint_schema name = o.schema_name
    constraint_name name = k.name
    `,
    // Of a foreign key the columns that it points at.
    `(SELECT name, relation_oid, coalesce(foreign_oid, relation_oid) AS of_oid, unnest(coalesce(foreign_columns, columns)) AS column_name
      FROM temp.penstock_constraints) AS k
     JOIN temp.penstock_relations AS r ON r.oid = k.of_oid JOIN temp.penstock_relations AS o ON o.oid = k.relation_oid`,
  ),
  relation(
    "information_schema.constraint_table_usage",
    `
    table_catalog name = 'penstock'
    table_schema name = r.schema_name
    table_name name = r.name
    constraint_catalog name = 'penstock'
    constraint_schema name = o.schema_name
    constraint_name name = k.name
    `,
    `temp.penstock_constraints AS k JOIN temp.penstock_relations AS r ON r.oid = coalesce(k.foreign_oid, k.relation_oid)
     JOIN temp.penstock_relations AS o ON o.oid = k.relation_oid`,
  ),
  relation(
    "information_schema.referential_constraints",
    `
    constraint_catalog name = 'penstock'
    constraint_schema name = r.schema_name
    constraint_name name = k.name
    unique_constraint_catalog name = CASE WHEN u.name IS NOT NULL THEN 'penstock' END
    unique_constraint_schema name = CASE WHEN u.name IS NOT NULL THEN f.schema_name END
    unique_constraint_name name = u.name
    match_option varchar(8) = 'NONE'
    update_rule varchar(16) = 'NO ACTION'
    delete_rule varchar(16) = 'NO ACTION'
    `,
    `temp.penstock_constraints AS k JOIN temp.penstock_relations AS r ON r.oid = k.relation_oid
     JOIN temp.penstock_relations AS f ON f.oid = k.foreign_oid
     LEFT JOIN temp.penstock_constraints AS u ON u.relation_oid = k.foreign_oid AND u.type IN ('p', 'u') AND list_sort(u.columns) = list_sort(k.foreign_columns)
     WHERE k.type = 'f'`,
  ),
  relation(
    "information_schema.check_constraints",
    "constraint_catalog name, constraint_schema name, constraint_name name, check_clause text",
  ),
  tablePrivileges("information_schema.table_privileges"),
  tablePrivileges("information_schema.role_table_grants"),
  relation(
    "information_schema.column_privileges",
    `
    grantor name = r.owner
    grantee name = r.owner
    table_catalog name = 'penstock'
    table_schema name = r.schema_name
    table_name name = r.name
    column_name name = c.name
    privilege_type varchar(16) = p.privilege
    is_grantable varchar(3) = 'YES'
    `,
    `temp.penstock_relations AS r JOIN temp.penstock_columns AS c ON c.relation_oid = r.oid, ${PRIVILEGES}
     WHERE r.kind <> 'external-table' AND NOT r.late_binding AND p.privilege <> 'DELETE'`,
  ),
  relation(
    "information_schema.routines",
    `
    specific_catalog name = 'penstock'
    specific_schema name = f.schema_name
    specific_name name = f.name || '_' || f.oid
    routine_catalog name = 'penstock'
    routine_schema name = f.schema_name
    routine_name name = f.name
    routine_type varchar(16) = 'FUNCTION'
    data_type varchar(128) = penstock_catalog.format_type(f.result_oid, NULL)
    routine_body varchar(16) = CASE f.language_oid WHEN 14 THEN 'SQL' ELSE 'EXTERNAL' END
    routine_definition text
    external_name varchar(128) = f.name
    external_language varchar(16) = CASE f.language_oid WHEN 14 THEN 'SQL' ELSE 'INTERNAL' END
    is_deterministic varchar(3) = CASE f.volatility WHEN 'i' THEN 'YES' ELSE 'NO' END
    security_type varchar(16) = 'INVOKER'
    `,
    "penstock_catalog.all_functions AS f",
  ),
  relation(
    "information_schema.parameters",
    `
    specific_catalog name = 'penstock'
    specific_schema name = 'pg_catalog'
    specific_name name = p.name || '_' || p.oid
    ordinal_position integer = p.position
    parameter_mode varchar(8) = 'IN'
    is_result varchar(3) = 'NO'
    as_locator varchar(3) = 'NO'
    parameter_name name
    data_type varchar(128) = penstock_catalog.format_type(p.type_oid, NULL)
    `,
    "(SELECT oid, name, unnest(argument_oids) AS type_oid, generate_subscripts(argument_oids, 1) AS position FROM penstock_catalog.all_functions) AS p",
  ),
  relation(
    "information_schema.view_table_usage",
    `
    view_catalog name = 'penstock'
    view_schema name = v.schema_name
    view_name name = v.name
    table_catalog name = 'penstock'
    table_schema name = r.schema_name
    table_name name = r.name
    `,
    `penstock_catalog.dependencies AS d JOIN temp.penstock_relations AS v ON v.oid = d.view_oid
     JOIN temp.penstock_relations AS r ON r.oid = d.relation_oid`,
  ),
  relation(
    "information_schema.sequences",
    `
    sequence_catalog name, sequence_schema name, sequence_name name, data_type varchar(128), numeric_precision integer, start_value varchar(32)
    minimum_value varchar(32), maximum_value varchar(32), increment varchar(32), cycle_option varchar(3)
    `,
  ),
  relation(
    "information_schema.triggers",
    `
    trigger_catalog name, trigger_schema name, trigger_name name, event_manipulation varchar(16), event_object_catalog name, event_object_schema name
    event_object_table name, action_order integer, action_condition text, action_statement text, action_orientation varchar(16), condition_timing varchar(16)
    `,
  ),
  relation(
    "information_schema.enabled_roles",
    "role_name name = u.name",
    "penstock_catalog.all_users AS u WHERE u.oid <> 1",
  ),
  relation("information_schema.applicable_roles", "grantee name, role_name name, is_grantable varchar(3)"),
  relation("information_schema.information_schema_catalog_name", "catalog_name name = 'penstock'", "(SELECT 1) AS one"),
] as const;
