import { PenstockError } from "../core/errors.js";

/** S3's own bound on a key's UTF-8. */
const KEY_BYTES_MAX = 1024;

/** Whether it names an object below the lake's root and nothing else. */
export function isLakeKey(key: string): boolean {
  const wrong = key
    .split("/")
    .some((segment) => segment === "" || segment === "." || segment === ".." || segment.includes("\0"));
  return !wrong && Buffer.byteLength(key) <= KEY_BYTES_MAX;
}

export function checkKey(key: string): string {
  if (!isLakeKey(key)) {
    throw new PenstockError("invalid-argument", `${JSON.stringify(key)} is no key of the lake.`, {
      hint: `A key is a path of up to ${KEY_BYTES_MAX} bytes, without empty, "." or ".." segments.`,
    });
  }
  return key;
}

/** Whether it can be a key in a bucket, where a key is data and no path. */
export function isBucketKey(key: string): boolean {
  return key !== "" && Buffer.byteLength(key) <= KEY_BYTES_MAX;
}

export function checkBucketKey(key: string): string {
  if (isBucketKey(key)) return key;
  throw new PenstockError("invalid-argument", `A key of a bucket has ${Buffer.byteLength(key)} bytes.`, {
    hint: `A key has 1 to ${KEY_BYTES_MAX} bytes of UTF-8.`,
  });
}

/** By their UTF-8 bytes, as S3 lists them; JavaScript's own order differs beyond the Basic Multilingual Plane. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Whether the key stands behind every key that begins with `start`. */
export function isBehindAll(key: string, start: string): boolean {
  return compareKeys(key, start) > 0 && !key.startsWith(start);
}
