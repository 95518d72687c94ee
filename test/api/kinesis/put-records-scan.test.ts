import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { base64Fault } from "../../../src/api/aws/base64.js";
import { type ScannedPut, scanPutRecords } from "../../../src/api/kinesis/put-records-scan.js";

interface ParsedRecord {
  readonly Data: string;
  readonly PartitionKey: string;
  readonly ExplicitHashKey?: string;
}

const record = fc.record(
  {
    Data: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString("base64")),
    PartitionKey: fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(..."abcXYZ019-_ .:{}[],") }),
    ExplicitHashKey: fc.bigInt(0n, (1n << 128n) - 1n).map(String),
  },
  { requiredKeys: ["Data", "PartitionKey"] },
);
const body = fc
  .record({ Records: fc.array(record, { minLength: 1, maxLength: 5 }), StreamName: fc.constantFrom("s", "a.b-c_d") })
  .chain((value) => fc.constantFrom(value, { StreamName: value.StreamName, Records: value.Records }))
  .chain((value) => fc.constantFrom(JSON.stringify(value), JSON.stringify(value, null, 1), pythonJson(value)));

/** As boto3 writes it: a blank behind each colon and comma. */
function pythonJson(value: unknown): string {
  return JSON.stringify(value, null, 1).replace(/\n\s*/g, " ");
}

function asRecords(scanned: ScannedPut): ParsedRecord[] {
  return scanned.data.map((Data, i) => {
    const hashKey = scanned.explicitHashKeys?.[i];
    const PartitionKey = scanned.partitionKeys[i]!;
    return hashKey === undefined ? { Data, PartitionKey } : { Data, PartitionKey, ExplicitHashKey: hashKey };
  });
}

/** What the scan takes, the strict way takes too, and both read the same. */
function holds(bytes: Uint8Array): boolean {
  const scanned = scanPutRecords(bytes);
  if (scanned === undefined) return false;
  const parsed = JSON.parse(Buffer.from(bytes).toString()) as { StreamName: string; Records: ParsedRecord[] };
  expect(Object.keys(parsed).sort()).toEqual(["Records", "StreamName"]);
  expect(scanned.streamName).toBe(parsed.StreamName);
  expect(parsed.StreamName).toMatch(/^[a-zA-Z0-9_.-]{1,128}$/);
  expect(asRecords(scanned)).toEqual(parsed.Records);
  for (const [i, one] of parsed.Records.entries()) {
    expect(base64Fault(one.Data)).toBeUndefined();
    expect(scanned.dataBytes[i]).toBe(Buffer.from(one.Data, "base64").length);
    expect(one.PartitionKey.length).toBeGreaterThan(0);
    expect(one.PartitionKey.length).toBeLessThanOrEqual(256);
    if (one.ExplicitHashKey !== undefined) expect(one.ExplicitHashKey).toMatch(/^(0|[1-9]\d{0,38})$/);
  }
  return true;
}

describe("the scan of a PutRecords body", () => {
  test("takes the common form, in any order of members and with any blanks", () => {
    fc.assert(fc.property(body, (text) => holds(Buffer.from(text))));
  });

  test("agrees with JSON.parse on whatever mutated body it takes", () => {
    const mutation = fc.record({
      at: fc.nat(),
      cut: fc.nat(3),
      insert: fc.constantFrom(
        "",
        '"',
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "=",
        "A",
        "é",
        "\u0001",
        " ",
        "null",
        '"Data":"",',
        "0",
      ),
    });
    let taken = 0;
    fc.assert(
      fc.property(body, fc.array(mutation, { minLength: 1, maxLength: 3 }), (text, mutations) => {
        let mutated = text;
        for (const { at, cut, insert } of mutations) {
          const where = at % (mutated.length + 1);
          mutated = mutated.slice(0, where) + insert + mutated.slice(where + cut);
        }
        if (holds(Buffer.from(mutated))) taken++;
      }),
      { numRuns: 3_000 },
    );
    // Blanks and letters within keys leave a body sound: were none taken, this test would say nothing.
    expect(taken).toBeGreaterThan(0);
  });

  test.each([
    ["an escape", '{"StreamName":"s","Records":[{"Data":"","PartitionKey":"a\\u0062"}]}'],
    ["a key beyond ASCII", '{"StreamName":"s","Records":[{"Data":"","PartitionKey":"ü"}]}'],
    ["a member given twice", '{"StreamName":"s","Records":[{"Data":"","Data":"","PartitionKey":"a"}]}'],
    ["a member it does not know", '{"StreamName":"s","Records":[{"Data":"","PartitionKey":"a","X":"b"}]}'],
    ["no records", '{"StreamName":"s","Records":[]}'],
    ["no stream", '{"Records":[{"Data":"","PartitionKey":"a"}]}'],
    ["an empty key", '{"StreamName":"s","Records":[{"Data":"","PartitionKey":""}]}'],
    ["a key of 257 characters", `{"StreamName":"s","Records":[{"Data":"","PartitionKey":"${"k".repeat(257)}"}]}`],
    ["bad base64", '{"StreamName":"s","Records":[{"Data":"abc","PartitionKey":"a"}]}'],
    [
      "501 records",
      `{"StreamName":"s","Records":[${'{"Data":"","PartitionKey":"a"},'.repeat(500)}{"Data":"","PartitionKey":"a"}]}`,
    ],
    ["more behind the end", '{"StreamName":"s","Records":[{"Data":"","PartitionKey":"a"}]}x'],
    ["an end too early", '{"StreamName":"s","Records":[{"Data":"","PartitionKey":"a"}'],
    ["nothing", ""],
  ])("leaves %s to the strict way", (_what, text) => {
    expect(scanPutRecords(Buffer.from(text))).toBeUndefined();
  });
});
