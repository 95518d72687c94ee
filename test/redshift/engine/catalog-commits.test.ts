import { expect, test } from "vitest";
import { openTestDatabase } from "../support/database.js";

async function two() {
  const database = await openTestDatabase();
  return { database, one: await database.session(), other: await database.session() };
}

test("a transaction sees tables as they were when its first statement ran, whatever that one read", async () => {
  const { one, other } = await two();
  await one.run(
    "CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 2); CREATE TABLE u (a int); CREATE TABLE v (a int)",
  );
  await one.run("INSERT INTO u VALUES (10); INSERT INTO v VALUES (20); BEGIN; SELECT 1");
  await other.run("ALTER TABLE t DROP COLUMN b");
  await other.run("BEGIN; ALTER TABLE u RENAME TO w; ALTER TABLE v RENAME TO u; ALTER TABLE w RENAME TO v; COMMIT");
  expect(await one.rows("SELECT * FROM t")).toEqual(["1|2"]);
  expect(await one.rows("SELECT u.a, v.a FROM u, v")).toEqual(["10|20"]);
  await one.run("COMMIT");
  expect(await one.rows("SELECT * FROM t")).toEqual(["1"]);
  expect(await one.rows("SELECT u.a, v.a FROM u, v")).toEqual(["20|10"]);
});

test("a name is given once, to tables and to views", async () => {
  const { one, other } = await two();
  await one.run("CREATE TABLE t (a int)");
  for (const sql of ["CREATE VIEW n AS SELECT a FROM t", "CREATE VIEW late AS SELECT 1 AS a WITH NO SCHEMA BINDING"]) {
    await one.run(`BEGIN; ${sql}`);
    await other.run(`BEGIN; ${sql}`);
    await one.run("COMMIT");
    expect(await other.error("COMMIT")).toMatch(/^40001 1023/);
    expect(other.session.transaction).toBe("idle");
  }
  expect(await one.rows("SELECT count(*) FROM n")).toEqual(["0"]);
  expect(await other.rows("SELECT a FROM late")).toEqual(["1"]);
});

test("a view is not made over a table that is dropped meanwhile, and a table not dropped under a view", async () => {
  const { one, other } = await two();
  await one.run("CREATE TABLE t (a int); BEGIN; CREATE VIEW v AS SELECT a FROM t");
  await other.run("DROP TABLE t");
  expect(await one.error("COMMIT")).toMatch(/^40001/);
  await one.run("CREATE TABLE t (a int); BEGIN; DROP TABLE t");
  await other.run("CREATE VIEW v AS SELECT a FROM t");
  expect(await one.error("COMMIT")).toMatch(/^40001/);
  expect(await one.rows("SELECT count(*) FROM v")).toEqual(["0"]);
});

test("what the warehouse changes by itself does not disturb transactions that change something else", async () => {
  const { database, one } = await two();
  await one.run("BEGIN; CREATE TABLE t (a int)");
  await database.engine.reload();
  await one.run("CREATE VIEW v AS SELECT a FROM t; COMMIT");
  expect(await one.rows("SELECT count(*) FROM v")).toEqual(["0"]);
});

test("sessions that are opened at the same time are counted", async () => {
  const database = await openTestDatabase({ limits: { sessionsMax: 3 } });
  const opened = await Promise.allSettled(Array.from({ length: 8 }, () => database.session()));
  expect(opened.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
});
