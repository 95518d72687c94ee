/**
 * What a pipeline definition becomes once it has been checked: plain, frozen data with every default filled in. The stages
 * read this and nothing else of the definition, so that it can be stored, compared with an earlier version, and sent to AWS.
 * (`transform` functions are the exception: they stay in the process and are no part of a stored version.)
 */
export interface PipelineModel {
  readonly name: string;
  /** Each stream that a table takes from, once, sorted by name. */
  readonly streams: readonly StreamModel[];
  /** Sorted by name. */
  readonly tables: readonly TableModel[];
  /** What the console draws, in this order. */
  readonly charts?: readonly ChartModel[];
}

/** A chart of the console: its SQL is asked again every second or two, so it should read little (a LIMIT, a time range). */
export interface ChartModel {
  readonly title: string;
  readonly sql: string;
  /** The result's column along the bottom: a time or a number. */
  readonly x: string;
  /** The result's columns to draw as lines; numbers. */
  readonly y: readonly string[];
  /** What the lines measure, e.g. "USD". */
  readonly unit?: string;
}

export interface StreamModel {
  readonly name: string;
  /** `direct-put` is fed through Firehose alone: the delivery stream has this name. */
  readonly kind: "kinesis" | "direct-put";
  readonly shards: number;
  readonly retentionHours: number;
}

export interface TableModel {
  /** A Redshift identifier in lower case. */
  readonly name: string;
  /** Names of `PipelineModel.streams`; at least one. */
  readonly sources: readonly string[];
  /** A decoded record that does not match is filtered, and counted as such. */
  readonly where?: Predicate;
  readonly format: FormatModel;
  /** In the order of the definition; a later version only ever adds at the end. Metadata columns are not among them. */
  readonly columns: readonly ColumnModel[];
  readonly distStyle: "auto" | "even" | "all" | "key";
  readonly distKey?: string;
  readonly sortKey?: { readonly style: "compound" | "interleaved"; readonly columns: readonly string[] };
  readonly dedupe?: { readonly by: readonly string[]; readonly keep: "first" | "latest" };
  readonly deliver: DeliverModel;
  /** How rows come into the warehouse; absent for "copy". */
  readonly load?: Exclude<LoadMode, "copy">;
  /** Turns one decoded record into none, one or several; runs in JavaScript, so such a table pays for it by the record. */
  readonly transform?: (record: Record<string, unknown>) => unknown;
}

/**
 * What each promises of a row that was delivered:
 *
 * - `copy`: the supervised loader. Exactly once.
 * - `auto-copy`: Redshift's COPY JOB. At least once: an object that Firehose or the watchdog repeats is loaded again.
 * - `streaming`: a view over the stream. Each record that Redshift reads is there once; what a producer or Redshift repeats is there again, and
 *   nothing holds a record that Redshift has not read before its retention ends.
 * - `external`: rows stay in the lake and are read there. At least once, as Firehose delivers.
 */
export type LoadMode = "copy" | "auto-copy" | "streaming" | "external";

/** A top-level field of the record (by name) is one of the given values. */
export interface Predicate {
  readonly field: string;
  readonly in: readonly (string | number | boolean)[];
}

export type FormatModel = JsonFormat | CsvFormat;

export interface JsonFormat {
  readonly kind: "json";
  /** Fields that no column takes: dropped, a dead letter, or kept as JSON text in the column named by `keepIn`. */
  readonly unknownFields: "ignore" | "reject" | "keep";
  readonly keepIn?: string;
}

export interface CsvFormat {
  readonly kind: "csv";
  /** `each`: every record begins with a header line, which names the columns. `none`: by position. */
  readonly header: "none" | "each";
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  /** The unquoted text that means NULL. */
  readonly nullAs: string;
}

export interface ColumnModel {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** For JSON: the way to the value, from the record's root; `["name"]` unless the definition says otherwise. */
  readonly path: readonly string[];
  /** Used where the record has no such field (JSON) or an empty one (CSV). Text as in SQL; checked against the type. */
  readonly default?: string | number | boolean;
  /** For dates and times: "auto" (ISO 8601), "epochsecs", "epochmillisecs", or a Redshift format such as "YYYY-MM-DD HH24:MI:SS". */
  readonly timeFormat?: string;
  /** A Redshift column encoding; AUTO when absent. */
  readonly encode?: string;
}

/** Redshift's types by their own names; lengths in bytes. */
export type ColumnType =
  | {
      readonly kind:
        | "smallint"
        | "integer"
        | "bigint"
        | "real"
        | "double"
        | "boolean"
        | "date"
        | "timestamp"
        | "timestamptz"
        | "time";
    }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "varchar" | "char"; readonly length: number }
  /** Semi-structured: JSON text, unchanged. */
  | { readonly kind: "super" };

export interface DeliverModel {
  readonly bufferBytes: number;
  /** 0 means: as soon as there is anything. */
  readonly bufferMs: number;
  readonly fileFormat: "parquet" | "json" | "csv";
  readonly compression: "zstd" | "snappy" | "gzip" | "none";
  /** Firehose-style; ends in "/" . `!{timestamp:...}` is of the flush, `!{partitionKeyFromQuery:name}` of a partition. */
  readonly prefix: string;
  readonly errorPrefix: string;
  /** A column cut to a calendar unit in UTC, or taken as it is; [] for none. */
  readonly partitionBy: readonly PartitionModel[];
}

export interface PartitionModel {
  /** The partition key's name in the prefix. */
  readonly name: string;
  readonly column: string;
  readonly unit: "value" | "year" | "month" | "day" | "hour";
}

/**
 * The columns that Penstock adds before a table's own, in this order: the row's identity and when its record arrived.
 * `_shard_id` is `shardId-...`; where the table has several sources, `<stream>:shardId-...`.
 */
export const METADATA_COLUMNS = ["_shard_id", "_sequence_number", "_row_index", "_arrived_at"] as const;
