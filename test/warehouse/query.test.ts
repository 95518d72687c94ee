import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rowsOf, tableModel, writeObject } from "../loader/fixtures.js";
import { type DuckDbUnderTest, openUnderTest } from "./duckdb-under-test.js";

describe("a statement of Penstock's own", () => {
  let under: DuckDbUnderTest;
  const table = tableModel();
  beforeAll(async () => {
    under = await openUnderTest();
    await under.warehouse.applyTable(table);
    const object = await writeObject(under.lake, { table, rows: rowsOf(1, 5) });
    await under.warehouse.load({ table, target: "quotes", objects: [object], deadlineMs: 30_000 });
    await writeFile(join(under.folder, "secret.txt"), "top secret");
  });
  afterAll(() => under.close());
  const query = (sql: string, more = {}) => under.warehouse.query(sql, more);

  it("answers rows with their columns, as JSON can carry them", async () => {
    const { columns, rows, truncated } = await query(
      `SELECT 1 AS one, 9007199254740993 AS big, 1.50::DECIMAL(5,2) AS d, 'nan'::DOUBLE AS nan, 0.1::DOUBLE AS half, NULL AS nothing, true AS yes,
        TIMESTAMPTZ '2026-03-01 10:00:00.123456+02' AS tz, TIMESTAMP '2026-03-01 10:00:00.5' AS ts, TIMESTAMP '1969-12-31 23:59:59.999999' AS early,
        DATE '2026-03-01' AS day, TIME '09:30:00' AS at, 'x'::BLOB AS raw, [1, 2] AS list, {'a': 5::BIGINT, 'b': DATE '2026-01-02'} AS rec, MAP {'k': 1} AS m,
        'infinity'::TIMESTAMP AS never, '{"a": 1}'::JSON AS j`,
    );
    expect(truncated).toBe(false);
    expect(columns.slice(0, 3)).toEqual([
      { name: "one", type: "INTEGER" },
      { name: "big", type: "BIGINT" },
      { name: "d", type: "DECIMAL(5,2)" },
    ]);
    expect(rows).toEqual([
      [
        1,
        "9007199254740993",
        "1.50",
        "NaN",
        0.1,
        null,
        true,
        "2026-03-01T08:00:00.123456Z",
        "2026-03-01T10:00:00.500",
        "1969-12-31T23:59:59.999999",
        "2026-03-01",
        "09:30:00",
        "eA==",
        [1, 2],
        { a: 5, b: "2026-01-02" },
        [{ key: "k", value: 1 }],
        "infinity",
        '{"a": 1}',
      ],
    ]);
  });

  it("answers how many rows a change changed", async () => {
    await query("CREATE TABLE mine (a INTEGER)");
    expect(await query("INSERT INTO mine SELECT * FROM range(7)")).toMatchObject({ changed: 7, rows: [] });
    expect(await query("UPDATE mine SET a = 0 WHERE a > 4")).toMatchObject({ changed: 2 });
    expect(await query("DELETE FROM mine WHERE a = 0")).toMatchObject({ changed: 3 });
    expect((await query("SELECT count(*) FROM mine")).rows).toEqual([[4]]);
    expect((await query("EXPLAIN SELECT * FROM mine")).rows).toHaveLength(1);
    await query("DROP TABLE mine");
  });

  it("fetches no more rows than asked for, from a result that would fill the memory", async () => {
    const { rows, truncated } = await query("SELECT i, repeat('x', 100) FROM range(1000000000) t(i)", {
      rowsMax: 5000,
    });
    expect(rows).toHaveLength(5000);
    expect(truncated).toBe(true);
    expect((await query("SELECT * FROM quotes", { rowsMax: 5 })).truncated).toBe(false);
    expect((await query("SELECT * FROM quotes", { rowsMax: 4 })).truncated).toBe(true);
  });

  it("stops a result whose few rows are huge", async () => {
    const { rows, truncated } = await query("SELECT repeat('x', 10000000) FROM range(100)");
    expect(truncated).toBe(true);
    expect(rows.length).toBeLessThan(10);
  });

  const endless = "SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)";
  it("stops at its time limit, and the next query is answered", async () => {
    await expect(query(endless, { timeoutMs: 50 })).rejects.toMatchObject({ code: "timeout" });
    expect((await query("SELECT 1")).rows).toEqual([[1]]);
  });

  it("stops when its signal fires, before or during", async () => {
    const cancel = new AbortController();
    const running = query(endless, { signal: cancel.signal });
    setTimeout(() => cancel.abort(), 30);
    await expect(running).rejects.toMatchObject({ code: "timeout" });
    await expect(query("SELECT 1", { signal: cancel.signal })).rejects.toMatchObject({ code: "timeout" });
  });

  it("stops however soon its signal fires", async () => {
    for (let round = 0; round < 60; round++) {
      const cancel = new AbortController();
      const running = query(endless, { signal: cancel.signal });
      // Within some hundredths of a millisecond of the moment at which the engine's thread takes it up.
      const untilMs = performance.now() + round / 40;
      const wait = () => (performance.now() < untilMs ? void setImmediate(wait) : cancel.abort());
      wait();
      await expect(running).rejects.toMatchObject({ code: "timeout" });
    }
  });

  it("is told what is wrong with it, in the engine's words", async () => {
    await expect(query("SELECT nope FROM quotes")).rejects.toMatchObject({
      code: "query-failed",
      message: expect.stringContaining("nope"),
    });
    await expect(query("SELEC 1")).rejects.toMatchObject({ code: "query-failed" });
  });

  it("reads the lake, and no file outside of it", async () => {
    const files = (await readdir(join(under.lake.root, "quotes"))).map((name) => join(under.lake.root, "quotes", name));
    expect((await query(`SELECT count(*) FROM read_parquet('${files[0]}')`)).rows).toEqual([[5]]);
    for (const sql of [
      "SELECT * FROM read_text('$DIR/secret.txt')",
      "SELECT * FROM read_text('$LAKE/../secret.txt')",
      "SELECT * FROM read_blob('/etc/hostname')",
      "SELECT * FROM glob('$DIR/*')",
      "SELECT * FROM read_csv('$DIR/secret.txt')",
      "CREATE TABLE stolen AS SELECT * FROM '$DIR/secret.txt'",
      "SELECT * FROM sniff_csv('$DIR/secret.txt')",
    ]) {
      const asked = sql.replaceAll("$LAKE", under.lake.root).replaceAll("$DIR", under.folder);
      await expect(query(asked), asked).rejects.toMatchObject({ code: "query-failed" });
    }
  });

  it("cannot change the ledger's view of a user's own rows, but may delete rows", async () => {
    expect(await query("DELETE FROM quotes WHERE _sequence_number = 5")).toMatchObject({ changed: 1 });
    expect((await query("SELECT loaded_rows FROM penstock.loads")).rows).toEqual([[5]]);
  });
});
