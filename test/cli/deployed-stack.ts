/** A stack as CloudFormation tells of it, and Penstock's own Data API and S3 where its warehouse and lake would be. */
import { once } from "node:events";
import { createServer } from "node:http";
import { afterEach, beforeEach, onTestFinished } from "vitest";
import type { PipelineModel, TableModel } from "../../src/definition/model.js";
import { firehoseTransform } from "../../src/lambda/firehose-transform.js";
import { prepareOwnSteps, type RedshiftPlace } from "../../src/warehouse/redshift/statements.js";
import {
  LAKE_BUCKET,
  LEDGER_SCHEMA,
  openRedshiftDoor,
  type RedshiftDoor,
  redshiftWarehouse,
} from "../warehouse/redshift-under-test.js";
import { stage } from "./stage.js";

const OUTPUTS: Record<string, string> = {
  PenstockPipeline: "desk",
  PenstockLakeBucket: LAKE_BUCKET,
  PenstockGlueDatabase: "desk",
  PenstockWorkgroup: "local",
  PenstockDatabase: "penstock",
  PenstockWarehouseSecret: "redshift!penstock-desk-penstock_admin",
  PenstockLedgerSchema: LEDGER_SCHEMA,
  PenstockLoadQueue: "http://127.0.0.1:1/queue",
  PenstockLoadDeadLetterQueue: "http://127.0.0.1:1/dead",
  PenstockLoadStateMachine: "arn:aws:states:us-east-1:000000000000:stateMachine:load",
};

/** For a file of tests: credentials, and whatever a test sets, gone after it. */
export function awsEnvironment(): void {
  const before = { ...process.env };
  beforeEach(() => {
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: "any",
      AWS_SECRET_ACCESS_KEY: "any",
      AWS_REGION: "us-east-1",
      AWS_EC2_METADATA_DISABLED: "true",
    });
  });
  afterEach(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  });
}

/** One deployed stack, `penstock-desk`, as CloudFormation tells of it, in an account that STS knows and the CDK has bootstrapped. */
export async function cloudFormation(model: PipelineModel, madeBy?: "terraform"): Promise<string> {
  const transforms = model.tables.flatMap(({ name, transform }) => (transform === undefined ? [] : [name]));
  const template = JSON.stringify({ Metadata: { Penstock: { definition: model, transforms, madeBy } }, Resources: {} });
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const asked = new URLSearchParams(Buffer.concat(parts).toString());
    const action = asked.get("Action")!;
    response.setHeader("content-type", "text/xml");
    if (action === "GetCallerIdentity") {
      response.end(
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::000000000000:user/any</Arn><Account>000000000000</Account></GetCallerIdentityResult></GetCallerIdentityResponse>",
      );
      return;
    }
    const toolkit = asked.get("StackName") === "CDKToolkit";
    if (asked.get("StackName") !== "penstock-desk" && !toolkit) {
      const message = `Stack with id ${asked.get("StackName")} does not exist`;
      response.statusCode = 400;
      response.end(
        `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>${message}</Message></Error></ErrorResponse>`,
      );
      return;
    }
    const outputs = Object.entries(toolkit ? { BootstrapVersion: "30" } : OUTPUTS).map(
      ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    );
    const results: Record<string, string> = {
      DescribeStacks: `<Stacks><member><StackName>penstock-desk</StackName><StackId>arn:aws:cloudformation:us-east-1:000000000000:stack/penstock-desk/1</StackId><StackStatus>UPDATE_COMPLETE</StackStatus><CreationTime>2026-11-22T10:00:00Z</CreationTime><Outputs>${outputs.join("")}</Outputs></member></Stacks>`,
      GetTemplate: `<TemplateBody>${template.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</TemplateBody>`,
    };
    response.end(`<${action}Response><${action}Result>${results[action]}</${action}Result></${action}Response>`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

export async function deployed(model: PipelineModel) {
  const here = await stage();
  const door: RedshiftDoor = await openRedshiftDoor(here.directory);
  onTestFinished(() => door.close());
  process.env.AWS_ENDPOINT_URL_CLOUDFORMATION = await cloudFormation(model);
  process.env.AWS_ENDPOINT_URL_S3 = door.url;
  process.env.AWS_ENDPOINT_URL_REDSHIFT_DATA = door.url;
  const aws = (...argv: string[]) => here.run([...argv, "--aws", "--stack", "penstock-desk"]);
  return { ...here, door, aws };
}

/**
 * Three records through a table's transform: a good one, one with a wrong type, one that is no JSON; their letters in the warehouse as the loader brings
 * them. The warehouse.
 */
export async function buried(door: RedshiftDoor, table: TableModel, records: readonly string[] = RECORDS) {
  const place: RedshiftPlace = { schema: LEDGER_SCHEMA, tables: "public", sequence: "service" };
  const warehouse = redshiftWarehouse(door, { place });
  if (table.load === undefined) await warehouse.applyTable(table);
  else for (const { sql } of prepareOwnSteps(table.name, place)) await warehouse.query(sql);
  const transform = firehoseTransform({
    table,
    stream: "ticks",
    schemaVersion: 1,
    writeDeadLetters: async (key, body) => {
      const { sizeBytes } = await door.lake.put(key, Buffer.from(body));
      const rows = body.trim().split("\n").length;
      const object = { key, kind: "dead" as const, table: table.name, flush: 0, schemaVersion: 1, rows, sizeBytes };
      await warehouse.load({ table, target: table.name, objects: [object], deadlineMs: 30_000 });
    },
  });
  const answer = await transform({
    invocationId: "i",
    deliveryStreamArn: "arn",
    records: records.map((data, index) => ({
      recordId: `${index}`,
      approximateArrivalTimestamp: ARRIVED_MS,
      data: Buffer.from(data).toString("base64"),
      kinesisRecordMetadata: {
        sequenceNumber: `4966${String(index).padStart(52, "0")}`,
        shardId: "shardId-000000000000",
        partitionKey: "a",
        approximateArrivalTimestamp: ARRIVED_MS,
      },
    })),
  });
  return Object.assign(warehouse, { answer });
}

const ARRIVED_MS = 1_763_800_000_000;
const RECORDS = ['{"symbol":"SPY","size":"many"}', '{"symbol":"QQQ","size":1}', "no json"];
