/** A Lambda of the pipeline's own: in the VPC, with a log group and a role of its own, and no right but those added to it. */
import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { SecurityGroup } from "aws-cdk-lib/aws-ec2";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import {
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type { Network } from "./stages/network.js";

export interface FunctionOptions {
  readonly description: string;
  /** A folder with an index.js that exports `handler`. */
  readonly bundle: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  readonly key: Key;
  readonly network: Network;
  readonly group: SecurityGroup;
  /** POWERTOOLS_SERVICE_NAME: the name in logs, traces and metrics. */
  readonly service: string;
}

export const METRICS_NAMESPACE = "Penstock";

export function pipelineFunction(scope: Construct, id: string, options: FunctionOptions): LambdaFunction {
  const { key, network } = options;
  const logGroup = new LogGroup(scope, `${id}Logs`, {
    encryptionKey: key,
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal("lambda.amazonaws.com") });
  role.addToPolicy(
    new PolicyStatement({
      sid: "WriteOwnLogs",
      effect: Effect.ALLOW,
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      resources: [logGroup.logGroupArn],
    }),
  );
  const { partition, region, account } = Stack.of(scope);
  const ec2 = (resource: string) => `arn:${partition}:ec2:${region}:${account}:${resource}`;
  role.addToPolicy(
    new PolicyStatement({
      sid: "CreateOwnInterface",
      effect: Effect.ALLOW,
      actions: ["ec2:CreateNetworkInterface"],
      resources: [
        ...network.subnets.map(({ subnetId }) => ec2(`subnet/${subnetId}`)),
        ec2(`security-group/${options.group.securityGroupId}`),
        // The interface has no name before it exists.
        ec2("network-interface/*"),
      ],
    }),
  );
  role.addToPolicy(
    new PolicyStatement({
      sid: "ManageOwnInterfaces",
      effect: Effect.ALLOW,
      // AWS takes no resource for the two that describe, and Lambda checks the others without one.
      actions: [
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
      ],
      resources: ["*"],
    }),
  );
  const made = new LambdaFunction(scope, id, {
    description: options.description,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: "index.handler",
    code: Code.fromAsset(options.bundle),
    role,
    logGroup,
    loggingFormat: LoggingFormat.JSON,
    timeout: Duration.seconds(options.timeoutSeconds),
    memorySize: options.memoryMiB,
    environment: {
      ...options.environment,
      POWERTOOLS_SERVICE_NAME: options.service,
      POWERTOOLS_METRICS_NAMESPACE: METRICS_NAMESPACE,
    },
    environmentEncryption: key,
    tracing: Tracing.ACTIVE,
    vpc: network.vpc,
    vpcSubnets: { subnets: [...network.subnets] },
    securityGroups: [options.group],
  });
  return made;
}
