/** The loader on AWS, executed: bundled Lambdas and synthesized state machines against the embedded Data API and S3, with real COPY. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import type { PipelineModel, TableModel } from "../../src/definition/model.js";
import type { LakeObject } from "../../src/delivery/flush.js";
import { rowJson } from "../../src/lambda/row-json.js";
import { openLoader } from "../../src/loader/loader.js";
import { silentLog } from "../../src/warehouse/log.js";
import { column, tableModel, temporaryFolder } from "../../test/loader/fixtures.js";
import {
  LAKE_BUCKET,
  LEDGER_SCHEMA,
  openRedshiftDoor,
  type RedshiftDoor,
  redshiftWarehouse,
} from "../../test/warehouse/redshift-under-test.js";
import { type Bundles, bundleAll } from "../src/bundle.js";
import { type Cloud, openCloud } from "./support/cloud.js";

const base = tableModel();
const quotes: TableModel = { ...base, deliver: { ...base.deliver, fileFormat: "json", compression: "none" } };
const model: PipelineModel = {
  name: "market",
  streams: [{ name: "quotes", kind: "kinesis", shards: 1, retentionHours: 24 }],
  tables: [quotes],
};
const place = { schema: LEDGER_SCHEMA, sequence: "service" as const };

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let door: RedshiftDoor;
let cloud: Cloud;
let bundled: Awaited<ReturnType<typeof temporaryFolder>>;
let bundles: Bundles;

beforeAll(async () => {
  bundled = await temporaryFolder();
  bundles = await bundleAll(model, { directory: bundled.path });
});
afterAll(() => bundled.remove());

beforeEach(async () => {
  folder = await temporaryFolder();
  door = await openRedshiftDoor(folder.path);
  cloud = await openCloud({ door, bundles, deadlineSeconds: 60 });
});
afterEach(async () => {
  await cloud.close();
  await door.close();
  await folder.remove();
});

const warehouse = () => redshiftWarehouse(door, { place });
const rows = async (sql: string) => (await warehouse().query(sql)).rows;
const number = (count: number) => `4966${String(count).padStart(52, "0")}`;

/** As Firehose writes it. */
async function objectOf(name: string, sequences: readonly number[]): Promise<LakeObject> {
  const key = `quotes/${name}.json`;
  const lines = sequences.map((sequence) =>
    rowJson(
      quotes,
      {
        shardId: "shardId-000000000000",
        sequenceNumber: number(sequence),
        rowIndex: 0,
        arrivedAtMs: 1_772_359_200_000 + sequence,
      },
      [`S${sequence}`, "1.5", String(sequence)],
    ),
  );
  const { sizeBytes } = await door.lake.put(key, Buffer.from(`${lines.join("\n")}\n`));
  return { key, kind: "rows", table: "quotes", flush: 0, schemaVersion: 1, rows: sequences.length, sizeBytes };
}

async function badObject(name: string): Promise<LakeObject> {
  const key = `quotes/${name}.json`;
  const { sizeBytes } = await door.lake.put(key, Buffer.from("{ this is no JSON\n"));
  return { key, kind: "rows", table: "quotes", flush: 0, schemaVersion: 1, rows: 1, sizeBytes };
}

/** As EventBridge, the queue and Lambda's event source hand them on. */
const queued = (objects: readonly LakeObject[], id = "message") => ({
  Records: objects.map(({ key, sizeBytes }, index) => ({
    messageId: `${id}-${index}`,
    body: JSON.stringify({
      source: "aws.s3",
      "detail-type": "Object Created",
      detail: { bucket: { name: LAKE_BUCKET }, object: { key, size: sizeBytes } },
    }),
  })),
});

interface Content {
  readonly ledger: readonly (readonly unknown[])[];
  readonly rows: readonly (readonly unknown[])[];
}

async function content(): Promise<Content> {
  return {
    ledger: await rows(
      `SELECT object_key, status, loaded_rows, deduped_rows FROM ${LEDGER_SCHEMA}.loads_quotes WHERE whole ORDER BY 1`,
    ),
    rows: await rows("SELECT _sequence_number, symbol, size FROM quotes ORDER BY 1"),
  };
}

/** The embedded loader's, for the same objects in a warehouse of its own. */
async function embedded(objects: readonly LakeObject[]): Promise<Content> {
  const other = redshiftWarehouse(door, { place: { ...place, schema: "embedded_loads", tables: "embedded" } });
  await other.query("CREATE SCHEMA embedded");
  await other.applyTable(quotes);
  const loader = await openLoader({
    table: quotes,
    warehouse: other,
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    backoff: { firstMs: 1, maxMs: 8 },
  });
  loader.offer(objects);
  await loader.idle();
  await loader.stop();
  return {
    ledger: await rows(
      "SELECT object_key, status, loaded_rows, deduped_rows FROM embedded_loads.loads_quotes WHERE whole ORDER BY 1",
    ),
    rows: await rows("SELECT _sequence_number, symbol, size FROM embedded.quotes ORDER BY 1"),
  };
}

/** What CloudFormation hears. */
let answers: { Status: string; Reason?: string }[] = [];
let cloudFormation: ReturnType<typeof createServer>;
beforeAll(async () => {
  cloudFormation = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      answers.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.end();
    });
  });
  await new Promise<void>((resolve) => cloudFormation.listen(0, "127.0.0.1", resolve));
});
afterAll(() => cloudFormation.close());

let requests = 0;
async function deploy(at: Cloud, RequestType = "Create", Definition = "own") {
  answers = [];
  await at.handler("migrate")({
    RequestType,
    ResponseURL: `http://127.0.0.1:${(cloudFormation.address() as AddressInfo).port}/answer`,
    StackId: "stack",
    RequestId: `request-${++requests}`,
    LogicalResourceId: "Schema",
    ResourceProperties: { Definition },
  });
  const executions = await at.settled();
  return { answer: answers[0], executions };
}

/** The migration's statements for other ways to load need Glue, which is not here: all that comes before them is done. */
async function prepared(): Promise<void> {
  await warehouse().applyTable(quotes);
}

async function loaded(objects: readonly LakeObject[], id?: string) {
  await cloud.handler("load")(queued(objects, id));
  return await cloud.settled();
}

describe("a load on AWS", () => {
  it("brings every object into the table, as the embedded loader does", async () => {
    await prepared();
    const objects = [await objectOf("a", [1, 2, 3, 3]), await objectOf("b", [3, 4])];
    const [execution] = await loaded(objects);
    expect(execution).toMatchObject({ status: "SUCCEEDED" });
    const found = await content();
    expect(found.rows).toHaveLength(4);
    expect(found).toEqual(await embedded(objects));
  });

  it("halves a batch until the bad object stands alone, and puts that aside", async () => {
    await prepared();
    const objects = [
      await objectOf("a", [1]),
      await objectOf("b", [2]),
      await badObject("c"),
      await objectOf("d", [4]),
      await objectOf("e", [5]),
    ];
    expect(await loaded(objects)).toMatchObject([{ status: "SUCCEEDED" }]);
    const found = await content();
    expect(found.ledger.map(([key, status]) => [key, status])).toEqual([
      ["quotes/a.json", "loaded"],
      ["quotes/b.json", "loaded"],
      ["quotes/c.json", "quarantined"],
      ["quotes/d.json", "loaded"],
      ["quotes/e.json", "loaded"],
    ]);
    expect(found).toEqual(await embedded(objects));
  });

  it("cancels a statement that hangs at its deadline, and loads after it", async () => {
    await prepared();
    const objects = [await objectOf("a", [1, 2])];
    cloud.fail({ BatchExecuteStatement: ["slow"] });
    const [execution] = await loaded(objects);
    expect(execution).toMatchObject({ status: "SUCCEEDED" });
    expect(execution?.visited).toContain("Cancel");
    expect(await content()).toEqual(await embedded(objects));
  });

  it("looks at a long statement less often, and still cancels it at its deadline", async () => {
    const patient = await openCloud({ door, bundles, deadlineSeconds: 180 });
    await prepared();
    patient.fail({ BatchExecuteStatement: ["slow"] });
    await patient.handler("load")(queued([await objectOf("a", [1, 2])]));
    const [execution] = await patient.settled();
    expect(execution).toMatchObject({ status: "SUCCEEDED" });
    const upToCancel = execution!.visited.slice(0, execution!.visited.indexOf("Cancel"));
    expect(upToCancel.filter((state) => state === "Poll")).toHaveLength(13);
    expect(upToCancel.filter((state) => state === "SlowPoll")).toHaveLength(4);
    await patient.close();
  });

  it("waits out another transaction (1023), and loads after it", async () => {
    await prepared();
    const objects = [await objectOf("a", [1, 2])];
    const session = await door.engine.connect({ user: "penstock", database: "penstock" });
    const run = async (sql: string) => {
      for (const statement of session.parse(sql)) {
        const result = await session.execute(await session.prepare(statement));
        for await (const _ of result.rows) break;
      }
    };
    await run("BEGIN");
    await run(`UPDATE ${LEDGER_SCHEMA}.locks_quotes SET transactions = transactions + 1`);
    const loading = loaded(objects);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    await run("COMMIT");
    await session.close();
    const [execution] = await loading;
    expect(execution).toMatchObject({ status: "SUCCEEDED" });
    expect(execution?.visited).toContain("Pause");
    expect(await content()).toEqual(await embedded(objects));
  });

  it("reads the ledger where a batch is said to be aborted and has committed, and does not copy again", async () => {
    await prepared();
    const objects = [await objectOf("a", [1, 2])];
    cloud.fail({ DescribeStatement: ["said-aborted"] });
    const [execution] = await loaded(objects);
    expect(execution?.visited.filter((state) => state === "Transaction")).toHaveLength(1);
    expect(execution?.visited).toContain("RowsOfQuestion");
    expect(await content()).toEqual(await embedded(objects));
  });

  it("a lost answer, a throttled call and a forgotten statement lose nothing, and double nothing", async () => {
    await prepared();
    const objects = [await objectOf("a", [1, 2]), await objectOf("b", [3])];
    cloud.fail({
      BatchExecuteStatement: ["lost-answer", "throttled"],
      DescribeStatement: Array.from({ length: 7 }, () => "forgotten" as const),
      GetStatementResult: ["lost-answer"],
    });
    expect(await loaded(objects)).toMatchObject([{ status: "SUCCEEDED" }]);
    expect(await content()).toEqual(await embedded(objects));
  });

  it("an event that comes twice starts nothing again, or finds it loaded", async () => {
    await prepared();
    const objects = [await objectOf("a", [1, 2])];
    expect(await loaded(objects)).toHaveLength(1);
    // The queue brings the same message again; then EventBridge makes a second one.
    expect(await loaded(objects)).toHaveLength(0);
    const [again] = await loaded(objects, "second");
    expect(again).toMatchObject({ status: "SUCCEEDED" });
    expect(await content()).toEqual(await embedded(objects));
  });

  it("executions of one table go one after the other", async () => {
    await prepared();
    const objects = await Promise.all([1, 2, 3, 4].map((at) => objectOf(`o${at}`, [at, at + 1])));
    for (const [at, object] of objects.entries()) await cloud.handler("load")(queued([object], `m${at}`));
    const executions = await cloud.settled();
    expect(executions.map(({ status }) => status)).toEqual(Array(4).fill("SUCCEEDED"));
    // Whoever finds another at work waits for its turn, and nobody meets anybody within the warehouse.
    expect(executions.some(({ visited }) => visited.includes("Pause"))).toBe(true);
    for (const { visited } of executions) expect(visited.filter((state) => state === "Transaction")).toHaveLength(1);
    expect((await content()).rows).toHaveLength(5);
  });

  it("a table that nobody has made is to blame, and no object: the execution fails, and leaves the object to the sweep", async () => {
    const [execution] = await loaded([await objectOf("a", [1])]);
    expect(execution).toMatchObject({ status: "FAILED", error: "Failed" });
    expect(execution?.cause).toContain("Given up after 10 tries");
    await prepared();
    expect((await content()).ledger).toEqual([]);
    expect(await cloud.run("sweep", {})).toMatchObject({ status: "SUCCEEDED" });
    expect(await cloud.settled()).toMatchObject([{ status: "SUCCEEDED" }]);
    expect((await content()).rows).toHaveLength(1);
  });
});

describe("the sweep on AWS", () => {
  it("loads what no event has told of, once, and leaves what is in quarantine", async () => {
    await prepared();
    const told = [await objectOf("a", [1]), await badObject("b")];
    await loaded(told);
    const lost = [await objectOf("c", [3]), await objectOf("d", [4])];
    expect(await cloud.run("sweep", {})).toMatchObject({ status: "SUCCEEDED" });
    expect(await cloud.settled()).toMatchObject([{ status: "SUCCEEDED" }]);
    expect(await content()).toEqual(await embedded([...told, ...lost]));
    await cloud.run("sweep", {});
    expect(await cloud.settled()).toEqual([]);
  });
});

describe("the migration on AWS", () => {
  it("makes the tables, and adds what a later definition has", async () => {
    const { answer, executions } = await deploy(cloud);
    expect((await warehouse().describeTable("quotes"))?.map(({ name }) => name)).toEqual([
      "_shard_id",
      "_sequence_number",
      "_row_index",
      "_arrived_at",
      "symbol",
      "bid",
      "size",
    ]);
    expect(executions).toHaveLength(1);
    expect(answer, JSON.stringify(answer)).toMatchObject({ Status: "SUCCESS" });

    const wider = { ...quotes, columns: [...quotes.columns, column("venue", { kind: "char", length: 2 })] };
    const changed = await bundleAll({ ...model, tables: [wider] }, { directory: `${folder.path}/wider` });
    const later = await openCloud({ door, bundles: changed });
    expect((await deploy(later)).answer).toMatchObject({ Status: "SUCCESS" });
    expect((await warehouse().describeTable("quotes"))?.at(-1)?.name).toBe("venue");
    await later.close();
  });

  it("refuses what cannot follow from what is there, and changes nothing", async () => {
    await prepared();
    const other = {
      ...quotes,
      columns: [quotes.columns[0]!, column("bid", { kind: "date" }), column("venue", { kind: "char", length: 2 })],
    };
    const changed = await bundleAll({ ...model, tables: [other] }, { directory: `${folder.path}/later` });
    const later = await openCloud({ door, bundles: changed });
    const { answer, executions } = await deploy(later);
    expect(executions).toMatchObject([{ status: "FAILED" }]);
    expect(answer).toMatchObject({ Status: "FAILED" });
    expect(answer?.Reason).toContain('column "bid" is numeric(12,4) there and date in the definition');
    expect((await warehouse().describeTable("quotes"))?.at(-1)?.name).toBe("size");
    await later.close();
  });

  it("does nothing on CloudFormation's way back to a definition that is not its code's", async () => {
    await prepared();
    const { answer, executions } = await deploy(cloud, "Update", "earlier");
    expect(answer, JSON.stringify(answer)).toMatchObject({ Status: "SUCCESS" });
    expect(executions).toEqual([]);
    expect((await deploy(cloud, "Update")).executions).toHaveLength(1);
  });

  it("answers a deletion at once, and touches nothing", async () => {
    await prepared();
    const { answer, executions } = await deploy(cloud, "Delete");
    expect(answer, JSON.stringify(answer)).toMatchObject({ Status: "SUCCESS" });
    expect(executions).toEqual([]);
    expect(await warehouse().describeTable("quotes")).toBeDefined();
  });
});
