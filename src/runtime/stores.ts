/** Everything in the data directory that is open while a pipeline runs or is audited: journals, lake, warehouse, engine, versions. */
import { join } from "node:path";
import type { Logger } from "pino";
import { type Clock, systemClock } from "../core/clock.js";
import type { PenstockError } from "../core/errors.js";
import { boundedGate } from "../core/gate.js";
import { shardIdOf } from "../core/sequence-number.js";
import { openVersionStore, type VersionStore } from "../definition/version-store.js";
import { type ConversionEngine, openConversionEngine } from "../delivery/engine.js";
import type { Disk } from "../disk/disk.js";
import { nodeDisk } from "../disk/node-disk.js";
import { openFsObjectStore } from "../lake/fs.js";
import type { ObjectStore } from "../lake/object-store.js";
import { openStreamStore } from "../stream/embedded/store.js";
import type { StreamStore } from "../stream/stream.js";
import { type DuckDbWarehouse, openDuckDbWarehouse } from "../warehouse/duckdb/open.js";
import type { RuntimeConfig } from "./config.js";
import { type DataDirectory, openDataDirectory } from "./data-directory.js";

/** Calls into each engine at once. Together they leave most of libuv's threads to the journal: see docs/decisions/003-threads.md. */
const CONVERSION_CALLS = 2;
const WAREHOUSE_CALLS = 3;

export interface Stores {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly directories: DataDirectory;
  readonly versions: VersionStore;
  readonly store: StreamStore;
  readonly lake: ObjectStore;
  readonly warehouse: DuckDbWarehouse;
  readonly engine: ConversionEngine;
}

export interface StoresOptions {
  readonly config: Pick<RuntimeConfig, "dataDirectory" | "spillBytesMax">;
  /** Bytes that each engine may hold in memory. */
  readonly memory: { readonly warehouse: number; readonly conversion: number };
  /** DuckDB's, for each engine. */
  readonly threads: number;
  readonly log: Logger;
  readonly onPoison: (error: PenstockError) => void;
  /** With the directory locked, and nothing else opened: throws to refuse it. */
  readonly check?: (versions: VersionStore) => void;
  /** Told how to close each as soon as it is open; to be called the other way round. */
  readonly closers: (() => Promise<void> | void)[];
}

export async function openStores({
  config,
  memory,
  threads,
  log,
  onPoison,
  check,
  closers,
}: StoresOptions): Promise<Stores> {
  const disk = nodeDisk();
  const clock = systemClock;
  const directories = await openDataDirectory(disk, config.dataDirectory, clock.now());
  closers.push(directories.release);
  const versions = await openVersionStore(disk, directories.definition);
  check?.(versions);

  const store = await openStreamStore({
    disk,
    clock,
    directory: directories.streams,
    onPoison,
    onRecovery: (stream, { cutBytes, damage }) => {
      if (cutBytes > 0) log.warn({ stream, cutBytes }, "cut a torn tail off the journal; none of it was acknowledged");
      for (const stretch of damage)
        log.error({ stream, ...stretch }, "the journal is damaged; its records cannot be read");
    },
    onMended: (stream, reason) => log.error({ stream, reason }, "stream.json was made again from its copy"),
    onUnreadable: (stream, { shard, from, to }, path) =>
      log.error(
        { stream, shard: shardIdOf(shard), from, to, path },
        "acked records cannot be read: the journal is damaged. Consumers are led past them; the audit counts those that no table has had as lost",
      ),
  });
  closers.push(() => store.close());

  const lake = await openFsObjectStore({
    disk,
    directory: directories.lake,
    stagingDirectory: join(directories.staging, "lake"),
  });
  const warehouse = await openDuckDbWarehouse({
    path: directories.warehouse,
    lake,
    folders: [directories.buckets, join(directories.staging, "unload")],
    memoryBytes: memory.warehouse,
    threads,
    tempDirectory: join(directories.staging, "warehouse"),
    spillBytesMax: config.spillBytesMax,
    clock,
    log,
    gate: boundedGate(WAREHOUSE_CALLS),
  });
  closers.push(() => warehouse.close());
  const engine = await openConversionEngine({
    memoryBytesMax: memory.conversion,
    threads,
    temporaryDirectory: join(directories.staging, "conversion"),
    temporaryBytesMax: config.spillBytesMax,
    gate: boundedGate(CONVERSION_CALLS),
  });
  closers.push(() => engine.close());
  return { disk, clock, directories, versions, store, lake, warehouse, engine };
}

/** Closes all of them, the last one first, whatever becomes of any; then throws the first thing that went wrong. */
export async function closeAll(closers: (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers.splice(0).reverse()) {
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** The conversion engine as the audit uses it: one statement, all of its rows. */
export function sqlOn(engine: ConversionEngine): (statement: string) => Promise<readonly (readonly unknown[])[]> {
  return async (statement) => {
    const rows: (readonly unknown[])[] = [];
    await engine.session((session) => session.read(statement, (chunk) => rows.push(...chunk)));
    return rows;
  };
}
