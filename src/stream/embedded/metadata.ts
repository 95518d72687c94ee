import { join } from "node:path";
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

export function readMetadata(disk: Disk, directory: string): Promise<StreamMetadata | undefined> {
  return readJsonFile<StreamMetadata>(disk, metadataPath(directory));
}

export function writeMetadata(disk: Disk, directory: string, metadata: StreamMetadata): Promise<void> {
  return writeFileAtomically(disk, metadataPath(directory), `${JSON.stringify(metadata, null, 2)}\n`);
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
