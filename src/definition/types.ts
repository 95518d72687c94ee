import type { ColumnType } from "./model.js";

/**
 * The one table of types: how each of Redshift's types is called at every stage of its way, and how it gets from one to the next.
 *
 *     record (JSON or CSV) -> DuckDB, converting -> Parquet in the lake -> staging table -> target table
 *
 * TIME and SUPER travel as text from the record to the staging table, because the COPY from Parquet has no type for them; they are cast on
 * the last step. TIMESTAMPTZ is a TIMESTAMP in UTC in Glue and in staging, because Glue's external tables have no TIMESTAMPTZ.
 */
export interface TypeMapping {
  /** As CREATE TABLE of Redshift has it. */
  readonly redshift: string;
  /** What a JSON record may hold for it. */
  readonly json: string;
  /** What a CSV field may hold for it. */
  readonly csv: string;
  /** The column of the embedded warehouse. */
  readonly duckdb: string;
  /** DuckDB's type for the same column of a Parquet file, when reading or writing one. */
  readonly lake: string;
  /** Physical and logical type in the Parquet file. */
  readonly parquet: string;
  /** The column of the Glue table, by which Firehose converts. */
  readonly glue: string;
  /** The column of the staging table that COPY fills, in Redshift's words. */
  readonly staging: string;
  /** What lies on the way and cannot be carried or is carried differently; shown in the docs and by `validate`. */
  readonly cannotHold: readonly string[];
}

export function mappingOf(type: ColumnType): TypeMapping {
  switch (type.kind) {
    case "smallint":
      return {
        redshift: "SMALLINT",
        json: "a whole number, or text of one",
        csv: "digits, with a sign",
        duckdb: "SMALLINT",
        lake: "SMALLINT",
        parquet: "INT32 (INT_16)",
        glue: "smallint",
        staging: "SMALLINT",
        cannotHold: ["anything beyond -32,768 to 32,767"],
      };
    case "integer":
      return {
        redshift: "INTEGER",
        json: "a whole number, or text of one",
        csv: "digits, with a sign",
        duckdb: "INTEGER",
        lake: "INTEGER",
        parquet: "INT32",
        glue: "int",
        staging: "INTEGER",
        cannotHold: ["anything beyond -2,147,483,648 to 2,147,483,647"],
      };
    case "bigint":
      return {
        redshift: "BIGINT",
        json: "a whole number, or text of one; past 2^53 many JSON writers round it before it is sent",
        csv: "digits, with a sign",
        duckdb: "BIGINT",
        lake: "BIGINT",
        parquet: "INT64",
        glue: "bigint",
        staging: "BIGINT",
        cannotHold: ["anything beyond -2^63 to 2^63 - 1"],
      };
    case "decimal": {
      const size = `(${type.precision},${type.scale})`;
      return {
        redshift: `DECIMAL${size}`,
        json: "a number (its text is taken, digit by digit) or text of one",
        csv: "digits, with a sign and a point",
        duckdb: `DECIMAL${size}`,
        lake: `DECIMAL${size}`,
        parquet: `${type.precision <= 9 ? "INT32" : type.precision <= 18 ? "INT64" : "FIXED_LEN_BYTE_ARRAY"} (DECIMAL${size})`,
        glue: `decimal${size}`,
        staging: `DECIMAL${size}`,
        cannotHold: [
          `more than ${type.precision - type.scale} digits before the point`,
          `more than ${type.scale} digits behind the point: they are rounded, halves away from zero`,
        ],
      };
    }
    case "real":
      return {
        redshift: "REAL",
        json: "a number",
        csv: "a number",
        duckdb: "FLOAT",
        lake: "FLOAT",
        parquet: "FLOAT",
        glue: "float",
        staging: "REAL",
        cannotHold: ["more than about 6 digits", "NaN and infinity in JSON, which has no words for them"],
      };
    case "double":
      return {
        redshift: "DOUBLE PRECISION",
        json: "a number",
        csv: "a number",
        duckdb: "DOUBLE",
        lake: "DOUBLE",
        parquet: "DOUBLE",
        glue: "double",
        staging: "DOUBLE PRECISION",
        cannotHold: ["more than about 15 digits", "NaN and infinity in JSON, which has no words for them"],
      };
    case "boolean":
      return {
        redshift: "BOOLEAN",
        json: "true or false",
        csv: "true or false, t or f, 1 or 0",
        duckdb: "BOOLEAN",
        lake: "BOOLEAN",
        parquet: "BOOLEAN",
        glue: "boolean",
        staging: "BOOLEAN",
        cannotHold: [],
      };
    case "varchar":
      return {
        redshift: `VARCHAR(${type.length})`,
        json: "text; a number or a boolean becomes its text, an object or a list its JSON",
        csv: "text",
        duckdb: "VARCHAR",
        lake: "VARCHAR",
        parquet: "BYTE_ARRAY (STRING)",
        glue: "string",
        staging: `VARCHAR(${type.length})`,
        cannotHold: [`more than ${type.length} bytes of UTF-8`, "the character U+0000"],
      };
    case "char":
      return {
        redshift: `CHAR(${type.length})`,
        json: "text of single-byte characters",
        csv: "text of single-byte characters",
        duckdb: "VARCHAR",
        lake: "VARCHAR",
        parquet: "BYTE_ARRAY (STRING)",
        glue: "string",
        staging: `CHAR(${type.length})`,
        cannotHold: [`more than ${type.length} bytes`, "characters of more than one byte", "blanks at the end"],
      };
    case "date":
      return {
        redshift: "DATE",
        json: "text: YYYY-MM-DD, or the column's format",
        csv: "text: YYYY-MM-DD, or the column's format",
        duckdb: "DATE",
        lake: "DATE",
        parquet: "INT32 (DATE)",
        glue: "date",
        staging: "DATE",
        cannotHold: ["a time of day"],
      };
    case "timestamp":
      return {
        redshift: "TIMESTAMP",
        json: "text: ISO 8601, or the column's format; a number with an epoch format",
        csv: "text: ISO 8601, or the column's format; a number with an epoch format",
        duckdb: "TIMESTAMP",
        lake: "TIMESTAMP",
        parquet: "INT64 (TIMESTAMP, microseconds, not adjusted to UTC)",
        glue: "timestamp",
        staging: "TIMESTAMP",
        cannotHold: ["a time zone: text with one is turned into UTC", "more than microseconds"],
      };
    case "timestamptz":
      return {
        redshift: "TIMESTAMPTZ",
        json: "text: ISO 8601 (without a zone it is UTC), or the column's format; a number with an epoch format",
        csv: "text: ISO 8601 (without a zone it is UTC), or the column's format; a number with an epoch format",
        duckdb: "TIMESTAMPTZ",
        lake: "TIMESTAMPTZ",
        parquet: "INT64 (TIMESTAMP, microseconds, adjusted to UTC)",
        glue: "timestamp",
        staging: "TIMESTAMP",
        cannotHold: ["the zone that was written: the point in time is kept, in UTC", "more than microseconds"],
      };
    case "time":
      return {
        redshift: "TIME",
        json: "text: HH:MM:SS, with a fraction",
        csv: "text: HH:MM:SS, with a fraction",
        duckdb: "TIME",
        lake: "VARCHAR",
        parquet: "BYTE_ARRAY (STRING)",
        glue: "string",
        staging: "VARCHAR(32)",
        cannotHold: ["a time zone", "more than microseconds"],
      };
    case "super":
      return {
        redshift: "SUPER",
        json: "any value",
        csv: "JSON text",
        duckdb: "JSON",
        lake: "VARCHAR",
        parquet: "BYTE_ARRAY (STRING)",
        glue: "string",
        staging: "VARCHAR(65535)",
        cannotHold: ["more than 65,535 bytes of JSON, the most that staging's VARCHAR takes"],
      };
  }
}

/** The cast from a staging column to the target's type, in Redshift's words. */
export function fromStaging(type: ColumnType, expression: string): string {
  if (type.kind === "timestamptz") return `(${expression} AT TIME ZONE 'UTC')`;
  if (type.kind === "time") return `CAST(${expression} AS TIME)`;
  if (type.kind === "super") return `JSON_PARSE(${expression})`;
  return expression;
}

/** The cast from a Parquet column to the embedded warehouse's, in DuckDB's words. */
export function fromLake(type: ColumnType, expression: string): string {
  const { duckdb, lake } = mappingOf(type);
  return duckdb === lake ? expression : `CAST(${expression} AS ${duckdb})`;
}

const NUMBERS = ["smallint", "integer", "bigint", "decimal"] as const;
const TIMES = ["date", "timestamp", "timestamptz"] as const;

/** Which of Redshift's encodings take which types, after its documentation's "Compression encodings". RAW takes all. */
export const ENCODING_TYPES: Readonly<Record<string, readonly ColumnType["kind"][]>> = {
  raw: [...NUMBERS, ...TIMES, "time", "real", "double", "boolean", "char", "varchar", "super"],
  az64: [...NUMBERS, ...TIMES, "time"],
  bytedict: [...NUMBERS, ...TIMES, "real", "double", "char", "varchar"],
  delta: [...NUMBERS, "date", "timestamp"],
  delta32k: ["integer", "bigint", "decimal", "date", "timestamp"],
  lzo: [...NUMBERS, ...TIMES, "char", "varchar", "super"],
  mostly8: NUMBERS,
  mostly16: ["integer", "bigint", "decimal"],
  mostly32: ["bigint", "decimal"],
  runlength: [...NUMBERS, ...TIMES, "real", "double", "boolean", "char", "varchar"],
  text255: ["varchar"],
  text32k: ["varchar"],
  zstd: [...NUMBERS, ...TIMES, "real", "double", "boolean", "char", "varchar", "super"],
};

/** A type as a person writes it in a definition. */
export function typeText(type: ColumnType): string {
  return mappingOf(type).redshift.toLowerCase();
}
