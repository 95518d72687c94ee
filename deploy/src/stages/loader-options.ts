/** What the loader and its sweep are made of. */
import type { Key } from "aws-cdk-lib/aws-kms";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { PipelineModel } from "../../../src/definition/model.js";
import type { Bundles } from "../bundle.js";
import type { Network } from "./network.js";
import type { Warehouse } from "./warehouse.js";

export interface LoaderOptions {
  /** Rows of tables with a `load` are loaded by Redshift itself, or not at all; dead letters are the loader's of every table. */
  readonly model: PipelineModel;
  readonly bucket: Bucket;
  readonly key: Key;
  readonly network: Network;
  readonly warehouse: Warehouse;
  readonly bundles: Bundles;
}
