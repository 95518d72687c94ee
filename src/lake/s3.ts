/**
 * The lake in a bucket of S3. An object is there whole or not at all, and durable once S3 has answered; nothing on this machine can read one by a path,
 * so `localPath` knows none.
 */
import { createReadStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { messageOf, PenstockError } from "../core/errors.js";
import { checkKey, isBehindAll } from "./key.js";
import type { ObjectInfo, ObjectStore } from "./object-store.js";

export interface S3ObjectStoreOptions {
  readonly client: Pick<S3Client, "send">;
  readonly bucket: string;
}

/** The greatest character of UTF-8's order: what is behind all keys that begin alike. */
const LAST_CHARACTER = "\u{10ffff}";

export function openS3ObjectStore({ client, bucket: Bucket }: S3ObjectStoreOptions): ObjectStore {
  async function head(key: string): Promise<ObjectInfo | undefined> {
    checkKey(key);
    try {
      const found = await client.send(new HeadObjectCommand({ Bucket, Key: key }));
      return { key, sizeBytes: found.ContentLength ?? 0, modifiedMs: found.LastModified?.getTime() ?? 0 };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw trouble(error, key);
    }
  }

  async function put(key: string, body: Uint8Array | Readable, sizeBytes: number): Promise<ObjectInfo> {
    checkKey(key);
    try {
      await client.send(new PutObjectCommand({ Bucket, Key: key, Body: body, ContentLength: sizeBytes }));
    } catch (error) {
      throw trouble(error, key);
    }
    return (await head(key)) ?? { key, sizeBytes, modifiedMs: 0 };
  }

  return {
    head,
    put: (key, body) => put(key, body, body.byteLength),
    list: async (prefix, { after, afterPrefix, limit = Number.POSITIVE_INFINITY } = {}) => {
      const objects: ObjectInfo[] = [];
      const behind = afterPrefix === undefined ? after : `${afterPrefix}${LAST_CHARACTER}`;
      let ContinuationToken: string | undefined;
      do {
        const page = await client
          .send(
            new ListObjectsV2Command({
              Bucket,
              Prefix: prefix,
              ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
              ...(behind === undefined ? {} : { StartAfter: behind }),
              ...(limit < 1000 ? { MaxKeys: Math.max(1, limit) } : {}),
            }),
          )
          .catch((error: unknown) => {
            throw trouble(error, prefix);
          });
        for (const { Key: key = "", Size: sizeBytes = 0, LastModified } of page.Contents ?? []) {
          if (afterPrefix !== undefined && !isBehindAll(key, afterPrefix)) continue;
          if (objects.length < limit) objects.push({ key, sizeBytes, modifiedMs: LastModified?.getTime() ?? 0 });
        }
        ContinuationToken = objects.length < limit ? page.NextContinuationToken : undefined;
      } while (ContinuationToken !== undefined);
      return objects;
    },
    get: async (key, range) => {
      checkKey(key);
      try {
        const bytes = range === undefined ? {} : { Range: `bytes=${range.first}-${range.last}` };
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key, ...bytes }));
        return Body instanceof Readable ? Body : Readable.from([]);
      } catch (error) {
        throw trouble(error, key);
      }
    },
    adopt: async (path, key) => {
      const file = await stat(path).catch(async (error: unknown) => {
        const gone = error instanceof Error && "code" in error && error.code === "ENOENT";
        const there = gone ? await head(key) : undefined;
        if (there === undefined) throw error;
        return there;
      });
      if ("key" in file) return file;
      // Commit point: S3's answer. Before: the file, and no object or the one before. After: the object; the file is in nobody's way.
      const info = await put(key, createReadStream(path), file.size);
      await rm(path, { force: true });
      return info;
    },
    delete: async (key) => {
      await client.send(new DeleteObjectCommand({ Bucket, Key: checkKey(key) })).catch((error: unknown) => {
        if (!isAbsent(error)) throw trouble(error, key);
      });
    },
    localPath: () => undefined,
  };
}

function isAbsent(error: unknown): boolean {
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  return name === "NotFound" || name === "NoSuchKey" || (name !== "NoSuchBucket" && $metadata?.httpStatusCode === 404);
}

function trouble(error: unknown, key: string): PenstockError {
  if (isAbsent(error)) return new PenstockError("not-found", `There is no object ${key}.`, { cause: error });
  if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 416) {
    return new PenstockError("damaged", `The object ${key} is shorter than it should be.`, { cause: error });
  }
  return new PenstockError("unavailable", `S3 does not serve ${key}: ${messageOf(error)}`, { cause: error });
}
