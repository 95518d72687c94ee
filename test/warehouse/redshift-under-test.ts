/** The Redshift driver against Penstock's own Data API and S3, over HTTP by the AWS SDK: a real database, real buckets, a real listener. */
import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { S3Client } from "@aws-sdk/client-s3";
import { awsListener } from "../../src/api/aws/aws-listener.js";
import { redshiftDataService } from "../../src/api/redshift-data/service.js";
import { s3Service } from "../../src/api/s3/service.js";
import { systemClock } from "../../src/core/clock.js";
import { boundedGate } from "../../src/core/gate.js";
import { MIB } from "../../src/core/limits.js";
import { nodeDisk } from "../../src/disk/node-disk.js";
import { openFsBuckets } from "../../src/lake/fs-buckets.js";
import { openS3ObjectStore } from "../../src/lake/s3.js";
import { loadHandlers } from "../../src/redshift/copy/handlers.js";
import { openSqlDatabase, type SqlEngine } from "../../src/redshift/engine/open.js";
import { alterExternal, externalHandlers } from "../../src/redshift/external/handlers.js";
import { lakeCatalog } from "../../src/redshift/external/lake-tables.js";
import { systemState } from "../../src/redshift/system/session-state.js";
import { prepareSystemSchema, systemView } from "../../src/redshift/system/views.js";
import { openDuckDbWarehouse } from "../../src/warehouse/duckdb/open.js";
import { silentLog } from "../../src/warehouse/log.js";
import { openRedshiftWarehouse, type RedshiftWarehouseOptions } from "../../src/warehouse/redshift/open.js";
import type { Warehouse } from "../../src/warehouse/warehouse.js";
import { folderLake, type TestLake, temporaryFolder } from "../loader/fixtures.js";
import type { WarehouseUnderTest } from "./warehouse.contract.js";

export const LAKE_BUCKET = "test-lake";
/** What an external schema over the lake names. */
const GLUE_DATABASE = "glue";
/** Penstock's own schema is read-only for SQL from outside, so the driver's ledger has another. */
export const LEDGER_SCHEMA = "penstock_loads";

export interface RedshiftDoor {
  readonly url: string;
  /** As the embedded lake has it, for writing objects to. */
  readonly lake: TestLake;
  readonly client: RedshiftDataClient;
  readonly s3: S3Client;
  readonly engine: SqlEngine;
  close(): Promise<void>;
}

export interface DoorOptions {
  readonly throughputLimits?: boolean;
}

/** Everything that stands behind the driver. */
export async function openRedshiftDoor(root: string, options: DoorOptions = {}): Promise<RedshiftDoor> {
  for (const folder of ["spill", "buckets", "staging"]) await mkdir(join(root, folder), { recursive: true });
  const disk = nodeDisk();
  const lake = await folderLake(join(root, "lake"));
  const buckets = await openFsBuckets({
    disk,
    directory: join(root, "buckets"),
    stagingDirectory: join(root, "staging", "buckets"),
    lake: { name: LAKE_BUCKET, store: lake, owned: [] },
    now: () => systemClock.now(),
    onError: (error) => {
      throw error;
    },
  });
  const stagingDirectory = join(root, "staging", "unload");
  const warehouse = await openDuckDbWarehouse({
    path: join(root, "warehouse.duckdb"),
    lake,
    folders: [join(root, "buckets"), stagingDirectory],
    memoryBytes: 512 * MIB,
    threads: 2,
    tempDirectory: join(root, "spill"),
    clock: systemClock,
    log: silentLog,
    gate: boundedGate(3),
  });
  const log = { load: async () => undefined, unload: async () => undefined };
  const services = { buckets, clock: systemClock, log, stagingDirectory };
  const engine = await openSqlDatabase({
    ...warehouse.engine,
    handlers: {
      ...loadHandlers(services),
      ...externalHandlers(lakeCatalog({ name: GLUE_DATABASE, streams: [], tables: [] }, LAKE_BUCKET), services),
    },
    alterExternal,
    systemView,
    prepareSystem: prepareSystemSchema,
    systemState,
  });
  const errors = {
    error: (message: string, error: unknown) => {
      throw new Error(message, { cause: error });
    },
  };
  const service = await redshiftDataService({
    database: engine,
    disk,
    clock: systemClock,
    directory: join(root, "redshift-data"),
    ...options,
  });
  const listener = await awsListener({
    services: [service],
    httpService: s3Service({
      buckets,
      clock: systemClock,
      region: "us-east-1",
      accountId: "000000000000",
      credentials: [],
      log: errors,
    }),
    clock: systemClock,
    host: "127.0.0.1",
    port: 0,
    log: errors,
  });
  const aws = {
    endpoint: listener.url,
    region: "us-east-1",
    credentials: { accessKeyId: "any", secretAccessKey: "any" },
    maxAttempts: 1,
  };
  const client = new RedshiftDataClient(aws);
  const s3 = new S3Client({ ...aws, forcePathStyle: true });
  return {
    url: listener.url,
    lake,
    client,
    s3,
    engine,
    close: async () => {
      client.destroy();
      s3.destroy();
      await service.close();
      await listener.close(50);
      await engine.close();
      await warehouse.close();
      await buckets.close();
    },
  };
}

export function redshiftWarehouse(door: RedshiftDoor, more: Partial<RedshiftWarehouseOptions> = {}): Warehouse {
  return openRedshiftWarehouse({
    client: door.client,
    target: { WorkgroupName: "local", Database: "penstock" },
    lake: openS3ObjectStore({ client: door.s3, bucket: LAKE_BUCKET }),
    bucket: LAKE_BUCKET,
    place: { schema: LEDGER_SCHEMA },
    clock: systemClock,
    random: Math.random,
    newId: randomUUID,
    ...more,
  });
}

export interface RedshiftUnderTest extends WarehouseUnderTest {
  readonly lake: TestLake;
  readonly door: RedshiftDoor;
  readonly folder: string;
}

export async function openRedshiftUnderTest(
  root?: string,
  more: (door: RedshiftDoor) => Partial<RedshiftWarehouseOptions> = () => ({}),
  options: DoorOptions = {},
): Promise<RedshiftUnderTest> {
  const folder = root === undefined ? await temporaryFolder() : { path: root, remove: async () => undefined };
  const door = await openRedshiftDoor(folder.path, options);
  const warehouse = redshiftWarehouse(door, more(door));
  const close = async () => {
    await warehouse.close();
    await door.close();
  };
  return {
    warehouse,
    lake: door.lake,
    door,
    folder: folder.path,
    rows: async (target) => {
      const { rows } = await warehouse.query(`SELECT _sequence_number, symbol, size FROM ${target} ORDER BY 1`);
      return rows as unknown as [number, string, number | null][];
    },
    deduped: async (target) => {
      const { rows } = await warehouse.query(
        `SELECT sequence_number, winner_sequence_number FROM ${LEDGER_SCHEMA}.deduped_${target} ORDER BY 1`,
      );
      return rows as unknown as [number, number][];
    },
    reopen: async () => {
      await close();
      const again = await openRedshiftUnderTest(folder.path, more, options);
      return {
        ...again,
        close: async () => {
          await again.close();
          await folder.remove();
        },
      };
    },
    close: async () => {
      await close();
      await folder.remove();
    },
  };
}
