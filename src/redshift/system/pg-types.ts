/** The rows of pg_type. */
import { typeName, typeOid, typeSize } from "../types.js";
import { SCALAR_KINDS, typeOfKind } from "./kinds.js";

export interface TypeRow {
  readonly oid: number;
  readonly name: string;
  /** As FORMAT_TYPE spells it. */
  readonly fullName: string;
  readonly size: number;
  readonly byValue: boolean;
  readonly alignment: "c" | "s" | "i" | "d";
  readonly pseudo: boolean;
  readonly category: string;
  readonly text: boolean;
  readonly elementOid: number;
  readonly arrayOid: number;
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

const PSEUDO: ReadonlySet<string> = new Set(["record", "cstring", "any", "anyarray", "void", "trigger", "anyelement"]);

const VECTOR_ITEMS: Readonly<Record<string, number>> = { int2vector: 21, oidvector: 26 };

export const TYPE_ROWS: readonly TypeRow[] = typeRows();

function typeRows(): readonly TypeRow[] {
  const rows = new Map<number, TypeRow>();
  const add = (oid: number, name: string, fullName: string, size: number, category: string, arrayOid: number) => {
    const text = category === "S";
    const own = { oid, name, fullName, size, ...layout(size), pseudo: category === "P", category, text };
    rows.set(oid, { ...own, elementOid: VECTOR_ITEMS[name] ?? 0, arrayOid });
    if (arrayOid === 0) return;
    const array = { oid: arrayOid, name: `_${name}`, fullName: `${fullName}[]`, size: -1, ...layout(-1) };
    rows.set(arrayOid, { ...array, pseudo: false, category: "A", text, elementOid: oid, arrayOid: 0 });
  };
  for (const [oid, name, size, array, full] of OTHER_TYPES)
    add(oid, name, full ?? name, size, PSEUDO.has(name) ? "P" : VECTOR_ITEMS[name] === undefined ? "U" : "A", array);
  for (const kind of SCALAR_KINDS) {
    const type = typeOfKind(kind);
    const [name, category] = TYPE_NAMES[kind];
    add(typeOid(type), name, typeName(type), typeSize(type), category, ARRAYS[name] ?? 0);
  }
  return [...rows.values()];
}

function layout(size: number): Pick<TypeRow, "byValue" | "alignment"> {
  const alignment = size === 1 || size === 64 ? "c" : size === 2 ? "s" : size >= 8 ? "d" : "i";
  return { byValue: size > 0 && size <= 8, alignment };
}
