import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ACCOUNT, attributes, type Door, openDoor, REGION } from "../door.js";

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

const arn = (name: string) => `arn:aws:kinesis:${REGION}:${ACCOUNT}:stream/${name}`;

interface ShardView {
  readonly ShardId: string;
  readonly ParentShardId?: string;
  readonly AdjacentParentShardId?: string;
  readonly HashKeyRange: { readonly StartingHashKey: string; readonly EndingHashKey: string };
  readonly SequenceNumberRange: { readonly StartingSequenceNumber: string; readonly EndingSequenceNumber?: string };
}

const describeStream = async (name: string) =>
  (await door.call("DescribeStream", { StreamName: name })).body.StreamDescription;
const shardsOf = async (name: string): Promise<readonly ShardView[]> => (await describeStream(name)).Shards;
const hexOf = (sequence: string) => BigInt(sequence).toString(16);
const createdSeconds = (sequence: string) => Number.parseInt(hexOf(sequence).slice(1, 10), 16);
const arrivalSeconds = (sequence: string) => Number.parseInt(hexOf(sequence).slice(29, 38), 16);

const THIRDS = [
  ["0", "113427455640312821154458202477256070484"],
  ["113427455640312821154458202477256070485", "226854911280625642308916404954512140969"],
  ["226854911280625642308916404954512140970", "340282366920938463463374607431768211455"],
];

describe("a stream's life", () => {
  test("it is CREATING without shards, then ACTIVE with even ones; DELETING, then gone", async () => {
    const created = await door.call("CreateStream", { StreamName: "life", ShardCount: 3 });
    expect([created.status, created.text]).toEqual([200, ""]);
    const { StreamCreationTimestamp, ...creating } = await describeStream("life");
    expect(creating).toEqual({
      StreamName: "life",
      StreamARN: arn("life"),
      StreamStatus: "CREATING",
      RetentionPeriodHours: 24,
      EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
      EncryptionType: "NONE",
      Shards: [],
      HasMoreShards: false,
    });
    expect(Math.abs(StreamCreationTimestamp - Date.now() / 1000)).toBeLessThan(60);
    const early = await door.call("PutRecord", { StreamName: "life", PartitionKey: "a", Data: "" });
    expect(early.body.__type).toBe("ResourceNotFoundException");

    await door.active("life");
    const shards = await shardsOf("life");
    expect(shards.map((shard) => shard.ShardId)).toEqual([0, 1, 2].map((i) => `shardId-00000000000${i}`));
    expect(shards.map(({ HashKeyRange: range }) => [range.StartingHashKey, range.EndingHashKey])).toEqual(THIRDS);
    const starts = shards.map((shard) => BigInt(shard.SequenceNumberRange.StartingSequenceNumber));
    // One shard's number apart: 2^144 + 2^4.
    expect(starts[1]! - starts[0]!).toBe((1n << 144n) + 16n);
    expect(starts[2]! - starts[1]!).toBe((1n << 144n) + 16n);
    const shardAge = StreamCreationTimestamp - createdSeconds(String(starts[0]));
    expect(shardAge).toBeGreaterThanOrEqual(2);
    expect(shardAge).toBeLessThanOrEqual(3);

    expect((await door.call("DeleteStream", { StreamName: "life" })).text).toBe("");
    expect((await describeStream("life"))?.StreamStatus).toBe("DELETING");
    while ((await describeStream("life")) !== undefined);
    expect(door.store.find("life")).toBeUndefined();
  });

  test("one deleted while CREATING never shows shards", async () => {
    await door.call("CreateStream", { StreamName: "brief", ShardCount: 1 });
    await door.call("DeleteStream", { StreamName: "brief" });
    expect(await describeStream("brief")).toMatchObject({ StreamStatus: "DELETING", Shards: [] });
  });

  test("two requests at once make one stream", async () => {
    const replies = await Promise.all(
      [1, 2].map(() => door.call("CreateStream", { StreamName: "twice", ShardCount: 1 })),
    );
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 400]);
    expect(replies.find((reply) => reply.status === 400)?.body.__type).toBe("ResourceInUseException");
  });

  test("one of the pipeline's definition is not deleted", async () => {
    await door.store.create({ name: "defined", kind: "kinesis", shards: 1, attributes: attributes({ defined: true }) });
    const reply = await door.call("DeleteStream", { StreamName: "defined" });
    expect(reply.body.__type).toBe("ResourceInUseException");
    expect(reply.body.message).toContain("definition");
  });

  test("one for Firehose is not there for Kinesis", async () => {
    await door.store.create({ name: "hidden", kind: "direct-put", shards: 1, attributes: attributes() });
    expect((await describeStream("hidden")) ?? "none").toBe("none");
    expect((await door.call("ListStreams", {})).body.StreamNames).not.toContain("hidden");
  });

  test("what was left under way is taken up by the next process", async () => {
    const slow = await openDoor({
      kinesis: { delays: { creatingMs: 3_600_000, updatingMs: 3_600_000, deletingMs: 3_600_000 } },
    });
    await slow.store.create({ name: "split", kind: "kinesis", shards: 1, attributes: attributes() });
    await slow.store.create({ name: "resize", kind: "kinesis", shards: 2, attributes: attributes() });
    await slow.store.create({ name: "gone", kind: "kinesis", shards: 1, attributes: attributes() });
    await slow.call("CreateStream", { StreamName: "new", ShardCount: 1 });
    await slow.call("SplitShard", { StreamName: "split", ShardToSplit: "shardId-0", NewStartingHashKey: "1000" });
    await slow.call("UpdateShardCount", { StreamName: "resize", TargetShardCount: 3, ScalingType: "UNIFORM_SCALING" });
    await slow.call("DeleteStream", { StreamName: "gone" });
    expect(slow.store.streams().map((stream) => stream.attributes.status)).toEqual([
      "DELETING",
      "CREATING",
      "UPDATING",
      "UPDATING",
    ]);
    await slow.close({ keep: true });

    const next = await openDoor({ directory: slow.directory });
    for (const name of ["new", "split", "resize"]) await next.active(name);
    while (next.store.find("gone") !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    const open = (name: string) =>
      next.store.find(name)!.shards.filter((shard) => shard.closedAtMs === undefined).length;
    expect([open("new"), open("split"), open("resize")]).toEqual([1, 2, 3]);
    await next.close();
  });
});

describe("a stream is named", () => {
  beforeAll(() => door.stream("named", 1));

  test("by its name, its ARN, or both", async () => {
    for (const reference of [
      { StreamName: "named" },
      { StreamARN: arn("named") },
      { StreamName: "named", StreamARN: arn("named") },
    ]) {
      const reply = await door.call("DescribeStreamSummary", reference);
      const { StreamCreationTimestamp: _, ...summary } = reply.body.StreamDescriptionSummary;
      expect(summary).toEqual({
        StreamName: "named",
        StreamARN: arn("named"),
        StreamStatus: "ACTIVE",
        RetentionPeriodHours: 24,
        EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
        EncryptionType: "NONE",
        OpenShardCount: 1,
        ConsumerCount: 0,
      });
    }
  });

  test("and not by an ARN of another stream", async () => {
    const reply = await door.call("DescribeStream", { StreamName: "named", StreamARN: arn("other") });
    expect(reply.body.__type).toBe("InvalidArgumentException");
  });
});

describe("lists", () => {
  test("streams come by name, page by page, with a token or after a name", async () => {
    const own = await openDoor();
    for (const name of ["c", "a", "d", "b"]) {
      await own.store.create({ name, kind: "kinesis", shards: 1, attributes: attributes() });
    }
    const first = (await own.call("ListStreams", { Limit: 3 })).body;
    expect(first).toMatchObject({ StreamNames: ["a", "b", "c"], HasMoreStreams: true });
    const second = await own.call("ListStreams", { Limit: 3, NextToken: first.NextToken });
    expect(second.body).toEqual({ StreamNames: ["d"], HasMoreStreams: false });
    const after = await own.call("ListStreams", { ExclusiveStartStreamName: "a", Limit: 1 });
    expect(after.body).toEqual({ StreamNames: ["b"], HasMoreStreams: true });
    await own.close();
  });

  test("shards come page by page; a token expires after five minutes and belongs to its own list", async () => {
    let aheadMs = 0;
    const own = await openDoor({
      clock: {
        now: () => Date.now() + aheadMs,
        monotonic: () => performance.now(),
        sleep: (ms, signal) =>
          new Promise((resolve, reject) => {
            const timer = setTimeout(resolve, ms);
            signal?.addEventListener("abort", () => {
              clearTimeout(timer);
              reject(signal.reason);
            });
          }),
      },
    });
    await own.store.create({ name: "s", kind: "kinesis", shards: 5, attributes: attributes() });
    const first = (await own.call("ListShards", { StreamName: "s", MaxResults: 3 })).body;
    expect(first.Shards).toHaveLength(3);
    const rest = (await own.call("ListShards", { NextToken: first.NextToken })).body;
    expect(rest.Shards.map((shard: ShardView) => shard.ShardId.at(-1))).toEqual(["3", "4"]);
    expect(rest.NextToken).toBeUndefined();
    expect((await own.call("ListStreams", { NextToken: first.NextToken })).body.__type).toBe(
      "InvalidArgumentException",
    );
    expect((await own.call("GetRecords", { ShardIterator: first.NextToken })).body.message).toBe(
      "Invalid ShardIterator.",
    );
    aheadMs = 300_001;
    expect((await own.call("ListShards", { NextToken: first.NextToken })).body.__type).toBe(
      "ExpiredNextTokenException",
    );
    await own.close();
  });

  test("shards pass the filters: now open, open then, all, or behind one", async () => {
    await door.stream("filtered", 2);
    await door.call("SplitShard", { StreamName: "filtered", ShardToSplit: "0", NewStartingHashKey: "1000" });
    await door.active("filtered");
    const ids = async (ShardFilter: object) =>
      (await door.call("ListShards", { StreamName: "filtered", ShardFilter })).body.Shards.map((shard: ShardView) =>
        Number(shard.ShardId.at(-1)),
      );
    const createdAt = door.store.find("filtered")!.createdAtMs / 1000;
    expect(await ids({ Type: "AT_LATEST" })).toEqual([1, 2, 3]);
    expect(await ids({ Type: "AT_TRIM_HORIZON" })).toEqual([0, 1]);
    expect(await ids({ Type: "FROM_TRIM_HORIZON" })).toEqual([0, 1, 2, 3]);
    expect(await ids({ Type: "AT_TIMESTAMP", Timestamp: createdAt })).toEqual([0, 1]);
    expect(await ids({ Type: "FROM_TIMESTAMP", Timestamp: createdAt })).toEqual([0, 1, 2, 3]);
    expect(await ids({ Type: "AFTER_SHARD_ID", ShardId: "shardId-000000000001" })).toEqual([2, 3]);
  });
});

describe("shards", () => {
  test("a split closes one and opens two a second younger; a merge joins them again", async () => {
    await door.stream("reshard", 1);
    const startedMs = Date.now();
    const split = { StreamName: "reshard", ShardToSplit: "any-0", NewStartingHashKey: "2" };
    expect((await door.call("SplitShard", split)).text).toBe("");
    expect(await describeStream("reshard")).toMatchObject({
      StreamStatus: "UPDATING",
      Shards: [{ ShardId: "shardId-000000000000" }],
    });
    const again = await door.call("SplitShard", split);
    expect(again.body).toEqual({
      __type: "ResourceInUseException",
      message: `Stream reshard under account ${ACCOUNT} not ACTIVE, instead in state UPDATING`,
    });
    const meanwhile = await door.call("PutRecord", {
      StreamName: "reshard",
      PartitionKey: "a",
      Data: "",
      ExplicitHashKey: "1",
    });
    expect(meanwhile.body.ShardId).toBe("shardId-000000000000");

    await door.active("reshard");
    const [parent, low, high] = (await shardsOf("reshard")) as [ShardView, ShardView, ShardView];
    const end = parent.SequenceNumberRange.EndingSequenceNumber!;
    expect(hexOf(end).slice(11, 27)).toBe("7fffffffffffffff");
    expect(arrivalSeconds(end) * 1000).toBeGreaterThan(startedMs - 1_000);
    for (const child of [low, high]) {
      const start = child.SequenceNumberRange.StartingSequenceNumber;
      expect(child.ParentShardId).toBe("shardId-000000000000");
      expect(createdSeconds(start)).toBe(arrivalSeconds(start));
      expect(createdSeconds(start) - arrivalSeconds(end)).toBe(1);
    }
    expect([low.HashKeyRange.EndingHashKey, high.HashKeyRange.StartingHashKey]).toEqual(["1", "2"]);
    const closed = await door.call("SplitShard", split);
    expect(closed.body.__type).toBe("ResourceInUseException");

    const merge = { StreamName: "reshard", ShardToMerge: "x-1", AdjacentShardToMerge: "x-2" };
    expect((await door.call("MergeShards", merge)).status).toBe(200);
    await door.active("reshard");
    const merged = (await shardsOf("reshard"))[3]!;
    expect(merged).toMatchObject({
      ParentShardId: "shardId-000000000001",
      AdjacentParentShardId: "shardId-000000000002",
      HashKeyRange: { StartingHashKey: "0", EndingHashKey: ((1n << 128n) - 1n).toString() },
    });
  });

  test.each([
    [2, 4, 6],
    [4, 2, 6],
    [2, 3, 7],
    [3, 3, 3],
  ])("UpdateShardCount from %i to %i spreads them evenly", async (from, to, all) => {
    const name = `count-${from}-${to}`;
    await door.stream(name, from);
    const reply = await door.call("UpdateShardCount", {
      StreamName: name,
      TargetShardCount: to,
      ScalingType: "UNIFORM_SCALING",
    });
    expect(reply.body).toEqual({
      StreamName: name,
      StreamARN: arn(name),
      CurrentShardCount: from,
      TargetShardCount: to,
    });
    await door.active(name);
    const shards = await shardsOf(name);
    const open = shards
      .filter((shard) => shard.SequenceNumberRange.EndingSequenceNumber === undefined)
      .map((shard) => BigInt(shard.HashKeyRange.StartingHashKey))
      .sort((a, b) => (a < b ? -1 : 1));
    const width = (1n << 128n) / BigInt(to);
    expect(open).toEqual(Array.from({ length: to }, (_, i) => width * BigInt(i)));
    expect(shards).toHaveLength(all);
  });
});

describe("settings", () => {
  beforeAll(() => door.stream("settings", 1));
  const ok = async (operation: string, body: object) => {
    const reply = await door.call(operation, body);
    expect([operation, reply.status, reply.text]).toEqual([operation, 200, reply.text]);
    await door.active("settings");
    return reply.body;
  };
  const reference = { StreamName: "settings" };
  const summary = async () => (await door.call("DescribeStreamSummary", reference)).body.StreamDescriptionSummary;

  test("retention goes up and down in its own direction", async () => {
    await ok("IncreaseStreamRetentionPeriod", { ...reference, RetentionPeriodHours: 8_760 });
    expect((await describeStream("settings")).RetentionPeriodHours).toBe(8_760);
    await ok("DecreaseStreamRetentionPeriod", { ...reference, RetentionPeriodHours: 24 });
    expect((await describeStream("settings")).RetentionPeriodHours).toBe(24);
  });

  test("the mode is shown once someone has named it", async () => {
    const StreamARN = arn("settings");
    expect((await summary()).StreamModeDetails).toBeUndefined();
    await ok("UpdateStreamMode", { StreamARN, StreamModeDetails: { StreamMode: "ON_DEMAND" } });
    expect((await summary()).StreamModeDetails).toEqual({ StreamMode: "ON_DEMAND" });
    await ok("UpdateStreamMode", { StreamARN, StreamModeDetails: { StreamMode: "PROVISIONED" } });
    expect((await summary()).StreamModeDetails).toEqual({ StreamMode: "PROVISIONED" });
  });

  test("an on-demand stream needs no shard count, and begins with four", async () => {
    await door.call("CreateStream", { StreamName: "demand", StreamModeDetails: { StreamMode: "ON_DEMAND" } });
    await door.active("demand");
    expect(await shardsOf("demand")).toHaveLength(4);
  });

  test("larger records pass once the stream allows them", async () => {
    const Data = Buffer.alloc(2 * 1024 * 1024).toString("base64");
    const put = () => door.call("PutRecord", { ...reference, PartitionKey: "a", Data });
    expect((await put()).body.message).toContain("less than or equal to 1048576");
    await ok("UpdateMaxRecordSize", { StreamARN: arn("settings"), MaxRecordSizeInKiB: 4_096 });
    expect((await put()).status).toBe(200);
    expect((await summary()).MaxRecordSizeInKiB).toBe(4_096);
  });

  test("encryption is kept and shown with each record", async () => {
    await ok("StartStreamEncryption", { ...reference, EncryptionType: "KMS", KeyId: "alias/aws/kinesis" });
    expect(await summary()).toMatchObject({ EncryptionType: "KMS", KeyId: "alias/aws/kinesis" });
    const put = await door.call("PutRecords", { ...reference, Records: [{ PartitionKey: "a", Data: "" }] });
    expect(put.body.EncryptionType).toBe("KMS");
    await ok("StopStreamEncryption", { ...reference, EncryptionType: "KMS", KeyId: "alias/aws/kinesis" });
    expect((await summary()).KeyId).toBeUndefined();
  });

  test("shard metrics are switched one by one and all together", async () => {
    const on = await ok("EnableEnhancedMonitoring", {
      ...reference,
      ShardLevelMetrics: ["OutgoingBytes", "IncomingBytes"],
    });
    expect(on).toMatchObject({
      CurrentShardLevelMetrics: [],
      DesiredShardLevelMetrics: ["IncomingBytes", "OutgoingBytes"],
    });
    const off = await ok("DisableEnhancedMonitoring", { ...reference, ShardLevelMetrics: ["ALL"] });
    expect(off.DesiredShardLevelMetrics).toEqual([]);
  });

  test("tags are added, replaced, listed by pages and removed, the old way and the new", async () => {
    await ok("AddTagsToStream", { ...reference, Tags: { b: "1", "ü0 _.": "x", "/=+-@": "" } });
    await ok("TagResource", { ResourceARN: arn("settings"), Tags: { a: "2", b: "3" } });
    const all = (await ok("ListTagsForResource", { ResourceARN: arn("settings") })).Tags;
    expect(all).toEqual([
      { Key: "/=+-@", Value: "" },
      { Key: "a", Value: "2" },
      { Key: "b", Value: "3" },
      { Key: "ü0 _.", Value: "x" },
    ]);
    const page = await ok("ListTagsForStream", { ...reference, Limit: 2, ExclusiveStartTagKey: "/=+-@" });
    expect(page).toEqual({ Tags: all.slice(1, 3), HasMoreTags: true });
    await ok("UntagResource", { ResourceARN: arn("settings"), TagKeys: ["a", "b"] });
    await ok("RemoveTagsFromStream", { ...reference, TagKeys: ["ü0 _.", "/=+-@", "nobody"] });
    expect((await ok("ListTagsForStream", reference)).Tags).toEqual([]);
    for (let i = 0; i < 5; i++) {
      await ok("AddTagsToStream", {
        ...reference,
        Tags: Object.fromEntries(Array.from({ length: 10 }, (_, j) => [`t${i}${j}`, ""])),
      });
    }
    const beyond = await door.call("AddTagsToStream", { ...reference, Tags: { more: "" } });
    expect(beyond.body.message).toContain("cannot have more than");
  });

  test("limits count what is open", async () => {
    const limits = await ok("DescribeLimits", {});
    const open = door.store
      .streams()
      .filter((stream) => stream.kind === "kinesis")
      .flatMap((stream) => stream.shards)
      .filter((shard) => shard.closedAtMs === undefined).length;
    expect(limits).toEqual({
      ShardLimit: 500,
      OpenShardCount: open,
      OnDemandStreamCount: 1,
      OnDemandStreamCountLimit: 50,
    });
  });
});
