/** Views over the stored catalog that other views are made of. Most are made of the tables of session-tables.ts instead. */
import { OWNER_OID, SYSTEM_USER } from "./fixed.js";

/** Statements that make them, in order. */
export const BASE_VIEWS: readonly string[] = [
  `CREATE OR REPLACE VIEW penstock_catalog.all_users AS
     SELECT ${SYSTEM_USER.oid} AS oid, '${SYSTEM_USER.name}' AS name
     UNION ALL SELECT ${OWNER_OID}, 'penstock'
     UNION ALL SELECT oid, name FROM penstock_catalog.roles WHERE kind = 'user' AND name NOT IN ('${SYSTEM_USER.name}', 'penstock')`,
  `CREATE OR REPLACE MACRO penstock_catalog.user_oid(user_name) AS CASE user_name WHEN 'penstock' THEN ${OWNER_OID} WHEN '${SYSTEM_USER.name}' THEN ${SYSTEM_USER.oid}
     ELSE coalesce((SELECT map_from_entries(list((name, oid))) FROM penstock_catalog.roles WHERE kind = 'user')[user_name], ${OWNER_OID}) END`,
  // Redshift's own, and users'.
  `CREATE OR REPLACE VIEW penstock_catalog.all_functions AS
     SELECT oid, name, kind, arguments, argument_oids, result_oid, 11 AS schema_oid, 'pg_catalog' AS schema_name,
       ${SYSTEM_USER.oid} AS owner_oid, 12 AS language_oid, CASE WHEN volatile THEN 'v' ELSE 'i' END AS volatility, name AS source
       FROM penstock_catalog.system_functions
     UNION ALL SELECT f.oid, f.name, 'scalar', len(f.kinds), list_transform(f.kinds, kind -> k.oids[kind]), k.oids[f.returns ->> 'kind'],
       s.oid, f.schema_name, penstock_catalog.user_oid(f.owner), 14, left(f.volatility, 1), f.body
       FROM (SELECT *, json_extract_string(arguments, '$[*].kind') AS kinds FROM penstock_catalog.functions) AS f
       JOIN penstock_catalog.schemas AS s ON s.name = f.schema_name
       CROSS JOIN (SELECT map_from_entries(list((kind, oid))) AS oids FROM penstock_catalog.system_kinds) AS k`,
];

/** In the words of FROM: what DuckDB knows of each table that holds rows. Sizes are worked out of rows and types: DuckDB tells them only table by table. */
export const TABLE_STORAGE = `(SELECT r.oid AS relation_oid, t.estimated_size AS "rows",
    CASE WHEN t.estimated_size = 0 THEN 0 ELSE t.estimated_size * coalesce(w.width, 8) // 1048576 + coalesce(w.columns, 1) END AS blocks
  FROM temp.penstock_relations AS r
  JOIN duckdb_tables() AS t ON t.table_name = CASE WHEN r.temporary THEN '#' || r.oid ELSE r.name END
    AND t.database_name = CASE WHEN r.temporary THEN 'temp' ELSE current_database() END
    AND t.schema_name = CASE WHEN r.temporary OR r.schema_name = 'public' THEN 'main' ELSE r.schema_name END
  LEFT JOIN (SELECT relation_oid, count(*) AS columns, sum(CASE WHEN type_kind IN ('varchar', 'char', 'text') THEN least(type_length, 16) WHEN type_kind IN ('super', 'varbyte') THEN 64
      WHEN type_kind IN ('boolean', 'smallint') THEN 2 WHEN type_kind IN ('integer', 'real', 'date') THEN 4 ELSE 8 END) AS width
    FROM temp.penstock_columns GROUP BY relation_oid) AS w ON w.relation_oid = r.oid
  WHERE r.kind IN ('table', 'materialized-view'))`;
