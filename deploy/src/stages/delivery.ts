import { CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Stream } from "aws-cdk-lib/aws-kinesis";
import { CfnDeliveryStream } from "aws-cdk-lib/aws-kinesisfirehose";
import type { Key } from "aws-cdk-lib/aws-kms";
import type { Function as LambdaFunction } from "aws-cdk-lib/aws-lambda";
import { CfnLogStream, LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { PipelineModel, TableModel } from "../../../src/definition/model.js";
import { bufferingHints } from "../buffering.js";
import { pipelineFunction } from "../function.js";
import { firehosePrefix, fixedPart } from "../prefixes.js";
import type { Catalog } from "./catalog.js";
import type { Network } from "./network.js";

export interface Delivery {
  readonly table: TableModel;
  /** The definition's name of the source. */
  readonly source: string;
  readonly kind: "kinesis" | "direct-put";
  readonly stream: CfnDeliveryStream;
  readonly transform: LambdaFunction;
}

export interface DeliveryOptions {
  readonly model: PipelineModel;
  readonly streams: ReadonlyMap<string, Stream>;
  readonly bucket: Bucket;
  readonly catalog: Catalog;
  readonly key: Key;
  readonly network: Network;
  /** The folder of a table's transform bundle. */
  readonly bundles: ReadonlyMap<string, string>;
}

const TRANSFORM_SECONDS = 120;
const TRANSFORM_MIB = 1024;
/** What Firehose hands over at a time, in MiB: base64 and the rows' own names make the answer larger, and it may have 6 MB. */
const TRANSFORM_BUFFER_MIB = "1";
const TRANSFORM_BUFFER_SECONDS_MAX = 60;

/** A delivery stream for each source of each table. */
export function deliveries(scope: Construct, options: DeliveryOptions): readonly Delivery[] {
  return options.model.tables.flatMap((table) =>
    table.sources.map((source) => delivery(scope, table, source, options)),
  );
}

function delivery(scope: Construct, table: TableModel, source: string, options: DeliveryOptions): Delivery {
  const { model, bucket, catalog, key, network } = options;
  const id = table.sources.length === 1 ? table.name : `${table.name}-${source}`;
  const { kind } = model.streams.find(({ name }) => name === source)!;
  const transform = pipelineFunction(scope, `Transform-${id}`, {
    description: `Records of ${source} into rows of ${table.name}`,
    bundle: options.bundles.get(table.name)!,
    environment: { LAKE_BUCKET: bucket.bucketName, STREAM: source },
    timeoutSeconds: TRANSFORM_SECONDS,
    memoryMiB: TRANSFORM_MIB,
    key,
    network,
    group: network.transformGroup,
    service: `transform-${id}`,
  });
  const errors = fixedPart(table.deliver.errorPrefix);
  transform.addToRolePolicy(allow("WriteDeadLetters", ["s3:PutObject"], [bucket.arnForObjects(`${errors}*`)]));
  transform.addToRolePolicy(
    allow("EncryptDeadLetters", ["kms:GenerateDataKey"], [key.keyArn], {
      StringLike: { "kms:ViaService": "s3.*.amazonaws.com" },
    }),
  );

  const logGroup = new LogGroup(scope, `DeliveryLogs-${id}`, {
    encryptionKey: key,
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const logStream = new CfnLogStream(scope, `DeliveryLogStream-${id}`, {
    logGroupName: logGroup.logGroupName,
    logStreamName: "DestinationDelivery",
  });
  const role = firehoseRole(scope, id, table, source, transform, logGroup, options);
  const parquet = table.deliver.fileFormat === "parquet";
  const hints = bufferingHints(table.deliver);
  // It comes before the destination's buffer, and would make a short one long.
  const transformSeconds = String(Math.min(TRANSFORM_BUFFER_SECONDS_MAX, hints.intervalInSeconds));
  const partitioned = table.deliver.partitionBy.length > 0;
  const kinesis = options.streams.get(source);
  const stream = new CfnDeliveryStream(scope, `Delivery-${id}`, {
    // A name is an address for those who put into it; where a stream feeds it nobody does.
    ...(kinesis === undefined
      ? {
          deliveryStreamName: source,
          deliveryStreamType: "DirectPut",
          deliveryStreamEncryptionConfigurationInput: { keyType: "CUSTOMER_MANAGED_CMK", keyArn: key.keyArn },
        }
      : {
          deliveryStreamType: "KinesisStreamAsSource",
          kinesisStreamSourceConfiguration: { kinesisStreamArn: kinesis.streamArn, roleArn: role.roleArn },
        }),
    extendedS3DestinationConfiguration: {
      bucketArn: bucket.bucketArn,
      roleArn: role.roleArn,
      prefix: firehosePrefix(table.deliver),
      errorOutputPrefix: table.deliver.errorPrefix,
      bufferingHints: hints,
      compressionFormat: parquet || table.deliver.compression === "none" ? "UNCOMPRESSED" : "GZIP",
      encryptionConfiguration: { kmsEncryptionConfig: { awskmsKeyArn: key.keyArn } },
      cloudWatchLoggingOptions: {
        enabled: true,
        logGroupName: logGroup.logGroupName,
        logStreamName: "DestinationDelivery",
      },
      ...(partitioned ? { dynamicPartitioningConfiguration: { enabled: true } } : {}),
      processingConfiguration: {
        enabled: true,
        processors: [
          {
            type: "Lambda",
            parameters: [
              { parameterName: "LambdaArn", parameterValue: transform.functionArn },
              { parameterName: "NumberOfRetries", parameterValue: "3" },
              { parameterName: "RoleArn", parameterValue: role.roleArn },
              { parameterName: "BufferSizeInMBs", parameterValue: TRANSFORM_BUFFER_MIB },
              { parameterName: "BufferIntervalInSeconds", parameterValue: transformSeconds },
            ],
          },
        ],
      },
      ...(parquet
        ? {
            dataFormatConversionConfiguration: {
              enabled: true,
              // Hive's reader takes decimals digit by digit and times without a list of formats.
              inputFormatConfiguration: { deserializer: { hiveJsonSerDe: {} } },
              outputFormatConfiguration: {
                serializer: { parquetSerDe: { compression: PARQUET_COMPRESSION[table.deliver.compression] } },
              },
              schemaConfiguration: {
                catalogId: Stack.of(scope).account,
                region: Stack.of(scope).region,
                databaseName: catalog.databaseName,
                tableName: table.name,
                versionId: "LATEST",
                roleArn: role.roleArn,
              },
            },
          }
        : {}),
    },
  });
  stream.addResourceDependency(logStream);
  stream.addResourceDependency(catalog.tables.get(table.name)!);
  // Firehose tries its rights when it is made: they must be there already.
  stream.node.addDependency(role);
  if (kind === "direct-put") {
    new CfnOutput(scope, `DeliveryStream-${id}`, {
      value: stream.ref,
      description: `Put the records of ${table.name} here`,
    });
  }
  return { table, source, kind, stream, transform };
}

/** Firehose's Parquet knows no zstd; GZIP comes nearest in size. */
const PARQUET_COMPRESSION = { zstd: "GZIP", gzip: "GZIP", snappy: "SNAPPY", none: "UNCOMPRESSED" } as const;

function firehoseRole(
  scope: Construct,
  id: string,
  table: TableModel,
  source: string,
  transform: LambdaFunction,
  logGroup: LogGroup,
  { bucket, catalog, key, streams }: DeliveryOptions,
): Role {
  const { partition, region, account } = Stack.of(scope);
  const role = new Role(scope, `DeliveryRole-${id}`, {
    assumedBy: new ServicePrincipal("firehose.amazonaws.com", {
      conditions: { StringEquals: { "aws:SourceAccount": account } },
    }),
  });
  const add = (...given: Parameters<typeof allow>) => role.addToPolicy(allow(...given));
  const glue = (resource: string) => `arn:${partition}:glue:${region}:${account}:${resource}`;
  const prefixes = [fixedPart(table.deliver.prefix), fixedPart(table.deliver.errorPrefix)];
  const stream = streams.get(source);
  if (stream !== undefined) {
    add(
      "ReadStream",
      ["kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:ListShards"],
      [stream.streamArn],
    );
    add("DecryptStream", ["kms:Decrypt"], [key.keyArn], {
      StringLike: { "kms:ViaService": "kinesis.*.amazonaws.com" },
    });
  }
  add("FindLake", ["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"], [bucket.bucketArn]);
  add("ListTable", ["s3:ListBucket"], [bucket.bucketArn], {
    StringLike: { "s3:prefix": prefixes.map((prefix) => `${prefix}*`) },
  });
  add(
    "WriteTable",
    ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"],
    prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
  );
  add("EncryptTable", ["kms:GenerateDataKey", "kms:Decrypt"], [key.keyArn], {
    StringLike: { "kms:ViaService": "s3.*.amazonaws.com" },
  });
  add(
    "ReadSchema",
    ["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"],
    [glue("catalog"), glue(`database/${catalog.databaseName}`), glue(`table/${catalog.databaseName}/${table.name}`)],
  );
  add(
    "Transform",
    ["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"],
    [transform.functionArn, `${transform.functionArn}:$LATEST`],
  );
  add("WriteOwnLogs", ["logs:PutLogEvents"], [logGroup.logGroupArn]);
  return role;
}

function allow(
  sid: string,
  actions: string[],
  resources: string[],
  conditions: Record<string, unknown> = {},
): PolicyStatement {
  return new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources, conditions });
}
