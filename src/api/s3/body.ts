import { createHash } from "node:crypto";
import { MIB } from "../../core/limits.js";
import type { ChecksumAlgorithm, WrittenBytes } from "../../lake/buckets.js";
import { checksumOf } from "../../lake/digests.js";
import { decodeChunked } from "./aws-chunked.js";
import { checkedValue, checksumHeader, checksumMismatch, claimedChecksum } from "./checksums.js";
import { S3Error } from "./s3-error.js";
import type { ChunkSigner } from "./sigv4.js";

export interface BodySource {
  /** The bytes as they come from the network. */
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** What the signature says of the payload, where it says anything. */
  readonly payloadHash: string | undefined;
  readonly chunks: ChunkSigner | undefined;
}

/** A request's body, with everything that the caller said of it, to be held against what came. */
export interface RequestBody {
  /** To be read once. Throws when it ends early or late, or is not what was signed. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** To be computed on the way. */
  readonly checksum: ChecksumAlgorithm | undefined;
  /** Whether there is a Content-MD5 or a checksum. */
  readonly guarded: boolean;
  /** Throws unless what was written is what the caller meant. */
  verify(written: WrittenBytes): void;
}

/** S3: an object, or a part, that is sent at once has at most 5 GiB. */
export const SENT_BYTES_MAX = 5 * 1024 * MIB;

const STREAMING = "STREAMING-";

export function requestBody({ bytes, headers, payloadHash, chunks }: BodySource): RequestBody {
  const chunked = payloadHash?.startsWith(STREAMING) ?? false;
  const declared = headers[chunked ? "x-amz-decoded-content-length" : "content-length"];
  const sizeBytes = declaredBytes(declared);
  if (sizeBytes > SENT_BYTES_MAX) {
    throw new S3Error("EntityTooLarge", {
      elements: { ProposedSize: String(sizeBytes), MaxSizeAllowed: String(SENT_BYTES_MAX) },
    });
  }
  const md5 = statedMd5(headers["content-md5"]);
  const claimed = claimedChecksum(headers);
  if (headers["x-amz-sdk-checksum-algorithm"] !== undefined && claimed === undefined) {
    throw new S3Error("InvalidRequest", {
      message:
        "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.",
    });
  }
  let value = claimed?.value;
  const onTrailers = (trailers: ReadonlyMap<string, string>) => {
    if (claimed === undefined || claimed.value !== undefined) return;
    const name = checksumHeader(claimed.algorithm);
    const trailer = trailers.get(name);
    if (trailer === undefined) {
      throw new S3Error("InvalidRequest", {
        message: `The trailing header ${name}, which x-amz-trailer names, is missing.`,
      });
    }
    value = checkedValue(claimed.algorithm, trailer);
  };
  const signer = payloadHash?.startsWith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD") ? chunks : undefined;
  const plain = chunked ? decodeChunked(bytes, { signer, onTrailers }) : bytes;
  const hashed = !chunked && payloadHash !== undefined && /^[0-9a-f]{64}$/.test(payloadHash);
  return {
    bytes: exactly(hashed ? withHash(plain, payloadHash) : plain, sizeBytes),
    checksum: claimed?.algorithm,
    guarded: md5 !== undefined || claimed !== undefined,
    verify: (written) => {
      if (md5 !== undefined && md5 !== written.md5) {
        throw new S3Error("BadDigest", { elements: { ExpectedDigest: md5, CalculatedDigest: written.md5 } });
      }
      if (claimed !== undefined && value !== written.checksum) throw checksumMismatch(claimed.algorithm);
    },
  };
}

/** The whole of a small body, verified, as text. */
export async function readText(body: RequestBody, bytesMax: number): Promise<string> {
  const gathered: Uint8Array[] = [];
  const md5 = createHash("md5");
  const checksum = body.checksum === undefined ? undefined : checksumOf(body.checksum);
  let sizeBytes = 0;
  for await (const piece of body.bytes) {
    sizeBytes += piece.length;
    if (sizeBytes > bytesMax) throw new S3Error("MaxMessageLengthExceeded");
    gathered.push(piece);
    md5.update(piece);
    checksum?.update(piece);
  }
  const sum = checksum?.digest().toString("base64");
  body.verify({ sizeBytes, md5: md5.digest("hex"), ...(sum === undefined ? {} : { checksum: sum }) });
  return Buffer.concat(gathered).toString();
}

function declaredBytes(declared: string | undefined): number {
  if (declared === undefined) throw new S3Error("MissingContentLength");
  if (!/^\d{1,15}$/.test(declared)) {
    throw new S3Error("InvalidArgument", { message: "The declared length of the body is no whole number." });
  }
  return Number(declared);
}

/** In hexadecimal. */
function statedMd5(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const bytes = Buffer.from(header, "base64");
  if (bytes.length !== 16 || bytes.toString("base64") !== header.trim()) throw new S3Error("InvalidDigest");
  return bytes.toString("hex");
}

async function* exactly(bytes: AsyncIterable<Uint8Array>, sizeBytes: number): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const piece of bytes) {
    seen += piece.length;
    if (seen > sizeBytes) break;
    yield piece;
  }
  if (seen !== sizeBytes) throw new S3Error("IncompleteBody");
}

async function* withHash(bytes: AsyncIterable<Uint8Array>, expected: string): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const piece of bytes) {
    hash.update(piece);
    yield piece;
  }
  const computed = hash.digest("hex");
  if (computed !== expected) {
    throw new S3Error("XAmzContentSHA256Mismatch", {
      elements: { ClientComputedContentSHA256: expected, S3ComputedContentSHA256: computed },
    });
  }
}
