/** What the program itself brings into the catalog: its relations, their columns, types and functions, as tables that are written when they change. */
import type { ArgumentKind } from "../functions/entry.js";
import { functionEntry, listFunctions } from "../functions/registry.js";
import { textLiteral } from "../sql-text.js";
import { type SqlType, typeModifier, typeName, typeOid, typeSize } from "../types.js";
import { kindOfType, SCALAR_KINDS, typeOfKind } from "./kinds.js";
import { systemOid } from "./oids.js";
import type { SystemRelation } from "./relation.js";

const SCHEMA_OIDS = { pg_catalog: 11, information_schema: 11_000 } as const;

export const SYSTEM_TABLES_DDL = `
  CREATE OR REPLACE TABLE penstock_catalog.system_relations (oid INTEGER, schema_oid INTEGER, schema_name VARCHAR, name VARCHAR, definition VARCHAR);
  CREATE OR REPLACE TABLE penstock_catalog.system_columns (relation_oid INTEGER, position INTEGER, name VARCHAR, type_kind VARCHAR, type_length INTEGER,
    type_precision INTEGER, type_scale INTEGER, type_oid INTEGER, type_modifier INTEGER);
  CREATE OR REPLACE TABLE penstock_catalog.system_types (oid INTEGER, name VARCHAR, full_name VARCHAR, length SMALLINT, by_value BOOLEAN, alignment VARCHAR,
    type VARCHAR, category VARCHAR, element_oid INTEGER, array_oid INTEGER, collation_oid INTEGER);
  CREATE OR REPLACE TABLE penstock_catalog.system_functions (oid INTEGER, name VARCHAR, kind VARCHAR, volatile BOOLEAN, arguments SMALLINT,
    argument_oids INTEGER[], result_oid INTEGER)`;

/** Their rows, as statements. */
export function systemRows(relations: readonly SystemRelation[]): readonly string[] {
  return [
    insert(
      "system_relations",
      relations.map(({ schema, name }) => [systemOid(schema, name), SCHEMA_OIDS[schema], schema, name, ""]),
    ),
    insert(
      "system_columns",
      relations.flatMap(({ schema, name, columns }) =>
        columns
          .filter(({ hidden }) => !hidden)
          .map((column, index) => [systemOid(schema, name), index + 1, column.name, ...typeCells(column.type)]),
      ),
    ),
    insert("system_types", typeRows()),
    insert("system_functions", functionRows()),
  ];
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

const TYPE_NAMES: Readonly<Record<(typeof SCALAR_KINDS)[number], readonly [name: string, category: string]>> = {
  boolean: ["bool", "B"],
  char1: ["char", "S"],
  name: ["name", "S"],
  bigint: ["int8", "N"],
  smallint: ["int2", "N"],
  integer: ["int4", "N"],
  regproc: ["regproc", "N"],
  text: ["text", "S"],
  oid: ["oid", "N"],
  xid: ["xid", "U"],
  real: ["float4", "N"],
  double: ["float8", "N"],
  unknown: ["unknown", "X"],
  char: ["bpchar", "S"],
  varchar: ["varchar", "S"],
  date: ["date", "D"],
  time: ["time", "D"],
  timestamp: ["timestamp", "D"],
  timestamptz: ["timestamptz", "D"],
  "interval-year-month": ["intervaly2m", "T"],
  "interval-day-second": ["intervald2s", "T"],
  timetz: ["timetz", "D"],
  decimal: ["numeric", "N"],
  regclass: ["regclass", "N"],
  regtype: ["regtype", "N"],
  void: ["void", "P"],
  super: ["super", "U"],
  varbyte: ["varbyte", "U"],
};

/** Types that no column of Penstock's has, but that drivers look for: oid, name, bytes, the oid of its array. */
const OTHER_TYPES: readonly (readonly [oid: number, name: string, size: number, array: number, full?: string])[] = [
  [17, "bytea", -1, 1001],
  [22, "int2vector", -1, 1006],
  [27, "tid", 6, 1010],
  [29, "cid", 4, 1012],
  [30, "oidvector", -1, 1013],
  [702, "abstime", 4, 1023],
  [1033, "aclitem", 12, 1034],
  [1186, "interval", 16, 1187],
  [1790, "refcursor", -1, 2201],
  [2202, "regprocedure", 4, 2207],
  [2249, "record", -1, 0],
  [2275, "cstring", -2, 0],
  [2276, "any", 4, 0, '"any"'],
  [2277, "anyarray", -1, 0],
  [2278, "void", 4, 0],
  [2279, "trigger", 4, 0],
  [2283, "anyelement", 4, 0],
  [2935, "hllsketch", -1, 0],
  [3000, "geometry", -1, 0],
  [3001, "geography", -1, 0],
];

const ARRAYS: Readonly<Record<string, number>> = {
  bool: 1000,
  char: 1002,
  name: 1003,
  int2: 1005,
  int4: 1007,
  regproc: 1008,
  text: 1009,
  xid: 1011,
  bpchar: 1014,
  varchar: 1015,
  int8: 1016,
  float4: 1021,
  float8: 1022,
  oid: 1028,
  timestamp: 1115,
  date: 1182,
  time: 1183,
  timestamptz: 1185,
  numeric: 1231,
  timetz: 1270,
  regclass: 2210,
  regtype: 2211,
};

function typeRows(): readonly (readonly Cell[])[] {
  const rows = new Map<number, readonly Cell[]>();
  const add = (oid: number, name: string, full: string, size: number, category: string, array: number) => {
    const pseudo = category === "P";
    const text = category === "S";
    rows.set(oid, [oid, name, full, size, ...layout(size), pseudo ? "p" : "b", category, 0, array, text ? 100 : 0]);
    if (array > 0)
      rows.set(array, [array, `_${name}`, `${full}[]`, -1, ...layout(-1), "b", "A", oid, 0, text ? 100 : 0]);
  };
  for (const [oid, name, size, array, full] of OTHER_TYPES) {
    const pseudo = ["record", "cstring", "any", "anyarray", "void", "trigger", "anyelement"].includes(name);
    add(oid, name, full ?? name, size, pseudo ? "P" : "U", array);
  }
  for (const kind of SCALAR_KINDS) {
    const type = typeOfKind(kind);
    const [name, category] = TYPE_NAMES[kind];
    add(typeOid(type), name, typeName(type), typeSize(type), category, ARRAYS[name] ?? 0);
  }
  return [...rows.values()];
}

function layout(size: number): readonly [byValue: boolean, alignment: string] {
  return [size > 0 && size <= 8, size === 1 || size === 64 ? "c" : size === 2 ? "s" : size >= 8 ? "d" : "i"];
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

type Cell = string | number | boolean | null | readonly number[];

function insert(table: string, rows: readonly (readonly Cell[])[]): string {
  const cell = (value: Cell): string => {
    if (value === null) return "NULL";
    if (typeof value === "string") return textLiteral(value);
    return Array.isArray(value) ? `[${value.join(", ")}]::INTEGER[]` : String(value);
  };
  return `INSERT INTO penstock_catalog.${table} VALUES ${rows.map((row) => `(${row.map(cell).join(", ")})`).join(", ")}`;
}
