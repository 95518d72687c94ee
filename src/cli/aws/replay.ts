import { PenstockError } from "../../core/errors.js";
import type { ObjectInfo } from "../../lake/object-store.js";
import type { Deployment } from "./deployment.js";
import { calling } from "./session.js";
import { fixedFolder, openDeployment } from "./warehouse.js";

export interface AwsReplay {
  readonly table: string;
  readonly objects: number;
  readonly bytes: number;
  readonly dryRun: boolean;
}

export interface ReplayRange {
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly dryRun: boolean;
}

/** SQS takes ten messages a request. */
const MESSAGES_MAX = 10;

/**
 * Hands the lake's objects to the loader again, as the events that they were when they were new: the loader asks its ledger, so that what is loaded stays
 * as it is, and what is not is loaded.
 */
export async function replayFromLake(
  deployment: Deployment,
  tableName: string,
  { sinceMs, untilMs, dryRun }: ReplayRange,
  onProgress: (sent: number, total: number) => void,
): Promise<AwsReplay> {
  const table = deployment.model.tables.find(({ name }) => name === tableName);
  if (table === undefined) {
    throw new PenstockError("not-found", `The deployed pipeline has no table ${JSON.stringify(tableName)}.`, {
      hint: `It has ${deployment.model.tables.map(({ name }) => name).join(", ")}.`,
    });
  }
  const { lake, close } = await openDeployment(deployment);
  let objects: readonly ObjectInfo[];
  try {
    objects = (await lake.list(fixedFolder(table.deliver.prefix))).filter(
      ({ modifiedMs, sizeBytes }) =>
        sizeBytes > 0 && modifiedMs >= (sinceMs ?? 0) && modifiedMs <= (untilMs ?? Number.POSITIVE_INFINITY),
    );
  } finally {
    close();
  }
  const report = {
    table: tableName,
    objects: objects.length,
    bytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    dryRun,
  };
  if (!dryRun) await enqueue(deployment, objects, onProgress);
  return report;
}

async function enqueue(
  { session, loadQueue, lakeBucket }: Deployment,
  objects: readonly ObjectInfo[],
  onProgress: (sent: number, total: number) => void,
): Promise<void> {
  const { SendMessageBatchCommand, SQSClient } = await import("@aws-sdk/client-sqs");
  const client = new SQSClient({ ...session.client, useQueueUrlAsEndpoint: false });
  try {
    for (let first = 0; first < objects.length; first += MESSAGES_MAX) {
      const batch = objects.slice(first, first + MESSAGES_MAX);
      const { Failed = [] } = await calling("hand objects to the loader", () =>
        client.send(
          new SendMessageBatchCommand({
            QueueUrl: loadQueue,
            Entries: batch.map((object, index) => ({ Id: String(index), MessageBody: eventOf(lakeBucket, object) })),
          }),
        ),
      );
      const [failed] = Failed;
      if (failed !== undefined) {
        throw new PenstockError(
          "unavailable",
          `The loader's queue did not take ${Failed.length} objects: ${failed.Message}`,
          {
            hint: "Run it again: what is loaded by then is passed over.",
          },
        );
      }
      onProgress(first + batch.length, objects.length);
    }
  } finally {
    client.destroy();
  }
}

/** As EventBridge tells of a new object. */
export function eventOf(bucket: string, { key, sizeBytes }: Pick<ObjectInfo, "key" | "sizeBytes">): string {
  return JSON.stringify({
    source: "aws.s3",
    "detail-type": "Object Created",
    detail: { bucket: { name: bucket }, object: { key, size: sizeBytes }, reason: "penstock replay" },
  });
}
