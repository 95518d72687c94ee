/** What is kept with an object, from headers and back. */
import type { BucketObject, ObjectAttributes } from "../../lake/buckets.js";
import { checksumHeaders } from "./checksums.js";
import { etagHeader, httpTime } from "./conditions.js";
import { notImplemented, S3Error } from "./s3-error.js";

type Headers = Readonly<Record<string, string | undefined>>;

/** S3: user metadata has at most 2 KB, names and values together. */
const USER_METADATA_BYTES_MAX = 2048;
const USER_METADATA = "x-amz-meta-";
/** S3's own, for what came without one. */
const CONTENT_TYPE = "binary/octet-stream";

const KEPT = {
  "content-type": "contentType",
  "content-encoding": "contentEncoding",
  "content-language": "contentLanguage",
  "content-disposition": "contentDisposition",
  "cache-control": "cacheControl",
  expires: "expires",
} as const satisfies Record<string, keyof ObjectAttributes>;

export function attributesOf(headers: Headers): ObjectAttributes {
  const attributes: { -readonly [name in keyof ObjectAttributes]: ObjectAttributes[name] } = {};
  for (const [name, attribute] of Object.entries(KEPT)) {
    const value = name === "content-encoding" ? withoutChunking(headers[name]) : headers[name];
    if (value !== undefined && value !== "") attributes[attribute] = value;
  }
  const metadata: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(USER_METADATA) || value === undefined) continue;
    const own = name.slice(USER_METADATA.length);
    bytes += own.length + value.length;
    metadata[own] = value;
  }
  if (bytes > USER_METADATA_BYTES_MAX) {
    throw new S3Error("MetadataTooLarge", {
      elements: { Size: String(bytes), MaxSizeAllowed: String(USER_METADATA_BYTES_MAX) },
    });
  }
  if (Object.keys(metadata).length > 0) attributes.userMetadata = metadata;
  return attributes;
}

/** `aws-chunked` is how the body travelled, not what it is. */
function withoutChunking(encoding: string | undefined): string | undefined {
  return encoding
    ?.split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "aws-chunked" && one !== "")
    .join(",");
}

/** What GetObject and HeadObject say of an object, apart from its length. */
export function objectHeaders(object: BucketObject, asked: Headers): Record<string, string> {
  const { attributes } = object;
  const headers: Record<string, string> = {
    "Accept-Ranges": "bytes",
    "Last-Modified": httpTime(object.modifiedMs),
    ETag: etagHeader(object),
    "content-type": CONTENT_TYPE,
  };
  for (const [name, attribute] of Object.entries(KEPT)) {
    const value = attributes[attribute];
    if (value !== undefined) headers[name] = value;
  }
  for (const [name, value] of Object.entries(attributes.userMetadata ?? {})) headers[`${USER_METADATA}${name}`] = value;
  if (asked["x-amz-checksum-mode"]?.toUpperCase() === "ENABLED")
    Object.assign(headers, checksumHeaders(object.checksum));
  return headers;
}

/** `response-content-type` and its like: what the caller wants to be told in place of what is kept. */
export function overrides(query: ReadonlyMap<string, string>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of Object.keys(KEPT)) {
    const value = query.get(`response-${name}`);
    if (value === undefined) continue;
    if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new S3Error("InvalidArgument", {
        message: "A header's value has no control characters.",
        elements: { ArgumentName: `response-${name}`, ArgumentValue: value },
      });
    }
    headers[name] = value;
  }
  return headers;
}

/** Storage class and ACL that change nothing; all else about an object that S3 has and this door has not. */
export function refuseUnsupported(headers: Headers): void {
  const acl = headers["x-amz-acl"];
  const granted = Object.keys(headers).some((name) => name.startsWith("x-amz-grant-"));
  if (granted || (acl !== undefined && acl !== "private" && acl !== "bucket-owner-full-control")) {
    throw new S3Error("AccessControlListNotSupported");
  }
  const storageClass = headers["x-amz-storage-class"];
  if (storageClass !== undefined && storageClass !== "STANDARD") {
    throw notImplemented(`The storage class ${storageClass} is not implemented; there is only STANDARD.`);
  }
  const unknown = Object.keys(headers).find((name) => UNSUPPORTED.some((start) => name.startsWith(start)));
  if (unknown !== undefined) {
    throw notImplemented(`A header you provided implies functionality that is not implemented: ${unknown}.`);
  }
}

const UNSUPPORTED = [
  "x-amz-server-side-encryption",
  "x-amz-copy-source-server-side-encryption",
  "x-amz-object-lock-",
  "x-amz-tagging",
  "x-amz-website-redirect-location",
  "x-amz-write-offset-bytes",
  "x-amz-mfa",
];
