import { Duration } from "aws-cdk-lib";
import { Rule, RuleTargetInput, Schedule } from "aws-cdk-lib/aws-events";
import { SfnStateMachine } from "aws-cdk-lib/aws-events-targets";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";
import { AWS_PLACE } from "../../../src/warehouse/redshift/steps.js";
import { pipelineFunction } from "../function.js";
import { STATE_PREFIX } from "./lake.js";
import { lakeRights } from "./lake-rights.js";
import type { LoaderOptions } from "./loader-options.js";
import { supervisedMachine } from "./supervised-machine.js";

const EVERY_MINUTES = 30;
/** An object this young is left to its event: gathering, and a load or two before its own. */
const GRACE_SECONDS = 1800;
const SWEEP_SECONDS = 120;
const SWEEP_MIB = 512;
/** A question, not a load. */
const DEADLINE_SECONDS = 300;

/** Loads what the lake has and the ledger lacks: events are delivered at least once in all but the worst cases, and this is for those. */
export function sweep(
  scope: Construct,
  { model, bucket, key, network, warehouse, bundles }: LoaderOptions,
  loads: StateMachine,
  deadLetterQueue: Queue,
): StateMachine {
  const step = pipelineFunction(scope, "SweepStep", {
    description: "Finds objects that the ledger lacks, and starts their loads",
    bundle: bundles.sweep,
    environment: {
      LAKE_BUCKET: bucket.bucketName,
      LOAD_STATE_MACHINE: loads.stateMachineArn,
      LEDGER_SCHEMA: AWS_PLACE.schema,
      STATE_PREFIX,
      GRACE_SECONDS: String(GRACE_SECONDS),
    },
    timeoutSeconds: SWEEP_SECONDS,
    memoryMiB: SWEEP_MIB,
    key,
    network,
    group: network.loadGroup,
    service: "sweep",
  });
  const state = `${STATE_PREFIX}sweeps/`;
  lakeRights(step, bucket, key, { read: [state], write: [state] });
  step.addToRolePolicy(
    new PolicyStatement({
      sid: "StartLoads",
      effect: Effect.ALLOW,
      actions: ["states:StartExecution"],
      resources: [loads.stateMachineArn],
    }),
  );
  const machine = supervisedMachine(scope, "SweepStates", {
    comment: "One sweep: a part of each table's objects against the ledger",
    step,
    warehouse,
    key,
    statementName: "penstock-sweep",
    deadlineSeconds: DEADLINE_SECONDS,
    error: "SweepFailed",
    timeout: Duration.minutes(EVERY_MINUTES),
  });
  if (model.tables.length > 0) {
    new Rule(scope, "Sweeps", {
      description: "Looks for objects that the ledger lacks",
      schedule: Schedule.rate(Duration.minutes(EVERY_MINUTES)),
      targets: [new SfnStateMachine(machine, { input: RuleTargetInput.fromObject({}), deadLetterQueue })],
    });
  }
  return machine;
}
