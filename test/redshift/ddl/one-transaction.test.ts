import { expect, test } from "vitest";
import { openTestDatabase } from "../support/database.js";

const open = async () => (await openTestDatabase()).session();

test("an object that changes several times in a transaction is as it was last, or as it was before", async () => {
  const { run, rows, error } = await open();
  await run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
  await run("BEGIN; DROP TABLE t; CREATE TABLE t (z int); INSERT INTO t VALUES (5); COMMIT");
  expect(await rows("SELECT z FROM t")).toEqual(["5"]);
  await run("BEGIN; ALTER TABLE t ADD COLUMN b int; COMMENT ON TABLE t IS 'x'; ALTER TABLE t RENAME TO u; ROLLBACK");
  expect(await rows("SELECT * FROM t")).toEqual(["5"]);
  expect(await error("SELECT * FROM u")).toMatch(/^42P01/);
});

test("two tables take each other's names in a transaction", async () => {
  const { run, rows } = await open();
  await run("CREATE TABLE a (n int); CREATE TABLE b (n int); INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)");
  const swap = "BEGIN; ALTER TABLE a RENAME TO c; ALTER TABLE b RENAME TO a; ALTER TABLE c RENAME TO b; COMMIT";
  await run(swap);
  expect(await rows("SELECT a.n, b.n FROM a, b")).toEqual(["2|1"]);
  await run(swap);
  expect(await rows("SELECT a.n, b.n FROM a, b")).toEqual(["1|2"]);
});

test("a view and a table follow each other under one name", async () => {
  const { run, rows } = await open();
  await run(
    "CREATE TABLE t (a int); BEGIN; CREATE VIEW v AS SELECT a FROM t; DROP VIEW v; CREATE TABLE v (q int); COMMIT",
  );
  await run("INSERT INTO v VALUES (7)");
  expect(await rows("SELECT q FROM v")).toEqual(["7"]);
});
