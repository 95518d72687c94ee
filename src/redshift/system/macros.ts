/** The catalog's functions, as DuckDB's macros over the base views. Those named in functions/catalog-macros.ts are called by statements. */
import { raiseWith } from "../functions/raise.js";
import { SQL_STATE } from "../sql-error.js";
import { textLiteral } from "../sql-text.js";
import { TABLE_STORAGE } from "./base.js";
import { MATERIALIZED_OFFSET, OWNER_OID, SYSTEM_USER } from "./fixed.js";
import { TYPE_ROWS } from "./pg-types.js";

/** By Redshift's numbers, which only FORMAT_ENCODING knows to read. */
const ENCODINGS = [
  "none",
  "bytedict",
  "delta",
  "delta32k",
  "lzo",
  "mostly8",
  "mostly16",
  "mostly32",
  "runlength",
  "text255",
  "text32k",
  "zstd",
  "az64",
] as const;

/** What COMMENT has said of relations, columns and schemas. */
export const DESCRIPTIONS = `SELECT oid, 1259 AS class_oid, 0 AS position, comment FROM temp.penstock_relations WHERE comment IS NOT NULL
  UNION ALL SELECT relation_oid, 1259, position, comment FROM temp.penstock_columns WHERE comment IS NOT NULL
  UNION ALL SELECT oid, 2615, 0, comment FROM temp.penstock_schemas WHERE comment IS NOT NULL`;

/** Names that must be quoted where they are written into a definition. */
const quoted = (name: string) =>
  `CASE WHEN regexp_full_match(${name}, '[a-z_][a-z0-9_$]*') THEN ${name} ELSE '"' || replace(${name}, '"', '""') || '"' END`;
const listed = (columns: string) => `array_to_string(list_transform(${columns}, one -> ${quoted("one")}), ', ')`;

/** A relation as a text names it: alone where the search path leads to it, else with its schema. */
const SHORT_NAME = `CASE WHEN v.visible THEN ${quoted("v.name")} ELSE ${quoted("v.schema_name")} || '.' || ${quoted("v.name")} END`;

const macro = (signature: string, body: string) => `CREATE OR REPLACE MACRO penstock_catalog.${signature} AS ${body}`;

/** Of a registered name's text: without quotes, in lower case, without the schema that everything is in. */
const plain = (text: string) =>
  `regexp_replace(lower(replace(CAST(${text} AS VARCHAR), '"', '')), '^pg_catalog\\.', '')`;

/** In order: each uses those before it. */
export const MACROS: readonly string[] = [
  macro(
    "encoding_number(encoding)",
    `coalesce(list_position([${ENCODINGS.map(textLiteral).join(", ")}], encoding) - 1, 0)`,
  ),
  macro("format_encoding(number)", `coalesce([${ENCODINGS.map(textLiteral).join(", ")}][number + 1], 'unknown')`),
  macro(
    "format_type(type_oid, modifier)",
    `CASE WHEN type_oid IS NULL THEN NULL
       WHEN type_oid = 1043 AND modifier > 4 THEN 'character varying(' || (modifier - 4) || ')'
       WHEN type_oid = 1042 AND modifier > 4 THEN 'character(' || (modifier - 4) || ')'
       WHEN type_oid = 6551 AND modifier > 4 THEN 'binary varying(' || (modifier - 4) || ')'
       WHEN type_oid = 1700 AND modifier > 4 THEN 'numeric(' || ((modifier - 4) // 65536) || ',' || ((modifier - 4) % 65536) || ')'
       WHEN type_oid = 0 THEN '-' ELSE coalesce(MAP {${TYPE_ROWS.map(({ oid, fullName }) => `${oid}: ${textLiteral(fullName)}`).join(", ")}}[type_oid], '???') END`,
  ),
  macro(
    "view_text(kind, late_binding, schema_name, name, definition)",
    `CASE WHEN kind = 'materialized-view' THEN 'create materialized view ' || ${quoted("schema_name")} || '.' || ${quoted("name")} || ' as (' || definition || ');'
       WHEN late_binding THEN 'create view ' || ${quoted("schema_name")} || '.' || ${quoted("name")} || ' as ' || definition || ' with no schema binding;'
       ELSE coalesce(definition || ';', '') END`,
  ),
  macro(
    "pg_table_is_visible(class_oid)",
    "(CAST(class_oid AS INTEGER) IN (SELECT v.oid FROM temp.penstock_classes AS v WHERE v.visible))",
  ),
  macro(
    "regclass_text(class_oid)",
    `coalesce((SELECT max(${SHORT_NAME}) FROM temp.penstock_classes AS v WHERE v.oid = class_oid), CASE class_oid WHEN 0 THEN '-' ELSE CAST(class_oid AS VARCHAR) END)`,
  ),
  macro(
    "regclass_oid(class_name)",
    `CASE WHEN class_name IS NULL THEN NULL ELSE CAST(coalesce(TRY_CAST(class_name AS INTEGER),
       (SELECT max(v.oid) FROM temp.penstock_classes AS v WHERE v.visible AND v.name = ${plain("class_name")}),
       (SELECT max(v.oid) FROM temp.penstock_classes AS v WHERE v.schema_name || '.' || v.name = lower(replace(CAST(class_name AS VARCHAR), '"', ''))),
       ${raiseWith(SQL_STATE.undefinedTable, 'relation "', "CAST(class_name AS VARCHAR)", '" does not exist')}) AS INTEGER) END`,
  ),
  // Rows of temp.penstock_rights: what ordinary users may do, `all` of who may do everything; a row of no user is everybody's.
  macro(
    "is_superuser(who)",
    "coalesce((SELECT bool_or(s.object_type = 'all') FROM temp.penstock_rights AS s WHERE s.user_name IS NULL OR s.user_name = who), FALSE)",
  ),
  macro(
    "has_rights(who, type, object, wanted)",
    `CASE WHEN object IS NULL OR wanted IS NULL THEN NULL ELSE coalesce((SELECT bool_or(p.object_type = 'all'
         OR p.object_type = type AND p.object_oid = object AND list_has_any(p.privileges, list_transform(string_split(lower(wanted), ','), one -> trim(one))))
       FROM temp.penstock_rights AS p WHERE p.user_name IS NULL OR p.user_name = who
         OR p.user_name = (SELECT max(u.name) FROM penstock_catalog.all_users AS u WHERE u.oid = TRY_CAST(who AS INTEGER))), FALSE) END`,
  ),
  // What the system brings has smaller numbers than anybody's own.
  macro(
    "has_table_privilege(who, relation, wanted)",
    `(penstock_catalog.regclass_oid(relation) < 100000 AND lower(wanted) = 'select'
       OR penstock_catalog.has_rights(who, 'table', CASE WHEN penstock_catalog.regclass_oid(relation) > ${MATERIALIZED_OFFSET} THEN penstock_catalog.regclass_oid(relation) - ${MATERIALIZED_OFFSET} ELSE penstock_catalog.regclass_oid(relation) END, wanted))`,
  ),
  macro(
    "schema_oid(named)",
    "coalesce(TRY_CAST(named AS INTEGER), (SELECT max(n.oid) FROM temp.penstock_schemas AS n WHERE n.name = lower(replace(CAST(named AS VARCHAR), '\"', ''))))",
  ),
  macro(
    "has_schema_privilege(who, named, wanted)",
    `(penstock_catalog.schema_oid(named) < 100000 AND lower(wanted) = 'usage' OR penstock_catalog.has_rights(who, 'schema', penstock_catalog.schema_oid(named), wanted))`,
  ),
  macro(
    "has_database_privilege(who, wanted)",
    "penstock_catalog.has_rights(who, 'database', 1, replace(lower(wanted), 'temporary', 'temp'))",
  ),
  macro(
    "regtype_text(type_oid)",
    "CASE WHEN type_oid = 0 THEN '-' ELSE penstock_catalog.format_type(type_oid, NULL) END",
  ),
  macro(
    "regtype_oid(named)",
    `CASE WHEN named IS NULL THEN NULL ELSE CAST(coalesce(TRY_CAST(named AS INTEGER), (SELECT max(t.oid) FROM penstock_catalog.system_types AS t
       WHERE t.name = ${plain("named")} OR t.full_name = ${plain("named")}),
       ${raiseWith(SQL_STATE.undefinedObject, 'type "', "CAST(named AS VARCHAR)", '" does not exist')}) AS INTEGER) END`,
  ),
  macro(
    "regproc_text(function_oid)",
    "coalesce((SELECT max(f.name) FROM penstock_catalog.all_functions AS f WHERE f.oid = function_oid), CASE function_oid WHEN 0 THEN '-' ELSE CAST(function_oid AS VARCHAR) END)",
  ),
  // Functions of PostgreSQL's own that are not here are not refused: drivers only compare the number.
  macro(
    "regproc_oid(named)",
    `CASE WHEN named IS NULL THEN NULL ELSE CAST(coalesce(TRY_CAST(named AS INTEGER), (SELECT min(f.oid) FROM penstock_catalog.system_functions AS f WHERE f.name = ${plain("named")}), 0) AS INTEGER) END`,
  ),
  macro(
    "pg_get_viewdef(view_of)",
    `(SELECT max(penstock_catalog.view_text(r.kind, r.late_binding, r.schema_name, r.name, r.definition)) FROM temp.penstock_relations AS r
       JOIN temp.penstock_classes AS v ON v.oid = r.oid
       WHERE r.kind IN ('view', 'materialized-view', 'system-view') AND (v.oid = TRY_CAST(view_of AS INTEGER) OR v.visible AND v.name = ${plain("view_of")}
         OR v.schema_name || '.' || v.name = lower(replace(CAST(view_of AS VARCHAR), '"', ''))))`,
  ),
  macro(
    "pg_get_constraintdef(constraint_oid)",
    `(SELECT max(CASE k.type WHEN 'p' THEN 'PRIMARY KEY (' || ${listed("k.columns")} || ')' WHEN 'u' THEN 'UNIQUE (' || ${listed("k.columns")} || ')'
       ELSE 'FOREIGN KEY (' || ${listed("k.columns")} || ') REFERENCES ' || ${SHORT_NAME} || '(' || ${listed("k.foreign_columns")} || ')' END)
       FROM temp.penstock_constraints AS k LEFT JOIN temp.penstock_classes AS v ON v.oid = k.foreign_oid WHERE k.oid = constraint_oid)`,
  ),
  macro(
    "pg_get_indexdef(index_oid)",
    `(SELECT max('CREATE UNIQUE INDEX ' || ${quoted("k.name")} || ' ON ' || ${quoted("v.schema_name")} || '.' || ${quoted("v.name")} || ' USING btree (' || ${listed("k.columns")} || ')')
       FROM temp.penstock_constraints AS k JOIN temp.penstock_classes AS v ON v.oid = k.relation_oid WHERE k.oid = index_oid)`,
  ),
  // Defaults are kept as text.
  macro("pg_get_expr(expression, relation_oid)", "CAST(expression AS VARCHAR)"),
  macro(
    "obj_description(object_oid)",
    `(SELECT max(d.comment) FROM (${DESCRIPTIONS}) AS d WHERE d.oid = object_oid AND d.position = 0)`,
  ),
  macro(
    "pg_get_userbyid(user_oid)",
    `CASE WHEN user_oid = ${OWNER_OID} THEN 'penstock' WHEN user_oid = ${SYSTEM_USER.oid} THEN '${SYSTEM_USER.name}'
       ELSE coalesce((SELECT map_from_entries(list((oid, name))) FROM penstock_catalog.roles)[user_oid], 'unknown (OID=' || user_oid || ')') END`,
  ),
  macro(
    "pg_relation_size(class_oid)",
    `coalesce((SELECT max(s.blocks) FROM ${TABLE_STORAGE} AS s
       WHERE s.relation_oid = CASE WHEN class_oid > ${MATERIALIZED_OFFSET} THEN class_oid - ${MATERIALIZED_OFFSET} ELSE class_oid END), 0) * 1048576`,
  ),
  macro("pg_database_size(named)", `(SELECT coalesce(sum(s.blocks), 0)::BIGINT * 1048576 FROM ${TABLE_STORAGE} AS s)`),
  macro(
    "pg_get_function_result(function_oid)",
    "(SELECT max(penstock_catalog.format_type(f.result_oid, NULL)) FROM penstock_catalog.all_functions AS f WHERE f.oid = function_oid)",
  ),
  macro(
    "pg_get_function_arguments(function_oid)",
    `(SELECT max(array_to_string(list_transform(f.argument_oids, one -> penstock_catalog.format_type(one, NULL)), ', '))
       FROM penstock_catalog.all_functions AS f WHERE f.oid = function_oid)`,
  ),
  macro("shobj_description(object_oid)", "CAST(NULL AS VARCHAR)"),
  macro(
    "col_description(object_oid, number)",
    `(SELECT max(d.comment) FROM (${DESCRIPTIONS}) AS d WHERE d.oid = object_oid AND d.position = number AND number > 0)`,
  ),
];
