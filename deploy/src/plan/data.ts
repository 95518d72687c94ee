/** The types whose resources hold what cannot be made again. */
import type { PropertyChange } from "./diff.js";

interface HeldData {
  /** Completes "loses ...". */
  readonly holds: string;
  /** What a change in place loses, if anything. */
  readonly change?: (property: PropertyChange) => string | undefined;
}

const HELD: Readonly<Record<string, HeldData>> = {
  "AWS::Kinesis::Stream": {
    holds: "the records that are not delivered yet",
    change: shorter("RetentionPeriodHours", "records older than the new retention"),
  },
  "AWS::KinesisFirehose::DeliveryStream": { holds: "the records in its buffer" },
  "AWS::S3::Bucket": {
    holds: "every object in it",
    change: ({ path, after }) =>
      path.startsWith("LifecycleConfiguration") && /Expiration/.test(`${path} ${JSON.stringify(after ?? null)}`)
        ? "objects that the new lifecycle rules expire"
        : undefined,
  },
  "AWS::KMS::Key": { holds: "the key, and with it everything that it encrypts" },
  "AWS::RedshiftServerless::Namespace": { holds: "the warehouse: every table, user and grant" },
  "AWS::Redshift::Cluster": { holds: "the warehouse: every table, user and grant" },
  "AWS::SQS::Queue": {
    holds: "the messages of objects that are not loaded yet (the objects stay in the lake)",
    change: shorter("MessageRetentionPeriod", "messages older than the new retention"),
  },
  "AWS::Logs::LogGroup": {
    holds: "its logs",
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
