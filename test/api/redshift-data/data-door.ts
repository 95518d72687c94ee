/** The Data API over a real database, behind a real listener, driven by the AWS SDK. */
import { join } from "node:path";
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { onTestFinished } from "vitest";
import { awsListener } from "../../../src/api/aws/aws-listener.js";
import { redshiftDataService } from "../../../src/api/redshift-data/service.js";
import { systemClock } from "../../../src/core/clock.js";
import { nodeDisk } from "../../../src/disk/node-disk.js";
import { openTestDatabase, type TestDatabase, WITH_SYSTEM } from "../../redshift/support/database.js";

export const TARGET = { WorkgroupName: "local", Database: "penstock" };

export interface DataDoor {
  readonly database: TestDatabase;
  readonly client: RedshiftDataClient;
  readonly errors: readonly unknown[];
}

export async function openDataDoor(options: { readonly throughputLimits?: boolean } = {}): Promise<DataDoor> {
  const database = await openTestDatabase(WITH_SYSTEM);
  const errors: unknown[] = [];
  const service = await redshiftDataService({
    database: database.engine,
    disk: nodeDisk(),
    clock: systemClock,
    directory: join(database.path, "..", "redshift-data"),
    ...options,
  });
  const listener = await awsListener({
    services: [service],
    clock: systemClock,
    host: "127.0.0.1",
    port: 0,
    log: { error: (message, error) => errors.push([message, error]) },
  });
  const client = new RedshiftDataClient({
    endpoint: listener.url,
    region: "us-east-1",
    credentials: { accessKeyId: "any", secretAccessKey: "any" },
    maxAttempts: 1,
  });
  onTestFinished(async () => {
    client.destroy();
    await service.close();
    await listener.close(50);
  });
  return { database, client, errors };
}
