import { PenstockError } from "../core/errors.js";

/** S3's rules for the names of general purpose buckets. */
const NAME =
  /^(?!xn--|sthree-|amzn-s3-demo-)(?!.*(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$/;

export function isBucketName(name: string): boolean {
  return NAME.test(name);
}

export function checkBucketName(name: string): string {
  if (isBucketName(name)) return name;
  throw new PenstockError("invalid-argument", `${JSON.stringify(name)} cannot be the name of a bucket.`, {
    hint: "A bucket's name has 3 to 63 characters of a-z, 0-9, - and ., begins and ends with a letter or digit, and is no IP address.",
  });
}

const ENDING = "-lake";
const NAME_CHARS_MAX = 63;

/** The bucket that the pipeline's lake is: its name as far as a bucket may have it, and `-lake`. */
export function lakeBucketName(pipeline: string): string {
  const stem = pipeline
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, NAME_CHARS_MAX - ENDING.length);
  return `${stem === "" ? "penstock" : stem}${ENDING}`;
}
