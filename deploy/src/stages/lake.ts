import { CfnOutput, Duration, RemovalPolicy } from "aws-cdk-lib";
import type { Key } from "aws-cdk-lib/aws-kms";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  ObjectOwnership,
  StorageClass,
} from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";

/** Manifests of loads lie here, one an execution. */
export const LOADS_PREFIX = "loads/";
/** Rows of dead letters that were redriven, a folder a table; as src/cli/aws/redrive.ts writes them. */
export const REDRIVE_PREFIX = "redrive/";
/** What the loader, the sweep and the migration remember; small, and kept with the lake. */
export const STATE_PREFIX = "_penstock/";

/** After this, an object is read by a replay alone. */
const WARM_DAYS = 90;
const LOGS_DAYS = 365;
const MANIFEST_DAYS = 30;
const OLD_VERSION_DAYS = 30;
const ABANDONED_UPLOAD_DAYS = 7;

/** The lake outlives the stack: all else can be rebuilt from it. */
export function lake(scope: Construct, key: Key): Bucket {
  const logs = new Bucket(scope, "AccessLogs", {
    // The service that writes access logs can write to no bucket with a key of ours.
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    versioned: true,
    removalPolicy: RemovalPolicy.RETAIN,
    lifecycleRules: [
      {
        expiration: Duration.days(LOGS_DAYS),
        noncurrentVersionExpiration: Duration.days(OLD_VERSION_DAYS),
        abortIncompleteMultipartUploadAfter: Duration.days(ABANDONED_UPLOAD_DAYS),
      },
    ],
  });
  const bucket = new Bucket(scope, "Lake", {
    encryption: BucketEncryption.KMS,
    encryptionKey: key,
    // One data key for many objects: fewer calls to KMS, which are billed and throttled.
    bucketKeyEnabled: true,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    versioned: true,
    removalPolicy: RemovalPolicy.RETAIN,
    serverAccessLogsBucket: logs,
    serverAccessLogsPrefix: "lake/",
    lifecycleRules: [
      {
        id: "warm",
        transitions: [{ storageClass: StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(WARM_DAYS) }],
        noncurrentVersionExpiration: Duration.days(OLD_VERSION_DAYS),
        abortIncompleteMultipartUploadAfter: Duration.days(ABANDONED_UPLOAD_DAYS),
      },
      { id: "manifests", prefix: LOADS_PREFIX, expiration: Duration.days(MANIFEST_DAYS) },
    ],
  });
  // On the resource itself: the construct's own switch would deploy a Lambda that flips it.
  (bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
    eventBridgeConfiguration: { eventBridgeEnabled: true },
  };
  new CfnOutput(scope, "LakeBucket", {
    value: bucket.bucketName,
    description: "The lake; kept when the stack is deleted",
  });
  return bucket;
}
