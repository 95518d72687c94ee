/** The statements that bring an object of the catalog into `penstock_catalog`, as DuckDB's text. */
import { textLiteral } from "../sql-text.js";
import type { SqlType } from "../types.js";
import type { StoredGrant, StoredRole } from "./roles.js";
import type { StoredColumn, StoredConstraint, StoredFunction, StoredRelation, StoredSchema } from "./stored.js";

/** The object as it is now in place of what was stored of it. */
export function storeRelation(relation: StoredRelation): string {
  const { oid } = relation;
  const values = [
    oid,
    text(relation.schema),
    text(relation.name),
    text(relation.kind),
    text(relation.owner),
    text(relation.distStyle),
    text(relation.sortStyle),
    relation.encodeAuto,
    relation.backup,
    text(relation.definition),
    relation.lateBinding,
    relation.autoRefresh,
    text(relation.comment),
    text(relation.external),
    instant(relation.createdAtMs),
    instant(relation.changedAtMs),
    relation.refreshedAtMs === undefined ? "NULL" : instant(relation.refreshedAtMs),
  ];
  return [
    ...forgotten(oid),
    insert("relations", RELATION_COLUMNS, [values]),
    insert(
      "columns",
      COLUMN_COLUMNS,
      relation.columns.map((column) => columnValues(oid, column)),
    ),
    insert(
      "constraints",
      CONSTRAINT_COLUMNS,
      relation.constraints.map((constraint) => constraintValues(oid, constraint)),
    ),
    insert(
      "dependencies",
      DEPENDENCY_COLUMNS,
      relation.reads.map((read) => [oid, read]),
    ),
  ]
    .filter((statement) => statement !== "")
    .join(";\n");
}

type Value = string | number | boolean;

/** "" for no rows. */
function insert(table: string, columns: readonly string[], rows: readonly (readonly Value[])[]): string {
  if (rows.length === 0) return "";
  const values = rows.map((row) => `(${row.join(", ")})`);
  return `INSERT INTO penstock_catalog.${table} (${columns.join(", ")}) VALUES ${values.join(", ")}`;
}

const RELATION_COLUMNS = [
  "oid",
  "schema_name",
  "name",
  "kind",
  "owner",
  "dist_style",
  "sort_style",
  "encode_auto",
  "backup",
  "definition",
  "late_binding",
  "auto_refresh",
  "comment",
  "external",
  "created_at",
  "changed_at",
  "refreshed_at",
] as const;

const COLUMN_COLUMNS = [
  "relation_oid",
  "position",
  "name",
  "type_kind",
  "type_length",
  "type_precision",
  "type_scale",
  "not_null",
  "default_text",
  "encoding",
  "dist_key",
  "sort_position",
  "identity_seed",
  "identity_step",
  "identity_by_default",
  "identity_sequence",
  "collation_name",
  "comment",
] as const;

const CONSTRAINT_COLUMNS = [
  "oid",
  "relation_oid",
  "name",
  "type",
  "columns",
  "foreign_oid",
  "foreign_columns",
] as const;

const DEPENDENCY_COLUMNS = ["view_oid", "relation_oid"] as const;

function columnValues(oid: number, column: StoredColumn): readonly Value[] {
  const { identity } = column;
  return [
    oid,
    column.position,
    text(column.name),
    ...typeValues(column.type),
    column.notNull,
    text(column.defaultText),
    text(column.encoding),
    column.distKey,
    column.sortPosition ?? "NULL",
    identity?.seed ?? "NULL",
    identity?.step ?? "NULL",
    identity?.byDefault ?? "NULL",
    text(identity?.sequence),
    text(column.collation),
    text(column.comment),
  ];
}

function typeValues(type: SqlType): readonly (string | number)[] {
  const [kind, of] = kindOf(type);
  return [
    textLiteral(kind),
    "length" in of ? of.length : "NULL",
    "precision" in of ? of.precision : "NULL",
    "scale" in of ? of.scale : "NULL",
  ];
}

/** `type_kind`, and the type that the numbers are of. */
export function kindOf(type: SqlType): readonly [kind: string, of: Exclude<SqlType, { kind: "array" }>] {
  if (type.kind !== "array") return [type.kind, type];
  const [kind, of] = kindOf(type.of);
  return [`array ${kind}`, of];
}

function constraintValues(relationOid: number, constraint: StoredConstraint): readonly Value[] {
  return [
    constraint.oid,
    relationOid,
    text(constraint.name),
    text(constraint.type),
    list(constraint.columns),
    constraint.foreignOid ?? "NULL",
    constraint.foreignColumns === undefined ? "NULL" : list(constraint.foreignColumns),
  ];
}

export function forgetRelation(oid: number): string {
  return [
    ...forgotten(oid),
    `DELETE FROM penstock_catalog.grants WHERE object_type = 'table' AND object_oid = ${oid}`,
  ].join(";\n");
}

function forgotten(oid: number): readonly string[] {
  return [
    "relations WHERE oid",
    "columns WHERE relation_oid",
    "constraints WHERE relation_oid",
    "dependencies WHERE view_oid",
  ].map((where) => `DELETE FROM penstock_catalog.${where} = ${oid}`);
}

export function storeSchema(schema: StoredSchema): string {
  const values = [
    schema.oid,
    text(schema.name),
    text(schema.owner),
    text(schema.quota),
    text(schema.comment),
    text(schema.externalFrom),
    text(schema.externalOptions),
    instant(schema.createdAtMs),
  ];
  return `DELETE FROM penstock_catalog.schemas WHERE name = ${textLiteral(schema.name)};
    ${insert("schemas", SCHEMA_COLUMNS, [values])}`;
}

const SCHEMA_COLUMNS = [
  "oid",
  "name",
  "owner",
  "quota",
  "comment",
  "external_from",
  "external_options",
  "created_at",
] as const;

export function forgetSchema(schema: Pick<StoredSchema, "name" | "oid">): string {
  return `DELETE FROM penstock_catalog.schemas WHERE name = ${textLiteral(schema.name)};
    DELETE FROM penstock_catalog.grants WHERE object_type IN ('schema', 'tables in', 'new tables in') AND object_oid = ${schema.oid}`;
}

export function storeFunction(stored: StoredFunction): string {
  const { oid, schema, name, owner, volatility, body } = stored;
  const [types, returns] = [stored.arguments, stored.returns].map((value) => JSON.stringify(value));
  const values = [schema, name, owner, types!, returns!, volatility, body].map(textLiteral);
  return `${forgetFunction(stored)};
    INSERT INTO penstock_catalog.functions (oid, schema_name, name, owner, arguments, returns, volatility, body) VALUES (${oid}, ${values.join(", ")})`;
}

export function forgetFunction({ oid }: Pick<StoredFunction, "oid">): string {
  return `DELETE FROM penstock_catalog.functions WHERE oid = ${oid}`;
}

export function storeRole({ oid, kind, name }: StoredRole): string {
  return `DELETE FROM penstock_catalog.roles WHERE oid = ${oid};
    INSERT INTO penstock_catalog.roles (oid, kind, name) VALUES (${oid}, ${textLiteral(kind)}, ${textLiteral(name)})`;
}

export function forgetRole({ oid }: StoredRole): string {
  return `DELETE FROM penstock_catalog.roles WHERE oid = ${oid}`;
}

export function storeGrant(grant: StoredGrant): string {
  const { objectType, objectOid, granteeType, grantee, privilege } = grant;
  const values = [textLiteral(objectType), objectOid, ...[granteeType, grantee, privilege].map(textLiteral)];
  return `${forgetGrant(grant)};
    INSERT INTO penstock_catalog.grants (object_type, object_oid, grantee_type, grantee, privilege) VALUES (${values.join(", ")})`;
}

export function forgetGrant({ objectType, objectOid, granteeType, grantee, privilege }: StoredGrant): string {
  return `DELETE FROM penstock_catalog.grants WHERE object_type = ${textLiteral(objectType)} AND object_oid = ${objectOid}
    AND grantee_type = ${textLiteral(granteeType)} AND grantee = ${textLiteral(grantee)} AND privilege = ${textLiteral(privilege)}`;
}

function text(value: string | undefined): string {
  return value === undefined ? "NULL" : textLiteral(value);
}

function list(values: readonly string[]): string {
  return `CAST([${values.map(textLiteral).join(", ")}] AS VARCHAR[])`;
}

function instant(ms: number): string {
  return `to_timestamp(${Math.round(ms)} / 1000.0)`;
}
