/**
 * What only the catalog can answer: macros of DuckDB's in the catalog's schema, made beside the system views (src/redshift/system). The number
 * is how many arguments each takes; what a call leaves out is passed as NULL.
 *
 * `..._oid` finds the oid of a registered name's text (`public.quotes`, `pg_class`, or the digits of an oid), `..._text` the text of an oid.
 */
import { CATALOG_SCHEMA } from "../catalog/catalog.js";

export const CATALOG_MACROS = {
  pg_table_is_visible: 1,
  format_type: 2,
  pg_get_viewdef: 1,
  pg_get_constraintdef: 1,
  pg_get_expr: 2,
  pg_get_indexdef: 1,
  obj_description: 1,
  shobj_description: 1,
  col_description: 2,
  format_encoding: 1,
  pg_get_userbyid: 1,
  pg_relation_size: 1,
  pg_database_size: 1,
  pg_get_function_result: 1,
  pg_get_function_arguments: 1,
  regclass_oid: 1,
  regclass_text: 1,
  regproc_oid: 1,
  regproc_text: 1,
  regtype_oid: 1,
  regtype_text: 1,
  has_table_privilege: 3,
  has_schema_privilege: 3,
  has_database_privilege: 2,
} as const;

export type CatalogMacro = keyof typeof CATALOG_MACROS;

/** Arguments beyond what the macro takes are only for show in PostgreSQL: `pg_get_viewdef(oid, true)`. */
export function catalogCall(name: CatalogMacro, args: readonly string[]): string {
  const count = CATALOG_MACROS[name];
  const given = Array.from({ length: count }, (_, index) => args[index] ?? "NULL");
  return `${CATALOG_SCHEMA}.${name}(${given.join(", ")})`;
}
