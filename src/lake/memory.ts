import { readFile, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import type { Clock } from "../core/clock.js";
import { PenstockError } from "../core/errors.js";
import type { Disk } from "../disk/disk.js";
import { checkKey, compareKeys, isBehindAll } from "./key.js";
import type { ObjectInfo, ObjectStore } from "./object-store.js";

/** A lake in memory, gone with the process: for tests. `disk` is where `adopt` takes its files from. */
export function memoryObjectStore(clock: Clock, disk?: Disk): ObjectStore {
  const objects = new Map<string, { readonly body: Uint8Array; readonly modifiedMs: number }>();
  const infoOf = (key: string): ObjectInfo | undefined => {
    const found = objects.get(key);
    return found && { key, sizeBytes: found.body.length, modifiedMs: found.modifiedMs };
  };
  const put = async (key: string, body: Uint8Array): Promise<ObjectInfo> => {
    objects.set(checkKey(key), { body: Uint8Array.from(body), modifiedMs: clock.now() });
    return infoOf(key)!;
  };
  return {
    list: async (prefix, { after, afterPrefix, limit } = {}) =>
      [...objects.keys()]
        .filter((key) => key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0))
        .filter((key) => afterPrefix === undefined || isBehindAll(key, afterPrefix))
        .sort(compareKeys)
        .slice(0, limit)
        .map((key) => infoOf(key)!),
    head: async (key) => infoOf(checkKey(key)),
    get: async (key, range) => {
      const found = objects.get(checkKey(key));
      if (found === undefined) throw new PenstockError("not-found", `There is no object ${key}.`);
      const body = range === undefined ? found.body : found.body.subarray(range.first, range.last + 1);
      return Readable.from(body.length === 0 ? [] : [Buffer.from(body)]);
    },
    put,
    adopt: async (path, key) => {
      const body = await (disk === undefined ? readFile(path) : disk.readFile(path)).catch((error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "ENOENT" && objects.has(key)) return undefined;
        throw error;
      });
      if (body === undefined) return infoOf(key)!;
      const info = await put(key, body);
      await (disk === undefined ? rm(path) : disk.remove(path));
      return info;
    },
    delete: async (key) => {
      objects.delete(checkKey(key));
    },
    localPath: () => undefined,
  };
}
