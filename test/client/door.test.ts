import { directPut, integer, stream, table, timestamptz, varchar } from "penstock";
import { producer } from "penstock/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { decodeKpl } from "../../src/core/kpl.js";
import type { StreamRecord } from "../../src/stream/stream.js";
import { attributes, type Door, openDoor } from "../api/door.js";

const columns = { id: integer().notNull(), kind: varchar(10).notNull(), at: timestamptz() };
const events = table("events", { from: stream("events"), columns, distKey: "kind" });
const direct = table("direct", { from: directPut(), columns });

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => door.close());

async function recordsOf(name: string): Promise<{ shard: string; record: StreamRecord }[]> {
  const found: { shard: string; record: StreamRecord }[] = [];
  for (const shard of door.store.find(name)!.shards) {
    const records = await shard.read(shard.firstSequence, { recordsMax: 10_000, bytesMax: 64 * 1024 * 1024 });
    found.push(...records.map((record) => ({ shard: shard.id, record })));
  }
  return found;
}
const jsonOf = (data: Uint8Array) => JSON.parse(Buffer.from(data).toString()) as { id: number };
const numbers = (count: number) => Array.from({ length: count }, (_, id) => id);

test("every row that was put is in the stream once, on the shard that its result names", async () => {
  await door.stream("events", 4);
  await using rows = producer(events, { endpoint: door.url });
  const results = await Promise.all(numbers(2000).map((id) => rows.put({ id, kind: `k${id % 50}`, at: new Date(id) })));
  const records = await recordsOf("events");
  expect(records.map(({ record }) => jsonOf(record.data).id).sort((a, b) => a - b)).toEqual(numbers(2000));
  for (const { shard, record } of records) expect(results[jsonOf(record.data).id]!.shardId).toBe(shard);
  expect(new Set(results.map(({ sequenceNumber, shardId }) => `${shardId} ${sequenceNumber}`)).size).toBe(2000);
  expect(new Set(records.map(({ shard }) => shard)).size).toBe(4);
});

test("aggregated rows are in the stream once, and their key is the record's", async () => {
  await door.stream("events", 2);
  await using rows = producer(events, { endpoint: door.url, aggregate: true });
  await Promise.all(numbers(1000).map((id) => rows.put({ id, kind: `k${id % 5}` })));
  const records = await recordsOf("events");
  expect(records.length).toBeLessThan(100);
  const inside = records.flatMap(({ record }) => {
    const members = decodeKpl(record.data)!;
    for (const { partitionKey } of members) expect(partitionKey).toBe(record.partitionKey);
    return members.map(({ data }) => jsonOf(data).id);
  });
  expect(inside.sort((a, b) => a - b)).toEqual(numbers(1000));
});

test("rows that a shard's limit refused are put again until they are in, and only those", async () => {
  await door.close();
  door = await openDoor({ kinesis: { throughputLimits: true } });
  await door.stream("events", 1);
  await using rows = producer(events, { endpoint: door.url, attemptsMax: 100, backoffMs: 50, backoffMsMax: 400 });
  const results = await Promise.all(numbers(1500).map((id) => rows.put({ id, kind: "k" })));
  expect(Math.max(...results.map(({ attempts }) => attempts))).toBeGreaterThan(1);
  const ids = (await recordsOf("events")).map(({ record }) => jsonOf(record.data).id);
  expect(ids.sort((a, b) => a - b)).toEqual(numbers(1500));
});

test("a table that is fed directly goes through the Firehose door", async () => {
  await door.store.create({ name: "direct", kind: "direct-put", shards: 1, attributes: attributes({ defined: true }) });
  await using rows = producer(direct, { endpoint: door.url });
  const results = await Promise.all(numbers(700).map((id) => rows.put({ id, kind: "k" })));
  expect(new Set(results.map(({ recordId }) => recordId)).size).toBe(700);
  expect((await recordsOf("direct")).length).toBe(700);
});

test("a stream that does not exist is told at once", async () => {
  const rows = producer(events, { endpoint: door.url });
  await expect(rows.put({ id: 1, kind: "k" })).rejects.toMatchObject({
    code: "refused",
    awsCode: "ResourceNotFoundException",
  });
  await expect(rows.close()).rejects.toMatchObject({ code: "unavailable" });
});
