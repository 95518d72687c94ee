import { PenstockError } from "../../core/errors.js";
import type { LoadMode, TableModel } from "../../definition/model.js";
import type { ObjectInfo, ObjectStore } from "../../lake/object-store.js";
import { redrivePrefix, tablePrefix } from "../../lambda/folders.js";
import type { Deployment } from "./deployment.js";
import { calling } from "./session.js";
import { openDeployment } from "./warehouse.js";

export interface AwsReplay {
  readonly table: string;
  readonly objects: number;
  readonly bytes: number;
  readonly dryRun: boolean;
}

interface ReplayTimes {
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
}

export interface ReplayRange extends ReplayTimes {
  readonly dryRun: boolean;
}

const HINTS: Readonly<Record<Exclude<LoadMode, "copy">, string>> = {
  "auto-copy":
    "Its COPY JOB loads each object once, and the watchdog what the job passed over. `--into NAME` fills another table from the lake.",
  streaming:
    "Redshift reads the stream by itself, and what that still has. `--into NAME` fills another table from the lake.",
  external: "Its rows are read in the lake, where they are. `--into NAME` fills another table from it.",
};

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
  const table = tableOf(deployment, tableName);
  if (table.load !== undefined) {
    throw new PenstockError("refused", `"${tableName}" is not filled by the loader: its load is "${table.load}".`, {
      hint: HINTS[table.load],
    });
  }
  const { lake, close } = await openDeployment(deployment);
  let objects: readonly ObjectInfo[];
  try {
    objects = await objectsOf(lake, table, { sinceMs, untilMs });
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

export function tableOf({ model }: Deployment, tableName: string): TableModel {
  const table = model.tables.find(({ name }) => name === tableName);
  if (table !== undefined) return table;
  throw new PenstockError("not-found", `The deployed pipeline has no table ${JSON.stringify(tableName)}.`, {
    hint: `It has ${model.tables.map(({ name }) => name).join(", ")}.`,
  });
}

/** By when they were written; with those of redriven dead letters, whose rows are in no other. */
export async function objectsOf(
  lake: Pick<ObjectStore, "list">,
  table: TableModel,
  { sinceMs = 0, untilMs = Number.POSITIVE_INFINITY }: Partial<ReplayTimes>,
): Promise<readonly ObjectInfo[]> {
  const listed = [...(await lake.list(tablePrefix(table))), ...(await lake.list(redrivePrefix(table)))];
  return listed.filter(({ modifiedMs, sizeBytes }) => sizeBytes > 0 && modifiedMs >= sinceMs && modifiedMs <= untilMs);
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
