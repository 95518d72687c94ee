/** One stream: its metadata, its shards, and the journal under them. */
import type { Clock } from "../../core/clock.js";
import { PenstockError } from "../../core/errors.js";
import { shardIdOf } from "../../core/sequence-number.js";
import type { Disk } from "../../disk/disk.js";
import type {
  AttributesChange,
  BlocksOptions,
  ReadLimits,
  RecordBlock,
  Shard,
  ShardEnd,
  ShardRange,
  Stream,
  StreamRecord,
} from "../stream.js";
import { hashKeyHead, hashKeyOf } from "./hash-key.js";
import type { Journal } from "./journal.js";
import { type ShardMetadata, type StreamMetadata, writeMetadata } from "./metadata.js";
import { addRange, isWithin } from "./ranges.js";
import { damaged, type Segment, type WindowMemory } from "./segment.js";

export class EmbeddedStream implements Stream {
  shards: readonly EmbeddedShard[];
  private open: readonly EmbeddedShard[] = [];
  /** The upper 32 bits of each open shard's first hash key. */
  private openHeads: readonly number[] = [];
  unreadable: readonly ShardRange[] = [];
  /** Metadata changes go one after the other. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly disk: Disk,
    private readonly clock: Clock,
    readonly directory: string,
    readonly journal: Journal,
    private metadata: StreamMetadata,
    private readonly onUnreadable: (missing: ShardRange, path: string) => void,
  ) {
    this.shards = metadata.shards.map((shard) => new EmbeddedShard(this, journal, shard));
    this.indexOpenShards();
  }

  get name() {
    return this.metadata.name;
  }
  get kind() {
    return this.metadata.kind;
  }
  get createdAtMs() {
    return this.metadata.createdAtMs;
  }
  get attributes() {
    return this.metadata.attributes;
  }
  get trimmed() {
    return this.metadata.trimmed;
  }
  get sizeBytes() {
    return this.journal.sizeBytes;
  }

  private indexOpenShards(): void {
    this.open = this.shards
      .filter((shard) => shard.takesRecords)
      .sort((a, b) => (a.hashKeyRange.start < b.hashKeyRange.start ? -1 : 1));
    this.openHeads = this.open.map((shard) => Number(shard.hashKeyRange.start >> 96n));
  }

  route(partitionKey: string): EmbeddedShard {
    const head = hashKeyHead(partitionKey);
    let at = this.openHeads.length - 1;
    while (at > 0 && this.openHeads[at]! > head) at--;
    // Where the key's head is a boundary's too, the rest of the number decides.
    return this.openHeads[at] === head ? this.routeHash(hashKeyOf(partitionKey)) : this.open[at]!;
  }

  routeHash(hashKey: bigint): EmbeddedShard {
    let at = this.open.length - 1;
    while (at > 0 && this.open[at]!.hashKeyRange.start > hashKey) at--;
    return this.open[at]!;
  }

  commit(): Promise<void> {
    return this.journal.commit();
  }

  blocks(ranges: readonly ShardRange[], options: BlocksOptions = {}): AsyncIterable<RecordBlock> {
    return this.read(ranges, "reused", options);
  }

  read(ranges: readonly ShardRange[], memory: WindowMemory, { onMissing }: BlocksOptions): AsyncIterable<RecordBlock> {
    return this.journal.blocks(ranges, memory, (missing, path) => {
      if (!isWithin(missing, this.unreadable)) {
        this.unreadable = addRange(this.unreadable, missing);
        this.onUnreadable(missing, path);
      }
      if (onMissing !== undefined) onMissing(missing);
      else if (!isWithin(missing, this.metadata.lost ?? [])) {
        throw damaged(path, `records ${missing.from} to ${missing.to} of ${shardIdOf(missing.shard)}`);
      }
    });
  }

  acceptLoss(ranges: readonly ShardRange[]): Promise<void> {
    return this.change((metadata) => ({ ...metadata, lost: ranges.reduce(addRange, metadata.lost ?? []) }));
  }

  skipTo(ends: readonly ShardEnd[]): Promise<void> {
    return this.journal.skipTo(ends);
  }

  update(change: AttributesChange): Promise<void> {
    return this.change((metadata) => {
      const changed = typeof change === "function" ? change(metadata.attributes) : change;
      return { ...metadata, attributes: { ...metadata.attributes, ...changed } };
    });
  }

  split(shard: Shard, newStartingHashKey: bigint): Promise<void> {
    const { start, end } = shard.hashKeyRange;
    if (newStartingHashKey <= start || newStartingHashKey > end) {
      throw new PenstockError(
        "invalid-argument",
        `${shard.id} cannot be split at ${newStartingHashKey}: outside its hash keys.`,
      );
    }
    return this.reshard(
      [shard],
      [
        { start, end: newStartingHashKey - 1n, parent: shard.number },
        { start: newStartingHashKey, end, parent: shard.number },
      ],
    );
  }

  merge(shard: Shard, adjacent: Shard): Promise<void> {
    const [low, high] = shard.hashKeyRange.start < adjacent.hashKeyRange.start ? [shard, adjacent] : [adjacent, shard];
    if (low.hashKeyRange.end + 1n !== high.hashKeyRange.start) {
      throw new PenstockError("invalid-argument", `${shard.id} and ${adjacent.id} are not adjacent.`);
    }
    const range = { start: low.hashKeyRange.start, end: high.hashKeyRange.end };
    return this.reshard([shard, adjacent], [{ ...range, parent: shard.number, adjacentParent: adjacent.number }]);
  }

  private async reshard(
    closing: readonly Shard[],
    children: readonly { start: bigint; end: bigint; parent: number; adjacentParent?: number }[],
  ): Promise<void> {
    // A child is younger than its parents' newest record even when the clock has stepped back.
    const atMs = Math.max(this.clock.now(), ...closing.map((shard) => shard.lastArrivalMs));
    // Numbers hold seconds: a child begins in the second behind its parents' last, as on the service.
    const childrenAtMs = (Math.floor(atMs / 1000) + 1) * 1000;
    const closed = new Set(closing.map((shard) => shard.number));
    await this.change((metadata) => {
      if (metadata.shards.some((shard) => closed.has(shard.number) && shard.closedAtMs !== undefined)) {
        throw new PenstockError("refused", "The shard is closed already.");
      }
      return {
        ...metadata,
        nextShard: metadata.nextShard + children.length,
        shards: [
          ...metadata.shards.map((shard) => (closed.has(shard.number) ? { ...shard, closedAtMs: atMs } : shard)),
          ...children.map(({ start, end, ...parents }, i) => ({
            number: metadata.nextShard + i,
            hashKeyStart: start.toString(16),
            hashKeyEnd: end.toString(16),
            createdAtMs: childrenAtMs,
            ...parents,
          })),
        ],
      };
    });
    // Until here the parents took records; what is still on its way to disk belongs to them.
    await this.journal.commit();
    for (const shard of this.shards) if (closed.has(shard.number)) shard.showClosed();
  }

  /** Lets a change under way end, then closes the journal. */
  async close(): Promise<void> {
    await this.turn;
    await this.journal.close();
  }

  /** Replaces the metadata: durable first, then visible. */
  private change(make: (metadata: StreamMetadata) => StreamMetadata): Promise<void> {
    const done = this.turn.then(async () => {
      const next = make(this.metadata);
      await writeMetadata(this.disk, this.directory, next);
      this.metadata = next;
      const known = new Map(this.shards.map((shard) => [shard.number, shard]));
      this.shards = next.shards.map((shard) => {
        const old = known.get(shard.number);
        if (old === undefined) return new EmbeddedShard(this, this.journal, shard);
        if (shard.closedAtMs !== undefined && old.takesRecords) old.stopTaking(shard.closedAtMs);
        return old;
      });
      this.indexOpenShards();
    });
    this.turn = done.catch(() => undefined);
    return done;
  }

  /** Removes what is older than the retention and below `keepFrom(shard)`, then closed shards that hold nothing any more. */
  async enforceRetention(keepFrom: (shard: number) => number): Promise<void> {
    const beforeMs = this.clock.now() - this.attributes.retentionHours * 3_600_000;
    await this.journal.trim(beforeMs, keepFrom, (segment) => this.addDigest(segment));
    const gone = (shard: EmbeddedShard) =>
      shard.closedAtMs !== undefined &&
      shard.closedAtMs < beforeMs &&
      shard.firstSequence > shard.lastSequence &&
      keepFrom(shard.number) > shard.lastSequence;
    const expired = new Set(this.shards.filter(gone).map((shard) => shard.number));
    if (expired.size === 0) return;
    await this.change((metadata) => ({
      ...metadata,
      shards: metadata.shards.filter((shard) => !expired.has(shard.number)),
    }));
  }

  private addDigest(segment: Segment): Promise<void> {
    return this.change((metadata) => {
      const digests = new Map(metadata.trimmed.map((digest) => [digest.shard, digest]));
      for (const [shard, span] of segment.index.spans) {
        const before = digests.get(shard);
        if (before !== undefined && before.throughSequence >= span.lastSequence) continue;
        digests.set(shard, {
          shard,
          throughSequence: span.lastSequence,
          records: (before?.records ?? 0) + span.lastSequence - span.firstSequence + 1,
          dataBytes: (before?.dataBytes ?? 0) + span.dataBytes,
        });
      }
      return { ...metadata, trimmed: [...digests.values()] };
    });
  }
}

export class EmbeddedShard implements Shard {
  readonly id: string;
  readonly number: number;
  readonly hashKeyRange: { readonly start: bigint; readonly end: bigint };
  readonly parent?: string;
  readonly adjacentParent?: string;
  readonly createdAtMs: number;
  closedAtMs: number | undefined;
  takesRecords: boolean;
  private closingAtMs: number | undefined;

  constructor(
    readonly stream: EmbeddedStream,
    private readonly journal: Journal,
    metadata: ShardMetadata,
  ) {
    this.number = metadata.number;
    this.id = shardIdOf(metadata.number);
    this.hashKeyRange = { start: BigInt(`0x${metadata.hashKeyStart}`), end: BigInt(`0x${metadata.hashKeyEnd}`) };
    if (metadata.parent !== undefined) this.parent = shardIdOf(metadata.parent);
    if (metadata.adjacentParent !== undefined) this.adjacentParent = shardIdOf(metadata.adjacentParent);
    this.createdAtMs = metadata.createdAtMs;
    this.closedAtMs = metadata.closedAtMs;
    this.takesRecords = metadata.closedAtMs === undefined;
  }

  /** Closing is seen by readers only once the last record is committed, or they would take the end for reached. */
  stopTaking(atMs: number): void {
    this.takesRecords = false;
    this.closingAtMs = atMs;
  }

  showClosed(): void {
    this.closedAtMs = this.closingAtMs ?? this.closedAtMs;
  }

  get firstSequence(): number {
    return this.journal.firstSequence(this.number);
  }

  get lastSequence(): number {
    return this.journal.position(this.number).lastSequence;
  }

  get lastArrivalMs(): number {
    return Math.max(this.createdAtMs, this.journal.position(this.number).lastArrivalMs);
  }

  bytesFrom(sequence: number): number {
    return this.journal.bytesFrom(this.number, sequence);
  }

  arrivalMs(): number {
    return this.journal.arrivalMs();
  }

  append(partitionKey: string, data: Uint8Array): number {
    return this.journal.append(this.number, partitionKey, data);
  }

  appendBase64(partitionKey: string, base64: string): number {
    return this.journal.appendBase64(this.number, partitionKey, base64);
  }

  async read(from: number, limits: ReadLimits): Promise<StreamRecord[]> {
    const found: StreamRecord[] = [];
    let bytes = 0;
    const ranges = [{ shard: this.number, from, to: Number.MAX_SAFE_INTEGER }];
    const options = limits.overDamage === true ? { onMissing: () => undefined } : {};
    for await (const block of this.stream.read(ranges, "kept", options)) {
      for (const record of block.records()) {
        found.push(record);
        bytes += record.data.length + record.partitionKey.length;
        if (found.length >= limits.recordsMax || bytes >= limits.bytesMax) return found;
      }
    }
    return found;
  }

  seek(timestampMs: number): Promise<number> {
    return this.journal.seek(this.number, timestampMs);
  }

  blocks(from: number, to: number): AsyncIterable<RecordBlock> {
    return this.stream.read([{ shard: this.number, from, to }], "kept", {});
  }
}
