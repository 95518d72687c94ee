/** Starts a load for each table that has new objects: messages of the queue in, executions of the state machine out. */
import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { Tracer } from "@aws-lambda-powertools/tracer";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from "@aws-sdk/client-sfn";
import type { TableModel } from "../../src/definition/model.js";
import { type NewObject, newObjectOf, planLoads } from "../../src/lambda/load-batch.js";
import { environment } from "./environment.js";

/** The queue's event, as far as it is read. */
export interface QueueEvent {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
}

export function loadHandler(tables: readonly TableModel[]): (event: QueueEvent) => Promise<void> {
  const logger = new Logger();
  const metrics = new Metrics();
  const tracer = new Tracer();
  const s3 = tracer.captureAWSv3Client(new S3Client({}));
  const stepFunctions = tracer.captureAWSv3Client(new SFNClient({}));
  const bucket = environment("LAKE_BUCKET");
  const copyRoleArn = environment("COPY_ROLE");
  const stateMachineArn = environment("LOAD_STATE_MACHINE");

  // Everything here may be done twice and comes to the same: a failure lets the queue bring the whole batch again.
  return async (event) => {
    const objects: NewObject[] = [];
    for (const { messageId, body } of event.Records) {
      const object = newObjectOf(body);
      if (object?.bucket === bucket) objects.push(object);
      else logger.warn("a message that is no new object of the lake", { messageId });
    }
    for (const load of planLoads(tables, objects, copyRoleArn)) {
      for (const { key, body } of load.manifests)
        await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body }));
      try {
        await stepFunctions.send(
          new StartExecutionCommand({ stateMachineArn, name: load.name, input: JSON.stringify(load.input) }),
        );
        metrics.addMetric("LoadsStarted", MetricUnit.Count, 1);
        logger.info("load started", { table: load.table, execution: load.name });
      } catch (error) {
        if (!(error instanceof ExecutionAlreadyExists)) throw error;
        logger.info("this load has run already", { table: load.table, execution: load.name });
      }
    }
    metrics.publishStoredMetrics();
  };
}
