/**
 * What AWS charges, by the list, in us-east-1, in US dollars, without free tiers, credits or reservations. Prices change and differ by region: each
 * has the page that has the true one. Where a page and guides to it disagreed, the higher figure stands here. Several independent sources agree on each but
 * those that are marked `toCheck`.
 */
export const PRICES_REGION = "us-east-1";
/** When the list was last gone through. */
export const PRICES_AS_OF = "2026-11";
/** As AWS counts a month in its own examples. */
export const HOURS_PER_MONTH = 730;

export interface Price {
  readonly usd: number;
  /** What one `usd` buys. */
  readonly per: string;
  readonly source: string;
  /** No second source was found to agree with it when the list was last gone through. */
  readonly toCheck?: boolean;
}

const KINESIS = "https://aws.amazon.com/kinesis/data-streams/pricing/";
const FIREHOSE = "https://aws.amazon.com/firehose/pricing/";
const S3 = "https://aws.amazon.com/s3/pricing/";
const LAMBDA = "https://aws.amazon.com/lambda/pricing/";
const STEP_FUNCTIONS = "https://aws.amazon.com/step-functions/pricing/";
const REDSHIFT = "https://aws.amazon.com/redshift/pricing/";
const RDS = "https://aws.amazon.com/rds/postgresql/pricing/";
const CLOUDWATCH = "https://aws.amazon.com/cloudwatch/pricing/";

export const PRICES = {
  kinesisShardHour: { usd: 0.015, per: "shard hour", source: KINESIS },
  kinesisPutUnit: { usd: 0.014 / 1e6, per: "PUT payload unit of 25 KB", source: KINESIS },
  kinesisExtendedShardHour: {
    usd: 0.02,
    per: "shard hour kept beyond 24 hours, up to 7 days",
    source: KINESIS,
    toCheck: true,
  },
  kinesisLongTermGbMonth: { usd: 0.023, per: "GB month kept beyond 7 days", source: KINESIS, toCheck: true },
  kinesisOnDemandStreamHour: { usd: 0.04, per: "stream hour", source: KINESIS },
  kinesisOnDemandInGb: { usd: 0.08, per: "GB in, each record rounded up to 1 KB", source: KINESIS },
  kinesisOnDemandOutGb: { usd: 0.04, per: "GB out", source: KINESIS },
  firehoseIngestGb: { usd: 0.029, per: "GB in, each record rounded up to 5 KB, of the first 500 TB", source: FIREHOSE },
  firehoseConversionGb: { usd: 0.018, per: "GB converted to Parquet", source: FIREHOSE, toCheck: true },
  firehosePartitioningGb: { usd: 0.02, per: "GB partitioned", source: FIREHOSE, toCheck: true },
  firehosePartitionedObject: { usd: 0.005 / 1000, per: "object of a partition", source: FIREHOSE, toCheck: true },
  s3GbMonth: { usd: 0.023, per: "GB month of S3 Standard, of the first 50 TB", source: S3 },
  s3Put: { usd: 0.005 / 1000, per: "PUT", source: S3 },
  s3Get: { usd: 0.0004 / 1000, per: "GET", source: S3 },
  lambdaRequest: { usd: 0.2 / 1e6, per: "invocation", source: LAMBDA },
  lambdaGbSecond: { usd: 0.0000133334, per: "GB second on Arm", source: LAMBDA },
  eventBridgeEvent: { usd: 1 / 1e6, per: "S3 event", source: "https://aws.amazon.com/eventbridge/pricing/" },
  sqsRequest: { usd: 0.4 / 1e6, per: "request", source: "https://aws.amazon.com/sqs/pricing/" },
  stateTransition: { usd: 0.025 / 1000, per: "state transition", source: STEP_FUNCTIONS },
  redshiftRpuHour: { usd: 0.375, per: "RPU hour, at least 60 seconds at a time", source: REDSHIFT },
  redshiftStorageGbMonth: { usd: 0.024, per: "GB month of managed storage", source: REDSHIFT },
  redshiftRa3LargeHour: { usd: 0.543, per: "node hour of ra3.large", source: REDSHIFT, toCheck: true },
  redshiftRa3XlplusHour: { usd: 1.086, per: "node hour of ra3.xlplus", source: REDSHIFT, toCheck: true },
  redshiftRa34xlargeHour: { usd: 3.26, per: "node hour of ra3.4xlarge", source: REDSHIFT, toCheck: true },
  interfaceEndpointHour: {
    usd: 0.01,
    per: "hour of an endpoint in a zone",
    source: "https://aws.amazon.com/privatelink/pricing/",
  },
  kmsKeyMonth: { usd: 1, per: "key month", source: "https://aws.amazon.com/kms/pricing/" },
  secretMonth: { usd: 0.4, per: "secret month", source: "https://aws.amazon.com/secrets-manager/pricing/" },
  cloudWatchAlarmMonth: { usd: 0.1, per: "alarm month", source: CLOUDWATCH },
  cloudWatchDashboardMonth: { usd: 3, per: "dashboard month", source: CLOUDWATCH },
  cloudWatchLogsGb: { usd: 0.5, per: "GB of logs in", source: CLOUDWATCH },
  rdsT4gMediumHour: { usd: 0.065, per: "hour of db.t4g.medium (2 vCPU, 4 GiB)", source: RDS },
  rdsM6gLargeHour: { usd: 0.159, per: "hour of db.m6g.large (2 vCPU, 8 GiB)", source: RDS, toCheck: true },
  rdsR6gXlargeHour: { usd: 0.45, per: "hour of db.r6g.xlarge (4 vCPU, 32 GiB)", source: RDS, toCheck: true },
  rdsGp3GbMonth: { usd: 0.115, per: "GB month of gp3 storage", source: RDS },
} as const satisfies Readonly<Record<string, Price>>;

export type PriceName = keyof typeof PRICES;
