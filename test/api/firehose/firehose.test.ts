import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { formatRecordId, parseRecordId } from "../../../src/api/firehose/record-id.js";
import { type Clock, systemClock } from "../../../src/core/clock.js";
import { attributes, base64, type Door, openDoor } from "../door.js";

let door: Door;
beforeAll(async () => {
  door = await openDoor();
  await door.store.create({ name: "d", kind: "direct-put", shards: 1, attributes: attributes() });
  await door.store.create({ name: "k", kind: "kinesis", shards: 1, attributes: attributes() });
});
afterAll(() => door.close());

const call = (operation: string, body: object, at = door) => at.call(`Firehose_20150804.${operation}`, body);
const batch = (count: number, bytes: number) => ({
  DeliveryStreamName: "d",
  Records: Array.from({ length: count }, () => ({ Data: Buffer.alloc(bytes).toString("base64") })),
});

describe("what Firehose takes", () => {
  test("is 1,000 KiB a record, 500 records and 4 MiB a batch, to the byte", async () => {
    expect((await call("PutRecordBatch", batch(500, 10))).body.FailedPutCount).toBe(0);
    const many = await call("PutRecordBatch", batch(501, 0));
    expect(many.body.message).toContain(
      "at 'records' failed to satisfy constraint: Member must have length less than or equal to 500",
    );
    expect(
      (
        await call("PutRecord", {
          DeliveryStreamName: "d",
          Record: { Data: Buffer.alloc(1_024_000).toString("base64") },
        })
      ).status,
    ).toBe(200);
    const large = await call("PutRecord", {
      DeliveryStreamName: "d",
      Record: { Data: Buffer.alloc(1_024_001).toString("base64") },
    });
    expect(large.body.message).toContain("Member must have length less than or equal to 1024000");
    expect((await call("PutRecordBatch", batch(8, 512 * 1024))).status).toBe(200);
    const heavy = batch(8, 512 * 1024);
    heavy.Records.push({ Data: base64("x") });
    expect((await call("PutRecordBatch", heavy)).body).toEqual({
      __type: "InvalidArgumentException",
      message: "Records size exceeds 4 MB limit",
    });
  });

  test("goes to direct-put streams alone", async () => {
    const reply = await call("PutRecord", { DeliveryStreamName: "k", Record: { Data: "" } });
    expect(reply.body).toEqual({
      __type: "ResourceNotFoundException",
      message: "Firehose k under account 000000000000 not found.",
    });
  });

  test("is refused record by record beyond the quota, with the index kept", async () => {
    let passedMs = 0;
    const clock: Clock = { ...systemClock, monotonic: () => passedMs };
    const limited = await openDoor({ clock, kinesis: { throughputLimits: true } });
    await limited.store.create({ name: "d", kind: "direct-put", shards: 1, attributes: attributes() });
    expect((await call("PutRecordBatch", batch(8, 512 * 1024), limited)).body.FailedPutCount).toBe(0);
    const second = (await call("PutRecordBatch", batch(4, 512 * 1024), limited)).body;
    expect(second.FailedPutCount).toBe(2);
    expect(second.RequestResponses.map((one: { ErrorCode?: string }) => one.ErrorCode)).toEqual([
      undefined,
      undefined,
      "ServiceUnavailableException",
      "ServiceUnavailableException",
    ]);
    expect(limited.store.find("d")!.shards[0]!.lastSequence).toBe(10);
    expect((await call("PutRecord", { DeliveryStreamName: "d", Record: { Data: base64("x") } }, limited)).status).toBe(
      503,
    );
    passedMs += 1_000;
    expect((await call("PutRecordBatch", batch(4, 512 * 1024), limited)).body.FailedPutCount).toBe(0);
    await limited.close();
  });
});

test("what is decided by the definition says so", async () => {
  const reply = await call("CreateDeliveryStream", { DeliveryStreamName: "new" });
  expect(reply.body.__type).toBe("UnknownOperationException");
  expect(reply.body.message).toContain("directPut()");
});

test("lists by name after name", async () => {
  await door.store.create({ name: "e", kind: "direct-put", shards: 1, attributes: attributes() });
  expect((await call("ListDeliveryStreams", { Limit: 1 })).body).toEqual({
    DeliveryStreamNames: ["d"],
    HasMoreDeliveryStreams: true,
  });
  const rest = await call("ListDeliveryStreams", { ExclusiveStartDeliveryStreamName: "d" });
  expect(rest.body).toEqual({ DeliveryStreamNames: ["e"], HasMoreDeliveryStreams: false });
  expect(
    (await call("ListDeliveryStreams", { DeliveryStreamType: "KinesisStreamAsSource" })).body.DeliveryStreamNames,
  ).toEqual([]);
});

test("a RecordId names its record and nothing else passes for one", () => {
  const place = { streamCreatedAtMs: 1_790_000_000_123, sequence: 9_007_199_254_740_991, arrivalMs: 1_790_000_001_000 };
  expect(parseRecordId(formatRecordId(place))).toEqual(place);
  expect(parseRecordId(Buffer.alloc(28, 3).toString("base64"))).toBeUndefined();
  expect(parseRecordId("nonsense")).toBeUndefined();
});
