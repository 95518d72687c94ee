/** Redshift's types as a value's static type: what columns are declared as, expressions come to, and drivers are told. */
export type SqlType =
  | { readonly kind: PlainKind }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  /** Lengths are bytes, as Redshift counts them. */
  | { readonly kind: "char" | "varchar" | "varbyte"; readonly length: number }
  /**
   * Of the catalog alone (`_int2`, `_text`, ...): Redshift has no array columns. A vector (`int2vector`, `oidvector`) is one that is written with
   * blanks and counted from 0.
   */
  | { readonly kind: "array"; readonly of: SqlType; readonly vector?: boolean };

export type PlainKind =
  | "smallint"
  | "integer"
  | "bigint"
  | "real"
  | "double"
  | "boolean"
  | "date"
  | "time"
  | "timetz"
  | "timestamp"
  | "timestamptz"
  | "interval-year-month"
  | "interval-day-second"
  | "super"
  /** A text literal or NULL or a parameter whose type nothing has settled yet. */
  | "unknown"
  /** The catalog's own: */
  | "oid"
  | "name"
  | "text"
  | "char1"
  | "regclass"
  | "regproc"
  | "regtype"
  | "xid"
  | "void";

export const VARCHAR_BYTES_MAX = 65_535;
export const VARCHAR_BYTES_DEFAULT = 256;
export const CHAR_BYTES_MAX = 4_096;
export const DECIMAL_DIGITS_MAX = 38;
/** Source: "Numeric types", DECIMAL without precision. */
export const DECIMAL_PRECISION_DEFAULT = 18;

/** As error messages and `format_type` spell it: `character varying(12)`, `timestamp with time zone`. */
export function typeText(type: SqlType): string {
  switch (type.kind) {
    case "decimal":
      return `numeric(${type.precision},${type.scale})`;
    case "char":
      return `character(${type.length})`;
    case "varchar":
      return `character varying(${type.length})`;
    case "varbyte":
      return `binary varying(${type.length})`;
    case "array":
      return type.vector === true ? VECTORS[vectorOf(type.of)].name : `${typeText(type.of)}[]`;
    default:
      return PLAIN_TEXTS[type.kind];
  }
}

/** The same without length or precision: as `pg_typeof` and "function f(integer) does not exist" have it. */
export function typeName(type: SqlType): string {
  if (type.kind === "array") return type.vector === true ? typeText(type) : `${typeName(type.of)}[]`;
  return typeText(type).replace(/\(.*\)$/, "");
}

const VECTORS = { smallint: { name: "int2vector", oid: 22 }, oid: { name: "oidvector", oid: 30 } } as const;

function vectorOf(of: SqlType): keyof typeof VECTORS {
  return of.kind === "smallint" ? "smallint" : "oid";
}

const PLAIN_TEXTS: Readonly<Record<PlainKind, string>> = {
  smallint: "smallint",
  integer: "integer",
  bigint: "bigint",
  real: "real",
  double: "double precision",
  boolean: "boolean",
  date: "date",
  time: "time without time zone",
  timetz: "time with time zone",
  timestamp: "timestamp without time zone",
  timestamptz: "timestamp with time zone",
  "interval-year-month": "interval year to month",
  "interval-day-second": "interval day to second",
  super: "super",
  unknown: "unknown",
  oid: "oid",
  name: "name",
  text: "text",
  char1: '"char"',
  regclass: "regclass",
  regproc: "regproc",
  regtype: "regtype",
  xid: "xid",
  void: "void",
};

/** PostgreSQL's type identifiers, which drivers decode by. SUPER (4000) and VARBYTE (6551) are Redshift's own. */
const OIDS: Readonly<Record<Exclude<SqlType["kind"], "array">, number>> = {
  boolean: 16,
  char1: 18,
  name: 19,
  bigint: 20,
  smallint: 21,
  integer: 23,
  regproc: 24,
  text: 25,
  oid: 26,
  xid: 28,
  real: 700,
  double: 701,
  unknown: 705,
  char: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  "interval-year-month": 1188,
  "interval-day-second": 1190,
  timetz: 1266,
  decimal: 1700,
  regclass: 2205,
  regtype: 2206,
  void: 2278,
  super: 4000,
  varbyte: 6551,
};

const ARRAY_OIDS: Readonly<Partial<Record<SqlType["kind"], number>>> = {
  boolean: 1000,
  char1: 1002,
  name: 1003,
  smallint: 1005,
  integer: 1007,
  text: 1009,
  bigint: 1016,
  real: 1021,
  varchar: 1015,
  oid: 1028,
};

export function typeOid(type: SqlType): number {
  if (type.kind !== "array") return OIDS[type.kind];
  return type.vector === true ? VECTORS[vectorOf(type.of)].oid : (ARRAY_OIDS[type.of.kind] ?? 1009);
}

/** The type modifier as PostgreSQL encodes it: length + 4, precision and scale in one number, -1 for none. */
export function typeModifier(type: SqlType): number {
  if (type.kind === "decimal") return ((type.precision << 16) | type.scale) + 4;
  return type.kind === "char" || type.kind === "varchar" || type.kind === "varbyte" ? type.length + 4 : -1;
}

/** Bytes of a value, -1 where they vary: `typlen`. */
export function typeSize(type: SqlType): number {
  return SIZES[type.kind] ?? -1;
}

const SIZES: Readonly<Partial<Record<SqlType["kind"], number>>> = {
  boolean: 1,
  char1: 1,
  smallint: 2,
  integer: 4,
  oid: 4,
  xid: 4,
  regproc: 4,
  regclass: 4,
  regtype: 4,
  real: 4,
  date: 4,
  "interval-year-month": 4,
  bigint: 8,
  double: 8,
  time: 8,
  timestamp: 8,
  timestamptz: 8,
  "interval-day-second": 8,
  timetz: 12,
  name: 64,
};

/** The scalar type of an oid that a client names for a parameter; undefined for 0 and for what is not known. */
export function typeOfOid(oid: number): SqlType | undefined {
  const kind = (Object.keys(OIDS) as (keyof typeof OIDS)[]).find((one) => OIDS[one] === oid);
  switch (kind) {
    case undefined:
      return undefined;
    case "decimal":
      return { kind, precision: DECIMAL_DIGITS_MAX, scale: 10 };
    case "char":
      return { kind, length: CHAR_BYTES_MAX };
    case "varchar":
    case "varbyte":
      return { kind, length: VARCHAR_BYTES_MAX };
    default:
      return { kind };
  }
}
