/**
 * Starts a pipeline, whole, in this process: opens everything in the data's way, from the journal to the doors, and closes it the other
 * way round. What fails on the way closes what was opened before it.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { awsListener } from "../api/aws/aws-listener.js";
import { controlServer } from "../api/control/server.js";
import { firehoseService } from "../api/firehose/service.js";
import { kinesisService } from "../api/kinesis/service.js";
import { systemClock } from "../core/clock.js";
import { messageOf } from "../core/errors.js";
import { loadDefinition } from "../definition/load.js";
import { openVersionStore, refuseIncompatible } from "../definition/version-store.js";
import { convertRecords } from "../delivery/conversion.js";
import { openConversionEngine } from "../delivery/engine.js";
import { nodeDisk } from "../disk/node-disk.js";
import { openFsObjectStore } from "../lake/fs.js";
import { openReconvert } from "../loader/reconvert.js";
import { openStreamStore } from "../stream/embedded/store.js";
import { openDuckDbWarehouse } from "../warehouse/duckdb/open.js";
import { boundedGate } from "../warehouse/gate.js";
import { openDataDirectory } from "./data-directory.js";
import { defineStreams } from "./define-streams.js";
import { createInstance, type RuntimeInstance } from "./instance.js";
import type { StartedPipeline, StartPipeline } from "./started.js";
import { openTableLine, type TableLine } from "./table-line.js";
import { programVersion } from "./version.js";

/** Calls into each engine at once. Together they leave most of libuv's threads to the journal: see docs/decisions/003-threads.md. */
const CONVERSION_CALLS = 2;
const WAREHOUSE_CALLS = 3;
const RETENTION_EVERY_MS = 60_000;

export const startPipeline: StartPipeline = async (config, { log }) => {
  const disk = nodeDisk();
  const clock = systemClock;
  const threads = availableParallelism();
  const closers: (() => Promise<void> | void)[] = [];
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });

  try {
    const model = await loadDefinition(config.definitionPath);
    const directories = await openDataDirectory(disk, config.dataDirectory, clock.now());
    closers.push(directories.release);
    const versions = await openVersionStore(disk, directories.definition);
    const before = versions.latest()?.model;
    const changes = versions.compare(model);
    refuseIncompatible(model, changes);
    for (const change of changes) log.info({ change }, "the definition has changed");

    const store = await openStreamStore({
      disk,
      clock,
      directory: directories.streams,
      onPoison: fail,
      onRecovery: (stream, { cutBytes, damage }) => {
        if (cutBytes > 0)
          log.warn({ stream, cutBytes }, "cut a torn tail off the journal; none of it was acknowledged");
        for (const stretch of damage)
          log.error({ stream, ...stretch }, "the journal is damaged; its records cannot be read");
      },
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
      memoryBytes: config.warehouseMemoryBytesMax,
      threads,
      tempDirectory: join(directories.staging, "warehouse"),
      spillBytesMax: config.spillBytesMax,
      clock,
      log,
      gate: boundedGate(WAREHOUSE_CALLS),
    });
    closers.push(() => warehouse.close());
    const engine = await openConversionEngine({
      memoryBytesMax: config.conversionMemoryBytesMax,
      threads,
      temporaryDirectory: join(directories.staging, "conversion"),
      temporaryBytesMax: config.spillBytesMax,
      gate: boundedGate(CONVERSION_CALLS),
    });
    closers.push(() => engine.close());

    // The roll-out of a change: the warehouse, then the catalog of versions, then delivery, so that no object comes before its table.
    for (const table of model.tables) await warehouse.applyTable(table);
    const { version } = await versions.append(model, clock.now());
    await defineStreams(store, model, before);

    const lines: TableLine[] = [];
    for (const table of model.tables) {
      const line = await openTableLine({
        table,
        version,
        versions,
        store,
        lake,
        disk,
        clock,
        random: Math.random,
        convert: (options) => convertRecords({ ...options, engine, disk }),
        warehouse,
        directories,
        log,
        onPoison: fail,
      });
      lines.push(line);
      closers.push(() => line.stop());
    }

    const workDirectory = join(directories.staging, "reconvert");
    await disk.removeAll(workDirectory);
    const reconvert = openReconvert({
      convertRecords,
      engine,
      disk,
      lake,
      clock,
      workDirectory,
      schemaVersion: () => version,
      shardCreatedAtMs: (stream, shard) =>
        store.find(stream)?.shards.find(({ number }) => number === shard)?.createdAtMs ?? 0,
    });
    const addresses = { aws: "", console: "" };
    const instance: RuntimeInstance = createInstance({
      model,
      version: programVersion(),
      dataDirectory: config.dataDirectory,
      store,
      lake,
      engine,
      warehouse,
      reconvert,
      lines,
      clock,
      addresses: () => ({ ...addresses }),
    });

    const retention = setInterval(() => {
      store.enforceRetention().catch((error: unknown) => log.error({ err: error }, "retention could not be enforced"));
    }, RETENTION_EVERY_MS);
    closers.push(() => clearInterval(retention));

    const { host, credentials, allowedHosts } = config;
    const doorLog = { error: (message: string, error: unknown) => log.error({ err: error }, message) };
    const service = {
      store,
      clock,
      accountId: config.accountId,
      region: config.region,
      throughputLimits: config.throughputLimits,
    };
    const kinesis = kinesisService({ ...service, log: doorLog });
    closers.push(() => kinesis.close());
    const control = await controlServer({ instance, host, port: config.consolePort, credentials, allowedHosts, log });
    closers.push(() => control.close());
    // The door for records is opened last and closed first: whatever it acknowledges, everything behind it is there.
    const aws = await awsListener({
      services: [kinesis, firehoseService(service)],
      clock,
      host,
      port: config.awsPort,
      credentials,
      allowedHosts,
      log: doorLog,
      observe: instance.observe,
    });
    closers.push(() => aws.close());
    addresses.console = control.url;
    addresses.aws = `http://${host.includes(":") ? `[${host}]` : host}:${aws.port}`;

    const started: StartedPipeline = {
      instance,
      failed,
      close: async () => {
        await closers.pop()?.();
        try {
          await instance.flush();
        } catch (error) {
          log.error(
            { err: error },
            `not everything could be loaded (${messageOf(error)}); the next start goes on with it`,
          );
        }
        await closeAll();
      },
    };
    return started;
  } catch (error) {
    await closeAll().catch((closing: unknown) =>
      log.debug({ err: closing }, "closing after a failed start failed too"),
    );
    throw error;
  }
};
