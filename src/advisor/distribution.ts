/** KEY, EVEN or ALL: rows that each slice would get, and which of the logged joins could be made where the rows lie. */
import type { DistributionAdvice, DistributionOption } from "../api/control/contract.js";
import type { TableUse } from "./query-uses.js";
import { type SampleColumn, type SampleValue, storageOf, storedBytes } from "./sample.js";

export interface JoinColumn {
  readonly column: SampleColumn;
  readonly values: readonly SampleValue[];
}

export interface DistributionOptions {
  readonly uses: readonly TableUse[];
  /** Those that some query joins by, and the present key. */
  readonly joinColumns: readonly JoinColumn[];
  readonly slices: number;
  readonly expectedRows: number;
}

/** A query waits for the fullest slice: with half as much again on one of them, all others wait for a third of its time. */
const SKEW_MAX = 1.5;
/** Source: "Distribution styles": ALL is for small tables that change seldom; every node keeps and loads all of it. */
const ALL_ROWS_MAX = 1_000_000;

export function adviseDistribution(options: DistributionOptions): DistributionAdvice {
  const { uses, joinColumns, slices, expectedRows } = options;
  const joins = uses.flatMap(({ statement, joins: own }) =>
    own.map(({ column }) => ({ column, count: statement.count })),
  );
  const joined = joins.reduce((sum, { count }) => sum + count, 0);
  const share = (column?: string) => {
    if (joined === 0) return {};
    const own = joins.filter((join) => column === undefined || join.column === column);
    return { collocated: own.reduce((sum, { count }) => sum + count, 0) / joined };
  };
  const mean = expectedRows / slices;
  const keys = joinColumns
    .map(({ column, values }): DistributionOption => {
      const { least, most, distinct } = spread(column, values, slices);
      const scale = values.length === 0 ? 0 : expectedRows / values.length;
      return {
        style: "key",
        column: column.name,
        rowsMin: Math.round(least * scale),
        rowsMax: Math.round(most * scale),
        skew: values.length === 0 ? 1 : (most * slices) / values.length,
        distinctValues: distinct,
        ...share(column.name),
      };
    })
    .sort((a, b) => (b.collocated ?? 0) - (a.collocated ?? 0) || a.skew - b.skew);
  const even: DistributionOption = {
    style: "even",
    rowsMin: Math.floor(mean),
    rowsMax: Math.ceil(mean),
    skew: 1,
    ...(joined === 0 ? {} : { collocated: 0 }),
  };
  const all: DistributionOption = {
    style: "all",
    rowsMin: expectedRows,
    rowsMax: expectedRows,
    skew: 1,
    ...(joined === 0 ? {} : { collocated: 1 }),
  };
  const key = keys.find(({ skew, collocated }) => skew <= SKEW_MAX && (collocated ?? 0) > 0);
  const best =
    joined > 0 && expectedRows <= ALL_ROWS_MAX
      ? { style: "all" as const }
      : key?.column !== undefined
        ? { style: "key" as const, column: key.column }
        : { style: "even" as const };
  return { best, slices, options: [...keys, even, all] };
}

function spread(column: SampleColumn, values: readonly SampleValue[], slices: number) {
  const storage = storageOf(column.type);
  const counts = new Float64Array(slices);
  const distinct = new Set<string>();
  for (const value of values) {
    const bytes = value === null ? undefined : storedBytes(storage, value);
    // NULLs are equal here: all of them lie on one slice.
    if (bytes === undefined) {
      counts[0]!++;
      continue;
    }
    distinct.add(Buffer.from(bytes).toString("latin1"));
    counts[hash(bytes) % slices]!++;
  }
  return { least: Math.min(...counts), most: Math.max(...counts), distinct: distinct.size };
}

/** FNV-1a with a last mixing. Redshift's own is not public: which slice a value goes to differs, how evenly many go does not. */
function hash(bytes: Uint8Array): number {
  let state = 0x811c9dc5;
  for (const byte of bytes) state = Math.imul(state ^ byte, 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
