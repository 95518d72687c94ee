/**
 * Zone maps: of each 1 MB block Redshift knows the least and the greatest value, and passes by a block that cannot hold what a query asks for. Here
 * the sample's rows stand for the table's: in the order of a sort key they are cut into as many zones as the table would have blocks on a slice.
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

/** Of the rows, the share that is in zones which no query has to read, averaged over the queries: 0 to 1. */
export function skippedShare(
  order: Int32Array,
  zones: number,
  queries: readonly ZoneQuery[],
  columns: ReadonlyMap<string, RankedColumn>,
): number {
  const used = [...columns.values()];
  const bounds = zoneBounds(order, zones, used);
  let skipped = 0;
  let weights = 0;
  for (const { weight, variants } of queries) {
    weights += weight;
    for (const tests of variants) skipped += (weight / variants.length) * skippedBy(tests, bounds, order.length);
  }
  return weights === 0 ? 0 : skipped / weights;
}

interface ZoneBounds {
  readonly first: Int32Array;
  readonly least: ReadonlyMap<string, Int32Array>;
  readonly most: ReadonlyMap<string, Int32Array>;
}

function zoneBounds(order: Int32Array, zones: number, columns: readonly RankedColumn[]): ZoneBounds {
  const first = Int32Array.from({ length: zones + 1 }, (_, zone) => Math.round((zone * order.length) / zones));
  const least = new Map<string, Int32Array>();
  const most = new Map<string, Int32Array>();
  for (const { name, ranks, values } of columns) {
    const low = new Int32Array(zones).fill(values.length);
    const high = new Int32Array(zones).fill(-1);
    for (let zone = 0; zone < zones; zone++) {
      for (let place = first[zone]!; place < first[zone + 1]!; place++) {
        const rank = ranks[order[place]!]!;
        // NULL is in no zone's bounds.
        if (rank === values.length) continue;
        if (rank < low[zone]!) low[zone] = rank;
        if (rank > high[zone]!) high[zone] = rank;
      }
    }
    least.set(name, low);
    most.set(name, high);
  }
  return { first, least, most };
}

function skippedBy(tests: readonly RankTest[], { first, least, most }: ZoneBounds, rows: number): number {
  let skipped = 0;
  for (let zone = 0; zone < first.length - 1; zone++) {
    const read = tests.every(({ column, spans }) => {
      const low = least.get(column)![zone]!;
      const high = most.get(column)![zone]!;
      return spans.some(([from, to]) => from <= high && to >= low);
    });
    if (!read) skipped += first[zone + 1]! - first[zone]!;
  }
  return rows === 0 ? 0 : skipped / rows;
}
