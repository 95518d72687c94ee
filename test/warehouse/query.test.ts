import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqlTokens } from "../../src/warehouse/duckdb/sql-tokens.js";
import { explained } from "../../src/warehouse/duckdb/statement-policy.js";
import { rowsOf, tableModel, writeObject } from "../loader/fixtures.js";
import { type DuckDbUnderTest, openUnderTest } from "./duckdb-under-test.js";

describe("SQL from outside", () => {
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

  it("is told what is wrong with it, in the engine's words", async () => {
    await expect(query("SELECT nope FROM quotes")).rejects.toMatchObject({
      code: "query-failed",
      message: expect.stringContaining("nope"),
    });
    await expect(query("SELEC 1")).rejects.toMatchObject({ code: "query-failed" });
    await expect(query("  -- nothing\n")).rejects.toMatchObject({ code: "invalid-argument" });
  });

  it.each([
    "COPY quotes TO 'out.csv'",
    "COPY (SELECT 1) TO '$LAKE/evil.csv'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '$LAKE/evil.csv'",
    "explain /* x */ (analyze, format json) copy (select 1) to '$LAKE/evil.csv'",
    "ATTACH '$LAKE/other.duckdb' AS other",
    "SET memory_limit = '100GB'",
    "RESET threads",
    "PRAGMA database_size",
    "/* a */ pragma show_tables",
    "LOAD icu",
    "INSTALL httpfs",
    "EXPORT DATABASE '$LAKE/dump'",
    "CALL pragma_version()",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "USE penstock",
    "PREPARE p AS SELECT 1",
    "SELECT 1; SELECT 2",
    "SELECT * FROM enable_logging('QueryLog', storage := 'file', storage_path := '$LAKE/log')",
    `SELECT * FROM "Enable_Logging"()`,
    "SELECT * FROM query('SELECT * FROM enable_logging()')",
    "CREATE VIEW v AS FROM force_checkpoint()",
    "INSERT INTO penstock.loads SELECT * FROM penstock.loads",
    "WITH x AS (SELECT 1) INSERT INTO penstock.replays SELECT 'a', now(), 1 FROM x",
    "INSERT OR REPLACE INTO warehouse.penstock.loads SELECT * FROM penstock.loads",
    `UPDATE "PENSTOCK"."loads" SET status = 'x'`,
    "DELETE FROM /* hidden */ penstock . dead_letters",
    "EXPLAIN ANALYZE DELETE FROM penstock.loads",
    "TRUNCATE penstock.loads",
    "TRUNCATE TABLE penstock.loads",
    "MERGE INTO penstock.locks l USING (SELECT 1) x ON true WHEN MATCHED THEN DELETE",
    "DROP TABLE penstock.loads",
    "DROP SCHEMA penstock CASCADE",
    "ALTER TABLE penstock.loads RENAME TO gone",
    "CREATE TABLE penstock.mine (a INTEGER)",
    "CREATE OR REPLACE VIEW penstock.dead_letter_summary AS SELECT 1",
    "CREATE INDEX i ON penstock.deduped (target)",
    "COMMENT ON TABLE penstock.loads IS 'x'",
    "CREATE TABLE t (a VARCHAR, b VARCHAR, FOREIGN KEY (a, b) REFERENCES penstock.loads (target, object_key))",
  ])("is refused: %s", async (sql) => {
    await expect(query(sql.replaceAll("$LAKE", under.lake.root))).rejects.toMatchObject({
      code: expect.stringMatching(/^(refused|query-failed)$/),
    });
    expect(existsSync(join(under.lake.root, "evil.csv"))).toBe(false);
    expect((await query("SELECT count(*) FROM penstock.loads WHERE status = 'loaded'")).rows).toEqual([[1]]);
  });

  it.each([
    "SELECT * FROM penstock.loads",
    "CREATE TABLE copy_of_letters AS SELECT * FROM penstock.dead_letters",
    "CREATE OR REPLACE VIEW ledger AS SELECT object_key FROM penstock.loads",
    "INSERT INTO notes SELECT status FROM penstock.loads",
    "WITH p AS (SELECT * FROM penstock.loads) UPDATE notes SET note = 'penstock' FROM p",
    "DELETE FROM notes USING penstock.loads l WHERE note = l.status",
    "INSERT INTO notes VALUES ('see penstock.loads; -- and /* this')",
    "ALTER TABLE notes ADD COLUMN penstock_seen BOOLEAN",
    "EXPLAIN ANALYZE SELECT * FROM notes",
    "FROM notes",
    "VALUES (1)",
    "SHOW TABLES",
    "DESCRIBE quotes",
  ])("is answered: %s", async (sql) => {
    await query("CREATE TABLE IF NOT EXISTS notes (note VARCHAR)");
    await expect(query(sql)).resolves.toBeDefined();
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

describe("taking SQL apart", () => {
  it.each([
    ["a.b", ["a", ".", "b"]],
    [`"A ""q"" b" x`, ['a "q" b', "x"]],
    ["'it''s' -- gone\n1.5e3", ["'it''s'", "1.5e3"]],
    ["/* a /* nested */ still */ b", ["b"]],
    ["$$ any 'thing' $$ $tag$ $$ $tag$", ["$$ any 'thing' $$", "$tag$ $$ $tag$"]],
    [String.raw`E'a\'b' c`, [String.raw`E'a\'b'`, "c"]],
    ["'open", ["'", "open"]],
  ])("%s", (sql, texts) => {
    expect(sqlTokens(sql).map(({ text }) => text)).toEqual(texts);
  });

  it.each([
    ["EXPLAIN SELECT 1", "SELECT 1"],
    ["explain analyze copy x to 'y'", "copy x to 'y'"],
    ["EXPLAIN (ANALYZE, FORMAT json) DELETE FROM x", "DELETE FROM x"],
    ["EXPLAIN (SELECT 1) UNION SELECT 2", "(SELECT 1) UNION SELECT 2"],
  ])("the statement that %s is about", (sql, inner) => {
    expect(explained(sql)).toBe(inner);
  });
});
