import type { SqlType } from "./types.js";

/** How DuckDB keeps a value of Redshift's type. */
export function duckDbType(type: SqlType): string {
  switch (type.kind) {
    case "decimal":
      return `DECIMAL(${type.precision},${type.scale})`;
    case "array":
      return `${duckDbType(type.of)}[]`;
    default:
      return NAMES[type.kind];
  }
}

/**
 * Texts are VARCHAR whatever their length, which is checked where a value is assigned. The registered names (`regclass`, ...) are texts as
 * they are printed; what compares them with an oid looks the oid up.
 */
const NAMES: Readonly<Record<Exclude<SqlType["kind"], "decimal" | "array">, string>> = {
  smallint: "SMALLINT",
  integer: "INTEGER",
  bigint: "BIGINT",
  real: "FLOAT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  char: "VARCHAR",
  varchar: "VARCHAR",
  varbyte: "BLOB",
  date: "DATE",
  time: "TIME",
  timetz: "TIMETZ",
  timestamp: "TIMESTAMP",
  timestamptz: "TIMESTAMPTZ",
  "interval-year-month": "INTERVAL",
  "interval-day-second": "INTERVAL",
  super: "JSON",
  unknown: "VARCHAR",
  oid: "INTEGER",
  name: "VARCHAR",
  text: "VARCHAR",
  char1: "VARCHAR",
  regclass: "VARCHAR",
  regproc: "VARCHAR",
  regtype: "VARCHAR",
  xid: "INTEGER",
  void: "VARCHAR",
};
