import { describe, expect, test } from "vitest";
import { analyzeCompressionHandler } from "../../src/advisor/analyze-compression.js";
import { openTestDatabase, type TestSession } from "../redshift/support/database.js";
import { advisorBench, flightRows } from "./support/engine.js";

async function openAnalyzed() {
  const bench = await advisorBench();
  const database = await openTestDatabase({
    handlers: { "analyze-compression": analyzeCompressionHandler(bench.tools) },
  });
  return { ...bench, session: await database.session() };
}

async function insert(session: TestSession, table: string, rows: readonly string[]): Promise<void> {
  for (let first = 0; first < rows.length; first += 2000) {
    await session.run(`INSERT INTO ${table} VALUES ${rows.slice(first, first + 2000).join(", ")}`);
  }
}

const FLIGHTS_DDL =
  "CREATE TABLE flights (date TIMESTAMP NOT NULL, delay SMALLINT, distance INTEGER NOT NULL, origin CHAR(3) NOT NULL, destination VARCHAR(3) NOT NULL)";

describe("ANALYZE COMPRESSION", () => {
  test("answers Redshift's columns, a row for each column, on real flights", async () => {
    const { session, engine } = await openAnalyzed();
    await session.run(FLIGHTS_DDL);
    await insert(session, "flights", await flightRows(engine, 20_000));
    const { columns, rows, tag } = await session.run("ANALYZE COMPRESSION flights");
    expect(columns).toEqual(["Table", "Column", "Encoding", "Est_reduction_pct"]);
    expect(tag).toBe("ANALYZE COMPRESSION");
    expect(rows.map((row) => row.slice(0, 3))).toEqual([
      ["flights", "date", expect.stringMatching(/^(az64|zstd)$/)],
      ["flights", "delay", expect.stringMatching(/^(az64|mostly8|zstd)$/)],
      ["flights", "distance", expect.stringMatching(/^(az64|zstd)$/)],
      ["flights", "origin", "bytedict"],
      ["flights", "destination", "bytedict"],
    ]);
    for (const row of rows) expect(String(row[3])).toMatch(/^\d{1,2}\.\d\d$/);
    // Two thirds of three letters, less a dictionary of some two hundred airports.
    expect(Number(rows[3]![3])).toBeGreaterThan(60);
    expect(Number(rows[3]![3])).toBeLessThan(67);
  });

  test("takes a list of columns, a schema's name and a temporary table", async () => {
    const { session } = await openAnalyzed();
    await session.run("CREATE SCHEMA shop; CREATE TABLE shop.orders (id INTEGER, state VARCHAR(20))");
    await insert(
      session,
      "shop.orders",
      Array.from({ length: 3000 }, (_, index) => `(${index}, '${index % 3 === 0 ? "delivered" : "ordered"}')`),
    );
    expect(await session.rows("ANALYZE COMPRESSION shop.orders (state)")).toEqual([
      expect.stringMatching(/^orders\|state\|(bytedict|text255|zstd|lzo)\|\d\d\.\d\d$/),
    ]);
    await session.run("CREATE TEMP TABLE t AS SELECT * FROM shop.orders");
    expect(await session.rows("ANALYZE COMPRESSION t")).toHaveLength(2);
  });

  test("leaves the columns of a sort key as they are", async () => {
    const { session } = await openAnalyzed();
    await session.run(
      "CREATE TABLE t (a INTEGER ENCODE az64, b INTEGER, c INTEGER ENCODE raw) COMPOUND SORTKEY (a, b)",
    );
    await insert(
      session,
      "t",
      Array.from({ length: 2000 }, (_, index) => `(${index}, ${index}, 7)`),
    );
    const rows = await session.rows("ANALYZE COMPRESSION t");
    expect(rows.slice(0, 2)).toEqual(["t|a|az64|0.00", "t|b|raw|0.00"]);
    expect(rows[2]).toMatch(/^t\|c\|(az64|runlength|zstd)\|9\d\.\d\d$/);
  });

  test("without a table it answers for all of them, and has nothing to say of an empty one", async () => {
    const { session } = await openAnalyzed();
    await session.run("CREATE TABLE one (a INTEGER); CREATE TABLE two (b VARCHAR(5), c BOOLEAN)");
    expect(await session.rows("ANALYZE COMPRESSION")).toEqual(["one|a|raw|0.00", "two|b|raw|0.00", "two|c|raw|0.00"]);
  });

  test("may stand in a transaction, where it sees the transaction's own rows", async () => {
    const { session } = await openAnalyzed();
    await session.run("BEGIN; CREATE TABLE t (a BIGINT NOT NULL)");
    await insert(
      session,
      "t",
      Array.from({ length: 2000 }, () => "(7)"),
    );
    expect((await session.rows("ANALYZE COMPRESSION t COMPROWS 2000"))[0]).toMatch(/^t\|a\|az64\|98\.\d\d$/);
    await session.run("ROLLBACK");
    expect(await session.error("ANALYZE COMPRESSION t")).toMatch(/^42P01/);
  });

  test("refuses COMPROWS without a table or out of its range, views, and columns that are not there", async () => {
    const { session } = await openAnalyzed();
    await session.run("CREATE TABLE t (a INTEGER); CREATE VIEW v AS SELECT a FROM t");
    expect(await session.error("ANALYZE COMPRESSION COMPROWS 5000")).toMatch(/^42601 COMPROWS/);
    expect(await session.error("ANALYZE COMPRESSION t COMPROWS 999")).toBe(
      "22023 COMPROWS is 999; it must be from 1000 to 1000000000",
    );
    expect(await session.error("ANALYZE COMPRESSION t COMPROWS 1000000001")).toMatch(/^22023/);
    expect(await session.error("ANALYZE COMPRESSION v")).toMatch(/^42809/);
    expect(await session.error("ANALYZE COMPRESSION t (b)")).toMatch(/^42703/);
  });

  test("every type has a measure", async () => {
    const { session } = await openAnalyzed();
    await session.run(
      `CREATE TABLE t (a SMALLINT, b INTEGER, c BIGINT, d DECIMAL(18,4), e DECIMAL(38,2), f REAL, g DOUBLE PRECISION, h BOOLEAN, i CHAR(4),
         j VARCHAR(50), k DATE, l TIME, m TIMETZ, n TIMESTAMP, o TIMESTAMPTZ, p SUPER, q VARBYTE(10))`,
    );
    const row = (index: number) =>
      `(${index}, ${index}, ${index}, ${index}.5, -${index}.25, 1.5, ${index}.125, ${index % 2 === 0}, 'ab', 'word ${index % 9}', '2026-01-0${1 + (index % 9)}',
        '10:00:0${index % 9}', '10:00:0${index % 9}+00', '2026-01-01 00:00:0${index % 9}', '2026-01-01 00:00:0${index % 9}+00', JSON_PARSE('{"a":${index}}'), 'abc'::VARBYTE)`;
    await insert(session, "t", [
      ...Array.from({ length: 500 }, (_, index) => row(index)),
      `(${"NULL, ".repeat(16)}NULL)`,
    ]);
    const rows = await session.rows("ANALYZE COMPRESSION t");
    expect(rows.map((line) => line.split("|")[1])).toEqual([..."abcdefghijklmnopq"]);
    for (const line of rows) expect(Number(line.split("|")[3])).toBeGreaterThan(0);
  });
});
