/** The types whose resources hold what cannot be made again. */
import type { PropertyChange } from "./property-change.js";

interface HeldData {
  /** Completes "loses ...". */
  readonly holds: string;
  /** What to do before, or instead. */
  readonly advice: string;
  /** What a change in place loses, if anything. */
  readonly change?: (property: PropertyChange) => string | undefined;
}

const WAREHOUSE: HeldData = {
  holds: "the warehouse: every table, user and grant",
  advice:
    "If it should stay, plan with the options that it was deployed with (--ra3, --node-type and --nodes, or none of them). Otherwise: snapshot it, apply, make users and grants anew, and `penstock replay TABLE --aws` loads the tables again from the lake.",
};
const LET_IT_RUN_DRY =
  "Stop its producers, wait until `penstock status --aws` shows no lag and the buffer's time has passed, then apply.";

const HELD: Readonly<Record<string, HeldData>> = {
  "AWS::Kinesis::Stream": {
    holds: "the records that are not delivered yet",
    advice: LET_IT_RUN_DRY,
    change: shorter("RetentionPeriodHours", "records older than the new retention"),
  },
  "AWS::KinesisFirehose::DeliveryStream": {
    holds: "the records in its buffer, and its place in the stream: a new one begins with what comes from then on",
    advice: LET_IT_RUN_DRY,
  },
  "AWS::S3::Bucket": {
    holds: "every object in it",
    advice: "Copy what you need to another bucket first: `aws s3 sync`.",
    change: ({ path, after }) =>
      path.startsWith("LifecycleConfiguration") && /Expiration/.test(`${path} ${JSON.stringify(after ?? null)}`)
        ? "objects that the new lifecycle rules expire"
        : undefined,
  },
  "AWS::KMS::Key": {
    holds: "the key, and with it everything that it encrypts",
    advice: "Keep it for as long as anything is there that it has encrypted; a new key reads none of that.",
  },
  "AWS::RedshiftServerless::Namespace": WAREHOUSE,
  "AWS::Redshift::Cluster": WAREHOUSE,
  "AWS::RedshiftServerless::Workgroup": {
    holds: "running queries, and the address that tools connect to (the tables are the namespace's)",
    advice: "Apply when nobody asks it, and give the tools the new address.",
  },
  "AWS::Glue::Database": {
    holds: "the catalog's tables (the objects stay in the lake)",
    advice: "The next apply writes them anew; tables of your own in it go with it.",
  },
  "AWS::Glue::Table": {
    holds: "what the catalog knows of the table and its partitions (the objects stay in the lake)",
    advice: "Athena and Spectrum see partitions again after `MSCK REPAIR TABLE` or the next object of each.",
  },
  "AWS::SQS::Queue": {
    holds: "the messages of objects that are not loaded yet (the objects stay in the lake)",
    advice: "Nothing to do: the sweep loads those objects within the hour.",
    change: shorter("MessageRetentionPeriod", "messages older than the new retention"),
  },
  "AWS::SNS::Topic": { holds: "its subscriptions", advice: "Subscribe to the new one: it is in the outputs." },
  "AWS::Logs::LogGroup": {
    holds: "its logs",
    advice: "Export what you need first: `aws logs create-export-task`.",
    change: shorter("RetentionInDays", "logs older than the new retention"),
  },
};

export function dataOf(type: string): HeldData | undefined {
  return HELD[type];
}

function shorter(name: string, what: string): HeldData["change"] {
  return ({ path, before, after }) =>
    path === name && typeof before === "number" && typeof after === "number" && after < before ? what : undefined;
}
