/** A state machine without Lambdas: its calls are Step Functions' own, with a log group and a role that has no right but those given. */
import { type Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { DefinitionBody, LogLevel, StateMachine, type StateMachineType } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";

export interface MachineOptions {
  readonly comment: string;
  /** Amazon States Language. */
  readonly states: object;
  readonly key: Key;
  readonly kind: StateMachineType;
  readonly timeout: Duration;
}

export function pipelineMachine(
  scope: Construct,
  id: string,
  options: MachineOptions,
): { readonly machine: StateMachine; readonly role: Role } {
  const logGroup = new LogGroup(scope, `${id}Logs`, {
    encryptionKey: options.key,
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal("states.amazonaws.com") });
  const machine = new StateMachine(scope, id, {
    comment: options.comment,
    stateMachineType: options.kind,
    definitionBody: DefinitionBody.fromString(Stack.of(scope).toJsonString(options.states)),
    role,
    tracingEnabled: true,
    timeout: options.timeout,
    logs: { destination: logGroup, level: LogLevel.ALL, includeExecutionData: false },
  });
  return { machine, role };
}

/**
 * AWS takes no resource where a statement is followed; this holds it to those of the role's own. A user id ends in the session's name, and Step Functions
 * takes the role anew within a long execution: compared with the caller's whole id, it would lose sight of its own statement.
 */
export function ownStatements(role: Role): object {
  return { StringLike: { "redshift-data:statement-owner-iam-userid": [role.roleId, `${role.roleId}:*`] } };
}
