/**
 * The control API, as the console and the command line speak it: JSON over HTTP on the console's port, under `/api`.
 *
 *     GET  /api/status                           -> PipelineStatus
 *     GET  /api/events                           -> server-sent events, `status` once a second, each a PipelineStatus
 *     POST /api/query        QueryBody           -> QueryResult (warehouse/warehouse.ts)
 *     POST /api/flush        {}                  -> FlushAnswer; delivers and loads what is buffered, then answers
 *     GET  /api/dead-letters ?table&code&limit&after&order -> DeadLetterPage, oldest first; `order=newest` newest first
 *     GET  /api/dead-letters/:id                 -> DeadLetter
 *     POST /api/redrive      RedriveBody         -> RedriveReport
 *     POST /api/replay       ReplayBody          -> newline-delimited ReplayProgress, the last one `done`
 *     POST /api/audit        AuditBody           -> AuditReport; with `progress`, newline-delimited AuditProgress and the report last
 *     GET  /api/trace        ?sequence&stream&shard -> TraceReport
 *     GET  /api/records      ?stream&key&limit&after -> RecordPage, newest first
 *     GET  /api/model                            -> ModelAnswer
 *     GET  /api/object       ?key                -> ObjectAnswer
 *     GET  /api/load         ?table&key          -> LoadAnswer
 *     GET  /api/pins                             -> PinsBody
 *     PUT  /api/pins         PinsBody            -> PinsBody; takes the place of all there are
 *     GET  /api/advise       ?table&rows&slices&expectedRows -> TableAdvice; a second or a few
 *     POST /api/advise       AdviseBody          -> TableAdvice, by the statements of the body too
 *     POST /api/advise/shadow ShadowBody         -> ShadowReport
 *
 * Beside it, for machines: `GET /healthz` -> HealthReport (503 when not ok) and `GET /metrics` (Prometheus' text).
 *
 * An error is `{ error: { code, message, hint, at } }` with 400 (the caller's), 404, 409 (refused), 503 (try again) or 500.
 */

import type { ChartModel, StreamModel, TableModel } from "../../definition/model.js";
import type { LedgerEntry, LoadStatement } from "../../warehouse/warehouse.js";

export interface PipelineStatus {
  readonly pipeline: string;
  readonly version: string;
  readonly pid: number;
  readonly dataDirectory: string;
  readonly startedAtMs: number;
  readonly atMs: number;
  /** `sql` as drivers take it: `postgres://penstock@127.0.0.1:5439/penstock`. */
  readonly addresses: { readonly aws: string; readonly console: string; readonly sql: string };
  /** The bucket of S3's door that the lake is. */
  readonly lakeBucket: string;
  readonly streams: readonly StreamStatus[];
  readonly tables: readonly TableStatus[];
  readonly memoryBytes: number;
}

export interface StreamStatus {
  readonly name: string;
  readonly kind: "kinesis" | "direct-put";
  readonly openShards: number;
  readonly records: number;
  readonly sizeBytes: number;
  /** Over the last ten seconds. */
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Records that readers of this process have found damaged in the journal; absent for none. Consumers are led past them. */
  readonly unreadableRecords?: number;
  readonly shards: readonly {
    readonly id: string;
    readonly firstSequence: number;
    readonly lastSequence: number;
    readonly open: boolean;
  }[];
}

export interface TableStatus {
  readonly name: string;
  readonly sources: readonly string[];
  /** Records in the stream that no flush has taken yet. */
  readonly lagRecords: number;
  /** Of each shard, the first record that is not in the lake yet: where this table's reading would begin again. */
  readonly positions: readonly { readonly stream: string; readonly shardId: string; readonly sequence: number }[];
  readonly bufferBytes: number;
  readonly bufferBytesMax: number;
  /** How long the oldest buffered record has waited, and how long it may. */
  readonly bufferAgeMs: number;
  readonly bufferAgeMsMax: number;
  readonly delivery: StageState;
  readonly rowsDelivered: number;
  readonly deadLetters: number;
  readonly rowsFiltered: number;
  readonly objects: readonly ObjectStatus[];
  readonly loader: StageState;
  readonly rowsLoaded: number;
  readonly rowsDeduped: number;
  readonly loadsPending: number;
  readonly loads: readonly LoadStatus[];
  /** Arrival to committed row, of the newest load. */
  readonly freshnessMs: number | undefined;
  readonly rowsPerSecond: number;
}

export interface StageState {
  readonly state: "idle" | "working" | "retrying" | "stopped";
  /** Why it is retrying or stopped. */
  readonly reason?: string;
}

/** The newest lake objects of a table, newest first, ten at most. */
export interface ObjectStatus {
  readonly key: string;
  readonly kind: "rows" | "dead" | "filtered";
  readonly rows: number;
  readonly sizeBytes: number;
  readonly deliveredAtMs: number;
}

/** The newest loads of a table, newest first, ten at most. */
export interface LoadStatus {
  readonly key: string;
  readonly status: "loaded" | "quarantined";
  readonly rows: number;
  readonly dedupedRows: number;
  readonly loadedAtMs: number;
  readonly tookMs: number;
  readonly reason?: string;
}

export interface QueryBody {
  readonly sql: string;
  readonly rowsMax?: number;
  readonly timeoutMs?: number;
}

export interface FlushAnswer {
  readonly tables: readonly { readonly name: string; readonly rowsDelivered: number; readonly rowsLoaded: number }[];
}

export interface DeadLetter {
  /** `<table>/<shard id>/<sequence>/<row index>`; stable, so that it can be named in a redrive. */
  readonly id: string;
  readonly table: string;
  readonly stream: string;
  readonly shardId: string;
  /** The service's form. */
  readonly sequenceNumber: string;
  readonly rowIndex: number;
  readonly arrivedAtMs: number;
  readonly code: string;
  readonly column: string | null;
  readonly message: string;
  readonly rawBase64: string;
  readonly redriven: boolean;
}

export interface DeadLetterPage {
  readonly groups: readonly {
    readonly table: string;
    readonly code: string;
    readonly column: string | null;
    readonly count: number;
  }[];
  readonly letters: readonly DeadLetter[];
  readonly next?: string;
}

export interface RedriveBody {
  readonly table?: string;
  readonly code?: string;
  readonly ids?: readonly string[];
  /** Bytes in base64, by a letter's id, to be decoded in place of its record's. The letter keeps the record's own, and what was loaded for it. */
  readonly edits?: Readonly<Record<string, string>>;
  readonly dryRun?: boolean;
}

export interface RedriveReport {
  readonly chosen: number;
  readonly loaded: number;
  readonly filtered: number;
  /** Those that failed again, with why; they stay dead letters. */
  readonly failed: readonly { readonly id: string; readonly code: string; readonly message: string }[];
  readonly alreadyRedriven: number;
  readonly dryRun: boolean;
  /** The first rows that would be loaded, by table, each value as text: of a dry run alone. */
  readonly preview?: readonly RedrivePreview[];
}

export interface RedrivePreview {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

export interface ReplayBody {
  readonly table: string;
  /** From the stream's records, decoded by the definition as it stands now; or from the lake's objects as they were written. */
  readonly from: "stream" | "lake";
  /** Another table to fill, made if absent; the table itself when absent. */
  readonly into?: string;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Service form or the plain count; need `shard`. */
  readonly fromSequence?: string;
  readonly toSequence?: string;
  readonly shard?: string;
  readonly dryRun?: boolean;
}

export interface ReplayProgress {
  readonly state: "running" | "done";
  readonly recordsTotal: number;
  readonly recordsRead: number;
  readonly rowsLoaded: number;
  /** Rows that the target had already. */
  readonly rowsSkipped: number;
  readonly deadLetters: number;
  readonly rowsFiltered: number;
}

export interface AuditBody {
  readonly progress?: boolean;
}

/** How far a recount has come with one table. */
export interface AuditProgress {
  readonly table: string;
  readonly flushes: number;
  /** At least so many. */
  readonly flushesTotal: number;
}

/** Counts of records for `acked`, of rows for all the rest. */
export interface AuditCounts {
  readonly acked: number;
  readonly delivered: number;
  readonly deadLettered: number;
  readonly filtered: number;
  readonly deduped: number;
  readonly loaded: number;
  /** Acked but in no flush yet, or delivered and not loaded yet: on its way, not lost. */
  readonly pending: number;
  readonly lost: number;
  readonly duplicated: number;
}

export interface AuditReport extends AuditCounts {
  readonly ok: boolean;
  readonly atMs: number;
  readonly tables: readonly (AuditCounts & {
    readonly name: string;
    /** Loaded once, no longer in the table: somebody's own DELETE or TRUNCATE. */
    readonly deletedByUser: number;
    /** Why nothing can be said of its records but how many were acked: its flush log is damaged. The report is not `ok` then. */
    readonly unproven?: string;
    readonly shards: readonly (AuditCounts & { readonly stream: string; readonly shardId: string })[];
  })[];
  /** What is wrong, or worth a look though nothing is lost by it (an object that somebody removed), in words, with where to look. */
  readonly findings: readonly string[];
}

export interface TraceReport {
  readonly sequenceNumber: string;
  readonly stream: string;
  readonly shardId: string;
  readonly sequence: number;
  readonly arrivedAtMs: number | undefined;
  readonly inJournal: boolean;
  readonly tables: readonly {
    readonly table: string;
    readonly rows: readonly {
      readonly rowIndex: number;
      readonly outcome: "pending" | "delivered" | "loaded" | "dead" | "filtered" | "deduped";
      readonly object?: string;
      readonly flush?: number;
      readonly loadedAtMs?: number;
      readonly reason?: string;
    }[];
  }[];
}

export interface AdviseBody {
  /** `orders`, or `shop.orders`. */
  readonly table: string;
  /** Rows of the sample; 50,000 unless given. */
  readonly rows?: number;
  /** Of the warehouse that it is to become; 16 unless given. */
  readonly slices?: number;
  /** Rows that the table is expected to have; 100 million, or what it has, unless given. */
  readonly expectedRows?: number;
  /** Besides those of the log. */
  readonly statements?: readonly string[];
}

/** What the advisor found for one table, on a sample of it. docs/advisor.md says how each figure is made. */
export interface TableAdvice {
  readonly table: string;
  readonly sample: {
    /** `lake`: lake objects of all ages; `table`: the warehouse's rows; `file`: one that was named. */
    readonly from: "lake" | "table" | "file";
    readonly rows: number;
    /** Of the table or the lake, as far as they are known; the sample's own otherwise. */
    readonly rowsTotal: number;
    /** The size for which zone maps and slices are reckoned. */
    readonly expectedRows: number;
  };
  /** Statements of the log that read the table, and those among them that filter or join it. */
  readonly queries: { readonly statements: number; readonly useful: number };
  readonly columns: readonly ColumnAdvice[];
  readonly sortKey: SortKeyAdvice;
  readonly distribution: DistributionAdvice;
  /** One sentence each, with its numbers: encodings, sort key, distribution. */
  readonly reasons: readonly string[];
  /** CREATE TABLE with all of it, in Redshift's words. */
  readonly ddl: string;
  /** For a table that is there. */
  readonly alter: readonly string[];
  /** What to change in the definition, as a diff; empty where nothing is, or where the table is of no definition. */
  readonly patch: string;
}

export interface ColumnAdvice {
  readonly name: string;
  /** In Redshift's words. */
  readonly type: string;
  /** What the definition or the table has now; undefined for AUTO. */
  readonly current?: string;
  readonly best: string;
  /** Of RAW, in percent, with two decimals. */
  readonly reductionPercent: number;
  readonly sizes: readonly EncodingSize[];
  /** Why `best` is not the smallest one, where it is not. */
  readonly note?: string;
}

export interface EncodingSize {
  readonly encoding: string;
  readonly sizeBytes: number;
  /** `encoder`: written as described in public; `compressor`: the real one; `model`: proprietary, or without a library, and modelled. */
  readonly by: "encoder" | "compressor" | "model";
}

export interface SortKeyAdvice {
  /** None where no logged query would pass anything by. */
  readonly best?: SortKeyCandidate;
  /** As the table is now: by its own sort key, or by arrival. */
  readonly current: SortKeyCandidate;
  /** The best ones, best first. */
  readonly candidates: readonly SortKeyCandidate[];
  /** What was filtered by, most often first. */
  readonly predicates: readonly {
    readonly column: string;
    readonly equality: number;
    readonly range: number;
    readonly join: number;
  }[];
}

export interface SortKeyCandidate {
  readonly style: "none" | "compound" | "interleaved";
  readonly columns: readonly string[];
  /** Of all rows, the share that zone maps would pass by, averaged over the logged queries that filter: 0 to 1. */
  readonly skipped: number;
  /** Blocks on one slice, of the key's first column, or of the one that is filtered by most. */
  readonly zones: number;
}

export interface DistributionAdvice {
  readonly best: { readonly style: "key" | "even" | "all"; readonly column?: string };
  readonly slices: number;
  readonly options: readonly DistributionOption[];
}

export interface DistributionOption {
  readonly style: "key" | "even" | "all";
  readonly column?: string;
  /** Rows that the slices would get, of `expectedRows`. */
  readonly rowsMin: number;
  readonly rowsMax: number;
  /** The fullest slice against the mean; 1 is even. */
  readonly skew: number;
  readonly distinctValues?: number;
  /** Share of the logged joins that could be made where the rows lie: 0 to 1; undefined where nothing was joined. */
  readonly collocated?: number;
}

export interface ShadowBody extends AdviseBody {
  /** Leave the shadow in place, as `penstock_shadow.<table>`. */
  readonly keep?: boolean;
}

/** The logged queries on the table as it is and on a copy that is sorted as advised. */
export interface ShadowReport {
  readonly table: string;
  readonly shadow: string;
  readonly kept: boolean;
  readonly rows: number;
  readonly buildMs: number;
  readonly sortKey: SortKeyCandidate;
  /** What the shadow is declared with. Nothing is measured of it: one process has no slices between which rows would travel. */
  readonly distribution: DistributionAdvice["best"];
  readonly queries: readonly {
    readonly sql: string;
    /** How often it is in the log. */
    readonly count: number;
    readonly beforeMs: number;
    readonly afterMs: number;
    /** Before over after: 2 is twice as quick. */
    readonly ratio: number;
  }[];
  /** Statements that could not be repeated, and why. */
  readonly skipped: readonly { readonly sql: string; readonly reason: string }[];
  /** Of all repeated queries, by how often each was asked. */
  readonly ratio: number | undefined;
}

/** Records of a stream as the journal has them, newest first. */
export interface RecordPage {
  readonly records: readonly StreamRecordAnswer[];
  /** How many the page has looked at; more than it shows, where it looks for a key. */
  readonly recordsRead: number;
  /** There are older ones, which nobody has looked at yet. */
  readonly next?: string;
}

export interface StreamRecordAnswer {
  /** The service's form. */
  readonly sequenceNumber: string;
  readonly shardId: string;
  /** The count within the shard. */
  readonly sequence: number;
  readonly arrivedAtMs: number;
  readonly partitionKey: string;
  readonly bytes: number;
  /** The first 64 KiB. */
  readonly rawBase64: string;
}

/** What the definition says, as far as a page or a script needs it; `transform` functions are left out. */
export interface ModelAnswer {
  readonly name: string;
  readonly streams: readonly StreamModel[];
  readonly tables: readonly TableModel[];
  readonly charts: readonly ChartModel[];
}

/** An object of the lake, and what its Parquet footer says. */
export interface ObjectAnswer {
  readonly key: string;
  readonly sizeBytes: number;
  readonly parquet?: {
    readonly rows: number;
    readonly rowGroups: number;
    readonly writtenBy: string;
    readonly columns: readonly {
      readonly name: string;
      /** Parquet's physical type. */
      readonly type: string;
      readonly encodings: string;
      readonly compression: string;
      readonly compressedBytes: number;
      readonly uncompressedBytes: number;
      readonly nulls?: number;
      readonly smallest?: string;
      readonly largest?: string;
    }[];
  };
}

/** How one object came into a table. */
export interface LoadAnswer {
  readonly table: string;
  readonly key: string;
  /** When its flush was in the lake, where the flush log has it still. */
  readonly deliveredAtMs?: number;
  /** The ledger's entry; absent while it is not loaded. */
  readonly entry?: LedgerEntry;
  /** Of this process, the newest loads; oldest first. Those before this start have left their entry and no statements. */
  readonly attempts: readonly LoadAttempt[];
}

/** One try to load an object, alone or with others. */
export interface LoadAttempt {
  readonly startedAtMs: number;
  readonly tookMs?: number;
  readonly outcome: "running" | "loaded" | "failed";
  readonly reason?: string;
  /** How many were loaded in the one transaction. */
  readonly objects: number;
  /** Arrival of the oldest row among them. */
  readonly oldestArrivalMs?: number;
  readonly statements: readonly LoadStatement[];
}

/** A chart of the dashboard that is not the definition's. */
export interface Pin extends ChartModel {
  readonly id: string;
  readonly kind: "line" | "bar" | "scatter";
}

export interface PinsBody {
  readonly pins: readonly Pin[];
}

export interface HealthReport {
  readonly ok: boolean;
  /** Why it is not ok, in words; what is merely slow is here too, with `ok` true. */
  readonly reasons: readonly string[];
}

export interface ErrorAnswer {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    /** Of a statement: where in its text, in UTF-16 units from 0. */
    readonly at?: number;
  };
}
