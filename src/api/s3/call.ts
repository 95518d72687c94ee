/** What every operation works with, and how it finds what a request names. */
import type { Readable } from "node:stream";
import type { Clock } from "../../core/clock.js";
import type { Bucket, Buckets } from "../../lake/buckets.js";
import { isBucketKey } from "../../lake/key.js";
import type { RequestBody } from "./body.js";
import { noSuchBucket, S3Error } from "./s3-error.js";
import { element, type Xml } from "./xml.js";

export interface S3Context {
  readonly buckets: Buckets;
  readonly clock: Clock;
  readonly region: string;
  readonly accountId: string;
}

export interface S3Call {
  readonly context: S3Context;
  readonly bucketName: string;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  /** Lower-case names; of a presigned URL with what its query says in their place. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body, to be read once; throws where its headers (the call's, unless others are given) are not as they must be. */
  body(headers?: S3Call["headers"]): RequestBody;
}

export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** XML, or the bytes of an object with their number. */
  readonly body?: string | { readonly bytes: Readable; readonly sizeBytes: number };
  /** For HeadObject: the length of what GetObject would answer. */
  readonly sizeBytes?: number;
}

export type S3Operation = (call: S3Call) => Promise<S3Answer>;

export function requireBucket({ context, bucketName }: Pick<S3Call, "context" | "bucketName">): Bucket {
  const bucket = context.buckets.bucket(bucketName);
  if (bucket === undefined) throw noSuchBucket(bucketName);
  return bucket;
}

/** The bucket, where this key may be written. */
export function requireWritable(call: S3Call): Bucket {
  const bucket = requireBucket(call);
  checkKeyLength(call.key);
  const refusal = bucket.writeRefusal(call.key);
  if (refusal !== undefined) throw new S3Error("AccessDenied", { message: refusal });
  return bucket;
}

const KEY_BYTES_MAX = 1024;

export function checkKeyLength(key: string): void {
  if (isBucketKey(key)) return;
  throw new S3Error("KeyTooLongError", {
    elements: { Size: String(Buffer.byteLength(key)), MaxSizeAllowed: String(KEY_BYTES_MAX) },
  });
}

/** A whole number of the query: the default where it is absent, the maximum where it is more. */
export function wholeNumber(call: S3Call, name: string, otherwise: number, max: number): number {
  const text = call.query.get(name);
  if (text === undefined || text === "") return otherwise;
  if (/^\d{1,10}$/.test(text) && Number(text) <= 2 ** 31 - 1) return Math.min(Number(text), max);
  throw new S3Error("InvalidArgument", {
    message: `Provided ${name} not an integer or within integer range`,
    elements: { ArgumentName: name, ArgumentValue: text },
  });
}

export function xmlAnswer(xml: string, headers: Readonly<Record<string, string>> = {}): S3Answer {
  return { status: 200, headers: { "content-type": "application/xml", ...headers }, body: xml };
}

export const NO_CONTENT: S3Answer = { status: 204 };

/** The one account there is. */
export function ownerElement({ accountId }: S3Context, name = "Owner"): Xml {
  return element(name, [element("ID", accountId), element("DisplayName", "penstock")]);
}
