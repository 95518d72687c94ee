import type { ByteRange } from "../../lake/buckets.js";
import { S3Error } from "./s3-error.js";

/** The bytes that a Range header asks for; undefined for the whole: no header, several ranges, or one that is none. */
export function rangeOf(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  const [, first = "", last = ""] = /^bytes=(\d{0,18})-(\d{0,18})$/.exec(header?.trim() ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  const range =
    first === ""
      ? { first: Math.max(0, sizeBytes - Number(last)), last: sizeBytes - 1 }
      : { first: Number(first), last: Math.min(last === "" ? sizeBytes - 1 : Number(last), sizeBytes - 1) };
  if (range.first <= range.last) return range;
  throw new S3Error("InvalidRange", {
    elements: { RangeRequested: header ?? "", ActualObjectSize: String(sizeBytes) },
    headers: { "Content-Range": `bytes */${sizeBytes}` },
  });
}

/** `x-amz-copy-source-range`, which must name its first and last byte, both within the source. */
export function copyRangeOf(header: string | undefined, sizeBytes: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = /^bytes=(\d{1,18})-(\d{1,18})$/.exec(header.trim()) ?? [];
  if (first === undefined || last === undefined || Number(last) < Number(first)) {
    throw new S3Error("InvalidArgument", {
      message:
        "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
      elements: { ArgumentName: "x-amz-copy-source-range", ArgumentValue: header },
    });
  }
  if (Number(last) < sizeBytes) return { first: Number(first), last: Number(last) };
  throw new S3Error("InvalidArgument", {
    message: `Range specified is not valid for source object of size: ${sizeBytes}`,
    elements: { ArgumentName: "x-amz-copy-source-range", ArgumentValue: header },
  });
}
