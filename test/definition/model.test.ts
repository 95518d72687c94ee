import {
  bigint,
  csv,
  date,
  day,
  decimal,
  directPut,
  hour,
  integer,
  interleaved,
  json,
  pipeline,
  stream,
  superType,
  table,
  timestamp,
  timestamptz,
  varchar,
} from "penstock";
import { expect, test } from "vitest";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel } from "../../src/definition/model.js";

const modelOf = (given: unknown) => draftOf<PipelineModel>(given, PIPELINE)!;
const from = stream("s");

test("a table with nothing but columns gets every default", () => {
  const model = modelOf(pipeline("p", { tables: [table("t", { from, columns: { a: varchar(5) } })] }));
  expect(model).toEqual({
    name: "p",
    streams: [{ name: "s", kind: "kinesis", shards: 1, retentionHours: 24 }],
    tables: [
      {
        name: "t",
        sources: ["s"],
        format: { kind: "json", unknownFields: "ignore" },
        columns: [{ name: "a", type: { kind: "varchar", length: 5 }, nullable: true, path: ["a"] }],
        distStyle: "auto",
        deliver: {
          bufferBytes: 64 * 1024 * 1024,
          bufferMs: 60_000,
          fileFormat: "parquet",
          compression: "zstd",
          prefix: "tables/t/!{timestamp:yyyy/MM/dd/HH}/",
          errorPrefix: "errors/t/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/",
          partitionBy: [],
        },
      },
    ],
  });
});

test("every option arrives in the model", () => {
  const transform = (record: Record<string, unknown>) => record;
  const model = modelOf(
    pipeline("p", {
      tables: [
        table("z", {
          from: [stream("b", { shards: 3, retentionHours: 48 }), directPut("a")],
          format: json({ unknownFields: "keep", keepIn: "rest" }),
          where: { type: ["trade", "quote"] },
          columns: {
            symbol: varchar(12).notNull().encode("bytedict"),
            price: decimal(12, 4).default("0.0001").path("$.quote['the price']"),
            at: timestamptz().notNull().format("epochmillisecs").path(["meta", "at"]),
            day: date().default(new Date("2026-11-22T23:00:00Z")),
            rest: superType(),
          },
          distKey: "symbol",
          sortKey: interleaved(["symbol", "day"]),
          dedupe: { by: ["symbol", "at"], keep: "first" },
          deliver: {
            bufferMiB: 1,
            bufferSeconds: 0,
            format: "json",
            compression: "gzip",
            partitionBy: ["symbol", hour("at", { as: "hour_at" })],
            errorPrefix: "bad/!{firehose:error-output-type}/",
          },
          transform,
        }),
      ],
    }),
  );
  expect(model.streams.map(({ name, kind }) => `${kind} ${name}`)).toEqual(["direct-put a", "kinesis b"]);
  expect(model.tables[0]).toEqual({
    name: "z",
    sources: ["b", "a"],
    format: { kind: "json", unknownFields: "keep", keepIn: "rest" },
    where: { field: "type", in: ["trade", "quote"] },
    columns: [
      { name: "symbol", type: { kind: "varchar", length: 12 }, nullable: false, path: ["symbol"], encode: "bytedict" },
      {
        name: "price",
        type: { kind: "decimal", precision: 12, scale: 4 },
        nullable: true,
        path: ["quote", "the price"],
        default: "0.0001",
      },
      {
        name: "at",
        type: { kind: "timestamptz" },
        nullable: false,
        path: ["meta", "at"],
        timeFormat: "epochmillisecs",
      },
      { name: "day", type: { kind: "date" }, nullable: true, path: ["day"], default: "2026-11-22" },
      { name: "rest", type: { kind: "super" }, nullable: true, path: ["rest"] },
    ],
    distStyle: "key",
    distKey: "symbol",
    sortKey: { style: "interleaved", columns: ["symbol", "day"] },
    dedupe: { by: ["symbol", "at"], keep: "first" },
    deliver: {
      bufferBytes: 1024 * 1024,
      bufferMs: 0,
      fileFormat: "json",
      compression: "gzip",
      prefix: "tables/z/symbol=!{partitionKeyFromQuery:symbol}/hour_at=!{partitionKeyFromQuery:hour_at}/",
      errorPrefix: "bad/!{firehose:error-output-type}/",
      partitionBy: [
        { name: "symbol", column: "symbol", unit: "value" },
        { name: "hour_at", column: "at", unit: "hour" },
      ],
    },
    transform,
  });
});

test("streams and tables are sorted by name, and a shared stream is there once", () => {
  const columns = { a: varchar(5), b: integer() };
  const model = modelOf(
    pipeline("p", {
      tables: [
        table("two", { from: [stream("zz"), from], columns, format: csv() }),
        table("one", { from: stream("s"), columns, deliver: { partitionBy: "a" } }),
      ],
    }),
  );
  expect(model.tables.map(({ name }) => name)).toEqual(["one", "two"]);
  expect(model.streams.map(({ name }) => name)).toEqual(["s", "zz"]);
});

test("a default keeps every digit", () => {
  const columns = {
    big: bigint().default(9_223_372_036_854_775_807n),
    long: decimal(38, 10).default("1234567890123456789012345678.0123456789"),
    whole: integer().default(7),
    doc: superType().default({ a: [1] }),
    at: timestamp().default(new Date(0)),
  };
  const model = modelOf(pipeline("p", { tables: [table("t", { from, columns })] }));
  expect(model.tables[0]!.columns.map((column) => column.default)).toEqual([
    "9223372036854775807",
    "1234567890123456789012345678.0123456789",
    7,
    '{"a":[1]}',
    "1970-01-01T00:00:00.000",
  ]);
});

test("the model cannot be changed", () => {
  const model = modelOf(
    pipeline("p", { tables: [table("t", { from, columns: { at: date() }, deliver: { partitionBy: day("at") } })] }),
  );
  const open: string[] = [];
  const visit = (value: unknown, path: string) => {
    if (typeof value !== "object" || value === null) return;
    if (!Object.isFrozen(value)) open.push(path);
    for (const [name, inner] of Object.entries(value)) visit(inner, `${path}.${name}`);
  };
  visit(model, "model");
  expect(open).toEqual([]);
});
