/**
 * A bucket as a folder. What an object holds and what is known of it are two files: the second names the first, and takes its place in
 * one rename, so that a reader has both of one writing or both of another.
 *
 *     objects/<path of the key>   JSON: the object's note (StoredObject)
 *     contents/<2 hex>/<id>       the bytes, under a name that is never used again
 *     uploads/<id>/               an object that comes in parts
 *     bucket.json                 when it was made
 */
import { dirname, extname, join } from "node:path";
import type { Readable } from "node:stream";
import { PenstockError } from "../core/errors.js";
import { inTurn } from "../core/in-turn.js";
import { readJsonFile } from "../disk/atomic-file.js";
import type { Disk, DiskFile } from "../disk/disk.js";
import { makeDurableDirectory } from "../disk/durable-directory.js";
import type { Bucket, BucketObject, ListOptions, PutOptions } from "./buckets.js";
import { pathOfKey } from "./fs-key-path.js";
import { type Placement, readableOf, type StagedFile, type Staging } from "./fs-staging.js";
import { openUploads } from "./fs-uploads.js";
import { walkKeys } from "./fs-walk.js";
import { checkBucketKey, isBucketKey } from "./key.js";

export interface FsBucketOptions {
  readonly disk: Disk;
  readonly staging: Staging;
  readonly directory: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly now: () => number;
}

export interface FsBucket extends Bucket {
  /** Takes no more writes; throws, and takes them again, when the bucket is not empty. */
  retire(): Promise<void>;
  /** Removes contents that no object has: what a crash left of a write before `run`'s. */
  sweep(run: string): Promise<void>;
}

/** The note of an object. */
interface StoredObject extends BucketObject {
  /** Relative to `contents/`. */
  readonly content: string;
}

const KNOWN_FOLDERS_MAX = 10_000;

export function openFsBucket(options: FsBucketOptions): FsBucket {
  const { disk, staging, directory, name } = options;
  const notes = join(directory, "objects");
  const contents = join(directory, "contents");
  const turn = inTurn();
  const makeFolder = folderMaker(disk);
  const noteOf = (key: string) => join(notes, ...pathOfKey(key).split("/"));
  let retired = false;
  let writing = 0;

  /** Runs a change of the bucket, unless the bucket is gone or just going. */
  const change = async <T>(work: () => Promise<T>): Promise<T> => {
    if (retired) throw new PenstockError("not-found", `There is no bucket ${name}.`);
    writing++;
    try {
      return await work();
    } finally {
      writing--;
    }
  };

  const read = async (key: string): Promise<StoredObject | undefined> =>
    isBucketKey(key) ? await readNote(disk, noteOf(key)) : undefined;

  /** Commit point: the rename of the note. Before: the old object, and a content that nobody names. After: the new one. */
  const place = (staged: StagedFile, key: string, placement: Placement): Promise<BucketObject> =>
    change(() =>
      turn(key, async () => {
        const before = await read(key);
        placement.replaces?.(before && objectOf(before));
        const id = staging.freshName();
        const content = `${shardOf(id)}/${id}${endingOf(key)}`;
        const { attributes = {}, etag, checksum, uploadId } = placement;
        const stored: StoredObject = {
          key,
          content,
          sizeBytes: staged.sizeBytes,
          modifiedMs: options.now(),
          etag,
          attributes,
          ...(checksum === undefined ? {} : { checksum }),
          ...(uploadId === undefined ? {} : { uploadId }),
        };
        const path = join(contents, content);
        await makeFolder(dirname(path));
        await disk.rename(staged.path, path);
        try {
          await disk.syncDirectory(dirname(path));
          const note = await staging.write(Buffer.from(JSON.stringify(stored)));
          await makeFolder(dirname(noteOf(key)));
          await disk.rename(note.path, noteOf(key));
        } catch (error) {
          await disk.remove(path);
          throw error;
        }
        await disk.syncDirectory(dirname(noteOf(key)));
        if (before !== undefined) await disk.remove(join(contents, before.content));
        return objectOf(stored);
      }),
    );

  const finish = (staged: StagedFile, key: string, { checksum, verify, ...rest }: PutOptions) => {
    verify?.(staged);
    return place(staged, key, {
      ...rest,
      etag: staged.md5,
      ...(checksum === undefined || staged.checksum === undefined
        ? {}
        : { checksum: { algorithm: checksum, value: staged.checksum, type: "FULL_OBJECT" } }),
    });
  };

  /** The note with the open file of its bytes; a write in between makes it look again. */
  const openStored = async (key: string): Promise<{ stored: StoredObject; file: DiskFile } | undefined> => {
    for (;;) {
      const stored = await read(key);
      if (stored === undefined) return undefined;
      try {
        return { stored, file: await disk.open(join(contents, stored.content), "read") };
      } catch (error) {
        if (!isAbsent(error)) throw error;
        const again = await read(key);
        if (again?.content !== stored.content) continue;
        throw new PenstockError("damaged", `The bytes of ${key} in bucket ${name} are not there: ${stored.content}.`);
      }
    }
  };

  const list = async (prefix: string, { limit, ...position }: ListOptions = {}): Promise<BucketObject[]> => {
    const found: BucketObject[] = [];
    if (limit === 0) return found;
    for await (const key of walkKeys(disk, notes, prefix, position)) {
      const stored = await read(key);
      // Deleted since its name was read.
      if (stored === undefined) continue;
      found.push(objectOf(stored));
      if (found.length === limit) break;
    }
    return found;
  };

  return {
    name,
    createdAtMs: options.createdAtMs,
    permanent: false,
    writeRefusal: () => undefined,
    list,
    head: async (key) => {
      const stored = await read(key);
      return stored && objectOf(stored);
    },
    open: async (key) => {
      const opened = await openStored(key);
      if (opened === undefined) return undefined;
      const { stored, file } = opened;
      return { object: objectOf(stored), read: async (range) => readableOf(file, range), close: () => file.close() };
    },
    get: async (key, range) => {
      const opened = await openStored(key);
      if (opened === undefined) throw new PenstockError("not-found", `There is no object ${key} in bucket ${name}.`);
      return closing(readableOf(opened.file, range), opened.file);
    },
    put: async (key, body, put = {}) => {
      checkBucketKey(key);
      const staged = await staging.write(body, put.checksum);
      try {
        return await finish(staged, key, put);
      } catch (error) {
        await disk.remove(staged.path);
        throw error;
      }
    },
    adopt: async (path, key, put = {}) => {
      checkBucketKey(key);
      return finish(await staging.measure(path, put.checksum), key, put);
    },
    delete: (key) =>
      change(() =>
        turn(key, async () => {
          const stored = await read(key);
          if (stored === undefined) return;
          await disk.remove(noteOf(key));
          // Commit point: the note is gone for good before the bytes go.
          await disk.syncDirectory(dirname(noteOf(key)));
          await disk.remove(join(contents, stored.content));
        }),
      ),
    localPath: async (key) => {
      const stored = await read(key);
      return stored && join(contents, stored.content);
    },
    uploads: openUploads({ disk, staging, directory: join(directory, "uploads"), place, change, now: options.now }),
    retire: async () => {
      if (retired) throw new PenstockError("not-found", `There is no bucket ${name}.`);
      retired = true;
      const busy = writing > 0;
      if (busy || (await list("", { limit: 1 })).length > 0) {
        retired = false;
        throw new PenstockError("refused", `The bucket ${name} is not empty.`, { hint: "Delete its objects first." });
      }
    },
    sweep: async (run) => {
      const left: string[] = [];
      for (const shard of await disk.list(contents)) {
        for (const id of await disk.list(join(contents, shard))) {
          if (!id.startsWith(`${run}-`)) left.push(`${shard}/${id}`);
        }
      }
      if (left.length === 0) return;
      const named = new Set<string>();
      for await (const key of walkKeys(disk, notes, "", {})) named.add((await read(key))?.content ?? "");
      for (const content of left) if (!named.has(content)) await disk.remove(join(contents, content));
    },
  };
}

async function readNote(disk: Disk, path: string): Promise<StoredObject | undefined> {
  return readJsonFile<StoredObject>(disk, path);
}

function objectOf({ content: _, ...object }: StoredObject): BucketObject {
  return object;
}

/** So that no folder holds too many: by the last characters of the name, which count up. */
function shardOf(id: string): string {
  return id.slice(-2);
}

/** What tells an engine how to read it: `.parquet`, `.csv.gz`. */
function endingOf(key: string): string {
  const name = key.slice(key.lastIndexOf("/") + 1).toLowerCase();
  const last = extname(name);
  const ending = `${extname(name.slice(0, name.length - last.length))}${last}`;
  return /^(?:\.[a-z0-9]{1,10}){1,2}$/.test(ending) ? ending : /^\.[a-z0-9]{1,10}$/.test(last) ? last : "";
}

/** Makes folders durable, each once. */
function folderMaker(disk: Disk): (folder: string) => Promise<void> {
  const known = new Set<string>();
  return async (folder) => {
    if (known.has(folder)) return;
    await makeDurableDirectory(disk, folder);
    if (known.size >= KNOWN_FOLDERS_MAX) known.clear();
    known.add(folder);
  };
}

function closing(readable: Readable, file: DiskFile): Readable {
  readable.once("close", () => void file.close());
  return readable;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
