/** What the loader and its sweep are made of. */
import type { Key } from "aws-cdk-lib/aws-kms";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { PipelineModel } from "../../../src/definition/model.js";
import type { Bundles } from "../bundle.js";
import type { Network } from "./network.js";
import type { Warehouse } from "./warehouse.js";

export interface LoaderOptions {
  /** With the tables that the loader loads, and no others. */
  readonly model: PipelineModel;
  readonly bucket: Bucket;
  readonly key: Key;
  readonly network: Network;
  readonly warehouse: Warehouse;
  readonly bundles: Bundles;
}
