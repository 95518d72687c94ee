import { CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Stream } from "aws-cdk-lib/aws-kinesis";
import type { Key } from "aws-cdk-lib/aws-kms";
import { CfnCluster, CfnClusterParameterGroup, CfnClusterSubnetGroup } from "aws-cdk-lib/aws-redshift";
import { CfnNamespace, CfnWorkgroup } from "aws-cdk-lib/aws-redshiftserverless";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { PipelineModel } from "../../../src/definition/model.js";
import type { WarehouseOptions } from "../options.js";
import { fixedPart } from "../prefixes.js";
import type { Catalog } from "./catalog.js";
import { LOADS_PREFIX, REDRIVE_PREFIX } from "./lake.js";
import { type Network, WAREHOUSE_PORT } from "./network.js";

export interface Warehouse {
  readonly kind: WarehouseOptions["kind"];
  readonly database: string;
  /** How the Data API names it. */
  readonly target: { readonly WorkgroupName: string } | { readonly ClusterIdentifier: string };
  readonly arn: string;
  /** Of the namespace, which a cluster has as well. */
  readonly namespaceArn: string;
  /** The endpoint's address. */
  readonly host: string;
  /** The workgroup's or the cluster's name, for metrics. */
  readonly name: string;
  /** The administrator's password, which Redshift makes and rotates itself. */
  readonly password: AdminPassword;
  readonly adminName: string;
  /** Where it may scale: the most that it may take, if that is more than it always has. */
  readonly rpuMax?: number;
  /** COPY names it: a cluster's default role cannot be set by CloudFormation. */
  readonly copyRoleArn: string;
}

/** CloudFormation tells a cluster's secret, and a namespace's not: there it is asked for by the namespace's name. */
export type AdminPassword =
  | { readonly secretArn: string }
  | { readonly namespaceName: string; readonly namespaceArn: string; readonly secretArnPattern: string };

interface WarehouseParts {
  readonly model: PipelineModel;
  readonly bucket: Bucket;
  readonly catalog: Catalog;
  readonly streams: ReadonlyMap<string, Stream>;
  readonly key: Key;
  readonly network: Network;
  readonly options: WarehouseOptions;
}

const ADMIN = "penstock_admin";
const BASE_RPU_DEFAULT = 8;
const MAX_RPU_DEFAULT = 64;
const SNAPSHOT_DAYS = 7;
const MAINTENANCE_UTC = "sun:03:00-sun:04:00";
const LOG_EXPORTS = ["userlog", "connectionlog", "useractivitylog"];

export function warehouse(scope: Construct, parts: WarehouseParts): Warehouse {
  const role = copyRole(scope, parts);
  const made = parts.options.kind === "serverless" ? serverless(scope, parts, role) : provisioned(scope, parts, role);
  new CfnOutput(scope, "Warehouse", {
    value: made.name,
    description: `Redshift ${made.kind}, database ${made.database}`,
  });
  return made;
}

/** Reading and nothing else: the lake's folders and its catalog, the manifests, and the streams that a view reads. */
function copyRole(scope: Construct, { model, bucket, key, catalog, streams }: WarehouseParts): Role {
  const { account, partition, region } = Stack.of(scope);
  // No condition on the account: Redshift does not promise to say for whom it asks, and takes only roles that its own account has passed to it.
  const role = new Role(scope, "CopyRole", {
    assumedBy: new ServicePrincipal("redshift.amazonaws.com"),
    description: "COPY from the lake's tables, and reading them and the streams in place",
  });
  role.assumeRolePolicy?.addStatements(
    new PolicyStatement({
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal("redshift-serverless.amazonaws.com")],
      actions: ["sts:AssumeRole"],
    }),
  );
  const prefixes = [
    ...model.tables.map(({ deliver }) => fixedPart(deliver.prefix)),
    // Dead letters are tables of the lake as well.
    ...model.tables.map(({ deliver }) => fixedPart(deliver.errorPrefix)),
    ...model.tables.map(({ name }) => `${LOADS_PREFIX}${name}/`),
    // What `penstock errors redrive --aws` makes of letters.
    ...model.tables.map(({ name }) => `${REDRIVE_PREFIX}${name}/`),
  ];
  const add = (sid: string, actions: string[], resources: string[], when = {}) =>
    role.addToPolicy(new PolicyStatement({ sid, effect: Effect.ALLOW, actions, resources, conditions: when }));
  add(
    "ReadTables",
    ["s3:GetObject"],
    prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
  );
  add("FindLake", ["s3:GetBucketLocation"], [bucket.bucketArn]);
  add("ListTables", ["s3:ListBucket"], [bucket.bucketArn], {
    StringLike: { "s3:prefix": prefixes.map((prefix) => `${prefix}*`) },
  });
  add("DecryptTables", ["kms:Decrypt"], [key.keyArn], { StringLike: { "kms:ViaService": "s3.*.amazonaws.com" } });
  const glue = (resource: string) => `arn:${partition}:glue:${region}:${account}:${resource}`;
  const { databaseName } = catalog;
  add(
    "ReadCatalog",
    [
      "glue:GetDatabase",
      "glue:GetDatabases",
      "glue:GetTable",
      "glue:GetTables",
      "glue:GetPartition",
      "glue:GetPartitions",
      "glue:BatchGetPartition",
    ],
    [
      glue("catalog"),
      glue(`database/${databaseName}`),
      ...[...catalog.tableNames].map((table) => glue(`table/${databaseName}/${table}`)),
    ],
  );
  const read = model.tables.flatMap(({ load, sources }) =>
    load === "streaming" ? sources.flatMap((source) => streams.get(source)?.streamArn ?? []) : [],
  );
  if (read.length > 0) {
    add(
      "ReadStreams",
      [
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetShardIterator",
        "kinesis:GetRecords",
        "kinesis:ListShards",
      ],
      [...new Set(read)],
    );
    add("FindStreams", ["kinesis:ListStreams"], ["*"]);
    add("DecryptStreams", ["kms:Decrypt"], [key.keyArn], {
      StringLike: { "kms:ViaService": "kinesis.*.amazonaws.com" },
    });
  }
  return role;
}

/** Where a COPY JOB loads a table, S3 may tell the namespace of the lake's new objects, and nobody else may send it anything. */
function objectEvents(scope: Construct, { model, bucket }: WarehouseParts): { namespaceResourcePolicy?: object } {
  if (!model.tables.some(({ load }) => load === "auto-copy")) return {};
  const { account, partition } = Stack.of(scope);
  return {
    namespaceResourcePolicy: {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "redshift.amazonaws.com" },
          Action: "redshift:AuthorizeInboundIntegration",
          Resource: "*",
          Condition: { StringEquals: { "aws:SourceArn": bucket.bucketArn } },
        },
        {
          Effect: "Allow",
          Principal: { AWS: `arn:${partition}:iam::${account}:root` },
          Action: "redshift:CreateInboundIntegration",
          Resource: "*",
        },
      ],
    },
  };
}

function databaseName(model: PipelineModel): string {
  return model.name.replaceAll("-", "_");
}

function serverless(scope: Construct, parts: WarehouseParts, role: Role): Warehouse {
  const { model, key, network, options } = parts;
  const rpu = options.kind === "serverless" ? options : undefined;
  const name = `penstock-${model.name}`.slice(0, 64);
  const database = databaseName(model);
  const namespace = new CfnNamespace(scope, "Namespace", {
    namespaceName: name,
    dbName: database,
    adminUsername: ADMIN,
    manageAdminPassword: true,
    adminPasswordSecretKmsKeyId: key.keyArn,
    kmsKeyId: key.keyArn,
    iamRoles: [role.roleArn],
    defaultIamRoleArn: role.roleArn,
    logExports: LOG_EXPORTS,
    ...objectEvents(scope, parts),
  });
  namespace.applyRemovalPolicy(RemovalPolicy.RETAIN);
  const baseCapacity = rpu?.baseRpu ?? BASE_RPU_DEFAULT;
  const maxCapacity = rpu?.maxRpu ?? Math.max(MAX_RPU_DEFAULT, baseCapacity);
  const workgroup = new CfnWorkgroup(scope, "Workgroup", {
    workgroupName: name,
    namespaceName: namespace.ref,
    baseCapacity,
    maxCapacity,
    publiclyAccessible: false,
    enhancedVpcRouting: true,
    port: WAREHOUSE_PORT,
    subnetIds: network.subnets.map(({ subnetId }) => subnetId),
    securityGroupIds: [network.warehouseGroup.securityGroupId],
    configParameters: [
      { parameterKey: "require_ssl", parameterValue: "true" },
      { parameterKey: "enable_user_activity_logging", parameterValue: "true" },
    ],
  });
  const { partition, region, account } = Stack.of(scope);
  return {
    kind: "serverless",
    database,
    target: { WorkgroupName: workgroup.ref },
    arn: workgroup.attrWorkgroupWorkgroupArn,
    namespaceArn: namespace.attrNamespaceNamespaceArn,
    host: workgroup.attrWorkgroupEndpointAddress,
    name,
    password: {
      namespaceName: name,
      namespaceArn: namespace.attrNamespaceNamespaceArn,
      // Secrets Manager ends the name with six characters of its own.
      secretArnPattern: `arn:${partition}:secretsmanager:${region}:${account}:secret:redshift!${name}-${ADMIN}-??????`,
    },
    ...(maxCapacity > baseCapacity ? { rpuMax: maxCapacity } : {}),
    adminName: ADMIN,
    copyRoleArn: role.roleArn,
  };
}

function provisioned(scope: Construct, parts: WarehouseParts, role: Role): Warehouse {
  const { model, key, network, options } = parts;
  const given = options.kind === "provisioned" ? options : undefined;
  const database = databaseName(model);
  const subnets = new CfnClusterSubnetGroup(scope, "ClusterSubnets", {
    description: "The pipeline's isolated subnets",
    subnetIds: network.subnets.map(({ subnetId }) => subnetId),
  });
  const parameters = new CfnClusterParameterGroup(scope, "ClusterParameters", {
    description: "TLS only, every statement logged",
    parameterGroupFamily: "redshift-2.0",
    parameters: [
      { parameterName: "require_ssl", parameterValue: "true" },
      { parameterName: "enable_user_activity_logging", parameterValue: "true" },
    ],
  });
  const cluster = new CfnCluster(scope, "Cluster", {
    clusterType: "multi-node",
    nodeType: given?.nodeType ?? "ra3.large",
    numberOfNodes: given?.nodes ?? 2,
    dbName: database,
    masterUsername: ADMIN,
    manageMasterPassword: true,
    masterPasswordSecretKmsKeyId: key.keyArn,
    encrypted: true,
    kmsKeyId: key.keyArn,
    publiclyAccessible: false,
    enhancedVpcRouting: true,
    port: WAREHOUSE_PORT,
    clusterSubnetGroupName: subnets.ref,
    clusterParameterGroupName: parameters.ref,
    vpcSecurityGroupIds: [network.warehouseGroup.securityGroupId],
    iamRoles: [role.roleArn],
    automatedSnapshotRetentionPeriod: SNAPSHOT_DAYS,
    preferredMaintenanceWindow: MAINTENANCE_UTC,
    allowVersionUpgrade: true,
    loggingProperties: { logDestinationType: "cloudwatch", logExports: LOG_EXPORTS },
    ...objectEvents(scope, parts),
  });
  // CloudFormation takes a last snapshot when the stack is deleted.
  cluster.applyRemovalPolicy(RemovalPolicy.SNAPSHOT);
  const { partition, region, account } = Stack.of(scope);
  return {
    kind: "provisioned",
    database,
    target: { ClusterIdentifier: cluster.ref },
    arn: `arn:${partition}:redshift:${region}:${account}:cluster:${cluster.ref}`,
    namespaceArn: cluster.attrClusterNamespaceArn,
    host: cluster.attrEndpointAddress,
    name: cluster.ref,
    password: { secretArn: cluster.attrMasterPasswordSecretArn },
    adminName: ADMIN,
    copyRoleArn: role.roleArn,
  };
}
