/**
 * What one conversion reads, as files in its folder: the journal's lines as they are, one file a stream, and the rows that the
 * reference codec decoded. Scratch files: a crash throws them away, and the decision is carried out anew from the journal.
 */
import { isUtf8 } from "node:buffer";
import { join } from "node:path";
import { KIB, MIB } from "../core/limits.js";
import { shardIdOf } from "../core/sequence-number.js";
import type { Disk, DiskFile } from "../disk/disk.js";
import type { RecordBlock, StreamRecord } from "../stream/stream.js";

const LF = 0x0a;
const WRITE_BYTES = MIB;
/**
 * DuckDB works on 2,048 rows at a time and holds each text about three times, so records much larger than this on average would need
 * more memory than the engine may have. Larger ones are decoded in JavaScript, one after another; there are never many a second of them.
 */
const LINE_BYTES_MEAN_MAX = 8 * KIB;
/** No line is longer than the block it is in. The journal ends a block at 4 MiB; one beyond this ends in a very large record. */
const LINES_BYTES_MAX = 5 * MIB;
/** The reader holds a few buffers a thread: larger ones than these fit no processor's cache (16 MiB cost half as much time again) and no small memory. */
const READ_BUFFER_BYTES = 4 * MIB;

/** How DuckDB's reader is told to read lines of which none is longer than `longestLine` bytes: a buffer must hold two. */
export function readerSizes(longestLine: number): string {
  return `max_line_size = ${longestLine + 1}, buffer_size = ${Math.max(READ_BUFFER_BYTES, 2 * (longestLine + 1))}`;
}

/** Whether the block may go to DuckDB as it is. */
export function isForSpool(block: RecordBlock): boolean {
  return (
    block.clean && block.lines.length <= LINES_BYTES_MAX && block.lines.length <= block.count * LINE_BYTES_MEAN_MAX
  );
}

/** A file that is written from the front, through a buffer of a fixed size. */
export interface Spool {
  readonly path: string;
  /** Bytes taken so far. */
  readonly sizeBytes: number;
  /** The longest single write, which is what readers must make room for. */
  readonly longestBytes: number;
  write(bytes: Uint8Array): Promise<void>;
  /** What was written can now be read. Another write opens the file again. */
  close(): Promise<void>;
}

export async function openSpool(disk: Disk, path: string): Promise<Spool> {
  let file: DiskFile | undefined = await disk.open(path, "write");
  // Copied, not kept: the journal may use its buffers again as soon as `write` resolves.
  const buffer = Buffer.allocUnsafe(WRITE_BYTES);
  let buffered = 0;
  let sizeBytes = 0;
  let longestBytes = 0;
  const flush = async () => {
    if (buffered === 0) return;
    const full = buffer.subarray(0, buffered);
    buffered = 0;
    await write([full]);
  };
  const write = async (buffers: readonly Uint8Array[]) => {
    file ??= await disk.open(path, "append");
    await file.write(buffers);
  };
  return {
    path,
    get sizeBytes() {
      return sizeBytes;
    },
    get longestBytes() {
      return longestBytes;
    },
    write: async (bytes) => {
      sizeBytes += bytes.length;
      longestBytes = Math.max(longestBytes, bytes.length);
      if (buffered + bytes.length > WRITE_BYTES) await flush();
      if (bytes.length > WRITE_BYTES) {
        await write([bytes]);
        return;
      }
      buffer.set(bytes, buffered);
      buffered += bytes.length;
    },
    close: async () => {
      try {
        await flush();
      } finally {
        const closing = file;
        file = undefined;
        await closing?.close();
      }
    },
  };
}

/** Spools by name, opened when first asked for. */
export interface SpoolFolder {
  spool(name: string): Promise<Spool>;
  find(name: string): Spool | undefined;
  close(): Promise<void>;
}

export function spoolFolder(disk: Disk, directory: string): SpoolFolder {
  const spools = new Map<string, Spool>();
  return {
    spool: async (name) => {
      const found = spools.get(name);
      if (found !== undefined) return found;
      const opened = await openSpool(disk, join(directory, name));
      spools.set(name, opened);
      return opened;
    },
    find: (name) => spools.get(name),
    close: async () => {
      for (const spool of spools.values()) await spool.close();
    },
  };
}

/** The record as a line, when it can be one: not too long, UTF-8 without LF (but for one that ends it), CR, US, NUL. */
export function lineOf(shard: number, record: StreamRecord): Uint8Array | undefined {
  const { data } = record;
  if (data.length > LINE_BYTES_MEAN_MAX) return undefined;
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  const body = bytes.length > 0 && bytes[bytes.length - 1] === LF ? bytes.subarray(0, -1) : bytes;
  if (body.includes(LF) || body.includes(0x0d) || body.includes(0x1f) || body.includes(0) || !isUtf8(body)) {
    return undefined;
  }
  const head = Buffer.from(`${shard}\x1f${record.arrivalMs}\x1f${record.sequence}\x1f`, "latin1");
  return Buffer.concat([head, body, Buffer.of(LF)]);
}

/** How `_shard_id` names a shard of the table. */
export function shardNameOf(sources: readonly string[], stream: string, shard: number): string {
  return sources.length === 1 ? shardIdOf(shard) : `${stream}:${shardIdOf(shard)}`;
}

export async function syncFile(disk: Disk, path: string): Promise<void> {
  const file: DiskFile = await disk.open(path, "append");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
