/** Checksums as S3's headers carry them. */
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, type StoredChecksum } from "../../lake/buckets.js";
import { CHECKSUM_BYTES } from "../../lake/digests.js";
import { S3Error } from "./s3-error.js";

const HEADER = "x-amz-checksum-";

export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `${HEADER}${algorithm.toLowerCase()}`;
}

/** The element of an answer, and the member of a part in CompleteMultipartUpload. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`;
}

export function checksumHeaders(checksum: StoredChecksum | undefined): Record<string, string> {
  if (checksum === undefined) return {};
  return { [checksumHeader(checksum.algorithm)]: checksum.value, "x-amz-checksum-type": checksum.type };
}

/** What a caller said that the bytes sum up to. */
export interface ClaimedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Undefined while it is to come behind the body. */
  readonly value: string | undefined;
}

type Headers = Readonly<Record<string, string | undefined>>;

/** Of a request's headers: at most one, with its value or with a promise to send it behind the body. */
export function claimedChecksum(headers: Headers): ClaimedChecksum | undefined {
  const claimed = CHECKSUM_ALGORITHMS.filter((algorithm) => headers[checksumHeader(algorithm)] !== undefined);
  const trailing = (headers["x-amz-trailer"] ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name.startsWith(HEADER));
  if (claimed.length + trailing.length > 1) {
    throw new S3Error("InvalidRequest", {
      message: "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
    });
  }
  const [algorithm] = claimed;
  if (algorithm !== undefined)
    return { algorithm, value: checkedValue(algorithm, headers[checksumHeader(algorithm)]!) };
  const [name] = trailing;
  if (name !== undefined) return { algorithm: requireAlgorithm(name.slice(HEADER.length)), value: undefined };
  return undefined;
}

/** The algorithm that a header or an element names. */
export function requireAlgorithm(name: string): ChecksumAlgorithm {
  const found = CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === name.toUpperCase());
  if (found !== undefined) return found;
  throw new S3Error("InvalidRequest", {
    message: `Checksum algorithm ${name} is not supported. Use one of ${CHECKSUM_ALGORITHMS.join(", ")}.`,
  });
}

export function checkedValue(algorithm: ChecksumAlgorithm, value: string): string {
  const bytes = Buffer.from(value, "base64");
  if (bytes.length === CHECKSUM_BYTES[algorithm] && bytes.toString("base64") === value) return value;
  throw new S3Error("InvalidRequest", { message: `Value for ${checksumHeader(algorithm)} header is invalid.` });
}

export function checksumMismatch(algorithm: ChecksumAlgorithm): S3Error {
  return new S3Error("BadDigest", { message: `The ${algorithm} you specified did not match the calculated checksum.` });
}
