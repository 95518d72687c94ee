import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CLOSING_COUNT, formatSequenceNumber, parseSequenceNumber, shardIdOf } from "../../src/core/sequence-number.js";

const origin = fc.record({
  createdAtMs: fc.integer({ min: 1_000_000, max: 16_025_174_999 }).map((seconds) => seconds * 1000),
  shard: fc.integer({ min: 0, max: 100_000 }),
});
const arrivalMs = fc.integer({ min: 0, max: 16_025_174_999 }).map((seconds) => seconds * 1000);
const count = fc.oneof(fc.integer({ min: 0, max: 2 ** 31 }).map(BigInt), fc.bigInt({ min: 0n, max: CLOSING_COUNT }));

describe("sequence numbers", () => {
  test("give back the parts that they were made of", () => {
    fc.assert(
      fc.property(origin, count, arrivalMs, (made, count, arrivalMs) => {
        const text = formatSequenceNumber(made, count, arrivalMs);
        expect(parseSequenceNumber(text)).toEqual({ ...made, count, arrivalMs });
      }),
    );
  });

  test("grow with the count, whatever the clock does", () => {
    fc.assert(
      fc.property(origin, count, count, arrivalMs, arrivalMs, (made, one, other, arrivedOne, arrivedOther) => {
        fc.pre(one < other);
        const before = BigInt(formatSequenceNumber(made, one, arrivedOne));
        expect(before < BigInt(formatSequenceNumber(made, other, arrivedOther))).toBe(true);
      }),
    );
  });

  test("are the same length for every record of our time, so that their texts sort as they do", () => {
    const made = { createdAtMs: 1_700_000_000_000, shard: 3 };
    const texts = [0, 1, 9, 10, 1_000_000, 2 ** 40].map((count) =>
      formatSequenceNumber(made, count, 1_700_000_500_000),
    );
    expect([...texts].sort()).toEqual(texts);
    expect(new Set(texts.map((text) => text.length)).size).toBe(1);
  });

  test("stand one closing number above every record's", () => {
    const made = { createdAtMs: 1_700_000_000_000, shard: 0 };
    const last = BigInt(formatSequenceNumber(made, 2 ** 52, 2_000_000_000_000));
    expect(BigInt(formatSequenceNumber(made, CLOSING_COUNT, 0)) > last).toBe(true);
  });

  test("that are none are refused", () => {
    const good = formatSequenceNumber({ createdAtMs: 1_700_000_000_000, shard: 0 }, 5, 1_700_000_000_000);
    expect(parseSequenceNumber(good)).toBeDefined();
    const neighbours = [BigInt(good) + 1n, BigInt(good) - 1n].map(String);
    for (const text of ["", "0", "abc", `-${good}`, `${good} `, `${good}0`, "9".repeat(130), ...neighbours]) {
      expect(parseSequenceNumber(text), text).toBeUndefined();
    }
    expect(
      parseSequenceNumber(formatSequenceNumber({ createdAtMs: 16_025_175_000_000, shard: 0 }, 5, 0)),
    ).toBeUndefined();
  });

  test("name their shard as the service writes it", () => {
    expect(shardIdOf(0)).toBe("shardId-000000000000");
    expect(shardIdOf(1_234_567)).toBe("shardId-000001234567");
  });
});
