import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline as connect, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { messageOf, PenstockError } from "../../core/errors.js";
import { MIB } from "../../core/limits.js";
import type { Terminal } from "../support/terminal.js";

export type InputFormat = "ndjson" | "json" | "csv" | "parquet";

/** Where `put` reads: bytes already decompressed, or a Parquet file by its path. */
export interface Input {
  readonly format: InputFormat;
  readonly chunks: AsyncIterable<Buffer>;
  readonly parquet: ParquetInput | undefined;
  /** How much of the file has been read, 0 to 1; undefined for standard input. */
  share(): number | undefined;
  close(): Promise<void>;
}

/** A Parquet file is read by an engine, so what has been read of it is known in rows alone: who reads them says so here. */
export interface ParquetInput {
  readonly path: string;
  share: number | undefined;
}

/** Opens a file, or standard input for `-`. Gzip and Parquet are known by their first bytes, the rest by the name or the first character. */
export async function openInput(name: string, wanted: InputFormat | undefined, terminal: Terminal): Promise<Input> {
  const file = name === "-" ? undefined : resolve(terminal.workingDirectory, name);
  if (file === undefined && terminal.stdin.isTTY) {
    throw new PenstockError("invalid-argument", "There is nothing to read: standard input is the keyboard.", {
      hint: "Name a file, or pipe one in: `penstock put events < events.ndjson`.",
    });
  }
  const sizeBytes = file === undefined ? undefined : await sizeOf(file);
  let readBytes = 0;
  const raw = file === undefined ? terminal.stdin : createReadStream(file, { highWaterMark: MIB });
  const counted = async function* () {
    for await (const chunk of raw) {
      const buffer: Buffer = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      readBytes += buffer.length;
      yield buffer;
    }
  };
  const outer = await peek(counted());
  const zipped = outer.head[0] === 0x1f && outer.head[1] === 0x8b;
  const inner = zipped ? await peek(gunzip(outer.chunks)) : outer;
  const format = wanted ?? sniff(inner.head, name);
  const share = () => (sizeBytes === undefined ? undefined : Math.min(1, readBytes / Math.max(sizeBytes, 1)));
  const close = async () => {
    if (file !== undefined) raw.destroy();
  };
  if (format !== "parquet") return { format, chunks: inner.chunks, parquet: undefined, share, close };
  if (file !== undefined && !zipped) {
    raw.destroy();
    const parquet: ParquetInput = { path: file, share: 0 };
    return { format, chunks: inner.chunks, parquet, share: () => parquet.share, close };
  }
  // Parquet is read from its end, so what only streams must lie on a disk first.
  const folder = await mkdtemp(join(tmpdir(), "penstock-put-"));
  const path = join(folder, "input.parquet");
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await pipeline(Readable.from(inner.chunks), createWriteStream(path));
  } catch (error) {
    await remove();
    throw error;
  }
  const parquet: ParquetInput = { path, share: 0 };
  return { format, chunks: inner.chunks, parquet, share: () => parquet.share, close: remove };
}

async function sizeOf(file: string): Promise<number> {
  try {
    const found = await stat(file);
    if (found.isDirectory()) throw new Error("it is a folder");
    return found.size;
  } catch (error) {
    throw new PenstockError("invalid-argument", `Cannot read ${file}: ${messageOf(error)}.`, {
      hint: "Name a file of records: NDJSON, a JSON array, CSV or Parquet, gzip-compressed or not; - is standard input.",
      cause: error,
    });
  }
}

async function* gunzip(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const unzipped = createGunzip({ chunkSize: MIB });
  // Its errors come out of the loop; without someone who listens they would end the process.
  connect(Readable.from(chunks), unzipped, () => {});
  try {
    for await (const chunk of unzipped) yield chunk;
  } catch (error) {
    throw new PenstockError("invalid-argument", `The gzip data is damaged or cut short (${messageOf(error)}).`, {
      cause: error,
    });
  }
}

/** The first chunk, and the whole again. */
async function peek(
  chunks: AsyncIterable<Buffer>,
): Promise<{ readonly head: Buffer; readonly chunks: AsyncIterable<Buffer> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const first = await iterator.next();
  const head: Buffer = first.done ? Buffer.alloc(0) : first.value;
  const again = async function* () {
    if (head.length > 0) yield head;
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
  };
  return { head, chunks: again() };
}

function sniff(head: Buffer, name: string): InputFormat {
  if (head.subarray(0, 4).toString("latin1") === "PAR1") return "parquet";
  const [, extension] = /\.(csv|tsv|ndjson|jsonl)(\.gz)?$/i.exec(name) ?? [];
  if (extension !== undefined) return /csv|tsv/i.test(extension) ? "csv" : "ndjson";
  const first = head.toString("latin1").trimStart()[0];
  if (first === "[") return "json";
  return first === "{" || first === undefined ? "ndjson" : "csv";
}
