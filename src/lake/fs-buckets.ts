/**
 * All buckets, each a folder:
 *
 *     <name>/    a bucket (fs-bucket.ts)
 *     _lake/     what others than Penstock wrote into the lake's bucket
 *     _in-use    there while a process has the buckets open: found at a start, it says that the last one did not end well
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { PenstockError } from "../core/errors.js";
import { readJsonFile, writeFileAtomically } from "../disk/atomic-file.js";
import type { Disk } from "../disk/disk.js";
import { makeDurableDirectory } from "../disk/durable-directory.js";
import { checkBucketName, isBucketName } from "./bucket-name.js";
import type { Bucket, Buckets } from "./buckets.js";
import { type FsBucket, openFsBucket } from "./fs-bucket.js";
import { stagingIn } from "./fs-staging.js";
import { compareKeys } from "./key.js";
import { lakeBucket, type OwnedPrefix } from "./lake-bucket.js";
import type { ObjectStore } from "./object-store.js";

export interface FsBucketsOptions {
  readonly disk: Disk;
  readonly directory: string;
  /** For files that are not finished, on the same filesystem; emptied on opening. */
  readonly stagingDirectory: string;
  readonly lake: { readonly name: string; readonly store: ObjectStore; readonly owned: readonly OwnedPrefix[] };
  readonly now: () => number;
  /** What goes wrong while leftovers are cleared away, which nobody waits for. */
  readonly onError: (error: unknown) => void;
}

export interface FsBuckets extends Buckets {
  close(): Promise<void>;
}

const LAKE_FOLDER = "_lake";

export async function openFsBuckets(options: FsBucketsOptions): Promise<FsBuckets> {
  const { disk, directory, stagingDirectory, now } = options;
  await makeDurableDirectory(disk, directory);
  await disk.removeAll(stagingDirectory);
  await disk.makeDirectory(stagingDirectory);
  const run = randomBytes(6).toString("hex");
  const staging = stagingIn(disk, stagingDirectory, run);

  const open = (folder: string, name: string, createdAtMs: number) =>
    openFsBucket({ disk, staging, directory: join(directory, folder), name, createdAtMs, now });
  const make = async (folder: string, name: string): Promise<FsBucket> => {
    const createdAtMs = now();
    await makeDurableDirectory(disk, join(directory, folder));
    // Commit point: a folder without its bucket.json is none, and is made anew.
    await writeFileAtomically(disk, join(directory, folder, "bucket.json"), JSON.stringify({ name, createdAtMs }));
    return open(folder, name, createdAtMs);
  };
  const find = async (folder: string, name: string): Promise<FsBucket | undefined> => {
    const stored = await readJsonFile<{ createdAtMs: number }>(disk, join(directory, folder, "bucket.json"));
    return stored && open(folder, name, stored.createdAtMs);
  };

  const folders = new Map<string, FsBucket>();
  for (const name of await disk.list(directory)) {
    if (!isBucketName(name)) {
      // A bucket that was deleted, and not to the end.
      if (name.endsWith(GONE)) await disk.removeAll(join(directory, name));
      continue;
    }
    const found = await find(name, name);
    if (found !== undefined) folders.set(name, found);
  }
  const free = (await find(LAKE_FOLDER, options.lake.name)) ?? (await make(LAKE_FOLDER, options.lake.name));
  const { name: lakeName, store, owned } = options.lake;
  const lake = lakeBucket({ name: lakeName, lake: store, free, owned });

  const marker = join(directory, "_in-use");
  const sweeping =
    (await disk.stat(marker)) === undefined ? undefined : sweepAll([free, ...folders.values()], run, options.onError);
  await writeFileAtomically(disk, marker, run);

  const bucket = (name: string): Bucket | undefined => (name === lakeName ? lake : folders.get(name));
  const making = new Set<string>();
  return {
    bucket,
    list: () =>
      [lake, ...[...folders.values()].filter(({ name }) => name !== lakeName)].sort((a, b) =>
        compareKeys(a.name, b.name),
      ),
    create: async (name) => {
      checkBucketName(name);
      if (bucket(name) !== undefined || making.has(name)) {
        throw new PenstockError("already-exists", `There is a bucket ${name} already.`);
      }
      making.add(name);
      try {
        const made = await make(name, name);
        folders.set(name, made);
        return made;
      } finally {
        making.delete(name);
      }
    },
    delete: async (name) => {
      if (name === lakeName) {
        throw new PenstockError("refused", `The bucket ${name} is the pipeline's lake, and stays.`);
      }
      const found = folders.get(name);
      if (found === undefined) throw new PenstockError("not-found", `There is no bucket ${name}.`);
      await found.retire();
      const aside = `${join(directory, name)}${GONE}`;
      making.add(name);
      try {
        await disk.removeAll(aside);
        await disk.rename(join(directory, name), aside);
        // Commit point.
        await disk.syncDirectory(directory);
        folders.delete(name);
        await disk.removeAll(aside);
      } finally {
        making.delete(name);
      }
    },
    close: async () => {
      // One that is cut off is begun again at the next start.
      if (sweeping !== undefined && !(await sweeping.finished)) return;
      await disk.remove(marker);
    },
  };
}

/** Ends the name of a bucket's folder that is being removed; no bucket's name has a `~`. */
const GONE = "~gone";

function sweepAll(buckets: readonly FsBucket[], run: string, onError: (error: unknown) => void) {
  const work = async () => {
    for (const bucket of buckets) await bucket.sweep(run);
    return true;
  };
  return {
    finished: work().catch((error: unknown) => {
      onError(error);
      return false;
    }),
  };
}
