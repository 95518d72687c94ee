import { CfnOutput, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Rule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";
import type { PipelineModel } from "../../../src/definition/model.js";
import { pipelineFunction } from "../function.js";
import { fixedPart } from "../prefixes.js";
import { LOADS_PREFIX } from "./lake.js";
import { loadStates } from "./load-states.js";
import type { Network } from "./network.js";
import type { Warehouse } from "./warehouse.js";

export interface Loader {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly load: LambdaFunction;
  readonly stateMachine: StateMachine;
}

export interface LoaderOptions {
  readonly model: PipelineModel;
  readonly bucket: Bucket;
  readonly key: Key;
  readonly network: Network;
  readonly warehouse: Warehouse;
  readonly bundle: string;
}

const LOAD_SECONDS = 60;
const LOAD_MIB = 512;
/** Objects that come within this time are loaded together. */
const GATHER_SECONDS = 60;
const GATHER_MESSAGES_MAX = 1000;
const RECEIVES_MAX = 5;
/** SQS's longest: time to mend what stopped the loads. */
const KEPT_DAYS = 14;

/**
 *     new object -> EventBridge -> queue -> load Lambda -> state machine -> Data API
 *                                    \-> dead-letter queue, after five tries
 */
export function loader(scope: Construct, options: LoaderOptions): Loader {
  const { model, bucket, key, network, warehouse } = options;
  const deadLetterQueue = new Queue(scope, "LoadDeadLetters", {
    encryption: QueueEncryption.KMS,
    encryptionMasterKey: key,
    enforceSSL: true,
    retentionPeriod: Duration.days(KEPT_DAYS),
  });
  const queue = new Queue(scope, "LoadQueue", {
    encryption: QueueEncryption.KMS,
    encryptionMasterKey: key,
    enforceSSL: true,
    retentionPeriod: Duration.days(KEPT_DAYS),
    // Six times the function's, as AWS advises, and the time of gathering.
    visibilityTimeout: Duration.seconds(6 * LOAD_SECONDS + GATHER_SECONDS),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: RECEIVES_MAX },
  });
  const prefixes = model.tables.map(({ deliver }) => ({ prefix: fixedPart(deliver.prefix) }));
  new Rule(scope, "NewObjects", {
    description: "New objects of the lake's tables",
    eventPattern: {
      source: ["aws.s3"],
      detailType: ["Object Created"],
      detail: { bucket: { name: [bucket.bucketName] }, object: { key: prefixes } },
    },
    targets: [new SqsQueue(queue, { deadLetterQueue })],
  });

  const stateMachine = machine(scope, options);
  const load = pipelineFunction(scope, "Load", {
    description: "New objects of the lake into loads of the warehouse",
    bundle: options.bundle,
    environment: {
      LAKE_BUCKET: bucket.bucketName,
      LOAD_STATE_MACHINE: stateMachine.stateMachineArn,
      COPY_ROLE: warehouse.copyRoleArn,
    },
    timeoutSeconds: LOAD_SECONDS,
    memoryMiB: LOAD_MIB,
    key,
    network,
    group: network.loadGroup,
    service: "load",
  });
  const allow = (sid: string, actions: string[], resources: string[], conditions = {}) =>
    load.addToRolePolicy(new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources, conditions }));
  allow("WriteManifests", ["s3:PutObject"], [bucket.arnForObjects(`${LOADS_PREFIX}*`)]);
  allow("EncryptManifests", ["kms:GenerateDataKey"], [key.keyArn], {
    StringLike: { "kms:ViaService": "s3.*.amazonaws.com" },
  });
  allow("StartLoads", ["states:StartExecution"], [stateMachine.stateMachineArn]);
  load.addEventSource(
    new SqsEventSource(queue, {
      batchSize: GATHER_MESSAGES_MAX,
      maxBatchingWindow: Duration.seconds(GATHER_SECONDS),
    }),
  );
  new CfnOutput(scope, "LoadStateMachine", {
    value: stateMachine.stateMachineArn,
    description: "One execution a load",
  });
  return { queue, deadLetterQueue, load, stateMachine };
}

function machine(scope: Construct, { key, warehouse }: LoaderOptions): StateMachine {
  const logGroup = new LogGroup(scope, "LoadStatesLogs", {
    encryptionKey: key,
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, "LoadStatesRole", { assumedBy: new ServicePrincipal("states.amazonaws.com") });
  const allow = (sid: string, actions: string[], resources: string[], conditions = {}) =>
    role.addToPolicy(new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources, conditions }));
  allow("SubmitLoads", ["redshift-data:BatchExecuteStatement"], [warehouse.arn]);
  // AWS takes no resource here; the condition holds it to statements of this role's own.
  allow("FollowLoads", ["redshift-data:DescribeStatement", "redshift-data:CancelStatement"], ["*"], {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IAM's, not of ours.
    StringEquals: { "redshift-data:statement-owner-iam-userid": "${aws:userid}" },
  });
  const { password } = warehouse;
  if ("namespaceArn" in password) allow("FindPassword", ["redshift-serverless:GetNamespace"], [password.namespaceArn]);
  const secret = "secretArn" in password ? password.secretArn : password.secretArnPattern;
  allow("ReadPassword", ["secretsmanager:GetSecretValue"], [secret]);
  allow("DecryptPassword", ["kms:Decrypt"], [key.keyArn], {
    StringLike: { "kms:ViaService": "secretsmanager.*.amazonaws.com" },
  });
  return new StateMachine(scope, "LoadStates", {
    comment: "One load: each transaction submitted, followed to its end, and tried again",
    stateMachineType: StateMachineType.STANDARD,
    definitionBody: DefinitionBody.fromString(Stack.of(scope).toJsonString(loadStates(warehouse))),
    role,
    tracingEnabled: true,
    timeout: Duration.hours(6),
    logs: { destination: logGroup, level: LogLevel.ALL, includeExecutionData: false },
  });
}
