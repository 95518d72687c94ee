import { messageOf } from "../../core/errors.js";
import type { LoadMode } from "../../definition/model.js";
import { bytes, count, duration, rate } from "../support/text.js";
import type { Deployment } from "./deployment.js";
import { type AwsSession, calling } from "./session.js";
import { openDeployment } from "./warehouse.js";

export interface AwsStatus {
  readonly stackName: string;
  readonly region: string;
  /** CloudFormation's. */
  readonly status: string;
  readonly changedAtMs: number | undefined;
  readonly streams: readonly {
    readonly name: string;
    readonly recordsPerSecond: number;
    readonly bytesPerSecond: number;
    /** Records that the stream had no room for, in the last minutes. */
    readonly throttled: number;
  }[];
  readonly queue: { readonly waiting: number; readonly givenUp: number };
  readonly tables: readonly {
    readonly name: string;
    readonly load: LoadMode;
    /** By the loader: none of tables with another `load`. */
    readonly rowsLoaded: number;
    readonly quarantined: number;
    readonly lastLoadMs: number | undefined;
  }[];
  /** Why the warehouse could not be asked; its tables are missing then. */
  readonly warehouseTrouble?: string;
  /** Those that ring. */
  readonly alarms: readonly { readonly name: string; readonly what: string; readonly reason: string }[];
}

const PERIOD_SECONDS = 300;

export async function statusOf(deployment: Deployment, nowMs: number): Promise<AwsStatus> {
  const { session, stackName, region, status, changedAt } = deployment;
  const [streams, queue, alarms, warehouse] = await Promise.all([
    streamRates(deployment, nowMs),
    queues(deployment),
    ringing(session, stackName),
    tables(deployment).then(
      (found) => ({ tables: found }),
      // A warehouse that sleeps or is locked must not hide what the alarms say.
      (error: unknown) => ({ tables: [], warehouseTrouble: messageOf(error) }),
    ),
  ]);
  return { stackName, region, status, changedAtMs: changedAt?.getTime(), streams, queue, alarms, ...warehouse };
}

export function isWell({ status, alarms, queue }: AwsStatus): boolean {
  return alarms.length === 0 && queue.givenUp === 0 && !/FAILED|ROLLBACK_COMPLETE$/.test(status);
}

async function streamRates({ session, model }: Deployment, nowMs: number): Promise<AwsStatus["streams"]> {
  const kinesis = model.streams.filter(({ kind }) => kind === "kinesis");
  if (kinesis.length === 0) return [];
  const { CloudWatchClient, GetMetricDataCommand } = await import("@aws-sdk/client-cloudwatch");
  const client = new CloudWatchClient(session.client);
  const metrics = ["IncomingRecords", "IncomingBytes", "WriteProvisionedThroughputExceeded"];
  try {
    const { MetricDataResults = [] } = await calling("read the streams' metrics", () =>
      client.send(
        new GetMetricDataCommand({
          StartTime: new Date(nowMs - 2 * PERIOD_SECONDS * 1000),
          EndTime: new Date(nowMs),
          ScanBy: "TimestampDescending",
          MetricDataQueries: kinesis.flatMap(({ name }, stream) =>
            metrics.map((MetricName, metric) => ({
              Id: `m${stream}_${metric}`,
              MetricStat: {
                Metric: { Namespace: "AWS/Kinesis", MetricName, Dimensions: [{ Name: "StreamName", Value: name }] },
                Period: PERIOD_SECONDS,
                Stat: "Sum",
              },
            })),
          ),
        }),
      ),
    );
    const newest = (id: string) => MetricDataResults.find(({ Id }) => Id === id)?.Values?.[0] ?? 0;
    return kinesis.map(({ name }, stream) => ({
      name,
      recordsPerSecond: newest(`m${stream}_0`) / PERIOD_SECONDS,
      bytesPerSecond: newest(`m${stream}_1`) / PERIOD_SECONDS,
      throttled: newest(`m${stream}_2`),
    }));
  } finally {
    client.destroy();
  }
}

async function queues({ session, loadQueue, loadDeadLetterQueue }: Deployment): Promise<AwsStatus["queue"]> {
  const { GetQueueAttributesCommand, SQSClient } = await import("@aws-sdk/client-sqs");
  const client = new SQSClient({ ...session.client, useQueueUrlAsEndpoint: false });
  const messages = async (QueueUrl: string) => {
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["ApproximateNumberOfMessages"] }),
    );
    return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
  };
  try {
    return await calling("look into the loader's queues", async () => ({
      waiting: await messages(loadQueue),
      givenUp: await messages(loadDeadLetterQueue),
    }));
  } finally {
    client.destroy();
  }
}

async function ringing(session: AwsSession, stackName: string): Promise<AwsStatus["alarms"]> {
  const { CloudWatchClient, paginateDescribeAlarms } = await import("@aws-sdk/client-cloudwatch");
  const client = new CloudWatchClient(session.client);
  try {
    return await calling("read the alarms", async () => {
      const found: AwsStatus["alarms"][number][] = [];
      const pages = paginateDescribeAlarms({ client }, { AlarmNamePrefix: `${stackName}-`, StateValue: "ALARM" });
      for await (const { MetricAlarms = [] } of pages) {
        for (const { AlarmName = "", AlarmDescription = "", StateReason = "" } of MetricAlarms) {
          found.push({ name: AlarmName, what: AlarmDescription, reason: StateReason });
        }
      }
      return found;
    });
  } finally {
    client.destroy();
  }
}

async function tables(deployment: Deployment): Promise<AwsStatus["tables"]> {
  const { warehouse, close } = await openDeployment(deployment);
  try {
    return await Promise.all(
      deployment.model.tables.map(async ({ name, load }) => {
        const { loadedRows, quarantined, newest } = await warehouse.summary(name, 1);
        return {
          name,
          load: load ?? "copy",
          rowsLoaded: loadedRows,
          quarantined: quarantined.length,
          lastLoadMs: newest[0]?.loadedAtMs,
        };
      }),
    );
  } finally {
    close();
  }
}

export function statusText(
  status: AwsStatus,
  nowMs: number,
  textTable: typeof import("../support/table.js").textTable,
): string {
  const changed = status.changedAtMs === undefined ? "" : `, changed ${new Date(status.changedAtMs).toISOString()}`;
  const streams = status.streams.map((stream) => [
    stream.name,
    `${rate(stream.recordsPerSecond)}/s`,
    `${bytes(stream.bytesPerSecond)}/s`,
    count(stream.throttled),
  ]);
  const tables = status.tables.map((table) => [
    table.name,
    ...(table.load === "copy"
      ? [
          count(table.rowsLoaded),
          count(table.quarantined),
          table.lastLoadMs === undefined ? "never" : `${duration(nowMs - table.lastLoadMs)} ago`,
        ]
      : [`by Redshift (${table.load})`, "-", "-"]),
  ]);
  return [
    `${status.stackName} in ${status.region}: ${status.status}${changed}`,
    "",
    textTable(["STREAM", "IN", "IN", "THROTTLED"], streams, [false, true, true, true]),
    "",
    status.warehouseTrouble === undefined
      ? textTable(["TABLE", "LOADED", "QUARANTINED", "LAST LOAD"], tables, [false, true, true, true])
      : `The warehouse could not be asked: ${status.warehouseTrouble}`,
    "",
    `loader: ${count(status.queue.waiting)} objects wait, ${count(status.queue.givenUp)} were given up`,
    ...(status.alarms.length === 0
      ? ["No alarm rings."]
      : ["", ...status.alarms.map(({ what, name, reason }) => `ALARM ${what} (${name}): ${reason}`)]),
  ].join("\n");
}
