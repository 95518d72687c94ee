import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { messageOf, PenstockError } from "../core/errors.js";
import type { Disk } from "../disk/disk.js";
import { makeDurableDirectory } from "../disk/durable-directory.js";
import { readableOf } from "./fs-staging.js";
import { checkKey, compareKeys, isBehindAll, isLakeKey } from "./key.js";
import type { ObjectInfo, ObjectStore } from "./object-store.js";

export interface FsObjectStoreOptions {
  readonly disk: Disk;
  /** Where the objects are, each at its key. */
  readonly directory: string;
  /** For files that are not finished; on the same filesystem, so that a rename moves them. */
  readonly stagingDirectory: string;
}

const DURABLE_FOLDERS_MAX = 10_000;

/** The lake as a folder. An object is a file that was finished and synced before it got its name. */
export async function openFsObjectStore(options: FsObjectStoreOptions): Promise<ObjectStore> {
  const { disk, directory, stagingDirectory } = options;
  await makeDurableDirectory(disk, directory);
  await makeDurableDirectory(disk, stagingDirectory);
  const pathOf = (key: string) => join(directory, ...checkKey(key).split("/"));
  let staged = 0;
  /** Folders whose names this process has made durable, so that it is done once for each. */
  const durable = new Set<string>();
  const makeFolder = async (folder: string) => {
    if (durable.has(folder) && (await disk.stat(folder)) !== undefined) return;
    await makeDurableDirectory(disk, folder);
    if (durable.size >= DURABLE_FOLDERS_MAX) durable.clear();
    durable.add(folder);
  };

  const head = async (key: string): Promise<ObjectInfo | undefined> => {
    const found = await disk.stat(pathOf(key)).catch(unlessAbsent);
    if (found === undefined || found.directory) return undefined;
    return { key, sizeBytes: found.sizeBytes, modifiedMs: found.modifiedMs };
  };

  const adopt = async (path: string, key: string): Promise<ObjectInfo> => {
    const target = pathOf(key);
    await makeFolder(dirname(target));
    try {
      await disk.rename(path, target);
    } catch (error) {
      // A process that was killed after its rename and before its sync: the object has its name, which is made durable now.
      if (!isAbsent(error) || (await head(key)) === undefined) throw error;
    }
    // Commit point. Before: no object, and a file in staging. After: the whole object, under its key.
    await disk.syncDirectory(dirname(target)).catch((cause: unknown) => {
      // The object is seen, and might be gone after a power cut: nobody may go on as if it were there, nor sync again.
      throw new PenstockError("poisoned", `The disk failed to sync ${dirname(target)}: ${messageOf(cause)}.`, {
        cause,
        hint: "Check the disk, then start again: what was acknowledged is delivered then.",
      });
    });
    const info = await head(key);
    if (info === undefined) throw new PenstockError("not-found", `The object ${key} was removed while it was written.`);
    return info;
  };

  return {
    list: async (prefix, { after, afterPrefix, limit = Number.POSITIVE_INFINITY } = {}) => {
      const found: ObjectInfo[] = [];
      const passed = (key: string) =>
        (after !== undefined && compareKeys(key, after) <= 0) ||
        (afterPrefix !== undefined && !isBehindAll(key, afterPrefix));
      const irrelevant = (key: string) => {
        const below = `${key}/`;
        const stands = (start: string | undefined) => start?.startsWith(below) === true;
        if (!below.startsWith(prefix) && !prefix.startsWith(below) && !key.startsWith(prefix)) return true;
        return passed(key) && passed(below) && !stands(after) && (!stands(afterPrefix) || afterPrefix === below);
      };
      // The folder that all keys with this prefix lie in.
      const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
      // A prefix is only text, and never a way out of the lake.
      if (limit > 0 && (folder === "" || isLakeKey(folder.slice(0, -1)))) {
        for await (const info of walk(disk, directory, folder, irrelevant)) {
          if (!info.key.startsWith(prefix) || passed(info.key)) continue;
          found.push(info);
          if (found.length >= limit) break;
        }
      }
      return found;
    },
    head,
    get: async (key, range) => {
      const info = await head(key);
      if (info === undefined) throw new PenstockError("not-found", `There is no object ${key}.`);
      if (info.sizeBytes === 0) return Readable.from([]);
      const file = await disk.open(pathOf(key), "read");
      const readable = readableOf(file, range);
      readable.once("close", () => void file.close());
      return readable;
    },
    put: async (key, body) => {
      checkKey(key);
      const path = join(stagingDirectory, `put-${process.pid}-${staged++}`);
      const file = await disk.open(path, "write");
      try {
        await file.write([body]);
        await file.sync();
      } finally {
        await file.close();
      }
      return adopt(path, key);
    },
    adopt,
    delete: async (key) => {
      const path = pathOf(key);
      await disk.remove(path);
      if ((await disk.stat(dirname(path))) !== undefined) await disk.syncDirectory(dirname(path));
    },
    localPath: pathOf,
  };
}

/**
 * The objects below a folder, in the order of their keys, looked up as they are taken. A folder's turn comes where its name with a slash
 * stands: `a.b` is before what is in `a`.
 */
async function* walk(
  disk: Disk,
  root: string,
  at: string,
  irrelevant: (key: string) => boolean,
): AsyncGenerator<ObjectInfo> {
  const folder = join(root, ...at.split("/"));
  const listed = (await disk.list(folder).catch(unlessAbsent)) ?? [];
  const names = listed.filter((name) => !irrelevant(at + name)).sort(compareKeys);
  const waiting: string[] = [];
  const next = (before: string | undefined) => {
    const least = waiting.reduce<string | undefined>(
      (a, b) => (a === undefined || compareKeys(b, a) < 0 ? b : a),
      undefined,
    );
    if (least === undefined || (before !== undefined && compareKeys(before, least) < 0)) return undefined;
    waiting.splice(waiting.indexOf(least), 1);
    return least;
  };
  for (let first = 0; first < names.length; first += LOOKS_AT_ONCE) {
    const some = names.slice(first, first + LOOKS_AT_ONCE);
    const stats = await Promise.all(some.map((name) => disk.stat(join(folder, name))));
    for (const [index, name] of some.entries()) {
      for (let below = next(name); below !== undefined; below = next(name)) {
        yield* walk(disk, root, at + below, irrelevant);
      }
      const stat = stats[index];
      if (stat?.directory) waiting.push(`${name}/`);
      else if (stat !== undefined) yield { key: at + name, sizeBytes: stat.sizeBytes, modifiedMs: stat.modifiedMs };
    }
  }
  for (let below = next(undefined); below !== undefined; below = next(undefined)) {
    yield* walk(disk, root, at + below, irrelevant);
  }
}

/** A look takes a thread and a turn of the loop, so that one after the other a page of keys would take a thousand turns. */
const LOOKS_AT_ONCE = 16;

/** Below a file, or under a name longer than a filesystem has, there is nothing either. */
const ABSENT: readonly unknown[] = ["ENOENT", "ENOTDIR", "ENAMETOOLONG"];

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && ABSENT.includes(error.code);
}

function unlessAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}
