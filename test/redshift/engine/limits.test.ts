import { expect, test } from "vitest";
import { isSqlError, type SqlError } from "../../../src/redshift/sql-error.js";
import { openTestDatabase, type TestSession } from "../support/database.js";

/** Long enough to be stopped in the middle of on any machine. */
const SLOW = "SELECT count(*) FROM big a, big b, big c WHERE a.n + b.n + c.n = -1";

async function withBig(session: TestSession): Promise<void> {
  await session.run("CREATE TABLE big (n int); INSERT INTO big VALUES (0)");
  for (let have = 1; have < 16_384; have *= 2) await session.run(`INSERT INTO big SELECT n + ${have} FROM big`);
}

test("a statement is cancelled from another session, and its own goes on", async () => {
  const database = await openTestDatabase();
  const one = await database.session();
  await withBig(one);
  const stopped = one.error(SLOW);
  while (one.session.transaction === "idle" && database.engine.sessions()[0]?.state !== "active") await pause();
  await pause();
  expect(database.engine.cancel(one.session.processId)).toBe(true);
  expect(await stopped).toMatch(/^57014 Query \(\d+\) cancelled on user's request$/);
  expect(await one.rows("SELECT 1")).toEqual(["1"]);
  const entry = database.engine.queryLog.entries().find(({ sql }) => sql === SLOW);
  expect(entry).toMatchObject({ state: "canceled", verb: "SELECT", processId: one.session.processId });
});

test("a statement ends at its time limit, whether it waits or runs", async () => {
  const database = await openTestDatabase({ callsMax: 1 });
  const one = await database.session();
  await withBig(one);
  const two = await database.session();
  await one.run("SET statement_timeout TO 700");
  await two.run("SET statement_timeout TO 100");
  const running = one.error(SLOW);
  await pause();
  expect(await two.error("SELECT count(*) FROM big")).toMatch(/^57014/);
  expect(await running).toMatch(/^57014/);
  const three = await database.session();
  const [statement] = three.session.parse(SLOW);
  const prepared = await three.session.prepare(statement!);
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 100);
  await expect(three.session.execute(prepared, [], { signal: abort.signal })).rejects.toMatchObject({ state: "57014" });
  await expect(three.session.execute(prepared, [], { timeoutMs: 50 })).rejects.toMatchObject({ state: "57014" });
});

test("there are so many sessions and no more", async () => {
  const database = await openTestDatabase({ limits: { sessionsMax: 2 } });
  const one = await database.session();
  await database.session();
  await expect(database.session()).rejects.toMatchObject({ state: "53300", severity: "FATAL" });
  await one.session.close();
  await database.session();
  await expect(database.session({ database: "other" })).rejects.toMatchObject({ state: "3D000" });
});

test("a transaction that is idle for too long is ended, and its session with it", async () => {
  const database = await openTestDatabase();
  const one = await database.session();
  const ended = new Promise<Error>((resolve) => one.session.onEnd(resolve));
  await one.run(
    "CREATE TABLE t (a int); SET idle_in_transaction_session_timeout TO 50; BEGIN; INSERT INTO t VALUES (1)",
  );
  const reason = await ended;
  expect(isSqlError(reason, "25P03")).toBe(true);
  expect(await one.error("SELECT 1")).toMatch(/^25P03/);
  const two = await database.session();
  expect(await two.rows("SELECT count(*) FROM t")).toEqual(["0"]);
  expect(database.engine.sessions().map(({ processId }) => processId)).toEqual([two.session.processId]);
});

test("a session is ended from outside in the middle of a statement", async () => {
  const database = await openTestDatabase();
  const one = await database.session();
  await withBig(one);
  const ended = new Promise<Error>((resolve) => one.session.onEnd(resolve));
  const running = one.error(SLOW);
  await pause();
  expect(database.engine.terminate(one.session.processId)).toBe(true);
  expect(await running).toMatch(/^57P01/);
  expect(((await ended) as SqlError).severity).toBe("FATAL");
  expect(database.engine.terminate(one.session.processId)).toBe(false);
});

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
