/** The statements that bring an object of the catalog into `penstock_catalog`, as DuckDB's text. */
import { textLiteral } from "../sql-text.js";
import type { SqlType } from "../types.js";
import type { StoredColumn, StoredConstraint, StoredRelation, StoredSchema } from "./stored.js";

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
  // Updated where it is there: DuckDB refuses a key that was deleted and inserted again in one transaction.
  const [, ...names] = RELATION_COLUMNS;
  const parts = [
    `INSERT INTO penstock_catalog.relations (${RELATION_COLUMNS.join(", ")}) VALUES (${values.join(", ")})
     ON CONFLICT (oid) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(", ")}`,
    ...relation.columns.map((column) => storeColumn(oid, column)),
    `DELETE FROM penstock_catalog.columns WHERE relation_oid = ${oid}${
      relation.columns.length === 0
        ? ""
        : ` AND position NOT IN (${relation.columns.map(({ position }) => position).join(", ")})`
    }`,
    ...relation.constraints.map((constraint) => storeConstraint(oid, constraint)),
    `DELETE FROM penstock_catalog.constraints WHERE relation_oid = ${oid}${
      relation.constraints.length === 0
        ? ""
        : ` AND oid NOT IN (${relation.constraints.map((constraint) => constraint.oid).join(", ")})`
    }`,
    `DELETE FROM penstock_catalog.dependencies WHERE view_oid = ${oid}`,
    ...(relation.reads.length === 0
      ? []
      : [
          `INSERT INTO penstock_catalog.dependencies VALUES ${relation.reads.map((read) => `(${oid}, ${read})`).join(", ")}`,
        ]),
  ];
  return parts.join(";\n");
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

function storeColumn(oid: number, column: StoredColumn): string {
  const { identity } = column;
  const values = [
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
  const [, , ...names] = COLUMN_COLUMNS;
  return `INSERT INTO penstock_catalog.columns (${COLUMN_COLUMNS.join(", ")}) VALUES (${values.join(", ")})
    ON CONFLICT (relation_oid, position) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(", ")}`;
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

function storeConstraint(relationOid: number, constraint: StoredConstraint): string {
  const values = [
    constraint.oid,
    relationOid,
    text(constraint.name),
    text(constraint.type),
    list(constraint.columns),
    constraint.foreignOid ?? "NULL",
    constraint.foreignColumns === undefined ? "NULL" : list(constraint.foreignColumns),
  ];
  return `INSERT INTO penstock_catalog.constraints VALUES (${values.join(", ")})
    ON CONFLICT (oid) DO UPDATE SET name = excluded.name, columns = excluded.columns, foreign_columns = excluded.foreign_columns`;
}

export function forgetRelation(oid: number): string {
  return [
    "relations WHERE oid",
    "columns WHERE relation_oid",
    "constraints WHERE relation_oid",
    "dependencies WHERE view_oid",
  ]
    .map((where) => `DELETE FROM penstock_catalog.${where} = ${oid}`)
    .concat(`DELETE FROM penstock_catalog.grants WHERE object_type <> 'schema' AND object_oid = ${oid}`)
    .join(";\n");
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
  return `INSERT INTO penstock_catalog.schemas (oid, name, owner, quota, comment, external_from, external_options, created_at)
    VALUES (${values.join(", ")}) ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, quota = excluded.quota,
    comment = excluded.comment, external_from = excluded.external_from, external_options = excluded.external_options`;
}

export function forgetSchema(schema: Pick<StoredSchema, "name" | "oid">): string {
  return `DELETE FROM penstock_catalog.schemas WHERE name = ${textLiteral(schema.name)};
    DELETE FROM penstock_catalog.grants WHERE object_type = 'schema' AND object_oid = ${schema.oid}`;
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
