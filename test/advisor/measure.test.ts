import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { chooseEncoding, flattered, measureColumn } from "../../src/advisor/measure.js";
import { readColumn, withinMemory } from "../../src/advisor/read-sample.js";
import type { SampleColumn, SampleValue } from "../../src/advisor/sample.js";
import type { EncodingSize } from "../../src/api/control/contract.js";
import type { SqlType } from "../../src/redshift/types.js";
import { advisorBench, FLIGHTS } from "./support/engine.js";

const column = (type: SqlType, nullable = false): SampleColumn => ({ name: "c", type, nullable });
const sizesOf = (sizes: readonly EncodingSize[]) =>
  Object.fromEntries(sizes.map(({ encoding, sizeBytes }) => [encoding, sizeBytes]));

describe("what a column takes", () => {
  test.each<[string, SqlType, readonly string[]]>([
    ["smallint", { kind: "smallint" }, ["raw", "az64", "bytedict", "delta", "lzo", "mostly8", "runlength", "zstd"]],
    [
      "integer",
      { kind: "integer" },
      ["raw", "az64", "bytedict", "delta", "delta32k", "lzo", "mostly8", "mostly16", "runlength", "zstd"],
    ],
    [
      "bigint",
      { kind: "bigint" },
      ["raw", "az64", "bytedict", "delta", "delta32k", "lzo", "mostly8", "mostly16", "mostly32", "runlength", "zstd"],
    ],
    [
      "decimal",
      { kind: "decimal", precision: 30, scale: 2 },
      ["raw", "az64", "bytedict", "delta", "delta32k", "lzo", "mostly8", "mostly16", "mostly32", "runlength", "zstd"],
    ],
    ["double", { kind: "double" }, ["raw", "bytedict", "runlength", "zstd"]],
    ["boolean", { kind: "boolean" }, ["raw", "runlength", "zstd"]],
    ["char", { kind: "char", length: 3 }, ["raw", "bytedict", "lzo", "runlength", "zstd"]],
    ["varchar", { kind: "varchar", length: 9 }, ["raw", "bytedict", "lzo", "runlength", "text255", "text32k", "zstd"]],
    ["date", { kind: "date" }, ["raw", "az64", "bytedict", "delta", "delta32k", "lzo", "runlength", "zstd"]],
    ["timestamptz", { kind: "timestamptz" }, ["raw", "az64", "bytedict", "lzo", "runlength", "zstd"]],
    ["time", { kind: "time" }, ["raw", "az64"]],
    ["super", { kind: "super" }, ["raw", "lzo", "zstd"]],
  ])("%s has the encodings of Redshift's table, and no others", async (_, type, encodings) => {
    const { tools } = await advisorBench();
    const sizes = await measureColumn(column(type), [null], tools);
    expect(sizes.map(({ encoding }) => encoding)).toEqual(encodings);
  });

  test("RAW is the type's width: text behind four bytes, a boolean a bit, a NULL a bit more, or a byte of VARCHAR", async () => {
    const { tools } = await advisorBench();
    const raw = async (type: SqlType, values: readonly SampleValue[], nullable = false) =>
      sizesOf(await measureColumn(column(type, nullable), values, tools)).raw;
    const numbers = Array.from({ length: 800 }, (_, index) => BigInt(index));
    expect(await raw({ kind: "smallint" }, numbers)).toBe(1600);
    expect(await raw({ kind: "date" }, numbers)).toBe(3200);
    expect(await raw({ kind: "decimal", precision: 19, scale: 2 }, numbers)).toBe(6400);
    expect(await raw({ kind: "decimal", precision: 20, scale: 2 }, numbers)).toBe(12_800);
    expect(
      await raw(
        { kind: "boolean" },
        numbers.map((n) => n % 2n === 0n),
      ),
    ).toBe(100);
    expect(
      await raw(
        { kind: "varchar", length: 20 },
        numbers.map(() => "four"),
      ),
    ).toBe(6400);
    expect(
      await raw(
        { kind: "char", length: 10 },
        numbers.map(() => "four"),
      ),
    ).toBe(8000);
    expect(await raw({ kind: "integer" }, numbers, true)).toBe(3200 + 100);
    expect(
      await raw(
        { kind: "varchar", length: 20 },
        numbers.map(() => "four"),
        true,
      ),
    ).toBe(6400 + 800);
  });

  test("ZSTD is the compressor's own: next to nothing of one letter, all of noise", async () => {
    const { tools } = await advisorBench();
    expect(await tools.zstd([Buffer.alloc(500_000, "a")])).toBeLessThan(200);
    const noise = randomBytes(300_000);
    expect(await tools.zstd([noise])).toBe(noise.length);
    expect(await tools.zstd([noise, noise])).toBe(2 * noise.length);
  });

  test("real flights: a sorted time packs, airports are a dictionary, and no encoder is much larger than RAW", async () => {
    const { engine, tools } = await advisorBench();
    await engine.session(async (session) => {
      await session.run(
        `CREATE TEMP TABLE f AS SELECT file_row_number AS n, * EXCLUDE (file_row_number) FROM read_parquet('${FLIGHTS}', file_row_number = true) LIMIT 30000`,
      );
      const measure = async (name: string, type: SqlType) => {
        const sample = { name, type, nullable: false };
        const values = await readColumn(session, { from: "f", order: "n" }, sample);
        expect(values).toHaveLength(30_000);
        return sizesOf(await measureColumn(sample, values, tools));
      };
      const date = await measure("date", { kind: "timestamp" });
      expect(date.raw).toBe(240_000);
      expect(date.az64!).toBeLessThan(0.7 * date.raw!);
      expect(date.zstd!).toBeLessThan(0.4 * date.raw!);
      // Two bytes where a flight leaves in the minute of the one before it, ten where not: a minute is sixty million microseconds.
      expect(date.delta32k!).toBeGreaterThan(60_000);
      expect((date.delta32k! - 60_000) % 8).toBe(0);
      const origin = await measure("origin", { kind: "varchar", length: 3 });
      expect(origin.bytedict!).toBeLessThan(0.2 * origin.raw!);
      expect(origin.text255!).toBeGreaterThan(origin.bytedict!);
      const delay = await measure("delay", { kind: "integer" });
      expect(delay.mostly8!).toBeLessThan(0.35 * delay.raw!);
      for (const sizes of [date, origin, delay])
        for (const size of Object.values(sizes)) expect(size).toBeLessThan(1.6 * sizes.raw!);
    });
  });

  test("real quotes of the S&P 500: prices of two decimals, sorted by day", async () => {
    const { tools } = await advisorBench();
    const file = fileURLToPath(new URL("../../node_modules/vega-datasets/data/sp500-2000.csv", import.meta.url));
    const rows = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(","));
    const days = rows.map(([day]) => BigInt(Date.parse(`${day}T00:00:00Z`) / 86_400_000));
    const prices = rows.map(([, open]) => BigInt(Math.round(Number(open) * 10_000)));
    const day = await measureColumn(column({ kind: "date" }), days, tools);
    expect(sizesOf(day).delta).toBeLessThan(0.27 * sizesOf(day).raw!);
    expect(chooseEncoding(day).reductionPercent).toBeGreaterThan(70);
    const price = await measureColumn(column({ kind: "decimal", precision: 12, scale: 4 }), prices, tools);
    expect(["az64", "zstd", "mostly32"]).toContain(chooseEncoding(price).encoding);
    expect(chooseEncoding(price).reductionPercent).toBeGreaterThan(40);
  });
});

describe("the choice", () => {
  const size = (encoding: string, sizeBytes: number): EncodingSize => ({ encoding, sizeBytes, by: "encoder" });

  test("is no dictionary where new values keep coming, as of a price that wanders, and one where they are rare", () => {
    const wandering = Array.from({ length: 4000 }, (_, row) => BigInt(Math.floor(row / 20)));
    expect([...flattered(wandering)]).toEqual(["bytedict", "text255"]);
    const settled = Array.from({ length: 4000 }, (_, row) => BigInt(row % 200));
    expect([...flattered(settled)]).toEqual([]);
    const sizes = [size("raw", 1000), size("bytedict", 100), size("zstd", 200)];
    expect(chooseEncoding(sizes).encoding).toBe("bytedict");
    expect(chooseEncoding(sizes, flattered(wandering)).encoding).toBe("zstd");
  });

  test("is the smallest, unless one that is cheaper to read is all but as small", () => {
    expect(chooseEncoding([size("raw", 1000), size("az64", 300), size("zstd", 200)])).toEqual({
      encoding: "zstd",
      reductionPercent: 80,
    });
    expect(chooseEncoding([size("raw", 1000), size("az64", 208), size("zstd", 200)])).toEqual({
      encoding: "az64",
      reductionPercent: 79.2,
      note: "zstd would be 80%, and costs more to read",
    });
    expect(chooseEncoding([size("raw", 1000), size("az64", 1100), size("zstd", 995)])).toMatchObject({
      encoding: "raw",
    });
    expect(chooseEncoding([size("raw", 0)])).toEqual({ encoding: "raw", reductionPercent: 0 });
  });
});

describe("a sample", () => {
  test("of long texts is thinned until it can be held", async () => {
    const { engine } = await advisorBench();
    await engine.session(async (session) => {
      await session.run(
        "CREATE TEMP TABLE t AS SELECT i AS n, repeat(chr(97 + (i % 26)::INTEGER), 10000) AS a, i AS b FROM range(8000) r(i)",
      );
      const columns: SampleColumn[] = [
        { name: "a", type: { kind: "varchar", length: 65_535 }, nullable: false },
        { name: "b", type: { kind: "bigint" }, nullable: false },
      ];
      const relation = await withinMemory(session, { from: "t", where: "n < 7000", order: "n" }, columns);
      // 70 million bytes are three times 32 MiB, rounded up.
      expect(relation.where).toBe("(n < 7000) AND n % 3 = 0");
      const [a, b] = [
        await readColumn(session, relation, columns[0]!),
        await readColumn(session, relation, columns[1]!),
      ];
      expect(a).toHaveLength(2334);
      expect(b.slice(0, 3)).toEqual([0n, 3n, 6n]);
      const small = { from: "t", where: "n < 100", order: "n" };
      expect(await withinMemory(session, small, columns)).toBe(small);
    });
  });
});
