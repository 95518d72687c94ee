import type { Bucket, OpenObject } from "../../lake/buckets.js";
import { attributesOf, objectHeaders, overrides, refuseUnsupported } from "./attributes.js";
import { SENT_BYTES_MAX } from "./body.js";
import {
  checkKeyLength,
  NO_CONTENT,
  requireBucket,
  requireWritable,
  type S3Answer,
  type S3Call,
  type S3Operation,
  xmlAnswer,
} from "./call.js";
import { checksumElement, checksumHeaders, requireAlgorithm } from "./checksums.js";
import { checkReadConditions, checkSourceConditions, etagHeader, writeCondition } from "./conditions.js";
import { rangeOf } from "./range.js";
import { invalidArgument, noSuchBucket, noSuchKey, notImplemented, S3Error } from "./s3-error.js";
import { document, element, isoTime, optional } from "./xml.js";

export const getObject: S3Operation = async (call) => {
  const opened = await openObject(call, requireBucket(call), call.key);
  try {
    const answer = describeObject(call, opened);
    const range = rangeOf(call.headers.range, opened.object.sizeBytes);
    const bytes = await opened.read(range);
    bytes.once("close", () => void opened.close());
    return { ...answer, body: { bytes, sizeBytes: answer.sizeBytes ?? 0 } };
  } catch (error) {
    await opened.close();
    throw error;
  }
};

export const headObject: S3Operation = async (call) => {
  const object = await requireBucket(call).head(call.key);
  if (object === undefined) throw noSuchKey(call.key);
  return describeObject(call, { object });
};

/** Everything that GetObject answers, without the bytes. */
function describeObject(call: S3Call, { object }: Pick<OpenObject, "object">): S3Answer {
  const { headers, query } = call;
  if (query.has("partNumber"))
    throw notImplemented("Reading a single part of an object (partNumber) is not implemented.");
  checkReadConditions(headers, object);
  const range = rangeOf(headers.range, object.sizeBytes);
  const described = { ...objectHeaders(object, range === undefined ? headers : {}), ...overrides(query) };
  if (range === undefined) return { status: 200, headers: described, sizeBytes: object.sizeBytes };
  return {
    status: 206,
    headers: { ...described, "Content-Range": `bytes ${range.first}-${range.last}/${object.sizeBytes}` },
    sizeBytes: range.last - range.first + 1,
  };
}

export const putObject: S3Operation = async (call) => {
  const { headers, key } = call;
  const bucket = requireWritable(call);
  refuseUnsupported(headers);
  const condition = writeCondition(headers, key);
  const attributes = attributesOf(headers);
  const body = call.body();
  condition?.(await bucket.head(key));
  const object = await bucket.put(key, body.bytes, {
    attributes,
    verify: body.verify,
    ...(body.checksum === undefined ? {} : { checksum: body.checksum }),
    ...(condition === undefined ? {} : { replaces: condition }),
  });
  return { status: 200, headers: { ETag: etagHeader(object), ...checksumHeaders(object.checksum) } };
};

export const copyObject: S3Operation = async (call) => {
  const { headers, key } = call;
  const bucket = requireWritable(call);
  refuseUnsupported(headers);
  const condition = writeCondition(headers, key);
  const directive = headers["x-amz-metadata-directive"]?.toUpperCase() ?? "COPY";
  if (directive !== "COPY" && directive !== "REPLACE") {
    throw invalidArgument("Unknown metadata directive.", "x-amz-metadata-directive", directive);
  }
  const source = await openCopySource(call);
  try {
    const { object } = source.opened;
    if (source.bucket.name === bucket.name && object.key === key && directive === "COPY") {
      throw new S3Error("InvalidRequest", {
        message:
          "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
      });
    }
    if (object.sizeBytes > SENT_BYTES_MAX) {
      throw new S3Error("InvalidRequest", {
        message: `The specified copy source is larger than the maximum allowable size for a copy source: ${SENT_BYTES_MAX}`,
      });
    }
    const asked = headers["x-amz-checksum-algorithm"];
    const algorithm = asked === undefined ? object.checksum?.algorithm : requireAlgorithm(asked);
    const copy = await bucket.put(key, await source.opened.read(), {
      attributes: directive === "COPY" ? object.attributes : attributesOf(headers),
      ...(algorithm === undefined ? {} : { checksum: algorithm }),
      ...(condition === undefined ? {} : { replaces: condition }),
    });
    return xmlAnswer(
      document("CopyObjectResult", [
        element("LastModified", isoTime(copy.modifiedMs)),
        element("ETag", etagHeader(copy)),
        optional("ChecksumType", copy.checksum?.type),
        copy.checksum && element(checksumElement(copy.checksum.algorithm), copy.checksum.value),
      ]),
    );
  } finally {
    await source.opened.close();
  }
};

export const deleteObject: S3Operation = async (call) => {
  const bucket = requireWritable(call);
  refuseConditionalDelete(call);
  await bucket.delete(call.key);
  return NO_CONTENT;
};

function refuseConditionalDelete({ headers }: S3Call): void {
  const name = ["if-match", "x-amz-if-match-last-modified-time", "x-amz-if-match-size"].find(
    (one) => headers[one] !== undefined,
  );
  if (name !== undefined) {
    throw notImplemented(`A header you provided implies functionality that is not implemented: ${name}.`);
  }
}

/** The object that `x-amz-copy-source` names, if it is as the caller wants it. */
export async function openCopySource(call: S3Call): Promise<{ readonly bucket: Bucket; readonly opened: OpenObject }> {
  const text = call.headers["x-amz-copy-source"] ?? "";
  const { bucketName, key } = readCopySource(text);
  const bucket = call.context.buckets.bucket(bucketName);
  if (bucket === undefined) throw noSuchBucket(bucketName);
  const opened = await openObject(call, bucket, key);
  try {
    checkSourceConditions(call.headers, opened.object);
  } catch (error) {
    await opened.close();
    throw error;
  }
  return { bucket, opened };
}

function readCopySource(text: string): { bucketName: string; key: string } {
  const fault = (message: string) => invalidArgument(message, "x-amz-copy-source", text);
  const [, path = "", version] = /^\/?([^?]*)(?:\?versionId=(.*))?$/.exec(text) ?? [];
  if (version !== undefined && version !== "null") throw fault("Invalid version id specified");
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    throw fault("Invalid copy source encoding.");
  }
  const slash = decoded.indexOf("/");
  if (slash <= 0 || slash === decoded.length - 1) {
    throw fault("Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
  }
  return { bucketName: decoded.slice(0, slash), key: decoded.slice(slash + 1) };
}

async function openObject({ query }: S3Call, bucket: Bucket, key: string): Promise<OpenObject> {
  checkKeyLength(key);
  const version = query.get("versionId");
  if (version !== undefined && version !== "null")
    throw invalidArgument("Invalid version id specified", "versionId", version);
  const opened = await bucket.open(key);
  if (opened === undefined) throw noSuchKey(key);
  return opened;
}
