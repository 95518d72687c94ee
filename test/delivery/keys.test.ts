import { expect, test } from "vitest";
import type { FlushDecision } from "../../src/delivery/flush.js";
import { objectKey } from "../../src/delivery/keys.js";
import { checkKey } from "../../src/lake/key.js";
import { column, deliverModel, tableModel } from "../fixtures/tables.js";

const decision: FlushDecision = {
  table: "events",
  flush: 12,
  schemaVersion: 3,
  decidedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  ranges: [{ stream: "events", shard: 0, from: 1, to: 9 }],
};
const columns = [column("a", { kind: "varchar", length: 300 })];
const keyOf = (prefix: string, partition = {}) =>
  objectKey(tableModel(columns, { deliver: deliverModel({ prefix }) }), decision, "rows", partition);

test("a key comes from the decision alone, so that a retry arrives at the same one", () => {
  const key = keyOf("t/!{timestamp:yyyy/MM/dd/HH}/!{timestamp:'min='mm}/");
  expect(key).toMatch(/^t\/2026\/01\/02\/03\/min=04\/events-000000012-v3-[0-9a-f]{12}\.parquet$/);
  expect(keyOf("t/!{timestamp:yyyy/MM/dd/HH}/!{timestamp:'min='mm}/")).toBe(key);
});

test("other ranges, another version or another flush give another key", () => {
  const table = tableModel(columns);
  const keys = [
    decision,
    { ...decision, ranges: [{ stream: "events", shard: 0, from: 1, to: 10 }] },
    { ...decision, schemaVersion: 4 },
    { ...decision, flush: 13 },
  ].map((other) => objectKey(table, other, "rows"));
  expect(new Set(keys).size).toBe(4);
});

test("a partition's value is one part of the key, whatever it holds", () => {
  const keyFor = (value: string) => keyOf("a=!{partitionKeyFromQuery:a}/", { a: value });
  expect(keyFor("x/y é")).toMatch(/^a=x%2Fy %C3%A9\/events-/);
  expect(keyFor("..")).toMatch(/^a=%2E%2E\//);
  for (const value of ["x".repeat(300), "é".repeat(300), ".", "a\u0000b", "%2F"]) checkKey(keyFor(value));
  for (const segment of keyFor("é".repeat(300)).split("/")) expect(Buffer.byteLength(segment)).toBeLessThan(256);
  expect(keyFor(`${"x".repeat(299)}y`)).not.toBe(keyFor(`${"x".repeat(299)}z`));
});

test("partitions that a filesystem could take for one do not share an object", () => {
  const keyFor = (value: string) => keyOf("a=!{partitionKeyFromQuery:a}/", { a: value }).toLowerCase();
  expect(keyFor("SPY")).not.toBe(keyFor("spy"));
});

test("dead letters go below the error prefix, under the service's word for the failure", () => {
  const table = tableModel(columns, {
    deliver: deliverModel({ errorPrefix: "e/!{firehose:error-output-type}/!{timestamp:yyyy}/" }),
  });
  expect(objectKey(table, decision, "dead")).toMatch(/^e\/format-conversion-failed\/2026\/events-.*\.json$/);
});
