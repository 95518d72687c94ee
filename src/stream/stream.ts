/**
 * The stream port: durable, sharded, ordered logs of records, by name.
 *
 * One process owns a store. Control calls (create, update, delete, split, merge) are durable when they resolve. Appending is in
 * two steps: `append` puts a record into the group that is open and answers its sequence at once; `commit` resolves
 * when that group is on disk. **Nothing may be acknowledged before its `commit` resolves.** A commit that rejects with
 * `poisoned` is final: the store takes nothing more and the process must stop.
 *
 * Reads see committed records only and never wait for writes.
 */
export interface StreamStore {
  /** Sorted by name. */
  streams(): readonly Stream[];
  find(name: string): Stream | undefined;
  create(spec: StreamSpec): Promise<Stream>;
  delete(name: string): Promise<void>;
  /** Called after each durable commit, never before it. Answers the function that ends it. */
  onCommit(listener: (stream: Stream) => void): () => void;
  /**
   * Registers a reader whose undelivered records must outlive retention: `lowest(shard)` answers the first sequence it still
   * needs of that shard, or undefined when it needs none.
   */
  holdRetention(stream: string, lowest: (shard: number) => number | undefined): () => void;
  /** Removes what is older than each stream's retention and held by nobody; run now and then by the runtime. */
  enforceRetention(): Promise<void>;
  /** Commits what is open, then closes every file. */
  close(): Promise<void>;
}

/** `direct-put`: fed through Firehose alone, one shard, hidden from the Kinesis API. */
export type StreamKind = "kinesis" | "direct-put";

export interface StreamSpec {
  readonly name: string;
  readonly kind: StreamKind;
  readonly shards: number;
  /** What the front doors keep with a stream; opaque here, durable. */
  readonly attributes: StreamAttributes;
}

/** The part of a stream that the API changes and the log does not read, but for `retentionHours`. */
export interface StreamAttributes {
  readonly status: "CREATING" | "ACTIVE" | "UPDATING" | "DELETING";
  readonly mode: "PROVISIONED" | "ON_DEMAND";
  readonly retentionHours: number;
  readonly maxRecordKiB: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly encryption: { readonly type: "NONE" | "KMS"; readonly keyId?: string };
  readonly shardMetrics: readonly string[];
  readonly consumers: readonly StreamConsumer[];
  /** True for a stream that the pipeline's definition names: it cannot be deleted through the API. */
  readonly defined: boolean;
  readonly warmThroughputMiBps?: number;
  /** Whether anyone has named the stream's mode; the door shows it from then on. */
  readonly modeNamed?: boolean;
  /** What is still to be done to the shards while the status is UPDATING. */
  readonly pending?: PendingReshard | undefined;
}

/** A change of shards that was answered already: carried out at the end of UPDATING, or at the next start. */
export type PendingReshard =
  | { readonly kind: "split"; readonly shard: number; readonly newStartingHashKey: string }
  | { readonly kind: "merge"; readonly shard: number; readonly adjacent: number }
  | { readonly kind: "resize"; readonly target: number };

/** The function is given the attributes as they stand when it is the change's turn: for a change that builds on what is there. */
export type AttributesChange = Partial<StreamAttributes> | ((present: StreamAttributes) => Partial<StreamAttributes>);

export interface StreamConsumer {
  readonly name: string;
  readonly arn: string;
  readonly status: "CREATING" | "ACTIVE" | "DELETING";
  readonly createdAtMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface Stream {
  readonly name: string;
  readonly kind: StreamKind;
  readonly createdAtMs: number;
  readonly attributes: StreamAttributes;
  /** By number, closed ones too until retention has removed their last record. */
  readonly shards: readonly Shard[];
  /** Replaces the named attributes; durable on return. */
  update(change: AttributesChange): Promise<void>;
  /** The open shard whose hash-key range holds the key. */
  route(partitionKey: string): Shard;
  routeHash(hashKey: bigint): Shard;
  /** Closes the shard and opens two in its place; `newStartingHashKey` begins the upper one. */
  split(shard: Shard, newStartingHashKey: bigint): Promise<void>;
  merge(shard: Shard, adjacent: Shard): Promise<void>;
  /** Resolves when every record appended so far is durable. */
  commit(): Promise<void>;
  /**
   * The records of several shards as they lie on disk, a group at a time, for delivery: each shard's in order, all shards in one pass
   * over the files (a pass for each shard would read everything as often as there are shards). A block's bytes are valid until the next
   * block is asked for. Rejects with `damaged` at records that cannot be read, but for those whose loss was accepted, which are passed by.
   */
  blocks(ranges: readonly ShardRange[], options?: BlocksOptions): AsyncIterable<RecordBlock>;
  /** Gives damaged records up: readers pass them by from now on. Durable on return. */
  acceptLoss(ranges: readonly ShardRange[]): Promise<void>;
  /** Records that a reader of this process has found damaged. */
  readonly unreadable: readonly ShardRange[];
  /**
   * For a reader that has read further than the log goes: somebody cut or removed a file of it. The next records of these shards go on behind
   * the ends given, so that no sequence is ever given twice; a shard that is further already stays where it is. Durable on return. At a
   * start alone, before anything is appended.
   */
  skipTo(ends: readonly ShardEnd[]): Promise<void>;
  /** What retention has removed: a digest a shard, for the audit. */
  readonly trimmed: readonly TrimDigest[];
  /** Bytes on disk. */
  readonly sizeBytes: number;
}

export interface BlocksOptions {
  /** Told of records that cannot be read, which are passed by. */
  readonly onMissing?: (missing: ShardRange) => void;
}

export interface ReadLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
  /** Passes by what is damaged: an empty answer means that up to the last record committed at the call nothing can be read. */
  readonly overDamage?: boolean;
}

export interface ShardEnd {
  readonly shard: number;
  readonly lastSequence: number;
}

/** Sequences of one shard, inclusive at both ends. */
export interface ShardRange {
  readonly shard: number;
  readonly from: number;
  readonly to: number;
}

/** Records 1 to `throughSequence` of the shard were kept once and have been removed, all of them delivered. */
export interface TrimDigest {
  readonly shard: number;
  readonly throughSequence: number;
  readonly records: number;
  readonly dataBytes: number;
}

/**
 * One shard. `sequence` everywhere is the dense count within the shard, from 1; `core/sequence-number.ts` has the service's form.
 */
export interface Shard {
  readonly stream: Stream;
  readonly id: string;
  /** The number in the id. */
  readonly number: number;
  readonly hashKeyRange: { readonly start: bigint; readonly end: bigint };
  readonly parent?: string;
  readonly adjacentParent?: string;
  readonly createdAtMs: number;
  readonly closedAtMs: number | undefined;
  /** The oldest record still kept; `lastSequence + 1` when there is none. */
  readonly firstSequence: number;
  /** The newest committed record; 0 when there never was one. */
  readonly lastSequence: number;
  /** Arrival of the newest committed record, or of the shard's creation. */
  readonly lastArrivalMs: number;

  /** About how many bytes the records from `sequence` on take, as lines; cheap, for deciding when to deliver. */
  bytesFrom(sequence: number): number;
  /** The arrival time that records appended now will carry: one for a whole group, never smaller than the one before. */
  arrivalMs(): number;
  /** Adds a record to the open group; answers its sequence. Only for open shards of a stream that is not poisoned. */
  append(partitionKey: string, data: Uint8Array): number;
  /** The same for base64 text as it stands in a request, decoded straight into the group. */
  appendBase64(partitionKey: string, base64: string): number;

  /** Records from `from` on, in order; `bytesMax` counts data and keys and is passed by at most one record. */
  read(from: number, limits: ReadLimits): Promise<StreamRecord[]>;
  /** The first record that arrived at `timestampMs` or later; `lastSequence + 1` when none has. */
  seek(timestampMs: number): Promise<number>;
  /** The same records as `read`, as they lie on disk, a group at a time. Ends at `to`, inclusive. */
  blocks(from: number, to: number): AsyncIterable<RecordBlock>;
}

export interface StreamRecord {
  readonly sequence: number;
  readonly arrivalMs: number;
  readonly partitionKey: string;
  readonly data: Uint8Array;
}

/**
 * A run of records of one shard as the journal wrote them: `lines` holds, for each record,
 *
 *     <shard number> US <arrival, ms> US <sequence> US <data> LF        (US = 0x1f; the numbers in decimal)
 *
 * Where `clean` is true no record's data holds LF (but for one that ends it), CR, US or NUL, and all of it is UTF-8: then `lines`
 * is text that DuckDB's CSV reader takes as it is, without a loop over records in JavaScript. Where it is false, go by `records`.
 */
export interface RecordBlock {
  readonly shard: number;
  readonly firstSequence: number;
  readonly count: number;
  readonly arrivalMs: number;
  readonly clean: boolean;
  readonly lines: Uint8Array;
  /** Bytes: none of the lines is longer. */
  longestLine(): number;
  records(): Iterable<StreamRecord>;
}
