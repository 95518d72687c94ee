import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, describe as group, test } from "vitest";
import { formatSequenceNumber } from "../../src/core/sequence-number.js";
import type { ColumnModel } from "../../src/definition/model.js";
import { PARTITIONS_MAX } from "../../src/delivery/partitions.js";
import { column, deliverModel, tableModel } from "../fixtures/tables.js";
import { ARRIVAL_MS, type ConversionKit, conversionKit, journalBlock } from "./conversion-kit.js";

let kit: ConversionKit;
beforeAll(async () => {
  kit = await conversionKit();
});
afterAll(() => kit.close());

const from = (stream: string, ...args: Parameters<typeof journalBlock>) => ({ stream, block: journalBlock(...args) });
const a: ColumnModel = column("a", { kind: "integer" });

group("a rows object", () => {
  test("has the metadata columns, then the table's, each of the lake's type", async () => {
    const table = tableModel([
      column("small", { kind: "smallint" }),
      column("big", { kind: "bigint" }),
      column("price", { kind: "decimal", precision: 12, scale: 4 }),
      column("wide", { kind: "decimal", precision: 38, scale: 10 }),
      column("ratio", { kind: "real" }),
      column("share", { kind: "double" }),
      column("live", { kind: "boolean" }),
      column("name", { kind: "varchar", length: 10 }),
      column("code", { kind: "char", length: 2 }),
      column("day", { kind: "date" }),
      column("at", { kind: "timestamp" }),
      column("atz", { kind: "timestamptz" }),
      column("clock", { kind: "time" }),
      column("more", { kind: "super" }),
    ]);
    const record = `{"small":1,"big":9007199254740993,"price":1.00005,"wide":"12345678901234567890.0123456789","ratio":0.1,"share":0.1,"live":true,"name":"é","code":"ab","day":"2026-11-22","at":"2026-11-22T09:30:00+02:00","atz":"2026-11-22T09:30:00.25Z","clock":"09:30:00","more":{"x":1}}`;
    const { rowsFiles } = await kit.convert(table, [from("events", [record])]);
    const path = `read_parquet('${rowsFiles[0]!.path}')`;
    expect((await kit.query(`DESCRIBE SELECT * FROM ${path}`)).map(([name, type]) => `${name} ${type}`)).toEqual([
      "_shard_id VARCHAR",
      "_sequence_number BIGINT",
      "_row_index INTEGER",
      "_arrived_at TIMESTAMP WITH TIME ZONE",
      "small SMALLINT",
      "big BIGINT",
      "price DECIMAL(12,4)",
      "wide DECIMAL(38,10)",
      "ratio FLOAT",
      "share DOUBLE",
      "live BOOLEAN",
      "name VARCHAR",
      "code VARCHAR",
      "day DATE",
      "at TIMESTAMP",
      "atz TIMESTAMP WITH TIME ZONE",
      "clock VARCHAR",
      "more VARCHAR",
    ]);
    expect(await kit.query(`SELECT COLUMNS(*)::VARCHAR FROM ${path}`)).toEqual([
      [
        "shardId-000000000000",
        "1",
        "0",
        "2026-11-22 12:00:00+00",
        "1",
        "9007199254740993",
        "1.0001",
        "12345678901234567890.0123456789",
        "0.1",
        "0.1",
        "true",
        "é",
        "ab",
        "2026-11-22",
        "2026-11-22 07:30:00",
        "2026-11-22 09:30:00.25+00",
        "09:30:00",
        '{"x":1}',
      ],
    ]);
  });

  test("names the stream of a shard where the table has several", async () => {
    const table = tableModel([a], { sources: ["left", "right"] });
    const { rowsFiles, rows } = await kit.convert(table, [
      from("left", ['{"a":1}']),
      from("right", ['{"a":2}', '{"a":3}{"a":4}'], { shard: 2, first: 10 }),
    ]);
    expect(rows).toBe(4);
    expect(
      await kit.query(
        `SELECT _shard_id, _sequence_number::INTEGER, _row_index, a FROM read_parquet('${rowsFiles[0]!.path}') ORDER BY a`,
      ),
    ).toEqual([
      ["left:shardId-000000000000", 1, 0, 1],
      ["right:shardId-000000000002", 10, 0, 2],
      ["right:shardId-000000000002", 11, 0, 3],
      ["right:shardId-000000000002", 11, 1, 4],
    ]);
  });

  test("is absent where there are no rows", async () => {
    expect(await kit.convert(tableModel([a]), [from("events", ["x"])])).toMatchObject({
      rows: 0,
      rowsFiles: [],
      dead: 1,
    });
  });

  test("holds a record as large as Kinesis takes", async () => {
    const text = "x".repeat(10 * 1024 * 1024 - 100);
    const table = tableModel([a, column("big", { kind: "varchar", length: 65_535 })]);
    const { rows, deadLetters } = await kit.convert(table, [
      from("events", [`{"a":1,"unknown":"${text}"}`, `{"a":2,"big":"${text}"}`]),
    ]);
    expect(rows).toBe(1);
    expect(deadLetters.map(({ code, column: blamed, sequence }) => [code, blamed, sequence])).toEqual([
      ["too-long", "big", 2],
    ]);
  });

  test.each(["zstd", "snappy", "gzip", "none"] as const)("is compressed by %s", async (compression) => {
    const table = tableModel([a], { deliver: deliverModel({ compression }) });
    const { rowsFiles } = await kit.convert(table, [from("events", ['{"a":1}'])]);
    const [codec] = await kit.query(`SELECT DISTINCT compression FROM parquet_metadata('${rowsFiles[0]!.path}')`);
    expect(codec).toEqual([compression === "none" ? "UNCOMPRESSED" : compression.toUpperCase()]);
  });

  test.each([
    ["json", "zstd", "read_json"],
    ["json", "none", "read_json"],
    ["csv", "gzip", "read_csv"],
  ] as const)("may be %s, %s", async (fileFormat, compression, reader) => {
    const table = tableModel([a, column("b", { kind: "varchar", length: 20 })], {
      deliver: deliverModel({ fileFormat, compression }),
    });
    const { rowsFiles } = await kit.convert(table, [from("events", ['{"a":1,"b":"x,\\"y\\"\\n"}', '{"a":2}'])]);
    expect(
      await kit.query(`SELECT _row_index::INTEGER, a::INTEGER, b FROM ${reader}('${rowsFiles[0]!.path}') ORDER BY a`),
    ).toEqual([
      [0, 1, 'x,"y"\n'],
      [0, 2, null],
    ]);
  });
});

group("partitions", () => {
  const at = column("at", { kind: "timestamp" });
  const symbol = column("symbol", { kind: "varchar", length: 20 });

  test("put each row into the object of its values", async () => {
    const table = tableModel([a, at, symbol], {
      deliver: deliverModel({
        partitionBy: [
          { name: "day", column: "at", unit: "day" },
          { name: "symbol", column: "symbol", unit: "value" },
        ],
      }),
    });
    const { rowsFiles } = await kit.convert(table, [
      from("events", [
        '{"a":1,"at":"2026-11-22T23:59:59Z","symbol":"SPY"}',
        '{"a":2,"at":"2026-11-23T00:00:00Z","symbol":"SPY"}',
        '{"a":3,"at":"2026-11-22T00:00:00Z","symbol":"SPY"}',
        '{"a":4,"at":null,"symbol":""}',
        '{"a":5}',
      ]),
    ]);
    const found = [];
    for (const { partition, path, rows } of rowsFiles) {
      const values = await kit.query(`SELECT a FROM read_parquet('${path}') ORDER BY a`);
      expect(rows).toBe(values.length);
      found.push([partition.day, partition.symbol, values.flat()]);
    }
    expect(found.sort()).toEqual([
      ["2026-11-22", "SPY", [1, 3]],
      ["2026-11-23", "SPY", [2]],
      ["__HIVE_DEFAULT_PARTITION__", "__HIVE_DEFAULT_PARTITION__", [4, 5]],
    ]);
  });

  test("are calendar units in UTC, of any time column, or plain values", async () => {
    const columns = [
      column("at", { kind: "timestamptz" }),
      column("d", { kind: "date" }),
      column("n", { kind: "bigint" }),
    ];
    const keys = async (name: string, unit: "value" | "year" | "month" | "day" | "hour") => {
      const deliver = deliverModel({ partitionBy: [{ name: "k", column: name, unit }] });
      const record = '{"at":"2026-11-22T23:30:00-02:00","d":"2026-11-22","n":7}';
      const { rowsFiles } = await kit.convert(tableModel(columns, { deliver }), [from("events", [record])]);
      return rowsFiles.map(({ partition }) => partition.k);
    };
    expect(await keys("at", "hour")).toEqual(["2026-11-23-01"]);
    expect(await keys("at", "day")).toEqual(["2026-11-23"]);
    expect(await keys("d", "month")).toEqual(["2026-11"]);
    expect(await keys("d", "year")).toEqual(["2026"]);
    expect(await keys("n", "value")).toEqual(["7"]);
  });

  test("have one object each, however many rows there are", async () => {
    const table = tableModel([a, symbol], {
      deliver: deliverModel({ partitionBy: [{ name: "symbol", column: "symbol", unit: "value" }] }),
    });
    const blocks = Array.from({ length: 8 }, (_, shard) =>
      from(
        "events",
        Array.from({ length: 30_000 }, (_, i) => `{"a":${i},"symbol":"S${i % 300}"}`),
        { shard },
      ),
    );
    const { rowsFiles } = await kit.convert(table, blocks);
    expect(rowsFiles).toHaveLength(300);
    for (const { path, rows } of rowsFiles.slice(0, 20)) {
      expect(
        await kit.query(`SELECT count(*)::INTEGER, count(DISTINCT symbol)::INTEGER FROM read_parquet('${path}')`),
      ).toEqual([[rows, 1]]);
      expect(rows).toBe(800);
    }
    const total = await kit.query(
      `SELECT count(*)::INTEGER FROM read_parquet([${rowsFiles.map(({ path }) => `'${path}'`).join(", ")}])`,
    );
    expect(total).toEqual([[240_000]]);
  });

  test("beyond the limit are dead letters, the emptiest first, and nothing is lost", async () => {
    const table = tableModel([a, symbol], {
      deliver: deliverModel({ partitionBy: [{ name: "symbol", column: "symbol", unit: "value" }] }),
    });
    const full = Array.from({ length: PARTITIONS_MAX * 2 }, (_, i) => `{"a":${i},"symbol":"S${i % PARTITIONS_MAX}"}`);
    const { rows, rowsFiles, deadLetters } = await kit.convert(table, [
      from("events", [...full, '{"a":-1,"symbol":"extra"}', '{"a":-2,"symbol":"more"}{"a":-3,"symbol":"S1"}']),
    ]);
    expect(rows).toBe(PARTITIONS_MAX * 2 + 1);
    expect(rowsFiles).toHaveLength(PARTITIONS_MAX);
    expect(rowsFiles.reduce((sum, file) => sum + file.rows, 0)).toBe(rows);
    expect(deadLetters.map(({ code, sequence, rowIndex }) => [code, sequence, rowIndex])).toEqual([
      ["too-many-partitions", full.length + 1, 0],
      ["too-many-partitions", full.length + 2, 0],
    ]);
  });
});

group("a dead letter", () => {
  test("has the service's form, and the record's bytes as they were", async () => {
    const raw = '{"a":1}\n{"a":"x"}\n';
    const table = tableModel([a]);
    const { deadFile, rows } = await kit.convert(table, [
      from("events", ['{"a":0}', raw, '{"a":"y"}\n'], { shard: 3, first: 41 }),
    ]);
    expect(rows).toBe(2);
    const [first, second] = (await readFile(deadFile!, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(first).toEqual({
      attemptsMade: 1,
      arrivalTimestamp: ARRIVAL_MS,
      errorCode: "DataFormatConversion.MalformedData",
      errorMessage: 'a: "x" is no INTEGER',
      attemptEndingTimestamp: ARRIVAL_MS + 5000,
      rawData: Buffer.from(raw).toString("base64"),
      sequenceNumber: formatSequenceNumber({ createdAtMs: ARRIVAL_MS - 60_000, shard: 3 }, 42, ARRIVAL_MS),
      subSequenceNumber: 1,
      dataCatalogTable: { databaseName: "penstock", tableName: "events", versionId: "1" },
      stream: "events",
      shardId: "shardId-000000000003",
      sequence: 42,
      rowIndex: 1,
      code: "type-mismatch",
      column: "a",
      table: "events",
      flush: 7,
    });
    // Its line was clean, so it went to DuckDB without the LF that ends it; the dead letter has it.
    expect(Buffer.from(second.rawData, "base64").toString()).toBe('{"a":"y"}\n');
  });

  test("keeps bytes that are no text", async () => {
    const bytes = Uint8Array.of(0xff, 0x00, 0x0a, 0x1f, 0x0d);
    const { deadLetters } = await kit.convert(tableModel([a]), [from("events", [bytes, '{"a":1}'])]);
    expect(deadLetters.map(({ rawData }) => rawData)).toEqual([Buffer.from(bytes).toString("base64")]);
  });
});

test("a record that breaks the journal's line does not keep its neighbours from the fast path", async () => {
  const table = tableModel([a]);
  const { rows, rowsFiles } = await kit.convert(table, [
    from("events", ['{"a":1}', '{"a":2}\n{"a":3}', '{"a":\r\n4}', '{"a":5}\n', "\x1f", '{"a":6}']),
  ]);
  expect(rows).toBe(6);
  expect(
    await kit.query(`SELECT a, _sequence_number::INTEGER FROM read_parquet('${rowsFiles[0]!.path}') ORDER BY a`),
  ).toEqual([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 4],
    [6, 6],
  ]);
});

test("a table as wide as Redshift has them is converted", async () => {
  const columns = Array.from({ length: 1600 }, (_, i) =>
    column(`c${i}`, i % 2 ? { kind: "integer" } : { kind: "varchar", length: 9 }),
  );
  const record = JSON.stringify(Object.fromEntries(columns.map(({ name }, i) => [name, i % 2 ? i : `v${i}`])));
  const { rows, rowsFiles } = await kit.convert(tableModel(columns), [
    from("events", [record, '{"c0":"only"}', '{"c1":"x"}']),
  ]);
  expect(rows).toBe(2);
  expect(await kit.query(`SELECT c0, c1, c1599 FROM read_parquet('${rowsFiles[0]!.path}') ORDER BY c0`)).toEqual([
    ["only", null, null],
    ["v0", 1, 1599],
  ]);
});
