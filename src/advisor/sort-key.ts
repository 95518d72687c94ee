/** Which sort key would let the logged queries pass the most rows by. Every candidate is tried on the sample. */
import type { SortKeyAdvice, SortKeyCandidate } from "../api/control/contract.js";
import type { TableUse } from "./query-uses.js";
import type { RankedColumn } from "./ranks.js";
import { skippedShare, type ZoneQuery, zoneQuery } from "./zone-maps.js";

export interface SortKeyOptions {
  readonly uses: readonly TableUse[];
  /** Those that some query filters by; the sample's rows in the order of arrival. */
  readonly columns: ReadonlyMap<string, RankedColumn>;
  readonly rows: number;
  /** Blocks of a column on one slice of the table as it is expected to become: encoded, or RAW as a sort key's first column is. */
  readonly zones: (column: string, leading: boolean) => number;
  readonly current?: { readonly style: "compound" | "interleaved"; readonly columns: readonly string[] };
  readonly pause: () => Promise<void>;
}

/** Of those that are filtered by most: more would be tried for nothing, since a key's later columns help little. */
const COLUMNS_TRIED = 4;
const COMPOUND_COLUMNS_MAX = 3;
const INTERLEAVED_COLUMNS_MAX = 4;
/** Shares of all rows that are worth a further column, the interleaved style (which VACUUM REINDEX must keep up), a key at all, and another key. */
const WORTH_A_COLUMN = 0.01;
const WORTH_INTERLEAVING = 0.1;
const WORTH_A_KEY = 0.02;
const WORTH_A_CHANGE = 0.05;
const QUERIES_MAX = 300;
const SHOWN = 8;

export async function adviseSortKey(options: SortKeyOptions): Promise<SortKeyAdvice> {
  const { uses, columns, rows, zones, pause } = options;
  const predicates = countPredicates(uses);
  const queries = uses
    .map((use) => zoneQuery(use, columns))
    .filter((query) => query !== undefined)
    .sort((a, b) => b.weight - a.weight)
    .slice(0, QUERIES_MAX);
  const tried = predicates
    .filter(({ equality, range, column }) => equality + range > 0 && columns.has(column))
    .slice(0, COLUMNS_TRIED)
    .map(({ column }) => columns.get(column)!);

  const score = (style: SortKeyCandidate["style"], key: readonly RankedColumn[]): SortKeyCandidate => {
    const names = key.map(({ name }) => name);
    const zonesOf = (column: string) => Math.max(1, Math.round(zones(column, column === names[0])));
    const counted = names[0] ?? tried[0]?.name;
    return {
      style,
      columns: names,
      skipped: skippedShare(orderBy(style, key, rows), zonesOf, queries, columns),
      zones: counted === undefined ? 1 : zonesOf(counted),
    };
  };
  const candidates: SortKeyCandidate[] = [];
  for (const key of permutations(tried, COMPOUND_COLUMNS_MAX)) {
    candidates.push(score("compound", key));
    await pause();
  }
  // Source: "Sort keys": no interleaved key on what grows by itself, such as times and identities.
  for (const key of combinations(
    tried.filter(({ monotonic }) => !monotonic),
    INTERLEAVED_COLUMNS_MAX,
  )) {
    if (key.length > 1) candidates.push(score("interleaved", key));
    await pause();
  }
  const current = currentKey(options, score);
  const best = chooseKey(candidates, current, queries);
  candidates.sort((a, b) => b.skipped - a.skipped || a.columns.length - b.columns.length);
  return { ...(best === undefined ? {} : { best }), current, candidates: candidates.slice(0, SHOWN), predicates };
}

function currentKey(
  { current, columns }: SortKeyOptions,
  score: (style: SortKeyCandidate["style"], key: readonly RankedColumn[]) => SortKeyCandidate,
): SortKeyCandidate {
  // Columns that no query filters by move nothing that is measured here but what comes behind them; those are left out.
  const key = (current?.columns ?? []).map((name) => columns.get(name));
  const known: RankedColumn[] = [];
  for (const one of key) {
    if (one === undefined) break;
    known.push(one);
  }
  if (current === undefined || known.length === 0) {
    const scored = score("none", []);
    return current === undefined ? scored : { ...scored, style: current.style, columns: current.columns };
  }
  return { ...score(current.style, known), columns: current.columns };
}

function chooseKey(
  candidates: readonly SortKeyCandidate[],
  current: SortKeyCandidate,
  queries: readonly ZoneQuery[],
): SortKeyCandidate | undefined {
  if (queries.length === 0) return undefined;
  const bestOf = (style: SortKeyCandidate["style"]) => {
    const own = candidates.filter((one) => one.style === style);
    const most = Math.max(0, ...own.map(({ skipped }) => skipped));
    // The shortest that is as good as the best.
    return own
      .filter(({ skipped }) => skipped >= most - WORTH_A_COLUMN)
      .sort((a, b) => a.columns.length - b.columns.length || b.skipped - a.skipped)[0];
  };
  const compound = bestOf("compound");
  const interleaved = bestOf("interleaved");
  const best =
    compound !== undefined && interleaved !== undefined && interleaved.skipped >= compound.skipped + WORTH_INTERLEAVING
      ? interleaved
      : (compound ?? interleaved);
  if (current.style === "none")
    return best !== undefined && best.skipped >= current.skipped + WORTH_A_KEY ? best : undefined;
  return best !== undefined && best.skipped >= current.skipped + WORTH_A_CHANGE ? best : current;
}

function countPredicates(uses: readonly TableUse[]): SortKeyAdvice["predicates"] {
  const counts = new Map<string, { column: string; equality: number; range: number; join: number }>();
  const of = (column: string) => {
    const known = counts.get(column) ?? { column, equality: 0, range: 0, join: 0 };
    counts.set(column, known);
    return known;
  };
  for (const { statement, tests, joins } of uses) {
    for (const { column, kind } of tests) of(column)[kind] += statement.count;
    for (const { column } of joins) of(column).join += statement.count;
  }
  const total = ({ equality, range, join }: { equality: number; range: number; join: number }) =>
    equality + range + join;
  return [...counts.values()].sort((a, b) => total(b) - total(a) || (a.column < b.column ? -1 : 1));
}

/** Rows in the order of the key; those that are equal by it stay in the order of their arrival. */
export function orderBy(style: SortKeyCandidate["style"], key: readonly RankedColumn[], rows: number): Int32Array {
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  if (style === "none") return order;
  if (style === "compound") {
    return order.sort((a, b) => {
      for (const { ranks } of key) if (ranks[a] !== ranks[b]) return ranks[a]! - ranks[b]!;
      return a - b;
    });
  }
  const places = zOrder(key, rows);
  return order.sort((a, b) => places[a]! - places[b]! || a - b);
}

/**
 * A model of an interleaved key: each column's rows in 2^bits buckets of about equal size (equal values in one), and the bits of the buckets'
 * numbers taken in turn, each column's highest first.
 */
const Z_BITS = 40;

function zOrder(key: readonly RankedColumn[], rows: number): Float64Array {
  const bits = Math.floor(Z_BITS / key.length);
  const buckets = key.map(({ ranks, rowsTo }) =>
    Float64Array.from({ length: rows }, (_, row) => {
      const before = ranks[row] === 0 ? 0 : rowsTo[ranks[row]! - 1]!;
      return Math.floor((before / Math.max(1, rows)) * 2 ** bits);
    }),
  );
  return Float64Array.from({ length: rows }, (_, row) => {
    let place = 0;
    for (let bit = bits - 1; bit >= 0; bit--) {
      for (const bucket of buckets) place = place * 2 + (Math.floor(bucket[row]! / 2 ** bit) % 2);
    }
    return place;
  });
}

function permutations<T>(items: readonly T[], longest: number): T[][] {
  if (longest === 0) return [];
  return items.flatMap((item) => {
    const rest = items.filter((other) => other !== item);
    return [[item], ...permutations(rest, longest - 1).map((tail) => [item, ...tail])];
  });
}

function combinations<T>(items: readonly T[], longest: number): T[][] {
  if (longest === 0) return [];
  return items.flatMap((item, index) => [
    [item],
    ...combinations(items.slice(index + 1), longest - 1).map((tail) => [item, ...tail]),
  ]);
}
