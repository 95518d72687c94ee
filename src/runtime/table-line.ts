/** One table's line: its delivery and its loader, joined. Lines go independently of each other. */
import { join } from "node:path";
import type { TableStatus } from "../api/control/contract.js";
import { newestLoadedFlush } from "../audit/audit.js";
import type { Clock } from "../core/clock.js";
import { isPenstockError, type PenstockError } from "../core/errors.js";
import { shardIdOf } from "../core/sequence-number.js";
import type { TableModel } from "../definition/model.js";
import type { VersionStore } from "../definition/version-store.js";
import { type Convert, type Delivery, openDelivery } from "../delivery/delivery.js";
import type { FlushResult, LakeObject } from "../delivery/flush.js";
import type { Disk } from "../disk/disk.js";
import type { ObjectStore } from "../lake/object-store.js";
import { type Loader, openLoader } from "../loader/loader.js";
import type { StreamStore } from "../stream/stream.js";
import type { StageLog } from "../warehouse/log.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { asideReason, deliveryAside } from "./aside-line.js";
import type { DataDirectory } from "./data-directory.js";

export interface TableLine {
  readonly table: TableModel;
  readonly delivery: Delivery;
  readonly loader: Loader;
  /** Its flush log is damaged: it was set aside, or what an earlier process delivered cannot all be found. */
  readonly broken: PenstockError | undefined;
  status(): TableStatus;
  /** Resolves when everything committed before the call is in the warehouse. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

export interface TableLineOptions {
  readonly table: TableModel;
  readonly version: number;
  readonly versions: VersionStore;
  readonly store: StreamStore;
  readonly lake: ObjectStore;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly random: () => number;
  readonly convert: Convert;
  readonly warehouse: Warehouse;
  readonly directories: DataDirectory;
  readonly log: StageLog;
  readonly onPoison: (error: PenstockError) => void;
}

export async function openTableLine(options: TableLineOptions): Promise<TableLine> {
  const { table, store, warehouse, clock, log } = options;
  const loader = await openLoader({
    table,
    warehouse,
    clock,
    random: options.random,
    log,
    delivered: (sinceFlush) => loadableOf(table, delivery.results(sinceFlush)),
  });
  let broken: PenstockError | undefined;
  const setAside = (error: unknown): Delivery => {
    if (!isPenstockError(error, "damaged")) throw error;
    broken = error;
    log.error(
      { table: table.name, err: error, hint: error.hint },
      "the table is set aside: its deliveries and loads stop, nothing of it is lost, and every other table goes on",
    );
    return deliveryAside(table, store, error);
  };
  const delivery = await openDelivery({
    loadedFlush: await newestLoadedFlush(warehouse, table.name),
    table,
    schemaVersion: options.version,
    tableAt: (version) => tableOf(options, version),
    store,
    lake: options.lake,
    disk: options.disk,
    clock,
    convert: options.convert,
    directory: join(options.directories.delivery, table.name),
    stagingDirectory: join(options.directories.staging, "delivery", table.name),
    onDelivered: (result) => {
      log.debug({ table: table.name, flush: result.flush, objects: result.objects.length }, "delivered a flush");
      loader.offer(loadable(table, result.objects));
    },
    onRetrying: (reason) =>
      log.warn({ table: table.name, reason }, "delivery failed and tries again; what was acked waits in the journal"),
    onRecovered: () => log.info({ table: table.name }, "delivery goes on"),
    onJournalBehind: ({ stream, shard, from, to }) =>
      log.error(
        { table: table.name, stream, shard: shardIdOf(shard), from, to },
        "the journal ends before what was delivered: a file of it was cut short or removed; new records go on behind",
      ),
    onStopped: (error) => {
      log.error({ table: table.name, err: error }, "delivery has stopped");
      if (error.code === "poisoned") options.onPoison(error);
    },
  }).catch(setAside);
  const releases = table.sources.map((stream) =>
    store.holdRetention(stream, (shard) => delivery.firstUndelivered(stream, shard)),
  );
  // What was delivered before this start and never loaded. It may be long, and nothing has to wait for it but the loads themselves.
  const swept = broken === undefined ? loader.sweep(loadableOf(table, delivery.results())) : Promise.resolve();
  swept.catch((error: unknown) => {
    log.error(
      { table: table.name, err: error },
      "the sweep of the lake failed: what an earlier process delivered and did not load may wait",
    );
    if (isPenstockError(error)) broken = error;
  });

  return {
    table,
    delivery,
    loader,
    get broken() {
      return broken;
    },
    status: () => withReason(statusOf(options, delivery, loader), broken),
    flush: async () => {
      await delivery.flushNow();
      await swept;
      await loader.idle();
    },
    stop: async () => {
      await delivery.stop();
      await swept.catch(() => undefined);
      await loader.stop();
      for (const release of releases) release();
    },
  };
}

function withReason(status: TableStatus, broken: PenstockError | undefined): TableStatus {
  if (broken === undefined) return status;
  const reason = asideReason(broken);
  const state = status.delivery.state === "stopped" ? "stopped" : status.loader.state;
  return { ...status, loader: { state, reason } };
}

/** Rows of an external table stay where they are; its dead letters are loaded as everyone's. */
function loadable({ load }: TableModel, objects: readonly LakeObject[]): readonly LakeObject[] {
  return load === "external" ? objects.filter(({ kind }) => kind !== "rows") : objects;
}

async function* loadableOf(
  table: TableModel,
  results: Iterable<FlushResult> | AsyncIterable<FlushResult>,
): AsyncIterable<FlushResult> {
  for await (const result of results) yield { ...result, objects: loadable(table, result.objects) };
}

/** The table under an earlier version; its `transform`, which no version stores, is the present one. */
function tableOf({ versions, table }: TableLineOptions, version: number): TableModel {
  const stored = versions.get(version).model.tables.find(({ name }) => name === table.name) ?? table;
  return table.transform === undefined ? stored : { ...stored, transform: table.transform };
}

function statusOf({ table, store }: TableLineOptions, delivery: Delivery, loader: Loader): TableStatus {
  const delivered = delivery.state();
  const loaded = loader.state();
  return {
    name: table.name,
    sources: table.sources,
    lagRecords: delivered.lagRecords,
    positions: table.sources.flatMap((stream) =>
      (store.find(stream)?.shards ?? []).flatMap(({ id, number }) => {
        const sequence = delivery.firstUndelivered(stream, number);
        return sequence === undefined ? [] : [{ stream, shardId: id, sequence }];
      }),
    ),
    bufferBytes: delivered.bufferBytes,
    bufferBytesMax: table.deliver.bufferBytes,
    bufferAgeMs: delivered.bufferAgeMs,
    bufferAgeMsMax: table.deliver.bufferMs,
    delivery: delivered.stage,
    rowsDelivered: delivered.totals.rows,
    deadLetters: delivered.totals.dead,
    rowsFiltered: delivered.totals.filtered,
    objects: delivered.objects,
    loader: loaded.loader,
    rowsLoaded: loaded.rowsLoaded,
    rowsDeduped: loaded.rowsDeduped,
    loadsPending: loaded.loadsPending,
    loads: loaded.loads,
    freshnessMs: loaded.freshnessMs,
    rowsPerSecond: loaded.rowsPerSecond,
  };
}
