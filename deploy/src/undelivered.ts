import { Duration } from "aws-cdk-lib";
import type { Key } from "aws-cdk-lib/aws-kms";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";

const KEPT_DAYS = 14;

/** Where EventBridge puts the events that it could not hand over, after a day of trying. */
export function undelivered(scope: Construct, key: Key): Queue {
  return new Queue(scope, "Undelivered", {
    encryption: QueueEncryption.KMS,
    encryptionMasterKey: key,
    enforceSSL: true,
    retentionPeriod: Duration.days(KEPT_DAYS),
  });
}
