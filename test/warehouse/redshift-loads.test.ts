import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import type { TableModel } from "../../src/definition/model.js";
import type { LakeObject } from "../../src/delivery/flush.js";
import { rowJson } from "../../src/lambda/row-json.js";
import { dataApi } from "../../src/warehouse/redshift/data-api.js";
import {
  AWS_PLACE,
  ledgerEntry,
  manifestText,
  planLoad,
  planSources,
} from "../../src/warehouse/redshift/statements.js";
import type { LoadRequest } from "../../src/warehouse/warehouse.js";
import { ARRIVED, column, rowsOf, tableModel, writeDeadLetters, writeObject } from "../loader/fixtures.js";
import {
  LAKE_BUCKET,
  LEDGER_SCHEMA,
  openRedshiftUnderTest,
  type RedshiftUnderTest,
  redshiftWarehouse,
} from "./redshift-under-test.js";

let under: RedshiftUnderTest;
beforeEach(async () => {
  under = await openRedshiftUnderTest();
});
afterEach(() => under.close());

const request = (table: TableModel, objects: readonly LakeObject[], more: Partial<LoadRequest> = {}): LoadRequest => ({
  table,
  target: table.name,
  objects,
  deadlineMs: 30_000,
  ...more,
});
const all = async (sql: string) => (await under.warehouse.query(sql)).rows;

describe("the Redshift driver", () => {
  const columns: TableModel["columns"] = [
    column("wide", { kind: "decimal", precision: 38, scale: 17 }),
    column("narrow", { kind: "decimal", precision: 10, scale: 2 }),
    column("big", { kind: "bigint" }),
    column("small", { kind: "smallint" }),
    column("text", { kind: "varchar", length: 100 }),
    column("nothing", { kind: "varchar", length: 100 }),
    column("code", { kind: "char", length: 4 }),
    column("at", { kind: "timestamptz" }),
    column("local", { kind: "timestamp" }),
    column("day", { kind: "date" }),
    column("clock", { kind: "time" }),
    column("yes", { kind: "boolean" }),
    column("half", { kind: "double" }),
    column("quarter", { kind: "real" }),
    column("document", { kind: "super" }),
  ];
  const values = `'12345678901234567890.12345678901234567'::DECIMAL(38,17), 1.05::DECIMAL(10,2), 9007199254740993::BIGINT, (-7)::SMALLINT,
    'a,"b" {\\"wide":7} ' || chr(10) || 'ü', NULL::VARCHAR, 'ab', '2026-03-01 10:00:00.123456+00'::TIMESTAMPTZ, '2026-03-01 10:00:00.5'::TIMESTAMP,
    '2026-03-01'::DATE, '09:30:00.25', true, 0.1::DOUBLE, 0.25::FLOAT, '{"a":1.5,"wide":[3]}'`;

  it.each([
    ["parquet", "zstd", "parquet"],
    ["parquet", "snappy", "parquet"],
    ["json", "none", "json"],
    ["json", "gzip", "json.gz"],
    ["json", "zstd", "json.zst"],
  ] as const)("carries every value from %s with %s", async (fileFormat, compression, ending) => {
    const base = tableModel({ columns });
    const table = { ...base, deliver: { ...base.deliver, fileFormat } };
    await under.warehouse.applyTable(table);
    const key = `quotes/day=2026-03-01/one[${compression}].${ending}`;
    await mkdir(dirname(under.lake.localPath(key)!), { recursive: true });
    const writer = await (await DuckDBInstance.create(":memory:")).connect();
    const names = [
      "_shard_id",
      "_sequence_number",
      "_row_index",
      "_arrived_at",
      ...columns.map(({ name }) => `"${name}"`),
    ];
    await writer.run(
      `SET TimeZone = 'UTC'; COPY (SELECT * FROM (VALUES ('shardId-000000000000'::ENUM('shardId-000000000000', 'x'), 1::BIGINT, 0::INTEGER,
         '2026-03-01 10:00:00.5+00'::TIMESTAMPTZ, ${values})) t(${names.join(", ")}))
       TO '${under.lake.localPath(key)}' (FORMAT ${fileFormat}, COMPRESSION ${compression})`,
    );
    const sizeBytes = (await under.lake.head(key))?.sizeBytes ?? 0;
    const object = { key, kind: "rows" as const, table: "quotes", flush: 1, schemaVersion: 1, rows: 1, sizeBytes };
    await under.warehouse.load(request(table, [object]));
    const [row] = await all(
      `SELECT _shard_id, _sequence_number, _arrived_at, wide, narrow, CAST(big AS VARCHAR), small, text, nothing, code, at, local, day, clock, yes, half, quarter,
         document.a, document.wide[0] FROM quotes`,
    );
    expect(row).toEqual([
      "shardId-000000000000",
      1,
      "2026-03-01T10:00:00.5Z",
      "12345678901234567890.12345678901234567",
      "1.05",
      "9007199254740993",
      -7,
      'a,"b" {\\"wide":7} \nü',
      null,
      "ab",
      "2026-03-01T10:00:00.123456Z",
      "2026-03-01T10:00:00.5",
      "2026-03-01",
      "09:30:00.25",
      true,
      0.1,
      0.25,
      "1.5",
      "3",
    ]);
  });

  it("makes the table with its keys and encodings, and lets a text grow", async () => {
    const table = tableModel({
      columns: [
        column("symbol", { kind: "varchar", length: 12 }, { nullable: false, encode: "zstd" }),
        column("size", { kind: "integer" }),
      ],
      distStyle: "key",
      distKey: "symbol",
      sortKey: { style: "compound", columns: ["symbol", "size"] },
    });
    await under.warehouse.applyTable(table);
    expect(
      await all(
        `SELECT "column", type, encoding, distkey, sortkey, "notnull" FROM pg_table_def WHERE tablename = 'quotes' AND "column" IN ('symbol', 'size') ORDER BY sortkey`,
      ),
    ).toEqual([
      ["symbol", "character varying(12)", "zstd", true, 1, true],
      ["size", "integer", expect.any(String), false, 2, false],
    ]);
    const longer = {
      ...table,
      columns: [{ ...table.columns[0]!, type: { kind: "varchar" as const, length: 30 } }, table.columns[1]!],
    };
    await under.warehouse.applyTable(longer);
    expect((await under.warehouse.describeTable("quotes"))?.find(({ name }) => name === "symbol")?.type).toBe(
      "character varying(30)",
    );
  });

  it("refuses CSV, in which COPY cannot tell NULL from nothing", async () => {
    const table = tableModel();
    await expect(
      under.warehouse.applyTable({ ...table, deliver: { ...table.deliver, fileFormat: "csv" } }),
    ).rejects.toMatchObject({ code: "refused" });
  });

  it("a table that somebody altered is to blame, and no object", async () => {
    const table = tableModel();
    await under.warehouse.applyTable(table);
    const object = await writeObject(under.lake, { table, rows: rowsOf(1, 2) });
    await under.warehouse.query("ALTER TABLE quotes DROP COLUMN bid");
    await expect(under.warehouse.load(request(table, [object]))).rejects.toMatchObject({ code: "incompatible-schema" });
    await under.warehouse.query("ALTER TABLE quotes ADD COLUMN bid DATE");
    await expect(under.warehouse.load(request(table, [object]))).rejects.toMatchObject({ code: "incompatible-schema" });
  });

  it("an object that is empty, or was replaced by a shorter one, is to blame by its name", async () => {
    const table = tableModel();
    await under.warehouse.applyTable(table);
    const object = await writeObject(under.lake, { table, rows: rowsOf(1, 3) });
    await under.lake.put(object.key, Buffer.alloc(0));
    for (const sizeBytes of [0, object.sizeBytes, 1_000_000]) {
      const loading = under.warehouse.load(request(table, [{ ...object, sizeBytes }]));
      await expect(loading).rejects.toMatchObject({
        code: expect.stringMatching(/^(load-failed|damaged)$/),
        message: expect.stringContaining(object.key),
      });
    }
  });

  it("many objects of a table with dedupe share their COPYs, and every row is accounted for", async () => {
    const table = tableModel({ dedupe: { by: ["symbol"], keep: "latest" } });
    await under.warehouse.applyTable(table);
    const objects = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        writeObject(under.lake, {
          table,
          flush: at + 1,
          rows: rowsOf(at * 3 + 1, 3, (sequence) => ({ symbol: `S${sequence % 7}`, size: sequence })),
        }),
      ),
    );
    const { loaded } = await under.warehouse.load(request(table, objects));
    expect(loaded).toHaveLength(20);
    for (const entry of loaded) {
      expect(entry.rows).toBe(3);
      expect(entry.loadedRows + entry.dedupedRows).toBe(3);
      expect(entry.loadedRows).toBeGreaterThanOrEqual(0);
    }
    expect(loaded.reduce((sum, entry) => sum + entry.dedupedRows, 0)).toBe(53);
    expect((await under.rows("quotes")).map(([sequence]) => sequence)).toEqual([54, 55, 56, 57, 58, 59, 60]);
    expect(await under.deduped("quotes")).toHaveLength(53);
    // Again, by a replay: all are there, or have lost before.
    const again = await under.warehouse.load(request(table, objects, { skipExisting: true }));
    expect(again.loaded.reduce((sum, entry) => sum + entry.loadedRows, 0)).toBe(0);
    expect(await under.deduped("quotes")).toHaveLength(53);
  });

  it("finds letters by more ids than a statement could name", async () => {
    const table = tableModel();
    await under.warehouse.applyTable(table);
    const object = await writeDeadLetters(under.lake, {
      table,
      letters: [1, 2, 3].map((sequence) => ({ sequence, raw: "x" })),
    });
    await under.warehouse.load(request(table, [object]));
    const others = Array.from({ length: 3000 }, (_, at) => `quotes/shardId-000000000000/${at + 100}/${"0".repeat(30)}`);
    const ids = [...others, "quotes/shardId-000000000000/1/0", "quotes/shardId-000000000000/3/0"];
    expect((await under.warehouse.deadLetters({ ids, limit: 10 })).map(({ sequence }) => sequence)).toEqual([1, 3]);
  });

  it("the bytes of a long dead letter come from its object; those of an edited one are kept", async () => {
    const table = tableModel();
    await under.warehouse.applyTable(table);
    const long = `${"ä".repeat(60_000)}!`;
    const object = await writeDeadLetters(under.lake, {
      table,
      letters: [
        { sequence: 1, raw: "short" },
        { sequence: 2, raw: long },
      ],
    });
    await under.warehouse.load(request(table, [object]));
    const letters = await under.warehouse.deadLetters({ limit: 10 });
    expect(letters.map(({ raw }) => Buffer.from(raw).toString())).toEqual(["short", long]);
    const rows = await writeObject(under.lake, { table, key: "quotes/redrive.parquet", rows: rowsOf(1, 1) });
    const id = letters[0]!.id;
    await under.warehouse.load(
      request(table, [rows], {
        skipExisting: true,
        redriven: [id],
        edited: new Map([[id, Buffer.from("it's \\ better")]]),
      }),
    );
    const [kept] = await all(
      `SELECT redriven_as, redriven_raw_base64 FROM ${LEDGER_SCHEMA}.letters WHERE id = '${id}'`,
    );
    expect(kept).toEqual(["loaded", Buffer.from("it's \\ better").toString("base64")]);
  });
});

/** As the state machine on AWS runs them: the lists themselves, over objects as Firehose writes them. */
describe("the statements, run by whoever", () => {
  const place = { ...AWS_PLACE, schema: LEDGER_SCHEMA };
  const base = tableModel();
  const table = { ...base, deliver: { ...base.deliver, fileFormat: "json" as const } };
  const api = () =>
    dataApi({
      client: under.door.client,
      target: { WorkgroupName: "local", Database: "penstock" },
      clock: systemClock,
      random: Math.random,
      newId: () => crypto.randomUUID(),
    });
  const number = (count: number) => `4966${String(count).padStart(52, "0")}`;

  async function firehoseObject(name: string, sequences: readonly number[]) {
    const key = `quotes/${name}.json`;
    const lines = sequences.map((sequence) =>
      rowJson(
        table,
        {
          shardId: "shardId-000000000000",
          sequenceNumber: number(sequence),
          rowIndex: 0,
          arrivedAtMs: Date.parse(ARRIVED) + sequence,
        },
        [`S${sequence}`, "1.5", String(sequence)],
      ),
    );
    const { sizeBytes } = await under.lake.put(key, Buffer.from(`${lines.join("\n")}\n`));
    return { key, kind: "rows" as const, flush: 0, schemaVersion: 1, rows: sequences.length, sizeBytes };
  }

  async function plan(loadId: string, objects: readonly Awaited<ReturnType<typeof firehoseObject>>[]) {
    const sources = planSources(
      table,
      objects.map((object) => ({ object })),
      "checked",
    );
    const named = sources.map((source, at) => ({ ...source, key: `loads/${loadId}-${at}.json` }));
    for (const { key, objects: own } of named) await under.lake.put(key, Buffer.from(manifestText(LAKE_BUCKET, own)));
    return planLoad({
      table,
      target: "quotes",
      place,
      loadId,
      iamRole: "arn:aws:iam::111122223333:role/copy",
      sources: named.map(({ key, ...source }) => ({ ...source, manifestUrl: `s3://${LAKE_BUCKET}/${key}` })),
      mode: "checked",
    });
  }

  it("a row that Firehose brings twice is loaded once, and a list that is run again does nothing and says the same", async () => {
    const warehouse = redshiftWarehouse(under.door, { place });
    await warehouse.applyTable(table);
    const limit = () => ({ untilMs: systemClock.monotonic() + 30_000 });
    const run = async (steps: Awaited<ReturnType<typeof plan>>) => {
      const end = await api().transaction(steps, crypto.randomUUID(), limit());
      return {
        kind: end.kind,
        entries: end.kind === "committed" ? (await end.rows()).map((row) => ledgerEntry("quotes", row)) : [],
      };
    };
    const one = await firehoseObject("a", [1, 2, 3, 3]);
    const two = await firehoseObject("b", [3, 4]);
    const three = await firehoseObject("c", [2, 5]);
    const first = await plan("load-1", [one, two]);
    const done = await run(first);
    expect(done.entries).toMatchObject([
      { key: one.key, rows: 4, loadedRows: 3, dedupedRows: 1 },
      { key: two.key, rows: 2, loadedRows: 1, dedupedRows: 1 },
    ]);
    expect(await run(first)).toEqual(done);
    expect((await run(await plan("load-2", [two, three]))).kind).toBe("taken");
    expect((await run(await plan("load-3", [three]))).entries).toMatchObject([
      { rows: 2, loadedRows: 1, dedupedRows: 1 },
    ]);
    expect(await all("SELECT _sequence_number, symbol, size FROM quotes ORDER BY 1")).toEqual(
      [1, 2, 3, 4, 5].map((sequence) => [number(sequence), `S${sequence}`, sequence]),
    );
  });
});
