import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import market from "../../examples/market/penstock.js";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel, TableModel } from "../../src/definition/model.js";
import { decodeRecord } from "../../src/delivery/codec/decode-record.js";
import { planRows } from "../../src/delivery/codec/row-plan.js";
import { bigint, doublePrecision, json, pipeline, stream, table, varchar } from "../../src/index.js";
import { ANSWER_BYTES_MAX, type FirehoseEvent, firehoseTransform } from "../../src/lambda/firehose-transform.js";

const tableOf = (definition: typeof market, name: string): TableModel =>
  draftOf<PipelineModel>(definition, PIPELINE)!.tables.find((one) => one.name === name)!;
const quotes = tableOf(market, "quotes");
const prices = tableOf(market, "daily_prices");

const ARRIVED_MS = 1_764_000_000_123;

function eventOf(records: readonly (string | Buffer)[]): FirehoseEvent {
  return {
    invocationId: "invocation",
    deliveryStreamArn: "arn:aws:firehose:eu-west-1:111122223333:deliverystream/quotes",
    sourceKinesisStreamArn: "arn:aws:kinesis:eu-west-1:111122223333:stream/quotes",
    records: records.map((data, index) => ({
      recordId: `record-${index}`,
      approximateArrivalTimestamp: ARRIVED_MS,
      data: Buffer.from(data).toString("base64"),
      kinesisRecordMetadata: {
        sequenceNumber: `4966${String(index).padStart(52, "0")}`,
        subsequenceNumber: "",
        shardId: "shardId-000000000001",
        partitionKey: "SPY",
        approximateArrivalTimestamp: ARRIVED_MS,
      },
    })),
  };
}

async function transformed(model: TableModel, records: readonly (string | Buffer)[]) {
  const letters: { key: string; body: string }[] = [];
  const transform = firehoseTransform({
    table: model,
    stream: "quotes",
    schemaVersion: 1,
    writeDeadLetters: async (key, body) => void letters.push({ key, body }),
  });
  const { answer, counts } = await transform(eventOf(records));
  const rows = answer.records.map(({ data }) =>
    Buffer.from(data ?? "", "base64")
      .toString()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  );
  return { answer, counts, letters, rows };
}

const quote = (fields: object) =>
  JSON.stringify({ symbol: "SPY", bid: "600.1234", ask: 600.2, quoted_at: "2026-11-22T09:30:00.25+01:00", ...fields });

describe("the transform on AWS", () => {
  it("gives the reference codec's rows, with the row's identity and its arrival", async () => {
    const records = [
      quote({}),
      quote({ bid_size: 7 }) + quote({ ask_size: 8 }),
      gzipSync(quote({ symbol: 'a"\u00e9' })),
    ];
    const { answer, rows } = await transformed(quotes, records);
    expect(answer.records.map(({ result }) => result)).toEqual(["Ok", "Ok", "Ok"]);
    expect(rows[0]![0]).toEqual({
      _shard_id: "shardId-000000000001",
      _sequence_number: `4966${"0".repeat(52)}`,
      _row_index: 0,
      _arrived_at: "2025-11-24 16:00:00.123",
      symbol: "SPY",
      bid: 600.1234,
      ask: 600.2,
      quoted_at: "2026-11-22 08:30:00.25",
    });
    const plan = planRows(quotes);
    for (const [index, record] of records.entries()) {
      const cells = [...decodeRecord(plan, Buffer.from(record))].map((outcome) =>
        outcome.kind === "row" ? outcome.cells : [],
      );
      const written = rows[index]!.map((row) =>
        quotes.columns.map(({ name }) => (row[name] === undefined ? null : String(row[name]))),
      );
      // JSON.parse reads a decimal as a number, which drops zeros at its end: compared as numbers where both are.
      const plain = (all: readonly (readonly (string | null)[])[]) =>
        all.map((row) => row.map((cell) => (cell !== null && /^-?\d+\.\d+$/.test(cell) ? String(Number(cell)) : cell)));
      expect(plain(written)).toEqual(plain(cells));
    }
    expect(rows[1]!.map(({ _row_index }) => _row_index)).toEqual([0, 1]);
  });

  it("keeps every digit of a number, and says where a row belongs", async () => {
    const wide = pipeline("wide", {
      tables: [
        table("wide", {
          from: stream("wide"),
          format: json(),
          columns: { id: bigint(), place: varchar(20), size: doublePrecision() },
          deliver: { partitionBy: "place" },
        }),
      ],
    });
    const model = tableOf(wide, "wide");
    const { answer, letters } = await transformed(model, [
      '{"id":9223372036854775807,"place":"a/b"}',
      '{"id":1}',
      '{"id":1,"place":"a"}{"id":2,"place":"b"}',
      '{"id":1,"place":"a","size":NaN}',
    ]);
    const [first, second, third, fourth] = answer.records;
    expect(Buffer.from(first!.data!, "base64").toString()).toContain('"id":9223372036854775807,');
    expect(first!.metadata).toEqual({ partitionKeys: { place: "a%2Fb" } });
    expect(second!.metadata).toEqual({ partitionKeys: { place: "__HIVE_DEFAULT_PARTITION__" } });
    expect([third!.result, fourth!.result]).toEqual(["Ok", "Dropped"]);
    const codes = letters[0]!.body
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { code: string }).code);
    expect(codes).toEqual(["too-many-partitions", "out-of-range"]);
  });

  it("writes dead letters under one key for the same records, with the same bytes, and drops the record", async () => {
    const records = ["2026-11-20,1,2,3,4,5,6", "nonsense"];
    const first = await transformed(prices, records);
    const again = await transformed(prices, records);
    expect(first.answer.records.map(({ result }) => result)).toEqual(["Ok", "Dropped"]);
    expect(first.counts).toEqual({ records: 2, rows: 1, filtered: 0, dead: 1, failed: 0 });
    expect(first.letters).toEqual(again.letters);
    expect(first.letters[0]!.key).toMatch(
      /^errors\/daily_prices\/format-conversion-failed\/2025\/11\/24\/16\/daily_prices-[0-9a-f]{24}\.json$/,
    );
    expect(JSON.parse(first.letters[0]!.body)).toMatchObject({
      rawData: Buffer.from("nonsense").toString("base64"),
      shardId: "shardId-000000000001",
      rowIndex: 0,
      table: "daily_prices",
    });
  });

  it("answers within Lambda's 6 MB, and leaves to Firehose what has no room", async () => {
    const large = quote({}).repeat(9_000);
    const { answer, counts } = await transformed(quotes, [large, large, large, quote({})]);
    expect(counts.failed).toBeGreaterThan(0);
    expect(JSON.stringify(answer).length).toBeLessThan(ANSWER_BYTES_MAX + 10_000);
    expect(answer.records.filter(({ result }) => result === "ProcessingFailed").length).toBe(counts.failed);
    expect(answer.records.at(-1)!.result).toBe("Ok");
  });
});
