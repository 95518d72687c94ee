import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import type { ColumnType } from "../../src/definition/model.js";
import { ENCODING_TYPES, fromLake, fromStaging, mappingOf } from "../../src/definition/types.js";

const ALL: readonly [type: ColumnType, sample: string, parquet: { physical: string; logical: string | null }][] = [
  [{ kind: "smallint" }, "-32768", { physical: "INT32", logical: "IntType(bitWidth=16, isSigned=1)" }],
  [{ kind: "integer" }, "2147483647", { physical: "INT32", logical: null }],
  [{ kind: "bigint" }, "9007199254740993", { physical: "INT64", logical: null }],
  [
    { kind: "decimal", precision: 9, scale: 2 },
    "1234567.89",
    { physical: "INT32", logical: "DecimalType(scale=2, precision=9)" },
  ],
  [
    { kind: "decimal", precision: 18, scale: 4 },
    "12345678901234.5678",
    { physical: "INT64", logical: "DecimalType(scale=4, precision=18)" },
  ],
  [
    { kind: "decimal", precision: 38, scale: 10 },
    "1234567890123456789012345678.0123456789",
    { physical: "FIXED_LEN_BYTE_ARRAY", logical: "DecimalType(scale=10, precision=38)" },
  ],
  [{ kind: "real" }, "1.5", { physical: "FLOAT", logical: null }],
  [{ kind: "double" }, "0.1", { physical: "DOUBLE", logical: null }],
  [{ kind: "boolean" }, "true", { physical: "BOOLEAN", logical: null }],
  [{ kind: "varchar", length: 20 }, "Zürich", { physical: "BYTE_ARRAY", logical: "StringType()" }],
  [{ kind: "char", length: 3 }, "abc", { physical: "BYTE_ARRAY", logical: "StringType()" }],
  [{ kind: "date" }, "2026-11-22", { physical: "INT32", logical: "DateType()" }],
  [
    { kind: "timestamp" },
    "2026-11-22 09:30:00.123456",
    {
      physical: "INT64",
      logical: "TimestampType(isAdjustedToUTC=0, unit=TimeUnit(MILLIS=<null>, MICROS=MicroSeconds(), NANOS=<null>))",
    },
  ],
  [
    { kind: "timestamptz" },
    "2026-11-22 09:30:00.123456+00",
    {
      physical: "INT64",
      logical: "TimestampType(isAdjustedToUTC=1, unit=TimeUnit(MILLIS=<null>, MICROS=MicroSeconds(), NANOS=<null>))",
    },
  ],
  [{ kind: "time" }, "09:30:00.25", { physical: "BYTE_ARRAY", logical: "StringType()" }],
  [{ kind: "super" }, '{"a":[1,2.50]}', { physical: "BYTE_ARRAY", logical: "StringType()" }],
];

test("each type goes through Parquet as the table says, and comes out with the same text", async () => {
  const folder = await mkdtemp(join(tmpdir(), "penstock-types-"));
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const ask = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    for (const [type, sample, parquet] of ALL) {
      const { lake, duckdb, parquet: said } = mappingOf(type);
      const file = join(folder, `${type.kind}.parquet`);
      await connection.run(`COPY (SELECT CAST('${sample}' AS ${lake}) AS c) TO '${file}' (FORMAT parquet)`);
      const [schema] = await ask(`SELECT type, logical_type FROM parquet_schema('${file}') WHERE name = 'c'`);
      expect({ kind: type.kind, physical: schema!.type, logical: schema!.logical_type }).toEqual({
        kind: type.kind,
        ...parquet,
      });
      expect(said.startsWith(parquet.physical)).toBe(true);
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
