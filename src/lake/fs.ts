import { createReadStream } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { messageOf, PenstockError } from "../core/errors.js";
import type { Disk } from "../disk/disk.js";
import { makeDurableDirectory } from "../disk/durable-directory.js";
import { checkKey, compareKeys } from "./key.js";
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
    const found = await disk.stat(pathOf(key));
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
    list: async (prefix, { after, limit = Number.POSITIVE_INFINITY } = {}) => {
      const found: ObjectInfo[] = [];
      // The folder that all keys with this prefix lie in.
      const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
      const walk = async (at: string): Promise<boolean> => {
        for (const { name, directory: isFolder, sizeBytes, modifiedMs } of await entries(disk, directory, at)) {
          const key = at + name;
          if (isFolder) {
            const below = `${key}/`;
            const relevant = below.startsWith(prefix) || prefix.startsWith(below);
            if (relevant && !(await walk(below))) return false;
          } else if (key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0)) {
            found.push({ key, sizeBytes, modifiedMs });
            if (found.length >= limit) return false;
          }
        }
        return true;
      };
      await walk(folder);
      return found;
    },
    head,
    get: async (key, range) => {
      const info = await head(key);
      if (info === undefined) throw new PenstockError("not-found", `There is no object ${key}.`);
      if (info.sizeBytes === 0) return Readable.from([]);
      return createReadStream(pathOf(key), range === undefined ? {} : { start: range.first, end: range.last });
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

/** A folder's entries in the order of the keys below them: a folder sorts as its name with a slash. */
async function entries(disk: Disk, root: string, at: string) {
  const folder = join(root, ...at.split("/"));
  const found = [];
  for (const name of await disk.list(folder)) {
    const stat = await disk.stat(join(folder, name));
    if (stat !== undefined) found.push({ name, sortKey: stat.directory ? `${name}/` : name, ...stat });
  }
  return found.sort((a, b) => compareKeys(a.sortKey, b.sortKey));
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
