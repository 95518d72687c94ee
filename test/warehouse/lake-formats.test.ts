import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TableModel } from "../../src/definition/model.js";
import { column, tableModel } from "../loader/fixtures.js";
import { type DuckDbUnderTest, openUnderTest } from "./duckdb-under-test.js";

/** Objects as DuckDB writes them for delivery, one of each kind, with values that are easily spoilt on the way. */
describe("every file format and compression carries every value", () => {
  const columns: TableModel["columns"] = [
    column("wide", { kind: "decimal", precision: 38, scale: 17 }),
    column("narrow", { kind: "decimal", precision: 10, scale: 2 }),
    column("big", { kind: "bigint" }),
    column("text", { kind: "varchar", length: 100 }),
    column("empty", { kind: "varchar", length: 100 }),
    column("nothing", { kind: "varchar", length: 100 }),
    column("at", { kind: "timestamptz" }),
    column("local", { kind: "timestamp" }),
    column("day", { kind: "date" }),
    column("clock", { kind: "time" }),
    column("yes", { kind: "boolean" }),
    column("half", { kind: "double" }),
    column("document", { kind: "super" }),
    column("wide$2", { kind: "decimal", precision: 20, scale: 2 }),
  ];
  const values = `'12345678901234567890.12345678901234567'::DECIMAL(38,17), 1.05::DECIMAL(10,2), 9007199254740993::BIGINT,
    'a,"b" {\\"wide":7} ' || chr(10) || ',"wide":8', '', NULL::VARCHAR, '2026-03-01 10:00:00.123456+00'::TIMESTAMPTZ, '2026-03-01 10:00:00.5'::TIMESTAMP,
    '2026-03-01'::DATE, '09:30:00.25', true, 0.1::DOUBLE, '{"a":  1.10, "wide": 3}', '123456789012345678.25'::DECIMAL(20,2)`;
  let under: DuckDbUnderTest;
  beforeEach(async () => {
    under = await openUnderTest();
  });
  afterEach(() => under.close());

  const kinds: readonly [TableModel["deliver"]["fileFormat"], string, string][] = [
    ["parquet", "zstd", "parquet"],
    ["parquet", "uncompressed", "parquet"],
    ["json", "zstd", "json.zst"],
    ["json", "gzip", "json.gz"],
    ["json", "none", "json"],
    ["csv", "zstd", "csv.zst"],
    ["csv", "none", "csv"],
  ];
  it.each(kinds)("%s with %s", async (fileFormat, compression, ending) => {
    const base = tableModel({ columns });
    const table = { ...base, deliver: { ...base.deliver, fileFormat } };
    await under.warehouse.applyTable(table);
    const key = `quotes/day=2026-03-01/one[${compression}].${ending}`;
    await mkdir(join(under.lake.root, "quotes/day=2026-03-01"), { recursive: true });
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
       TO '${under.lake.localPath(key)}' (FORMAT ${fileFormat}, COMPRESSION ${compression} ${fileFormat === "csv" ? ", HEADER true" : ""})`,
    );
    const sizeBytes = (await under.lake.head(key))?.sizeBytes ?? 0;
    const object = { key, kind: "rows" as const, table: "quotes", flush: 1, schemaVersion: 1, rows: 1, sizeBytes };
    await under.warehouse.load({ table, target: "quotes", objects: [object], deadlineMs: 30_000 });
    expect((await under.warehouse.query("SELECT * FROM quotes")).rows).toEqual([
      [
        "shardId-000000000000",
        1,
        0,
        "2026-03-01T10:00:00.500Z",
        "12345678901234567890.12345678901234567",
        "1.05",
        "9007199254740993",
        'a,"b" {\\"wide":7} \n,"wide":8',
        "",
        null,
        "2026-03-01T10:00:00.123456Z",
        "2026-03-01T10:00:00.500",
        "2026-03-01",
        "09:30:00.25",
        true,
        0.1,
        '{"a":  1.10, "wide": 3}',
        "123456789012345678.25",
      ],
    ]);
  });
});
