/** RFC 9110's preconditions, with S3's answers. */
import type { BucketObject } from "../../lake/buckets.js";
import { noSuchKey, notImplemented, S3Error } from "./s3-error.js";

type Headers = Readonly<Record<string, string | undefined>>;

export function etagHeader({ etag }: Pick<BucketObject, "etag">): string {
  return `"${etag}"`;
}

/** For GetObject and HeadObject. */
export function checkReadConditions(headers: Headers, object: BucketObject): void {
  const failed = failedRead(headers, object, "if-");
  if (failed === undefined) return;
  if (failed === "if-none-match" || failed === "if-modified-since") {
    throw new S3Error("NotModified", {
      headers: { ETag: etagHeader(object), "Last-Modified": httpTime(object.modifiedMs) },
    });
  }
  throw preconditionFailed(failed);
}

/** For the source of a copy, where each failure is a failed precondition. */
export function checkSourceConditions(headers: Headers, source: BucketObject): void {
  const failed = failedRead(headers, source, "x-amz-copy-source-if-");
  if (failed !== undefined) throw preconditionFailed(failed);
}

/** For a write: `If-None-Match: *` keeps what is there, `If-Match` replaces only what the caller knows. */
export function writeCondition(
  headers: Headers,
  key: string,
): ((existing: BucketObject | undefined) => void) | undefined {
  const { "if-match": match, "if-none-match": noneMatch } = headers;
  if (match === undefined && noneMatch === undefined) return undefined;
  if (noneMatch !== undefined && noneMatch.trim() !== "*") {
    throw notImplemented(
      "A header you provided implies functionality that is not implemented: If-None-Match takes only *.",
    );
  }
  return (existing) => {
    if (noneMatch !== undefined && existing !== undefined) throw preconditionFailed("If-None-Match");
    if (match === undefined) return;
    if (existing === undefined) throw noSuchKey(key);
    if (!matches(match, existing)) throw preconditionFailed("If-Match");
  };
}

export function httpTime(ms: number): string {
  return new Date(ms).toUTCString();
}

/** The header that does not hold, if any. An entity tag outweighs a date. */
function failedRead(headers: Headers, object: BucketObject, start: string): string | undefined {
  const value = (name: string) => headers[`${start}${name}`];
  const match = value("match");
  const noneMatch = value("none-match");
  // Dates have no more than seconds in HTTP.
  const modified = Math.floor(object.modifiedMs / 1000) * 1000;
  if (match !== undefined) {
    if (!matches(match, object)) return `${start}match`;
  } else if (modified > time(value("unmodified-since"), Number.POSITIVE_INFINITY)) {
    return `${start}unmodified-since`;
  }
  if (noneMatch !== undefined) {
    if (matches(noneMatch, object)) return `${start}none-match`;
  } else if (modified <= time(value("modified-since"), Number.NEGATIVE_INFINITY)) {
    return `${start}modified-since`;
  }
  return undefined;
}

function time(header: string | undefined, otherwise: number): number {
  const ms = header === undefined ? Number.NaN : Date.parse(header);
  return Number.isNaN(ms) ? otherwise : ms;
}

function matches(header: string, { etag }: BucketObject): boolean {
  return header
    .split(",")
    .map((one) => one.trim().replace(/^(?:W\/)?"(.*)"$/, "$1"))
    .some((one) => one === "*" || one === etag);
}

function preconditionFailed(condition: string): S3Error {
  return new S3Error("PreconditionFailed", { elements: { Condition: condition } });
}
