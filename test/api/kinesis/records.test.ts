import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../../src/core/clock.js";
import { base64, type Door, openDoor } from "../door.js";

let door: Door;
beforeAll(async () => {
  door = await openDoor();
  await door.stream("s", 3);
});
afterAll(() => door.close());

const LAST_HASH_KEY = ((1n << 128n) - 1n).toString();
const ID = (shard: number) => `shardId-00000000000${shard}`;

const iterator = async (shard: string, type: string, more: object = {}, stream = "s") => {
  const reply = await door.call("GetShardIterator", {
    StreamName: stream,
    ShardId: shard,
    ShardIteratorType: type,
    ...more,
  });
  expect(reply.status, reply.text).toBe(200);
  return reply.body.ShardIterator as string;
};
const records = async (ShardIterator: string, more: object = {}) => {
  const reply = await door.call("GetRecords", { ShardIterator, ...more });
  expect(reply.status, reply.text).toBe(200);
  return reply.body;
};
const data = (body: { Records: { Data: string }[] }) =>
  body.Records.map((one) => Buffer.from(one.Data, "base64").toString());
const put = async (
  items: readonly (readonly [key: string, data: string, hashKey?: string | undefined])[],
  stream = "s",
) => {
  const Records = items.map(([PartitionKey, text, ExplicitHashKey]) => ({
    PartitionKey,
    Data: base64(text),
    ExplicitHashKey,
  }));
  const reply = await door.call("PutRecords", { StreamName: stream, Records });
  expect(reply.body.FailedRecordCount, reply.text).toBe(0);
  return reply.body.Records as { ShardId: string; SequenceNumber: string }[];
};

describe("putting", () => {
  test("one record answers its shard and a number in the service's form", async () => {
    const reply = await door.call("PutRecord", { StreamName: "s", PartitionKey: "a", Data: "" });
    const { SequenceNumber, ...rest } = reply.body;
    expect(rest).toEqual({ ShardId: ID(0) });
    expect(BigInt(SequenceNumber).toString(16)).toMatch(/^20[0-9a-f]{8}0[0-9a-f]{16}000[0-9a-f]{8}000000002$/);
  });

  test.each([
    ["0", 0],
    [((1n << 128n) / 3n).toString(), 1],
    [(((1n << 128n) / 3n) * 2n - 1n).toString(), 1],
    [(((1n << 128n) / 3n) * 2n).toString(), 2],
    [LAST_HASH_KEY, 2],
  ])("the explicit hash key %s goes to shard %i", async (ExplicitHashKey, shard) => {
    const reply = await door.call("PutRecord", { StreamName: "s", PartitionKey: "a", Data: "", ExplicitHashKey });
    expect(reply.body.ShardId).toBe(ID(shard));
  });

  test("a batch is routed by key, scanned or parsed, and numbers each shard's records one after the other", async () => {
    const scanned = await put([
      ["a", "1"],
      ["b", "2"],
      ["e", "3"],
      ["f", "4"],
    ]);
    const parsed = await put([
      ["a", "1"],
      ["b", "2", undefined],
      ["ü", "3"],
      ["a", "4", LAST_HASH_KEY],
    ]);
    expect(scanned.map((one) => one.ShardId)).toEqual([0, 1, 2, 1].map(ID));
    expect(parsed.map((one) => one.ShardId)).toEqual([ID(0), ID(1), parsed[2]!.ShardId, ID(2)]);
    const count = (number: string) => (BigInt(number) >> 80n) & 0xffff_ffff_ffff_ffffn;
    expect(count(scanned[3]!.SequenceNumber) - count(scanned[1]!.SequenceNumber)).toBe(1n);
    expect(count(parsed[1]!.SequenceNumber) - count(scanned[3]!.SequenceNumber)).toBe(1n);
  });

  test("both ways store the same records under the numbers they answered", async () => {
    await door.stream("both", 2);
    const items = Array.from({ length: 120 }, (_, i) => [`key-${i}`, `data ${i} ${"x".repeat(i)}`] as const);
    const Records = items.map(([PartitionKey, text]) => ({ Data: base64(text), PartitionKey }));
    const scanned = (await door.call("PutRecords", { StreamName: "both", Records })).body;
    // A member that the scan does not know sends the same batch the other way.
    const parsed = (await door.call("PutRecords", { StreamName: "both", Records, DryRun: false })).body;
    const answered = [...scanned.Records, ...parsed.Records] as { ShardId: string; SequenceNumber: string }[];
    const expected = new Map(answered.map((one, i) => [one.SequenceNumber, items[i % items.length]!]));
    for (const shard of ["0", "1"]) {
      for (const one of (await records(await iterator(shard, "TRIM_HORIZON", {}, "both"))).Records) {
        const [key, text] = expected.get(one.SequenceNumber)!;
        expect([one.PartitionKey, Buffer.from(one.Data, "base64").toString()]).toEqual([key, text]);
        expected.delete(one.SequenceNumber);
      }
    }
    expect(expected.size).toBe(0);
  });

  test("what was answered is there after a restart, with the same numbers and arrival times", async () => {
    const tokenKey = Buffer.alloc(32, 7);
    const first = await openDoor({ kinesis: { tokenKey } });
    await first.stream("kept", 1);
    const { SequenceNumber } = (
      await first.call("PutRecord", { StreamName: "kept", PartitionKey: "k", Data: base64("x") })
    ).body;
    const made = await first.call("GetShardIterator", {
      StreamName: "kept",
      ShardId: "0",
      ShardIteratorType: "TRIM_HORIZON",
    });
    const before = (await first.call("GetRecords", made.body)).body.Records;
    await first.close({ keep: true });
    const second = await openDoor({ directory: first.directory, kinesis: { tokenKey } });
    const after = (await second.call("GetRecords", made.body)).body.Records;
    expect(after).toEqual(before);
    expect(after[0].SequenceNumber).toBe(SequenceNumber);
    await second.close();
  });

  test("a dry run is checked and not carried out", async () => {
    const last = door.store.find("s")!.shards.map((shard) => shard.lastSequence);
    const good = await door.call("PutRecord", { StreamName: "s", PartitionKey: "a", Data: "", DryRun: true });
    expect(good.body.__type).toBe("DryRunOperationException");
    const bad = await door.call("PutRecord", { StreamName: "nope", PartitionKey: "a", Data: "", DryRun: true });
    expect(bad.body.__type).toBe("ResourceNotFoundException");
    expect(door.store.find("s")!.shards.map((shard) => shard.lastSequence)).toEqual(last);
  });

  test("more than 10 MiB in one request is refused", async () => {
    const Records = Array.from({ length: 11 }, () => ({
      PartitionKey: "a",
      Data: Buffer.alloc(1024 * 1024).toString("base64"),
    }));
    const reply = await door.call("PutRecords", { StreamName: "s", Records });
    expect(reply.body).toEqual({ __type: "InvalidArgumentException", message: "Records size exceeds 10 MB limit" });
  });
});

describe("reading", () => {
  test("begins at, after, at the oldest, at the newest, or at a time", async () => {
    const answered = await put([
      ["b", "one"],
      ["b", "two"],
      ["b", "three"],
    ]);
    const StartingSequenceNumber = answered[1]!.SequenceNumber;
    expect(data(await records(await iterator("1", "AT_SEQUENCE_NUMBER", { StartingSequenceNumber })))).toEqual([
      "two",
      "three",
    ]);
    expect(data(await records(await iterator("1", "AFTER_SEQUENCE_NUMBER", { StartingSequenceNumber })))).toEqual([
      "three",
    ]);
    expect(data(await records(await iterator("1", "TRIM_HORIZON"))).slice(-3)).toEqual(["one", "two", "three"]);

    const latest = await iterator("1", "LATEST");
    const empty = await records(latest);
    expect(empty).toMatchObject({ MillisBehindLatest: 0, Records: [] });
    const [next] = await put([["b", "four"]]);
    for (const from of [latest, empty.NextShardIterator]) expect(data(await records(from))).toEqual(["four"]);
    const fourth = (await records(latest)).Records[0];
    expect(fourth).toEqual({
      SequenceNumber: next!.SequenceNumber,
      PartitionKey: "b",
      Data: base64("four"),
      ApproximateArrivalTimestamp: fourth.ApproximateArrivalTimestamp,
    });
    const Timestamp = fourth.ApproximateArrivalTimestamp;
    expect(data(await records(await iterator("1", "AT_TIMESTAMP", { Timestamp })))).toContain("four");
    const early = await records(await iterator("1", "AT_TIMESTAMP", { Timestamp: 1 }));
    expect(data(early).slice(-1)).toEqual(["four"]);
  });

  test("goes on where the limit cut it off, and says how far behind it is", async () => {
    const answered = await put([
      ["b", "l1"],
      ["b", "l2"],
      ["b", "l3"],
    ]);
    const first = await records(
      await iterator("1", "AT_SEQUENCE_NUMBER", { StartingSequenceNumber: answered[0]!.SequenceNumber }),
      { Limit: 2 },
    );
    expect(data(first)).toEqual(["l1", "l2"]);
    expect(first.MillisBehindLatest).toBeGreaterThanOrEqual(0);
    const second = await records(first.NextShardIterator, { Limit: 1 });
    expect(data(second)).toEqual(["l3"]);
    expect(second.MillisBehindLatest).toBe(0);
  });

  test("keeps to 10 MiB a call", async () => {
    await door.stream("large", 1);
    const Data = Buffer.alloc(1024 * 1024, 1).toString("base64");
    for (let i = 0; i < 13; i++) await door.call("PutRecord", { StreamName: "large", PartitionKey: "a", Data });
    const first = await records(await iterator("0", "TRIM_HORIZON", {}, "large"));
    expect(first.Records).toHaveLength(10);
    expect((await records(first.NextShardIterator)).Records).toHaveLength(3);
  });

  test("ends a closed shard without a next iterator, naming its children", async () => {
    await door.stream("closing", 1);
    const [answered] = await put([["a", "last"]], "closing");
    const from = await iterator("0", "TRIM_HORIZON", {}, "closing");
    await door.call("SplitShard", { StreamName: "closing", ShardToSplit: "0", NewStartingHashKey: "1000" });
    await door.active("closing");
    const end = await records(from);
    expect(data(end)).toEqual(["last"]);
    expect(end.NextShardIterator).toBeUndefined();
    expect(end.ChildShards).toEqual([
      { ShardId: ID(1), ParentShards: [ID(0)], HashKeyRange: { StartingHashKey: "0", EndingHashKey: "999" } },
      {
        ShardId: ID(2),
        ParentShards: [ID(0)],
        HashKeyRange: { StartingHashKey: "1000", EndingHashKey: LAST_HASH_KEY },
      },
    ]);
    const after = await iterator(
      "0",
      "AFTER_SEQUENCE_NUMBER",
      { StartingSequenceNumber: answered!.SequenceNumber },
      "closing",
    );
    expect(await records(after)).toMatchObject({ Records: [] });
    expect((await records(after)).ChildShards).toHaveLength(2);
  });
});

describe("an iterator", () => {
  test.each([1, 13, 14, 29, 30, 128])("for a name of %i characters is as long as the service's", async (length) => {
    const name = "n".repeat(length);
    await door.stream(name, 1);
    const bytes = Buffer.from(await iterator("shard-0", "LATEST", {}, name), "base64");
    expect(bytes).toHaveLength(152 + Math.floor((length + 2) / 16) * 16);
    expect(bytes.subarray(0, 8).toString("hex")).toBe("0000000000000001");
  });

  test("is refused once a single bit of it is changed", async () => {
    const bytes = Buffer.from(await iterator("0", "LATEST"), "base64");
    for (let at = 0; at < bytes.length; at += 7) {
      const bent = Buffer.from(bytes);
      bent[at]! ^= 1;
      const reply = await door.call("GetRecords", { ShardIterator: bent.toString("base64") });
      expect(reply.body).toEqual({ __type: "InvalidArgumentException", message: "Invalid ShardIterator." });
    }
  });

  test("expires after five minutes", async () => {
    let aheadMs = 0;
    const clock: Clock = { ...systemClock, now: () => Date.now() + aheadMs };
    const own = await openDoor({ clock });
    await own.stream("s", 1);
    const made = await own.call("GetShardIterator", { StreamName: "s", ShardId: "0", ShardIteratorType: "LATEST" });
    aheadMs = 299_000;
    expect((await own.call("GetRecords", made.body)).status).toBe(200);
    aheadMs = 300_500;
    const late = await own.call("GetRecords", made.body);
    const date = "\\w{3} \\w{3} \\d{2} \\d{2}:\\d{2}:\\d{2} UTC \\d{4}";
    expect(late.body.__type).toBe("ExpiredIteratorException");
    expect(late.body.message).toMatch(
      new RegExp(
        `^Iterator expired\\. The iterator was created at time ${date} while right now it is ${date} ` +
          "which is further in the future than the tolerated delay of 300000 milliseconds\\.$",
      ),
    );
    await own.close();
  });

  test("of a deleted stream is not found, and reads a new stream of that name from its start", async () => {
    await door.stream("again", 2);
    const [zero, one] = [await iterator("0", "LATEST", {}, "again"), await iterator("1", "LATEST", {}, "again")];
    await door.call("DeleteStream", { StreamName: "again" });
    while (door.store.find("again") !== undefined) await systemClock.sleep(5);
    const missing = (shard: number) => ({
      __type: "ResourceNotFoundException",
      message: `Shard ${ID(shard)} in stream again under account 000000000000 does not exist`,
    });
    expect((await door.call("GetRecords", { ShardIterator: zero })).body).toEqual(missing(0));
    await door.stream("again", 1);
    expect((await door.call("GetRecords", { ShardIterator: one })).body).toEqual(missing(1));
    expect((await records(zero)).Records).toEqual([]);
    await put([["a", "fresh"]], "again");
    expect(data(await records(zero))).toEqual(["fresh"]);
  });
});

describe("throughput limits", () => {
  /** Time stands still but for what the test lets pass. */
  let passedMs = 0;
  const clock: Clock = { ...systemClock, monotonic: () => passedMs };
  let limited: Door;
  beforeAll(async () => {
    limited = await openDoor({ clock, kinesis: { throughputLimits: true } });
    await limited.stream("s", 1);
  });
  afterAll(() => limited.close());
  const message = "Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000.";

  test("refuse each record beyond 1,000 a second, by index, scanned or parsed", async () => {
    const Records = Array.from({ length: 400 }, (_, i) => ({ PartitionKey: `${i}`, Data: "" }));
    const scanned = (await limited.call("PutRecords", { StreamName: "s", Records })).body;
    const parsed = (await limited.call("PutRecords", { StreamName: "s", Records, DryRun: false })).body;
    expect([scanned.FailedRecordCount, parsed.FailedRecordCount]).toEqual([0, 0]);
    const third = (await limited.call("PutRecords", { StreamName: "s", Records })).body;
    const fourth = (await limited.call("PutRecords", { StreamName: "s", Records, DryRun: false })).body;
    expect([third.FailedRecordCount, fourth.FailedRecordCount]).toEqual([200, 400]);
    const refused = { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: message };
    expect(third.Records[199].SequenceNumber).toMatch(/^\d{56}$/);
    expect([third.Records[200], fourth.Records[0]]).toEqual([refused, refused]);
    const single = await limited.call("PutRecord", { StreamName: "s", PartitionKey: "a", Data: "" });
    expect(single.body).toEqual({ __type: "ProvisionedThroughputExceededException", message });
    passedMs += 10;
    expect((await limited.call("PutRecords", { StreamName: "s", Records })).body.FailedRecordCount).toBe(390);
    passedMs += 1_000;
    expect((await limited.call("PutRecords", { StreamName: "s", Records })).body.FailedRecordCount).toBe(0);
  });

  test("allow five reads a second", async () => {
    passedMs += 1_000;
    const made = await limited.call("GetShardIterator", { StreamName: "s", ShardId: "0", ShardIteratorType: "LATEST" });
    const read = async () => (await limited.call("GetRecords", made.body)).status;
    expect([await read(), await read(), await read(), await read(), await read(), await read()]).toEqual([
      200, 200, 200, 200, 200, 400,
    ]);
    passedMs += 200;
    expect([await read(), await read()]).toEqual([200, 400]);
  });
});
