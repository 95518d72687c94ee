import { expect, test } from "vitest";
import { openTestDatabase, type TestDatabase, type TestSession } from "../support/database.js";

async function withBig(options: Parameters<typeof openTestDatabase>[0] = {}) {
  const database = await openTestDatabase(options);
  const one = await database.session();
  await one.run("CREATE TABLE big (n int); INSERT INTO big VALUES (0)");
  for (let have = 1; have < 65_536; have *= 2) await one.run(`INSERT INTO big SELECT n + ${have} FROM big`);
  return { database, one };
}

/** More rows than anybody could put aside. */
const ENDLESS = "SELECT x.n, y.n FROM big x, big y WHERE x.n <> y.n + 1000000";

async function begin({ session }: TestSession, sql: string) {
  const [statement] = session.parse(sql);
  const result = await session.execute(await session.prepare(statement!));
  const rows = result.rows[Symbol.asyncIterator]();
  await rows.next();
  return rows;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function statesOf({ engine }: TestDatabase, sql: string) {
  return engine.queryLog
    .entries()
    .filter((entry) => entry.sql === sql)
    .map(({ state }) => state);
}

test("a statement that waits for the rows of an open result to be put aside can be cancelled", async () => {
  const { database, one } = await withBig();
  const rows = await begin(one, ENDLESS);
  const second = one.error("INSERT INTO big VALUES (1)");
  await pause(300);
  one.session.cancel();
  expect(await second).toMatch(/^57014/);
  await expect(rows.next()).rejects.toMatchObject({ state: "57014" });
  expect(await statesOf(database, ENDLESS)).toEqual(["canceled"]);
  expect(await one.rows("SELECT count(*) FROM big")).toEqual(["65536"]);
});

test("a time limit holds for it, too", async () => {
  const { one } = await withBig();
  await one.run("SET statement_timeout TO 300");
  await begin(one, ENDLESS);
  expect(await one.error("INSERT INTO big VALUES (1)")).toMatch(/^57014/);
});

test("a session ends while rows are put aside, and leaves no connection behind", async () => {
  const { database, one } = await withBig();
  const other = await database.session();
  const { connections } = database;
  const before = await connections();
  await one.run("BEGIN");
  await begin(one, ENDLESS);
  const second = one.error("INSERT INTO big VALUES (1)");
  await pause(300);
  expect(await connections()).toBe(before + 1);
  await one.session.close();
  expect(await second).toMatch(/^08006/);
  expect(await connections()).toBe(before - 1);
  await other.run("BEGIN; DECLARE c CURSOR FOR SELECT n FROM big");
  await other.run("SELECT 1");
  expect(await connections()).toBe(before);
  await other.run("ROLLBACK");
  expect(await connections()).toBe(before - 1);
});

test("what was not read of a result ends with its implicit transaction", async () => {
  const { one } = await withBig();
  one.session.beginImplicit();
  const rows = await begin(one, ENDLESS);
  await one.session.endImplicit("commit");
  await expect(rows.next()).rejects.toMatchObject({ state: "24000" });
  expect(await one.rows("SELECT count(*) FROM big")).toEqual(["65536"]);
});

test("a statement that was prepared before its table changed is refused, not answered in another shape", async () => {
  const database = await openTestDatabase();
  const one = await database.session();
  const other = await database.session();
  await one.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
  const [statement] = one.session.parse("SELECT * FROM t");
  const prepared = await one.session.prepare(statement!);
  await other.run("ALTER TABLE t ADD COLUMN b varchar(10)");
  await expect(one.session.execute(prepared)).rejects.toMatchObject({
    state: "0A000",
    message: "cached plan must not change result type",
  });
  expect(await one.rows("SELECT * FROM t")).toEqual(["1|NULL"]);
});

test("an implicit transaction that is left open is ended, too", async () => {
  const database = await openTestDatabase();
  const one = await database.session();
  const ended = new Promise<Error>((resolve) => one.session.onEnd(resolve));
  await one.run("CREATE TABLE t (a int); SET idle_in_transaction_session_timeout TO 50");
  one.session.beginImplicit();
  await one.run("INSERT INTO t VALUES (1)");
  expect(await ended).toMatchObject({ state: "25P03" });
});

test("the log of statements keeps the beginning of long ones and no more", async () => {
  const database = await openTestDatabase();
  const one = await database.session();
  for (let number = 0; number < 150; number++) await one.run(`SELECT ${number} AS a --${" ".repeat(100_000)}`);
  await one.run("SELECT 'the last one'");
  const texts = database.engine.queryLog.entries().map(({ sql }) => sql);
  expect(texts.at(-1)).toBe("SELECT 'the last one'");
  expect(texts.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(8 * 1024 * 1024);
});
