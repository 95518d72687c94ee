/** A sample of one column, and the bytes that Redshift would store of it. */
import type { SqlType } from "../redshift/types.js";
import { integerBytes } from "./encodings/bytes.js";

/**
 * Whole numbers, decimals (without their point), dates (days), times and timestamps (microseconds) are bigint; floating-point numbers are number; text,
 * SUPER (as JSON) and intervals are string.
 */
export type SampleValue = null | bigint | number | boolean | string | Uint8Array;

export interface SampleColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
}

/** How a type is stored. Source: "Data types", the storage sizes of each; booleans and NULLs after measurements of RAW blocks. */
export type Storage =
  | { readonly kind: "integer"; readonly width: 2 | 4 | 8 | 16 }
  | { readonly kind: "float"; readonly width: 4 | 8 }
  | { readonly kind: "boolean" }
  | { readonly kind: "char"; readonly width: number }
  /** Text and bytes behind their length. */
  | { readonly kind: "text" };

/** Up to this many digits a DECIMAL is a 64-bit integer, beyond it a 128-bit one. */
const DECIMAL_DIGITS_64 = 19;

export function storageOf(type: SqlType): Storage {
  switch (type.kind) {
    case "smallint":
      return { kind: "integer", width: 2 };
    case "integer":
    case "date":
    case "oid":
      return { kind: "integer", width: 4 };
    case "bigint":
    case "time":
    case "timetz":
    case "timestamp":
    case "timestamptz":
      return { kind: "integer", width: 8 };
    case "decimal":
      return { kind: "integer", width: type.precision > DECIMAL_DIGITS_64 ? 16 : 8 };
    case "real":
      return { kind: "float", width: 4 };
    case "double":
      return { kind: "float", width: 8 };
    case "boolean":
      return { kind: "boolean" };
    case "char":
      return { kind: "char", width: type.length };
    default:
      return { kind: "text" };
  }
}

/** Of a value, or of the slot that a NULL takes. */
export function storedBytes(storage: Storage, value: SampleValue): Uint8Array {
  switch (storage.kind) {
    case "integer":
      return integerBytes(typeof value === "bigint" ? value : 0n, storage.width);
    case "float": {
      const bytes = new Uint8Array(storage.width);
      const view = new DataView(bytes.buffer);
      const number = typeof value === "number" ? value : 0;
      if (storage.width === 4) view.setFloat32(0, number, true);
      else view.setFloat64(0, number, true);
      return bytes;
    }
    case "boolean":
      return Uint8Array.of(value === true ? 1 : 0);
    case "char": {
      const bytes = new Uint8Array(storage.width).fill(0x20);
      bytes.set(textBytes(value).subarray(0, storage.width));
      return bytes;
    }
    case "text":
      return textBytes(value);
  }
}

function textBytes(value: SampleValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return value === null ? new Uint8Array(0) : Buffer.from(String(value));
}

/** A bit a value of a column that may be NULL; of VARCHAR a byte. */
export function nullMaskBytes({ type, nullable }: SampleColumn, rows: number): number {
  if (!nullable) return 0;
  return type.kind === "varchar" ? rows : Math.ceil(rows / 8);
}
