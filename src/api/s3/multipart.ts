import { isPenstockError } from "../../core/errors.js";
import { MIB } from "../../core/limits.js";
import type { Bucket, BucketObject, StoredChecksum, Upload, UploadOptions, UploadPart } from "../../lake/buckets.js";
import { attributesOf, refuseUnsupported } from "./attributes.js";
import { readText, SENT_BYTES_MAX } from "./body.js";
import { NO_CONTENT, requireBucket, requireWritable, type S3Call, type S3Operation, xmlAnswer } from "./call.js";
import { checksumElement, checksumHeader, requireAlgorithm } from "./checksums.js";
import { etagHeader, writeCondition } from "./conditions.js";
import { openCopySource } from "./object-operations.js";
import { copyRangeOf } from "./range.js";
import { invalidArgument, noSuchUpload, S3Error } from "./s3-error.js";
import { childText, document, element, isoTime, type Node, optional, parseDocument, type Xml } from "./xml.js";

/** S3: parts are numbered from 1 to 10,000, and each but the last has at least 5 MiB. */
const PARTS_MAX = 10_000;
const PART_BYTES_MIN = 5 * MIB;
/** S3: an object has at most 5 TiB. */
const OBJECT_BYTES_MAX = 5 * 1024 * 1024 * MIB;
const COMPLETE_BYTES_MAX = 4 * MIB;

export const createMultipartUpload: S3Operation = async (call) => {
  const { headers, key } = call;
  const bucket = requireWritable(call);
  refuseUnsupported(headers);
  const checksum = checksumFor(headers);
  const upload = await bucket.uploads.create(key, {
    attributes: attributesOf(headers),
    ...(checksum === undefined ? {} : { checksum }),
  });
  return xmlAnswer(
    document("InitiateMultipartUploadResult", [
      element("Bucket", bucket.name),
      element("Key", key),
      element("UploadId", upload.id),
    ]),
    checksum === undefined
      ? {}
      : { "x-amz-checksum-algorithm": checksum.algorithm, "x-amz-checksum-type": checksum.type },
  );
};

/** The algorithm that was asked for, and whether it sums up the bytes or the parts' sums: S3 has one default, and one exclusion, for each. */
function checksumFor(headers: S3Call["headers"]): UploadOptions["checksum"] {
  const name = headers["x-amz-checksum-algorithm"];
  const type = headers["x-amz-checksum-type"]?.toUpperCase();
  if (name === undefined) {
    if (type === undefined) return undefined;
    throw new S3Error("InvalidRequest", {
      message: "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.",
    });
  }
  const algorithm = requireAlgorithm(name);
  const chosen = type ?? (algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE");
  const excluded = algorithm === "CRC64NVME" ? "COMPOSITE" : algorithm.startsWith("SHA") ? "FULL_OBJECT" : undefined;
  if ((chosen !== "FULL_OBJECT" && chosen !== "COMPOSITE") || chosen === excluded) {
    throw new S3Error("InvalidRequest", {
      message: `The ${chosen} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    });
  }
  return { algorithm, type: chosen };
}

export const uploadPart: S3Operation = async (call) => {
  const bucket = requireWritable(call);
  const upload = await requireUpload(call, bucket);
  const number = partNumber(call);
  const body = call.body();
  const algorithm = upload.checksum?.algorithm;
  if (algorithm !== undefined && body.checksum !== undefined && body.checksum !== algorithm) {
    throw new S3Error("InvalidRequest", {
      message: `Checksum Type mismatch occurred, expected checksum Type: ${algorithm.toLowerCase()}, actual checksum Type: ${body.checksum.toLowerCase()}`,
    });
  }
  const checksum = algorithm ?? body.checksum;
  const part = await stillThere(upload, () =>
    bucket.uploads.putPart(upload, number, body.bytes, {
      // A Content-MD5 is checked in any case, a checksum only where the caller sent one.
      verify: body.verify,
      ...(checksum === undefined ? {} : { checksum }),
    }),
  );
  const sum: Record<string, string> =
    part.checksum === undefined ? {} : { [checksumHeader(part.checksum.algorithm)]: part.checksum.value };
  return { status: 200, headers: { ETag: etagHeader(part), ...sum } };
};

export const uploadPartCopy: S3Operation = async (call) => {
  const bucket = requireWritable(call);
  const upload = await requireUpload(call, bucket);
  const number = partNumber(call);
  const { opened } = await openCopySource(call);
  try {
    const { sizeBytes } = opened.object;
    const range = copyRangeOf(call.headers["x-amz-copy-source-range"], sizeBytes);
    if ((range === undefined ? sizeBytes : range.last - range.first + 1) > SENT_BYTES_MAX) {
      throw new S3Error("InvalidRequest", {
        message: `The specified copy source is larger than the maximum allowable size for a copy source: ${SENT_BYTES_MAX}`,
      });
    }
    const bytes = await opened.read(range);
    const checksum = upload.checksum?.algorithm;
    const part = await stillThere(upload, () =>
      bucket.uploads.putPart(upload, number, bytes, checksum === undefined ? {} : { checksum }),
    );
    return xmlAnswer(
      document("CopyPartResult", [
        element("LastModified", isoTime(part.modifiedMs)),
        element("ETag", etagHeader(part)),
        partChecksum(part),
      ]),
    );
  } finally {
    await opened.close();
  }
};

export const completeMultipartUpload: S3Operation = async (call) => {
  const { headers, key, query } = call;
  const bucket = requireWritable(call);
  const condition = writeCondition(headers, key);
  const id = query.get("uploadId") ?? "";
  const asked = readParts(await readText(bodyOf(call), COMPLETE_BYTES_MAX));
  const upload = await bucket.uploads.find(key, id);
  if (upload === undefined) {
    // The answer was lost, and the caller asks again: the object is there already.
    const done = await bucket.head(key);
    if (done?.uploadId === id) return completed(bucket, done);
    throw noSuchUpload(id);
  }
  const chosen = choose(asked, await bucket.uploads.parts(upload), upload);
  const object = await stillThere(upload, () =>
    bucket.uploads.complete(upload, chosen, {
      verify: (written) => {
        checkStatedSize(headers["x-amz-mp-object-size"], written.sizeBytes);
        const { checksum } = upload;
        const stated = checksum && headers[checksumHeader(checksum.algorithm)];
        if (checksum !== undefined && stated !== undefined && stated !== written.checksum) {
          throw new S3Error("BadDigest", {
            message: `The ${checksum.algorithm} you specified did not match the calculated checksum.`,
          });
        }
      },
      ...(condition === undefined ? {} : { replaces: condition }),
    }),
  );
  return completed(bucket, object);
};

/** In CompleteMultipartUpload the checksum headers are the object's, not the body's. */
function bodyOf(call: S3Call) {
  const headers = Object.fromEntries(
    Object.entries(call.headers).filter(([name]) => !/^x-amz-(?:checksum-|sdk-checksum)/.test(name)),
  );
  return call.body(headers);
}

function completed(bucket: Bucket, object: BucketObject) {
  const checksum: StoredChecksum | undefined = object.checksum;
  return xmlAnswer(
    document("CompleteMultipartUploadResult", [
      element("Location", `/${bucket.name}/${object.key}`),
      element("Bucket", bucket.name),
      element("Key", object.key),
      element("ETag", etagHeader(object)),
      checksum && element(checksumElement(checksum.algorithm), checksum.value),
      optional("ChecksumType", checksum?.type),
    ]),
  );
}

interface AskedPart {
  readonly number: number;
  readonly etag: string;
  readonly node: Node;
}

function readParts(text: string): readonly AskedPart[] {
  if (text === "") throw new S3Error("InvalidRequest", { message: "You must specify at least one part" });
  const root = parseDocument(text);
  if (root?.name !== "CompleteMultipartUpload") throw new S3Error("MalformedXML");
  const parts = root.children
    .filter(({ name }) => name === "Part")
    .map((node) => {
      const number = childText(node, "PartNumber")?.trim() ?? "";
      const etag = childText(node, "ETag")?.trim();
      if (!/^\d{1,6}$/.test(number) || etag === undefined) throw new S3Error("MalformedXML");
      return { number: Number(number), etag: etag.replace(/^"(.*)"$/, "$1"), node };
    });
  if (parts.length === 0 || parts.length > PARTS_MAX) throw new S3Error("MalformedXML");
  if (parts.some(({ number }, index) => index > 0 && number <= parts[index - 1]!.number)) {
    throw new S3Error("InvalidPartOrder");
  }
  return parts;
}

/** The parts that the object is to be made of, if all of them are there and large enough. */
function choose(asked: readonly AskedPart[], stored: readonly UploadPart[], { id }: Upload): readonly UploadPart[] {
  const byNumber = new Map(stored.map((part) => [part.number, part]));
  const chosen = asked.map(({ number, etag, node }) => {
    const part = byNumber.get(number);
    const sum = part?.checksum;
    const stated = sum && childText(node, checksumElement(sum.algorithm));
    if (part === undefined || part.etag !== etag || (stated !== undefined && stated !== sum?.value)) {
      throw new S3Error("InvalidPart", {
        elements: { UploadId: id, PartNumber: String(number), ETag: etag },
      });
    }
    return part;
  });
  const small = chosen.slice(0, -1).find(({ sizeBytes }) => sizeBytes < PART_BYTES_MIN);
  if (small !== undefined) {
    throw new S3Error("EntityTooSmall", {
      elements: {
        ProposedSize: String(small.sizeBytes),
        MinSizeAllowed: String(PART_BYTES_MIN),
        PartNumber: String(small.number),
        ETag: small.etag,
      },
    });
  }
  const sizeBytes = chosen.reduce((sum, part) => sum + part.sizeBytes, 0);
  if (sizeBytes > OBJECT_BYTES_MAX) throw new S3Error("EntityTooLarge");
  return chosen;
}

function checkStatedSize(stated: string | undefined, sizeBytes: number): void {
  if (stated === undefined || stated === String(sizeBytes)) return;
  throw new S3Error("InvalidRequest", {
    message: `The provided 'x-amz-mp-object-size' header value ${stated} does not match what was computed: ${sizeBytes}`,
  });
}

export const abortMultipartUpload: S3Operation = async (call) => {
  const bucket = requireBucket(call);
  const upload = await requireUpload(call, bucket);
  await stillThere(upload, () => bucket.uploads.abort(upload));
  return NO_CONTENT;
};

export async function requireUpload({ key, query }: S3Call, bucket: Bucket): Promise<Upload> {
  const id = query.get("uploadId") ?? "";
  const upload = await bucket.uploads.find(key, id);
  if (upload === undefined) throw noSuchUpload(id);
  return upload;
}

/** Another request may end the upload meanwhile. */
async function stillThere<T>({ id }: Upload, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw isPenstockError(error, "not-found") ? noSuchUpload(id) : error;
  }
}

function partNumber({ query }: S3Call): number {
  const text = query.get("partNumber") ?? "";
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= PARTS_MAX) return number;
  throw invalidArgument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", text);
}

export function partChecksum({ checksum }: UploadPart): Xml | undefined {
  return checksum && element(checksumElement(checksum.algorithm), checksum.value);
}
