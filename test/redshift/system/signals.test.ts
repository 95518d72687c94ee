/** What ends the work of other sessions, and what tells of the session's own. */
import { expect, test } from "vitest";
import { openTestDatabase, WITH_SYSTEM } from "../support/database.js";

async function two() {
  const database = await openTestDatabase(WITH_SYSTEM);
  const [one, other] = [await database.session(), await database.session({ applicationName: "the other" })];
  const processId = Number((await other.rows("select pg_backend_pid()"))[0]);
  return { database, one, other, processId };
}

test("pg_cancel_backend ends another session's statement, and the log and STV_SESSIONS agree", async () => {
  const { one, other, processId } = await two();
  await other.run("create table t (a int); insert into t values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)");
  await other.run("insert into t select a.a from t a, t b, t c, t d");
  const long = other.error("select count(*) from t a, t b, t c where a.a + b.a + c.a < 0");
  const running = `select count(*) from stv_recents where pid = ${processId} and status = 'Running'`;
  while ((await one.rows(running))[0] !== "1") await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await one.rows(`select count(*) from stv_sessions where process = ${processId}`)).toEqual(["1"]);
  expect(await one.rows(`select pg_cancel_backend(${processId})`)).toEqual(["1"]);
  expect(await long).toMatch(/^57014 Query \(\d+\) cancelled on user's request/);
  expect(
    await one.rows(
      `select trim(status) from sys_query_history where session_id = ${processId} and query_text like '%b.a + c.a%'`,
    ),
  ).toEqual(["canceled"]);
  expect(await other.rows("select 1")).toEqual(["1"]);
});

test("pg_terminate_backend ends sessions, one by its id, several by a query, or by a parameter", async () => {
  const { database, one, processId } = await two();
  const third = await database.session({ applicationName: "the other" });
  const fourth = await database.session({ applicationName: "another" });
  const pid = Number((await fourth.rows("select pg_backend_pid()"))[0]);
  const answer = await one.run(`select pg_terminate_backend(${processId})`);
  expect([answer.columns, answer.rows, answer.tag]).toEqual([["pg_terminate_backend"], [[1]], "SELECT 1"]);
  expect(await one.rows(`select pg_terminate_backend(${processId})`)).toEqual(["0"]);
  expect(
    await one.rows(
      "select pg_terminate_backend(process) from stv_sessions where process <> pg_backend_pid() and process <> $1",
      [pid],
    ),
  ).toEqual(["1"]);
  expect(await third.error("select 1")).toMatch(/^57P01/);
  expect(await one.rows("select pg_terminate_backend($1)", [pid])).toEqual(["1"]);
  expect(await one.rows("select count(*) from stv_sessions")).toEqual(["1"]);
});

test("elsewhere than alone in a SELECT list they are refused", async () => {
  const { one, processId } = await two();
  expect(await one.error(`select 1 where pg_terminate_backend(${processId}) = 1`)).toMatch(
    /^0A000 pg_terminate_backend must be the only item/,
  );
});

test("a session knows its newest queries, COPYs and UNLOADs", async () => {
  const { one, other } = await two();
  const told =
    "select pg_last_query_id(), pg_last_copy_id(), pg_last_copy_count(), pg_last_unload_id(), pg_last_unload_count()";
  expect(await one.rows(told)).toEqual(["-1|-1|0|-1|0"]);
  await one.run("create table t (a int); insert into t values (1), (2)");
  await other.run("insert into t values (3)");
  const mine = "select query_id from sys_query_history where query_text like 'insert into t values (1%'";
  expect(await one.rows(mine)).toEqual([(await one.rows("select pg_last_query_id()"))[0]]);
});
