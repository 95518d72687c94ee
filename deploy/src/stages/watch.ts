import { CfnOutput, Duration, Stack } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Stream } from "aws-cdk-lib/aws-kinesis";
import type { Key } from "aws-cdk-lib/aws-kms";
import { Topic } from "aws-cdk-lib/aws-sns";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import { METRICS_NAMESPACE } from "../function.js";
import type { Delivery } from "./delivery.js";
import type { Loader } from "./loader.js";
import type { Warehouse } from "./warehouse.js";

export interface Watched {
  readonly pipeline: string;
  readonly key: Key;
  readonly streams: ReadonlyMap<string, Stream>;
  readonly deliveries: readonly Delivery[];
  readonly loader: Loader;
  readonly warehouse: Warehouse;
  /** Of COPY JOBs, where there are any. */
  readonly watchdog: StateMachine | undefined;
  /** Each tells the catalog of a table's partitions. */
  readonly partitions: ReadonlyMap<string, StateMachine>;
}

const PERIOD = Duration.minutes(5);
/** A reader this far behind is slower than its producers. */
const ITERATOR_AGE_MS_MAX = 10 * 60_000;
/** Beyond the buffer's own time. */
const FRESHNESS_SLACK_SECONDS = 600;
const QUEUE_AGE_SECONDS_MAX = 900;
const DISK_PERCENT_MAX = 80;

export function watch(scope: Construct, watched: Watched): void {
  const { pipeline, key, deliveries, loader, warehouse } = watched;
  const topic = alarmTopic(scope, key);
  const action = new SnsAction(topic);
  const alarms = new Construct(scope, "Alarm");
  const alarm = (id: string, description: string, metric: IMetric, above: number, periods = above === 0 ? 1 : 2) => {
    new Alarm(alarms, id, {
      alarmDescription: description,
      metric,
      threshold: above,
      // What is counted rings at the first one: a second period without any would keep it silent. What is measured must stay above.
      evaluationPeriods: periods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(action);
    return metric;
  };
  const rows: IMetric[][] = [[], [], [], [], []];

  for (const [name, stream] of watched.streams) {
    const throttled = metric(
      "AWS/Kinesis",
      "WriteProvisionedThroughputExceeded",
      { StreamName: stream.streamName },
      "Sum",
    );
    rows[0]!.push(alarm(`Throttled-${name}`, `Producers of ${name} are throttled: add shards`, throttled, 0, 2));
  }
  for (const { table, source, kind, stream, transform } of deliveries) {
    const id = `${table.name}-${source}`;
    const dimensions = { DeliveryStreamName: stream.ref };
    if (kind === "kinesis") {
      const behind = metric("AWS/Firehose", "KinesisMillisBehindLatest", dimensions, "Maximum");
      rows[0]!.push(
        alarm(`Behind-${id}`, `Delivery of ${table.name} lags behind ${source}`, behind, ITERATOR_AGE_MS_MAX),
      );
    }
    const fresh = metric("AWS/Firehose", "DeliveryToS3.DataFreshness", dimensions, "Maximum");
    const limit = Math.ceil(table.deliver.bufferMs / 1000) + FRESHNESS_SLACK_SECONDS;
    rows[1]!.push(alarm(`Stale-${id}`, `Records of ${table.name} wait too long for the lake`, fresh, limit));
    if (table.deliver.fileFormat === "parquet") {
      const failed = metric("AWS/Firehose", "FailedConversion.Records", dimensions, "Sum");
      rows[1]!.push(alarm(`Unconverted-${id}`, `Firehose could not convert rows of ${table.name}`, failed, 0));
    }
    const errors = transform.metricErrors({ period: PERIOD });
    rows[2]!.push(alarm(`TransformErrors-${id}`, `The transform of ${table.name} fails`, errors, 0));
    const service = table.sources.length === 1 ? `transform-${table.name}` : `transform-${id}`;
    const dead = metric(METRICS_NAMESPACE, "DeadLetters", { service }, "Sum");
    rows[2]!.push(alarm(`DeadLetters-${id}`, `Records of ${table.name} became dead letters`, dead, 0));
    const oversized = metric(METRICS_NAMESPACE, "OversizedRecords", { service }, "Sum");
    alarm(`Oversized-${id}`, `Records of ${table.name} went to processing-failed`, oversized, 0);
  }
  const age = loader.queue.metricApproximateAgeOfOldestMessage({ period: PERIOD });
  rows[3]!.push(alarm("LoadsWait", "New objects wait too long for their load", age, QUEUE_AGE_SECONDS_MAX));
  rows[3]!.push(loader.queue.metricApproximateNumberOfMessagesVisible({ period: PERIOD }));
  const depth = loader.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ period: PERIOD });
  rows[3]!.push(alarm("LoadsLost", "Objects were given up by the load Lambda: redrive the queue", depth, 0));
  rows[3]!.push(alarm("LoadsFailed", "Loads failed", loader.stateMachine.metricFailed({ period: PERIOD }), 0));
  rows[3]!.push(
    alarm("LoadsTimedOut", "Loads ran out of time", loader.stateMachine.metricTimedOut({ period: PERIOD }), 0),
  );
  rows[3]!.push(
    alarm("SweepsFailed", "The sweep for lost objects fails", loader.sweepMachine.metricFailed({ period: PERIOD }), 0),
  );
  const given = metric(METRICS_NAMESPACE, "ObjectsQuarantined", { service: loader.stepService }, "Sum");
  rows[3]!.push(alarm("Quarantined", "Objects cannot be loaded and were put aside", given, 0));
  if (watched.watchdog !== undefined) {
    const left = watched.watchdog.metricFailed({ period: PERIOD });
    rows[3]!.push(alarm("CopiesFailed", "Files that COPY JOBs passed over cannot be loaded either", left, 0));
  }
  for (const [table, machine] of watched.partitions) {
    const unknown = machine.metricFailed({ period: PERIOD });
    alarm(`PartitionsFailed-${table}`, `The catalog was not told of a partition of ${table}`, unknown, 0);
  }
  alarm("LoadErrors", "The load Lambda fails", loader.load.metricErrors({ period: PERIOD }), 0);
  rows[4]!.push(...capacity(warehouse, alarm));

  const titles = ["Streams", "Delivery", "Transform", "Loads", "Warehouse"];
  new Dashboard(scope, "Dashboard", {
    widgets: titles
      .map((title, index) => ({ title: `${pipeline}: ${title}`, left: rows[index]! }))
      .filter(({ left }) => left.length > 0)
      .map((graph) => [new GraphWidget({ ...graph, width: 24 })]),
  });
  new CfnOutput(scope, "AlarmTopic", {
    value: topic.topicArn,
    description: "Subscribe to it: every alarm is sent here",
  });
}

/** A topic with a policy of its own has nothing of the usual one, by which the account's alarms may publish. */
function alarmTopic(scope: Construct, key: Key): Topic {
  const topic = new Topic(scope, "Alarms", { masterKey: key, enforceSSL: true });
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: "AlarmsOfThisAccount",
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["sns:Publish"],
      resources: [topic.topicArn],
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
    }),
  );
  return topic;
}

function capacity(
  warehouse: Warehouse,
  alarm: (id: string, description: string, metric: IMetric, above: number) => IMetric,
): IMetric[] {
  if (warehouse.kind === "serverless") {
    const used = metric("AWS/Redshift-Serverless", "ComputeCapacity", { Workgroup: warehouse.name }, "Maximum");
    if (warehouse.rpuMax === undefined) return [used];
    return [
      // It scales in steps of several RPU, up to the limit itself.
      alarm("WarehouseAtLimit", "The warehouse wants more capacity than it may take", used, warehouse.rpuMax - 1),
    ];
  }
  const dimensions = { ClusterIdentifier: warehouse.name };
  const disk = metric("AWS/Redshift", "PercentageDiskSpaceUsed", dimensions, "Maximum");
  return [
    alarm("WarehouseFull", "The warehouse's disks are filling", disk, DISK_PERCENT_MAX),
    metric("AWS/Redshift", "CPUUtilization", dimensions, "Average"),
  ];
}

function metric(
  namespace: string,
  metricName: string,
  dimensionsMap: Record<string, string>,
  statistic: string,
): Metric {
  return new Metric({ namespace, metricName, dimensionsMap, statistic, period: PERIOD });
}
