import {
  type AnyTable,
  type ChartOptions,
  csv,
  decimal,
  directPut,
  integer,
  interleaved,
  json,
  pipeline,
  stream,
  type TableOptions,
  table,
  timestamp,
  varchar,
} from "penstock";
import { expect, test } from "vitest";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { Columns } from "../../src/definition/column.js";
import type { PipelineModel } from "../../src/definition/model.js";
import { canonicalText, compareModels, digestOf } from "../../src/definition/version.js";

const modelOf = (tables: readonly AnyTable[], name = "p", charts: readonly ChartOptions[] = []) =>
  draftOf<PipelineModel>(pipeline(name, { tables, charts }), PIPELINE)!;

const from = stream("s");
const columns = { a: varchar(10), b: integer().notNull() };
const one = (given: Columns = columns, options: Partial<TableOptions<Columns>> = {}) =>
  modelOf([table("t", { from, columns: given, ...options })]);

function changesOf(before: PipelineModel, after: PipelineModel): string[] {
  return compareModels(before, after).map(({ kind, path }) => `${kind} ${path}`);
}

test("equal definitions have equal text, whatever the order in which their options were written", () => {
  const again = modelOf([table("t", { columns: { a: varchar(10), b: integer().notNull() }, from: stream("s") })]);
  expect(canonicalText(again)).toBe(canonicalText(one()));
  expect(digestOf(again)).toBe(digestOf(one()));
  expect(compareModels(one(), again)).toEqual([]);
});

test("a transform is no part of a version", () => {
  expect(canonicalText(one(columns, { transform: (record) => record }))).toBe(canonicalText(one()));
});

test.each<[what: string, after: PipelineModel, changes: string[]]>([
  ["a nullable column at the end", one({ ...columns, c: integer() }), ["additive tables.t.columns.c"]],
  [
    "a column with a default at the end",
    one({ ...columns, c: integer().notNull().default(0) }),
    ["additive tables.t.columns.c"],
  ],
  [
    "a NOT NULL column without a default",
    one({ ...columns, c: integer().notNull() }),
    ["incompatible tables.t.columns.c"],
  ],
  [
    "a column in the middle",
    one({ a: varchar(10), c: integer(), b: integer().notNull() }),
    ["additive tables.t.columns.c", "incompatible tables.t.columns.b"],
  ],
  ["a column gone", one({ a: varchar(10) }), ["incompatible tables.t.columns.b"]],
  ["columns changing places", one({ b: integer().notNull(), a: varchar(10) }), ["incompatible tables.t.columns.a"]],
  ["a longer varchar", one({ ...columns, a: varchar(20) }), ["additive tables.t.columns.a.type"]],
  ["a shorter varchar", one({ ...columns, a: varchar(5) }), ["incompatible tables.t.columns.a.type"]],
  ["another type", one({ ...columns, a: decimal(10, 2) }), ["incompatible tables.t.columns.a.type"]],
  [
    "NULL no longer allowed",
    one({ ...columns, a: varchar(10).notNull() }),
    ["incompatible tables.t.columns.a.notNull"],
  ],
  ["NULL allowed from now on", one({ ...columns, b: integer() }), ["incompatible tables.t.columns.b.notNull"]],
  ["a default", one({ ...columns, b: integer().notNull().default(1) }), ["additive tables.t.columns.b.default"]],
  ["another path", one({ ...columns, a: varchar(10).path("$.x") }), ["warning tables.t.columns.a.path"]],
  ["an encoding", one({ ...columns, a: varchar(10).encode("zstd") }), ["additive tables.t.columns.a.encode"]],
  [
    "keys",
    one(columns, { distKey: "a", sortKey: ["a"] }),
    ["additive tables.t.distStyle", "additive tables.t.distKey", "additive tables.t.sortKey"],
  ],
  ["an interleaved key", one(columns, { sortKey: interleaved(["a", "b"]) }), ["incompatible tables.t.sortKey"]],
  ["dedupe", one(columns, { dedupe: { by: "b" } }), ["warning tables.t.dedupe"]],
  ["where", one(columns, { where: { type: "x" } }), ["warning tables.t.where"]],
  ["another format", one(columns, { format: csv() }), ["incompatible tables.t.format"]],
  ["the format's options", one(columns, { format: json({ unknownFields: "reject" }) }), ["warning tables.t.format"]],
  [
    "delivery",
    one(columns, { deliver: { bufferSeconds: 1, prefix: "x/" } }),
    ["additive tables.t.deliver.bufferMs", "additive tables.t.deliver.prefix"],
  ],
  [
    "a second source",
    one(columns, { from: [from, stream("s2")] }),
    ["additive streams.s2", "incompatible tables.t.from"],
  ],
  [
    "another source",
    one(columns, { from: stream("s2") }),
    ["warning streams.s", "additive streams.s2", "incompatible tables.t.from"],
  ],
  ["a stream becoming a direct put", one(columns, { from: directPut("s") }), ["incompatible streams.s.kind"]],
  [
    "shards and retention",
    one(columns, { from: stream("s", { shards: 4, retentionHours: 48 }) }),
    ["additive streams.s.shards", "additive streams.s.retentionHours"],
  ],
  ["a new table", modelOf([table("t", { from, columns }), table("u", { from, columns })]), ["additive tables.u"]],
  ["a table gone", modelOf([table("u", { from, columns })]), ["warning tables.t", "additive tables.u"]],
  ["another name", modelOf([table("t", { from, columns })], "q"), ["incompatible name"]],
  [
    "a chart",
    modelOf([table("t", { from, columns })], "p", [{ title: "T", sql: "select a, b from t", x: "a", y: "b" }]),
    ["additive charts"],
  ],
])("%s", (_, after, changes) => {
  expect(changesOf(one(), after)).toEqual(changes);
});

test("with several sources, one more is additive and one less a warning", () => {
  const several = (...names: string[]) => one(columns, { from: names.map((name) => stream(name)) });
  expect(changesOf(several("s", "s2"), several("s", "s2", "s3"))).toEqual([
    "additive streams.s3",
    "additive tables.t.from",
  ]);
  expect(changesOf(several("s", "s2", "s3"), several("s", "s2"))).toEqual([
    "warning streams.s3",
    "warning tables.t.from",
  ]);
});

test("a varchar cannot grow under an encoding that Redshift cannot alter", () => {
  const encoded = (length: number) => one({ ...columns, a: varchar(length).encode("text255") });
  expect(changesOf(encoded(10), encoded(20))).toEqual(["incompatible tables.t.columns.a.type"]);
});

test("a time format that changes is a warning", () => {
  const at = (format: string) => one({ ...columns, at: timestamp().format(format) });
  expect(changesOf(at("epochsecs"), at("epochmillisecs"))).toEqual(["warning tables.t.columns.at.format"]);
});

test("every incompatible change says what was, what would be, and what to do", () => {
  const [change] = compareModels(one(), one({ ...columns, a: decimal(10, 2) }));
  expect(change).toEqual({
    kind: "incompatible",
    path: "tables.t.columns.a.type",
    before: "varchar(10)",
    after: "decimal(10,2)",
    advice:
      "A column keeps its type (only a varchar can grow): make a new column with the new type, under a name of its own.",
  });
});
