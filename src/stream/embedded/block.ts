/**
 * The journal's unit on disk: the records that one group commit added to one shard. Little-endian:
 *
 *      0  u32  magic "PSB1"
 *      4  u32  CRC-32C of everything from byte 8 to the block's end
 *      8  u32  length of the whole block, bytes
 *     12  u32  shard number
 *     16  u32  record count; 0 for a mark
 *     20  u32  flags: 1 = clean (see RecordBlock in stream.ts), 2 = mark
 *     24  f64  sequence of the first record
 *     32  f64  arrival, ms since the epoch
 *     40  f64  where this block's group begins in the file: all before it was synced when this was written
 *     48  u32  length of the lines, bytes
 *     52  u32  length of the keys, bytes
 *     56  u64  reserved, 0
 *     64       the lines, as RecordBlock describes them
 *              count x u32: where each record's line ends; the top bit says that its LF is the data's own
 *              the keys: count x (u16 length, UTF-8)
 *
 * A mark holds JSON in the place of the lines. Each segment begins with one that says where every shard stood, so that sequences
 * go on where they were even when retention has removed all before; a clean close ends with one, so that damage before it is known as such.
 *
 * A block's length is bounded (BLOCK_LINES_MAX plus one record), so that a reader's memory is.
 */
import { isUtf8 } from "node:buffer";
import { crc32c } from "@node-rs/crc32";
import { MIB } from "../../core/limits.js";
import type { RecordBlock, StreamRecord } from "../stream.js";

export const HEADER_BYTES = 64;
export const MAGIC = 0x31425350;
/** Larger groups become several blocks, so that reading one record never costs more than this. */
export const BLOCK_LINES_MAX = 4 * MIB;
export const BLOCK_RECORDS_MAX = 65_536;
/** No block is longer: lines, plus one record of 10 MiB, plus index and keys. Anything more is a damaged length field. */
export const BLOCK_BYTES_MAX = 96 * MIB;

const FLAG_CLEAN = 1;
const FLAG_MARK = 2;
const OWN_LF = 0x80000000;
const LF = 0x0a;
const CR = 0x0d;
const US = 0x1f;
const NUL = 0x00;

/** What the header says; enough to find records without reading them. */
export interface BlockHeader {
  readonly lengthBytes: number;
  readonly shard: number;
  readonly count: number;
  readonly clean: boolean;
  readonly mark: boolean;
  readonly firstSequence: number;
  readonly arrivalMs: number;
  readonly groupStart: number;
  readonly linesBytes: number;
  readonly keysBytes: number;
}

/** Collects one block. Reused from group to group, so that a busy shard allocates nothing. */
export class BlockBuilder {
  count = 0;
  private lines: Buffer = Buffer.allocUnsafe(64 * 1024);
  private linesBytes = 0;
  private ends = new Uint32Array(1024);
  private keys: Buffer = Buffer.allocUnsafe(16 * 1024);
  private keysBytes = 0;
  private clean = true;
  private shard = 0;
  private firstSequence = 0;
  private arrivalMs = 0;
  /** `<shard> US <arrival> US`, the same for every line of the block. */
  private linePrefix: Buffer = Buffer.alloc(0);
  private readonly header = Buffer.alloc(HEADER_BYTES);

  begin(shard: number, firstSequence: number, arrivalMs: number): void {
    this.count = 0;
    this.linesBytes = 0;
    this.keysBytes = 0;
    this.clean = true;
    this.shard = shard;
    this.firstSequence = firstSequence;
    this.arrivalMs = arrivalMs;
    this.linePrefix = Buffer.from(`${shard}\x1f${arrivalMs}\x1f`, "latin1");
  }

  get full(): boolean {
    return this.linesBytes >= BLOCK_LINES_MAX || this.count >= BLOCK_RECORDS_MAX;
  }

  get capacityBytes(): number {
    return this.lines.length;
  }

  append(partitionKey: string, data: Uint8Array): void {
    const start = this.openLine(partitionKey, data.length);
    this.lines.set(data, start);
    this.closeLine(start, start + data.length);
  }

  appendBase64(partitionKey: string, base64: string): void {
    const start = this.openLine(partitionKey, ((base64.length * 3) >>> 2) + 3);
    this.closeLine(start, start + this.lines.write(base64, start, "base64"));
  }

  /** Writes the line's head and the key; answers where the data begins, with room for `dataBytesMax` and the line's end. */
  private openLine(partitionKey: string, dataBytesMax: number): number {
    this.writeKey(partitionKey);
    const prefix = this.linePrefix;
    let at = this.linesBytes;
    if (at + prefix.length + 20 + dataBytesMax > this.lines.length) this.growLines(prefix.length + 20 + dataBytesMax);
    const lines = this.lines;
    for (let i = 0; i < prefix.length; i++) lines[at++] = prefix[i]!;
    const sequence = this.firstSequence + this.count;
    const digits = decimalDigits(sequence);
    let rest = sequence;
    for (let i = at + digits - 1; i >= at; i--) {
      const tenth = Math.floor(rest / 10);
      lines[i] = 0x30 + rest - tenth * 10;
      rest = tenth;
    }
    at += digits;
    lines[at++] = US;
    return at;
  }

  private closeLine(start: number, end: number): void {
    const lines = this.lines;
    const ownLf = end > start && lines[end - 1] === LF;
    const lf = ownLf ? end - 1 : end;
    lines[lf] = LF;
    if (this.clean) {
      // Behind the line stands a US, so that neither search runs on past it.
      lines[lf + 1] = US;
      this.clean = lines.indexOf(LF, start) === lf && lines.indexOf(US, start) === lf + 1;
    }
    if (this.count === this.ends.length) this.ends = grown(this.ends);
    this.linesBytes = lf + 1;
    this.ends[this.count++] = ownLf ? (this.linesBytes | OWN_LF) >>> 0 : this.linesBytes;
  }

  private writeKey(key: string): void {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    if (this.keysBytes + 2 + key.length * 3 > this.keys.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.keys.length * 2, this.keysBytes + 2 + key.length * 3));
      this.keys.copy(larger, 0, 0, this.keysBytes);
      this.keys = larger;
    }
    const keys = this.keys;
    const at = this.keysBytes + 2;
    let bytes = 0;
    for (; bytes < key.length; bytes++) {
      const unit = key.charCodeAt(bytes);
      if (unit >= 0x80) {
        bytes = keys.write(key, at, "utf8");
        break;
      }
      keys[at + bytes] = unit;
    }
    keys.writeUInt16LE(bytes, this.keysBytes);
    this.keysBytes = at + bytes;
  }

  private growLines(wanted: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.lines.length * 2, this.linesBytes + wanted));
    this.lines.copy(larger, 0, 0, this.linesBytes);
    this.lines = larger;
  }

  /** The finished block as pieces to write; they are valid until the next `begin`. */
  seal(groupStart: number): { readonly pieces: Uint8Array[]; readonly header: BlockHeader } {
    const lines = this.lines.subarray(0, this.linesBytes);
    const clean = this.clean && isUtf8(lines) && lines.indexOf(CR) === -1 && lines.indexOf(NUL) === -1;
    const ends = new Uint8Array(this.ends.buffer, this.ends.byteOffset, this.count * 4);
    const keys = this.keys.subarray(0, this.keysBytes);
    return sealPieces(this.header, lines, ends, keys, {
      lengthBytes: HEADER_BYTES + lines.length + ends.length + keys.length,
      shard: this.shard,
      count: this.count,
      clean,
      mark: false,
      firstSequence: this.firstSequence,
      arrivalMs: this.arrivalMs,
      groupStart,
      linesBytes: lines.length,
      keysBytes: keys.length,
    });
  }
}

const EMPTY = new Uint8Array(0);

export function sealMark(content: unknown, arrivalMs: number, groupStart: number) {
  const lines = Buffer.from(JSON.stringify(content));
  return sealPieces(Buffer.alloc(HEADER_BYTES), lines, EMPTY, EMPTY, {
    lengthBytes: HEADER_BYTES + lines.length,
    shard: 0,
    count: 0,
    clean: false,
    mark: true,
    firstSequence: 0,
    arrivalMs,
    groupStart,
    linesBytes: lines.length,
    keysBytes: 0,
  });
}

function sealPieces(head: Buffer, lines: Uint8Array, ends: Uint8Array, keys: Uint8Array, header: BlockHeader) {
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt32LE(header.lengthBytes, 8);
  head.writeUInt32LE(header.shard, 12);
  head.writeUInt32LE(header.count, 16);
  head.writeUInt32LE((header.clean ? FLAG_CLEAN : 0) | (header.mark ? FLAG_MARK : 0), 20);
  head.writeDoubleLE(header.firstSequence, 24);
  head.writeDoubleLE(header.arrivalMs, 32);
  head.writeDoubleLE(header.groupStart, 40);
  head.writeUInt32LE(header.linesBytes, 48);
  head.writeUInt32LE(header.keysBytes, 52);
  head.fill(0, 56, HEADER_BYTES);
  let crc = crc32c(head.subarray(8));
  for (const piece of [lines, ends, keys]) if (piece.length > 0) crc = crc32c(piece, crc);
  head.writeUInt32LE(crc, 4);
  return { pieces: [head, lines, ends, keys].filter((piece) => piece.length > 0), header };
}

/** Reads a header; undefined where there plainly is none. Says nothing of the block's content: see `isIntact`. */
export function parseHeader(bytes: Buffer): BlockHeader | undefined {
  if (bytes.length < HEADER_BYTES || bytes.readUInt32LE(0) !== MAGIC) return undefined;
  const flags = bytes.readUInt32LE(20);
  const header: BlockHeader = {
    lengthBytes: bytes.readUInt32LE(8),
    shard: bytes.readUInt32LE(12),
    count: bytes.readUInt32LE(16),
    clean: (flags & FLAG_CLEAN) !== 0,
    mark: (flags & FLAG_MARK) !== 0,
    firstSequence: bytes.readDoubleLE(24),
    arrivalMs: bytes.readDoubleLE(32),
    groupStart: bytes.readDoubleLE(40),
    linesBytes: bytes.readUInt32LE(48),
    keysBytes: bytes.readUInt32LE(52),
  };
  const length = HEADER_BYTES + header.linesBytes + header.count * 4 + header.keysBytes;
  return header.lengthBytes === length && length <= BLOCK_BYTES_MAX ? header : undefined;
}

/** Whether the block's bytes, all of them, are those that were written. */
export function isIntact(block: Buffer): boolean {
  return crc32c(block.subarray(8)) === block.readUInt32LE(4);
}

/** The block's records from `from` on, of a block that is intact. `block` must not be reused while the result is. */
export function openBlock(block: Buffer, header: BlockHeader): RecordBlock {
  const lines = block.subarray(HEADER_BYTES, HEADER_BYTES + header.linesBytes);
  return {
    shard: header.shard,
    firstSequence: header.firstSequence,
    count: header.count,
    arrivalMs: header.arrivalMs,
    clean: header.clean,
    lines,
    longestLine: () => longestLine(block, header),
    records: () => records(block, header, lines),
  };
}

function longestLine(block: Buffer, header: BlockHeader): number {
  const endsAt = HEADER_BYTES + header.linesBytes;
  let longest = 0;
  let start = 0;
  for (let i = 0; i < header.count; i++) {
    const end = (block.readUInt32LE(endsAt + i * 4) & ~OWN_LF) >>> 0;
    longest = Math.max(longest, end - start);
    start = end;
  }
  return longest;
}

function* records(block: Buffer, header: BlockHeader, lines: Buffer): Iterable<StreamRecord> {
  const endsAt = HEADER_BYTES + header.linesBytes;
  const prefixBytes = decimalDigits(header.shard) + 1 + decimalDigits(header.arrivalMs) + 1;
  let keyAt = endsAt + header.count * 4;
  let lineAt = 0;
  for (let i = 0; i < header.count; i++) {
    const end = block.readUInt32LE(endsAt + i * 4);
    const lineEnd = (end & ~OWN_LF) >>> 0;
    const sequence = header.firstSequence + i;
    const keyBytes = block.readUInt16LE(keyAt);
    keyAt += 2 + keyBytes;
    const dataAt = lineAt + prefixBytes + decimalDigits(sequence) + 1;
    yield {
      sequence,
      arrivalMs: header.arrivalMs,
      partitionKey: block.toString("utf8", keyAt - keyBytes, keyAt),
      data: lines.subarray(dataAt, (end & OWN_LF) === 0 ? lineEnd - 1 : lineEnd),
    };
    lineAt = lineEnd;
  }
}

/** A part of a block, by sequence, inclusive at both ends; the same block when all of it is wanted. */
export function sliceBlock(block: RecordBlock, from: number, to: number): RecordBlock {
  const last = block.firstSequence + block.count - 1;
  if (from <= block.firstSequence && to >= last) return block;
  const first = Math.max(from, block.firstSequence);
  const end = Math.min(to, last);
  const wanted = [...block.records()].filter((record) => record.sequence >= first && record.sequence <= end);
  // Data lies within its line, so the first line begins one head before its data, and the last ends with its LF.
  const head = decimalDigits(block.shard) + decimalDigits(block.arrivalMs) + decimalDigits(first) + 3;
  const lineStart = wanted[0]!.data.byteOffset - block.lines.byteOffset - head;
  const tail = wanted[wanted.length - 1]!.data;
  const tailEnd = tail.byteOffset - block.lines.byteOffset + tail.length;
  const lineEnd = tail.length > 0 && tail[tail.length - 1] === LF ? tailEnd : tailEnd + 1;
  return {
    shard: block.shard,
    firstSequence: first,
    count: wanted.length,
    arrivalMs: block.arrivalMs,
    clean: block.clean,
    lines: block.lines.subarray(lineStart, lineEnd),
    longestLine: () => block.longestLine(),
    records: () => wanted,
  };
}

function decimalDigits(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  return digits;
}

function grown(array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(array.length * 2);
  larger.set(array);
  return larger;
}
