import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  RegisterStreamConsumerCommand,
  SubscribeToShardCommand,
} from "@aws-sdk/client-kinesis";
import { pino } from "pino";
import { expect, test } from "vitest";
import { withDataDirectory } from "../../src/runtime/offline-audit.js";
import { countsOf, type RunningPipeline, run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

const DEFINITION = `export default pipeline("p", { tables: [
  table("t", { from: stream("s"), format: json(), columns: { id: integer() }, deliver: { bufferSeconds: 900 } }),
  table("u", { from: stream("others"), format: json(), columns: { id: integer() } }),
] });`;

/** Ten groups of ten records, so that damage takes one or two of the groups. */
async function filled(): Promise<{ pipeline: RunningPipeline; folder: string; segment: string }> {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const pipeline = await run(folder);
  for (let group = 0; group < 10; group++) {
    await pipeline.put(
      "s",
      Array.from({ length: 10 }, (_, index) => ({ id: group * 10 + index })),
    );
  }
  return { pipeline, folder, segment: await segmentOf(folder, "s") };
}

async function segmentOf(folder: string, stream: string): Promise<string> {
  const streamFolder = join(folder, ".penstock", "streams", `${stream}.stream`);
  const names = (await readdir(streamFolder)).filter((name) => name.endsWith(".segment"));
  return join(streamFolder, names.sort()[0]!);
}

async function flip(path: string, share: number): Promise<void> {
  const file = await open(path, "r+");
  const at = Math.floor((await file.stat()).size * share);
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0]! ^= 4;
  await file.write(byte, 0, 1, at);
  await file.close();
}

const idOf = (data: Uint8Array | undefined): number =>
  (JSON.parse(Buffer.from(data ?? []).toString()) as { id: number }).id;

/** What a consumer reads from the beginning until it is told that it has come to the tip. */
async function consumed(kinesis: KinesisClient, limit: number): Promise<number[]> {
  const where = { StreamName: "s", ShardId: "shardId-000000000000" };
  const first = await kinesis.send(new GetShardIteratorCommand({ ...where, ShardIteratorType: "TRIM_HORIZON" }));
  const ids: number[] = [];
  let iterator = first.ShardIterator;
  for (let calls = 0; calls < 200; calls++) {
    const answer = await kinesis.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: limit }));
    ids.push(...(answer.Records ?? []).map(({ Data }) => idOf(Data)));
    iterator = answer.NextShardIterator;
    if (answer.MillisBehindLatest === 0) return ids;
  }
  throw new Error(`The consumer stands still after ${ids.length} records.`);
}

test.each([1, 7, 1000])(
  "a consumer that asks for %i records at a time is led past a damaged stretch to the tip",
  async (limit) => {
    const { pipeline, segment } = await filled();
    await flip(segment, 0.5);
    const ids = await consumed(pipeline.kinesis, limit);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(80);
    expect(ids.length).toBeLessThan(100);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect([ids[0], ids.at(-1)]).toEqual([0, 99]);
    const lost = 100 - ids.length;
    const [stream] = pipeline.instance.status().streams.filter(({ name }) => name === "s");
    expect(stream!.unreadableRecords).toBe(lost);
    expect(pipeline.instance.health().reasons.join()).toContain(`${lost} records of the stream s cannot be read`);
    // They are in no table either.
    expect(await pipeline.instance.audit()).toMatchObject({ ok: false, lost, acked: 100 });
  },
);

test("a consumer is led past a file that is gone, and what comes after it arrives", async () => {
  const { pipeline, segment } = await filled();
  await rm(segment);
  expect(await consumed(pipeline.kinesis, 100)).toEqual([]);
});

test("a subscription is led past a damaged stretch", async () => {
  const { pipeline, segment } = await filled();
  await flip(segment, 0.5);
  const { kinesis } = pipeline;
  const consumer = await kinesis.send(
    new RegisterStreamConsumerCommand({
      StreamARN: "arn:aws:kinesis:us-east-1:000000000000:stream/s",
      ConsumerName: "reader",
    }),
  );
  await expect
    .poll(
      async () => {
        const subscribed = await kinesis
          .send(
            new SubscribeToShardCommand({
              ConsumerARN: consumer.Consumer!.ConsumerARN,
              ShardId: "shardId-000000000000",
              StartingPosition: { Type: "TRIM_HORIZON" },
            }),
          )
          .catch(() => undefined);
        let last = -1;
        for await (const event of subscribed?.EventStream ?? []) {
          const records = event.SubscribeToShardEvent?.Records ?? [];
          last = Math.max(last, ...records.map(({ Data }) => idOf(Data)));
          if (event.SubscribeToShardEvent?.MillisBehindLatest === 0) break;
        }
        return last;
      },
      { timeout: 20_000 },
    )
    .toBe(99);
});

test("damage among records that no table has had stops their tables alone; given up, they are counted as lost and the rest is delivered", async () => {
  const { pipeline, folder, segment } = await filled();
  await flip(segment, 0.5);
  await pipeline.put("others", [{ id: 1 }]);
  await expect(pipeline.instance.flush()).rejects.toMatchObject({
    code: "damaged",
    hint: expect.stringContaining("--accept-loss"),
  });
  expect(await pipeline.rows("select count(*) from u")).toEqual([[1]]);
  expect(pipeline.instance.status().tables.map(({ delivery }) => delivery.state)).toEqual(["stopped", "idle"]);
  await pipeline.close();

  const repair = (acceptLoss: boolean) =>
    withDataDirectory(join(folder, ".penstock"), pino({ level: "silent" }), (offline) =>
      offline.repair({ tables: [], dryRun: false, acceptLoss }),
    );
  const found = await repair(false);
  expect(found.tables.map(({ state }) => state)).toEqual(["sound", "sound"]);
  expect(found.streams.map(({ state }) => state)).toEqual(["damaged", "sound"]);
  const lost = found.streams[0]!.records;
  expect(lost).toBeGreaterThan(0);
  expect(lost).toBeLessThanOrEqual(20);
  expect((await repair(true)).streams).toMatchObject([{ state: "loss-accepted", records: lost }, { state: "sound" }]);

  const again = await run(folder);
  await again.put("s", [{ id: 100 }]);
  await again.instance.flush();
  expect(await again.rows("select count(*), count(distinct id), max(id) from t")).toEqual([
    [101 - lost, 101 - lost, 100],
  ]);
  const audit = await again.instance.audit();
  expect(audit).toMatchObject({ ok: false, lost, duplicated: 0 });
  expect(countsOf(audit, "t")).toMatchObject({ acked: 101, loaded: 101 - lost, lost });
});
