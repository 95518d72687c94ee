import { CfnOutput, Duration } from "aws-cdk-lib";
import { Rule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";
import { AWS_PLACE } from "../../../src/warehouse/redshift/steps.js";
import { pipelineFunction } from "../function.js";
import { fixedPart } from "../prefixes.js";
import { LOADS_PREFIX, STATE_PREFIX } from "./lake.js";
import { lakeRights } from "./lake-rights.js";
import type { LoaderOptions } from "./loader-options.js";
import { supervisedMachine } from "./supervised-machine.js";
import { sweep } from "./sweep.js";

export interface Loader {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly load: LambdaFunction;
  readonly stateMachine: StateMachine;
  /** Of the sweep. */
  readonly sweepMachine: StateMachine;
  /** POWERTOOLS_SERVICE_NAME of the Lambda that counts what was loaded. */
  readonly stepService: string;
}

const LOAD_SECONDS = 60;
const LOAD_MIB = 512;
const STEP_SECONDS = 120;
/** Objects that come within this time are loaded together. */
const GATHER_SECONDS = 60;
const GATHER_MESSAGES_MAX = 1000;
const RECEIVES_MAX = 5;
/** SQS's longest: time to mend what stopped the loads. */
const KEPT_DAYS = 14;
/** Of one statement list; then it is cancelled. */
const DEADLINE_SECONDS = 1800;
const STEP_SERVICE = "load-step";

/**
 *     new object -> EventBridge -> queue -> load Lambda -> state machine <-> step Lambda
 *                                    \-> dead-letter queue, after five tries  \-> Data API
 *     each half hour: sweep -> what no event has told of -> state machine
 */
export function loader(scope: Construct, options: LoaderOptions): Loader {
  const { model, bucket, key } = options;
  const encrypted = { encryption: QueueEncryption.KMS, encryptionMasterKey: key, enforceSSL: true };
  const deadLetterQueue = new Queue(scope, "LoadDeadLetters", {
    ...encrypted,
    retentionPeriod: Duration.days(KEPT_DAYS),
  });
  const queue = new Queue(scope, "LoadQueue", {
    ...encrypted,
    retentionPeriod: Duration.days(KEPT_DAYS),
    // Six times the function's, as AWS advises, and the time of gathering.
    visibilityTimeout: Duration.seconds(6 * LOAD_SECONDS + GATHER_SECONDS),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: RECEIVES_MAX },
  });
  const prefixes = model.tables.flatMap(({ load, deliver }) => [
    ...(load === undefined ? [{ prefix: fixedPart(deliver.prefix) }] : []),
    { prefix: fixedPart(deliver.errorPrefix) },
  ]);
  // EventBridge refuses a pattern with an empty list.
  if (prefixes.length > 0) {
    new Rule(scope, "NewObjects", {
      description: "New objects of the lake's tables, dead letters among them",
      eventPattern: {
        source: ["aws.s3"],
        detailType: ["Object Created"],
        detail: { bucket: { name: [bucket.bucketName] }, object: { key: prefixes } },
      },
      targets: [new SqsQueue(queue, { deadLetterQueue })],
    });
  }
  const stateMachine = loads(scope, options);
  const load = starter(scope, options, stateMachine);
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
  const sweepMachine = sweep(scope, options, stateMachine, deadLetterQueue);
  return { queue, deadLetterQueue, load, stateMachine, sweepMachine, stepService: STEP_SERVICE };
}

function starter(
  scope: Construct,
  { bucket, key, network, bundles }: LoaderOptions,
  stateMachine: StateMachine,
): LambdaFunction {
  const load = pipelineFunction(scope, "Load", {
    description: "New objects of the lake into executions of the load",
    bundle: bundles.load,
    environment: { LAKE_BUCKET: bucket.bucketName, LOAD_STATE_MACHINE: stateMachine.stateMachineArn },
    timeoutSeconds: LOAD_SECONDS,
    memoryMiB: LOAD_MIB,
    key,
    network,
    group: network.loadGroup,
    service: "load",
  });
  load.addToRolePolicy(
    new PolicyStatement({
      sid: "StartLoads",
      effect: Effect.ALLOW,
      actions: ["states:StartExecution"],
      resources: [stateMachine.stateMachineArn],
    }),
  );
  return load;
}

function loads(scope: Construct, options: LoaderOptions): StateMachine {
  const { model, bucket, key, network, warehouse, bundles } = options;
  const step = pipelineFunction(scope, "LoadStep", {
    description: "Decides what a load does next",
    bundle: bundles.loadStep,
    environment: {
      LAKE_BUCKET: bucket.bucketName,
      COPY_ROLE: warehouse.copyRoleArn,
      LEDGER_SCHEMA: AWS_PLACE.schema,
      MANIFEST_PREFIX: LOADS_PREFIX,
      STATE_PREFIX,
    },
    timeoutSeconds: STEP_SECONDS,
    memoryMiB: LOAD_MIB,
    key,
    network,
    group: network.loadGroup,
    service: STEP_SERVICE,
  });
  const turns = `${STATE_PREFIX}turns/`;
  const loaded = model.tables.filter(({ load }) => load === undefined);
  lakeRights(step, bucket, key, {
    read: [...loaded.map(({ deliver }) => fixedPart(deliver.prefix)), turns],
    write: [...model.tables.map(({ name }) => `${LOADS_PREFIX}${name}/`), turns],
    remove: [turns],
  });
  return supervisedMachine(scope, "LoadStates", {
    comment: "One load: copy, verify, retry, bisect, quarantine, as the Lambda decides",
    step,
    warehouse,
    key,
    statementName: "penstock-load",
    deadlineSeconds: DEADLINE_SECONDS,
    error: "LoadFailed",
    timeout: Duration.hours(6),
  });
}
