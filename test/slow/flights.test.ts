import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, onTestFinished, test } from "vitest";
import { flightsToPut } from "../simulation/seeds.js";
import { type PenstockProcess, ROOT, runPenstock, startPenstock } from "../support/penstock-process.js";

const SOURCE = join(ROOT, "node_modules/vega-datasets/data/flights-3m.parquet");
const ALL_FLIGHTS = 3_000_000;
/** By the AWS SDK, whose own work for each request is most of the time that it takes; the rest go by `penstock put`. */
const BY_SDK = 300_000;
const definition = fileURLToPath(new URL("definitions/flights.ts", import.meta.url));

/** Asked of the warehouse and of the source, in words that both understand. */
const QUESTIONS = [
  "select count(*), count(delay), sum(delay), sum(distance), min(delay), max(delay), count(distinct origin) from flights",
  "select cast(min(date) as varchar), cast(max(date) as varchar), count(distinct date) from flights",
  "select origin, count(*), sum(delay), sum(distance) from flights group by origin order by origin",
  "select origin, destination, count(*), avg(cast(delay as double precision)) from flights group by origin, destination order by origin, destination",
  "select extract(month from date), extract(hour from date), count(*), sum(delay) from flights group by 1, 2 order by 1, 2",
  "select delay, count(*) from flights group by delay order by delay nulls last",
];

test("three million flights, put by the AWS SDK and by the command line, are in the warehouse as in the source", async () => {
  const folder = await mkdtemp(join(tmpdir(), "penstock-flights-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const flights = flightsToPut(ALL_FLIGHTS);
  const bySdk = Math.min(BY_SDK, flights);
  const source = await openSource(flights);
  await source.run(`copy (select * from flights limit ${bySdk}) to '${folder}/sdk.ndjson' (format json)`);
  await source.run(`copy (select * from flights offset ${bySdk}) to '${folder}/put.ndjson' (format json)`);

  const instance = await startPenstock({ definition, data: join(folder, "data") });
  await putBySdk(instance, join(folder, "sdk.ndjson"));
  const put = await runPenstock("put", "flights", join(folder, "put.ndjson"), "--url", instance.console.href, "--json");
  expect(put.code, put.stderr).toBe(0);
  await instance.flush();

  for (const question of QUESTIONS) {
    const { rows } = await instance.query(question);
    const expected = (await source.runAndReadAll(question)).getRowsJson();
    expect(rows.map(comparable), question).toEqual(expected.map(comparable));
  }
  const audit = await instance.audit();
  expect(audit).toMatchObject({ ok: true, acked: flights, loaded: flights, lost: 0, duplicated: 0, pending: 0 });
  expect(audit).toMatchObject({ deadLettered: 0, filtered: 0, deduped: 0, findings: [] });
  console.log(`flights: ${Math.round(instance.memory().peakBytes / 2 ** 20)} MiB at most`);
  expect(await instance.stop(), instance.log()).toBe(0);
});

/** Numbers as numbers, whether one side writes them as text; averages to nine digits, since sums of doubles differ with their order. */
function comparable(row: readonly unknown[]): unknown[] {
  return row.map((value) => {
    const isNumber = typeof value === "number" || (typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value));
    return isNumber ? Number(Number(value).toPrecision(9)) : value;
  });
}

async function openSource(flights: number) {
  const engine = await DuckDBInstance.create(":memory:", { threads: "2", memory_limit: "1GB" });
  const connection = await engine.connect();
  await connection.run(`create table flights as select * from read_parquet('${SOURCE}') limit ${flights}`);
  onTestFinished(() => {
    connection.closeSync();
    engine.closeSync();
  });
  return connection;
}

async function putBySdk(instance: PenstockProcess, path: string): Promise<void> {
  const client = new KinesisClient({
    endpoint: instance.aws.href,
    region: "us-east-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const file = await open(path);
  const underWay = new Set<Promise<void>>();
  let batch: string[] = [];
  let key = 0;
  const send = async (lines: readonly string[]) => {
    const Records = lines.map((line) => ({ Data: Buffer.from(line), PartitionKey: String(key++) }));
    const answer = await client.send(new PutRecordsCommand({ StreamName: "flights", Records }));
    expect(answer.FailedRecordCount).toBe(0);
  };
  const take = async () => {
    const sending: Promise<void> = send(batch).finally(() => underWay.delete(sending));
    underWay.add(sending);
    batch = [];
    if (underWay.size >= 4) await Promise.race(underWay);
  };
  for await (const line of file.readLines()) {
    batch.push(line);
    if (batch.length === 500) await take();
  }
  if (batch.length > 0) await take();
  await Promise.all(underWay);
  client.destroy();
}
