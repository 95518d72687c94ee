import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import type { ColumnType } from "../../src/definition/model.js";
import { ENCODING_TYPES, fromLake, fromStaging, mappingOf } from "../../src/definition/types.js";

/** Each type with a value that is near its edge, and the Parquet column that must come of it: physical and converted type. */
const ALL: readonly [type: ColumnType, sample: string, physical: string, converted: string | null][] = [
  [{ kind: "smallint" }, "-32768", "INT32", "INT_16"],
  [{ kind: "integer" }, "2147483647", "INT32", "INT_32"],
  [{ kind: "bigint" }, "9007199254740993", "INT64", "INT_64"],
  [{ kind: "decimal", precision: 9, scale: 2 }, "1234567.89", "INT32", "DECIMAL"],
  [{ kind: "decimal", precision: 18, scale: 4 }, "12345678901234.5678", "INT64", "DECIMAL"],
  [
    { kind: "decimal", precision: 38, scale: 10 },
    "1234567890123456789012345678.0123456789",
    "FIXED_LEN_BYTE_ARRAY",
    "DECIMAL",
  ],
  [{ kind: "real" }, "1.5", "FLOAT", null],
  [{ kind: "double" }, "0.1", "DOUBLE", null],
  [{ kind: "boolean" }, "true", "BOOLEAN", null],
  [{ kind: "varchar", length: 20 }, "Zürich", "BYTE_ARRAY", "UTF8"],
  [{ kind: "char", length: 3 }, "abc", "BYTE_ARRAY", "UTF8"],
  [{ kind: "date" }, "2026-11-22", "INT32", "DATE"],
  [{ kind: "timestamp" }, "2026-11-22 09:30:00.123456", "INT64", "TIMESTAMP_MICROS"],
  [{ kind: "timestamptz" }, "2026-11-22 09:30:00.123456+00", "INT64", "TIMESTAMP_MICROS"],
  [{ kind: "time" }, "09:30:00.25", "BYTE_ARRAY", "UTF8"],
  [{ kind: "super" }, '{"a":[1,2.50]}', "BYTE_ARRAY", "UTF8"],
];

test("each type goes through Parquet as the table says, and comes out with the same text", async () => {
  const folder = await mkdtemp(join(tmpdir(), "penstock-types-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const ask = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    for (const [type, sample, physical, converted] of ALL) {
      const { lake, duckdb, parquet } = mappingOf(type);
      const file = join(folder, `${type.kind}.parquet`);
      await connection.run(`COPY (SELECT CAST('${sample}' AS ${lake}) AS c) TO '${file}' (FORMAT parquet)`);
      const schema = await ask(`SELECT type, converted_type FROM parquet_schema('${file}') WHERE name = 'c'`);
      expect({ kind: type.kind, schema }).toEqual({
        kind: type.kind,
        schema: [{ type: physical, converted_type: converted }],
      });
      expect(parquet.split(" ")[0]).toBe(physical);
      await connection.run(`CREATE OR REPLACE TABLE target (c ${duckdb})`);
      await connection.run(`INSERT INTO target SELECT ${fromLake(type, "c")} FROM read_parquet('${file}')`);
      expect(await ask("SELECT CAST(c AS VARCHAR) AS text FROM target")).toEqual([{ text: sample }]);
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
});

test("only what COPY from Parquet cannot carry is cast on the way from staging", () => {
  const casts = Object.fromEntries(
    ALL.map(([type]) => [type.kind, fromStaging(type, "c")]).filter(([, cast]) => cast !== "c"),
  );
  expect(casts).toEqual({ timestamptz: "(c AT TIME ZONE 'UTC')", time: "CAST(c AS TIME)", super: "JSON_PARSE(c)" });
});

test("Glue has no TIMESTAMPTZ, TIME or SUPER", () => {
  const glue = Object.fromEntries(ALL.map(([type]) => [type.kind, mappingOf(type).glue]));
  expect(glue).toMatchObject({ timestamptz: "timestamp", time: "string", super: "string" });
});

test("every type has an encoding, and RAW takes every type", () => {
  for (const [type] of ALL) expect(ENCODING_TYPES.raw).toContain(type.kind);
});
