/** An object's bytes, without its compression and its encoding: UTF-8, as it was meant to be. */
import { createReadStream } from "node:fs";
import { PassThrough } from "node:stream";
import { TextDecoder } from "node:util";
import { createGunzip } from "node:zlib";
import bunzip2 from "unbzip2-stream";
import { messageOf } from "../../core/errors.js";
import { MIB } from "../../core/limits.js";
import { sqlErrorOf } from "../engine/engine-errors.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { textLiteral } from "../sql-text.js";
import type { Compression, CopyOptions, TextEncoding } from "./options.js";
import type { LoadRun } from "./services.js";
import type { SourceObject } from "./source.js";
import { zstdFault } from "./zstd-frames.js";

const CHUNK_BYTES = MIB / 4;
/** Source: "COPY", notes: the longest row. */
export const ROW_BYTES_MAX = 4 * MIB;

export async function* objectBytes(
  run: LoadRun,
  object: Pick<SourceObject, "path" | "url">,
  options: Pick<CopyOptions, "compression" | "encoding">,
): AsyncIterable<Buffer> {
  try {
    yield* reencoded(unpacked(run, object, options.compression), options.encoding);
  } catch (error) {
    if (error instanceof SqlError) throw error;
    if (options.compression === "none") throw error;
    throw new SqlError(
      SQL_STATE.internalError,
      `The object ${object.url} is not ${options.compression}: ${messageOf(error)}`,
      {
        cause: error,
        hint: "Name the compression that the object has, or none.",
      },
    );
  }
}

/** For a fast way: what it cannot read is for the reference to read or to tell; what ended the transaction can only be told. */
export function notPlain(error: unknown): undefined {
  if (error instanceof SqlError) throw error;
}

/** As the object is, without its compression alone. */
export function unpacked(
  run: LoadRun,
  { path, url }: Pick<SourceObject, "path" | "url">,
  compression: Compression,
): AsyncIterable<Buffer> {
  if (compression === "zstd") return zstdLines(run, path, url);
  const raw = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (compression === "none") return raw as AsyncIterable<Buffer>;
  const out = new PassThrough({ highWaterMark: CHUNK_BYTES });
  const fail = (error: Error) => out.destroy(error);
  const unpack = compression === "gzip" ? createGunzip({ chunkSize: CHUNK_BYTES }) : bunzip2();
  raw.on("error", fail);
  unpack.on("error", fail);
  raw.pipe(unpack).pipe(out);
  out.once("close", () => raw.destroy());
  return out as AsyncIterable<Buffer>;
}

/** Node 20 has no zstd; the engine has. It gives lines, whose ends are put back. */
async function* zstdLines(run: LoadRun, path: string, url: string): AsyncIterable<Buffer> {
  const fault = await zstdFault(path);
  if (fault !== undefined) throw new Error(fault);
  const sql = `SELECT l FROM read_csv(${textLiteral(path)}, auto_detect = false, header = false, delim = chr(1), quote = '', escape = '', comment = '', nullstr = chr(2),
    max_line_size = ${ROW_BYTES_MAX}, buffer_size = ${2 * ROW_BYTES_MAX}, parallel = false, compression = 'zstd', columns = {'l': 'VARCHAR'}, hive_partitioning = false)`;
  try {
    const result = await run.connection.call((connection) => connection.run(sql), run.limit);
    for await (const rows of result.yieldRowsJs()) {
      yield Buffer.from(rows.map(([line]) => `${String(line ?? "")}\n`).join(""));
    }
  } catch (error) {
    throw unreadableLines(error, url);
  }
}

/** The engine's reader stops at such a line, and the transaction with it. */
function unreadableLines(error: unknown, url: string): SqlError {
  if (!/^Invalid Input Error/i.test(messageOf(error))) return sqlErrorOf(error);
  return new SqlError(
    SQL_STATE.internalError,
    `The object ${url} has a line that ZSTD cannot be read with: no UTF-8, longer than 4 MB, or with the characters 1 or 2 in it`,
    { cause: error, hint: "Compress it with GZIP: its bad lines are told one by one then." },
  );
}

async function* reencoded(chunks: AsyncIterable<Buffer>, encoding: TextEncoding): AsyncIterable<Buffer> {
  let decoder: TextDecoder | undefined;
  let first = true;
  for await (const chunk of chunks) {
    if (encoding === "utf8") {
      // A byte order mark belongs to no field.
      yield first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf ? chunk.subarray(3) : chunk;
      first = false;
      continue;
    }
    decoder ??= decoderOf(encoding, chunk);
    yield Buffer.from(decoder.decode(chunk, { stream: true }));
  }
  if (decoder !== undefined) yield Buffer.from(decoder.decode());
}

function decoderOf(encoding: TextEncoding, chunk: Buffer): TextDecoder {
  if (encoding === "latin1") return new TextDecoder("latin1");
  const big = encoding === "utf16be" || (encoding === "utf16" && chunk[0] === 0xfe && chunk[1] === 0xff);
  return new TextDecoder(big ? "utf-16be" : "utf-16le");
}
