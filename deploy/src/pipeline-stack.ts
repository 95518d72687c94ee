import { type App, Fn, Stack, type StackProps } from "aws-cdk-lib";
import { Construct } from "constructs";
import type { PipelineModel } from "../../src/definition/model.js";
import { acknowledgeFindings } from "./acknowledgements.js";
import type { Bundles } from "./bundle.js";
import type { DeployOptions } from "./options.js";
import { pipelineOutputs } from "./outputs.js";
import { catalog } from "./stages/catalog.js";
import { deliveries } from "./stages/delivery.js";
import { pipelineKey } from "./stages/key.js";
import { lake } from "./stages/lake.js";
import { loadModes, OBJECT_EVENTS } from "./stages/load-modes.js";
import { loader } from "./stages/loader.js";
import { migration } from "./stages/migration.js";
import { network } from "./stages/network.js";
import { partitions } from "./stages/partitions.js";
import { quickSight } from "./stages/quicksight.js";
import { producerPolicy, streams } from "./stages/stream.js";
import { warehouse } from "./stages/warehouse.js";
import { watch } from "./stages/watch.js";

/** A stack that does not know its account or region, and has three zones all the same: Redshift Serverless wants them. */
class AnywhereStack extends Stack {
  constructor(app: App, id: string, props: StackProps) {
    super(app, id, props);
  }

  override get availabilityZones(): string[] {
    return [0, 1, 2].map((index) => Fn.select(index, Fn.getAzs()));
  }
}

/** The stages in the order of the data's way; each is a construct by its name, so that a resource's path says where it stands. */
export function pipelineStack(app: App, model: PipelineModel, bundles: Bundles, options: DeployOptions): Stack {
  const stack = new AnywhereStack(app, stackName(model), {
    description: `Penstock pipeline ${model.name}`,
    terminationProtection: true,
  });
  const stage = (name: string) => new Construct(stack, name);
  const foundation = stage("Foundation");
  const key = pipelineKey(foundation, model.name);
  const net = network(foundation, key, model, options);
  const streamStage = stage("Stream");
  const kinesis = streams(streamStage, model.streams, key, options);
  const bucket = lake(stage("Lake"), key);
  const catalogStage = stage("Catalog");
  const glue = catalog(catalogStage, model, bucket);
  const folders = partitions(stage("Partitions"), { model, bucket, catalog: glue, key });
  const delivered = deliveries(stage("Delivery"), {
    model,
    streams: kinesis,
    bucket,
    catalog: glue,
    key,
    network: net,
    bundles: bundles.transforms,
  });
  const directPut = delivered.filter(({ kind }) => kind === "direct-put").map(({ stream }) => stream.attrArn);
  producerPolicy(streamStage, kinesis, directPut, key);
  const warehouseStage = stage("Warehouse");
  const redshift = warehouse(warehouseStage, {
    model,
    bucket,
    catalog: glue,
    streams: kinesis,
    key,
    network: net,
    options: options.warehouse ?? { kind: "serverless" },
  });
  const loads = loader(stage("Loader"), {
    model,
    bucket,
    key,
    network: net,
    warehouse: redshift,
    bundles,
  });
  const loadModeStage = stage("LoadModes");
  const watchdog = loadModes(loadModeStage, { model, bucket, catalog: glue, key, warehouse: redshift });
  // A COPY JOB is refused for as long as nobody tells Redshift of the bucket's objects.
  const objectEvents = loadModeStage.node.tryFindChild(OBJECT_EVENTS);
  migration(stage("Migration"), {
    model,
    bucket,
    glueDatabase: glue.databaseName,
    key,
    network: net,
    warehouse: redshift,
    bundles,
    after: [foundation, catalogStage, warehouseStage, ...(objectEvents instanceof Construct ? [objectEvents] : [])],
  });
  watch(stage("Watch"), {
    pipeline: model.name,
    key,
    streams: kinesis,
    deliveries: delivered,
    loader: loads,
    warehouse: redshift,
    watchdog,
    partitions: folders,
  });
  if (options.quickSight !== undefined) {
    quickSight(stage("QuickSight"), { model, network: net, warehouse: redshift, options: options.quickSight });
  }
  pipelineOutputs(stack, {
    model,
    lakeBucket: bucket.bucketName,
    catalog: glue,
    warehouse: redshift,
    loader: loads,
  });
  acknowledgeFindings(stack, model, bucket);
  return stack;
}

export function stackName(model: PipelineModel): string {
  return `penstock-${model.name}`;
}
