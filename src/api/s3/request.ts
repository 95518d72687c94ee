import { S3Error } from "./s3-error.js";

/** A request's address, taken apart. Keys are data: nothing in them is ever resolved. */
export interface S3Address {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  /** Names and values decoded, in the order of the request. */
  readonly query: readonly (readonly [string, string])[];
  /** The path as it was sent, decoded. */
  readonly path: string;
}

/** `virtualBucket` is what the Host header names a bucket by, in place of the path. */
export function readAddress(url: string, virtualBucket: string | undefined): S3Address {
  const mark = url.indexOf("?");
  const rawPath = mark === -1 ? url : url.slice(0, mark);
  if (!rawPath.startsWith("/")) throw new S3Error("InvalidURI");
  const path = decode(rawPath);
  const query = queryOf(mark === -1 ? "" : url.slice(mark + 1));
  if (virtualBucket !== undefined) {
    return { bucket: virtualBucket, key: path === "/" ? undefined : path.slice(1), query, path };
  }
  const slash = path.indexOf("/", 1);
  const bucket = slash === -1 ? path.slice(1) : path.slice(1, slash);
  const key = slash === -1 ? "" : path.slice(slash + 1);
  return { bucket: bucket === "" ? undefined : bucket, key: key === "" ? undefined : key, query, path };
}

function queryOf(text: string): (readonly [string, string])[] {
  return text
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const equals = part.indexOf("=");
      const name = equals === -1 ? part : part.slice(0, equals);
      const value = equals === -1 ? "" : part.slice(equals + 1);
      return [decode(name.replaceAll("+", " ")), decode(value.replaceAll("+", " "))];
    });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error("InvalidURI");
  }
}

/** As Signature Version 4 encodes: all but letters, digits and `-._~`, by bytes. */
export function uriEncode(text: string, slashes: "keep" | "encode" = "encode"): string {
  const encoded = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return slashes === "keep" ? encoded.replaceAll("%2F", "/") : encoded;
}
