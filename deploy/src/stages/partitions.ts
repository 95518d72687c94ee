import { Duration, Stack } from "aws-cdk-lib";
import { Rule, RuleTargetInput } from "aws-cdk-lib/aws-events";
import { SfnStateMachine } from "aws-cdk-lib/aws-events-targets";
import type { CfnTable } from "aws-cdk-lib/aws-glue";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { type StateMachine, StateMachineType } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";
import type { PipelineModel, TableModel } from "../../../src/definition/model.js";
import { type PartitionFolders, partitionFolders } from "../partition-folders.js";
import { fixedPart } from "../prefixes.js";
import { pipelineMachine } from "../state-machine.js";
import { undelivered } from "../undelivered.js";
import { type Catalog, rowStorage } from "./catalog.js";

export interface PartitionOptions {
  readonly model: PipelineModel;
  readonly bucket: Bucket;
  readonly catalog: Catalog;
  readonly key: Key;
}

/**
 *     new object -> EventBridge -> state machine -> Glue CreatePartition
 *
 * Firehose writes partitions and tells the catalog nothing of them, and Spectrum sees only those that it has. Each object says its partition again;
 * from the second on the answer is that it exists.
 */
export function partitions(scope: Construct, options: PartitionOptions): ReadonlyMap<string, StateMachine> {
  const found = options.model.tables.flatMap((table) => {
    const folders = partitionFolders(table);
    return folders === undefined ? [] : [{ table, folders }];
  });
  if (found.length === 0) return new Map();
  const lost = undelivered(scope, options.key);
  return new Map(found.map(({ table, folders }) => [table.name, machine(scope, table, folders, lost, options)]));
}

function machine(
  scope: Construct,
  table: TableModel,
  folders: PartitionFolders,
  deadLetterQueue: Queue,
  { bucket, catalog, key }: PartitionOptions,
): StateMachine {
  const { machine: made, role } = pipelineMachine(scope, `Partitions-${table.name}`, {
    comment: `Tells the catalog of the partitions of ${table.name}`,
    states: partitionStates({ table, folders, database: catalog.databaseName, bucket: bucket.bucketName }),
    key,
    kind: StateMachineType.EXPRESS,
    timeout: Duration.minutes(5),
  });
  const { partition, region, account } = Stack.of(scope);
  const glue = (resource: string) => `arn:${partition}:glue:${region}:${account}:${resource}`;
  role.addToPolicy(
    new PolicyStatement({
      sid: "AddPartitions",
      effect: Effect.ALLOW,
      actions: ["glue:CreatePartition", "glue:GetPartition"],
      resources: [
        glue("catalog"),
        glue(`database/${catalog.databaseName}`),
        glue(`table/${catalog.databaseName}/${table.name}`),
      ],
    }),
  );
  const rule = new Rule(scope, `NewPartitions-${table.name}`, {
    description: `New objects of ${table.name}, whose partition may be new`,
    eventPattern: {
      source: ["aws.s3"],
      detailType: ["Object Created"],
      detail: { bucket: { name: [bucket.bucketName] }, object: { key: [{ prefix: fixedPart(table.deliver.prefix) }] } },
    },
    targets: [new SfnStateMachine(made, { input: RuleTargetInput.fromEventPath("$.detail.object"), deadLetterQueue })],
  });
  rule.node.addDependency(catalog.tables.get(table.name) as CfnTable);
  return made;
}

interface PartitionStates {
  readonly table: TableModel;
  readonly folders: PartitionFolders;
  readonly database: string;
  readonly bucket: string;
}

export function partitionStates({ table, folders, database, bucket }: PartitionStates): object {
  const part = (index: number) => `States.ArrayGetItem($.parts, ${index})`;
  const values = folders.keys.map(({ part: index, named }) =>
    named ? `States.ArrayGetItem(States.StringSplit(${part(index)}, '='), 1)` : part(index),
  );
  const way = Array.from({ length: folders.depth }, (_, index) => part(index));
  const { Location: _, ...storage } = pascal(rowStorage(table, bucket)) as Record<string, unknown>;
  return {
    StartAt: "Cut",
    States: {
      Cut: { Type: "Pass", Parameters: { "parts.$": "States.StringSplit($.key, '/')" }, Next: "Create" },
      Create: {
        Type: "Task",
        Resource: "arn:aws:states:::aws-sdk:glue:createPartition",
        Parameters: {
          DatabaseName: database,
          TableName: table.name,
          PartitionInput: {
            "Values.$": `States.Array(${values.join(", ")})`,
            StorageDescriptor: {
              ...storage,
              "Location.$": `States.Format('s3://{}/${way.map(() => "{}").join("/")}/', '${bucket}', ${way.join(", ")})`,
            },
          },
        },
        Retry: [
          {
            ErrorEquals: [
              "Glue.ConcurrentModificationException",
              "Glue.InternalServiceException",
              "Glue.ThrottlingException",
            ],
            IntervalSeconds: 2,
            BackoffRate: 2,
            MaxAttempts: 6,
            JitterStrategy: "FULL",
          },
        ],
        Catch: [{ ErrorEquals: ["Glue.AlreadyExistsException"], Next: "Known" }],
        End: true,
      },
      Known: { Type: "Succeed" },
    },
  };
}

/** CloudFormation's words as the service's own call has them. */
function pascal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pascal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [`${name.charAt(0).toUpperCase()}${name.slice(1)}`, pascal(inner)]),
  );
}
