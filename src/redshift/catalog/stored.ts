/** What the catalog keeps of each object, as plain data: the rows of `penstock_catalog`, put together. */
import type { SqlType } from "../types.js";

export type StoredKind = "table" | "view" | "materialized-view" | "external-table";

export interface StoredSchema {
  readonly oid: number;
  readonly name: string;
  readonly owner: string;
  readonly quota?: string;
  readonly comment?: string;
  /** `data catalog`, ...; absent for one that is no external schema. */
  readonly externalFrom?: string;
  /** JSON. */
  readonly externalOptions?: string;
  readonly createdAtMs: number;
}

/** A function of a user's, in SQL: an expression of its arguments. */
export interface StoredFunction {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly owner: string;
  readonly arguments: readonly SqlType[];
  readonly returns: SqlType;
  readonly volatility: "volatile" | "stable" | "immutable";
  /** `SELECT` and the expression, in Redshift's SQL. */
  readonly body: string;
}

export interface StoredColumn {
  readonly position: number;
  readonly name: string;
  readonly type: SqlType;
  readonly notNull: boolean;
  /** Redshift's SQL. */
  readonly defaultText?: string;
  readonly encoding?: string;
  readonly distKey: boolean;
  /** From 1, negative for interleaved. */
  readonly sortPosition?: number;
  readonly identity?: {
    readonly seed: number;
    readonly step: number;
    readonly byDefault: boolean;
    readonly sequence: string;
  };
  readonly collation?: string;
  readonly comment?: string;
}

export interface StoredConstraint {
  readonly oid: number;
  readonly name: string;
  readonly type: "p" | "u" | "f";
  readonly columns: readonly string[];
  readonly foreignOid?: number;
  readonly foreignColumns?: readonly string[];
}

export interface StoredRelation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: StoredKind;
  readonly owner: string;
  readonly distStyle: "auto" | "even" | "key" | "all";
  readonly sortStyle: "compound" | "interleaved" | "auto" | "none";
  readonly encodeAuto: boolean;
  readonly backup: boolean;
  /** Of a view its query's text. */
  readonly definition?: string;
  readonly lateBinding: boolean;
  readonly autoRefresh: boolean;
  readonly comment?: string;
  /** Of an external table, JSON. */
  readonly external?: string;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  readonly refreshedAtMs?: number;
  readonly columns: readonly StoredColumn[];
  readonly constraints: readonly StoredConstraint[];
  /** Oids of what a view reads. */
  readonly reads: readonly number[];
}

/** Redshift's `public` is DuckDB's `main`. */
export function duckDbSchema(schema: string): string {
  return schema === "public" ? "main" : schema;
}

export function temporarySchema(processId: number): string {
  return `pg_temp_${processId}`;
}

export function isTemporarySchema(schema: string): boolean {
  return schema.startsWith("pg_temp_");
}
