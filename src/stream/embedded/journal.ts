/**
 * A stream's log on disk: group commit over segments. All shards of a stream share one log, so that one fdatasync makes
 * everything durable that arrived while the one before it ran.
 *
 *     append -> the open group -> [write, fdatasync] -> committed: readable, and `commit` resolves
 *
 * A failed write (a full disk) gives its group back to the callers as `unavailable` and cuts the file to what was synced. A failed
 * fdatasync poisons the journal: the kernel may have dropped the pages, so nothing more is acknowledged, ever.
 */
import type { Clock } from "../../core/clock.js";
import { isPenstockError, messageOf, PenstockError } from "../../core/errors.js";
import { MIB } from "../../core/limits.js";
import type { Disk, DiskFile } from "../../disk/disk.js";
import type { RecordBlock, ShardRange } from "../stream.js";
import { BlockBuilder, type BlockHeader, sealMark, sliceBlock } from "./block.js";
import {
  completeSegment,
  type Damage,
  listSegments,
  readBlocks,
  recoverSegment,
  removeSegment,
  type Segment,
  type SegmentBase,
  segmentPath,
  type WindowMemory,
} from "./segment.js";
import { SegmentIndex, type ShardPosition } from "./segment-index.js";

export interface JournalOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly directory: string;
  /** A segment is complete once it is larger. */
  readonly segmentBytes: number;
  /** After each durable group. */
  readonly onCommit: () => void;
  /** Once, when an fdatasync has failed. */
  readonly onPoison: (error: PenstockError) => void;
}

export interface Recovery {
  readonly damage: readonly Damage[];
  readonly cutBytes: number;
}

const START: ShardPosition = { lastSequence: 0, lastArrivalMs: 0 };

/** Records on their way to disk together. */
class Group {
  readonly blocks: BlockBuilder[] = [];
  readonly open = new Map<number, BlockBuilder>();
  readonly done: Promise<void>;
  resolve!: () => void;
  reject!: (error: unknown) => void;

  constructor(readonly arrivalMs: number) {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Whoever appended waits by `commit`; a group that nobody waits for may fail without taking the process down.
    this.done.catch(() => undefined);
  }
}

export class Journal {
  private readonly positions = new Map<number, ShardPosition>();
  private readonly next = new Map<number, number>();
  private readonly spare: BlockBuilder[] = [];
  private group: Group | undefined;
  private writing: Promise<void> | undefined;
  private scheduled = false;
  private poison: PenstockError | undefined;
  private lastArrivalMs = 0;

  private constructor(
    private readonly options: JournalOptions,
    private readonly segments: Segment[],
    private file: DiskFile,
    readonly recovery: Recovery,
  ) {
    for (const [shard, position] of positionsAfter(segments)) this.positions.set(shard, position);
    for (const { lastArrivalMs } of this.positions.values()) {
      this.lastArrivalMs = Math.max(this.lastArrivalMs, lastArrivalMs);
    }
  }

  static async open(options: JournalOptions): Promise<Journal> {
    const { disk, directory } = options;
    await disk.makeDirectory(directory);
    const ordinals = await listSegments(disk, directory);
    const segments: Segment[] = [];
    const damage: Damage[] = [];
    let cutBytes = 0;
    for (let i = ordinals.length - 1; i >= 0; i--) {
      const newest = segments.length === 0 && damage.length === 0;
      const found = await recoverSegment(disk, directory, ordinals[i]!, newest);
      damage.unshift(...found.damage);
      cutBytes += found.cutBytes;
      if (found.segment !== undefined) segments.unshift(found.segment);
      // A crash while the newest segment was being made: nothing was in it yet, and the one before it is the newest.
      else if (newest && found.damage.length === 0) await disk.remove(segmentPath(directory, ordinals[i]!));
    }
    const newest = segments.at(-1);
    const intact = newest !== undefined && !damage.some((stretch) => stretch.path === newest.path);
    if (newest !== undefined && intact) {
      return new Journal(options, segments, await disk.open(newest.path, "append"), { damage, cutBytes });
    }
    // The first segment ever; or the newest is damaged, and then nothing is added to it.
    const fresh = await createSegment(options, (ordinals.at(-1) ?? 0) + 1, [...positionsAfter(segments)]);
    return new Journal(options, [...segments, fresh.segment], fresh.file, { damage, cutBytes });
  }

  position(shard: number): ShardPosition {
    return this.positions.get(shard) ?? START;
  }

  /** The oldest sequence that is still kept. */
  firstSequence(shard: number): number {
    for (const segment of this.segments) {
      const span = segment.index.spans.get(shard);
      if (span !== undefined) return span.firstSequence;
    }
    return this.position(shard).lastSequence + 1;
  }

  /** About how many bytes of lines there are from `sequence` on: exact by whole segments, in proportion within one. */
  bytesFrom(shard: number, sequence: number): number {
    let bytes = 0;
    for (let at = this.segments.length - 1; at >= 0; at--) {
      const span = this.segments[at]!.index.spans.get(shard);
      if (span === undefined) continue;
      if (span.lastSequence < sequence) break;
      const records = span.lastSequence - span.firstSequence + 1;
      const wanted = span.lastSequence - Math.max(sequence, span.firstSequence) + 1;
      bytes += (span.dataBytes * wanted) / records;
      if (span.firstSequence <= sequence) break;
    }
    return Math.round(bytes);
  }

  get sizeBytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  /** The arrival time of records appended now. */
  arrivalMs(): number {
    return this.openGroup().arrivalMs;
  }

  append(shard: number, partitionKey: string, data: Uint8Array): number {
    const block = this.openBlock(shard);
    block.append(partitionKey, data);
    return this.took(shard);
  }

  appendBase64(shard: number, partitionKey: string, base64: string): number {
    const block = this.openBlock(shard);
    block.appendBase64(partitionKey, base64);
    return this.took(shard);
  }

  private nextSequence(shard: number): number {
    return this.next.get(shard) ?? this.position(shard).lastSequence + 1;
  }

  private took(shard: number): number {
    const sequence = this.nextSequence(shard);
    this.next.set(shard, sequence + 1);
    return sequence;
  }

  private openGroup(): Group {
    if (this.poison !== undefined) throw this.poison;
    if (this.group === undefined) {
      // The wall clock may step back; arrival times within a stream may not, or a search by time would miss records.
      this.lastArrivalMs = Math.max(this.lastArrivalMs, this.options.clock.now());
      this.group = new Group(this.lastArrivalMs);
    }
    return this.group;
  }

  private openBlock(shard: number): BlockBuilder {
    const group = this.openGroup();
    const open = group.open.get(shard);
    if (open !== undefined && !open.full) return open;
    const block = this.spare.pop() ?? new BlockBuilder();
    block.begin(shard, this.nextSequence(shard), group.arrivalMs);
    group.blocks.push(block);
    group.open.set(shard, block);
    return block;
  }

  /** Resolves when everything appended so far is durable. */
  commit(): Promise<void> {
    if (this.poison !== undefined) return Promise.reject(this.poison);
    const group = this.group;
    if (group === undefined) return this.writing ?? Promise.resolve();
    if (this.writing === undefined && !this.scheduled) {
      // At the end of this turn of the event loop, so that every request that came in with it shares the group.
      this.scheduled = true;
      setImmediate(() => {
        this.scheduled = false;
        void this.writeGroups();
      });
    }
    return group.done;
  }

  private async writeGroups(): Promise<void> {
    while (this.group !== undefined && this.writing === undefined) {
      const group = this.group;
      this.group = undefined;
      this.writing = group.done;
      try {
        await this.writeGroup(group);
        this.writing = undefined;
        group.resolve();
        this.options.onCommit();
      } catch (error) {
        // Still counted as writing: what is appended meanwhile must not reach the file before the failed group is cut off it.
        await this.giveBack(group, error);
        this.writing = undefined;
      }
      for (const block of group.blocks) {
        if (this.spare.length < SPARE_BLOCKS_MAX && block.capacityBytes <= SPARE_BYTES_MAX) this.spare.push(block);
      }
    }
  }

  private async writeGroup(group: Group): Promise<void> {
    // Somebody asked for the arrival time and then appended nothing.
    if (group.blocks.length === 0) return;
    if (this.newest().sizeBytes >= this.options.segmentBytes) await this.roll();
    const segment = this.newest();
    const pieces: Uint8Array[] = [];
    const headers: BlockHeader[] = [];
    for (const block of group.blocks) {
      const sealed = block.seal(segment.sizeBytes);
      pieces.push(...sealed.pieces);
      headers.push(sealed.header);
    }
    await this.file.write(pieces);
    await this.syncOrPoison(this.file);
    // Commit point. Before: a torn tail that recovery cuts, or whole blocks that nobody was told of. After: the records are in
    // the journal, whatever happens to the answers.
    for (const header of headers) {
      segment.index.add(segment.sizeBytes, header);
      segment.sizeBytes += header.lengthBytes;
      this.positions.set(header.shard, {
        lastSequence: header.firstSequence + header.count - 1,
        lastArrivalMs: header.arrivalMs,
      });
    }
  }

  private newest(): Segment {
    return this.segments[this.segments.length - 1]!;
  }

  private async syncOrPoison(file: DiskFile): Promise<void> {
    try {
      await file.sync();
    } catch (cause) {
      this.poisonWith(syncFailed(this.newest().path, cause));
    }
  }

  private poisonWith(error: PenstockError): never {
    this.poison = error;
    this.options.onPoison(error);
    throw error;
  }

  /** A group that could not be written, and the one behind it (whose sequences follow), go back to their callers. */
  private async giveBack(group: Group, cause: unknown): Promise<void> {
    const behind = this.group;
    this.group = undefined;
    let error: unknown = this.poison;
    if (this.poison !== undefined) {
      // Until the machine stops, its cache may go on showing what the disk has not got: the next process must not find it.
      await this.file.truncate(this.newest().sizeBytes).catch(() => undefined);
    } else {
      this.next.clear();
      error = await this.cutOff(cause);
    }
    group.reject(error);
    behind?.reject(error);
    if (this.poison === undefined) return;
    // Appended while the file was being cut: it must not be written, let alone acknowledged, after the poison.
    const meanwhile = this.group as Group | undefined;
    meanwhile?.reject(this.poison);
    this.group = undefined;
  }

  /** Cuts a failed write off the file; answers what its callers are told. */
  private async cutOff(cause: unknown): Promise<PenstockError> {
    const { path, sizeBytes } = this.newest();
    try {
      await this.file.truncate(sizeBytes);
      // Or a crash could bring the tail back, behind which a later segment would prove it to be damage.
      await this.file.sync();
    } catch (failed) {
      this.poison = new PenstockError("poisoned", `The journal cannot cut ${path}: ${messageOf(failed)}.`, {
        cause: failed,
        hint: "Check the disk, then start again: recovery keeps every record that was acknowledged.",
      });
      this.options.onPoison(this.poison);
      return this.poison;
    }
    return new PenstockError(
      "unavailable",
      `The journal could not write to ${path}: ${messageOf(cause)}. The records were not taken.`,
      { cause, hint: "Free some space on the disk and send them again." },
    );
  }

  /** Completes the newest segment and begins the next. */
  private async roll(): Promise<void> {
    const full = this.newest();
    const fresh = await createSegment(this.options, full.ordinal + 1, [...this.positions]).catch((error: unknown) => {
      if (isPenstockError(error, "poisoned")) this.poisonWith(error);
      throw error;
    });
    const old = this.file;
    this.segments.push(fresh.segment);
    this.file = fresh.file;
    await old.close();
    // The index only saves a scan at the next start; a disk too full for it must not stop the stream.
    await completeSegment(this.options.disk, full).catch(() => undefined);
  }

  /**
   * The records of some shards, each from `from` to `to`, a block at a time, in one pass over the files: each shard's in order, the
   * shards as they lie. Ends at each shard's last committed record. `onMissing` is told of what is damaged, and may throw to end it there.
   */
  async *blocks(
    ranges: readonly ShardRange[],
    memory: WindowMemory,
    onMissing: (missing: ShardRange, path: string) => void,
  ): AsyncIterable<RecordBlock> {
    const wanted = new Map<number, { expected: number; readonly end: number }>();
    for (const { shard, from, to } of ranges) {
      const expected = Math.max(from, this.firstSequence(shard));
      const end = Math.min(to, this.position(shard).lastSequence);
      if (expected <= end) wanted.set(shard, { expected, end });
    }
    let path = this.options.directory;
    const firsts = [...wanted].map(([shard, { expected }]) => this.firstSegmentWith(shard, expected));
    for (const segment of this.segments.slice(Math.min(...firsts))) {
      if (wanted.size === 0) return;
      if (!this.segments.includes(segment)) {
        // Retention took it while an earlier one was being read.
        for (const [shard, range] of wanted) range.expected = Math.max(range.expected, this.firstSequence(shard));
        continue;
      }
      const offsets = [...wanted]
        .filter(([shard, range]) => (segment.index.spans.get(shard)?.lastSequence ?? 0) >= range.expected)
        .map(([shard, range]) => segment.index.offsetOfSequence(shard, range.expected));
      if (offsets.length === 0) continue;
      path = segment.path;
      const file = await this.options.disk.open(segment.path, "read").catch(unlessAbsent);
      // Removed behind our back: the next one's sequences tell what is missing.
      if (file === undefined) continue;
      try {
        const found = readBlocks(file, segment, (shard) => wanted.has(shard), Math.min(...offsets), memory);
        for await (const block of found) {
          const range = wanted.get(block.shard)!;
          if (block.firstSequence + block.count <= range.expected) continue;
          if (block.firstSequence > range.expected) {
            const to = Math.min(block.firstSequence - 1, range.end);
            onMissing({ shard: block.shard, from: range.expected, to }, path);
            range.expected = to + 1;
          }
          if (range.expected <= range.end) {
            const slice = sliceBlock(block, range.expected, range.end);
            range.expected = slice.firstSequence + slice.count;
            if (range.expected > range.end) wanted.delete(block.shard);
            yield slice;
          } else wanted.delete(block.shard);
          if (wanted.size === 0) return;
        }
      } finally {
        await file.close();
      }
    }
    for (const [shard, { expected, end }] of wanted) onMissing({ shard, from: expected, to: end }, path);
  }

  private firstSegmentWith(shard: number, sequence: number): number {
    let low = 0;
    let high = this.segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.lastSequenceThrough(middle, shard) < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The shard's newest sequence in the segments up to this one. */
  private lastSequenceThrough(at: number, shard: number): number {
    const segment = this.segments[at]!;
    const span = segment.index.spans.get(shard);
    if (span !== undefined) return span.lastSequence;
    return segment.base.positions.find(([number]) => number === shard)?.[1].lastSequence ?? 0;
  }

  /** The first sequence that arrived at `timestampMs` or later; one past the last when none has. */
  async seek(shard: number, timestampMs: number): Promise<number> {
    for (const segment of [...this.segments]) {
      const span = segment.index.spans.get(shard);
      if (span === undefined || span.lastArrivalMs < timestampMs) continue;
      const file = await this.options.disk.open(segment.path, "read");
      try {
        const offset = segment.index.offsetOfTime(shard, timestampMs);
        for await (const block of readBlocks(file, segment, (number) => number === shard, offset, "reused")) {
          if (block.arrivalMs >= timestampMs) return block.firstSequence;
        }
      } finally {
        await file.close();
      }
    }
    return this.position(shard).lastSequence + 1;
  }

  /**
   * Removes complete segments, oldest first, whose newest record arrived before `beforeMs` and that hold nothing from `keepFrom(shard)`
   * on. `beforeRemoval` is told of each one's spans and must be durable when it resolves.
   */
  async trim(
    beforeMs: number,
    keepFrom: (shard: number) => number,
    beforeRemoval: (segment: Segment) => Promise<void>,
  ): Promise<void> {
    // A next segment would make what the failed sync left of this one look like damage.
    if (this.poison !== undefined) throw this.poison;
    const removable = (segment: Segment) =>
      segment.index.spans.size > 0 &&
      segment.index.lastArrivalMs < beforeMs &&
      [...segment.index.spans].every(([shard, span]) => span.lastSequence < keepFrom(shard));
    if (this.writing === undefined && this.group === undefined && removable(this.newest())) {
      // Nothing is being written, so the newest one can be completed and then go as well.
      this.writing = this.roll();
      try {
        await this.writing;
      } finally {
        this.writing = undefined;
        void this.writeGroups();
      }
    }
    while (this.segments.length > 1 && removable(this.segments[0]!)) {
      const oldest = this.segments[0]!;
      await beforeRemoval(oldest);
      this.segments.shift();
      await removeSegment(this.options.disk, oldest);
    }
  }

  /**
   * Goes on behind sequences that these shards have had although the files end before them. A segment is begun whose first mark says
   * so; whoever reads what lies between is told of damage.
   */
  async skipTo(ends: readonly { readonly shard: number; readonly lastSequence: number }[]): Promise<void> {
    const ahead = ends.filter(({ shard, lastSequence }) => lastSequence > this.position(shard).lastSequence);
    if (ahead.length === 0) return;
    await this.commit();
    for (const { shard, lastSequence } of ahead) {
      this.positions.set(shard, { ...this.position(shard), lastSequence });
      this.next.delete(shard);
    }
    this.writing = this.roll();
    try {
      await this.writing;
    } finally {
      this.writing = undefined;
      void this.writeGroups();
    }
  }

  private async writeClosingMark(): Promise<void> {
    await this.file.write(sealMark({ closed: true }, this.lastArrivalMs, this.newest().sizeBytes).pieces);
    await this.file.sync();
  }

  /** Commits what is open, leaves a mark that proves the end, closes. */
  async close(): Promise<void> {
    if (this.poison === undefined) {
      await this.commit();
      // A disk too full for the mark takes nothing from what is there.
      await this.writeClosingMark().catch(() => undefined);
    }
    await this.file.close();
  }
}

/** Builders kept for reuse: how many, and of what size at most, since each holds on to the size of its largest block. */
const SPARE_BLOCKS_MAX = 32;
const SPARE_BYTES_MAX = 2 * MIB;

/** Where each shard stands behind all of them: the newest may have lost its first mark, and name the shards alone that it has records of. */
function positionsAfter(segments: readonly Segment[]): Map<number, ShardPosition> {
  const positions = new Map<number, ShardPosition>();
  for (const { base, index } of segments) {
    for (const [shard, position] of base.positions) positions.set(shard, position);
    for (const [shard, { lastSequence, lastArrivalMs }] of index.spans) {
      positions.set(shard, { lastSequence, lastArrivalMs });
    }
  }
  return positions;
}

async function createSegment(
  options: JournalOptions,
  ordinal: number,
  positions: readonly (readonly [number, ShardPosition])[],
): Promise<{ segment: Segment; file: DiskFile }> {
  const path = segmentPath(options.directory, ordinal);
  const base: SegmentBase = { positions };
  const mark = sealMark(base, options.clock.now(), 0);
  const file = await options.disk.open(path, "write");
  try {
    await file.write(mark.pieces);
    try {
      await file.sync();
      await options.disk.syncDirectory(options.directory);
    } catch (cause) {
      // A second sync would prove nothing, of the file as of its name.
      throw syncFailed(path, cause);
    }
  } catch (error) {
    await file.close();
    await options.disk.remove(path).catch(() => undefined);
    throw error;
  }
  // Commit point. Before: perhaps an empty file, which recovery removes. After: an empty segment that goes on where the last one ended.
  const segment: Segment = { ordinal, path, index: new SegmentIndex(), base, sizeBytes: mark.header.lengthBytes };
  return { segment, file };
}

function unlessAbsent(error: unknown): undefined {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}

function syncFailed(path: string, cause: unknown): PenstockError {
  return new PenstockError(
    "poisoned",
    `The disk failed to sync ${path}: ${messageOf(cause)}. Nothing more is acknowledged.`,
    { cause, hint: "Check the disk, then start again: recovery keeps every record that was acknowledged." },
  );
}
