/** Types and constraints of every older operation, and what comes of them: request -> error type and message. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ACCOUNT, type Door, openDoor } from "../api/door.js";

let door: Door;
beforeAll(async () => {
  door = await openDoor({ kinesis: { shardLimit: 50 } });
  await door.stream("s", 3);
});
afterAll(() => door.close());

const NUMBER = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber";
const BOOLEAN = "class java.lang.Boolean";
const STRING = "class java.lang.String";
const LIST = "Start of list found where not expected";
const STRUCTURE = "Start of structure or map found where not expected.";

const NUMBERS = [23, -2_147_483_648, 2_147_483_648, 34.56];
const each = (values: readonly unknown[], message: string) => values.map((value) => [value, message] as const);

const WRONG: Readonly<Record<string, readonly (readonly [unknown, string])[]>> = {
  String: [
    [true, `${BOOLEAN} can not be converted to an String`],
    ...each(NUMBERS, `${NUMBER} can not be converted to an String`),
    [[], LIST],
    [{}, STRUCTURE],
  ],
  Integer: [
    ["23", `${STRING} can not be converted to an Integer`],
    [true, `${BOOLEAN} can not be converted to an Integer`],
    [[], LIST],
    [{}, STRUCTURE],
  ],
  Boolean: [
    ["yes", "'YES' can not be converted to an Boolean"],
    [23, `${NUMBER} can not be converted to an Boolean`],
    [[], LIST],
    [{}, STRUCTURE],
  ],
  Timestamp: [
    ["23", `${STRING} can not be converted to milliseconds since epoch`],
    [true, `${BOOLEAN} can not be converted to milliseconds since epoch`],
    [[], LIST],
    [{}, STRUCTURE],
  ],
  Blob: [
    [true, `${BOOLEAN} can not be converted to a Blob`],
    ...each(NUMBERS, `${NUMBER} can not be converted to a Blob`),
    [[], LIST],
    [{}, STRUCTURE],
    [
      "23456",
      "'23456' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: 5",
    ],
    ["=+/=", "'=+/=' can not be converted to a Blob: Invalid Base64 character: '='"],
    ["+/+=", "'+/+=' can not be converted to a Blob: Invalid last non-pad Base64 character dectected"],
  ],
  List: [...each(["23", true, ...NUMBERS], "Expected list or null"), [{}, STRUCTURE]],
  Map: [...each(["23", true, ...NUMBERS], "Expected map or null"), [[], LIST]],
  Structure: [...each(["23", true, ...NUMBERS], "Expected null"), [[], LIST]],
};

/** A path's `0` is the first of a list. */
const TYPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  AddTagsToStream: { Tags: "Map", "Tags.a": "String", StreamName: "String" },
  CreateStream: { StreamName: "String", ShardCount: "Integer" },
  DecreaseStreamRetentionPeriod: { StreamName: "String", RetentionPeriodHours: "Integer" },
  DeleteStream: { StreamName: "String", EnforceConsumerDeletion: "Boolean" },
  DescribeStream: { StreamName: "String", Limit: "Integer", ExclusiveStartShardId: "String" },
  DescribeStreamSummary: { StreamName: "String" },
  GetRecords: { Limit: "Integer", ShardIterator: "String" },
  GetShardIterator: {
    ShardId: "String",
    ShardIteratorType: "String",
    StartingSequenceNumber: "String",
    StreamName: "String",
    Timestamp: "Timestamp",
  },
  IncreaseStreamRetentionPeriod: { StreamName: "String", RetentionPeriodHours: "Integer" },
  ListShards: {
    StreamName: "String",
    MaxResults: "Integer",
    ExclusiveStartShardId: "String",
    NextToken: "String",
    StreamCreationTimestamp: "Timestamp",
    ShardFilter: "Structure",
  },
  ListStreams: { Limit: "Integer", ExclusiveStartStreamName: "String" },
  ListTagsForStream: { Limit: "Integer", ExclusiveStartTagKey: "String", StreamName: "String" },
  MergeShards: { AdjacentShardToMerge: "String", ShardToMerge: "String", StreamName: "String" },
  PutRecord: {
    Data: "Blob",
    ExplicitHashKey: "String",
    PartitionKey: "String",
    SequenceNumberForOrdering: "String",
    StreamName: "String",
  },
  PutRecords: {
    Records: "List",
    "Records.0": "Structure",
    "Records.0.Data": "Blob",
    "Records.0.ExplicitHashKey": "String",
    "Records.0.PartitionKey": "String",
    StreamName: "String",
  },
  RemoveTagsFromStream: { TagKeys: "List", "TagKeys.0": "String", StreamName: "String" },
  SplitShard: { NewStartingHashKey: "String", ShardToSplit: "String", StreamName: "String" },
  UpdateShardCount: { StreamName: "String", ScalingType: "String", TargetShardCount: "Integer" },
};

function nested(path: string, value: unknown): object {
  const [first = "", ...rest] = path.split(".");
  const inner = rest.length === 0 ? value : nested(rest.join("."), value);
  return first === "0" ? [inner] : { [first]: inner };
}

describe("a value of the wrong type", () => {
  const rows = Object.entries(TYPES).flatMap(([operation, members]) =>
    Object.entries(members).map(([path, kind]) => ({ operation, path, kind })),
  );
  test.each(rows)("$operation refuses what is no $kind at $path", async ({ operation, path, kind }) => {
    for (const [value, Message] of WRONG[kind]!) {
      const reply = await door.call(operation, nested(path, value));
      expect({ value, status: reply.status, body: reply.body }).toEqual({
        value,
        status: 400,
        body: { __type: "SerializationException", Message },
      });
    }
  });
});

const at = (member: string, value: string | null) => `Value ${value === null ? "null" : `'${value}'`} at '${member}'`;
const fails = (member: string, value: string | null, rule: string) =>
  `${at(member, value)} failed to satisfy constraint: Member must ${rule}`;
const missing = (member: string) => fails(member, null, "not be null");
const NAME_RULE = "satisfy regular expression pattern: [a-zA-Z0-9_.-]+";
const HASH_KEY_RULE = "satisfy regular expression pattern: 0|([1-9]\\d{0,38})";
const SEQUENCE_RULE = "satisfy regular expression pattern: 0|([1-9]\\d{0,128})";
const shorter = (length: number) => `have length less than or equal to ${length}`;
const longer = (length: number) => `have length greater than or equal to ${length}`;
const atMost = (value: number) => `have value less than or equal to ${value}`;
const atLeast = (value: number) => `have value greater than or equal to ${value}`;
const emptyName = (member: string) => [fails(member, "", NAME_RULE), fails(member, "", longer(1))];
const LONG = "a".repeat(129);
const LONG_KEY = "a".repeat(257);
const longName = (member: string) => fails(member, LONG, shorter(128));
const BIG = Buffer.alloc(1_048_577).toString("base64");
const BIG_TEXT = "java.nio.HeapByteBuffer[pos=0 lim=1048577 cap=1048577]";
const ENTRY = "com.amazonaws.kinesis.v20131202.PutRecordsRequestEntry@c965e310";

const CONSTRAINTS: readonly (readonly [string, object, readonly string[]])[] = [
  ["AddTagsToStream", {}, [missing("tags"), missing("streamName")]],
  ["AddTagsToStream", { StreamName: "", Tags: {} }, [fails("tags", "{}", longer(1)), ...emptyName("streamName")]],
  ["AddTagsToStream", { StreamName: LONG, Tags: { "a;b": "b" } }, [longName("streamName")]],
  [
    "AddTagsToStream",
    { StreamName: "s", Tags: { a: "1", [LONG]: "3" } },
    [
      `${at("tags", `{a=1, ${LONG}=3}`)} failed to satisfy constraint: Map keys must satisfy constraint: [Member must ${shorter(128)}, Member must ${longer(1)}]`,
    ],
  ],
  [
    "AddTagsToStream",
    { StreamName: "s", Tags: { c: LONG_KEY } },
    [
      `${at("tags", `{c=${LONG_KEY}}`)} failed to satisfy constraint: Map value must satisfy constraint: [Member must ${shorter(256)}, Member must ${longer(0)}]`,
    ],
  ],
  ["CreateStream", {}, [missing("shardCount"), missing("streamName")]],
  [
    "CreateStream",
    { StreamName: "", ShardCount: 0 },
    [fails("shardCount", "0", atLeast(1)), ...emptyName("streamName")],
  ],
  [
    "CreateStream",
    { StreamName: LONG, ShardCount: 100_000_000_000 },
    [fails("shardCount", "2147483647", atMost(100_000)), longName("streamName")],
  ],
  ["DeleteStream", {}, [missing("streamName")]],
  ["DeleteStream", { StreamName: "" }, emptyName("streamName")],
  ["DescribeStream", {}, [missing("streamName")]],
  [
    "DescribeStream",
    { StreamName: "", Limit: 0, ExclusiveStartShardId: "" },
    [fails("limit", "0", atLeast(1)), ...emptyName("exclusiveStartShardId"), ...emptyName("streamName")],
  ],
  [
    "DescribeStream",
    { StreamName: LONG, Limit: 100_000, ExclusiveStartShardId: LONG },
    [fails("limit", "100000", atMost(10_000)), longName("exclusiveStartShardId"), longName("streamName")],
  ],
  ["DescribeStreamSummary", {}, [missing("streamName")]],
  ["GetRecords", {}, [missing("shardIterator")]],
  [
    "GetRecords",
    { ShardIterator: "", Limit: 0 },
    [fails("limit", "0", atLeast(1)), fails("shardIterator", "", longer(1))],
  ],
  [
    "GetRecords",
    { ShardIterator: "a".repeat(513), Limit: 100_000 },
    [fails("limit", "100000", atMost(10_000)), fails("shardIterator", "a".repeat(513), shorter(512))],
  ],
  ["GetShardIterator", {}, [missing("shardId"), missing("shardIteratorType"), missing("streamName")]],
  [
    "GetShardIterator",
    { StreamName: "", ShardIteratorType: "", ShardId: "", StartingSequenceNumber: "" },
    [
      ...emptyName("shardId"),
      fails(
        "shardIteratorType",
        "",
        "satisfy enum value set: [AFTER_SEQUENCE_NUMBER, LATEST, AT_TIMESTAMP, AT_SEQUENCE_NUMBER, TRIM_HORIZON]",
      ),
      fails("startingSequenceNumber", "", SEQUENCE_RULE),
      ...emptyName("streamName"),
    ],
  ],
  ["IncreaseStreamRetentionPeriod", {}, [missing("retentionPeriodHours"), missing("streamName")]],
  [
    "DecreaseStreamRetentionPeriod",
    { StreamName: "", RetentionPeriodHours: -1 },
    [fails("retentionPeriodHours", "-1", atLeast(1)), ...emptyName("streamName")],
  ],
  [
    "IncreaseStreamRetentionPeriod",
    { StreamName: "s", RetentionPeriodHours: 8_761 },
    [fails("retentionPeriodHours", "8761", atMost(8_760))],
  ],
  [
    "ListShards",
    { StreamName: "", NextToken: "", MaxResults: 0, ExclusiveStartShardId: "" },
    [
      ...emptyName("exclusiveStartShardId"),
      fails("maxResults", "0", atLeast(1)),
      fails("nextToken", "", longer(1)),
      ...emptyName("streamName"),
    ],
  ],
  [
    "ListStreams",
    { ExclusiveStartStreamName: LONG, Limit: 1_000_000 },
    [fails("limit", "1000000", atMost(10_000)), longName("exclusiveStartStreamName")],
  ],
  [
    "ListTagsForStream",
    { StreamName: LONG, ExclusiveStartTagKey: LONG, Limit: 100 },
    [fails("limit", "100", atMost(10)), longName("exclusiveStartTagKey"), longName("streamName")],
  ],
  ["MergeShards", {}, [missing("shardToMerge"), missing("adjacentShardToMerge"), missing("streamName")]],
  ["PutRecord", {}, [missing("partitionKey"), missing("data"), missing("streamName")]],
  [
    "PutRecord",
    { StreamName: "", PartitionKey: "", Data: "", ExplicitHashKey: "", SequenceNumberForOrdering: "" },
    [
      fails("sequenceNumberForOrdering", "", SEQUENCE_RULE),
      fails("partitionKey", "", longer(1)),
      fails("explicitHashKey", "", HASH_KEY_RULE),
      ...emptyName("streamName"),
    ],
  ],
  [
    "PutRecord",
    { StreamName: LONG, PartitionKey: LONG_KEY, Data: BIG, ExplicitHashKey: "" },
    [
      fails("partitionKey", LONG_KEY, shorter(256)),
      fails("explicitHashKey", "", HASH_KEY_RULE),
      fails("data", BIG_TEXT, shorter(1_048_576)),
      longName("streamName"),
    ],
  ],
  ["PutRecords", {}, [missing("records"), missing("streamName")]],
  ["PutRecords", { StreamName: "", Records: [] }, [fails("records", "[]", longer(1)), ...emptyName("streamName")]],
  [
    "PutRecords",
    { StreamName: "", Records: [{ PartitionKey: "", Data: "", ExplicitHashKey: "" }] },
    [
      fails("records.1.member.partitionKey", "", longer(1)),
      fails("records.1.member.explicitHashKey", "", HASH_KEY_RULE),
      ...emptyName("streamName"),
    ],
  ],
  [
    "PutRecords",
    { StreamName: "", Records: Array.from({ length: 501 }, () => ({ PartitionKey: "", Data: "" })) },
    [
      fails("records", `[${Array(501).fill(ENTRY).join(", ")}]`, shorter(500)),
      ...Array.from({ length: 9 }, (_, i) => fails(`records.${i + 1}.member.partitionKey`, "", longer(1))),
    ],
  ],
  ["RemoveTagsFromStream", { StreamName: "s", TagKeys: [] }, [fails("tagKeys", "[]", longer(1))]],
  [
    "RemoveTagsFromStream",
    { StreamName: "s", TagKeys: ["a", LONG, "b"] },
    [
      fails(
        "tagKeys",
        `[a, ${LONG}, b]`,
        `satisfy constraint: [Member must ${shorter(128)}, Member must ${longer(1)}]`,
      ),
    ],
  ],
  ["SplitShard", {}, [missing("newStartingHashKey"), missing("streamName"), missing("shardToSplit")]],
  [
    "SplitShard",
    { StreamName: "", ShardToSplit: "", NewStartingHashKey: "" },
    [fails("newStartingHashKey", "", HASH_KEY_RULE), ...emptyName("streamName"), ...emptyName("shardToSplit")],
  ],
  [
    "UpdateShardCount",
    { StreamName: "s", ScalingType: "", TargetShardCount: 0 },
    [fails("scalingType", "", "satisfy enum value set: [UNIFORM_SCALING]"), fails("targetShardCount", "0", atLeast(1))],
  ],
];

describe("a value out of bounds", () => {
  test.each(CONSTRAINTS)("%s %# names every fault in the service's order", async (operation, body, faults) => {
    const reply = await door.call(operation, body);
    expect(reply.status).toBe(400);
    const count = faults.length === 1 ? "1 validation error" : `${faults.length} validation errors`;
    expect(reply.body).toEqual({ __type: "ValidationException", message: `${count} detected: ${faults.join("; ")}` });
  });
});

const NOT_FOUND = "ResourceNotFoundException";
const INVALID = "InvalidArgumentException";
const under = `under account ${ACCOUNT}`;
const noStream = `Stream nope ${under} not found.`;
const hex = (digits: string) => BigInt(`0x${digits}`).toString();
const EITHER =
  "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or " +
  "(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. ";
const TAG_CHARACTERS =
  "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @.";
const shardLimit = (more: number) =>
  `This request would exceed the shard limit for the account ${ACCOUNT} in us-east-1. Current shard count for the account: 3. ` +
  `Limit: 50. Number of additional shards that would have resulted from this request: ${more}. Refer to the AWS Service Limits page ` +
  "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request higher limits.";
const iterator = (type: string, sequence?: string, shard = "shardId-0") => ({
  StreamName: "s",
  ShardId: shard,
  ShardIteratorType: type,
  ...(sequence === undefined ? {} : { StartingSequenceNumber: sequence }),
});
const used = (sequence: string) =>
  `StartingSequenceNumber ${sequence} used in GetShardIterator on shard shardId-000000000000 in stream s ${under} is invalid`;
const ordering = (sequence: string) => ({
  StreamName: "s",
  PartitionKey: "a",
  Data: "",
  SequenceNumberForOrdering: sequence,
});
const badOrdering = (sequence: string) =>
  `ExclusiveMinimumSequenceNumber ${sequence} used in PutRecord on stream s ${under} is invalid.`;
const notBetween = (hashKey: string) =>
  `NewStartingHashKey ${hashKey} used in SplitShard() on shard shardId-000000000000 in stream s ${under} is not both greater than ` +
  "one plus the shard's StartingHashKey 0 and less than the shard's EndingHashKey 113427455640312821154458202477256070484.";
const TWO_128 = (1n << 128n).toString();

const REFUSALS: readonly (readonly [string, object, string, string | undefined])[] = [
  ["CreateStream", { StreamName: "s", ShardCount: 1 }, "ResourceInUseException", `Stream s ${under} already exists.`],
  ["CreateStream", { StreamName: "t", ShardCount: 1_000 }, "LimitExceededException", shardLimit(1_000)],
  ...["DeleteStream", "DescribeStream", "DescribeStreamSummary", "ListShards"].map(
    (operation) => [operation, { StreamName: "nope" }, NOT_FOUND, noStream] as const,
  ),
  ["AddTagsToStream", { StreamName: "nope", Tags: { a: "b" } }, NOT_FOUND, noStream],
  ["PutRecord", { StreamName: "nope", PartitionKey: "a", Data: "" }, NOT_FOUND, noStream],
  ["PutRecords", { StreamName: "nope", Records: [{ PartitionKey: "a", Data: "" }] }, NOT_FOUND, noStream],
  ["IncreaseStreamRetentionPeriod", { StreamName: "nope", RetentionPeriodHours: 25 }, NOT_FOUND, noStream],
  ["ListShards", {}, INVALID, "Either NextToken or StreamName should be provided."],
  ["ListShards", { StreamName: "s", NextToken: "x" }, INVALID, "NextToken and StreamName cannot be provided together."],
  ["GetRecords", { ShardIterator: "nonsense" }, INVALID, "Invalid ShardIterator."],
  ["GetRecords", { ShardIterator: "A".repeat(204) }, INVALID, "Invalid ShardIterator."],
  // Shard ids: the number behind the first dash, up to 2^31 - 1.
  ...["2147483647", "zz-2147483647", "a-00002147483647", "-00002147483647"].map(
    (id) =>
      [
        "GetShardIterator",
        { StreamName: "nope", ShardId: id, ShardIteratorType: "LATEST" },
        NOT_FOUND,
        `Shard shardId-002147483647 in stream nope ${under} does not exist`,
      ] as const,
  ),
  ...["2147483648", "shardId-002147483648", "ABKLFD8", "2.14E4"].flatMap((id) =>
    (
      [
        ["GetShardIterator", { StreamName: "nope", ShardId: id, ShardIteratorType: "LATEST" }],
        ["SplitShard", { StreamName: "nope", ShardToSplit: id, NewStartingHashKey: "0" }],
        ["MergeShards", { StreamName: "nope", ShardToMerge: "x-0", AdjacentShardToMerge: id }],
      ] as const
    ).map(
      ([operation, body]) =>
        [operation, body, NOT_FOUND, `Could not find shard ${id} in stream nope ${under}.`] as const,
    ),
  ),
  [
    "SplitShard",
    { StreamName: "s", ShardToSplit: "shardId-5", NewStartingHashKey: "0" },
    NOT_FOUND,
    `Could not find shard shardId-000000000005 in stream s ${under}.`,
  ],
  ["SplitShard", { StreamName: "s", ShardToSplit: "x-0", NewStartingHashKey: "1" }, INVALID, notBetween("1")],
  [
    "SplitShard",
    { StreamName: "s", ShardToSplit: "x-0", NewStartingHashKey: "113427455640312821154458202477256070484" },
    INVALID,
    notBetween("113427455640312821154458202477256070484"),
  ],
  ...[
    [0, 2],
    [1, 0],
  ].map(
    ([a, b]) =>
      [
        "MergeShards",
        { StreamName: "s", ShardToMerge: `x-${a}`, AdjacentShardToMerge: `y-${b}` },
        INVALID,
        `Shards shardId-00000000000${a} and shardId-00000000000${b} in stream s ${under} are not an adjacent pair of shards eligible for merging`,
      ] as const,
  ),
  // Where an iterator begins.
  [
    "GetShardIterator",
    iterator("AT_SEQUENCE_NUMBER"),
    INVALID,
    `${EITHER}Request specified AT_SEQUENCE_NUMBER and no StartingSequenceNumber.`,
  ],
  [
    "GetShardIterator",
    iterator("LATEST", "5"),
    INVALID,
    `${EITHER}Request specified LATEST and also a StartingSequenceNumber.`,
  ],
  [
    "GetShardIterator",
    iterator("AT_TIMESTAMP"),
    INVALID,
    "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.",
  ],
  [
    "GetShardIterator",
    iterator("AT_SEQUENCE_NUMBER", "5"),
    INVALID,
    "Invalid StartingSequenceNumber. It encodes shardId-000000000005, while it was used in a call to a shard with shardId-000000000000",
  ],
  [
    "GetShardIterator",
    iterator("AT_SEQUENCE_NUMBER", hex("20000000000000000000000000000000000000800000002")),
    INVALID,
    "Invalid StartingSequenceNumber. It encodes shardId--02147483648, while it was used in a call to a shard with shardId-000000000000",
  ],
  ["GetShardIterator", iterator("AT_SEQUENCE_NUMBER", "0"), "InternalFailure", undefined],
  ...["13bb2cc3d80000000000000000000000", "20000000000800000000000000000000000000000000002"].map(
    (digits) =>
      ["GetShardIterator", iterator("AT_SEQUENCE_NUMBER", hex(digits)), INVALID, `${used(hex(digits))}.`] as const,
  ),
  [
    "GetShardIterator",
    iterator("AFTER_SEQUENCE_NUMBER", hex("20000000000000000000000000000000000000000000002")),
    INVALID,
    `${used(hex("20000000000000000000000000000000000000000000002"))} because it did not come from this stream.`,
  ],
  // SequenceNumberForOrdering.
  ...[
    "20000000000000000000000000000000000000000000000",
    "20000000000000000000000000000000000000000000003",
    "20000000000000000000000000000000000000000000004",
    "30000000000000000000000000000000000000000000001",
    "1ffffffffff7fffffffffffffff000000000007fffffff2",
    "20000000000800000000000000000000000000000000002",
    "13bb2cc3d80000000000000000000000",
    `200000000000000000000000000000${Math.floor(Date.now() / 1000 + 500_000).toString(16)}000000002`,
  ].map((digits) => ["PutRecord", ordering(hex(digits)), INVALID, badOrdering(hex(digits))] as const),
  [
    "PutRecord",
    { StreamName: "s", PartitionKey: "a", Data: "", ExplicitHashKey: TWO_128 },
    INVALID,
    `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${TWO_128}`,
  ],
  [
    "PutRecords",
    { StreamName: "s", Records: [{ PartitionKey: "a", Data: "", ExplicitHashKey: TWO_128 }] },
    INVALID,
    `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${TWO_128}`,
  ],
  ...["abc;def", "abc\tdef", "abc\ndef", "abc,def"].flatMap((text) => [
    ["AddTagsToStream", { StreamName: "s", Tags: { [text]: "1" } }, INVALID, TAG_CHARACTERS] as const,
    ["AddTagsToStream", { StreamName: "s", Tags: { a: text } }, INVALID, TAG_CHARACTERS] as const,
    ["RemoveTagsFromStream", { StreamName: "s", TagKeys: [text] }, INVALID, TAG_CHARACTERS] as const,
  ]),
  [
    "RemoveTagsFromStream",
    { StreamName: "s", TagKeys: ["abc%def"] },
    INVALID,
    `Failed to remove tags from stream s ${under} because some tags contained illegal characters. The allowed characters are ` +
      "Unicode letters, white-spaces, '_',',','/','=','+','-','@'.",
  ],
  ...["IncreaseStreamRetentionPeriod", "DecreaseStreamRetentionPeriod"].map(
    (operation) =>
      [
        operation,
        { StreamName: "s", RetentionPeriodHours: 23 },
        INVALID,
        "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short.",
      ] as const,
  ),
  [
    "DecreaseStreamRetentionPeriod",
    { StreamName: "s", RetentionPeriodHours: 25 },
    INVALID,
    "Requested retention period (25 hours) for stream s can not be longer than existing retention period (24 hours). Use IncreaseRetentionPeriod API.",
  ],
  [
    "UpdateShardCount",
    { StreamName: "s", ScalingType: "UNIFORM_SCALING", TargetShardCount: 7 },
    "LimitExceededException",
    "UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: 3, Target shard count: 7",
  ],
  [
    "UpdateShardCount",
    { StreamName: "s", ScalingType: "UNIFORM_SCALING", TargetShardCount: 1 },
    "LimitExceededException",
    "UpdateShardCount cannot scale down below half your current open shard count. Current open shard count: 3, Target shard count: 1",
  ],
  [
    "UpdateShardCount",
    { StreamName: "s", ScalingType: "UNIFORM_SCALING", TargetShardCount: 52 },
    "LimitExceededException",
    "Target shard count or number of open shards cannot be greater than 50. Current open shard count: 3, Target shard count: 52",
  ],
  [
    "DescribeStreamSummary",
    { StreamARN: "arn:aws:kinesis:us-east-1:111122223333:stream/s" },
    NOT_FOUND,
    "Stream s under account 111122223333 not found.",
  ],
];

describe("what cannot be done", () => {
  test.each(REFUSALS)("%s %# answers the service's error", async (operation, body, type, message) => {
    const reply = await door.call(operation, body);
    expect(reply.status).toBe(type === "InternalFailure" ? 500 : 400);
    expect(reply.body).toEqual(message === undefined ? { __type: type } : { __type: type, message });
  });

  test("nothing of it was logged as a fault of ours", () => expect(door.errors).toEqual([]));
});
