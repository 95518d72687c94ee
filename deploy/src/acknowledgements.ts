/**
 * The findings of cdk-nag's packs that stand as they are, each with its reason and at the narrowest place. Whatever is not here fails the tests: a new
 * `*` in a policy has to be written down.
 */
import { type Stack, Validations } from "aws-cdk-lib";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { IConstruct } from "constructs";
import type { PipelineModel } from "../../src/definition/model.js";
import { fixedPart } from "./prefixes.js";
import { LOADS_PREFIX, REDRIVE_PREFIX, STATE_PREFIX } from "./stages/lake.js";

interface Acknowledgement {
  /** Of the construct's path, behind the stack's name. */
  readonly at: RegExp;
  readonly rules: readonly string[];
  readonly reason: string;
}

const NIST = "NIST.800.53.R5::NIST.800.53.R5-";
const PCI = "PCI.DSS.321::PCI.DSS.321-";
const both = (rule: string) => [`${NIST}${rule}`, `${PCI}${rule}`];
const iam5 = (finding: string) => `AwsSolutions::AwsSolutions-IAM5[${finding}]`;
const OWN = "(Delivery\\/Transform-[^/]+|Loader\\/(Load|LoadStep|SweepStep)|Migration\\/(Migrate|MigrateStep))";
const FUNCTION = new RegExp(`^${OWN}$`);
const FUNCTION_ROLE = new RegExp(`^${OWN}Role$`);

const STANDING: readonly Acknowledgement[] = [
  {
    at: /Role(-[^/]+)?$/,
    rules: both("IAMNoInlinePolicy"),
    reason:
      "Each policy is one role's and names this pipeline's own resources: shared by nobody, it is deleted with the role.",
  },
  {
    at: FUNCTION_ROLE,
    rules: [
      iam5("Resource::*"),
      iam5("Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:network-interface/*"),
    ],
    reason:
      "X-Ray and the describing and deleting of network interfaces take no resource; an interface that is created has no name before. Lambda needs both in a VPC.",
  },
  {
    at: /^QuickSight\/ConnectionRole$/,
    rules: [iam5("Resource::*")],
    reason: "An interface has no name before it is created, and describing subnets and groups takes no resource.",
  },
  {
    at: /^Warehouse\/CopyRole$/,
    rules: [iam5("Resource::*")],
    reason: "ListStreams takes no resource; it gives names alone.",
  },
  {
    at: /^(LoadModes\/CopyWatchdog|Partitions\/Partitions-[^/]+)Role$/,
    rules: [iam5("Resource::*")],
    reason:
      "Describing statements and reading their results takes no resource, and is held to the role's own by a condition; log delivery and X-Ray take none either.",
  },
  {
    at: /^(Loader\/(Load|Sweep)|Migration\/Migrate)StatesRole$/,
    rules: [iam5("Resource::*")],
    reason:
      "Describing, reading and cancelling statements takes no resource, and is held to the role's own by a condition; log delivery and X-Ray take none either.",
  },
  {
    at: FUNCTION,
    rules: [`${NIST}LambdaDLQ`, "Serverless::Serverless-LambdaDLQ"],
    reason:
      "Firehose, the queue, the state machine or CloudFormation waits for the answer and calls again; a dead-letter queue of a function is for events that nobody waits for.",
  },
  {
    at: FUNCTION,
    rules: [`${NIST}LambdaConcurrency`, `${PCI}LambdaConcurrency`],
    reason:
      "A fixed concurrency would throttle delivery when shards are added, or take from the account what lies idle.",
  },
  {
    at: /^Loader\/Load\/SqsEventSource/,
    rules: ["Serverless::Serverless-LambdaEventSourceMappingDestination"],
    reason: "A queue as source has no such destination: what fails goes to the queue's own dead-letter queue.",
  },
  {
    at: /^(Loader\/LoadDeadLetters|(Partitions|LoadModes)\/Undelivered)$/,
    rules: ["Serverless::Serverless-SQSRedrivePolicy", "AwsSolutions::AwsSolutions-SQS3"],
    reason: "It is the dead-letter queue.",
  },
  {
    at: /^Lake\//,
    rules: both("S3BucketReplicationEnabled"),
    reason:
      "A second copy in another region is the account's choice and doubles the bill; versions and retention guard against deletion.",
  },
  {
    at: /^Lake\/AccessLogs$/,
    rules: both("S3DefaultEncryptionKMS"),
    reason: "S3 delivers access logs to buckets with its own key alone.",
  },
  {
    at: /^Foundation\/Vpc$/,
    rules: both("VPCDefaultSecurityGroupClosed"),
    reason: "CloudFormation cannot change the default group; nothing is in it, and no subnet leads out of the VPC.",
  },
  {
    at: /^Stream\/Stream-/,
    rules: ["AwsSolutions::AwsSolutions-KDS3"],
    reason:
      "The pipeline's own key, so that who may read is said in its policies; the service's key can be limited by nobody.",
  },
  {
    at: /^Warehouse\/Cluster$/,
    rules: ["AwsSolutions::AwsSolutions-RS4"],
    reason: "The port that every tool assumes; nobody is let in to it but the networks that the options name.",
  },
  {
    at: /^Delivery\/Delivery-/,
    rules: ["AwsSolutions::AwsSolutions-KDF1"],
    reason: "Its source is a Kinesis stream, which is encrypted; Firehose refuses a second encryption there.",
  },
];

export function acknowledgeFindings(stack: Stack, model: PipelineModel, bucket: Bucket): void {
  const lakeId = stack.getLogicalId(bucket.node.defaultChild as never);
  const folders = model.tables.flatMap(({ name, deliver }) => [
    fixedPart(deliver.prefix),
    fixedPart(deliver.errorPrefix),
    `${LOADS_PREFIX}${name}/`,
    `${REDRIVE_PREFIX}${name}/`,
  ]);
  const underFolders: Acknowledgement = {
    at: /Role(-[^/]+)?$/,
    rules: [LOADS_PREFIX, STATE_PREFIX, `${STATE_PREFIX}turns/`, `${STATE_PREFIX}sweeps/`, ...folders].map((folder) =>
      iam5(`Resource::<${lakeId}.Arn>/${folder}*`),
    ),
    reason: "The objects of one folder of the lake: their names are not known before they are written.",
  };
  for (const construct of stack.node.findAll()) {
    const path = construct.node.path.slice(stack.node.path.length + 1);
    for (const one of [...STANDING, underFolders]) if (one.at.test(path)) acknowledge(construct, one);
  }
}

function acknowledge(construct: IConstruct, { rules, reason }: Acknowledgement): void {
  for (const id of rules) Validations.of(construct).acknowledge({ id, reason });
}
