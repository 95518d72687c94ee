import { createHash } from "node:crypto";
import { PenstockError } from "../core/errors.js";
import type { PipelineModel } from "../definition/model.js";
import type { Bucket, BucketObject, ListOptions, Uploads } from "./buckets.js";
import { compareKeys, isLakeKey } from "./key.js";
import type { ObjectInfo, ObjectStore } from "./object-store.js";

export interface LakeBucketOptions {
  readonly name: string;
  /** What Penstock writes. */
  readonly lake: ObjectStore;
  /** What others write, apart from it: their keys may be anything. */
  readonly free: Bucket;
  /** Beginnings of keys that only Penstock writes under. */
  readonly owned: readonly OwnedPrefix[];
}

export interface OwnedPrefix {
  readonly prefix: string;
  /** What it holds, in a few words. */
  readonly of: string;
}

/** The lake as a bucket: Penstock's objects, to be read, and beside them those of others. */
export function lakeBucket({ name, lake, free, owned }: LakeBucketOptions): Bucket {
  const ofLake = async (key: string): Promise<BucketObject | undefined> => {
    const info = isLakeKey(key) ? await lake.head(key) : undefined;
    return info && describe(info);
  };
  const writeRefusal = (key: string) => {
    const owner = owned.find(({ prefix }) => key.startsWith(prefix));
    if (owner === undefined) return undefined;
    return `${owner.prefix === "" ? "Every key" : `What begins with ${owner.prefix}`} in bucket ${name} is Penstock's own (${owner.of}), and can only be read.`;
  };
  const refuseOwned = (key: string) => {
    const refusal = writeRefusal(key);
    if (refusal === undefined) return;
    throw new PenstockError("refused", refusal, { hint: "Use another prefix, or a bucket of your own." });
  };

  return {
    name,
    createdAtMs: free.createdAtMs,
    permanent: true,
    writeRefusal,
    list: async (prefix, options: ListOptions = {}) => {
      const [own, others] = await Promise.all([lake.list(prefix, options), free.list(prefix, options)]);
      const all = [...own.map(describe), ...others].sort((a, b) => compareKeys(a.key, b.key));
      return all.slice(0, options.limit);
    },
    head: async (key) => (await ofLake(key)) ?? free.head(key),
    get: async (key, range) => ((await ofLake(key)) === undefined ? free.get(key, range) : lake.get(key, range)),
    open: async (key) => {
      const object = await ofLake(key);
      if (object === undefined) return free.open(key);
      return { object, read: (range) => lake.get(key, range), close: async () => {} };
    },
    put: async (key, body, options) => {
      refuseOwned(key);
      return free.put(key, body, options);
    },
    adopt: async (path, key, options) => {
      refuseOwned(key);
      return free.adopt(path, key, options);
    },
    delete: async (key) => {
      refuseOwned(key);
      await free.delete(key);
    },
    localPath: async (key) => ((await ofLake(key)) === undefined ? free.localPath(key) : lake.localPath(key)),
    uploads: guarded(free.uploads, refuseOwned),
  };
}

/** All that tables and dead letters of these models, and the filtered rows' identities, are written under. */
export function ownedPrefixes(models: readonly PipelineModel[]): OwnedPrefix[] {
  const owned = new Map<string, string>([["filtered/", "the identities of filtered rows"]]);
  for (const { tables } of models) {
    for (const { name, deliver } of tables) {
      owned.set(fixedPart(deliver.prefix), `table ${name}`);
      owned.set(fixedPart(deliver.errorPrefix), `dead letters of table ${name}`);
    }
  }
  return [...owned].map(([prefix, of]) => ({ prefix, of }));
}

/** Of a Firehose prefix, what stands before the first expression. */
function fixedPart(prefix: string): string {
  const expression = prefix.indexOf("!{");
  return expression === -1 ? prefix : prefix.slice(0, expression);
}

/** The lake keeps no MD5. An object of it never changes, so that its name, size and time tell it apart; `-1` says that it is no MD5. */
function describe(info: ObjectInfo): BucketObject {
  const modifiedMs = Math.round(info.modifiedMs);
  const text = `${info.key}\n${info.sizeBytes}\n${modifiedMs}`;
  return { ...info, modifiedMs, etag: `${createHash("md5").update(text).digest("hex")}-1`, attributes: {} };
}

function guarded(uploads: Uploads, refuseOwned: (key: string) => void): Uploads {
  return {
    ...uploads,
    create: async (key, options) => {
      refuseOwned(key);
      return uploads.create(key, options);
    },
  };
}
