import { CfnOutput, Duration, RemovalPolicy } from "aws-cdk-lib";
import { Effect, ManagedPolicy, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Stream, StreamEncryption, StreamMode } from "aws-cdk-lib/aws-kinesis";
import type { Key } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import type { StreamModel } from "../../../src/definition/model.js";
import type { DeployOptions } from "../options.js";

/** The definition's Kinesis streams by name. They keep their names, so that a producer's code is the same here and there. */
export function streams(
  scope: Construct,
  models: readonly StreamModel[],
  key: Key,
  options: DeployOptions,
): ReadonlyMap<string, Stream> {
  const onDemand = options.streamMode === "on-demand";
  return new Map(
    models
      .filter(({ kind }) => kind === "kinesis")
      .map((model) => [
        model.name,
        new Stream(scope, `Stream-${model.name}`, {
          streamName: model.name,
          ...(onDemand
            ? { streamMode: StreamMode.ON_DEMAND }
            : { streamMode: StreamMode.PROVISIONED, shardCount: model.shards }),
          retentionPeriod: Duration.hours(model.retentionHours),
          encryption: StreamEncryption.KMS,
          encryptionKey: key,
          // Kept, it would go on costing by the hour, and its name would be in the way of the next deployment.
          removalPolicy: RemovalPolicy.DESTROY,
        }),
      ]),
  );
}

/** What a producer may do and nothing else; attach it to the producer's role. */
export function producerPolicy(
  scope: Construct,
  kinesisStreams: ReadonlyMap<string, Stream>,
  directPutArns: readonly string[],
  key: Key,
): void {
  const statements: PolicyStatement[] = [];
  const allow = (sid: string, actions: string[], resources: string[], conditions = {}) =>
    statements.push(new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources, conditions }));
  const arns = [...kinesisStreams.values()].map(({ streamArn }) => streamArn);
  if (arns.length > 0) {
    allow(
      "PutRecords",
      ["kinesis:PutRecord", "kinesis:PutRecords", "kinesis:DescribeStreamSummary", "kinesis:ListShards"],
      arns,
    );
    allow("EncryptRecords", ["kms:GenerateDataKey"], [key.keyArn], {
      StringLike: { "kms:ViaService": "kinesis.*.amazonaws.com" },
    });
  }
  if (directPutArns.length > 0) {
    allow("PutToFirehose", ["firehose:PutRecord", "firehose:PutRecordBatch"], [...directPutArns]);
  }
  const policy = new ManagedPolicy(scope, "ProducerPolicy", {
    description: "Puts records into the pipeline, and nothing else",
    statements,
  });
  new CfnOutput(scope, "ProducerPolicyArn", {
    value: policy.managedPolicyArn,
    description: "Attach this policy to the role of whatever puts records",
  });
}
