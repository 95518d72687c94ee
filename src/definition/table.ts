import { TABLE } from "./brand.js";
import type { Columns, RowOf } from "./column.js";
import type { Format } from "./format.js";
import type { LoadMode } from "./model.js";
import type { Partition, SortKey } from "./partition.js";
import type { Source } from "./source.js";

export interface TableDraft {
  readonly name: unknown;
  readonly options: unknown;
}

/** Exists for the compiler alone. */
declare const ROW: unique symbol;

export interface Table<C extends Columns = Columns> {
  readonly [TABLE]: TableDraft;
  readonly [ROW]: RowOf<C>;
}

/** A table as `producer()` and `pipeline()` take it, whatever its columns. */
export interface AnyTable {
  readonly [TABLE]: TableDraft;
  readonly [ROW]: unknown;
}

/** The rows of a table, as its producers give them: `Row<typeof quotes>`. */
export type Row<T extends AnyTable> = T[typeof ROW];

type NameOf<C extends Columns> = NoInfer<keyof C & string>;
type PredicateValue = string | number | boolean;
type PartitionBy<Name extends string> = Partition<Name> | Name;

export interface TableOptions<C extends Columns> {
  /** One source or several. */
  readonly from: Source | readonly Source[];
  /** `json()` unless given. */
  readonly format?: Format;
  /** In their order in the warehouse. A later version may only add at the end. */
  readonly columns: C;
  /** Only records whose top-level field is one of the values: `{ type: "trade" }`, `{ type: ["trade", "quote"] }`. */
  readonly where?: Readonly<Record<string, PredicateValue | readonly PredicateValue[]>>;
  /** How Redshift spreads rows over its slices; "auto" unless given, "key" with a `distKey`. */
  readonly distStyle?: "auto" | "even" | "all" | "key";
  readonly distKey?: NameOf<C>;
  /** A list is a compound sort key; see `interleaved()` for the other kind. Redshift chooses (AUTO) unless given. */
  readonly sortKey?: NameOf<C> | readonly NameOf<C>[] | SortKey<NameOf<C>>;
  /** One row for each value of these columns (all NOT NULL); "latest" by arrival unless given. */
  readonly dedupe?: { readonly by: NameOf<C> | readonly NameOf<C>[]; readonly keep?: "first" | "latest" };
  readonly deliver?: DeliverOptions<NameOf<C>>;
  /**
   * How rows come into the warehouse. Default "copy", the supervised loader: exactly once, and the only one that is. "auto-copy" leaves the loads to
   * Redshift's COPY JOB (at least once), "streaming" reads the stream by a materialized view (JSON alone, seconds old), "external" leaves the
   * rows in the lake and reads them there. docs/definition.md has what each promises.
   */
  readonly load?: LoadMode;
  /**
   * Turns one decoded record into the record to take (an object), several (an array), or none (null, undefined). It runs in JavaScript for each
   * record, so a table that has one pays for it; it must depend on nothing but its argument, because a record may be decoded again.
   */
  readonly transform?: (record: Record<string, unknown>) => unknown;
}

export interface DeliverOptions<Name extends string = string> {
  /** Deliver when this much is waiting: 1 to 128 MiB; default 64. */
  readonly bufferMiB?: number;
  /** Deliver when the oldest has waited this long: 0 (at once) to 900 seconds; default 60. */
  readonly bufferSeconds?: number;
  /** The lake's objects; default "parquet". */
  readonly format?: "parquet" | "json" | "csv";
  /** Default "zstd"; "snappy" is for Parquet alone. */
  readonly compression?: "zstd" | "snappy" | "gzip" | "none";
  /** What begins the objects' keys, as in Firehose. Default `tables/<table>/` and the partitions, or the hour where there are none. */
  readonly prefix?: string;
  /** The same for dead letters. Default `errors/<table>/<kind of error>/<hour>/`. */
  readonly errorPrefix?: string;
  /** `day("quoted_at")`, a column's name, or a list of such. */
  readonly partitionBy?: PartitionBy<Name> | readonly PartitionBy<Name>[];
}

/** A table of the warehouse and the way its rows get there. Give it to `pipeline()`, which checks it. */
export function table<const C extends Columns>(name: string, options: TableOptions<C>): Table<C> {
  // ROW is only ever a type.
  return Object.freeze({ [TABLE]: Object.freeze<TableDraft>({ name, options }) }) as Table<C>;
}
