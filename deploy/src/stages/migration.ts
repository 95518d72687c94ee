import { CustomResource, Duration } from "aws-cdk-lib";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Key } from "aws-cdk-lib/aws-kms";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { PipelineModel } from "../../../src/definition/model.js";
import { digestOf } from "../../../src/definition/version.js";
import { AWS_PLACE } from "../../../src/warehouse/redshift/steps.js";
import type { Bundles } from "../bundle.js";
import { pipelineFunction } from "../function.js";
import { STATE_PREFIX } from "./lake.js";
import { lakeRights } from "./lake-rights.js";
import type { Network } from "./network.js";
import { supervisedMachine } from "./supervised-machine.js";
import type { Warehouse } from "./warehouse.js";

export interface MigrationOptions {
  readonly model: PipelineModel;
  readonly bucket: Bucket;
  readonly glueDatabase: string;
  readonly key: Key;
  readonly network: Network;
  readonly warehouse: Warehouse;
  readonly bundles: Bundles;
  /** What must be there before: the warehouse, the catalog, the ways out of the subnets. */
  readonly after: readonly Construct[];
}

const STEP_SECONDS = 60;
const STEP_MIB = 512;
const DEADLINE_SECONDS = 900;
const TIMEOUT_MINUTES = 50;

/**
 *     CloudFormation -> Migrate -> state machine <-> MigrateStep -> CloudFormation (by its address in S3)
 *                                       \-> Data API
 *
 * A custom resource of our own rather than the construct library's framework: its Lambdas would have to reach out of the subnets, and wait in a Lambda.
 */
export function migration(scope: Construct, options: MigrationOptions): void {
  const { model, bucket, key, network, warehouse, bundles } = options;
  const definition = digestOf(model);
  const environment = {
    LAKE_BUCKET: bucket.bucketName,
    COPY_ROLE: warehouse.copyRoleArn,
    GLUE_DATABASE: options.glueDatabase,
    LEDGER_SCHEMA: AWS_PLACE.schema,
    STATE_PREFIX,
  };
  const made = (id: string, description: string, more: Readonly<Record<string, string>> = {}) =>
    pipelineFunction(scope, id, {
      description,
      bundle: bundles.migrate,
      environment: { ...environment, ...more },
      timeoutSeconds: STEP_SECONDS,
      memoryMiB: STEP_MIB,
      key,
      network,
      group: network.loadGroup,
      service: "migrate",
    });
  const step = made("MigrateStep", "Decides what a migration of the warehouse does next");
  lakeRights(step, bucket, key, { read: [STATE_PREFIX], write: [STATE_PREFIX] });
  const machine = supervisedMachine(scope, "MigrateStates", {
    comment: "One migration: the warehouse's tables as the definition says",
    step,
    warehouse,
    key,
    statementName: "penstock-migrate",
    deadlineSeconds: DEADLINE_SECONDS,
    error: "MigrationFailed",
    timeout: Duration.minutes(TIMEOUT_MINUTES),
  });
  const migrate = made("Migrate", "Starts a migration when CloudFormation asks for it", {
    MIGRATION_STATE_MACHINE: machine.stateMachineArn,
    DEFINITION: definition,
  });
  migrate.addToRolePolicy(
    new PolicyStatement({
      sid: "StartMigration",
      effect: Effect.ALLOW,
      actions: ["states:StartExecution"],
      resources: [machine.stateMachineArn],
    }),
  );
  const schema = new CustomResource(scope, "Schema", {
    resourceType: "Custom::PenstockSchema",
    serviceToken: migrate.functionArn,
    // A little longer than the state machine's, which answers when it breaks off.
    serviceTimeout: Duration.minutes(TIMEOUT_MINUTES + 5),
    // Another warehouse has none of the tables, however much the definition is the same.
    properties: { Definition: definition, Warehouse: warehouse.namespaceArn },
  });
  schema.node.addDependency(machine, migrate, step, ...options.after);
}
