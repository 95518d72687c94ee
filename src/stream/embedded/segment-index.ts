/**
 * What is known of a segment file without reading it: which sequences of which shards it holds, from when to when, and, sparsely,
 * where they are. One entry a shard for each 512 KiB of file bounds the index by the file's size, however small the blocks are.
 */
import { CHECKSUM_CHARS, checksumText } from "../../core/checksum.js";
import { writeFileAtomically } from "../../disk/atomic-file.js";
import type { Disk } from "../../disk/disk.js";
import type { BlockHeader } from "./block.js";

const ENTRY_SPACING_BYTES = 512 * 1024;

/** Where a shard stood at some moment. */
export interface ShardPosition {
  readonly lastSequence: number;
  readonly lastArrivalMs: number;
}

export interface ShardSpan {
  readonly firstSequence: number;
  lastSequence: number;
  lastArrivalMs: number;
  dataBytes: number;
}

/** A block of the shard begins at `offset`; the ones up to the next entry are found by reading on. */
export interface IndexEntry {
  readonly offset: number;
  readonly firstSequence: number;
  readonly arrivalMs: number;
}

export class SegmentIndex {
  readonly spans = new Map<number, ShardSpan>();
  private readonly entries = new Map<number, IndexEntry[]>();
  lastArrivalMs = 0;

  add(offset: number, header: BlockHeader): void {
    if (header.mark) return;
    const lastSequence = header.firstSequence + header.count - 1;
    const span = this.spans.get(header.shard);
    if (span === undefined) {
      this.spans.set(header.shard, {
        firstSequence: header.firstSequence,
        lastSequence,
        lastArrivalMs: header.arrivalMs,
        dataBytes: header.linesBytes,
      });
    } else {
      span.lastSequence = lastSequence;
      span.lastArrivalMs = header.arrivalMs;
      span.dataBytes += header.linesBytes;
    }
    this.lastArrivalMs = Math.max(this.lastArrivalMs, header.arrivalMs);
    let entries = this.entries.get(header.shard);
    if (entries === undefined) {
      entries = [];
      this.entries.set(header.shard, entries);
    }
    const newest = entries[entries.length - 1];
    if (newest === undefined || offset - newest.offset >= ENTRY_SPACING_BYTES) {
      entries.push({ offset, firstSequence: header.firstSequence, arrivalMs: header.arrivalMs });
    }
  }

  /** Where to begin reading for a sequence: at or before its block. */
  offsetOfSequence(shard: number, sequence: number): number {
    return this.lastBefore(shard, (entry) => entry.firstSequence <= sequence);
  }

  /** Where to begin reading for the first record that arrived at `timestampMs` or later. */
  offsetOfTime(shard: number, timestampMs: number): number {
    return this.lastBefore(shard, (entry) => entry.arrivalMs < timestampMs);
  }

  private lastBefore(shard: number, matches: (entry: IndexEntry) => boolean): number {
    const entries = this.entries.get(shard) ?? [];
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (matches(entries[middle]!)) low = middle + 1;
      else high = middle;
    }
    return entries[Math.max(0, low - 1)]?.offset ?? 0;
  }

  toJSON() {
    return {
      lastArrivalMs: this.lastArrivalMs,
      spans: [...this.spans],
      entries: [...this.entries].map(([shard, list]) => [
        shard,
        list.flatMap((e) => [e.offset, e.firstSequence, e.arrivalMs]),
      ]),
    };
  }

  static fromJSON(json: ReturnType<SegmentIndex["toJSON"]>): SegmentIndex {
    const index = new SegmentIndex();
    index.lastArrivalMs = json.lastArrivalMs;
    for (const [shard, span] of json.spans) index.spans.set(shard, span);
    for (const [shard, flat] of json.entries as [number, number[]][]) {
      const entries: IndexEntry[] = [];
      for (let i = 0; i < flat.length; i += 3) {
        entries.push({ offset: flat[i]!, firstSequence: flat[i + 1]!, arrivalMs: flat[i + 2]! });
      }
      index.entries.set(shard, entries);
    }
    return index;
  }
}

/** Writes the index of a segment that is complete. It can be rebuilt from the segment, so losing it costs time alone. */
export async function writeIndex(disk: Disk, path: string, index: SegmentIndex, sizeBytes: number): Promise<void> {
  const body = JSON.stringify({ sizeBytes, index });
  await writeFileAtomically(disk, path, `${checksumText(body)}\n${body}`);
}

/** The stored index of a segment of that size; undefined when there is none that can be trusted. */
export async function readIndex(disk: Disk, path: string, sizeBytes: number): Promise<SegmentIndex | undefined> {
  if ((await disk.stat(path)) === undefined) return undefined;
  const text = (await disk.readFile(path)).toString("utf8");
  const body = text.slice(CHECKSUM_CHARS + 1);
  if (checksumText(body) !== text.slice(0, CHECKSUM_CHARS)) return undefined;
  const stored = JSON.parse(body) as { sizeBytes: number; index: ReturnType<SegmentIndex["toJSON"]> };
  return stored.sizeBytes === sizeBytes ? SegmentIndex.fromJSON(stored.index) : undefined;
}
