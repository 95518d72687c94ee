/**
 * The commands with `--aws`, by the unmodified SDK against Penstock's own doors: Kinesis, S3 and the Data API are the embedded ones; CloudFormation, which
 * has none, is a few lines that answer for one stack. SQS and CloudWatch are tried in the emulator (deploy/test/emulator.test.ts).
 */
import { once } from "node:events";
import { mkdir, utimes } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { awsListener } from "../../src/api/aws/aws-listener.js";
import { kinesisService } from "../../src/api/kinesis/service.js";
import { eventOf } from "../../src/cli/aws/replay.js";
import { systemClock } from "../../src/core/clock.js";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel } from "../../src/definition/model.js";
import { integer, json, pipeline, stream, table, varchar } from "../../src/index.js";
import { newObjectOf } from "../../src/lambda/load-batch.js";
import { rowsOf, writeObject } from "../loader/fixtures.js";
import { attributes, openStore } from "../stream/fixtures.js";
import {
  LAKE_BUCKET,
  LEDGER_SCHEMA,
  openRedshiftDoor,
  type RedshiftDoor,
  redshiftWarehouse,
} from "../warehouse/redshift-under-test.js";
import { stage } from "./stage.js";

const trades = table("trades", {
  from: stream("ticks"),
  format: json(),
  columns: { symbol: varchar(12), size: integer() },
});
const model = draftOf<PipelineModel>(pipeline("desk", { tables: [trades] }), PIPELINE)!;
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

/** One deployed stack, `penstock-desk`, as CloudFormation tells of it. */
async function cloudFormation(): Promise<string> {
  const template = JSON.stringify({ Metadata: { Penstock: { definition: model } }, Resources: {} });
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const asked = new URLSearchParams(Buffer.concat(parts).toString());
    const action = asked.get("Action")!;
    response.setHeader("content-type", "text/xml");
    if (asked.get("StackName") !== "penstock-desk") {
      const message = `Stack with id ${asked.get("StackName")} does not exist`;
      response.statusCode = 400;
      response.end(
        `<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>${message}</Message></Error></ErrorResponse>`,
      );
      return;
    }
    const outputs = Object.entries(OUTPUTS).map(
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

async function deployed() {
  const here = await stage();
  const door: RedshiftDoor = await openRedshiftDoor(here.directory);
  onTestFinished(() => door.close());
  process.env.AWS_ENDPOINT_URL_CLOUDFORMATION = await cloudFormation();
  process.env.AWS_ENDPOINT_URL_S3 = door.url;
  process.env.AWS_ENDPOINT_URL_REDSHIFT_DATA = door.url;
  const aws = (...argv: string[]) => here.run([...argv, "--aws", "--stack", "penstock-desk"]);
  return { ...here, door, aws };
}

describe("penstock with --aws", () => {
  it("query runs a statement by the Data API and prints its rows", async () => {
    const { aws } = await deployed();
    const { code, stdout } = await aws("query", "select 1 as one, 'two' as two", "--csv");
    expect({ code, stdout }).toEqual({ code: 0, stdout: "one,two\r\n1,two\r\n" });
    const failed = await aws("query", "select * from nowhere");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/error: .*nowhere.* does not exist/);
  });

  it("put sends a file's records to the deployed stream, by the table's name too", async () => {
    const here = await stage();
    await mkdir(join(here.directory, "journal"), { recursive: true });
    const store = await openStore({ directory: join(here.directory, "journal") });
    await store.create({ name: "ticks", kind: "kinesis", shards: 1, attributes });
    const common = {
      store,
      clock: systemClock,
      accountId: "000000000000",
      region: "us-east-1",
      throughputLimits: false,
    };
    const kinesis = kinesisService(common);
    const listener = await awsListener({
      services: [kinesis],
      clock: systemClock,
      host: "127.0.0.1",
      port: 0,
      credentials: [],
    });
    onTestFinished(async () => {
      await listener.close(0);
      kinesis.close();
      await store.close();
    });
    process.env.AWS_ENDPOINT_URL_CLOUDFORMATION = await cloudFormation();
    process.env.AWS_ENDPOINT_URL_KINESIS = listener.url;
    const lines = Array.from({ length: 1200 }, (_, size) => JSON.stringify({ symbol: "SPY", size })).join("\n");
    const { code, stdout } = await here.run(
      ["put", "trades", "-", "--aws", "--stack", "penstock-desk", "--format", "ndjson", "--json"],
      { stdin: lines },
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ stream: "ticks", read: 1200, acked: 1200, rejectedCount: 0 });
    let records = 0;
    for (const shard of store.find("ticks")!.shards) {
      for await (const block of shard.blocks(1, shard.lastSequence)) records += [...block.records()].length;
    }
    expect(records).toBe(1200);
    const unknown = await here.run(["put", "nothing", "-", "--aws", "--stack", "penstock-desk"], { stdin: lines });
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('neither a stream nor a table "nothing"');
  });

  it("errors lists the lake's dead letters by reason and shows one with its bytes", async () => {
    const { aws, door } = await deployed();
    const letter = (sequence: number, code: string) =>
      JSON.stringify({
        arrivalTimestamp: 1_763_800_000_000 + sequence,
        errorCode: "DataFormatConversion.ParseError",
        errorMessage: `size is "many"`,
        rawData: Buffer.from(`{"size":"many","n":${sequence}}`).toString("base64"),
        sequenceNumber: String(sequence),
        stream: "ticks",
        shardId: "shardId-000000000000",
        rowIndex: 0,
        code,
        column: "size",
        table: "trades",
      });
    const folder = model.tables[0]!.deliver.errorPrefix.split("!{")[0]!;
    await door.lake.put(`${folder}a.json`, Buffer.from(`${letter(1, "wrong-type")}\n${letter(2, "wrong-type")}\n`));
    // Firehose's own failure: no code, no table.
    const failed = {
      errorCode: "Lambda.InvocationFailed",
      errorMessage: "3 tries",
      rawData: "e30=",
      arrivalTimestamp: 5,
    };
    await door.lake.put(`${folder}b.json`, Buffer.from(JSON.stringify(failed)));

    const { stdout } = await aws("errors", "list", "--json");
    const page = JSON.parse(stdout);
    expect(page.groups).toEqual([
      { table: "trades", code: "wrong-type", column: "size", count: 2 },
      { table: "trades", code: "Lambda.InvocationFailed", column: null, count: 1 },
    ]);
    expect(page.letters[0]).toMatchObject({ id: `${folder}a.json#2`, sequenceNumber: "2" });
    const shown = await aws("errors", "show", `${folder}a.json#2`, "--raw");
    expect(shown.stdout).toBe('{"size":"many","n":2}');
    const absent = await aws("errors", "show", `${folder}a.json#9`);
    expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining("no line 9") });
    const chosen = await aws("errors", "list", "--code", "wrong-type", "--limit", "1");
    expect(chosen.stdout).toContain("wrong-type");
    expect(chosen.stdout).not.toContain("Lambda.InvocationFailed");
  });

  it("audit holds the lake's objects against the ledger: loaded, on their way, missing; and finds rows that are there twice", async () => {
    const { aws, door } = await deployed();
    const table = model.tables[0]!;
    const folder = table.deliver.prefix.split("!{")[0]!;
    const rows = rowsOf(1, 3, (size) => ({ symbol: "SPY", size }));
    const object = await writeObject(door.lake, { table, rows, key: `${folder}one.parquet` });
    const warehouse = redshiftWarehouse(door);
    await warehouse.applyTable(table);
    await warehouse.load({ table, target: table.name, objects: [object], deadlineMs: 30_000 });
    await door.lake.put(`${folder}two.parquet`, Buffer.from("rows"));

    const well = await aws("audit", "--json");
    expect(well.code).toBe(0);
    expect(JSON.parse(well.stdout)).toMatchObject({
      missing: 0,
      duplicated: 0,
      tables: [{ name: "trades", objects: 2, loaded: 1, pending: 1, rowsLoaded: 3 }],
    });

    const anHourAgo = new Date(Date.now() - 3_600_000);
    await utimes(door.lake.localPath(`${folder}two.parquet`)!, anHourAgo, anHourAgo);
    const again = await aws("query", "insert into public.trades select * from public.trades where size = 2");
    expect(again.code).toBe(0);
    const ill = await aws("audit");
    expect(ill.code).toBe(1);
    expect(ill.stdout).toContain(`trades lacks ${folder}two.parquet`);
    expect(ill.stdout).toContain("NOT as it should be: 1 objects missing, 1 rows there more than once.");
  });

  it("replay says what it would hand to the loader, and takes no sequence numbers", async () => {
    const { aws, door } = await deployed();
    const folder = model.tables[0]!.deliver.prefix.split("!{")[0]!;
    await door.lake.put(`${folder}one.parquet`, Buffer.from("rows"));
    const { code, stdout } = await aws("replay", "trades", "--dry-run", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ table: "trades", objects: 1, bytes: 4, dryRun: true, state: "done" });
    // What it would send is what the loader reads.
    expect(newObjectOf(eventOf("lake", { key: "tables/a.parquet", sizeBytes: 4 }))).toEqual({
      bucket: "lake",
      key: "tables/a.parquet",
      sizeBytes: 4,
    });
    const refused = await aws("replay", "trades", "--into", "other");
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("--since and --until") });
  });

  it("a stack that is not there, and a folder without a definition, are said as such", async () => {
    const { run } = await deployed();
    const absent = await run(["status", "--aws", "--stack", "penstock-other"]);
    expect(absent.code).toBe(1);
    expect(absent.stderr).toContain("error: There is no stack penstock-other in us-east-1.");
    expect(absent.stderr).toContain("penstock apply");
    const nothing = await run(["status", "--aws"]);
    expect(nothing.code).toBe(2);
    expect(nothing.stderr).toContain("Nothing says which deployment is meant.");
  });
});
