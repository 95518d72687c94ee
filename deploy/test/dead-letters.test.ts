/** Dead letters on AWS, executed: the transform as it is bundled buries them, the loader as it is bundled and synthesized brings them into the warehouse. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import { boundedGate } from "../../src/core/gate.js";
import type { PipelineModel, TableModel } from "../../src/definition/model.js";
import { openS3ObjectStore } from "../../src/lake/s3.js";
import type { FirehoseAnswer, FirehoseEvent } from "../../src/lambda/firehose-transform.js";
import { rowJson } from "../../src/lambda/row-json.js";
import { openDuckDbWarehouse } from "../../src/warehouse/duckdb/open.js";
import { silentLog } from "../../src/warehouse/log.js";
import { AWS_PLACE, prepareOwnSteps } from "../../src/warehouse/redshift/statements.js";
import { tableModel, temporaryFolder } from "../../test/loader/fixtures.js";
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
const quotes: TableModel = {
  ...base,
  deliver: {
    ...base.deliver,
    fileFormat: "json",
    compression: "none",
    errorPrefix: "errors/quotes/!{firehose:error-output-type}/",
  },
};
/** As a table of that way to load, with the same columns; what a definition may say beside is not asked here. */
const loadedBy = (load: NonNullable<TableModel["load"]>): TableModel => ({
  ...quotes,
  name: load.replace("-", "_"),
  load,
  deliver: {
    ...quotes.deliver,
    prefix: `tables/${load}/`,
    errorPrefix: `errors/${load}/!{firehose:error-output-type}/`,
  },
});
const others = (["auto-copy", "streaming", "external"] as const).map(loadedBy);
const model: PipelineModel = {
  name: "market",
  streams: [{ name: "quotes", kind: "kinesis", shards: 1, retentionHours: 24 }],
  tables: [quotes, ...others],
};
const ARRIVED_MS = 1_772_359_200_123;

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
  cloud = await openCloud({ door, bundles });
});
afterEach(async () => {
  delete process.env.STREAM;
  await cloud.close();
  await door.close();
  await folder.remove();
});

const warehouse = () => redshiftWarehouse(door, { place: { schema: LEDGER_SCHEMA, sequence: "service" } });
const rows = async (sql: string) => (await warehouse().query(sql)).rows;
const number = (count: number) => `4966${String(count).padStart(52, "0")}`;

/** The bundle's own handler, with the environment that the stack gives it. */
function transform(table = "quotes"): (event: FirehoseEvent) => Promise<FirehoseAnswer> {
  process.env.STREAM = "quotes";
  const load = createRequire(import.meta.url);
  const file = join(bundles.transforms.get(table)!, "index.js");
  delete load.cache[file];
  return (load(file) as { handler: (event: FirehoseEvent) => Promise<FirehoseAnswer> }).handler;
}

const eventOf = (records: readonly string[]): FirehoseEvent => ({
  invocationId: "invocation",
  deliveryStreamArn: "arn:aws:firehose:eu-west-1:111122223333:deliverystream/quotes",
  sourceKinesisStreamArn: "arn:aws:kinesis:eu-west-1:111122223333:stream/quotes",
  records: records.map((data, index) => ({
    recordId: `record-${index}`,
    approximateArrivalTimestamp: ARRIVED_MS,
    data: Buffer.from(data).toString("base64"),
    kinesisRecordMetadata: {
      sequenceNumber: number(index + 1),
      shardId: "shardId-000000000000",
      partitionKey: "SPY",
      approximateArrivalTimestamp: ARRIVED_MS,
    },
  })),
});

const buried = (folder = "errors/quotes/") => openS3ObjectStore({ client: door.s3, bucket: LAKE_BUCKET }).list(folder);

/** Whatever lies under the error prefix, told as EventBridge tells it. */
async function told(id: string, folder?: string) {
  const objects = await buried(folder);
  await cloud.handler("load")({
    Records: objects.map(({ key, sizeBytes }, index) => ({
      messageId: `${id}-${index}`,
      body: JSON.stringify({ detail: { bucket: { name: LAKE_BUCKET }, object: { key, size: sizeBytes } } }),
    })),
  });
  return await cloud.settled();
}

const letters = () =>
  rows(
    `SELECT id, table_name, stream, shard_id, sequence_number, row_index, error_code, column_name, redriven_at FROM ${LEDGER_SCHEMA}.dead_letters ORDER BY id`,
  );

async function embeddedColumns(): Promise<string[]> {
  const embedded = await openDuckDbWarehouse({
    path: join(folder.path, "embedded.duckdb"),
    lake: door.lake,
    folders: [],
    memoryBytes: 256 * 1024 * 1024,
    threads: 1,
    tempDirectory: join(folder.path, "embedded-spill"),
    clock: systemClock,
    log: silentLog,
    gate: boundedGate(2),
  });
  try {
    return (await embedded.query("SELECT * FROM penstock.dead_letters LIMIT 0")).columns.map(({ name }) => name);
  } finally {
    await embedded.close();
  }
}

describe("dead letters on AWS", () => {
  it("the transform's bundle buries them, and the loader brings each into penstock.dead_letters once", async () => {
    await warehouse().applyTable(quotes);
    const event = eventOf(['{"symbol":"SPY","bid":"many"}', '{"symbol":"QQQ","bid":1.5,"size":3}', "no json"]);
    const answer = await transform()(event);
    expect(answer.records.map(({ result }) => result)).toEqual(["Dropped", "Ok", "Dropped"]);
    // Firehose calls again, with the same records: the same object.
    await transform()(event);
    expect(await buried()).toHaveLength(1);
    expect(await told("first")).toMatchObject([{ status: "SUCCEEDED" }]);
    const one = (sequence: number, code: string, column: string | null) => [
      `quotes/shardId-000000000000/${number(sequence)}/0`,
      "quotes",
      "quotes",
      "shardId-000000000000",
      number(sequence),
      "0",
      code,
      column,
      null,
    ];
    const found = await letters();
    expect(found.map((row) => row.map((value) => (typeof value === "number" ? String(value) : value)))).toEqual([
      one(1, "type-mismatch", "bid"),
      one(3, "invalid-json", null),
    ]);
    expect(await told("again")).toMatchObject([{ status: "SUCCEEDED" }]);
    expect(await letters()).toEqual(found);
    const [first] = await warehouse().deadLetters({ limit: 1 });
    expect(first).toMatchObject({ arrivedAtMs: ARRIVED_MS, table: "quotes" });
    expect(Buffer.from(first!.raw).toString()).toBe('{"symbol":"SPY","bid":"many"}');
    // As a reader asks, and gets the embedded pipeline's columns.
    expect(
      await rows(
        `SELECT firehose_code, attempts, FROM_VARBYTE("raw", 'utf8'), EXTRACT(epoch FROM attempted_at), data_catalog_table FROM ${LEDGER_SCHEMA}.dead_letters WHERE column_name = 'bid'`,
      ),
    ).toEqual([
      [
        "DataFormatConversion.MalformedData",
        1,
        '{"symbol":"SPY","bid":"many"}',
        Math.floor(ARRIVED_MS / 1000),
        '{"databaseName":"penstock","tableName":"quotes","versionId":"1"}',
      ],
    ]);
    const wanted = await embeddedColumns();
    const { columns } = await warehouse().query(`SELECT * FROM ${LEDGER_SCHEMA}.dead_letters LIMIT 0`);
    expect(columns.map((column) => column.name).sort()).toEqual(wanted.sort());
  });

  it("Firehose's own failures are letters too, each known by its bytes and its arrival", async () => {
    await warehouse().applyTable(quotes);
    const failure = (raw: string) =>
      `${JSON.stringify({ attemptsMade: 4, arrivalTimestamp: ARRIVED_MS, errorCode: "Lambda.FunctionTimedOut", errorMessage: "The function timed out", attemptEndingTimestamp: ARRIVED_MS + 9, rawData: Buffer.from(raw).toString("base64"), lambdaArn: "arn" })}\n`;
    const both = Buffer.from(failure('{"symbol":"SPY"}') + failure('{"symbol":"QQQ"}'));
    await door.lake.put("errors/quotes/processing-failed/one", both);
    expect(await told("first")).toMatchObject([{ status: "SUCCEEDED" }]);
    // The same records, failed in another object as well.
    await door.lake.put("errors/quotes/processing-failed/two", both);
    expect(await told("second")).toMatchObject([{ status: "SUCCEEDED" }]);
    const found = await letters();
    expect(found.map((row) => [row[1], row[2], row[3], row[6]])).toEqual(
      Array(2).fill(["quotes", "quotes", "firehose", "Lambda.FunctionTimedOut"]),
    );
  });

  it("rows that were redriven into an earlier warehouse come again with a replay, once", async () => {
    await warehouse().applyTable(quotes);
    const identity = {
      shardId: "shardId-000000000000",
      sequenceNumber: number(1),
      rowIndex: 0,
      arrivedAtMs: ARRIVED_MS,
    };
    const line = rowJson(quotes, identity, ["SPY", "1.5", "3"]);
    await door.lake.put("redrive/quotes/one.json", Buffer.from(`${line}\n`));
    // `replay --aws` tells of them as EventBridge tells of new objects, which it never does of these.
    expect(await told("first", "redrive/quotes/")).toMatchObject([{ status: "SUCCEEDED" }]);
    await told("second", "redrive/quotes/");
    expect(await rows("SELECT symbol, size, _sequence_number FROM quotes")).toEqual([["SPY", 3, number(1)]]);
  });

  it("the sweep brings letters that no event has told of", async () => {
    await warehouse().applyTable(quotes);
    await transform()(eventOf(["no json"]));
    expect(await cloud.run("sweep", {})).toMatchObject({ status: "SUCCEEDED" });
    expect(await cloud.settled()).toMatchObject([{ status: "SUCCEEDED" }]);
    expect(await letters()).toHaveLength(1);
    await cloud.run("sweep", {});
    expect(await cloud.settled()).toEqual([]);
  });

  it("those of tables that Redshift loads or reads by itself come there as well, by event and by sweep, and none of their rows do", async () => {
    // As the migration makes them where there is nothing else of the loader's.
    for (const { name } of others) {
      for (const { sql } of prepareOwnSteps(name, { ...AWS_PLACE, schema: LEDGER_SCHEMA })) await rows(sql);
    }
    for (const { name } of others) {
      const answer = await transform(name)(eventOf(['{"symbol":"SPY","bid":"many"}', '{"symbol":"QQQ","bid":1.5}']));
      expect(answer.records.map(({ result }) => result)).toEqual(["Dropped", "Ok"]);
    }
    await door.lake.put("tables/external/one.json", Buffer.from("{}"));
    expect(await told("rows", "tables/")).toEqual([]);
    expect(await told("letters", "errors/external/")).toMatchObject([{ status: "SUCCEEDED" }]);
    expect((await letters()).map(([, table]) => table)).toEqual(["external"]);
    // The copied table is not there at all, and keeps nobody waiting.
    await cloud.run("sweep", {});
    expect(await cloud.settled()).toMatchObject([{ status: "SUCCEEDED" }, { status: "SUCCEEDED" }]);
    expect((await letters()).map((row) => [row[1], row[6], row[7]])).toEqual([
      ["auto_copy", "type-mismatch", "bid"],
      ["external", "type-mismatch", "bid"],
      ["streaming", "type-mismatch", "bid"],
    ]);
  });
});
