import { createHash } from "node:crypto";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Disk, DiskFile } from "../disk/disk.js";
import type { ByteRange, ChecksumAlgorithm, PutOptions, StoredChecksum, WrittenBytes } from "./buckets.js";
import { checksumOf } from "./digests.js";

/** What is read or written of a file at once. */
const PIECE_BYTES = 512 * 1024;

/** A finished and synced file that has no name in a bucket yet. */
export interface StagedFile extends WrittenBytes {
  readonly path: string;
}

/** What a staged file becomes. */
export interface Placement extends Pick<PutOptions, "attributes" | "replaces"> {
  readonly etag: string;
  readonly checksum?: StoredChecksum;
  readonly uploadId?: string;
}

export interface Staging {
  /** A name that no other file of this data directory has or had. */
  freshName(): string;
  write(body: Uint8Array | AsyncIterable<Uint8Array>, checksum?: ChecksumAlgorithm): Promise<StagedFile>;
  /** The same of a file that is written already. */
  measure(path: string, checksum?: ChecksumAlgorithm): Promise<StagedFile>;
}

/** `run` sets this process's names apart from those of all before it. */
export function stagingIn(disk: Disk, directory: string, run: string): Staging {
  let count = 0;
  const freshName = () => `${run}-${(count++).toString(36).padStart(6, "0")}`;
  return {
    freshName,
    write: async (body, checksum) => {
      const path = join(directory, freshName());
      const meter = meterOf(checksum);
      const file = await disk.open(path, "write");
      try {
        for await (const piece of inPieces(body instanceof Uint8Array ? [body] : body)) {
          meter.update(piece);
          await file.write([piece]);
        }
        await file.sync();
      } catch (error) {
        await file.close();
        await disk.remove(path);
        throw error;
      }
      await file.close();
      return { path, ...meter.result() };
    },
    measure: async (path, checksum) => {
      const meter = meterOf(checksum);
      const file = await disk.open(path, "read");
      try {
        for await (const piece of piecesOf(file)) meter.update(piece);
        await file.sync();
      } finally {
        await file.close();
      }
      return { path, ...meter.result() };
    },
  };
}

/** The file's bytes as they are asked for; it must stay open meanwhile. */
export function readableOf(file: DiskFile, range?: ByteRange): Readable {
  return Readable.from(piecesOf(file, range), { objectMode: false, highWaterMark: PIECE_BYTES });
}

export async function* piecesOf(file: DiskFile, range?: ByteRange): AsyncGenerator<Buffer> {
  const end = range === undefined ? Number.POSITIVE_INFINITY : range.last + 1;
  for (let at = range?.first ?? 0; at < end; ) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - at));
    const bytes = await file.read(piece, at);
    if (bytes > 0) yield bytes === piece.length ? piece : piece.subarray(0, bytes);
    if (bytes < piece.length) return;
    at += bytes;
  }
}

/** Small pieces put together, so that the disk is asked seldom; large ones cut, so that no digest holds the process for long. */
async function* inPieces(body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length; ) {
      const piece = chunk.subarray(at, at + PIECE_BYTES - bytes);
      gathered.push(piece);
      bytes += piece.length;
      at += piece.length;
      if (bytes < PIECE_BYTES) continue;
      yield gathered.length === 1 ? piece : Buffer.concat(gathered);
      gathered = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield Buffer.concat(gathered);
}

interface Meter {
  update(bytes: Uint8Array): void;
  result(): WrittenBytes;
}

function meterOf(algorithm: ChecksumAlgorithm | undefined): Meter {
  const md5 = createHash("md5");
  const checksum = algorithm === undefined ? undefined : checksumOf(algorithm);
  let sizeBytes = 0;
  return {
    update: (bytes) => {
      sizeBytes += bytes.length;
      md5.update(bytes);
      checksum?.update(bytes);
    },
    result: () => ({
      sizeBytes,
      md5: md5.digest("hex"),
      ...(checksum === undefined ? {} : { checksum: checksum.digest().toString("base64") }),
    }),
  };
}
