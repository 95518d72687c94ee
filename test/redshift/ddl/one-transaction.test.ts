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

test("a table changes its shape after its rows have changed in the same transaction", async () => {
  const { run, rows, error } = await open();
  await run(
    "CREATE TABLE t (id int identity(1, 1), a int, b varchar(9)); INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y')",
  );
  await run("BEGIN; DELETE FROM t WHERE a = 1; ALTER TABLE t ADD COLUMN c int DEFAULT 7; UPDATE t SET c = 8");
  await run("ALTER TABLE t DROP COLUMN b; INSERT INTO t (a) VALUES (3); COMMIT");
  expect(await rows("SELECT * FROM t ORDER BY a")).toEqual(["2|2|8", "3|3|7"]);
  await run("BEGIN; UPDATE t SET a = a + 1; ALTER TABLE t ADD PRIMARY KEY (a); COMMIT");
  expect(await error("INSERT INTO t (a) VALUES (NULL)")).toMatch(/^23502/);
  await run("BEGIN; UPDATE t SET a = 0; ALTER TABLE t ADD COLUMN d int; ROLLBACK");
  expect(await rows("SELECT * FROM t ORDER BY a")).toEqual(["2|3|8", "3|4|7"]);
  await run("CREATE TEMP TABLE m AS SELECT 1 AS a; BEGIN; UPDATE m SET a = 2; ALTER TABLE m ADD COLUMN b int; COMMIT");
  expect(await rows("SELECT * FROM m")).toEqual(["2|NULL"]);
});
