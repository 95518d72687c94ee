import { CfnOutput, type Stack } from "aws-cdk-lib";
import type { PipelineModel } from "../../src/definition/model.js";
import { canonicalText } from "../../src/definition/version.js";
import { AWS_PLACE } from "../../src/warehouse/redshift/steps.js";
import type { Catalog } from "./stages/catalog.js";
import type { Loader } from "./stages/loader.js";
import type { Warehouse } from "./stages/warehouse.js";

export interface Deployed {
  readonly model: PipelineModel;
  readonly lakeBucket: string;
  readonly catalog: Catalog;
  readonly warehouse: Warehouse;
  readonly loader: Loader;
}

/**
 * What `penstock ... --aws` finds a deployment by: outputs whose names stay as they are (those of the stages end in a digest of their path), and the
 * definition as it was deployed, in the template's metadata, against which `plan` compares the next one. src/cli/aws/deployment.ts reads both.
 */
export function pipelineOutputs(stack: Stack, { model, lakeBucket, catalog, warehouse, loader }: Deployed): void {
  const { target, password } = warehouse;
  const values = {
    PenstockPipeline: model.name,
    PenstockLakeBucket: lakeBucket,
    PenstockGlueDatabase: catalog.databaseName,
    ...("WorkgroupName" in target
      ? { PenstockWorkgroup: target.WorkgroupName }
      : { PenstockCluster: target.ClusterIdentifier }),
    PenstockDatabase: warehouse.database,
    // A namespace's secret has a name that follows from its own, and the Data API takes a secret by name.
    PenstockWarehouseSecret:
      "secretArn" in password ? password.secretArn : `redshift!${password.namespaceName}-${warehouse.adminName}`,
    PenstockLedgerSchema: AWS_PLACE.schema,
    PenstockCopyRole: warehouse.copyRoleArn,
    PenstockLoadQueue: loader.queue.queueUrl,
    PenstockLoadDeadLetterQueue: loader.deadLetterQueue.queueUrl,
    PenstockLoadStateMachine: loader.stateMachine.stateMachineArn,
  };
  for (const [name, value] of Object.entries(values)) new CfnOutput(stack, name, { value });
  // Functions are no part of a stored definition; that a table has one must be known to whoever decodes its records again.
  const transforms = model.tables.flatMap((table) => (table.transform === undefined ? [] : [table.name]));
  stack.templateOptions.metadata = {
    Penstock: {
      definition: JSON.parse(canonicalText(model)) as unknown,
      ...(transforms.length === 0 ? {} : { transforms }),
    },
  };
}
