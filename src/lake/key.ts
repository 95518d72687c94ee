import { PenstockError } from "../core/errors.js";

/** S3's own bound on a key's UTF-8. */
const KEY_BYTES_MAX = 1024;

/** The key, if it names an object below the lake's root and nothing else. */
export function checkKey(key: string): string {
  const segments = key.split("/");
  const wrong = segments.some(
    (segment) => segment === "" || segment === "." || segment === ".." || segment.includes("\0"),
  );
  if (wrong || Buffer.byteLength(key) > KEY_BYTES_MAX) {
    throw new PenstockError("invalid-argument", `${JSON.stringify(key)} is no key of the lake.`, {
      hint: `A key is a path of up to ${KEY_BYTES_MAX} bytes, without empty, "." or ".." segments.`,
    });
  }
  return key;
}

/** By their UTF-8 bytes, as S3 lists them; JavaScript's own order differs beyond the Basic Multilingual Plane. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
