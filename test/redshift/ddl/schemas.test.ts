import { expect, test } from "vitest";
import { openTestDatabase } from "../support/database.js";

const open = async () => (await openTestDatabase()).session();

test("names are looked for on the search path", async () => {
  const { run, rows, error } = await open();
  await run(
    "CREATE SCHEMA s; CREATE TABLE s.t (a int); INSERT INTO s.t VALUES (1); CREATE TABLE t (a int); INSERT INTO t VALUES (2)",
  );
  expect(await rows("SELECT a FROM t")).toEqual(["2"]);
  await run("SET search_path TO s, public");
  expect(await rows("SELECT a FROM t")).toEqual(["1"]);
  await run("CREATE TABLE made (b int)");
  expect((await run("SELECT * FROM s.made")).columns).toEqual(["b"]);
  expect(await rows("SELECT a FROM penstock.public.t")).toEqual(["2"]);
  expect(await error("SELECT * FROM nowhere.t")).toMatch(/^(42P01|3F000)/);
});

test("a schema is dropped when it is empty, or with all that is in it", async () => {
  const { run, error } = await open();
  await run("CREATE SCHEMA s; CREATE TABLE s.t (a int); CREATE VIEW v AS SELECT * FROM s.t");
  expect(await error("CREATE SCHEMA s")).toBe('42P06 Schema "s" already exists');
  expect(await error("DROP SCHEMA s")).toBe("2BP01 cannot drop schema s because other objects depend on it");
  await run("DROP SCHEMA s CASCADE");
  expect(await error("SELECT * FROM v")).toBe('42P01 relation "v" does not exist');
  expect(await error("DROP SCHEMA s")).toBe('3F000 schema "s" does not exist');
  expect(await error("DROP SCHEMA public CASCADE")).toMatch(/^42501/);
  expect(await error("DROP SCHEMA penstock CASCADE")).toMatch(/^42501/);
  expect(await error("CREATE SCHEMA pg_mine")).toMatch(/^42939/);
});

test("a schema is renamed with its tables and the views that read them", async () => {
  const { run, rows } = await open();
  await run(
    "CREATE SCHEMA s; CREATE TABLE s.t (a int NOT NULL); INSERT INTO s.t VALUES (1); CREATE VIEW v AS SELECT * FROM s.t",
  );
  await run("ALTER SCHEMA s RENAME TO r");
  expect(await rows("SELECT r.t.a, v.a FROM r.t, v")).toEqual(["1|1"]);
});

test("Penstock's own tables can be read and not changed", async () => {
  const { rows, error } = await open();
  expect(await rows("SELECT count(*) FROM penstock.loads")).toEqual(["0"]);
  expect(await rows("SELECT count(*) FROM penstock.dead_letter_summary")).toEqual(["0"]);
  for (const sql of [
    "INSERT INTO penstock.replays VALUES ('t', getdate(), 1)",
    "DELETE FROM penstock.loads",
    "UPDATE penstock.loads SET target = 'x'",
    "TRUNCATE penstock.loads",
    "ALTER TABLE penstock.loads ADD COLUMN a int",
    "CREATE VIEW penstock.v AS SELECT 1 AS a",
  ])
    expect([sql, await error(sql)]).toEqual([sql, expect.stringMatching(/^42501/)]);
  for (const sql of [
    "SELECT * FROM penstock_catalog.relations",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM main.sqlite_master",
    "SELECT * FROM '/etc/passwd'",
    "SELECT getenv('HOME')",
  ])
    expect([sql, await error(sql)]).toEqual([sql, expect.stringMatching(/^42/)]);
});

test("comments, privileges, users", async () => {
  const { run, error } = await open();
  await run(
    "CREATE TABLE t (a int); COMMENT ON TABLE t IS 'x'; COMMENT ON COLUMN t.a IS 'y'; COMMENT ON SCHEMA public IS NULL",
  );
  expect(await error("GRANT SELECT ON t TO bob")).toBe('42704 user "bob" does not exist');
  await run("CREATE USER bob PASSWORD DISABLE; CREATE GROUP g; GRANT SELECT, INSERT ON t TO bob, GROUP g");
  await run("REVOKE ALL ON t FROM bob; DROP USER bob; DROP GROUP g");
  expect(await error("COMMENT ON COLUMN t.z IS 'y'")).toMatch(/^42703/);
  await run("ANALYZE t; VACUUM t; BEGIN; LOCK t; COMMIT");
  expect(await error("BEGIN; VACUUM t")).toBe("25001 VACUUM cannot run inside a transaction block");
});
