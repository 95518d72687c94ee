/** Kinds of types, as conversion and the choice of operators go by them. */
import { DECIMAL_DIGITS_MAX, type SqlType, VARCHAR_BYTES_MAX } from "../../types.js";

export type TypeGroup =
  | "number"
  | "text"
  | "boolean"
  | "date-time"
  | "time"
  | "interval"
  | "super"
  | "varbyte"
  | "catalog"
  | "array"
  | "unknown";

const GROUPS: Readonly<Record<SqlType["kind"], TypeGroup>> = {
  smallint: "number",
  integer: "number",
  bigint: "number",
  decimal: "number",
  real: "number",
  double: "number",
  oid: "number",
  xid: "number",
  char: "text",
  varchar: "text",
  text: "text",
  name: "text",
  char1: "text",
  boolean: "boolean",
  date: "date-time",
  timestamp: "date-time",
  timestamptz: "date-time",
  time: "time",
  timetz: "time",
  "interval-year-month": "interval",
  "interval-day-second": "interval",
  super: "super",
  varbyte: "varbyte",
  regclass: "catalog",
  regproc: "catalog",
  regtype: "catalog",
  void: "text",
  array: "array",
  unknown: "unknown",
};

export function groupOf(type: SqlType): TypeGroup {
  return GROUPS[type.kind];
}

const INTEGERS: ReadonlySet<string> = new Set(["smallint", "integer", "bigint", "oid", "xid"]);

export function isInteger(type: SqlType): boolean {
  return INTEGERS.has(type.kind);
}

export function isFloat(type: SqlType): boolean {
  return type.kind === "real" || type.kind === "double";
}

/** Where a number stands on the way of promotion: smallint, integer, bigint, decimal, real, double. */
export function numberRank(type: SqlType): number {
  const ranks: Readonly<Partial<Record<SqlType["kind"], number>>> = {
    smallint: 1,
    integer: 2,
    oid: 2,
    xid: 2,
    bigint: 3,
    decimal: 4,
    real: 5,
    double: 6,
  };
  return ranks[type.kind] ?? 0;
}

/** An integer as the DECIMAL that holds it. Source: "Numeric types", integers in computations with decimals. */
export function asDecimal(type: SqlType): { readonly precision: number; readonly scale: number } {
  switch (type.kind) {
    case "decimal":
      return type;
    case "smallint":
      return { precision: 5, scale: 0 };
    case "bigint":
      return { precision: 19, scale: 0 };
    default:
      return { precision: 10, scale: 0 };
  }
}

export function decimalType(precision: number, scale: number): SqlType & { readonly kind: "decimal" } {
  return { kind: "decimal", precision: Math.min(precision, DECIMAL_DIGITS_MAX), scale: Math.min(scale, 37) };
}

export function varcharType(length: number): SqlType {
  return { kind: "varchar", length: Math.max(1, Math.min(length, VARCHAR_BYTES_MAX)) };
}

/** The bytes that a text of the type may have. */
export function textBytes(type: SqlType): number {
  switch (type.kind) {
    case "char":
    case "varchar":
      return type.length;
    case "char1":
      return 1;
    case "name":
      return 64;
    case "smallint":
      return 6;
    case "integer":
    case "oid":
      return 11;
    case "bigint":
      return 20;
    case "decimal":
      return type.precision + 2;
    case "boolean":
      return 5;
    case "date":
      return 10;
    case "timestamp":
    case "timestamptz":
    case "real":
    case "double":
    case "time":
    case "timetz":
      return 32;
    default:
      return VARCHAR_BYTES_MAX;
  }
}

export function sameType(a: SqlType, b: SqlType): boolean {
  if (a.kind !== b.kind) return false;
  if (a.kind === "decimal" && b.kind === "decimal") return a.precision === b.precision && a.scale === b.scale;
  if (a.kind === "array" && b.kind === "array") return sameType(a.of, b.of);
  return !("length" in a) || !("length" in b) || a.length === b.length;
}
