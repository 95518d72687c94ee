import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { TypeName } from "../../syntax/ast.js";
import {
  CHAR_BYTES_MAX,
  DECIMAL_DIGITS_MAX,
  DECIMAL_PRECISION_DEFAULT,
  type PlainKind,
  type SqlType,
  VARCHAR_BYTES_DEFAULT,
  VARCHAR_BYTES_MAX,
} from "../../types.js";

/** Sources: Redshift's "Data types", and PostgreSQL's names for its catalog's. */
const PLAIN: Readonly<Record<string, PlainKind>> = {
  smallint: "smallint",
  int2: "smallint",
  integer: "integer",
  int: "integer",
  int4: "integer",
  bigint: "bigint",
  int8: "bigint",
  real: "real",
  float4: "real",
  "double precision": "double",
  float8: "double",
  boolean: "boolean",
  bool: "boolean",
  date: "date",
  time: "time",
  "time without time zone": "time",
  timetz: "timetz",
  "time with time zone": "timetz",
  timestamp: "timestamp",
  "timestamp without time zone": "timestamp",
  timestamptz: "timestamptz",
  "timestamp with time zone": "timestamptz",
  "interval year to month": "interval-year-month",
  "interval year": "interval-year-month",
  "interval month": "interval-year-month",
  interval: "interval-day-second",
  super: "super",
  unknown: "unknown",
  oid: "oid",
  name: "name",
  char1: "char1",
  regclass: "regclass",
  regproc: "regproc",
  regprocedure: "regproc",
  regtype: "regtype",
  xid: "xid",
  void: "void",
};

const CHARS = new Set(["char", "character", "nchar", "bpchar"]);
const VARCHARS = new Set(["varchar", "character varying", "nvarchar"]);
const DECIMALS = new Set(["decimal", "numeric", "dec"]);
const VARBYTES = new Set(["varbyte", "varbinary", "binary varying", "binary"]);
/** Redshift has none of these, and says so rather than that there is no such type. */
const REFUSED = new Set([
  "bytea",
  "json",
  "jsonb",
  "uuid",
  "xml",
  "money",
  "bit",
  "inet",
  "cidr",
  "serial",
  "bigserial",
]);

/** Redshift has these. */
const MISSING: Readonly<Record<string, string>> = {
  geometry: "Keep WKT or GeoJSON in a VARCHAR, WKB in a VARBYTE.",
  geography: "Keep WKT or GeoJSON in a VARCHAR, WKB in a VARBYTE.",
  hllsketch: "APPROXIMATE COUNT(DISTINCT ...) estimates.",
};

export function typeOfName(name: TypeName): SqlType {
  const type = scalarOf(name);
  return name.array === true ? { kind: "array", of: type } : type;
}

function scalarOf(name: TypeName): SqlType {
  const word = name.name.toLowerCase();
  const [first, second] = name.args;
  if (CHARS.has(word)) {
    // BPCHAR without a length is CHAR(256) in Redshift, CHAR is CHAR(1).
    const length = name.max === true ? CHAR_BYTES_MAX : (first ?? (word === "bpchar" ? 256 : 1));
    return { kind: "char", length: within(name, "char", length, CHAR_BYTES_MAX) };
  }
  if (VARCHARS.has(word)) {
    const length = name.max === true ? VARCHAR_BYTES_MAX : (first ?? VARCHAR_BYTES_DEFAULT);
    return { kind: "varchar", length: within(name, "varchar", length, VARCHAR_BYTES_MAX) };
  }
  if (word === "text") return { kind: "varchar", length: VARCHAR_BYTES_DEFAULT };
  if (VARBYTES.has(word)) {
    const length = name.max === true ? 1_024_000 : (first ?? 64_000);
    return { kind: "varbyte", length: within(name, "varbyte", length, 1_024_000) };
  }
  if (DECIMALS.has(word)) return decimal(name, first, second);
  if (word === "float") {
    if (first === undefined || (first >= 25 && first <= 53)) return { kind: "double" };
    if (first >= 1 && first <= 24) return { kind: "real" };
    throw new SqlError(SQL_STATE.invalidParameterValue, "precision for type float must be between 1 and 53 bits", {
      at: name.at,
    });
  }
  if (word.startsWith("interval ")) return { kind: PLAIN[word] ?? "interval-day-second" };
  const kind = PLAIN[word];
  if (kind !== undefined) return { kind };
  if (REFUSED.has(word)) {
    throw new SqlError(SQL_STATE.featureNotSupported, `type "${word}" is not supported`, {
      at: name.at,
      hint: "Redshift does not have it either. SUPER holds JSON, VARBYTE bytes, VARCHAR(36) a UUID.",
    });
  }
  const instead = MISSING[word];
  if (instead !== undefined) {
    throw new SqlError(SQL_STATE.featureNotSupported, `type "${word}" is not supported`, {
      at: name.at,
      hint: instead,
    });
  }
  const full = name.schema === undefined ? word : `${name.schema}.${word}`;
  throw new SqlError(SQL_STATE.undefinedObject, `type "${full}" does not exist`, { at: name.at });
}

function within(name: TypeName, word: string, length: number, most: number): number {
  if (!Number.isInteger(length) || length < 1) {
    throw new SqlError(SQL_STATE.invalidParameterValue, `length for type ${word} must be at least 1`, { at: name.at });
  }
  if (length > most) {
    throw new SqlError(SQL_STATE.invalidParameterValue, `length for type ${word} cannot exceed ${most}`, {
      at: name.at,
    });
  }
  return length;
}

function decimal(name: TypeName, first: number | undefined, second: number | undefined): SqlType {
  const precision = first ?? DECIMAL_PRECISION_DEFAULT;
  const scale = second ?? 0;
  if (precision < 1 || precision > DECIMAL_DIGITS_MAX) {
    throw new SqlError(
      SQL_STATE.invalidParameterValue,
      `NUMERIC precision ${precision} must be between 1 and ${DECIMAL_DIGITS_MAX}`,
      { at: name.at },
    );
  }
  // Source: "Numeric types": the scale is at most 37 and no more than the precision.
  if (scale < 0 || scale > Math.min(precision, DECIMAL_DIGITS_MAX - 1)) {
    throw new SqlError(
      SQL_STATE.invalidParameterValue,
      `NUMERIC scale ${scale} must be between 0 and precision ${precision}`,
      { at: name.at },
    );
  }
  return { kind: "decimal", precision, scale };
}
