/** From DuckDB's chunks to the port's values, a column at a time: which way a column goes is decided once for its chunk. */
import {
  DuckDBBlobValue,
  type DuckDBDataChunk,
  DuckDBDateVector,
  DuckDBDecimal16Vector,
  DuckDBDecimal32Vector,
  DuckDBDecimal64Vector,
  DuckDBDecimal128Vector,
  DuckDBIntervalVector,
  DuckDBListValue,
  DuckDBTimestampTZVector,
  DuckDBTimestampVector,
  DuckDBTimeTZVector,
  DuckDBTimeVector,
  type DuckDBValue,
  type DuckDBVector,
} from "@duckdb/node-api";
import type { SqlColumn, SqlValue } from "../database.js";
import type { SqlType } from "../types.js";
import { dateText, intervalText, offsetText, timestampText, timeText } from "./time-text.js";
import type { ZoneOffset } from "./time-zone.js";

type Read = (row: number) => SqlValue;

export function chunkRows(
  chunk: DuckDBDataChunk,
  columns: readonly SqlColumn[],
  zone: ZoneOffset,
): readonly (readonly SqlValue[])[] {
  const count = chunk.rowCount;
  const width = columns.length;
  const rows: SqlValue[][] = [];
  for (let row = 0; row < count; row++) rows.push(new Array<SqlValue>(width));
  for (let column = 0; column < width; column++) {
    const read = reader(chunk.getColumnVector(column), columns[column]!.type, zone);
    for (let row = 0; row < count; row++) rows[row]![column] = read(row);
  }
  return rows;
}

function reader(vector: DuckDBVector, type: SqlType, zone: ZoneOffset): Read {
  if (vector instanceof DuckDBTimestampTZVector) {
    return (row) => {
      const value = vector.getItem(row);
      return value === null ? null : timestampText(value.micros, zone);
    };
  }
  if (vector instanceof DuckDBTimestampVector) {
    return (row) => {
      const value = vector.getItem(row);
      return value === null ? null : timestampText(value.micros);
    };
  }
  if (vector instanceof DuckDBDateVector) {
    return (row) => {
      const value = vector.getItem(row);
      return value === null ? null : dateText(value.days);
    };
  }
  if (vector instanceof DuckDBTimeVector) {
    return (row) => {
      const value = vector.getItem(row);
      return value === null ? null : timeText(Number(value.micros));
    };
  }
  if (vector instanceof DuckDBTimeTZVector) {
    return (row) => {
      const value = vector.getItem(row);
      return value === null ? null : timeText(Number(value.micros)) + offsetText(value.offset);
    };
  }
  if (vector instanceof DuckDBIntervalVector) {
    return (row) => {
      const value = vector.getItem(row);
      return value === null ? null : intervalText(value.months, value.days, value.micros);
    };
  }
  if (
    vector instanceof DuckDBDecimal16Vector ||
    vector instanceof DuckDBDecimal32Vector ||
    vector instanceof DuckDBDecimal64Vector ||
    vector instanceof DuckDBDecimal128Vector
  ) {
    const { scale } = vector.type;
    return (row) => {
      const value = vector.getScaledValue(row);
      return value === null ? null : scaledText(value, scale);
    };
  }
  return plainReader(vector, type);
}

/** Of vectors whose items are JavaScript's own values, bent where the engine's type is another than the column's. */
function plainReader(vector: DuckDBVector, type: SqlType): Read {
  const item = (row: number): DuckDBValue => vector.getItem(row) as DuckDBValue;
  switch (type.kind) {
    case "bigint":
      return (row) => {
        const value = item(row);
        return typeof value === "number" ? BigInt(Math.trunc(value)) : plainValue(value);
      };
    case "smallint":
    case "integer":
    case "oid":
    case "xid":
    case "real":
    case "double":
      return (row) => {
        const value = item(row);
        return typeof value === "bigint" ? Number(value) : plainValue(value);
      };
    case "decimal":
      return (row) => {
        const value = item(row);
        return typeof value === "bigint" ? scaledText(value * 10n ** BigInt(type.scale), type.scale) : textOf(value);
      };
    case "boolean":
    case "varbyte":
    case "array":
      return (row) => plainValue(item(row));
    default:
      return (row) => {
        const value = item(row);
        return typeof value === "string" ? value : textOf(value);
      };
  }
}

function textOf(value: DuckDBValue): string | null {
  if (value === null) return null;
  return typeof value === "string" ? value : String(value);
}

function plainValue(value: DuckDBValue): SqlValue {
  switch (typeof value) {
    case "number":
    case "bigint":
    case "string":
    case "boolean":
      return value;
  }
  if (value === null) return null;
  if (value instanceof DuckDBBlobValue) return value.bytes;
  if (value instanceof DuckDBListValue) return value.items.map(plainValue);
  return String(value);
}

/** A whole number of the last place as plain digits. */
export function scaledText(value: number | bigint, scale: number): string {
  if (scale === 0) return value.toString();
  const digits = (value < 0 ? -value : value).toString().padStart(scale + 1, "0");
  const point = digits.length - scale;
  return `${value < 0 ? "-" : ""}${digits.slice(0, point)}.${digits.slice(point)}`;
}
