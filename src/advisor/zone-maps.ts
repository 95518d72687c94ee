/**
 * Zone maps: of each 1 MB block Redshift knows the least and the greatest value, and passes by a block that cannot hold what a query asks for. Here
 * the sample's rows stand for the table's: in the order of a sort key, each column is cut into as many zones as it would have blocks on a slice.
 */
import type { ColumnTest, TableUse } from "./query-uses.js";
import { placeOf, quantile, type RankedColumn } from "./ranks.js";
import type { SampleValue } from "./sample.js";

/** What one logged use asks, in ranks. */
export interface ZoneQuery {
  readonly weight: number;
  /** Several where a constant is not known: each stands for one that might have been. Every test of one of them must hold. */
  readonly variants: readonly (readonly RankTest[])[];
}

interface RankTest {
  readonly column: string;
  /** Any of them; both ends are inside. */
  readonly spans: readonly (readonly [low: number, high: number])[];
}

/** Where a constant is unknown, so many values out of the sample take its place, one after another. */
const VARIANTS = 10;

export function zoneQuery(use: TableUse, columns: ReadonlyMap<string, RankedColumn>): ZoneQuery | undefined {
  const tests = use.tests.filter(({ column }) => columns.has(column));
  if (tests.length === 0) return undefined;
  const unknown = tests.some(hasUnknown);
  const variants = Array.from({ length: unknown ? VARIANTS : 1 }, (_, variant) =>
    tests.map((test) => rankTest(test, columns.get(test.column)!, variant)),
  );
  return { weight: use.statement.count, variants };
}

function hasUnknown(test: ColumnTest): boolean {
  if (test.kind === "equality") return test.values.includes(undefined);
  return [test.low, test.high].some((bound) => bound !== undefined && bound.value === undefined);
}

function rankTest(test: ColumnTest, column: RankedColumn, variant: number): RankTest {
  const at = (value: SampleValue) => (value === null ? Number.NaN : placeOf(column, value));
  const last = column.values.length;
  const between = (variant + 0.5) / VARIANTS;
  if (test.kind === "equality") {
    const spans = test.values.map((value): [number, number] => {
      const place = value === undefined ? quantile(column, between) : at(value);
      return [place, place];
    });
    return { column: column.name, spans };
  }
  const { low, high } = test;
  // Of a bound that is not known: the newest tenth where it is the lower one, the oldest where the upper, any tenth where both.
  const both = low !== undefined && high !== undefined;
  const lowest =
    low === undefined
      ? -1
      : low.value === undefined
        ? quantile(column, both ? variant / VARIANTS : 0.9)
        : at(low.value);
  const highest =
    high === undefined
      ? last
      : high.value === undefined
        ? quantile(column, both ? (variant + 1) / VARIANTS : 0.1)
        : at(high.value);
  return { column: column.name, spans: [[lowest, highest]] };
}

/** The sample is cut into so many cells at most; a zone is one of them or several. */
const CELLS_MAX = 1024;
/** A block has so many rows that its bounds are those of all of them; so few of the sample come within some three hundredths of that. */
const ROWS_A_CELL_MIN = 64;

/** Of the rows, the share that no query has to read, averaged over the queries: 0 to 1. `zonesOf`: a column's blocks on one slice. */
export function skippedShare(
  order: Int32Array,
  zonesOf: (column: string) => number,
  queries: readonly ZoneQuery[],
  columns: ReadonlyMap<string, RankedColumn>,
): number {
  const cells = Math.max(1, Math.min(CELLS_MAX, Math.floor(order.length / ROWS_A_CELL_MIN)));
  const bounds = new Map(
    [...columns.values()].map((column) => [column.name, zoneBounds(order, column, cells, zonesOf(column.name))]),
  );
  let skipped = 0;
  let weights = 0;
  for (const { weight, variants } of queries) {
    weights += weight;
    for (const tests of variants) skipped += (weight / variants.length) * skippedBy(tests, bounds, cells);
  }
  return weights === 0 ? 0 : skipped / weights;
}

/** Of each cell, the bounds of the column's zone that it lies in. */
interface ZoneBounds {
  readonly least: Int32Array;
  readonly most: Int32Array;
}

function zoneBounds(
  order: Int32Array,
  { ranks, values }: RankedColumn,
  cells: number,
  zonesWanted: number,
): ZoneBounds {
  const zones = Math.max(1, Math.min(cells, Math.round(zonesWanted)));
  const low = new Int32Array(zones).fill(values.length);
  const high = new Int32Array(zones).fill(-1);
  for (const [place, row] of order.entries()) {
    const rank = ranks[row]!;
    // NULL is in no zone's bounds.
    if (rank === values.length) continue;
    const zone = Math.floor((place * zones) / order.length);
    if (rank < low[zone]!) low[zone] = rank;
    if (rank > high[zone]!) high[zone] = rank;
  }
  const zoneOf = (cell: number) => Math.floor((cell * zones) / cells);
  return {
    least: Int32Array.from({ length: cells }, (_, cell) => low[zoneOf(cell)]!),
    most: Int32Array.from({ length: cells }, (_, cell) => high[zoneOf(cell)]!),
  };
}

/** Rows are read where each column that is asked for may hold what is asked; blocks of different columns do not begin at the same rows. */
function skippedBy(tests: readonly RankTest[], bounds: ReadonlyMap<string, ZoneBounds>, cells: number): number {
  let skipped = 0;
  for (let cell = 0; cell < cells; cell++) {
    const read = tests.every(({ column, spans }) => {
      const { least, most } = bounds.get(column)!;
      return spans.some(([from, to]) => from <= most[cell]! && to >= least[cell]!);
    });
    if (!read) skipped++;
  }
  return skipped / cells;
}
