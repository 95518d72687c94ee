/** Finds what the lake has and the ledger lacks, and starts its load. The work is src/lambda/sweep-step.ts. */
import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { Tracer } from "@aws-lambda-powertools/tracer";
import { S3Client } from "@aws-sdk/client-s3";
import { SFNClient } from "@aws-sdk/client-sfn";
import type { TableModel } from "../../src/definition/model.js";
import { openS3ObjectStore } from "../../src/lake/s3.js";
import type { Call, Told } from "../../src/lambda/supervised.js";
import { type SweepWork, sweepStep } from "../../src/lambda/sweep-step.js";
import { AWS_PLACE } from "../../src/warehouse/redshift/steps.js";
import { jsonObjects, newId, startOnce } from "./aws.js";
import { environment } from "./environment.js";

export function sweepHandler(tables: readonly TableModel[]): (call: Call<SweepWork>) => Promise<Told<SweepWork>> {
  const logger = new Logger();
  const metrics = new Metrics();
  const tracer = new Tracer();
  const client = tracer.captureAWSv3Client(new S3Client({}));
  const stepFunctions = tracer.captureAWSv3Client(new SFNClient({}));
  const bucket = environment("LAKE_BUCKET");
  const stateMachineArn = environment("LOAD_STATE_MACHINE");
  const lake = openS3ObjectStore({ client, bucket });
  const objects = jsonObjects(client, bucket);
  const keyOf = (table: string) => `${environment("STATE_PREFIX")}sweeps/${table}.json`;
  const step = sweepStep({
    tables,
    place: { ...AWS_PLACE, schema: environment("LEDGER_SCHEMA") },
    now: Date.now,
    newId,
    list: lake.list,
    read: (table) => objects.read(keyOf(table)),
    write: (table, state) => objects.write(keyOf(table), state),
    start: async (load) => {
      await startOnce(stepFunctions, logger, { stateMachineArn, ...load });
    },
    onMissing: (table, missing) => {
      metrics.addMetric("ObjectsSwept", MetricUnit.Count, missing.length);
      logger.warn("objects that no event has told of", { table, keys: missing.map(({ key }) => key) });
    },
    graceMs: Number(environment("GRACE_SECONDS")) * 1000,
  });
  return async (call) => {
    const told = await step(call);
    metrics.publishStoredMetrics();
    return told;
  };
}
