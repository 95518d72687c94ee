import { Duration, Stack } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { SfnStateMachine } from "aws-cdk-lib/aws-events-targets";
import { Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import { CfnIntegration } from "aws-cdk-lib/aws-redshift";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { type StateMachine, StateMachineType } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";
import type { PipelineModel } from "../../../src/definition/model.js";
import { ownStatements, pipelineMachine } from "../state-machine.js";
import { undelivered } from "../undelivered.js";
import type { Catalog } from "./catalog.js";
import type { Warehouse } from "./warehouse.js";
import { watchdogStates } from "./watchdog-states.js";

export interface LoadModesOptions {
  readonly model: PipelineModel;
  readonly bucket: Bucket;
  readonly catalog: Catalog;
  readonly key: Key;
  readonly warehouse: Warehouse;
}

/** The construct that has S3 tell Redshift of new objects. */
export const OBJECT_EVENTS = "ObjectEvents";
const WATCH_MINUTES = 15;

/**
 * What tables beside those of `load: "copy"` need outside the warehouse. Their statements run in the migration (src/lambda/load-mode-ddl.ts).
 *
 *     auto-copy:  lake -> S3 event integration -> COPY JOB;  every 15 minutes the watchdog loads what the job passed over
 */
export function loadModes(scope: Construct, options: LoadModesOptions): StateMachine | undefined {
  const jobbed = options.model.tables.filter(({ load }) => load === "auto-copy");
  if (jobbed.length === 0) return undefined;
  const { bucket, warehouse, key, catalog } = options;
  eventIntegration(scope, options);
  const { machine, role } = pipelineMachine(scope, "CopyWatchdog", {
    comment: "Loads the files that COPY JOBs have passed over",
    states: watchdogStates({
      tables: jobbed,
      resources: {
        glueDatabase: catalog.databaseName,
        lakeBucket: bucket.bucketName,
        roleArn: warehouse.copyRoleArn,
      },
      warehouse,
    }),
    key,
    kind: StateMachineType.STANDARD,
    timeout: Duration.minutes(WATCH_MINUTES),
  });
  const allow = (sid: string, actions: string[], resources: string[], conditions = {}) =>
    role.addToPolicy(new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources, conditions }));
  allow("AskAndLoad", ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"], [warehouse.arn]);
  const following = ["redshift-data:DescribeStatement", "redshift-data:GetStatementResult"];
  allow("FollowStatements", following, ["*"], ownStatements(role));
  const { password } = warehouse;
  if ("namespaceArn" in password) allow("FindPassword", ["redshift-serverless:GetNamespace"], [password.namespaceArn]);
  const secret = "secretArn" in password ? password.secretArn : password.secretArnPattern;
  allow("ReadPassword", ["secretsmanager:GetSecretValue"], [secret]);
  allow("DecryptPassword", ["kms:Decrypt"], [key.keyArn], {
    StringLike: { "kms:ViaService": "secretsmanager.*.amazonaws.com" },
  });
  new Rule(scope, "WatchCopies", {
    description: "Looks for files that COPY JOBs have passed over",
    schedule: Schedule.rate(Duration.minutes(WATCH_MINUTES)),
    targets: [new SfnStateMachine(machine, { deadLetterQueue: undelivered(scope, key) })],
  });
  return machine;
}

/** S3 tells Redshift of new objects; the bucket and the namespace each say that it may (the namespace in stages/warehouse.ts). */
function eventIntegration(scope: Construct, { model, bucket, warehouse }: LoadModesOptions): void {
  const { partition, region, account } = Stack.of(scope);
  bucket.addToResourcePolicy(
    new PolicyStatement({
      sid: "TellRedshiftOfObjects",
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal("redshift.amazonaws.com")],
      actions: ["s3:GetBucketNotification", "s3:PutBucketNotification", "s3:GetBucketLocation"],
      resources: [bucket.bucketArn],
      conditions: {
        StringEquals: { "aws:SourceAccount": account },
        ArnLike: { "aws:SourceArn": `arn:${partition}:redshift:${region}:${account}:integration:*` },
      },
    }),
  );
  const integration = new CfnIntegration(scope, OBJECT_EVENTS, {
    // No dash behind a dash, and none at the end.
    integrationName: `penstock-${model.name}`.replaceAll(/-+/g, "-").slice(0, 63).replace(/-$/, ""),
    sourceArn: bucket.bucketArn,
    targetArn: warehouse.namespaceArn,
  });
  if (bucket.policy !== undefined) integration.node.addDependency(bucket.policy);
}
