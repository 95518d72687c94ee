import { expect, test } from "vitest";
import { openTestDatabase } from "../support/database.js";

const open = async () => (await openTestDatabase()).session();

test("after an error a transaction takes nothing but its end", async () => {
  const { session, run, error, rows } = await open();
  await run("CREATE TABLE t (a int); BEGIN; INSERT INTO t VALUES (1)");
  expect(session.transaction).toBe("open");
  expect(await error("SELECT 1/0")).toMatch(/^22012/);
  expect(session.transaction).toBe("failed");
  const refused = "25P02 current transaction is aborted, commands ignored until end of transaction block";
  expect(await error("SELECT 1")).toBe(refused);
  expect((await run("COMMIT")).tag).toBe("ROLLBACK");
  expect(session.transaction).toBe("idle");
  expect(await rows("SELECT count(*) FROM t")).toEqual(["0"]);
});

test("an error of syntax or of names ends a transaction too", async () => {
  const { session, run, error } = await open();
  await run("BEGIN");
  expect(await error("SELEC 1")).toMatch(/^42601/);
  expect(await error("SELECT 1")).toMatch(/^25P02/);
  await run("ROLLBACK; BEGIN");
  expect(await error("SELECT * FROM nothing")).toMatch(/^42P01/);
  expect(session.transaction).toBe("failed");
});

test("BEGIN in a transaction and COMMIT outside of one are told, not refused", async () => {
  const { run, notices } = await open();
  await run("BEGIN; BEGIN; COMMIT; COMMIT; ROLLBACK");
  expect(notices.map(({ severity, message }) => `${severity} ${message}`)).toEqual([
    "WARNING there is already a transaction in progress",
    "WARNING there is no transaction in progress",
    "WARNING there is no transaction in progress",
  ]);
});

test("transactions that change the same rows: the later one is refused", async () => {
  const database = await openTestDatabase();
  const one = await database.session();
  const two = await database.session();
  await one.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
  await one.run("BEGIN; UPDATE t SET a = 2");
  await two.run("BEGIN");
  expect(await two.error("UPDATE t SET a = 3")).toBe("40001 1023: Serializable isolation violation on table - t");
  await one.run("COMMIT");
  await two.run("ROLLBACK; UPDATE t SET a = a + 10");
  expect(await one.rows("SELECT a FROM t")).toEqual(["12"]);
});

test("a transaction sees the tables and rows of the moment when it began", async () => {
  const database = await openTestDatabase();
  const one = await database.session();
  const two = await database.session();
  await one.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
  await one.run("BEGIN; SELECT * FROM t");
  await two.run("INSERT INTO t VALUES (2); CREATE TABLE u (a int)");
  expect(await one.rows("SELECT count(*) FROM t")).toEqual(["1"]);
  expect(await one.error("SELECT * FROM u")).toMatch(/^42P01/);
  await one.run("COMMIT");
  expect(await one.rows("SELECT count(*) FROM t")).toEqual(["2"]);
});

test("two transactions can make tables at the same time; of one name, the later fails", async () => {
  const database = await openTestDatabase();
  const one = await database.session();
  const two = await database.session();
  await one.run("BEGIN; CREATE TABLE a (x int)");
  await two.run("BEGIN; CREATE TABLE b (x int)");
  await one.run("COMMIT");
  await two.run("COMMIT");
  expect(await one.rows("SELECT count(*) FROM a, b")).toEqual(["0"]);
  await one.run("BEGIN; CREATE TABLE c (x int)");
  expect(await two.error("BEGIN; CREATE TABLE c (x int)")).toMatch(/^40001/);
  await one.run("COMMIT");
});

test("settings go back with their transaction, and LOCAL ones with any end", async () => {
  const { session, run, error } = await open();
  const seen: string[] = [];
  session.onSetting((name, value) => seen.push(`${name}=${value}`));
  await run("SET timezone TO 'Europe/Athens'");
  await run("BEGIN; SET timezone TO 'UTC'; ROLLBACK");
  expect(session.setting("timezone")).toBe("Europe/Athens");
  await run("BEGIN; SET LOCAL timezone TO 'UTC'; COMMIT");
  expect(session.setting("timezone")).toBe("Europe/Athens");
  expect(seen.filter((one) => one.startsWith("timezone"))).toEqual([
    "timezone=Europe/Athens",
    "timezone=UTC",
    "timezone=Europe/Athens",
    "timezone=UTC",
    "timezone=Europe/Athens",
  ]);
  expect(await error("SET nothing_of_the_kind TO 1")).toBe(
    '42704 unrecognized configuration parameter "nothing_of_the_kind"',
  );
  await run("SET my.own TO 'x'");
  expect((await run("SHOW my.own")).rows).toEqual([["x"]]);
  expect(await error("SET timezone TO 'Nowhere/City'")).toMatch(/^22023/);
});

test("statements of one message share a transaction, and fail together", async () => {
  const { session, run, rows, error } = await open();
  await run("CREATE TABLE t (a int)");
  session.beginImplicit();
  await run("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)");
  await session.endImplicit("commit");
  session.beginImplicit();
  await run("INSERT INTO t VALUES (3)");
  expect(await error("SELECT nothing")).toMatch(/^42703/);
  expect(await error("SELECT 1")).toMatch(/^25P02/);
  await session.endImplicit("rollback");
  expect(session.transaction).toBe("idle");
  expect(await rows("SELECT a FROM t ORDER BY a")).toEqual(["1", "2"]);
  session.beginImplicit();
  await run("BEGIN; INSERT INTO t VALUES (4)");
  await session.endImplicit("commit");
  expect(session.transaction).toBe("open");
  await run("ROLLBACK");
});

test("TRUNCATE commits its transaction", async () => {
  const { session, run, rows } = await open();
  await run("CREATE TABLE t (a int); CREATE TABLE u (a int); INSERT INTO t VALUES (1)");
  await run("BEGIN; INSERT INTO u VALUES (1); TRUNCATE t");
  expect(session.transaction).toBe("idle");
  expect(await rows("SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM u)")).toEqual(["0|1"]);
});

test("a session that may only read is refused every change", async () => {
  const database = await openTestDatabase();
  await (await database.session()).run("CREATE TABLE t (a int)");
  const { error, rows, run } = await database.session({ readOnly: true });
  for (const sql of [
    "INSERT INTO t VALUES (1)",
    "CREATE TABLE u (a int)",
    "DROP TABLE t",
    "TRUNCATE t",
    "SELECT 1 AS a INTO z",
  ])
    expect([sql, await error(sql)]).toEqual([sql, expect.stringMatching(/^25006 cannot execute/)]);
  await run("PREPARE p AS INSERT INTO t VALUES (1)");
  expect(await error("EXECUTE p")).toBe("25006 cannot execute INSERT in a read-only transaction");
  expect(await rows("SELECT count(*) FROM t")).toEqual(["0"]);
  await run("BEGIN; DECLARE c CURSOR FOR SELECT 1; FETCH c; COMMIT; EXPLAIN SELECT 1");
  const other = await database.session();
  expect(await other.error("BEGIN READ ONLY; INSERT INTO t VALUES (1)")).toMatch(/^25006/);
});
