/** What a pipeline costs a month on AWS: a pure function of its load and the price list. */
import type { PipelineLoad } from "./pipeline-load.js";
import { HOURS_PER_MONTH, PRICES, type Price, type PriceName } from "./prices.js";
import { deliveryRhythm, loadRhythm } from "./rhythm.js";

export interface CostLine {
  readonly service: string;
  /** What it is for. */
  readonly item: string;
  /** How many of `price.per`. */
  readonly quantity: number;
  readonly price: Price;
  readonly usd: number;
  /** The CloudFormation type whose resources bear it. */
  readonly resource: string;
}

export interface CostReport {
  readonly lines: readonly CostLine[];
  readonly totalUsd: number;
  /** What storage adds each month for as long as nothing is deleted. */
  readonly growthUsdPerMonth: number;
  readonly assumptions: readonly string[];
}

const GB = 1024 ** 3;
const SECONDS_PER_MONTH = HOURS_PER_MONTH * 3600;
const PUT_UNIT_BYTES = 25 * 1024;
const EXTENDED_HOURS = 24;
const LONG_TERM_HOURS = 7 * 24;
const TRANSFORM_GB = 1;
/** The reference codec on one Arm vCPU's share; a second a MiB leaves room for cold starts. */
const TRANSFORM_SECONDS_PER_MIB = 1;
const LOAD_LAMBDA_GB = 0.5;
const LOAD_LAMBDA_SECONDS = 1;
/** Sent one by one, received and deleted by tens. */
const REQUESTS_PER_MESSAGE = 1.2;
/** Lambda's five pollers ask again every 20 seconds while there is nothing. */
const SQS_POLLS_PER_MONTH = (5 * SECONDS_PER_MONTH) / 20;
const LOG_BYTES_PER_INVOCATION = 1024;
const FLOW_LOG_GB = 0.5;
/** Step Functions and Glue. */
const ENDPOINTS = 2;
const ENDPOINT_ZONES = 3;
const FIREHOSE_FIRST_TIER_GB = 500 * 1024;
const DAYS_PER_MONTH = HOURS_PER_MONTH / 24;

const NODE_PRICES = {
  "ra3.large": "redshiftRa3LargeHour",
  "ra3.xlplus": "redshiftRa3XlplusHour",
  "ra3.4xlarge": "redshiftRa34xlargeHour",
} as const satisfies Record<string, PriceName>;

export function monthlyCost(load: PipelineLoad): CostReport {
  const lines: CostLine[] = [];
  const add = (service: string, item: string, name: PriceName, quantity: number, resource: string) => {
    if (quantity <= 0) return;
    const price: Price = PRICES[name];
    lines.push({ service, item, quantity, price, usd: quantity * price.usd, resource });
  };

  for (const stream of load.streams) {
    if (stream.kind === "direct-put") continue;
    const type = "AWS::Kinesis::Stream";
    const records = stream.recordsPerSecond * SECONDS_PER_MONTH;
    const bytes = records * stream.bytesPerRecord;
    if (stream.mode === "on-demand") {
      add("Kinesis", `${stream.name}: stream`, "kinesisOnDemandStreamHour", HOURS_PER_MONTH, type);
      const billed = (records * Math.ceil(stream.bytesPerRecord / 1024) * 1024) / GB;
      add("Kinesis", `${stream.name}: data in`, "kinesisOnDemandInGb", billed, type);
      const readers = load.deliveries.filter(({ source }) => source === stream.name).length;
      add("Kinesis", `${stream.name}: data out`, "kinesisOnDemandOutGb", (bytes * readers) / GB, type);
    } else {
      add("Kinesis", `${stream.name}: shards`, "kinesisShardHour", stream.shards * HOURS_PER_MONTH, type);
      const units = records * Math.max(1, Math.ceil(stream.bytesPerRecord / PUT_UNIT_BYTES));
      add("Kinesis", `${stream.name}: puts`, "kinesisPutUnit", units, type);
      if (stream.retentionHours > EXTENDED_HOURS) {
        const hours = stream.shards * HOURS_PER_MONTH;
        add("Kinesis", `${stream.name}: kept longer`, "kinesisExtendedShardHour", hours, type);
      }
    }
    if (stream.retentionHours > LONG_TERM_HOURS) {
      const kept = (bytes / HOURS_PER_MONTH / GB) * (stream.retentionHours - LONG_TERM_HOURS);
      add("Kinesis", `${stream.name}: kept beyond 7 days`, "kinesisLongTermGbMonth", kept, type);
    }
  }

  const objects = new Map<string, number>();
  let storedGbPerDay = 0;
  let invocations = 0;
  for (const delivery of load.deliveries) {
    const id = load.deliveries.filter(({ table }) => table === delivery.table).length === 1;
    const name = id ? delivery.table : `${delivery.table} from ${delivery.source}`;
    const shards = load.streams.find((stream) => stream.name === delivery.source)?.shards ?? 1;
    const rhythm = deliveryRhythm(delivery, shards);
    const type = "AWS::KinesisFirehose::DeliveryStream";
    const billedGb = (rhythm.billedBytesPerSecond * SECONDS_PER_MONTH) / GB;
    add("Firehose", `${name}: intake`, "firehoseIngestGb", billedGb, type);
    if (delivery.parquet) add("Firehose", `${name}: conversion`, "firehoseConversionGb", billedGb, type);
    const objectsPerMonth = rhythm.objectsPerSecond * SECONDS_PER_MONTH;
    if (delivery.activePartitions > 0) {
      const gb = (delivery.recordsPerSecond * delivery.bytesPerRecord * SECONDS_PER_MONTH) / GB;
      add("Firehose", `${name}: partitioning`, "firehosePartitioningGb", gb, type);
      add("Firehose", `${name}: partitions' objects`, "firehosePartitionedObject", objectsPerMonth, type);
    }
    const transforms = rhythm.transformsPerSecond * SECONDS_PER_MONTH;
    invocations += transforms;
    add("Lambda", `${name}: transform calls`, "lambdaRequest", transforms, "AWS::Lambda::Function");
    const mib = (delivery.recordsPerSecond * delivery.bytesPerRecord * SECONDS_PER_MONTH) / 2 ** 20;
    const seconds = Math.max(mib * TRANSFORM_SECONDS_PER_MIB, transforms * 0.1);
    add("Lambda", `${name}: transform time`, "lambdaGbSecond", seconds * TRANSFORM_GB, "AWS::Lambda::Function");
    add("S3", `${name}: objects put`, "s3Put", objectsPerMonth, "AWS::S3::Bucket");
    add("S3", `${name}: objects read by COPY`, "s3Get", objectsPerMonth, "AWS::S3::Bucket");
    add("EventBridge", `${name}: new objects`, "eventBridgeEvent", objectsPerMonth, "AWS::Events::Rule");
    objects.set(delivery.table, (objects.get(delivery.table) ?? 0) + rhythm.objectsPerSecond);
    const rows = delivery.recordsPerSecond * delivery.rowsPerRecord;
    storedGbPerDay += (rows * delivery.storedBytesPerRecord * 86_400) / GB;
  }
  const storedGb = storedGbPerDay * load.keptDays;
  add("S3", `lake: ${load.keptDays} days kept`, "s3GbMonth", storedGb, "AWS::S3::Bucket");

  const rhythm = loadRhythm(load, objects);
  const loads = rhythm.loadsPerSecond * SECONDS_PER_MONTH;
  invocations += loads;
  const newObjects = [...objects.values()].reduce((sum, perSecond) => sum + perSecond, 0) * SECONDS_PER_MONTH;
  add("SQS", "messages of new objects", "sqsRequest", newObjects * REQUESTS_PER_MESSAGE, "AWS::SQS::Queue");
  add("SQS", "Lambda's polling", "sqsRequest", SQS_POLLS_PER_MONTH, "AWS::SQS::Queue");
  add("Lambda", "load: calls", "lambdaRequest", loads, "AWS::Lambda::Function");
  add("Lambda", "load: time", "lambdaGbSecond", loads * LOAD_LAMBDA_SECONDS * LOAD_LAMBDA_GB, "AWS::Lambda::Function");
  const transitions = loads * rhythm.stateTransitionsPerLoad;
  add("Step Functions", "loads", "stateTransition", transitions, "AWS::StepFunctions::StateMachine");

  const { warehouse } = load;
  if (warehouse.kind === "serverless") {
    const type = "AWS::RedshiftServerless::Workgroup";
    const loading = rhythm.awakeShare * HOURS_PER_MONTH;
    // While it is awake for a load, a query costs nothing on top.
    const asking = (1 - rhythm.awakeShare) * warehouse.queryHoursPerDay * DAYS_PER_MONTH;
    add("Redshift", `awake for loads, ${warehouse.baseRpu} RPU`, "redshiftRpuHour", loading * warehouse.baseRpu, type);
    add("Redshift", `awake for queries, ${warehouse.baseRpu} RPU`, "redshiftRpuHour", asking * warehouse.baseRpu, type);
  } else {
    const hours = warehouse.nodes * HOURS_PER_MONTH;
    add(
      "Redshift",
      `${warehouse.nodes} ${warehouse.nodeType}`,
      NODE_PRICES[warehouse.nodeType],
      hours,
      "AWS::Redshift::Cluster",
    );
  }
  const storage = warehouse.kind === "serverless" ? "AWS::RedshiftServerless::Namespace" : "AWS::Redshift::Cluster";
  add("Redshift", `managed storage: ${load.keptDays} days kept`, "redshiftStorageGbMonth", storedGb, storage);

  const endpoints = ENDPOINTS * ENDPOINT_ZONES * HOURS_PER_MONTH;
  add("VPC", "interface endpoints in three zones", "interfaceEndpointHour", endpoints, "AWS::EC2::VPCEndpoint");
  add("KMS", "key", "kmsKeyMonth", 1, "AWS::KMS::Key");
  add("Secrets Manager", "warehouse's password", "secretMonth", 1, "AWS::SecretsManager::Secret");
  add("CloudWatch", "alarms", "cloudWatchAlarmMonth", alarms(load), "AWS::CloudWatch::Alarm");
  add("CloudWatch", "dashboard", "cloudWatchDashboardMonth", 1, "AWS::CloudWatch::Dashboard");
  const logs = (invocations * LOG_BYTES_PER_INVOCATION) / GB + FLOW_LOG_GB;
  add("CloudWatch", "logs", "cloudWatchLogsGb", logs, "AWS::Logs::LogGroup");

  const intake = lines.filter(({ price }) => price === PRICES.firehoseIngestGb);
  const beyondTier = intake.some(({ quantity }) => quantity > FIREHOSE_FIRST_TIER_GB);
  return {
    lines,
    totalUsd: lines.reduce((sum, { usd }) => sum + usd, 0),
    growthUsdPerMonth: storedGbPerDay * DAYS_PER_MONTH * (PRICES.s3GbMonth.usd + PRICES.redshiftStorageGbMonth.usd),
    assumptions: assumptions(load, beyondTier),
  };
}

/** As deploy/src/stages/watch.ts makes them. */
const LOADER_ALARMS = 7;
const WAREHOUSE_ALARMS = 1;

/** Those that the deployed pipeline has: of each stream, each delivery, the loader, the warehouse. */
function alarms(load: PipelineLoad): number {
  const kinesis = load.streams.filter(({ kind }) => kind === "kinesis").map(({ name }) => name);
  const deliveries = load.deliveries.map(
    ({ source, parquet }) => 4 + (kinesis.includes(source) ? 1 : 0) + (parquet ? 1 : 0),
  );
  return kinesis.length + deliveries.reduce((sum, count) => sum + count, 0) + LOADER_ALARMS + WAREHOUSE_ALARMS;
}

function assumptions(load: PipelineLoad, beyondTier: boolean): string[] {
  const { warehouse } = load;
  return [
    `A month is ${HOURS_PER_MONTH} hours at an even rate; peaks need more shards than the average does.`,
    `Rows are kept for ${load.keptDays} days in the lake and in the warehouse.`,
    `A load keeps the warehouse busy for ${warehouse.secondsPerLoad} seconds; objects that come within a minute are loaded together, and loads of different tables fall at different times.`,
    warehouse.kind === "serverless"
      ? `Redshift Serverless stays at its base of ${warehouse.baseRpu} RPU, is billed for at least 60 seconds a load, and is asked by people ${warehouse.queryHoursPerDay} hours a day.`
      : "The cluster runs all day.",
    `A transform Lambda takes ${TRANSFORM_SECONDS_PER_MIB} second for a MiB, with ${TRANSFORM_GB} GB of memory.`,
    "Firehose delivers by the definition's buffers, raised to its least where they are below it.",
    "Left out: free tiers, discounts, taxes, data transfer out of the region, KMS requests, snapshots beyond the free ones.",
    ...(beyondTier
      ? ["Firehose's price falls beyond 500 TB a month; it is reckoned at the first step throughout."]
      : []),
  ];
}
