import { join } from "node:path";
import type { Clock } from "../core/clock.js";
import type { TableModel } from "../definition/model.js";
import type { ConversionOptions, ConversionResult, SourceBlock } from "../delivery/conversion.js";
import type { DeadLetterRow } from "../delivery/dead-letter-file.js";
import type { ConversionEngine } from "../delivery/engine.js";
import type { LakeObject } from "../delivery/flush.js";
import type { Disk } from "../disk/disk.js";
import type { ObjectStore } from "../lake/object-store.js";

/** Records decoded again by the definition as it stands now: for redrives and for replays of a stream. */
export interface Reconversion {
  readonly records: number;
  readonly rows: number;
  readonly filtered: number;
  readonly dead: number;
  /** The rows that failed, one after another, as their dead letters say it. */
  failures(): Promise<readonly DeadLetterRow[]>;
  /** Puts the rows' files into the lake, under keys that begin with `prefix`. Once. */
  adopt(prefix: string): Promise<readonly LakeObject[]>;
  /** Removes what was not adopted. */
  dispose(): Promise<void>;
}

export type Reconvert = (table: TableModel, source: () => AsyncIterable<SourceBlock>) => Promise<Reconversion>;

export interface ReconvertOptions {
  /** Delivery's own conversion, so that what is decoded again is decoded as it would be delivered. */
  readonly convertRecords: (options: ConversionOptions) => Promise<ConversionResult>;
  readonly engine: ConversionEngine;
  readonly disk: Disk;
  readonly lake: ObjectStore;
  readonly clock: Clock;
  /** On the lake's own file system. What a crash left in it may be removed at any start. */
  readonly workDirectory: string;
  readonly schemaVersion: (table: string) => number;
  readonly shardCreatedAtMs: (stream: string, shard: number) => number;
}

export function openReconvert(options: ReconvertOptions): Reconvert {
  const { disk, lake } = options;
  let made = 0;
  return async (table, source) => {
    const directory = join(options.workDirectory, `${table.name}-${++made}`);
    await disk.removeAll(directory);
    await disk.makeDirectory(directory);
    const schemaVersion = options.schemaVersion(table.name);
    const dispose = () => disk.removeAll(directory);
    let result: ConversionResult;
    try {
      result = await options.convertRecords({
        engine: options.engine,
        disk,
        table,
        flush: 0,
        schemaVersion,
        atMs: options.clock.now(),
        shardCreatedAtMs: options.shardCreatedAtMs,
        source,
        directory,
      });
    } catch (error) {
      await dispose();
      throw error;
    }
    return {
      records: result.records,
      rows: result.rows,
      filtered: result.filtered,
      dead: result.dead,
      failures: async () => {
        if (result.deadFile === undefined) return [];
        const content = (await disk.readFile(result.deadFile)).toString("utf8");
        return content
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line) as DeadLetterRow);
      },
      adopt: async (prefix) => {
        const objects: LakeObject[] = [];
        for (const [index, file] of result.rowsFiles.entries()) {
          // The engine writes without syncing, and the lake takes what is finished.
          const written = await disk.open(file.path, "append");
          await written.sync().finally(() => written.close());
          const name = file.path.slice(file.path.lastIndexOf("/") + 1);
          const { key, sizeBytes } = await lake.adopt(file.path, `${prefix}-${index}${name.slice(name.indexOf("."))}`);
          objects.push({ key, kind: "rows", table: table.name, flush: 0, schemaVersion, rows: file.rows, sizeBytes });
        }
        return objects;
      },
      dispose,
    };
  };
}
