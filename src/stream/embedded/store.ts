import { join } from "node:path";
import type { Clock } from "../../core/clock.js";
import { PenstockError } from "../../core/errors.js";
import { MIB } from "../../core/limits.js";
import type { Disk } from "../../disk/disk.js";
import { makeDurableDirectory } from "../../disk/durable-directory.js";
import type { ShardRange, Stream, StreamSpec, StreamStore } from "../stream.js";
import { EmbeddedStream } from "./embedded-stream.js";
import { Journal } from "./journal.js";
import { evenShards, readMetadata, type StreamMetadata, writeMetadata } from "./metadata.js";
import { type Damage, listSegments } from "./segment.js";

export interface EmbeddedStoreOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** One folder below it a stream. */
  readonly directory: string;
  /** When a journal file is complete and the next one begun; 128 MiB unless told. */
  readonly segmentBytes?: number;
  /** A sync failed: nothing more is taken, and the process should say so and stop. */
  readonly onPoison?: (error: PenstockError) => void;
  /** What recovery found, a call for each stream that had something. */
  readonly onRecovery?: (
    stream: string,
    found: { readonly damage: readonly Damage[]; readonly cutBytes: number },
  ) => void;
  /** `stream.json` was damaged or gone, and was made again from its copy. */
  readonly onMended?: (stream: string, reason: string) => void;
  /** A reader found records damaged; once for each stretch. */
  readonly onUnreadable?: (stream: string, missing: ShardRange, path: string) => void;
}

/** A stream's name may be "..": its folder's may not. */
const FOLDER = ".stream";
const DELETED = ".deleted";

/**
 * The service dates a new stream's shards some seconds before the stream, so that the first record's number is above the shard's own
 * even where clocks differ a little (observed on the service; recorded cases rely on it).
 */
const FIRST_SHARDS_OLDER_MS = 2_000;

const SEGMENT_BYTES_DEFAULT = 128 * MIB;

/** Opens every stream of a data directory, recovering each from whatever the last process left. */
export async function openStreamStore(options: EmbeddedStoreOptions): Promise<StreamStore> {
  const { disk, clock, directory } = options;
  await makeDurableDirectory(disk, directory);
  const streams = new Map<string, EmbeddedStream>();
  const listeners = new Set<(stream: Stream) => void>();
  const holds = new Set<{ stream: string; lowest: (shard: number) => number | undefined }>();

  async function openStream(metadata: StreamMetadata, folder: string): Promise<EmbeddedStream> {
    const journal = await Journal.open({
      disk,
      clock,
      directory: folder,
      segmentBytes: options.segmentBytes ?? SEGMENT_BYTES_DEFAULT,
      onCommit: () => {
        for (const listener of listeners) listener(stream);
      },
      onPoison: (error) => options.onPoison?.(error),
    });
    if (journal.recovery.cutBytes > 0 || journal.recovery.damage.length > 0) {
      options.onRecovery?.(metadata.name, journal.recovery);
    }
    const stream: EmbeddedStream = new EmbeddedStream(disk, clock, folder, journal, metadata, (missing, path) =>
      options.onUnreadable?.(metadata.name, missing, path),
    );
    return stream;
  }

  for (const name of await disk.list(directory)) {
    const folder = join(directory, name);
    if (name.endsWith(DELETED)) {
      await disk.removeAll(folder);
      continue;
    }
    if (!name.endsWith(FOLDER)) continue;
    const begun = (await disk.stat(join(folder, "stream.json"))) !== undefined;
    if (!begun && (await listSegments(disk, folder)).length === 0) {
      // A crash while the stream was being made.
      await disk.removeAll(folder);
      continue;
    }
    const found = await readMetadata(disk, folder);
    if (found === undefined) {
      throw new PenstockError("damaged", `${folder} has a journal but no stream.json.`, {
        hint: "Restore stream.json from a copy; the journal's records are untouched.",
      });
    }
    const { metadata, mended } = found;
    if (mended !== undefined) options.onMended?.(metadata.name, mended);
    streams.set(metadata.name, await openStream(metadata, folder));
  }

  const required = (name: string): EmbeddedStream => {
    const stream = streams.get(name);
    if (stream === undefined) throw new PenstockError("not-found", `There is no stream ${name}.`);
    return stream;
  };

  return {
    streams: () => [...streams.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    find: (name) => streams.get(name),
    create: async (spec: StreamSpec) => {
      if (streams.has(spec.name)) throw new PenstockError("already-exists", `There is a stream ${spec.name} already.`);
      const createdAtMs = clock.now();
      const metadata: StreamMetadata = {
        format: 1,
        name: spec.name,
        kind: spec.kind,
        createdAtMs,
        attributes: spec.attributes,
        shards: evenShards(spec.shards, 0, createdAtMs - FIRST_SHARDS_OLDER_MS),
        nextShard: spec.shards,
        trimmed: [],
      };
      const folder = join(directory, `${spec.name}${FOLDER}`);
      await disk.makeDirectory(folder);
      await writeMetadata(disk, folder, metadata);
      // Commit point. Before: a folder without metadata, removed at the next start. After: the stream is there.
      await disk.syncDirectory(directory);
      const stream = await openStream(metadata, folder);
      streams.set(spec.name, stream);
      return stream;
    },
    delete: async (name) => {
      const stream = required(name);
      streams.delete(name);
      await stream.close();
      const grave = stream.directory.slice(0, -FOLDER.length) + DELETED;
      await disk.removeAll(grave);
      await disk.rename(stream.directory, grave);
      await disk.syncDirectory(directory);
      // Commit point. Before: the stream is there, whole. After: what is left of it is removed, now or at the next start.
      await disk.removeAll(grave);
    },
    onCommit: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    holdRetention: (stream, lowest) => {
      const hold = { stream, lowest };
      holds.add(hold);
      return () => holds.delete(hold);
    },
    enforceRetention: async () => {
      for (const stream of [...streams.values()]) {
        const held = [...holds].filter((hold) => hold.stream === stream.name);
        await stream.enforceRetention((shard) =>
          held.reduce(
            (lowest, hold) => Math.min(lowest, hold.lowest(shard) ?? Number.MAX_SAFE_INTEGER),
            Number.MAX_SAFE_INTEGER,
          ),
        );
      }
    },
    close: async () => {
      for (const stream of streams.values()) await stream.close();
    },
  };
}
