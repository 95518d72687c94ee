/** Decides what an execution of the load's state machine does next. The work is src/lambda/load-step.ts. */
import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { Tracer } from "@aws-lambda-powertools/tracer";
import { S3Client } from "@aws-sdk/client-s3";
import type { TableModel } from "../../src/definition/model.js";
import { openS3ObjectStore } from "../../src/lake/s3.js";
import { type LoadWork, loadStep } from "../../src/lambda/load-step.js";
import type { Call, Told } from "../../src/lambda/supervised.js";
import { turns } from "../../src/lambda/turns.js";
import { AWS_PLACE } from "../../src/warehouse/redshift/steps.js";
import { newId } from "./aws.js";
import { environment } from "./environment.js";

/** Longer than a statement's deadline and the longest wait between two tries. */
const LEASE_MS = 3_600_000;

export function loadStepHandler(tables: readonly TableModel[]): (call: Call<LoadWork>) => Promise<Told<LoadWork>> {
  const logger = new Logger();
  const metrics = new Metrics();
  const tracer = new Tracer();
  const client = tracer.captureAWSv3Client(new S3Client({}));
  const bucket = environment("LAKE_BUCKET");
  const step = loadStep({
    tables,
    lake: openS3ObjectStore({ client, bucket }),
    bucket,
    roleArn: environment("COPY_ROLE"),
    place: { ...AWS_PLACE, schema: environment("LEDGER_SCHEMA") },
    manifestPrefix: environment("MANIFEST_PREFIX"),
    turns: turns({ client, bucket, prefix: `${environment("STATE_PREFIX")}turns/`, now: Date.now, leaseMs: LEASE_MS }),
    newId,
    random: Math.random,
    onLoaded: (table, entries) => {
      const sum = (count: (entry: (typeof entries)[number]) => number) =>
        entries.reduce((total, entry) => total + count(entry), 0);
      metrics.addMetric("ObjectsLoaded", MetricUnit.Count, entries.length);
      metrics.addMetric(
        "RowsLoaded",
        MetricUnit.Count,
        sum(({ loadedRows }) => loadedRows),
      );
      metrics.addMetric(
        "RowsDeduped",
        MetricUnit.Count,
        sum(({ dedupedRows }) => dedupedRows),
      );
      logger.info("loaded", { table, objects: entries.length });
    },
    onQuarantined: (table, key, reason) => {
      metrics.addMetric("ObjectsQuarantined", MetricUnit.Count, 1);
      logger.error("an object was put into quarantine", { table, key, reason });
    },
    onTrouble: (table, event) => logger.warn("a load did not succeed", { table, ...event }),
  });
  return async (call) => {
    const told = await step(call);
    logger.info("decided", { execution: call.execution, heard: call.answer.kind, next: told.do });
    metrics.publishStoredMetrics();
    return told;
  };
}
