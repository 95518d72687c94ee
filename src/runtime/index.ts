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
import { postgresServer } from "../api/postgres/server.js";
import { redshiftDataService } from "../api/redshift-data/service.js";
import { s3Service } from "../api/s3/service.js";
import type { Clock } from "../core/clock.js";
import { messageOf, PenstockError } from "../core/errors.js";
import { isLoopback } from "../core/loopback.js";
import { loadDefinition } from "../definition/load.js";
import type { PipelineModel } from "../definition/model.js";
import { refuseIncompatible } from "../definition/version-store.js";
import { convertRecords } from "../delivery/conversion.js";
import type { Buckets } from "../lake/buckets.js";
import { openReconvert, type Reconvert } from "../loader/reconvert.js";
import type { SqlEngine } from "../redshift/engine/open.js";
import { openBuckets } from "./buckets.js";
import type { RuntimeConfig } from "./config.js";
import { defineStreams } from "./define-streams.js";
import { engineMemoryFor } from "./engine-memory.js";
import { createInstance, type RuntimeInstance } from "./instance.js";
import { openPins } from "./pins.js";
import { openQueryEvidence } from "./query-evidence.js";
import { measureTools, openSql } from "./sql.js";
import type { StartedPipeline, StartPipeline } from "./started.js";
import { closeAll, openStores, type Stores } from "./stores.js";
import { openTableLine, type TableLine } from "./table-line.js";
import { dataDirectoryError } from "./unusable.js";
import { programVersion } from "./version.js";

type Log = Parameters<StartPipeline>[1]["log"];
type Closers = (() => Promise<void> | void)[];

/** What a way of loading that is AWS's is in this process. */
const LOAD_HERE = {
  "auto-copy": "a COPY JOB on AWS (at least once); here the embedded loader loads it, exactly once",
  streaming: "a view over the stream on AWS, without dead letters; here the embedded loader loads it, exactly once",
  external: "its rows stay in the lake, and are read there; nothing loads them",
} as const;

const RETENTION_EVERY_MS = 60_000;

export const startPipeline: StartPipeline = async (config, { log }) => {
  const closers: Closers = [];
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });

  try {
    const model = await loadDefinition(config.definitionPath);
    const threads = availableParallelism();
    const byDefault = engineMemoryFor(model, threads);
    const stores = await openStores({
      config,
      memory: {
        warehouse: config.warehouseMemoryBytesMax ?? byDefault,
        conversion: config.conversionMemoryBytesMax ?? byDefault,
      },
      threads,
      log,
      onPoison: fail,
      closers,
      check: (versions) => {
        const changes = versions.compare(model);
        refuseIncompatible(model, changes);
        for (const change of changes) log.info({ change }, "the definition has changed");
      },
    });
    const version = await rollOut(stores, model);
    const buckets = await openBuckets({ stores, model, log, closers });
    const sql = await openSql({
      stores,
      model,
      buckets,
      users: config.credentials.map(({ name }) => name),
      log,
      closers,
    });
    const evidence = await openQueryEvidence({
      log: sql.queryLog,
      disk: stores.disk,
      directory: config.dataDirectory,
      warn: (details, message) => log.warn(details, message),
    });
    closers.push(() => evidence.close());
    const lines: TableLine[] = [];
    for (const table of model.tables) {
      if (table.load !== undefined) log.info({ table: table.name, load: table.load }, LOAD_HERE[table.load]);
      const line = await openTableLine({
        ...stores,
        table,
        version,
        random: Math.random,
        convert: (options) => convertRecords({ ...options, engine: stores.engine, disk: stores.disk }),
        log,
        onPoison: fail,
      });
      lines.push(line);
      closers.push(() => line.stop());
    }

    const addresses = { aws: "", console: "", sql: "" };
    const instance = createInstance({
      ...stores,
      model,
      version: programVersion(),
      dataDirectory: config.dataDirectory,
      sql,
      reconvert: await openReconversion(stores, version),
      lines,
      pins: openPins(stores.disk, config.dataDirectory),
      advisor: { model, stores, sql, evidence, tools: measureTools(stores) },
      addresses: () => ({ ...addresses }),
    });
    closers.push(enforceRetention(stores, log));
    Object.assign(addresses, await openDoors({ config, stores, buckets, sql, instance, log, closers }));
    if (!isLoopback(config.host)) log.warn({ host: config.host }, PLAIN_TRAFFIC);

    const started: StartedPipeline = {
      instance,
      failed,
      close: async () => {
        // The door for records.
        await closers.pop()?.();
        let loaded = true;
        try {
          await untilHopeless(instance.flush(), lines, stores.clock);
        } catch (error) {
          loaded = false;
          log.error(
            { err: error },
            `not everything could be loaded (${messageOf(error)}); the next start goes on with it`,
          );
        }
        await closeAll(closers);
        return loaded;
      },
    };
    return started;
  } catch (error) {
    await closeAll(closers).catch((closing: unknown) =>
      log.debug({ err: closing }, "closing after a failed start failed too"),
    );
    throw dataDirectoryError(error, config.dataDirectory);
  }
};

/** How long a stop waits for a table whose delivery or loads fail all the while. */
const HOPELESS_AFTER_MS = 15_000;
const LOOK_EVERY_MS = 500;

/** What `draining` comes to; rejects where it makes no way for so long: a disk that is full may stay so, and nothing acked is lost by waiting for the next start. */
async function untilHopeless(draining: Promise<unknown>, lines: readonly TableLine[], clock: Clock): Promise<void> {
  const done = new AbortController();
  const watch = async (): Promise<never> => {
    let failingSinceMs: number | undefined;
    for (;;) {
      await clock.sleep(LOOK_EVERY_MS, done.signal);
      const failing = lines.flatMap((line) => {
        const { name, delivery, loader } = line.status();
        const stage = [delivery, loader].find(({ state }) => state === "retrying");
        return stage === undefined ? [] : [`${name}: ${stage.reason ?? "it is tried again"}`];
      });
      const nowMs = clock.monotonic();
      failingSinceMs = failing.length === 0 ? undefined : (failingSinceMs ?? nowMs);
      if (failingSinceMs !== undefined && nowMs - failingSinceMs >= HOPELESS_AFTER_MS) {
        throw new PenstockError("unavailable", failing.join("; "));
      }
    }
  };
  const watching = watch();
  watching.catch(() => undefined);
  draining.catch(() => undefined);
  try {
    await Promise.race([draining, watching]);
  } finally {
    done.abort();
  }
}

const PLAIN_TRAFFIC =
  "others can reach this address, and what they send crosses the network in plain text, the console's password too: put TLS before the doors, or use a tunnel (ssh -L)";

/** The warehouse, then the catalog of versions, then the streams and delivery, so that no object comes before its table. */
async function rollOut({ warehouse, versions, store, clock }: Stores, model: PipelineModel): Promise<number> {
  const before = versions.latest()?.model;
  // The rows of an external one stay in the lake: SQL shows them by a view (runtime/sql.ts).
  for (const table of model.tables) if (table.load !== "external") await warehouse.applyTable(table);
  const { version } = await versions.append(model, clock.now());
  await defineStreams(store, model, before);
  return version;
}

async function openReconversion(stores: Stores, version: number): Promise<Reconvert> {
  const { disk, directories, engine, lake, clock, store } = stores;
  const workDirectory = join(directories.staging, "reconvert");
  await disk.removeAll(workDirectory);
  return openReconvert({
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
}

function enforceRetention({ store }: Stores, log: Log): () => void {
  const timer = setInterval(() => {
    store.enforceRetention().catch((error: unknown) => log.error({ err: error }, "retention could not be enforced"));
  }, RETENTION_EVERY_MS);
  return () => clearInterval(timer);
}

/** Who an address of the SQL door should name; anybody may come in where there are no credentials. */
function sqlUser([first]: RuntimeConfig["credentials"]): string {
  return encodeURIComponent(first?.name ?? "penstock");
}

interface DoorOptions {
  readonly config: RuntimeConfig;
  readonly stores: Stores;
  readonly buckets: Buckets;
  readonly sql: SqlEngine;
  readonly instance: RuntimeInstance;
  readonly log: Log;
  readonly closers: Closers;
}

/** Answers the addresses. The door for records is opened last and closed first: whatever it acknowledges, everything behind it is there. */
async function openDoors({ config, stores, buckets, sql, instance, log, closers }: DoorOptions) {
  const { host, credentials, allowedHosts, accountId, region, throughputLimits } = config;
  const { store, clock, disk, directories } = stores;
  const doorLog = { error: (message: string, error: unknown) => log.error({ err: error }, message) };
  const service = { store, clock, accountId, region, throughputLimits };
  const kinesis = kinesisService({ ...service, log: doorLog });
  closers.push(() => kinesis.close());
  const control = await controlServer({ instance, host, port: config.consolePort, credentials, allowedHosts, log });
  closers.push(() => control.close());
  const postgres = await postgresServer({
    database: sql,
    clock,
    host,
    port: config.sqlPort,
    credentials,
    method: config.sqlAuth,
    ...(config.sqlCertificate === undefined ? {} : { certificate: config.sqlCertificate }),
    log: doorLog.error,
  });
  closers.push(() => postgres.close());
  const redshiftData = await redshiftDataService({
    database: sql,
    disk,
    clock,
    directory: join(directories.staging, "redshift-data"),
    throughputLimits,
  });
  closers.push(() => redshiftData.close());
  const aws = await awsListener({
    services: [kinesis, firehoseService(service), redshiftData],
    httpService: s3Service({ buckets, clock, region, accountId, credentials, readsLake: sql.readsLake, log: doorLog }),
    clock,
    host,
    port: config.awsPort,
    credentials,
    allowedHosts,
    log: doorLog,
    observe: instance.observe,
  });
  closers.push(() => aws.close());
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    console: control.url,
    aws: `http://${name}:${aws.port}`,
    sql: `postgres://${sqlUser(credentials)}@${name}:${postgres.port}/${sql.name}`,
  };
}
