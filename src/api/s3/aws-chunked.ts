/**
 * The `aws-chunked` form of a body: chunks with their lengths, each perhaps signed, and headers behind the last one.
 *
 *     <size in hex>[;chunk-signature=<hex>]\r\n <bytes> \r\n  ...  0[;chunk-signature=<hex>]\r\n [<name>:<value>\r\n ...] \r\n
 */
import { createHash } from "node:crypto";
import { S3Error } from "./s3-error.js";
import type { ChunkSigner } from "./sigv4.js";

export interface ChunkedOptions {
  /** Given where the chunks are signed, and there is a secret to check that with. */
  readonly signer: ChunkSigner | undefined;
  /** Called with the trailing headers, lower-case names, before the stream ends. */
  readonly onTrailers: (trailers: ReadonlyMap<string, string>) => void;
}

const LINE_BYTES_MAX = 1024;
const TRAILERS_BYTES_MAX = 16 * 1024;
const LF = 0x0a;
const SIGNATURE_TRAILER = "x-amz-trailer-signature";

/** The bytes without their chunks. Throws at the first thing that is not as it should be. */
export async function* decodeChunked(
  source: AsyncIterable<Uint8Array>,
  { signer, onTrailers }: ChunkedOptions,
): AsyncGenerator<Uint8Array> {
  const input = cursorOn(source);
  for (;;) {
    const { sizeBytes, signature } = readChunkHead(await input.line());
    const hash = signer && createHash("sha256");
    for (let left = sizeBytes; left > 0; ) {
      const piece = await input.some(left);
      left -= piece.length;
      hash?.update(piece);
      yield piece;
    }
    if (signer !== undefined && hash !== undefined) signer.chunk(hash.digest("hex"), signature);
    if (sizeBytes === 0) break;
    if ((await input.line()) !== "") throw malformed();
  }
  onTrailers(readTrailers(await input.rest(), signer));
}

function readChunkHead(line: string): { sizeBytes: number; signature: string } {
  const [, size, signature = ""] = /^([0-9a-f]{1,10})(?:;chunk-signature=([0-9a-f]{64}))?$/i.exec(line) ?? [];
  if (size === undefined) throw malformed();
  return { sizeBytes: Number.parseInt(size, 16), signature };
}

function readTrailers(text: string, signer: ChunkSigner | undefined): ReadonlyMap<string, string> {
  const trailers = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === "") continue;
    const colon = line.indexOf(":");
    if (colon <= 0) throw malformed();
    trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const signature = trailers.get(SIGNATURE_TRAILER);
  trailers.delete(SIGNATURE_TRAILER);
  if (signer !== undefined && trailers.size > 0) {
    const signed = [...trailers].map(([name, value]) => `${name}:${value}\n`).join("");
    signer.trailer(signed, signature ?? "");
  }
  return trailers;
}

interface Cursor {
  /** Without its end. */
  line(): Promise<string>;
  /** At least one byte, at most so many. */
  some(bytesMax: number): Promise<Uint8Array>;
  rest(): Promise<string>;
}

function cursorOn(source: AsyncIterable<Uint8Array>): Cursor {
  const iterator = source[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const { value, done } = await iterator.next();
    if (done) return false;
    held = held.length === 0 ? asBuffer(value) : Buffer.concat([held, value]);
    return true;
  };
  return {
    line: async () => {
      for (;;) {
        const end = held.indexOf(LF);
        if (end > LINE_BYTES_MAX || (end === -1 && held.length > LINE_BYTES_MAX)) throw malformed();
        if (end !== -1) {
          const line = held.toString("latin1", 0, end).replace(/\r$/, "");
          held = held.subarray(end + 1);
          return line;
        }
        if (!(await more())) throw new S3Error("IncompleteBody");
      }
    },
    some: async (bytesMax) => {
      while (held.length === 0) if (!(await more())) throw new S3Error("IncompleteBody");
      const piece = held.subarray(0, bytesMax);
      held = held.subarray(piece.length);
      return piece;
    },
    rest: async () => {
      while (await more()) if (held.length > TRAILERS_BYTES_MAX) throw malformed();
      return held.toString("latin1");
    },
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function malformed(): S3Error {
  return new S3Error("InvalidRequest", { message: "The aws-chunked body is not well-formed." });
}
