import { join } from "node:path";
import { checksumText } from "../../core/checksum.js";
import { isPenstockError, PenstockError } from "../../core/errors.js";
import { readJsonFile, writeFileAtomically } from "../../disk/atomic-file.js";
import type { Disk } from "../../disk/disk.js";
import type { ShardRange, StreamAttributes, StreamKind, TrimDigest } from "../stream.js";
import { HASH_KEY_MAX } from "./hash-key.js";

/** `stream.json`: all of a stream but its records. Replaced whole, atomically, at each change. */
export interface StreamMetadata {
  readonly format: 1;
  readonly name: string;
  readonly kind: StreamKind;
  readonly createdAtMs: number;
  readonly attributes: StreamAttributes;
  readonly shards: readonly ShardMetadata[];
  /** Shard numbers are never used twice. */
  readonly nextShard: number;
  /** What retention has removed, a digest a shard, so that the audit can still count it. */
  readonly trimmed: readonly TrimDigest[];
  /** Records that are damaged and were given up: delivery passes them by. */
  readonly lost?: readonly ShardRange[];
}

export interface ShardMetadata {
  readonly number: number;
  /** Hexadecimal, without prefix. */
  readonly hashKeyStart: string;
  readonly hashKeyEnd: string;
  readonly parent?: number;
  readonly adjacentParent?: number;
  readonly createdAtMs: number;
  readonly closedAtMs?: number;
}

const metadataPath = (directory: string) => join(directory, "stream.json");
const copyPath = (directory: string) => join(directory, "stream.copy.json");

export interface FoundMetadata {
  readonly metadata: StreamMetadata;
  /** Why `stream.json` could not be used, where it was made again from its copy. */
  readonly mended?: string;
}

/** From its copy, where `stream.json` is damaged or gone; `damaged` where neither can be read, undefined where there is neither. */
export async function readMetadata(disk: Disk, directory: string): Promise<FoundMetadata | undefined> {
  const own = await readChecked(disk, metadataPath(directory)).catch(asDamage);
  const copy = await readChecked(disk, copyPath(directory)).catch(asDamage);
  if (own !== undefined && !isPenstockError(own)) {
    if (isPenstockError(copy) || JSON.stringify(copy) !== JSON.stringify(own))
      await writeChecked(disk, copyPath(directory), own);
    return { metadata: own };
  }
  if (copy !== undefined && !isPenstockError(copy)) {
    await writeChecked(disk, metadataPath(directory), copy);
    return { metadata: copy, mended: own?.message ?? `${metadataPath(directory)} was removed.` };
  }
  if (own !== undefined) throw own;
  return undefined;
}

/** The copy first: whatever becomes of `stream.json` later, its copy knows every change that was answered. */
export async function writeMetadata(disk: Disk, directory: string, metadata: StreamMetadata): Promise<void> {
  await writeChecked(disk, copyPath(directory), metadata);
  // Commit point, behind this. Before: the old metadata; the copy, perhaps ahead of it, is made alike at the next start. After: the new metadata.
  await writeChecked(disk, metadataPath(directory), metadata);
}

async function readChecked(disk: Disk, path: string): Promise<StreamMetadata | undefined> {
  const stored = await readJsonFile<StreamMetadata & { readonly checksum?: string }>(disk, path);
  if (stored === undefined) return undefined;
  const { checksum, ...metadata } = stored;
  // An earlier Penstock wrote none.
  if (checksum === undefined || checksum === checksumText(JSON.stringify(metadata))) return metadata;
  throw new PenstockError("damaged", `${path} is damaged: it does not match its checksum.`, {
    hint: "Restore the file from a copy; nothing else was touched.",
  });
}

function writeChecked(disk: Disk, path: string, metadata: StreamMetadata): Promise<void> {
  const checksum = checksumText(JSON.stringify(metadata));
  return writeFileAtomically(disk, path, `${JSON.stringify({ ...metadata, checksum }, null, 2)}\n`);
}

function asDamage(error: unknown): PenstockError {
  if (!isPenstockError(error, "damaged")) throw error;
  return error;
}

/** Equal shares of the hash keys, as CreateStream gives them; the last one takes the remainder. */
export function evenShards(count: number, firstNumber: number, createdAtMs: number): ShardMetadata[] {
  const share = (HASH_KEY_MAX + 1n) / BigInt(count);
  return Array.from({ length: count }, (_, i) => ({
    number: firstNumber + i,
    hashKeyStart: (share * BigInt(i)).toString(16),
    hashKeyEnd: (i === count - 1 ? HASH_KEY_MAX : share * BigInt(i + 1) - 1n).toString(16),
    createdAtMs,
  }));
}
