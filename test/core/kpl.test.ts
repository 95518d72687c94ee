import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeKpl,
  encodeKpl,
  KPL_OVERHEAD_BYTES,
  type KplRecord,
  kplRecordBytes,
  looksAggregated,
} from "../../src/core/kpl.js";

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))));
const sealed = (message: Buffer) =>
  Buffer.concat([Buffer.from("f3899ac2", "hex"), message, createHash("md5").update(message).digest()]);

/** Written by hand after the format: two records of one key, the second with an explicit hash key. */
const MESSAGE = bytes(
  [0x0a, 3],
  "abc", // partition_key_table[0]
  [0x0a, 1],
  "z", // partition_key_table[1]
  [0x12, 2],
  "42", // explicit_hash_key_table[0]
  [0x1a, 7, 0x08, 0, 0x1a, 3],
  "one", // records[0] { key 0, data }
  [0x1a, 9, 0x08, 0, 0x10, 0, 0x1a, 3],
  "two", // records[1] { key 0, hash key 0, data }
  [0x1a, 4, 0x08, 1, 0x1a, 0], // records[2] { key 1, empty data }
);
const RECORDS: KplRecord[] = [
  { partitionKey: "abc", data: Buffer.from("one") },
  { partitionKey: "abc", explicitHashKey: "42", data: Buffer.from("two") },
  { partitionKey: "z", data: Buffer.alloc(0) },
];
const GOLDEN = "f3899ac20a036162630a017a120234321a0708001a036f6e651a09080010001a0374776f1a0408011a00";

const plain = (records: readonly KplRecord[] | undefined) =>
  records?.map(({ partitionKey, explicitHashKey, data }) => [
    partitionKey,
    explicitHashKey,
    Buffer.from(data).toString("hex"),
  ]);

test("an aggregate is magic, protobuf and MD5, byte for byte", () => {
  const encoded = Buffer.from(encodeKpl(RECORDS));
  expect(encoded.subarray(0, -16).toString("hex")).toBe(GOLDEN);
  expect(encoded).toEqual(sealed(MESSAGE));
});

test("an aggregate is taken apart into its records, in order", () => {
  expect(plain(decodeKpl(sealed(MESSAGE)))).toEqual(plain(RECORDS));
});

test("tags and fields of later versions are passed over", () => {
  const message = bytes(
    [0x0a, 1],
    "k",
    [0x1a, 15, 0x08, 0, 0x1a, 1],
    "x",
    [0x22, 6, 0x0a, 1],
    "a",
    [0x12, 1],
    "b",
    [0x28, 5], // tags, and an unknown field 5
    [0x3a, 2],
    "??", // an unknown field 7
  );
  expect(plain(decodeKpl(sealed(message)))).toEqual([["k", undefined, "78"]]);
});

test("anything else is no aggregate", () => {
  expect(decodeKpl(Buffer.from('{"a":1}'))).toBeUndefined();
  expect(decodeKpl(Buffer.alloc(0))).toBeUndefined();
  expect(decodeKpl(sealed(Buffer.alloc(0)))).toBeUndefined();
  const damaged = sealed(MESSAGE);
  damaged[10]! ^= 1;
  expect(looksAggregated(damaged)).toBe(true);
  expect(decodeKpl(damaged)).toBeUndefined();
});

test.each([
  ["a key that is in no table", bytes([0x0a, 1], "k", [0x1a, 5, 0x08, 1, 0x1a, 1], "x")],
  ["a hash key that is in no table", bytes([0x0a, 1], "k", [0x1a, 7, 0x08, 0, 0x10, 0, 0x1a, 1], "x")],
  ["a record without data", bytes([0x0a, 1], "k", [0x1a, 2, 0x08, 0])],
  ["a message that ends early", bytes([0x0a, 1], "k", [0x1a, 9, 0x08, 0, 0x1a, 200, 1], "x")],
])("a sealed aggregate with %s is a bad record", (_, message) => {
  expect(() => decodeKpl(sealed(message))).toThrow(expect.objectContaining({ code: "bad-record" }));
});

test("what is encoded is decoded again, and no larger than was reckoned", () => {
  const record = fc.record(
    {
      partitionKey: fc.string({ minLength: 1, maxLength: 40, unit: "binary" }),
      explicitHashKey: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(String),
      data: fc.uint8Array({ maxLength: 300 }),
    },
    { requiredKeys: ["partitionKey", "data"] },
  );
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 30 }), (records) => {
      const encoded = encodeKpl(records);
      expect(plain(decodeKpl(encoded))).toEqual(plain(records));
      const keys = new Set<string>();
      let most = KPL_OVERHEAD_BYTES;
      for (const { partitionKey, explicitHashKey, data } of records) {
        most += kplRecordBytes(data.length, keys.has(partitionKey) ? 0 : Buffer.byteLength(partitionKey));
        keys.add(partitionKey);
        if (explicitHashKey !== undefined) most += explicitHashKey.length + 6;
      }
      expect(encoded.length).toBeLessThanOrEqual(most);
    }),
  );
});
