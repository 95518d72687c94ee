/** The catalog as a session sees it: within its transaction, with its temporary tables. Drivers: the DuckDB-backed one beside this file. */
import type { RelationInfo } from "../binder/bound.js";
import type { QualifiedName } from "../syntax/ast.js";

export interface Catalog {
  /**
   * Resolves names on the search path, and the names in the texts of the views that are found, and so on; what is not found is left out. The
   * answer serves one statement.
   */
  lookUp(names: readonly QualifiedName[]): Promise<(name: QualifiedName) => RelationInfo | undefined>;
}

/** DuckDB's schema that holds what its own catalog cannot: never named by outside SQL, read by the system views. */
export const CATALOG_SCHEMA = "penstock_catalog";

/**
 * The stored part of the catalog. `oid` is given once and never again, from 100,000 on (PostgreSQL's own are below 16,384). Relations of the
 * pipeline's definition are written here by the warehouse's `applyTable`, those of users by DDL. Temporary tables are not here: a session
 * keeps them in memory.
 *
 * - `schemas`: `public`, `penstock` and users' own; external ones with their source.
 * - `relations`: kind `table` | `view` | `materialized-view` | `external-table`; `dist_style` auto|even|key|all, `sort_style` compound|interleaved|auto|none.
 *   `definition` is a view's text; for a materialized view the text of its query, its rows being the DuckDB table of the same name.
 * - `columns`: `type_kind` and the three numbers are a SqlType; `default_text` is Redshift's SQL; `sort_position` from 1, negative numbers for interleaved.
 * - `constraints`: informational, as in Redshift. `type` p | u | f.
 * - `dependencies`: a view on what it reads.
 *
 * No keys: DuckDB's indexes cannot take back a commit in which a row was written twice, and stop the whole process. A process is the only writer
 * of its warehouse, and sees to it itself that no name is given twice (engine/transaction.ts).
 */
export const CATALOG_STORE_DDL: readonly string[] = [
  `CREATE SEQUENCE penstock_catalog.oids START 100000;
   CREATE TABLE penstock_catalog.schemas (
     oid INTEGER NOT NULL, name VARCHAR NOT NULL, owner VARCHAR NOT NULL, quota VARCHAR, comment VARCHAR,
     external_from VARCHAR, external_options VARCHAR, created_at TIMESTAMPTZ NOT NULL);
   CREATE TABLE penstock_catalog.relations (
     oid INTEGER NOT NULL, schema_name VARCHAR NOT NULL, name VARCHAR NOT NULL, kind VARCHAR NOT NULL, owner VARCHAR NOT NULL,
     dist_style VARCHAR, sort_style VARCHAR, encode_auto BOOLEAN NOT NULL, backup BOOLEAN NOT NULL, definition VARCHAR,
     late_binding BOOLEAN NOT NULL, auto_refresh BOOLEAN NOT NULL, comment VARCHAR, external VARCHAR,
     created_at TIMESTAMPTZ NOT NULL, changed_at TIMESTAMPTZ NOT NULL, refreshed_at TIMESTAMPTZ);
   CREATE TABLE penstock_catalog.columns (
     relation_oid INTEGER NOT NULL, position INTEGER NOT NULL, name VARCHAR NOT NULL, type_kind VARCHAR NOT NULL, type_length INTEGER,
     type_precision INTEGER, type_scale INTEGER, not_null BOOLEAN NOT NULL, default_text VARCHAR, encoding VARCHAR,
     dist_key BOOLEAN NOT NULL, sort_position INTEGER, identity_seed BIGINT, identity_step BIGINT, identity_by_default BOOLEAN,
     identity_sequence VARCHAR, collation_name VARCHAR, comment VARCHAR);
   CREATE TABLE penstock_catalog.constraints (
     oid INTEGER NOT NULL, relation_oid INTEGER NOT NULL, name VARCHAR NOT NULL, type VARCHAR NOT NULL, columns VARCHAR[] NOT NULL,
     foreign_oid INTEGER, foreign_columns VARCHAR[]);
   CREATE TABLE penstock_catalog.dependencies (view_oid INTEGER NOT NULL, relation_oid INTEGER NOT NULL);
   CREATE TABLE penstock_catalog.grants (object_type VARCHAR NOT NULL, object_oid INTEGER NOT NULL, grantee_type VARCHAR NOT NULL, grantee VARCHAR NOT NULL, privilege VARCHAR NOT NULL);
   CREATE TABLE penstock_catalog.roles (oid INTEGER NOT NULL, kind VARCHAR NOT NULL, name VARCHAR NOT NULL);`,
];

/** Users' functions: `arguments` and `returns` are SqlTypes as JSON, `body` is Redshift's SQL. */
export const CATALOG_FUNCTIONS_DDL = `CREATE TABLE penstock_catalog.functions (
  oid INTEGER NOT NULL, schema_name VARCHAR NOT NULL, name VARCHAR NOT NULL, owner VARCHAR NOT NULL, arguments VARCHAR NOT NULL,
  returns VARCHAR NOT NULL, volatility VARCHAR NOT NULL, body VARCHAR NOT NULL);`;
