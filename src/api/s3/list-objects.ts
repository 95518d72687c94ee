import type { Bucket, BucketObject, ListOptions } from "../../lake/buckets.js";
import { ownerElement, requireBucket, type S3Call, type S3Operation, wholeNumber, xmlAnswer } from "./call.js";
import { etagHeader } from "./conditions.js";
import { uriEncode } from "./request.js";
import { invalidArgument, S3Error } from "./s3-error.js";
import { document, element, isoTime, optional, type Xml } from "./xml.js";

const KEYS_MAX = 1000;

type Position = Pick<ListOptions, "after" | "afterPrefix">;

export interface Page {
  readonly objects: readonly BucketObject[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page begins; undefined on the last. */
  readonly next: Position | undefined;
}

interface PageRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly from: Position;
  readonly keysMax: number;
}

export const listObjectsV2: S3Operation = async (call) => {
  const { query } = call;
  const bucket = requireBucket(call);
  const { prefix, delimiter, keysMax, encode } = parameters(call);
  const token = query.get("continuation-token");
  const startAfter = query.get("start-after");
  const from = token === undefined ? startOf(startAfter, prefix, delimiter) : positionOf(token);
  const page = await readPage(bucket, { prefix, delimiter, from, keysMax });
  const owner = query.get("fetch-owner") === "true" ? ownerElement(call.context) : undefined;
  return xmlAnswer(
    document("ListBucketResult", [
      element("Name", bucket.name),
      element("Prefix", encode(prefix)),
      optional("StartAfter", startAfter && encode(startAfter)),
      optional("ContinuationToken", token),
      optional("NextContinuationToken", page.next && tokenOf(page.next)),
      element("KeyCount", page.objects.length + page.commonPrefixes.length),
      element("MaxKeys", keysMax),
      optional("Delimiter", delimiter === "" ? undefined : encode(delimiter)),
      optional("EncodingType", query.get("encoding-type")),
      element("IsTruncated", page.next !== undefined),
      ...page.objects.map((object) => contents(object, encode, owner)),
      ...commonPrefixElements(page.commonPrefixes, encode),
    ]),
  );
};

export const listObjects: S3Operation = async (call) => {
  const { query } = call;
  const bucket = requireBucket(call);
  const { prefix, delimiter, keysMax, encode } = parameters(call);
  const marker = query.get("marker") ?? "";
  const page = await readPage(bucket, { prefix, delimiter, from: startOf(marker, prefix, delimiter), keysMax });
  const next = page.next?.afterPrefix ?? page.next?.after;
  return xmlAnswer(
    document("ListBucketResult", [
      element("Name", bucket.name),
      element("Prefix", encode(prefix)),
      element("Marker", encode(marker)),
      // Without a delimiter, the last key is the marker.
      optional("NextMarker", delimiter !== "" && next !== undefined ? encode(next) : undefined),
      element("MaxKeys", keysMax),
      optional("Delimiter", delimiter === "" ? undefined : encode(delimiter)),
      optional("EncodingType", query.get("encoding-type")),
      element("IsTruncated", page.next !== undefined),
      ...page.objects.map((object) => contents(object, encode, ownerElement(call.context))),
      ...commonPrefixElements(page.commonPrefixes, encode),
    ]),
  );
};

function parameters(call: S3Call) {
  const encoding = call.query.get("encoding-type");
  return {
    prefix: call.query.get("prefix") ?? "",
    delimiter: call.query.get("delimiter") ?? "",
    keysMax: wholeNumber(call, "max-keys", KEYS_MAX, KEYS_MAX),
    encode: encoderOf(encoding),
  };
}

export function encoderOf(encoding: string | undefined): (text: string) => string {
  if (encoding === undefined || encoding === "") return (text) => text;
  if (encoding === "url") return (text) => uriEncode(text, "keep");
  throw invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", encoding);
}

/** A marker that is itself a common prefix stands for all that begins with it. */
function startOf(marker: string | undefined, prefix: string, delimiter: string): Position {
  if (marker === undefined || marker === "") return {};
  if (delimiter !== "" && marker.startsWith(prefix)) {
    const at = marker.indexOf(delimiter, prefix.length);
    if (at !== -1 && at + delimiter.length === marker.length) return { afterPrefix: marker };
  }
  return { after: marker };
}

/** How many objects are read at once where most may fall together into a common prefix. */
const BATCH_MIN = 8;

/**
 * A page of keys and common prefixes. Behind each new common prefix the listing is taken up again after all of its keys, which are
 * never read.
 */
async function readPage(bucket: Bucket, { prefix, delimiter, from, keysMax }: PageRequest): Promise<Page> {
  const objects: BucketObject[] = [];
  const commonPrefixes: string[] = [];
  let at = from;
  if (keysMax === 0) return { objects, commonPrefixes, next: undefined };
  let batch = delimiter === "" ? keysMax + 1 : BATCH_MIN;
  for (;;) {
    const found = await bucket.list(prefix, { ...at, limit: batch });
    let jumped = false;
    for (const object of found) {
      if (objects.length + commonPrefixes.length >= keysMax) return { objects, commonPrefixes, next: at };
      const cut = delimiter === "" ? -1 : object.key.indexOf(delimiter, prefix.length);
      if (cut === -1) {
        objects.push(object);
        at = { after: object.key };
        continue;
      }
      const common = object.key.slice(0, cut + delimiter.length);
      commonPrefixes.push(common);
      at = { afterPrefix: common };
      jumped = true;
      break;
    }
    if (jumped) batch = BATCH_MIN;
    else if (found.length < batch) return { objects, commonPrefixes, next: undefined };
    else batch = Math.min(batch * 4, keysMax + 1);
  }
}

function tokenOf({ after, afterPrefix }: Position): string {
  return Buffer.from(afterPrefix === undefined ? `k${after}` : `p${afterPrefix}`).toString("base64url");
}

function positionOf(token: string): Position {
  const text = Buffer.from(token, "base64url").toString();
  const key = text.slice(1);
  if (text.startsWith("k") && tokenOf({ after: key }) === token) return { after: key };
  if (text.startsWith("p") && tokenOf({ afterPrefix: key }) === token) return { afterPrefix: key };
  throw new S3Error("InvalidArgument", {
    message: "The continuation token provided is incorrect",
    elements: { ArgumentName: "continuation-token" },
  });
}

function contents(object: BucketObject, encode: (text: string) => string, owner: Xml | undefined): Xml {
  return element("Contents", [
    element("Key", encode(object.key)),
    element("LastModified", isoTime(object.modifiedMs)),
    element("ETag", etagHeader(object)),
    optional("ChecksumAlgorithm", object.checksum?.algorithm),
    optional("ChecksumType", object.checksum?.type),
    element("Size", object.sizeBytes),
    owner,
    element("StorageClass", "STANDARD"),
  ]);
}

export function commonPrefixElements(prefixes: readonly string[], encode: (text: string) => string): Xml[] {
  return prefixes.map((prefix) => element("CommonPrefixes", [element("Prefix", encode(prefix))]));
}
