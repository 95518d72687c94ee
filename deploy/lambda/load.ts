/** Starts a load for each table that has new objects: messages of the queue in, executions of the state machine out. */
import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { Tracer } from "@aws-lambda-powertools/tracer";
import { SFNClient } from "@aws-sdk/client-sfn";
import type { TableModel } from "../../src/definition/model.js";
import { newObjectOf, planExecutions } from "../../src/lambda/load-batch.js";
import type { NewObject } from "../../src/lambda/load-step.js";
import { startOnce } from "./aws.js";
import { environment } from "./environment.js";

/** The queue's event, as far as it is read. */
export interface QueueEvent {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
}

export function loadHandler(tables: readonly TableModel[]): (event: QueueEvent) => Promise<void> {
  const logger = new Logger();
  const metrics = new Metrics();
  const tracer = new Tracer();
  const stepFunctions = tracer.captureAWSv3Client(new SFNClient({}));
  const bucket = environment("LAKE_BUCKET");
  const stateMachineArn = environment("LOAD_STATE_MACHINE");

  // Everything here may be done twice and comes to the same: a failure lets the queue bring the whole batch again.
  return async ({ Records }) => {
    const objects: NewObject[] = [];
    for (const { messageId, body } of Records) {
      const object = newObjectOf(body);
      if (object?.bucket === bucket) objects.push(object);
      else logger.warn("a message that is no new object of the lake", { messageId });
    }
    const occasion = Records.map(({ messageId }) => messageId)
      .sort()
      .join();
    for (const load of planExecutions(tables, objects, occasion)) {
      const started = await startOnce(stepFunctions, logger, { stateMachineArn, ...load });
      if (started) metrics.addMetric("LoadsStarted", MetricUnit.Count, 1);
    }
    metrics.publishStoredMetrics();
  };
}
