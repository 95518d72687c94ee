import { expect, test } from "vitest";
import { openTestDatabase } from "../support/database.js";

test("the engine beneath cannot be reached", async () => {
  const { error, rows } = await (await openTestDatabase()).session();
  const refused = [
    "COPY quotes TO 'out.csv'",
    "COPY (SELECT 1) TO '/tmp/evil.csv'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/evil.csv'",
    "ATTACH '/tmp/other.duckdb' AS other",
    "SET memory_limit TO '100GB'",
    "RESET threads",
    "PRAGMA database_size",
    "/* a */ pragma show_tables",
    "LOAD icu",
    "INSTALL httpfs",
    "EXPORT DATABASE '/tmp/dump'",
    "CALL pragma_version()",
    "CHECKPOINT",
    "USE penstock_catalog",
    "SELECT * FROM enable_logging('QueryLog')",
    'SELECT * FROM "Enable_Logging"()',
    "SELECT * FROM query('SELECT 1')",
    "CREATE VIEW v AS SELECT * FROM force_checkpoint()",
    "SELECT * FROM duckdb_tables()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM glob('/etc/*')",
    "SELECT * FROM '/etc/hostname'",
    "SELECT read_blob('/etc/hostname')",
    "SELECT getvariable('x')",
    "SELECT current_setting('memory_limit')",
    "SELECT error('x')",
    "SELECT * FROM system.information_schema.tables",
    "SELECT * FROM main.t",
    "SELECT * FROM temp.t",
    "INSERT INTO penstock.loads SELECT * FROM penstock.loads",
    "MERGE INTO penstock.locks USING penstock.loads ON locks.target = loads.target WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES ('x', 1)",
    "DROP TABLE penstock.loads",
    "ALTER TABLE penstock.loads RENAME TO gone",
    "ALTER SCHEMA penstock RENAME TO gone",
    "CREATE TABLE penstock_catalog.mine (a int)",
    "DROP SCHEMA penstock_catalog CASCADE",
    "GRANT ALL ON nothing TO PUBLIC",
  ];
  for (const sql of refused)
    expect([sql, await error(sql)]).toEqual([sql, expect.stringMatching(/^(42|0A|3F|22023|55P02)/)]);
  expect(await rows("SELECT count(*) FROM penstock.loads")).toEqual(["0"]);
});

test("an error says nothing of the engine's files", async () => {
  const database = await openTestDatabase();
  const { error } = await database.session();
  for (const sql of [
    "SELECT nope",
    "SELECT * FROM nope",
    "SELECT nope(1)",
    "SELECT 'x'::int",
    "SELECT 1/0",
    "SELECT (SELECT 1 UNION SELECT 2)",
  ]) {
    const text = await error(sql);
    expect(text).not.toMatch(/LINE 1|warehouse\.duckdb|XX000|Binder Error|Conversion Error/);
    expect(text).not.toContain(database.path);
  }
});
