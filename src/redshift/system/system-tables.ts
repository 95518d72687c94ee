/** What the program itself brings into the catalog: its relations, their columns, types and functions, as tables that are written when they change. */
import type { ArgumentKind } from "../functions/entry.js";
import { functionEntry, listFunctions } from "../functions/registry.js";
import { type SqlType, typeModifier, typeName, typeOid } from "../types.js";
import { SYSTEM_SCHEMAS } from "./fixed.js";
import { type Cell, jsonRows } from "./json-rows.js";
import { ARRAY_KINDS, kindOfType, SCALAR_KINDS, typeOfKind } from "./kinds.js";
import { systemOid } from "./oids.js";
import { TYPE_ROWS } from "./pg-types.js";
import type { SystemRelation } from "./relation.js";

/** Of the only collation, in pg_collation. */
const COLLATION_OID = 100;

const TABLES = {
  system_schemas: { oid: "INTEGER", name: "VARCHAR" },
  system_relations: {
    oid: "INTEGER",
    schema_oid: "INTEGER",
    schema_name: "VARCHAR",
    name: "VARCHAR",
  },
  system_columns: {
    relation_oid: "INTEGER",
    schema_name: "VARCHAR",
    relation_name: "VARCHAR",
    position: "INTEGER",
    name: "VARCHAR",
    type_kind: "VARCHAR",
    type_length: "INTEGER",
    type_precision: "INTEGER",
    type_scale: "INTEGER",
    type_oid: "INTEGER",
    type_modifier: "INTEGER",
  },
  system_types: {
    oid: "INTEGER",
    name: "VARCHAR",
    full_name: "VARCHAR",
    length: "SMALLINT",
    by_value: "BOOLEAN",
    alignment: "VARCHAR",
    type: "VARCHAR",
    category: "VARCHAR",
    element_oid: "INTEGER",
    array_oid: "INTEGER",
    collation_oid: "INTEGER",
  },
  system_kinds: {
    kind: "VARCHAR",
    oid: "INTEGER",
    name: "VARCHAR",
    information_name: "VARCHAR",
    length: "SMALLINT",
    by_value: "BOOLEAN",
    alignment: "VARCHAR",
    collation_oid: "INTEGER",
  },
  system_functions: {
    oid: "INTEGER",
    name: "VARCHAR",
    kind: "VARCHAR",
    volatile: "BOOLEAN",
    arguments: "SMALLINT",
    argument_oids: "INTEGER[]",
    result_oid: "INTEGER",
  },
} as const;

export const SYSTEM_TABLES_DDL = Object.entries(TABLES)
  .map(([table, columns]) => {
    const declared = Object.entries(columns).map(([name, type]) => `"${name}" ${type}`);
    return `CREATE OR REPLACE TABLE penstock_catalog.${table} (${declared.join(", ")})`;
  })
  .join(";\n");

/** Their rows, as statements. */
export function systemRows(relations: readonly SystemRelation[]): readonly string[] {
  return [
    insert(
      "system_schemas",
      Object.entries(SYSTEM_SCHEMAS).map(([name, oid]) => [oid, name]),
    ),
    insert(
      "system_relations",
      relations.map(({ schema, name }) => [systemOid(schema, name), SYSTEM_SCHEMAS[schema], schema, name]),
    ),
    insert(
      "system_columns",
      relations.flatMap(({ schema, name, columns }) =>
        columns
          .filter(({ hidden }) => !hidden)
          .map((column, index) => [
            systemOid(schema, name),
            schema,
            name,
            index + 1,
            column.name,
            ...typeCells(column.type),
          ]),
      ),
    ),
    insert(
      "system_types",
      TYPE_ROWS.map((type) => [
        type.oid,
        type.name,
        type.fullName,
        type.size,
        type.byValue,
        type.alignment,
        type.pseudo ? "p" : "b",
        type.category,
        type.elementOid,
        type.arrayOid,
        type.text ? COLLATION_OID : 0,
      ]),
    ),
    insert(
      "system_kinds",
      [...SCALAR_KINDS, ...ARRAY_KINDS].map((kind) => {
        const oid = typeOid(typeOfKind(kind));
        const type = TYPE_ROWS.find((row) => row.oid === oid);
        if (type === undefined) throw new Error(`no row of pg_type for ${kind}`);
        const collation = type.text ? COLLATION_OID : 0;
        return [kind, oid, type.name, informationName(kind), type.size, type.byValue, type.alignment, collation];
      }),
    ),
    insert("system_functions", functionRows()),
  ];
}

/** As information_schema has it: without lengths. */
function informationName(kind: string): string {
  if (kind.startsWith("array ")) return "ARRAY";
  return kind.startsWith("interval-") ? "interval" : typeName(typeOfKind(kind));
}

function typeCells(type: SqlType): readonly Cell[] {
  const of = type.kind === "array" ? type.of : type;
  return [
    kindOfType(type),
    "length" in of ? of.length : null,
    "precision" in of ? of.precision : null,
    "scale" in of ? of.scale : null,
    typeOid(type),
    typeModifier(type),
  ];
}

/** What an argument's kind is in PostgreSQL's types. */
const ARGUMENT_OIDS: Readonly<Record<ArgumentKind, number>> = {
  text: 25,
  int: 20,
  integer: 23,
  bigint: 20,
  number: 1700,
  double: 701,
  decimal: 1700,
  boolean: 16,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  time: 1083,
  timetz: 1266,
  interval: 1186,
  super: 4000,
  varbyte: 6551,
  oid: 26,
  array: 2277,
  any: 2276,
};
const ANY_OID = 2276;
/** Functions have oids from here on, in the order of their names and overloads. */
const FUNCTION_OID_FIRST = 12_000;

function functionRows(): readonly (readonly Cell[])[] {
  const rows: (readonly Cell[])[] = [];
  const names = listFunctions()
    .filter(({ status }) => status !== "no")
    .map(({ name }) => name)
    .sort();
  for (const name of names) {
    const entry = functionEntry(name);
    if (entry === undefined) continue;
    const overloads = entry.overloads.length === 0 ? [undefined] : entry.overloads;
    for (const overload of overloads) {
      const args = (overload?.args ?? []).map((kind) => ARGUMENT_OIDS[kind]);
      const result =
        overload === undefined || typeof overload.result === "function" ? ANY_OID : typeOid(overload.result);
      rows.push([
        FUNCTION_OID_FIRST + rows.length,
        name,
        entry.kind,
        entry.volatile === true,
        args.length,
        args,
        result,
      ]);
    }
  }
  return rows;
}

function insert(table: keyof typeof TABLES, rows: readonly (readonly Cell[])[]): string {
  const shape = TABLES[table];
  const names = Object.keys(shape);
  const objects = rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])));
  const types = Object.fromEntries(
    Object.entries(shape).map(([name, type]) => [name, type.endsWith("[]") ? [type.slice(0, -2)] : type]),
  );
  return `INSERT INTO penstock_catalog.${table} ${jsonRows(objects, types)}`;
}
