/**
 * Uploads in parts, each a folder:
 *
 *     upload.json            Upload
 *     <number>.json          StoredPart: names its file, as an object's note does
 *     <number>-<id>          the part's bytes
 */
import { createHash, randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { PenstockError } from "../core/errors.js";
import { inTurn } from "../core/in-turn.js";
import { readJsonFile } from "../disk/atomic-file.js";
import type { Disk } from "../disk/disk.js";
import { makeDurableDirectory } from "../disk/durable-directory.js";
import type { BucketObject, StoredChecksum, Upload, UploadPart, Uploads } from "./buckets.js";
import { checksumOf } from "./digests.js";
import { type Placement, piecesOf, type StagedFile, type Staging } from "./fs-staging.js";
import { checkBucketKey, compareKeys } from "./key.js";

export interface UploadsOptions {
  readonly disk: Disk;
  readonly staging: Staging;
  readonly directory: string;
  readonly place: (staged: StagedFile, key: string, placement: Placement) => Promise<BucketObject>;
  readonly change: <T>(work: () => Promise<T>) => Promise<T>;
  readonly now: () => number;
}

interface StoredPart extends UploadPart {
  readonly file: string;
}

const ID = /^[0-9a-f]{32}$/;
const ID_BYTES = 16;

export function openUploads({ disk, staging, directory, place, change, now }: UploadsOptions): Uploads {
  const turn = inTurn();
  const folderOf = ({ id }: Pick<Upload, "id">) => join(directory, id);
  const noteOf = (upload: Upload, part: number) => join(folderOf(upload), `${String(part).padStart(5, "0")}.json`);
  const read = (id: string) => readJsonFile<Upload>(disk, join(directory, id, "upload.json"));
  const gone = ({ id }: Upload) => new PenstockError("not-found", `There is no upload ${id}.`);

  const writeNote = async (path: string, value: object) => {
    const note = await staging.write(Buffer.from(JSON.stringify(value)));
    await disk.rename(note.path, path);
    await disk.syncDirectory(dirname(path));
  };

  const parts = async (upload: Upload): Promise<StoredPart[]> => {
    const names = (await disk.list(folderOf(upload))).filter((name) => /^\d{5}\.json$/.test(name));
    const found: StoredPart[] = [];
    for (const name of names) {
      const part = await readJsonFile<StoredPart>(disk, join(folderOf(upload), name));
      if (part !== undefined) found.push(part);
    }
    return found;
  };

  /** In one step out of sight, so that no part comes into a folder that is half removed. */
  const forget = async (upload: Upload) => {
    const aside = `${folderOf(upload)}.gone`;
    await disk.rename(folderOf(upload), aside).catch((error: unknown) => {
      throw isAbsent(error) ? gone(upload) : error;
    });
    await disk.syncDirectory(directory);
    await disk.removeAll(aside);
  };

  return {
    create: (key, options) =>
      change(async () => {
        checkBucketKey(key);
        const upload: Upload = { ...options, id: randomBytes(ID_BYTES).toString("hex"), key, createdAtMs: now() };
        await makeDurableDirectory(disk, folderOf(upload));
        await writeNote(join(folderOf(upload), "upload.json"), upload);
        return upload;
      }),
    list: async () => {
      const found: Upload[] = [];
      for (const name of await disk.list(directory)) {
        const upload = ID.test(name) ? await read(name) : undefined;
        if (upload !== undefined) found.push(upload);
      }
      return found.sort((a, b) => compareKeys(a.key, b.key) || a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1));
    },
    find: async (key, id) => {
      const upload = ID.test(id) ? await read(id) : undefined;
      return upload?.key === key ? upload : undefined;
    },
    putPart: async (upload, number, body, { checksum, verify }) => {
      const staged = await staging.write(body, checksum);
      try {
        verify?.(staged);
        return await turn(`${upload.id} ${number}`, async () => {
          const before = await readJsonFile<StoredPart>(disk, noteOf(upload, number));
          const file = `${String(number).padStart(5, "0")}-${staging.freshName()}`;
          const part: StoredPart = {
            number,
            sizeBytes: staged.sizeBytes,
            modifiedMs: now(),
            etag: staged.md5,
            ...(checksum === undefined || staged.checksum === undefined
              ? {}
              : { checksum: { algorithm: checksum, value: staged.checksum } }),
            file,
          };
          await disk.rename(staged.path, join(folderOf(upload), file));
          await writeNote(noteOf(upload, number), part);
          if (before !== undefined) await disk.remove(join(folderOf(upload), before.file));
          return partOf(part);
        });
      } catch (error) {
        await disk.remove(staged.path);
        throw isAbsent(error) ? gone(upload) : error;
      }
    },
    parts: async (upload) => (await parts(upload)).map(partOf),
    complete: (upload, chosen, { verify, replaces }) =>
      turn(upload.id, async () => {
        const stored = new Map((await parts(upload)).map((part) => [part.number, part]));
        const sources = chosen.map(({ number, etag }) => {
          const part = stored.get(number);
          if (part?.etag !== etag) throw gone(upload);
          return part;
        });
        const { checksum } = upload;
        const whole = checksum?.type === "FULL_OBJECT" ? checksum.algorithm : undefined;
        const staged = await staging.write(joined(disk, folderOf(upload), sources), whole);
        try {
          const together =
            checksum === undefined ? undefined : { ...checksum, value: staged.checksum ?? composite(upload, sources) };
          verify?.({ ...staged, ...(together === undefined ? {} : { checksum: together.value }) });
          const object = await place(staged, upload.key, {
            attributes: upload.attributes,
            ...(replaces === undefined ? {} : { replaces }),
            etag: `${md5OfMd5s(sources)}-${sources.length}`,
            ...(together === undefined ? {} : { checksum: together }),
            uploadId: upload.id,
          });
          await forget(upload);
          return object;
        } catch (error) {
          await disk.remove(staged.path);
          throw error;
        }
      }),
    abort: (upload) => turn(upload.id, () => forget(upload)),
  };
}

function partOf({ file: _, ...part }: StoredPart): UploadPart {
  return part;
}

async function* joined(disk: Disk, folder: string, parts: readonly StoredPart[]): AsyncGenerator<Uint8Array> {
  for (const { file: name } of parts) {
    const file = await disk.open(join(folder, name), "read");
    try {
      yield* piecesOf(file);
    } finally {
      await file.close();
    }
  }
}

function md5OfMd5s(parts: readonly UploadPart[]): string {
  const md5 = createHash("md5");
  for (const { etag } of parts) md5.update(Buffer.from(etag, "hex"));
  return md5.digest("hex");
}

/** The checksum of the parts' checksums. */
function composite({ checksum }: Upload, parts: readonly UploadPart[]): StoredChecksum["value"] {
  const digest = checksumOf(checksum!.algorithm);
  for (const part of parts) digest.update(Buffer.from(part.checksum?.value ?? "", "base64"));
  return `${digest.digest().toString("base64")}-${parts.length}`;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
