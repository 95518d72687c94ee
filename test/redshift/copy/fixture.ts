import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { systemClock } from "../../../src/core/clock.js";
import { boundedGate } from "../../../src/core/gate.js";
import { MIB } from "../../../src/core/limits.js";
import { nodeDisk } from "../../../src/disk/node-disk.js";
import type { Bucket } from "../../../src/lake/buckets.js";
import { openFsObjectStore } from "../../../src/lake/fs.js";
import { openFsBuckets } from "../../../src/lake/fs-buckets.js";
import type { ObjectStore } from "../../../src/lake/object-store.js";
import { loadHandlers } from "../../../src/redshift/copy/handlers.js";
import type { LoadLog, LoadRecord, UnloadRecord } from "../../../src/redshift/copy/load-log.js";
import type { LoadServices } from "../../../src/redshift/copy/services.js";
import { openSqlDatabase, type SqlEngine, type SqlEngineOptions } from "../../../src/redshift/engine/open.js";
import { type DuckDbWarehouse, openDuckDbWarehouse } from "../../../src/warehouse/duckdb/open.js";
import { silentLog } from "../../../src/warehouse/log.js";
import { type TestSession, testSession } from "../support/database.js";

export interface LoadWorld extends TestSession {
  readonly engine: SqlEngine;
  readonly warehouse: DuckDbWarehouse;
  readonly services: LoadServices;
  readonly lake: ObjectStore;
  readonly bucket: Bucket;
  readonly directory: string;
  readonly loads: readonly LoadRecord[];
  readonly unloads: readonly UnloadRecord[];
  put(key: string, body: string | Uint8Array): Promise<void>;
  text(key: string): Promise<string>;
  /** DuckDB's own SQL, for making Parquet and looking at it; `FILE` stands for a file in the staging folder. */
  duck(sql: string): Promise<readonly (readonly unknown[])[]>;
  /** The same with values as JavaScript has them. */
  duckValues(sql: string): Promise<readonly (readonly unknown[])[]>;
  /** Puts the rows of DuckDB's query into the bucket as Parquet. */
  parquet(key: string, query: string): Promise<void>;
  another(): Promise<TestSession>;
}

/** A SQL database over a real warehouse, with buckets in a folder of its own; the bucket `data` is there. */
export async function openLoadWorld(
  more: (services: LoadServices, warehouse: DuckDbWarehouse) => Partial<SqlEngineOptions> = () => ({}),
): Promise<LoadWorld> {
  const directory = await mkdtemp(join(tmpdir(), "penstock-load-"));
  const staging = join(directory, "staging");
  for (const folder of ["spill", "buckets", "lake", "staging"])
    await mkdir(join(directory, folder), { recursive: true });
  const disk = nodeDisk();
  const lake = await openFsObjectStore({
    disk,
    directory: join(directory, "lake"),
    stagingDirectory: join(staging, "lake"),
  });
  const buckets = await openFsBuckets({
    disk,
    directory: join(directory, "buckets"),
    stagingDirectory: join(staging, "buckets"),
    lake: { name: "p-lake", store: lake, owned: [{ prefix: "tables/", of: "tables" }] },
    now: () => systemClock.now(),
    onError: (error) => {
      throw error;
    },
  });
  const bucket = await buckets.create("data");
  const stagingDirectory = join(staging, "unload");
  const warehouse = await openDuckDbWarehouse({
    path: join(directory, "warehouse.duckdb"),
    lake,
    folders: [join(directory, "buckets"), stagingDirectory],
    memoryBytes: 512 * MIB,
    threads: 2,
    tempDirectory: join(directory, "spill"),
    clock: systemClock,
    log: silentLog,
    gate: boundedGate(3),
  });
  const loads: LoadRecord[] = [];
  const unloads: UnloadRecord[] = [];
  const log: LoadLog = {
    load: async (record) => {
      loads.push(record);
    },
    unload: async (record) => {
      unloads.push(record);
    },
  };
  const services: LoadServices = { buckets, clock: systemClock, log, stagingDirectory };
  const { handlers, ...others } = more(services, warehouse);
  const engine = await openSqlDatabase({
    ...warehouse.engine,
    handlers: { ...loadHandlers(services), ...handlers },
    ...others,
  });
  onTestFinished(async () => {
    await engine.close();
    await warehouse.close();
    await buckets.close();
    await rm(directory, { recursive: true, force: true });
  });
  const another = async () => testSession(await engine.connect({ user: "penstock", database: "penstock" }));
  let files = 0;
  const duck: LoadWorld["duck"] = async (sql) => {
    const connection = await warehouse.engine.instance.connect();
    try {
      return (await connection.runAndReadAll(sql)).getRowsJson();
    } finally {
      connection.closeSync();
    }
  };
  const duckValues: LoadWorld["duckValues"] = async (sql) => {
    const connection = await warehouse.engine.instance.connect();
    try {
      return (await connection.runAndReadAll(sql)).getRowsJS();
    } finally {
      connection.closeSync();
    }
  };
  const textOf = async (key: string) => {
    const chunks: Buffer[] = [];
    for await (const chunk of await bucket.get(key)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };
  return {
    ...(await another()),
    engine,
    warehouse,
    services,
    lake,
    bucket,
    directory,
    loads,
    unloads,
    another,
    duck,
    duckValues,
    put: async (key, body) => {
      await bucket.put(key, typeof body === "string" ? Buffer.from(body) : body);
    },
    text: textOf,
    async parquet(key, query) {
      await mkdir(stagingDirectory, { recursive: true });
      const path = join(stagingDirectory, `made-${++files}.parquet`);
      await duck(`COPY (${query}) TO '${path}' (FORMAT parquet)`);
      await bucket.adopt(path, key);
    },
  };
}
