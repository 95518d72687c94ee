/**
 * DuckDB divides decimals as doubles. Here their digits are divided as whole numbers, which is exact, and what is left over is cut.
 */
import type { SqlType } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";

/** Digits that 64 bits hold. */
export const FAST_DIGITS = 18;
const BIGINT_MAX = 9_223_372_036_854_775_807n;

export interface Operand {
  /** DuckDB text of type DECIMAL(precision, scale), or of an integer type where the scale is 0. */
  readonly sql: string;
  readonly precision: number;
  readonly scale: number;
}

type DecimalType = SqlType & { readonly kind: "decimal" };

/**
 * 128-bit division is thirty times slower than that of 64 bits. So where the digits may not fit 64 bits each value is looked at, and all but the
 * large ones go the quick way.
 */
export function decimalDivision(left: Operand, right: Operand, type: DecimalType): string {
  const shift = type.scale - left.scale + right.scale;
  const wide = widely(left, right, type, shift);
  const quick =
    quickDigits(left) && quickDigits(right) && shift >= 0 && shift <= FAST_DIGITS && type.scale <= FAST_DIGITS;
  if (!quick) return wide;
  const digits = smallDigits(left);
  // The quotient is kept in 18 digits too.
  const most = [BIGINT_MAX / 10n ** BigInt(shift), 10n ** BigInt(FAST_DIGITS - shift)].reduce((a, b) =>
    a < b ? a : b,
  );
  const quotient = `(${digits} * ${tenTo(shift, "BIGINT")}) // ${smallDigits(right)}`;
  const fast = `CAST(CAST(${quotient} AS DECIMAL(18,0)) * ${unit(type.scale)} AS ${duckDbType(type)})`;
  if (left.precision + shift <= FAST_DIGITS) return fast;
  return `(CASE WHEN ${digits} BETWEEN ${-most + 1n} AND ${most - 1n} THEN ${fast} ELSE ${wide} END)`;
}

function quickDigits({ precision, scale }: Operand): boolean {
  return scale === 0 ? precision <= 19 : precision + scale <= FAST_DIGITS;
}

/** A decimal's digits without its point. */
function smallDigits({ sql, scale }: Operand): string {
  return scale === 0 ? `CAST(${sql} AS BIGINT)` : `CAST(${sql} * ${tenTo(scale, "DECIMAL")} AS BIGINT)`;
}

function widely(left: Operand, right: Operand, type: DecimalType, shift: number): string {
  const digits = ({ sql, scale }: Operand) =>
    scale === 0
      ? `CAST(${sql} AS HUGEINT)`
      : `CAST(CAST(${sql} AS DECIMAL(38,${scale})) * ${tenTo(scale, "DECIMAL")} AS HUGEINT)`;
  const numerator = `${digits(left)}${shift > 0 ? ` * ${tenTo(shift, "HUGEINT")}` : ""}`;
  const denominator = `${digits(right)}${shift < 0 ? ` * ${tenTo(-shift, "HUGEINT")}` : ""}`;
  const quotient = `CAST((${numerator}) // (${denominator}) AS DECIMAL(38,0))`;
  return type.scale === 0
    ? `CAST(${quotient} AS ${duckDbType(type)})`
    : `CAST(${quotient} * ${unit(type.scale)} AS ${duckDbType(type)})`;
}

function tenTo(digits: number, type: "BIGINT" | "HUGEINT" | "DECIMAL"): string {
  return `CAST('1${"0".repeat(digits)}' AS ${type === "DECIMAL" ? `DECIMAL(${Math.min(38, digits + 1)},0)` : type})`;
}

/** One digit at the last place behind the point. */
function unit(scale: number): string {
  return scale === 0 ? "CAST(1 AS DECIMAL(1,0))" : `CAST('0.${"0".repeat(scale - 1)}1' AS DECIMAL(${scale},${scale}))`;
}
