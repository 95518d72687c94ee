/**
 * One file of a stream's journal: `<ordinal>.segment`, blocks end to end, the first one a mark that says where each shard stood.
 * A stream has any number of complete segments and one that is being written.
 */
import { join } from "node:path";
import { PenstockError } from "../../core/errors.js";
import { KIB, MIB } from "../../core/limits.js";
import { writeFileAtomically } from "../../disk/atomic-file.js";
import type { Disk, DiskFile } from "../../disk/disk.js";
import type { RecordBlock } from "../stream.js";
import { type BlockHeader, HEADER_BYTES, isIntact, openBlock, parseHeader } from "./block.js";
import { readIndex, SegmentIndex, type ShardPosition, writeIndex } from "./segment-index.js";

const WINDOW_BYTES_FIRST = 64 * KIB;
const WINDOW_BYTES_MAX = 4 * MIB;

/** The content of a segment's first mark. */
export interface SegmentBase {
  readonly positions: readonly (readonly [shard: number, position: ShardPosition])[];
}

/** A stretch of a segment that cannot be read although it had been synced. */
export interface Damage {
  readonly path: string;
  readonly offset: number;
  readonly lengthBytes: number;
}

export interface Segment {
  readonly ordinal: number;
  readonly path: string;
  readonly index: SegmentIndex;
  readonly base: SegmentBase;
  /** Bytes that are synced; reads stop there. */
  sizeBytes: number;
}

export const segmentPath = (directory: string, ordinal: number) =>
  join(directory, `${String(ordinal).padStart(10, "0")}.segment`);
const tailPath = (segment: string) => `${segment}.tail`;
const indexPath = (segment: string) => segment.replace(/\.segment$/, ".index");

/** The ordinals of the segments in a stream's folder, in order. */
export async function listSegments(disk: Disk, directory: string): Promise<number[]> {
  const names = await disk.list(directory);
  return names.filter((name) => /^\d{10}\.segment$/.test(name)).map((name) => Number.parseInt(name, 10));
}

/** Completes a segment: nothing is added to it any more, so what is in it may be written down beside it. */
export async function completeSegment(disk: Disk, segment: Segment): Promise<void> {
  await writeIndex(disk, indexPath(segment.path), segment.index, segment.sizeBytes);
}

export async function removeSegment(disk: Disk, segment: Segment): Promise<void> {
  await disk.remove(segment.path);
  await disk.remove(indexPath(segment.path));
}

/**
 * Opens a segment as a crash may have left it. A torn tail (bytes that no later group proves to have been synced) is
 * cut off the newest segment; damage before that is answered, and left as it is.
 */
export async function recoverSegment(
  disk: Disk,
  directory: string,
  ordinal: number,
  newest: boolean,
): Promise<{ segment: Segment | undefined; damage: Damage[]; cutBytes: number }> {
  const path = segmentPath(directory, ordinal);
  let sizeBytes = (await disk.stat(path))?.sizeBytes ?? 0;
  const file = await disk.open(path, newest ? "append" : "read");
  try {
    if (!newest) {
      const index = await readIndex(disk, indexPath(path), sizeBytes);
      const base = index === undefined ? undefined : await readBase(file, sizeBytes);
      if (index !== undefined && base !== undefined) {
        return { segment: { ordinal, path, index, base, sizeBytes }, damage: [], cutBytes: 0 };
      }
    }
    if (newest) sizeBytes = (await finishTail(disk, directory, path, file)) ?? sizeBytes;
    const scan = await scanSegment(file, sizeBytes, path);
    const cutBytes = newest ? sizeBytes - scan.endOfTail : 0;
    if (newest) {
      if (cutBytes > 0) await file.truncate(scan.endOfTail);
      await rewriteTail(disk, directory, path, file, scan);
    } else if (scan.endOfTail < sizeBytes) {
      scan.damage.push({ path, offset: scan.endOfTail, lengthBytes: sizeBytes - scan.endOfTail });
    }
    // Where the first mark is damaged, the records behind it say themselves where each shard of theirs stood.
    const base = scan.base ?? (scan.index.spans.size === 0 ? undefined : baseBefore(scan.index));
    if (base === undefined) return { segment: undefined, damage: scan.damage, cutBytes };
    return {
      segment: { ordinal, path, index: scan.index, base, sizeBytes: newest ? scan.endOfTail : sizeBytes },
      damage: scan.damage,
      cutBytes,
    };
  } finally {
    await file.close();
  }
}

/**
 * Nothing proves that the last group was ever synced: the sync may have failed, and the machine's cache shows it all the same. So before
 * anyone reads it, it is written once more, which a sync then counts for. A copy stands beside it meanwhile, for the group may have been acknowledged.
 */
async function rewriteTail(disk: Disk, directory: string, path: string, file: DiskFile, scan: Scan): Promise<void> {
  const from = Math.min(scan.provenTo, scan.endOfTail);
  if (from < scan.endOfTail) {
    const tail = Buffer.allocUnsafe(scan.endOfTail - from);
    await file.read(tail, from);
    const head = Buffer.alloc(8);
    head.writeDoubleLE(from);
    await writeFileAtomically(disk, tailPath(path), Buffer.concat([head, tail]));
    // Commit point. Before: the file as it was. After: the tail is put back from the copy, should a crash come before it is removed.
    await finishTail(disk, directory, path, file);
  } else {
    await file.sync();
  }
}

/** Puts the tail back from its copy, if there is one; answers the file's size then. */
async function finishTail(disk: Disk, directory: string, path: string, file: DiskFile): Promise<number | undefined> {
  if ((await disk.stat(tailPath(path))) === undefined) return undefined;
  const copy = await disk.readFile(tailPath(path));
  const from = copy.readDoubleLE(0);
  await file.truncate(from);
  await file.write([copy.subarray(8)]);
  await file.sync();
  await disk.remove(tailPath(path));
  // Durable before the file grows: an old copy must never be put back over newer records.
  await disk.syncDirectory(directory);
  return from + copy.length - 8;
}

interface Scan {
  readonly index: SegmentIndex;
  readonly base: SegmentBase | undefined;
  readonly damage: Damage[];
  /** Where the blocks end that are to be kept. */
  readonly endOfTail: number;
  /** Where the last group begins: all before it was synced when it was written. */
  readonly provenTo: number;
}

async function scanSegment(file: DiskFile, sizeBytes: number, path: string): Promise<Scan> {
  const found: { readonly offset: number; readonly header: BlockHeader }[] = [];
  const index = new SegmentIndex();
  let base: SegmentBase | undefined;
  let end = 0;
  let provenTo = 0;
  let holeAt: number | undefined;
  for await (const { offset, header, block } of scanBlocks(file, sizeBytes)) {
    if (header.mark && offset === 0) base = parseBase(block, header);
    provenTo = Math.max(provenTo, header.groupStart);
    if (holeAt === undefined && offset > end) holeAt = end;
    if (holeAt === undefined) {
      index.add(offset, header);
      end = offset + header.lengthBytes;
    } else {
      found.push({ offset, header });
    }
  }
  // Behind a hole: a block whose group began after the hole proves that the hole had been synced, so it is damage and
  // what follows is kept. Without such a proof it is the torn tail of the last group, and none of it was acknowledged.
  const damage: Damage[] = [];
  for (const { offset, header } of found) {
    if (offset > end) {
      if (end >= provenTo) break;
      damage.push({ path, offset: end, lengthBytes: offset - end });
    }
    index.add(offset, header);
    end = offset + header.lengthBytes;
  }
  return { index, base, damage, endOfTail: end, provenTo };
}

function baseBefore({ spans }: SegmentIndex): SegmentBase {
  return {
    positions: [...spans].map(([shard, { firstSequence }]) => [
      shard,
      { lastSequence: firstSequence - 1, lastArrivalMs: 0 },
    ]),
  };
}

function parseBase(block: Buffer, header: BlockHeader): SegmentBase {
  return JSON.parse(block.toString("utf8", HEADER_BYTES, HEADER_BYTES + header.linesBytes)) as SegmentBase;
}

async function readBase(file: DiskFile, sizeBytes: number): Promise<SegmentBase | undefined> {
  for await (const found of scanBlocks(file, sizeBytes)) {
    return found.offset === 0 && found.header.mark ? parseBase(found.block, found.header) : undefined;
  }
  return undefined;
}

interface FoundBlock {
  readonly offset: number;
  readonly header: BlockHeader;
  readonly block: Buffer;
}

/** Every intact block of the file, in order, stepping over what is not one. Each is valid until the next is asked for. */
async function* scanBlocks(file: DiskFile, sizeBytes: number): AsyncIterable<FoundBlock> {
  const reader = windowReader(file, sizeBytes, "reused");
  let offset = 0;
  while (offset + HEADER_BYTES <= sizeBytes) {
    const header = parseHeader(await reader(offset, HEADER_BYTES));
    if (header !== undefined && offset + header.lengthBytes <= sizeBytes) {
      const block = await reader(offset, header.lengthBytes);
      if (isIntact(block)) {
        yield { offset, header, block };
        offset += header.lengthBytes;
        continue;
      }
    }
    offset = await nextMagic(reader, offset + 1, sizeBytes);
  }
}

const MAGIC_BYTES = Buffer.from("PSB1", "latin1");

async function nextMagic(reader: WindowReader, from: number, sizeBytes: number): Promise<number> {
  for (let offset = from; offset + HEADER_BYTES <= sizeBytes; offset += WINDOW_BYTES_FIRST - MAGIC_BYTES.length) {
    const window = await reader(offset, Math.min(WINDOW_BYTES_FIRST, sizeBytes - offset));
    const found = window.indexOf(MAGIC_BYTES);
    if (found !== -1) return offset + found;
  }
  return sizeBytes;
}

type WindowReader = (offset: number, lengthBytes: number) => Promise<Buffer>;

/**
 * What becomes of a window's memory. `kept`: it is never written to again, so that what was answered stays valid. `reused`: the next window
 * overwrites it. Whoever reads a whole backlog wants that: memory that is taken and left by the megabyte makes the collector go over the whole heap.
 */
export type WindowMemory = "kept" | "reused";

/** Reads ahead in windows that grow: a reader of one record at the tip reads little, one of everything reads in large pieces. */
function windowReader(file: DiskFile, sizeBytes: number, memory: WindowMemory): WindowReader {
  let windowBytes = WINDOW_BYTES_FIRST;
  let buffer = Buffer.alloc(0);
  let window = buffer;
  let windowAt = 0;
  return async (offset, lengthBytes) => {
    const from = offset - windowAt;
    if (from < 0 || from + lengthBytes > window.length) {
      const wanted = Math.min(Math.max(lengthBytes, windowBytes), sizeBytes - offset);
      windowBytes = Math.min(windowBytes * 2, WINDOW_BYTES_MAX);
      if (memory === "kept" || buffer.length < wanted) buffer = Buffer.allocUnsafeSlow(wanted);
      const filled = await file.read(buffer.subarray(0, wanted), offset);
      window = buffer.subarray(0, filled);
      windowAt = offset;
      return window.subarray(0, lengthBytes);
    }
    return window.subarray(from, from + lengthBytes);
  };
}

/**
 * The intact blocks of the shards that are wanted, from the file offset on. What is damaged is stepped over: whoever counts a shard's sequences sees
 * what is missing, and one shard's damage keeps no other from being read. `file` stays the caller's; with `reused` memory a block is valid
 * until the next is asked for.
 */
export async function* readBlocks(
  file: DiskFile,
  segment: Segment,
  wanted: (shard: number) => boolean,
  fromOffset: number,
  memory: WindowMemory,
): AsyncIterable<RecordBlock> {
  const { sizeBytes } = segment;
  const reader = windowReader(file, sizeBytes, memory);
  let offset = fromOffset;
  /** Behind the last block whose bytes were verified: the headers since then were believed. */
  let verifiedTo = fromOffset;
  while (offset + HEADER_BYTES <= sizeBytes) {
    const header = parseHeader(await reader(offset, HEADER_BYTES));
    const fits = header !== undefined && offset + header.lengthBytes <= sizeBytes;
    if (fits && (header.mark || !wanted(header.shard))) {
      offset += header.lengthBytes;
      continue;
    }
    const block = fits ? await reader(offset, header.lengthBytes) : undefined;
    if (header !== undefined && block !== undefined && isIntact(block)) {
      yield openBlock(block, header);
      offset += header.lengthBytes;
      verifiedTo = offset;
      continue;
    }
    // One of the headers that were believed may have led astray: from the last sure place on, only whole blocks count.
    const found = await intactBehind(reader, verifiedTo, offset, sizeBytes, wanted);
    offset = found;
    verifiedTo = found;
  }
}

/** The first intact block of a wanted shard behind `from`, or the first of any at `beyond` or later; the file's end where there is none. */
async function intactBehind(
  reader: WindowReader,
  from: number,
  beyond: number,
  sizeBytes: number,
  wanted: (shard: number) => boolean,
): Promise<number> {
  let offset = from;
  while (offset + HEADER_BYTES <= sizeBytes) {
    const header = parseHeader(await reader(offset, HEADER_BYTES));
    if (header !== undefined && offset + header.lengthBytes <= sizeBytes) {
      if (isIntact(await reader(offset, header.lengthBytes))) {
        if (offset > beyond || (!header.mark && wanted(header.shard))) return offset;
        offset += header.lengthBytes;
        continue;
      }
    }
    offset = await nextMagic(reader, offset + 1, sizeBytes);
  }
  return sizeBytes;
}

/** `missing`: what the file no longer holds, in words. */
export function damaged(path: string, missing: string): PenstockError {
  return new PenstockError("damaged", `The journal is damaged: ${path} no longer holds ${missing}.`, {
    hint: "Restore the file from a copy. If there is none, stop this instance and run `penstock repair --accept-loss --data <its data directory>`: delivery then goes on behind them, and the audit counts them as lost.",
  });
}
