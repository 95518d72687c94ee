/** Firehose's transform as a Lambda: reads the environment, writes dead letters to the lake, counts. The work is src/lambda/firehose-transform.ts. */
import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { Tracer } from "@aws-lambda-powertools/tracer";
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { TableModel } from "../../src/definition/model.js";
import { type FirehoseAnswer, type FirehoseEvent, firehoseTransform } from "../../src/lambda/firehose-transform.js";
import { environment } from "./environment.js";

export function transformHandler(table: TableModel): (event: FirehoseEvent) => Promise<FirehoseAnswer> {
  const logger = new Logger();
  const metrics = new Metrics();
  const tracer = new Tracer();
  const s3 = tracer.captureAWSv3Client(new S3Client({}));
  const bucket = environment("LAKE_BUCKET");
  const transform = firehoseTransform({
    table,
    stream: environment("STREAM"),
    schemaVersion: 1,
    writeDeadLetters: async (key, body) => {
      await s3.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: "application/x-ndjson" }),
      );
      logger.warn("dead letters written", { key });
    },
  });
  return async (event) => {
    try {
      const { answer, counts } = await transform(event);
      metrics.addMetric("Rows", MetricUnit.Count, counts.rows);
      metrics.addMetric("FilteredRows", MetricUnit.Count, counts.filtered);
      metrics.addMetric("DeadLetters", MetricUnit.Count, counts.dead);
      metrics.addMetric("OversizedRecords", MetricUnit.Count, counts.failed);
      logger.info("transformed", { invocation: event.invocationId, ...counts });
      return answer;
    } catch (error) {
      logger.error("the invocation failed; Firehose calls again", { invocation: event.invocationId, error });
      throw error;
    } finally {
      metrics.publishStoredMetrics();
    }
  };
}
