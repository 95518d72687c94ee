/** The catalog's `type_kind` of each type, as the store writes it: an array's is `array` and its item's. */
import type { SqlType } from "../types.js";

export const SCALAR_KINDS = [
  "boolean",
  "char1",
  "name",
  "bigint",
  "smallint",
  "integer",
  "regproc",
  "text",
  "oid",
  "xid",
  "real",
  "double",
  "unknown",
  "char",
  "varchar",
  "date",
  "time",
  "timestamp",
  "timestamptz",
  "interval-year-month",
  "interval-day-second",
  "timetz",
  "decimal",
  "regclass",
  "regtype",
  "void",
  "super",
  "varbyte",
] as const;

export const ARRAY_KINDS = [
  "array boolean",
  "array char1",
  "array name",
  "array smallint",
  "array integer",
  "array text",
  "array bigint",
  "array real",
  "array varchar",
  "array oid",
  "vector smallint",
  "vector oid",
] as const;

/** Any type of the kind: lengths and digits do not matter here. */
export function typeOfKind(kind: string): SqlType {
  if (kind.startsWith("vector ")) return { kind: "array", of: typeOfKind(kind.slice(7)), vector: true };
  if (kind.startsWith("array ")) return { kind: "array", of: typeOfKind(kind.slice(6)) };
  if (kind === "decimal") return { kind, precision: 18, scale: 0 };
  if (kind === "char" || kind === "varchar" || kind === "varbyte") return { kind, length: 1 };
  return { kind } as SqlType;
}

export function kindOfType(type: SqlType): string {
  if (type.kind !== "array") return type.kind;
  return `${type.vector === true ? "vector" : "array"} ${kindOfType(type.of)}`;
}
