import { randomUUID } from "node:crypto";
import { systemClock } from "../../core/clock.js";
import type { ObjectStore } from "../../lake/object-store.js";
import type { Warehouse } from "../../warehouse/warehouse.js";
import type { Deployment } from "./deployment.js";

export interface OpenDeployment {
  readonly lake: ObjectStore;
  readonly warehouse: Warehouse;
  close(): void;
}

export interface DeploymentPlaces {
  /** Under the manifests' own, with its slash. */
  readonly manifestFolder?: string;
  /** Of the tables that are loaded. */
  readonly tablesSchema?: string;
}

/** The deployment's lake by S3, and its warehouse by the Data API: the drivers that the loader itself uses. */
export async function openDeployment(
  deployment: Deployment,
  { manifestFolder = "", tablesSchema }: DeploymentPlaces = {},
): Promise<OpenDeployment> {
  const [{ S3Client }, { RedshiftDataClient }, { openS3ObjectStore }, { openRedshiftWarehouse }, { AWS_PLACE }] =
    await Promise.all([
      import("@aws-sdk/client-s3"),
      import("@aws-sdk/client-redshift-data"),
      import("../../lake/s3.js"),
      import("../../warehouse/redshift/open.js"),
      import("../../warehouse/redshift/steps.js"),
    ]);
  const { session, lakeBucket, database, warehouse, warehouseSecret, ledgerSchema } = deployment;
  const s3 = new S3Client({ ...session.client, forcePathStyle: true });
  const dataApi = new RedshiftDataClient(session.client);
  const lake = openS3ObjectStore({ client: s3, bucket: lakeBucket });
  return {
    lake,
    warehouse: openRedshiftWarehouse({
      client: dataApi,
      target: { Database: database, SecretArn: warehouseSecret, ...warehouse },
      lake,
      bucket: lakeBucket,
      // COPY's role may read manifests in the tables' own folders alone; a shadow's go into its table's.
      manifestPrefix: `loads/${manifestFolder}`,
      ...(deployment.copyRole === undefined ? {} : { iamRole: deployment.copyRole }),
      place: { ...AWS_PLACE, schema: ledgerSchema, ...(tablesSchema === undefined ? {} : { tables: tablesSchema }) },
      clock: systemClock,
      random: Math.random,
      newId: randomUUID,
    }),
    close: () => {
      s3.destroy();
      dataApi.destroy();
    },
  };
}
