/**
 * The work on one flush, from its ranges to finished, synced files in staging.
 *
 *     begin   the records are read from the journal into scratch files (those that DuckDB cannot take are decoded)
 *     finish  the flush has been decided: the scratch files become objects
 *
 * Work may be begun on a draft of a decision, before the flush that comes first is done, so that reading overlaps with DuckDB's work. A draft
 * is nobody's but the process's: it is carried out only once the flush log has it, word for word, as a decision; a crash before that leaves
 * scratch files, which the flush of that number removes before it begins. So the log has one open flush at most, and recovery one thing to do.
 */
import { join } from "node:path";
import { PenstockError } from "../core/errors.js";
import type { TableModel } from "../definition/model.js";
import type { Disk } from "../disk/disk.js";
import type { StreamStore } from "../stream/stream.js";
import type { ConversionOptions, ConversionResult, SourceBlock } from "./conversion.js";
import type { FlushDecision, LakeObject, SequenceRange } from "./flush.js";
import type { WrittenObject } from "./flush-lines.js";
import { objectKey } from "./keys.js";
import { syncFile } from "./spool.js";

export type Convert = (options: Omit<ConversionOptions, "engine" | "disk">) => Promise<ConversionResult>;

export interface FlushWorkOptions {
  readonly store: StreamStore;
  readonly disk: Disk;
  readonly convert: Convert;
  /** The table as the version of the definition has it that the decision names. */
  readonly table: TableModel;
  /** A folder for each flush below it. */
  readonly stagingDirectory: string;
}

export interface FlushWork {
  readonly decision: FlushDecision;
  /** Resolves when the journal has been read for it; never, where that fails. */
  readonly read: Promise<void>;
  /** To be called when the decision is durable. */
  finish(): Promise<WrittenObject[]>;
  /** Stops the work and removes its files; for a draft that is not to become a decision. */
  abandon(): Promise<void>;
}

export const stagingOf = (stagingDirectory: string, decision: FlushDecision) =>
  join(stagingDirectory, String(decision.flush));

export function beginFlush(options: FlushWorkOptions, decision: FlushDecision): FlushWork {
  const { store, disk, table, stagingDirectory } = options;
  const staging = stagingOf(stagingDirectory, decision);
  const abandoned = new AbortController();
  let decided: () => void = () => {};
  const whenDecided = new Promise<void>((resolve, reject) => {
    decided = resolve;
    abandoned.signal.addEventListener("abort", () => reject(abandoned.signal.reason));
  });

  let allRead: () => void = () => {};
  const read = new Promise<void>((resolve) => {
    allRead = resolve;
  });

  async function* source(): AsyncIterable<SourceBlock> {
    for await (const block of blocksOf(store, decision.ranges)) {
      abandoned.signal.throwIfAborted();
      yield block;
    }
    allRead();
  }

  async function convert(): Promise<ConversionResult> {
    await disk.removeAll(staging);
    await disk.makeDirectory(staging);
    return options.convert({
      table,
      flush: decision.flush,
      schemaVersion: decision.schemaVersion,
      atMs: decision.decidedAtMs,
      shardCreatedAtMs: (stream, shard) =>
        store.find(stream)?.shards.find(({ number }) => number === shard)?.createdAtMs ?? 0,
      source,
      directory: staging,
      decided: whenDecided,
    });
  }

  const converting = convert();
  // Each is waited for by `finish` or `abandon`, which may come later than its failure.
  converting.catch(() => undefined);
  whenDecided.catch(() => undefined);

  return {
    decision,
    read,
    finish: async () => {
      decided();
      return syncObjects(options, decision, staging, await converting);
    },
    abandon: async () => {
      abandoned.abort(new PenstockError("unavailable", `Flush ${decision.flush} of "${table.name}" was given up.`));
      await converting.catch(() => undefined);
      await disk.removeAll(staging);
    },
  };
}

/** Makes the files durable, and names the objects that they are to be. */
async function syncObjects(
  { disk, table, stagingDirectory }: FlushWorkOptions,
  decision: FlushDecision,
  staging: string,
  converted: ConversionResult,
): Promise<WrittenObject[]> {
  const files: { kind: LakeObject["kind"]; path: string; rows: number; key: string }[] = converted.rowsFiles.map(
    ({ partition, path, rows }) => ({ kind: "rows", path, rows, key: objectKey(table, decision, "rows", partition) }),
  );
  if (converted.deadFile !== undefined) {
    const key = objectKey(table, decision, "dead");
    files.push({ kind: "dead", path: converted.deadFile, rows: converted.dead, key });
  }
  if (converted.filteredFile !== undefined) {
    const key = objectKey(table, decision, "filtered");
    files.push({ kind: "filtered", path: converted.filteredFile, rows: converted.filtered, key });
  }
  const written: WrittenObject[] = [];
  for (const { kind, path, rows, key } of files) {
    await syncFile(disk, path);
    const { flush, schemaVersion } = decision;
    const sizeBytes = (await disk.stat(path))?.sizeBytes ?? 0;
    written.push({
      object: { key, kind, table: table.name, flush, schemaVersion, rows, sizeBytes },
      staged: path.slice(staging.length + 1),
    });
  }
  await syncFolders(disk, stagingDirectory, staging, written);
  return written;
}

/** The staged files' names are durable before the log says that they are there. */
async function syncFolders(
  disk: Disk,
  root: string,
  staging: string,
  written: readonly WrittenObject[],
): Promise<void> {
  const folders = new Set([root, staging]);
  for (const { staged } of written) {
    const parts = staged.split("/").slice(0, -1);
    for (let depth = 1; depth <= parts.length; depth++) folders.add(join(staging, ...parts.slice(0, depth)));
  }
  for (const folder of folders) await disk.syncDirectory(folder);
}

/** The records of the ranges, a stream at a time, each in one pass over its journal. */
async function* blocksOf(store: StreamStore, ranges: readonly SequenceRange[]): AsyncIterable<SourceBlock> {
  for (const name of new Set(ranges.map(({ stream }) => stream))) {
    const stream = store.find(name);
    if (stream === undefined) continue;
    for await (const block of stream.blocks(ranges.filter((range) => range.stream === name))) {
      yield { stream: name, block };
    }
  }
}
