import { PARTITION, SORT_KEY } from "./brand.js";
import type { PartitionModel } from "./model.js";

export interface PartitionDraft {
  readonly column: unknown;
  readonly unit: PartitionModel["unit"];
  readonly options: unknown;
}

/** What objects of the lake are put apart by. */
export interface Partition<Name extends string = string> {
  readonly [PARTITION]: PartitionDraft & { readonly column: Name };
}

export interface PartitionOptions {
  /** The key's name in object keys (`day=2026-11-22/`); the unit's own name unless given. */
  readonly as?: string;
}

/** By the UTC year of a date or timestamp column: `year=2026/`. */
export function year<const Name extends string>(column: Name, options: PartitionOptions = {}): Partition<Name> {
  return partition(column, "year", options);
}

/** By the UTC month: `month=2026-11/`. */
export function month<const Name extends string>(column: Name, options: PartitionOptions = {}): Partition<Name> {
  return partition(column, "month", options);
}

/** By the UTC day: `day=2026-11-22/`. */
export function day<const Name extends string>(column: Name, options: PartitionOptions = {}): Partition<Name> {
  return partition(column, "day", options);
}

/** By the UTC hour: `hour=2026-11-22-15/`. */
export function hour<const Name extends string>(column: Name, options: PartitionOptions = {}): Partition<Name> {
  return partition(column, "hour", options);
}

function partition<Name extends string>(
  column: Name,
  unit: PartitionModel["unit"],
  options: PartitionOptions,
): Partition<Name> {
  return Object.freeze({ [PARTITION]: Object.freeze({ column, unit, options }) });
}

export interface SortKey<Name extends string = string> {
  readonly [SORT_KEY]: { readonly style: "interleaved"; readonly columns: readonly Name[] };
}

/** An interleaved sort key: every column weighs the same. Up to 8 columns; not for values that only grow, such as times. */
export function interleaved<const Name extends string>(columns: readonly Name[]): SortKey<Name> {
  return Object.freeze({ [SORT_KEY]: Object.freeze({ style: "interleaved" as const, columns }) });
}
