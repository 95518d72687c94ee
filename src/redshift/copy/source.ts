/** The objects that a COPY reads: those of a prefix, or those that a manifest names. */
import { text as textOf } from "node:stream/consumers";
import type { Bucket, Buckets } from "../../lake/buckets.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { CopyOptions } from "./options.js";

export interface SourceObject {
  readonly url: string;
  readonly bucket: Bucket;
  readonly key: string;
  readonly path: string;
  readonly sizeBytes: number;
}

export interface S3Url {
  readonly bucket: string;
  readonly key: string;
}

export function s3Url(url: string, at?: number): S3Url {
  const found = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(url);
  if (found !== null) return { bucket: found[1]!, key: found[2]! };
  const place = at === undefined ? {} : { at };
  if (/^(emr|dynamodb|ssh):|^arn:/i.test(url) || /^[\w.-]+$/.test(url)) {
    throw new SqlError(SQL_STATE.featureNotSupported, `COPY from '${url}' is not supported`, {
      ...place,
      hint: "Penstock reads buckets: 's3://bucket/prefix'.",
    });
  }
  throw new SqlError(SQL_STATE.invalidParameterValue, `Invalid S3 URI: '${url}'`, {
    ...place,
    hint: "It has the form 's3://bucket/prefix'.",
  });
}

export function bucketOf(buckets: Buckets, name: string): Bucket {
  const bucket = buckets.bucket(name);
  if (bucket !== undefined) return bucket;
  const names = buckets.list().map((one) => one.name);
  throw new SqlError(SQL_STATE.internalError, `The S3 bucket '${name}' specified in the statement does not exist`, {
    detail: "error: S3ServiceException: The specified bucket does not exist, Status 404, Error NoSuchBucket",
    hint: names.length === 0 ? "There are no buckets yet." : `There are: ${names.slice(0, 10).join(", ")}.`,
  });
}

export async function sourceObjects(
  buckets: Buckets,
  from: string,
  options: Pick<CopyOptions, "manifest" | "format">,
  at?: number,
): Promise<SourceObject[]> {
  if (options.manifest) return manifestObjects(buckets, from, options.format.kind === "parquet", at);
  const { bucket: name, key: prefix } = s3Url(from, at);
  const bucket = bucketOf(buckets, name);
  const found = await bucket.list(prefix);
  const objects: SourceObject[] = [];
  for (const { key, sizeBytes } of found) {
    // The mark of an empty folder.
    if (key.endsWith("/") && sizeBytes === 0) continue;
    const path = await bucket.localPath(key);
    if (path !== undefined) objects.push({ url: `s3://${name}/${key}`, bucket, key, path, sizeBytes });
  }
  if (objects.length === 0) throw noPrefix(prefix);
  return objects;
}

function noPrefix(prefix: string): SqlError {
  return new SqlError(SQL_STATE.internalError, `The specified S3 prefix '${prefix}' does not exist`, {
    detail: `error: The specified S3 prefix '${prefix}' does not exist, code: 8001`,
  });
}

export async function objectText(buckets: Buckets, url: string, at?: number): Promise<string> {
  const { bucket: name, key } = s3Url(url, at);
  const bucket = bucketOf(buckets, name);
  if (key === "" || (await bucket.head(key)) === undefined) throw noPrefix(key);
  return textOf(await bucket.get(key));
}

async function manifestObjects(
  buckets: Buckets,
  url: string,
  needsLength: boolean,
  at?: number,
): Promise<SourceObject[]> {
  const entries = manifestEntries(await objectText(buckets, url, at), url);
  const objects: SourceObject[] = [];
  for (const entry of entries) {
    const { bucket: name, key } = s3Url(entry.url, at);
    if (needsLength && entry.contentLength === undefined) {
      throw invalidManifest(url, `${entry.url} has no "meta": {"content_length": ...}, which Parquet needs`);
    }
    const bucket = bucketOf(buckets, name);
    const head = key === "" ? undefined : await bucket.head(key);
    const path = head === undefined ? undefined : await bucket.localPath(key);
    if (head === undefined || path === undefined) {
      if (!entry.mandatory) continue;
      throw new SqlError(
        SQL_STATE.internalError,
        `Problem reading manifest file - S3 object '${entry.url}' is mandatory and was not found`,
        {
          detail: "error: Manifest entry is missing, code: 8001",
        },
      );
    }
    if (needsLength && entry.contentLength !== head.sizeBytes) {
      throw new SqlError(
        SQL_STATE.internalError,
        `Spectrum Scan Error: the manifest says ${entry.contentLength} bytes of '${entry.url}', it has ${head.sizeBytes}`,
      );
    }
    objects.push({ url: `s3://${name}/${key}`, bucket, key, path, sizeBytes: head.sizeBytes });
  }
  return objects;
}

interface ManifestEntry {
  readonly url: string;
  readonly mandatory: boolean;
  readonly contentLength: number | undefined;
}

function manifestEntries(text: string, url: string): ManifestEntry[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalidManifest(url, "it is no JSON");
  }
  const entries = typeof parsed === "object" && parsed !== null && "entries" in parsed ? parsed.entries : undefined;
  if (!Array.isArray(entries) || entries.length === 0) throw invalidManifest(url, 'it has no list of "entries"');
  return entries.map(
    (entry: { url?: unknown; mandatory?: unknown; meta?: { content_length?: unknown } } | null, index) => {
      if (typeof entry?.url !== "string" || !entry.url.startsWith("s3://")) {
        throw invalidManifest(url, `entry ${index + 1} has no "url" that begins with s3://`);
      }
      const length = entry.meta?.content_length;
      return {
        url: entry.url,
        mandatory: entry.mandatory === true,
        contentLength: typeof length === "number" ? length : undefined,
      };
    },
  );
}

function invalidManifest(url: string, why: string): SqlError {
  return new SqlError(SQL_STATE.internalError, `Problem reading manifest file - ${url}: ${why}`, {
    detail: "error: Invalid manifest, code: 8001",
    hint: 'A manifest is {"entries": [{"url": "s3://bucket/key", "mandatory": true, "meta": {"content_length": 1024}}]}.',
  });
}
