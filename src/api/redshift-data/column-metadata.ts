/** Columns as the Data API describes them. The figures are those of PostgreSQL's JDBC driver, whose words the service passes on. */
import type { SqlColumn } from "../../redshift/database.js";
import type { SqlType } from "../../redshift/types.js";

export interface ColumnExtras {
  readonly default?: string | null;
  readonly length?: number;
}

export function columnMetadata(column: SqlColumn, extras: ColumnExtras = {}): object {
  const { type, name } = column;
  return {
    columnDefault: extras.default ?? undefined,
    isCaseSensitive: TEXTS.has(type.kind),
    isCurrency: false,
    isSigned: NUMBERS.has(type.kind),
    label: name,
    length: extras.length ?? 0,
    name,
    nullable: column.nullable === false ? 0 : 1,
    precision: precisionOf(type),
    scale: scaleOf(type),
    schemaName: column.table?.schema ?? "",
    tableName: column.table?.name ?? "",
    typeName: typeName(type),
  };
}

const TEXTS: ReadonlySet<SqlType["kind"]> = new Set(["char", "varchar", "text", "unknown", "name", "char1"]);
const NUMBERS: ReadonlySet<SqlType["kind"]> = new Set(["smallint", "integer", "bigint", "real", "double", "decimal"]);

/** As pg_type has it. */
function typeName(type: SqlType): string {
  return type.kind === "array" ? `_${typeName(type.of)}` : (NAMES[type.kind] ?? type.kind);
}

const NAMES: Readonly<Partial<Record<SqlType["kind"], string>>> = {
  smallint: "int2",
  integer: "int4",
  bigint: "int8",
  real: "float4",
  double: "float8",
  boolean: "bool",
  decimal: "numeric",
  char: "bpchar",
  char1: "char",
  unknown: "varchar",
  "interval-year-month": "intervaly2m",
  "interval-day-second": "intervald2s",
};

const PRECISIONS: Readonly<Partial<Record<SqlType["kind"], number>>> = {
  smallint: 5,
  integer: 10,
  oid: 10,
  bigint: 19,
  real: 8,
  double: 17,
  boolean: 1,
  date: 13,
  time: 15,
  timetz: 21,
  timestamp: 29,
  timestamptz: 35,
};

function precisionOf(type: SqlType): number {
  if (type.kind === "decimal") return type.precision;
  if (type.kind === "char" || type.kind === "varchar" || type.kind === "varbyte") return type.length;
  return PRECISIONS[type.kind] ?? 0;
}

/** Digits behind the point, of seconds too. */
function scaleOf(type: SqlType): number {
  if (type.kind === "decimal") return type.scale;
  if (type.kind === "real") return 8;
  if (type.kind === "double") return 17;
  return ["time", "timetz", "timestamp", "timestamptz"].includes(type.kind) ? 6 : 0;
}
