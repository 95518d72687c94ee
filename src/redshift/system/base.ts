/**
 * What the system relations are made of: views over the stored catalog, the session's temporary objects and the system's own, all in one form.
 *
 * What only the session knows it puts into variables of its DuckDB connection before it reads (session-state.ts): JSON lists, NULL where unset.
 */

import { textLiteral } from "../sql-text.js";
import { typeOid } from "../types.js";
import { ARRAY_KINDS, SCALAR_KINDS, typeOfKind } from "./kinds.js";

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

const typeCase = `CASE kind ${[...SCALAR_KINDS, ...ARRAY_KINDS]
  .map((kind) => `WHEN ${textLiteral(kind)} THEN ${typeOid(typeOfKind(kind))}`)
  .join(" ")} ELSE 25 END`;

/** Statements that make them, in order. */
export const BASE_VIEWS: readonly string[] = [
  `CREATE OR REPLACE MACRO penstock_catalog.kind_oid(kind) AS ${typeCase}`,
  `CREATE OR REPLACE MACRO penstock_catalog.type_modifier(kind, length, digits, scale) AS CASE
     WHEN kind = 'decimal' THEN digits * 65536 + scale + 4 WHEN kind IN ('char', 'varchar', 'varbyte') THEN length + 4 ELSE -1 END`,
  // What Redshift chooses where nothing is said. Source: "Compression encodings", the defaults of ENCODE AUTO.
  `CREATE OR REPLACE MACRO penstock_catalog.encoding_of(encoding, kind, sort_position) AS CASE
     WHEN encoding IS NOT NULL THEN CASE lower(encoding) WHEN 'raw' THEN 'none' WHEN 'auto' THEN 'az64' ELSE lower(encoding) END
     WHEN sort_position IS NOT NULL AND sort_position <> 0 OR kind IN ('boolean', 'real', 'double') THEN 'none'
     WHEN kind IN ('char', 'varchar', 'text', 'name', 'varbyte') THEN 'lzo'
     WHEN kind = 'super' THEN 'zstd' WHEN kind IN ('interval-year-month', 'interval-day-second') THEN 'az64' ELSE 'az64' END`,
  `CREATE OR REPLACE VIEW penstock_catalog.all_users AS
     SELECT ${SYSTEM_USER.oid} AS oid, '${SYSTEM_USER.name}' AS name
     UNION ALL SELECT ${OWNER_OID}, 'penstock'
     UNION ALL SELECT oid, name FROM penstock_catalog.roles WHERE kind = 'user' AND name NOT IN ('${SYSTEM_USER.name}', 'penstock')`,
  `CREATE OR REPLACE MACRO penstock_catalog.user_oid(user_name) AS coalesce(CASE user_name WHEN 'penstock' THEN ${OWNER_OID} WHEN '${SYSTEM_USER.name}' THEN ${SYSTEM_USER.oid}
     ELSE (SELECT max(r.oid) FROM penstock_catalog.roles AS r WHERE r.kind = 'user' AND r.name = user_name) END, ${OWNER_OID})`,
  `CREATE OR REPLACE VIEW penstock_catalog.all_schemas AS
     SELECT oid, name, owner, quota, comment, external_from, external_options, created_at FROM penstock_catalog.schemas
     UNION ALL SELECT oid, name, '${SYSTEM_USER.name}', NULL, NULL, NULL, NULL, NULL
       FROM (VALUES (11, 'pg_catalog'), (${INFORMATION_SCHEMA_OID}, 'information_schema'), (99, 'pg_toast')) AS s(oid, name)
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
  `CREATE OR REPLACE VIEW penstock_catalog.all_columns AS
     SELECT ${names(COLUMN_SHAPE)}, penstock_catalog.kind_oid(type_kind) AS type_oid,
       penstock_catalog.type_modifier(type_kind, type_length, type_precision, type_scale) AS type_modifier FROM penstock_catalog.stored_columns
     UNION ALL SELECT relation_oid, position, name, type_kind, type_length, type_precision, type_scale, FALSE, NULL, 'raw', FALSE, NULL, NULL, NULL, NULL,
       NULL, NULL, type_oid, type_modifier FROM penstock_catalog.system_columns`,
  `CREATE OR REPLACE VIEW penstock_catalog.constraints_and_temporary AS
     SELECT ${names(CONSTRAINT_SHAPE)} FROM penstock_catalog.constraints
     UNION ALL SELECT ${names(CONSTRAINT_SHAPE)} FROM ${variableRows(TEMPORARY_VARIABLES.constraints, CONSTRAINT_SHAPE)} AS t`,
  // Columns by their numbers, in the constraint's own order.
  `CREATE OR REPLACE VIEW penstock_catalog.all_constraints AS
     SELECT c.oid, c.relation_oid, c.name, c.type, c.columns, c.foreign_oid, c.foreign_columns, k.keys, f.keys AS foreign_keys
     FROM penstock_catalog.constraints_and_temporary AS c
     LEFT JOIN (SELECT i.oid, list(k.position::SMALLINT ORDER BY i.at) AS keys
       FROM (SELECT oid, relation_oid, unnest(columns) AS name, generate_subscripts(columns, 1) AS at FROM penstock_catalog.constraints_and_temporary) AS i
       JOIN penstock_catalog.stored_columns AS k ON k.relation_oid = i.relation_oid AND k.name = i.name GROUP BY i.oid) AS k ON k.oid = c.oid
     LEFT JOIN (SELECT i.oid, list(k.position::SMALLINT ORDER BY i.at) AS keys
       FROM (SELECT oid, foreign_oid, unnest(foreign_columns) AS name, generate_subscripts(foreign_columns, 1) AS at FROM penstock_catalog.constraints_and_temporary) AS i
       JOIN penstock_catalog.stored_columns AS k ON k.relation_oid = i.foreign_oid AND k.name = i.name GROUP BY i.oid) AS f ON f.oid = c.oid`,
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
