/**
 * The catalog as one session sees it, in one form for all views: temporary tables of the session's own connection, made of the stored catalog, the
 * session's temporary objects and the system's own when a statement first reads the catalog, and again after it has changed (session-state.ts).
 * So that what clients ask in joins of ten relations scans flat tables, instead of being planned over dozens of views.
 */
import type { StoredRelation } from "../catalog/stored.js";
import { kindOf } from "../catalog/write.js";
import type { SqlColumn } from "../database.js";
import { textLiteral } from "../sql-text.js";
import { MATERIALIZED_OFFSET, OWNER_OID, SYSTEM_USER, TEMPORARY_SCHEMA_OID } from "./fixed.js";
import { type Cell, jsonRows } from "./json-rows.js";

export interface CatalogOfSession {
  /** By name. */
  readonly temporary: ReadonlyMap<string, StoredRelation>;
  readonly temporarySchema: string;
  readonly searchPath: readonly string[];
}

const RELATION = {
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

const COLUMN = {
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

const CONSTRAINT = {
  oid: "INTEGER",
  relation_oid: "INTEGER",
  name: "VARCHAR",
  type: "VARCHAR",
  columns: ["VARCHAR"],
  foreign_oid: "INTEGER",
  foreign_columns: ["VARCHAR"],
} as const;

const names = (shape: object, of = "") =>
  Object.keys(shape)
    .map((name) => (of === "" ? name : `${of}.${name}`))
    .join(", ");

/** What Redshift chooses where nothing is said. Source: "Compression encodings", the defaults of ENCODE AUTO. */
const ENCODING = `CASE WHEN c.encoding = 'raw' THEN 'none' WHEN c.encoding <> 'auto' THEN c.encoding
  WHEN c.sort_position <> 0 OR c.type_kind IN ('boolean', 'real', 'double') THEN 'none'
  WHEN c.type_kind IN ('char', 'varchar', 'text', 'name', 'varbyte') THEN 'lzo' WHEN c.type_kind = 'super' THEN 'zstd' ELSE 'az64' END`;

/** As pg_attrdef has it; that of an identity as Redshift writes it. */
const DEFAULT = `CASE WHEN c.identity_seed IS NULL THEN c.default_text ELSE CASE WHEN c.identity_by_default THEN 'default_identity(' ELSE '"identity"(' END
  || c.relation_oid || ', ' || (c.position - 1) || ', ''' || c.identity_seed || ',' || c.identity_step || '''::text)' END`;

const MODIFIER = `CASE WHEN c.type_kind = 'decimal' THEN c.type_precision * 65536 + c.type_scale + 4
  WHEN c.type_kind IN ('char', 'varchar', 'varbyte') THEN c.type_length + 4 ELSE -1 END`;

const TYPE =
  "t.oid AS type_oid, t.name AS type_name, t.information_name, t.length, t.by_value, t.alignment, t.collation_oid";

/** The statements that make them, in order. */
export function sessionTables({ temporary, temporarySchema, searchPath }: CatalogOfSession): readonly string[] {
  const own = [...temporary.values()];
  // pg_catalog is searched first, whether it is named or not.
  const path = `[${["pg_catalog", ...searchPath].map(textLiteral).join(", ")}]`;
  const union = (rows: readonly Readonly<Record<string, Cell>>[], shape: Parameters<typeof jsonRows>[1], rest = "") =>
    rows.length === 0 ? "" : `UNION ALL SELECT ${names(shape)}${rest} FROM (${jsonRows(rows, shape)}) AS t`;
  return [
    make(
      "relations",
      `SELECT r.*, coalesce(u.oid, ${OWNER_OID}) AS owner_oid,
         CASE WHEN r.temporary THEN 0 ELSE list_position(${path}, r.schema_name) END AS place
       FROM (SELECT ${names(RELATION, "r")}, s.oid AS schema_oid, FALSE AS temporary
           FROM penstock_catalog.relations AS r JOIN penstock_catalog.schemas AS s ON s.name = r.schema_name
         ${union(own.map(relationRow), RELATION, `, ${TEMPORARY_SCHEMA_OID}, TRUE`)}
         UNION ALL SELECT s.oid, s.schema_name, s.name, 'system-view', '${SYSTEM_USER.name}', 'even', 'none', FALSE, FALSE, '', FALSE, FALSE, NULL, NULL, NULL, NULL,
           NULL, s.schema_oid, FALSE FROM penstock_catalog.system_relations AS s) AS r
       LEFT JOIN penstock_catalog.all_users AS u ON u.name = r.owner`,
    ),
    make(
      "schemas",
      `SELECT s.*, coalesce(u.oid, ${OWNER_OID}) AS owner_oid
       FROM (SELECT oid, name, owner, quota, comment, external_from, external_options, created_at FROM penstock_catalog.schemas
         UNION ALL SELECT oid, name, '${SYSTEM_USER.name}', NULL, NULL, NULL, NULL, NULL FROM penstock_catalog.system_schemas
         ${own.length === 0 ? "" : `UNION ALL SELECT ${TEMPORARY_SCHEMA_OID}, ${textLiteral(temporarySchema)}, '${SYSTEM_USER.name}', NULL, NULL, NULL, NULL, NULL`}) AS s
       LEFT JOIN penstock_catalog.all_users AS u ON u.name = s.owner`,
    ),
    make(
      "columns",
      `SELECT ${names(COLUMN, "c")}, r.schema_name, r.name AS relation_name, r.kind AS relation_kind, r.late_binding, r.temporary, r.place,
         ${ENCODING} AS encoding_name, ${DEFAULT} AS default_source, ${MODIFIER} AS type_modifier, ${TYPE}
       FROM (SELECT ${names(COLUMN)} FROM penstock_catalog.columns ${union(own.flatMap(columnRows), COLUMN)}) AS c
       JOIN temp.penstock_relations AS r ON r.oid = c.relation_oid JOIN penstock_catalog.system_kinds AS t ON t.kind = c.type_kind
       UNION ALL SELECT c.relation_oid, c.position, c.name, c.type_kind, c.type_length, c.type_precision, c.type_scale, FALSE, NULL, 'raw', FALSE, NULL, NULL, NULL,
         NULL, NULL, NULL, c.schema_name, c.relation_name, 'system-view', FALSE, FALSE, list_position(${path}, c.schema_name), 'none', NULL, c.type_modifier, ${TYPE}
       FROM penstock_catalog.system_columns AS c JOIN penstock_catalog.system_kinds AS t ON t.kind = c.type_kind`,
    ),
    // Columns by their numbers too, in the constraint's own order.
    make(
      "constraints",
      `WITH numbers AS (SELECT relation_oid, map_from_entries(list((name, position::SMALLINT))) AS of FROM temp.penstock_columns
         WHERE relation_kind <> 'system-view' GROUP BY relation_oid)
       SELECT ${names(CONSTRAINT, "c")}, list_transform(c.columns, one -> k.of[one]) AS keys, list_transform(c.foreign_columns, one -> f.of[one]) AS foreign_keys
       FROM (SELECT ${names(CONSTRAINT)} FROM penstock_catalog.constraints ${union(own.flatMap(constraintRows), CONSTRAINT)}) AS c
       JOIN numbers AS k ON k.relation_oid = c.relation_oid LEFT JOIN numbers AS f ON f.relation_oid = c.foreign_oid`,
    ),
    // What has a row in pg_class. A materialized view is a view and the table that holds its rows; a key is an index. A name alone means the one
    // whose schema comes first on the path.
    make(
      "classes",
      `SELECT c.*, coalesce(k.has_primary, FALSE) AS has_primary, coalesce(k.has_index, FALSE) AS has_index, coalesce(k.foreign_keys, 0) AS foreign_keys, coalesce(n.columns, 0) AS columns,
         c.place IS NOT NULL AND c.place = min(c.place) OVER (PARTITION BY c.name) AS visible
       FROM (SELECT r.oid + p.moved AS oid, r.oid AS relation_oid, r.schema_oid, r.schema_name, CASE p.moved WHEN 0 THEN r.name ELSE 'mv_tbl__' || r.name || '__0' END AS name,
           r.owner_oid, CASE WHEN r.kind = 'table' OR p.moved <> 0 THEN 'r' ELSE 'v' END AS relkind, r.dist_style, r.temporary, r.place
         FROM temp.penstock_relations AS r
         JOIN (VALUES ('table', 0), ('view', 0), ('system-view', 0), ('materialized-view', 0), ('materialized-view', ${MATERIALIZED_OFFSET})) AS p(kind, moved) ON p.kind = r.kind
         UNION ALL SELECT k.oid, k.oid, r.schema_oid, r.schema_name, k.name, r.owner_oid, 'i', 'even', r.temporary, r.place
         FROM temp.penstock_constraints AS k JOIN temp.penstock_relations AS r ON r.oid = k.relation_oid WHERE k.type IN ('p', 'u')) AS c
       LEFT JOIN (SELECT oid, bool_or(type = 'p') AS has_primary, bool_or(type <> 'f') AS has_index, count(*) FILTER (type = 'f') AS foreign_keys
         FROM (SELECT relation_oid AS oid, type FROM temp.penstock_constraints UNION ALL SELECT foreign_oid, type FROM temp.penstock_constraints WHERE type = 'f') AS k
         GROUP BY oid) AS k ON k.oid = c.oid
       LEFT JOIN (SELECT relation_oid, max(position) AS columns FROM temp.penstock_columns GROUP BY relation_oid
         UNION ALL SELECT oid, len(columns) FROM temp.penstock_constraints WHERE type IN ('p', 'u')) AS n ON n.relation_oid = c.relation_oid`,
    ),
    // What has a row in pg_attribute: not the columns of late-binding views, which are settled when those are read.
    make(
      "attributes",
      `SELECT a.class_oid, a.position AS number, c.* FROM (
         SELECT relation_oid, position AS column_position, position,
           unnest(CASE WHEN relation_kind = 'materialized-view' THEN [relation_oid, relation_oid + ${MATERIALIZED_OFFSET}] ELSE [relation_oid] END) AS class_oid
         FROM temp.penstock_columns WHERE NOT late_binding AND relation_kind <> 'external-table'
         UNION ALL SELECT relation_oid, unnest(keys), generate_subscripts(keys, 1), oid FROM temp.penstock_constraints WHERE type IN ('p', 'u')) AS a
       JOIN temp.penstock_columns AS c ON c.relation_oid = a.relation_oid AND c.position = a.column_position`,
    ),
  ];
}

/** Columns of late-binding views, by their oids, as far as they can be told now. */
export function lateColumns(
  views: readonly { readonly oid: number; readonly columns: readonly SqlColumn[] }[],
): string {
  const shape = { relation_oid: "INTEGER", position: "INTEGER", name: "VARCHAR", ...TYPE_SHAPE };
  const rows = views.flatMap(({ oid, columns }) =>
    columns.map((column, index) => ({
      relation_oid: oid,
      position: index + 1,
      name: column.name,
      ...typeCells(column.type),
    })),
  );
  return make(
    "late_columns",
    `SELECT c.*, ${MODIFIER} AS type_modifier, ${TYPE}, r.schema_name, r.name AS relation_name
     FROM (${jsonRows(rows, shape)}) AS c JOIN temp.penstock_relations AS r ON r.oid = c.relation_oid
     JOIN penstock_catalog.system_kinds AS t ON t.kind = c.type_kind`,
  );
}

function make(table: string, query: string): string {
  return `CREATE OR REPLACE TEMPORARY TABLE penstock_${table} AS ${query}`;
}

const TYPE_SHAPE = {
  type_kind: "VARCHAR",
  type_length: "INTEGER",
  type_precision: "INTEGER",
  type_scale: "INTEGER",
} as const;

function typeCells(type: Parameters<typeof kindOf>[0]) {
  const [kind, of] = kindOf(type);
  return {
    type_kind: kind,
    type_length: "length" in of ? of.length : null,
    type_precision: "precision" in of ? of.precision : null,
    type_scale: "scale" in of ? of.scale : null,
  };
}

function relationRow(relation: StoredRelation): Readonly<Record<keyof typeof RELATION, Cell>> {
  const instant = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    oid: relation.oid,
    schema_name: relation.schema,
    name: relation.name,
    kind: relation.kind,
    owner: relation.owner,
    dist_style: relation.distStyle,
    sort_style: relation.sortStyle,
    encode_auto: relation.encodeAuto,
    backup: relation.backup,
    definition: relation.definition ?? null,
    late_binding: relation.lateBinding,
    auto_refresh: relation.autoRefresh,
    comment: relation.comment ?? null,
    external: null,
    created_at: instant(relation.createdAtMs),
    changed_at: instant(relation.changedAtMs),
    refreshed_at: instant(relation.refreshedAtMs),
  };
}

function columnRows(relation: StoredRelation): readonly Readonly<Record<keyof typeof COLUMN, Cell>>[] {
  return relation.columns.map((column) => ({
    relation_oid: relation.oid,
    position: column.position,
    name: column.name,
    ...typeCells(column.type),
    not_null: column.notNull,
    default_text: column.defaultText ?? null,
    encoding: column.encoding ?? null,
    dist_key: column.distKey,
    sort_position: column.sortPosition ?? null,
    identity_seed: column.identity?.seed ?? null,
    identity_step: column.identity?.step ?? null,
    identity_by_default: column.identity?.byDefault ?? null,
    collation_name: column.collation ?? null,
    comment: column.comment ?? null,
  }));
}

function constraintRows(relation: StoredRelation): readonly Readonly<Record<keyof typeof CONSTRAINT, Cell>>[] {
  return relation.constraints.map((constraint) => ({
    oid: constraint.oid,
    relation_oid: relation.oid,
    name: constraint.name,
    type: constraint.type,
    columns: constraint.columns,
    foreign_oid: constraint.foreignOid ?? null,
    foreign_columns: constraint.foreignColumns ?? null,
  }));
}
