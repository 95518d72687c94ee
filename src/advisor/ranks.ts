/** A sample's column as places in the order of its values: what sorting and zone maps need to know of it, and no more. */
import type { SampleColumn, SampleValue } from "./sample.js";

export interface RankedColumn {
  readonly name: string;
  /** Of each row, in the order of arrival; NULL stands behind all values. */
  readonly ranks: Int32Array;
  /** In order, without NULL. */
  readonly values: readonly SampleValue[];
  /** Rows whose rank is at most that. */
  readonly rowsTo: Int32Array;
  /** Grows with the rows' arrival, as the time at which they came does. */
  readonly monotonic: boolean;
}

/** Neighbours that are in order; a stream is never quite. */
const MONOTONIC_SHARE = 0.98;
const MONOTONIC_DISTINCT_MIN = 16;

export function rankColumn({ name }: SampleColumn, values: readonly SampleValue[]): RankedColumn {
  const distinct = [...new Set(values.map(keyOf))].filter((value) => value !== null).sort(compareValues);
  const places = new Map(distinct.map((value, index) => [value, index]));
  const rankOf = (key: ReturnType<typeof keyOf>) => (key === null ? undefined : places.get(key)) ?? distinct.length;
  const ranks = Int32Array.from(values, (value) => rankOf(keyOf(value)));
  const rowsTo = new Int32Array(distinct.length + 1);
  for (const rank of ranks) rowsTo[rank]!++;
  for (let rank = 1; rank < rowsTo.length; rank++) rowsTo[rank]! += rowsTo[rank - 1]!;
  let ordered = 0;
  for (let row = 1; row < ranks.length; row++) if (ranks[row]! >= ranks[row - 1]!) ordered++;
  const monotonic = distinct.length >= MONOTONIC_DISTINCT_MIN && ordered >= MONOTONIC_SHARE * (ranks.length - 1);
  return { name, ranks, values: distinct, rowsTo, monotonic };
}

/** Bytes are compared as their text. */
function keyOf(value: SampleValue): Exclude<SampleValue, Uint8Array> {
  return value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value;
}

function compareValues(a: SampleValue, b: SampleValue): number {
  return a === b ? 0 : (a as bigint) < (b as bigint) ? -1 : 1;
}

/** The rank of a value; of one that is not there, half a place before the next. */
export function placeOf({ values }: RankedColumn, value: SampleValue): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareValues(values[middle]!, value) < 0) low = middle + 1;
    else high = middle;
  }
  return low < values.length && values[low] === value ? low : low - 0.5;
}

/** The rank that this share of the rows comes before. */
export function quantile({ rowsTo, ranks }: RankedColumn, share: number): number {
  const wanted = share * ranks.length;
  let low = 0;
  let high = rowsTo.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rowsTo[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
