import type { Duration } from "aws-cdk-lib";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { type StateMachine, StateMachineType } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";
import { ownStatements, pipelineMachine } from "../state-machine.js";
import { type SupervisedOptions, supervisedStates } from "./supervised-states.js";
import type { Warehouse } from "./warehouse.js";

export interface SupervisedMachineOptions
  extends Pick<SupervisedOptions, "statementName" | "deadlineSeconds" | "error"> {
  readonly comment: string;
  readonly step: LambdaFunction;
  readonly warehouse: Warehouse;
  readonly key: Key;
  readonly timeout: Duration;
}

/** May call its Lambda, and talk to the warehouse by the Data API; nothing else. */
export function supervisedMachine(scope: Construct, id: string, options: SupervisedMachineOptions): StateMachine {
  const { step, warehouse, key } = options;
  const { machine, role } = pipelineMachine(scope, id, {
    comment: options.comment,
    states: supervisedStates({ ...options, functionArn: step.functionArn }),
    key,
    kind: StateMachineType.STANDARD,
    timeout: options.timeout,
  });
  const allow = (sid: string, actions: string[], resources: string[], conditions = {}) =>
    role.addToPolicy(new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources, conditions }));
  allow("Decide", ["lambda:InvokeFunction"], [step.functionArn]);
  allow("Submit", ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"], [warehouse.arn]);
  allow(
    "Follow",
    ["redshift-data:DescribeStatement", "redshift-data:GetStatementResult", "redshift-data:CancelStatement"],
    ["*"],
    ownStatements(role),
  );
  const { password } = warehouse;
  if ("namespaceArn" in password) allow("FindPassword", ["redshift-serverless:GetNamespace"], [password.namespaceArn]);
  const secret = "secretArn" in password ? password.secretArn : password.secretArnPattern;
  allow("ReadPassword", ["secretsmanager:GetSecretValue"], [secret]);
  allow("DecryptPassword", ["kms:Decrypt"], [key.keyArn], {
    StringLike: { "kms:ViaService": "secretsmanager.*.amazonaws.com" },
  });
  return machine;
}
