import { expect, test } from "vitest";
import * as limits from "../../src/core/limits.js";
import { BLOCK_BYTES_MAX, BLOCK_LINES_MAX, BLOCK_RECORDS_MAX } from "../../src/stream/embedded/block.js";

const { KIB, MIB } = limits;

test("the largest record fits into a request, an answer and a block of the journal", () => {
  const recordBytesMax = limits.RECORD_KIB_MAX * KIB;
  expect(recordBytesMax).toBeLessThanOrEqual(limits.PUT_RECORDS_BYTES_MAX);
  expect(recordBytesMax).toBeLessThanOrEqual(limits.GET_RECORDS_BYTES_MAX);
  const lineHeadBytesMax = 64;
  const indexBytesMax = BLOCK_RECORDS_MAX * 4;
  // A partition key's character is at most four bytes of UTF-8 (two UTF-16 units).
  const keysBytesMax = BLOCK_RECORDS_MAX * (2 + limits.PARTITION_KEY_CHARS_MAX * 4);
  expect(BLOCK_LINES_MAX + recordBytesMax + lineHeadBytesMax + indexBytesMax + keysBytesMax).toBeLessThanOrEqual(
    BLOCK_BYTES_MAX,
  );
});

test("a partition key's length fits into the sixteen bits that the journal gives it", () => {
  expect(limits.PARTITION_KEY_CHARS_MAX * 4).toBeLessThan(2 ** 16);
});

test("defaults lie within their bounds", () => {
  expect(limits.RECORD_KIB_DEFAULT).toBeLessThanOrEqual(limits.RECORD_KIB_MAX);
  expect(limits.RETENTION_HOURS_MIN).toBeLessThan(limits.RETENTION_HOURS_MAX);
  expect(limits.BUFFER_MIB_MIN).toBeLessThan(limits.BUFFER_MIB_MAX);
});

test("one full request of either door stays within what a reader may get at once", () => {
  expect(limits.PUT_RECORDS_COUNT_MAX).toBeLessThanOrEqual(limits.GET_RECORDS_COUNT_MAX);
  expect(limits.FIREHOSE_BATCH_BYTES_MAX).toBeLessThanOrEqual(limits.GET_RECORDS_BYTES_MAX);
  expect(limits.FIREHOSE_RECORD_BYTES_MAX).toBeLessThanOrEqual(limits.RECORD_KIB_DEFAULT * KIB);
  expect(limits.FIREHOSE_RECORD_BYTES_MAX).toBeLessThan(limits.FIREHOSE_BATCH_BYTES_MAX);
});

test("a shard iterator dies long before the records it points at", () => {
  expect(limits.ITERATOR_LIFE_MS).toBeLessThan(limits.RETENTION_HOURS_MIN * 3_600_000);
});

test("a buffer may hold at least one largest record of a default stream", () => {
  expect(limits.BUFFER_MIB_MIN * MIB).toBeGreaterThanOrEqual(limits.RECORD_KIB_DEFAULT * KIB);
});
