import { CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";

/** One key for all that the pipeline stores. It is retained: without it the retained lake could not be read. */
export function pipelineKey(scope: Construct, pipeline: string): Key {
  const stack = Stack.of(scope);
  const key = new Key(scope, "Key", {
    description: `Everything that the pipeline ${pipeline} stores`,
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  // Services that write for us without a role of ours; each is held to this account. In a key's policy "*" means this very key.
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: "LogGroupsOfThisAccount",
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
      actions: [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
        "kms:GenerateDataKey",
        "kms:DescribeKey",
      ],
      resources: ["*"],
      conditions: {
        ArnLike: {
          "kms:EncryptionContext:aws:logs:arn": stack
            .formatArn({ service: "logs", resource: "log-group", resourceName: "*" })
            .replace("log-group/", "log-group:"),
        },
      },
    }),
  );
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: "EventsAndAlarmsOfThisAccount",
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal("events.amazonaws.com"), new ServicePrincipal("cloudwatch.amazonaws.com")],
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: ["*"],
      conditions: { StringEquals: { "aws:SourceAccount": stack.account } },
    }),
  );
  new CfnOutput(scope, "KeyArn", { value: key.keyArn, description: "The key that everything is encrypted with" });
  return key;
}
