/**
 * What the system relations are made of: views over the stored catalog, the session's temporary objects and the system's own, all in one form.
 *
 * What only the session knows it puts into variables of its DuckDB connection before it reads (session-state.ts): JSON lists, NULL where unset.
 */

/** Oids of materialized views' tables: those of the views, moved out of the way. */
export const MATERIALIZED_OFFSET = 1_000_000_000;
export const TEMPORARY_SCHEMA_OID = 30_000;
const INFORMATION_SCHEMA_OID = 11_000;
/** The owner of what the system brings; the first user of all. */
export const SYSTEM_USER = { oid: 1, name: "rdsdb" } as const;
export const OWNER_OID = 100;

/** A variable's list as rows of the shape. */
export function variableRows(variable: string, shape: object): string {
  return `(SELECT unnest(from_json(coalesce(CAST(getvariable('${variable}') AS VARCHAR), '[]'), '[${JSON.stringify(shape)}]'), recursive := TRUE))`;
}

const RELATION_SHAPE = {
  oid: "INTEGER",
  schema_name: "VARCHAR",
  name: "VARCHAR",
  kind: "VARCHAR",
  owner: "VARCHAR",
  dist_style: "VARCHAR",
  sort_style: "VARCHAR",
  encode_auto: "BOOLEAN",
  backup: "BOOLEAN",
  definition: "VARCHAR",
  late_binding: "BOOLEAN",
  auto_refresh: "BOOLEAN",
  comment: "VARCHAR",
  external: "VARCHAR",
  created_at: "TIMESTAMPTZ",
  changed_at: "TIMESTAMPTZ",
  refreshed_at: "TIMESTAMPTZ",
} as const;

const COLUMN_SHAPE = {
  relation_oid: "INTEGER",
  position: "INTEGER",
  name: "VARCHAR",
  type_kind: "VARCHAR",
  type_length: "INTEGER",
  type_precision: "INTEGER",
  type_scale: "INTEGER",
  not_null: "BOOLEAN",
  default_text: "VARCHAR",
  encoding: "VARCHAR",
  dist_key: "BOOLEAN",
  sort_position: "INTEGER",
  identity_seed: "BIGINT",
  identity_step: "BIGINT",
  identity_by_default: "BOOLEAN",
  collation_name: "VARCHAR",
  comment: "VARCHAR",
} as const;

const CONSTRAINT_SHAPE = {
  oid: "INTEGER",
  relation_oid: "INTEGER",
  name: "VARCHAR",
  type: "VARCHAR",
  columns: ["VARCHAR"],
  foreign_oid: "INTEGER",
  foreign_columns: ["VARCHAR"],
} as const;

export const TEMPORARY_VARIABLES = {
  relations: "penstock_temporary_relations",
  columns: "penstock_temporary_columns",
  constraints: "penstock_temporary_constraints",
  schema: "penstock_temporary_schema",
} as const;

export const SEARCH_PATH_VARIABLE = "penstock_search_path";

const names = (shape: object, of = "") =>
  Object.keys(shape)
    .map((name) => (of === "" ? name : `${of}.${name}`))
    .join(", ");

/** Statements that make them, in order. */
export const BASE_VIEWS: readonly string[] = [
  `CREATE OR REPLACE MACRO penstock_catalog.type_modifier(kind, length, digits, scale) AS CASE
     WHEN kind = 'decimal' THEN digits * 65536 + scale + 4 WHEN kind IN ('char', 'varchar', 'varbyte') THEN length + 4 ELSE -1 END`,
  // What Redshift chooses where nothing is said. Source: "Compression encodings", the defaults of ENCODE AUTO.
  `CREATE OR REPLACE MACRO penstock_catalog.encoding_of(encoding, kind, sort_position) AS CASE
     WHEN encoding = 'raw' THEN 'none' WHEN encoding <> 'auto' THEN encoding
     WHEN sort_position <> 0 OR kind IN ('boolean', 'real', 'double') THEN 'none'
     WHEN kind IN ('char', 'varchar', 'text', 'name', 'varbyte') THEN 'lzo' WHEN kind = 'super' THEN 'zstd' ELSE 'az64' END`,
  `CREATE OR REPLACE VIEW penstock_catalog.all_users AS
     SELECT ${SYSTEM_USER.oid} AS oid, '${SYSTEM_USER.name}' AS name
     UNION ALL SELECT ${OWNER_OID}, 'penstock'
     UNION ALL SELECT oid, name FROM penstock_catalog.roles WHERE kind = 'user' AND name NOT IN ('${SYSTEM_USER.name}', 'penstock')`,
  `CREATE OR REPLACE MACRO penstock_catalog.user_oid(user_name) AS CASE user_name WHEN 'penstock' THEN ${OWNER_OID} WHEN '${SYSTEM_USER.name}' THEN ${SYSTEM_USER.oid}
     ELSE coalesce((SELECT map_from_entries(list((name, oid))) FROM penstock_catalog.roles WHERE kind = 'user')[user_name], ${OWNER_OID}) END`,
  `CREATE OR REPLACE VIEW penstock_catalog.all_schemas AS
     SELECT oid, name, owner, quota, comment, external_from, external_options, created_at FROM penstock_catalog.schemas
     UNION ALL SELECT oid, name, '${SYSTEM_USER.name}', NULL, NULL, NULL, NULL, NULL
       FROM (VALUES (11, 'pg_catalog'), (${INFORMATION_SCHEMA_OID}, 'information_schema')) AS s(oid, name)
     UNION ALL SELECT ${TEMPORARY_SCHEMA_OID}, getvariable('${TEMPORARY_VARIABLES.schema}')::VARCHAR, '${SYSTEM_USER.name}', NULL, NULL, NULL, NULL, NULL
       WHERE getvariable('${TEMPORARY_VARIABLES.schema}')::VARCHAR IS NOT NULL`,
  `CREATE OR REPLACE VIEW penstock_catalog.stored_relations AS
     SELECT s.oid AS schema_oid, ${names(RELATION_SHAPE, "r")}, FALSE AS temporary
     FROM penstock_catalog.relations AS r JOIN penstock_catalog.schemas AS s ON s.name = r.schema_name
     UNION ALL SELECT ${TEMPORARY_SCHEMA_OID}, ${names(RELATION_SHAPE)}, TRUE
       FROM ${variableRows(TEMPORARY_VARIABLES.relations, RELATION_SHAPE)} AS t`,
  // The system's own, made when the program changes: see system-tables.ts.
  `CREATE OR REPLACE VIEW penstock_catalog.all_relations AS
     FROM penstock_catalog.stored_relations
     UNION ALL SELECT s.schema_oid, s.oid, s.schema_name, s.name, 'system-view', '${SYSTEM_USER.name}', 'even', 'none', FALSE, FALSE, s.definition, FALSE, FALSE,
       NULL, NULL, NULL, NULL, NULL, FALSE FROM penstock_catalog.system_relations AS s`,
  `CREATE OR REPLACE VIEW penstock_catalog.stored_columns AS
     SELECT ${names(COLUMN_SHAPE)} FROM penstock_catalog.columns
     UNION ALL SELECT ${names(COLUMN_SHAPE)} FROM ${variableRows(TEMPORARY_VARIABLES.columns, COLUMN_SHAPE)} AS t`,
  // Columns with their types and the relations that they are of, so that most views need nothing else.
  `CREATE OR REPLACE VIEW penstock_catalog.all_columns AS
     SELECT ${names(COLUMN_SHAPE, "c")}, r.schema_name, r.name AS relation_name, r.kind AS relation_kind, r.late_binding, r.temporary,
       t.oid AS type_oid, penstock_catalog.type_modifier(c.type_kind, c.type_length, c.type_precision, c.type_scale) AS type_modifier,
       t.name AS type_name, t.information_name, t.length, t.by_value, t.alignment, t.collation_oid
     FROM penstock_catalog.stored_columns AS c JOIN penstock_catalog.stored_relations AS r ON r.oid = c.relation_oid
     JOIN penstock_catalog.system_kinds AS t ON t.kind = c.type_kind
     UNION ALL SELECT c.relation_oid, c.position, c.name, c.type_kind, c.type_length, c.type_precision, c.type_scale, FALSE, NULL, 'raw', FALSE, NULL, NULL, NULL, NULL,
       NULL, NULL, c.schema_name, c.relation_name, 'system-view', FALSE, FALSE, c.type_oid, c.type_modifier,
       t.name, t.information_name, t.length, t.by_value, t.alignment, t.collation_oid
     FROM penstock_catalog.system_columns AS c JOIN penstock_catalog.system_kinds AS t ON t.kind = c.type_kind`,
  `CREATE OR REPLACE VIEW penstock_catalog.constraints_and_temporary AS
     SELECT ${names(CONSTRAINT_SHAPE)} FROM penstock_catalog.constraints
     UNION ALL SELECT ${names(CONSTRAINT_SHAPE)} FROM ${variableRows(TEMPORARY_VARIABLES.constraints, CONSTRAINT_SHAPE)} AS t`,
  // Columns by their numbers, in the constraint's own order.
  `CREATE OR REPLACE VIEW penstock_catalog.all_constraints AS
     WITH numbers AS MATERIALIZED (SELECT relation_oid, map_from_entries(list((name, position::SMALLINT))) AS of FROM penstock_catalog.stored_columns GROUP BY relation_oid)
     SELECT c.oid, c.relation_oid, c.name, c.type, c.columns, c.foreign_oid, c.foreign_columns,
       list_transform(c.columns, one -> k.of[one]) AS keys, list_transform(c.foreign_columns, one -> f.of[one]) AS foreign_keys
     FROM penstock_catalog.constraints_and_temporary AS c
     JOIN numbers AS k ON k.relation_oid = c.relation_oid LEFT JOIN numbers AS f ON f.relation_oid = c.foreign_oid`,
  // Every kind of relation that has a row in pg_class, as that has it. A materialized view is a view and the table that holds its rows; a key an index.
  `CREATE OR REPLACE VIEW penstock_catalog.classes AS
     SELECT oid, schema_oid, schema_name, name, owner, relkind, dist_style, temporary, columns
     FROM (SELECT r.oid + p.moved AS oid, r.schema_oid, r.schema_name, CASE p.moved WHEN 0 THEN r.name ELSE 'mv_tbl__' || r.name || '__0' END AS name, r.owner,
         CASE WHEN r.kind = 'table' OR p.moved <> 0 THEN 'r' ELSE 'v' END AS relkind, r.dist_style, r.temporary, n.columns
       FROM penstock_catalog.stored_relations AS r
       JOIN (VALUES ('table', 0), ('view', 0), ('materialized-view', 0), ('materialized-view', ${MATERIALIZED_OFFSET})) AS p(kind, moved) ON p.kind = r.kind
       LEFT JOIN (SELECT relation_oid, max(position) AS columns FROM penstock_catalog.stored_columns GROUP BY relation_oid) AS n ON n.relation_oid = r.oid) AS r
     UNION ALL SELECT k.oid, r.schema_oid, r.schema_name, k.name, r.owner, 'i', 'even', r.temporary, len(k.columns)
       FROM penstock_catalog.constraints_and_temporary AS k JOIN penstock_catalog.stored_relations AS r ON r.oid = k.relation_oid WHERE k.type IN ('p', 'u')
     UNION ALL SELECT s.oid, s.schema_oid, s.schema_name, s.name, '${SYSTEM_USER.name}', 'v', 'even', FALSE, s.columns FROM penstock_catalog.system_relations AS s`,
  // What DuckDB knows of each table that holds rows. Sizes are worked out of rows and types: DuckDB tells them only table by table, and slowly.
  `CREATE OR REPLACE VIEW penstock_catalog.table_storage AS
     SELECT r.oid AS relation_oid, t.estimated_size AS "rows",
       CASE WHEN t.estimated_size = 0 THEN 0 ELSE t.estimated_size * coalesce(w.width, 8) // 1048576 + coalesce(w.columns, 1) END AS blocks
     FROM penstock_catalog.stored_relations AS r
     JOIN duckdb_tables() AS t ON t.table_name = r.name
       AND t.database_name = CASE WHEN r.temporary THEN 'temp' ELSE current_database() END
       AND t.schema_name = CASE WHEN r.temporary OR r.schema_name = 'public' THEN 'main' ELSE r.schema_name END
     LEFT JOIN (SELECT relation_oid, count(*) AS columns, sum(CASE WHEN type_kind IN ('varchar', 'char', 'text') THEN least(type_length, 16) WHEN type_kind IN ('super', 'varbyte') THEN 64
       WHEN type_kind IN ('boolean', 'smallint') THEN 2 WHEN type_kind IN ('integer', 'real', 'date') THEN 4 ELSE 8 END) AS width
       FROM penstock_catalog.stored_columns GROUP BY relation_oid) AS w ON w.relation_oid = r.oid
     WHERE r.kind IN ('table', 'materialized-view')`,
];
