import { expect, test } from "vitest";
import { prepareSystemSchema } from "../../../src/redshift/system/views.js";
import { openTestDatabase, WITH_SYSTEM } from "../support/database.js";
import { openSystemDatabase } from "./system-database.js";

const TABLES =
  "select table_name from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema', 'penstock') order by 1";

test("a session sees its own changes at once, others when they are committed", async () => {
  const { database, run, rows } = await openSystemDatabase();
  const other = await database.session();
  await run("begin; create table early (a int)");
  expect(await rows(TABLES)).toEqual(["early"]);
  expect(await other.rows(TABLES)).toEqual([]);
  await run("commit");
  expect(await other.rows(TABLES)).toEqual(["early"]);
  await other.run("drop table early");
  expect(await rows(TABLES)).toEqual([]);
});

test("what was rolled back is not in the catalog, though it was read there", async () => {
  const { run, rows } = await openSystemDatabase();
  expect(await rows(TABLES)).toEqual([]);
  await run("begin; create table gone (a int)");
  expect(await rows(TABLES)).toEqual(["gone"]);
  await run("rollback");
  expect(await rows(TABLES)).toEqual([]);
  await run("begin");
  expect(await rows(TABLES)).toEqual([]);
  await run("rollback");
  expect(await rows("select count(*) from pg_class where relname = 'gone'")).toEqual(["0"]);
});

test("the first look at the catalog may be in a transaction that fails", async () => {
  const { run, rows, error } = await openSystemDatabase();
  await run("create table kept (a int)");
  await run("begin; select * from pg_class");
  expect(await error("select 1 / 0")).toMatch(/^22012/);
  await run("rollback");
  expect(await rows(TABLES)).toEqual(["kept"]);
});

test("temporary tables are seen by the session that made them alone", async () => {
  const { database, run, rows } = await openSystemDatabase();
  const other = await database.session();
  await run("create temp table mine (a int not null, b varchar(5) default 'x')");
  expect(await rows("select table_name, table_type from information_schema.tables where table_name = 'mine'")).toEqual([
    "mine|LOCAL TEMPORARY",
  ]);
  expect(
    await rows(
      "select column_name, column_default from information_schema.columns where table_name = 'mine' order by ordinal_position",
    ),
  ).toEqual(["a|NULL", "b|'x'"]);
  expect(await other.rows("select count(*) from svv_tables where table_name = 'mine'")).toEqual(["0"]);
  await run("drop table mine");
  expect(await rows("select count(*) from pg_class where relname = 'mine'")).toEqual(["0"]);
});

test("a prepared statement shows the catalog of its execution", async () => {
  const { session, run } = await openSystemDatabase();
  const prepared = await session.prepare(session.parse(TABLES)[0]!);
  const read = async () => {
    const found: unknown[] = [];
    for await (const chunk of (await session.execute(prepared)).rows) found.push(...chunk.flat());
    return found;
  };
  expect(await read()).toEqual([]);
  await run("create table t (a int)");
  expect(await read()).toEqual(["t"]);
});

test("statements are told with their text, outcome and relations", async () => {
  const { run, rows, error } = await openSystemDatabase();
  await run("create table t (a int); insert into t values (1), (2); set query_group to 'night'; select a from t");
  await error("select 1 / (a - 1) as a from t");
  expect(
    await rows(
      "select trim(query_type), trim(status), returned_rows, trim(query_text), trim(error_message) from sys_query_history where query_text like '%a from%' and query_text not like '%sys_%' order by query_id",
    ),
  ).toEqual([
    "SELECT|success|2|select a from t|NULL",
    expect.stringMatching(/^SELECT\|failed\|0\|select 1 .*\|divide by zero/i),
  ]);
  expect(
    await rows("select trim(label), trim(querytxt), aborted from stl_query where querytxt like 'select a from t%'"),
  ).toEqual(["night|select a from t|0"]);
  expect(
    await rows(
      "select trim(d.table_name) from sys_query_detail d join sys_query_history h using (query_id) where h.query_text = 'select a from t'",
    ),
  ).toEqual(["penstock.public.t"]);
  expect(await rows("select trim(text) from stl_ddltext where text like 'create table t%'")).toEqual([
    "create table t (a int)",
  ]);
});

test("a long statement comes in parts of 200 characters", async () => {
  const { run, rows } = await openSystemDatabase();
  await run(`select '${"x".repeat(500)}' as long_one`);
  expect(
    await rows(
      "select sequence, length(text) from stl_querytext where query = (select max(query) from stl_query where querytxt like '%long_one%' and querytxt not like '%stl%') order by 1",
    ),
  ).toEqual(["0|200", "1|200", "2|121"]);
});

test("sessions and settings are those of now", async () => {
  const { database, rows, session } = await openSystemDatabase();
  const other = await database.session({ applicationName: "the other", remote: "127.0.0.1:4711" });
  expect(await rows("select count(*), max(process) from stv_sessions")).toEqual([`2|${other.session.processId}`]);
  expect(
    await rows(
      `select trim(remote_address), trim(remote_port), trim(application_name) from sys_connection_log where session_id <> ${session.processId}`,
    ),
  ).toEqual(["127.0.0.1|4711|the other"]);
  await other.run("set search_path to somewhere");
  expect(await other.rows("select setting from pg_settings where name = 'search_path'")).toEqual(["somewhere"]);
  await other.session.close();
  expect(await rows("select count(*) from stv_sessions")).toEqual(["1"]);
});

test("what the system brings is made once for each version of the program", async () => {
  let made = 0;
  const options: typeof WITH_SYSTEM = {
    ...WITH_SYSTEM,
    prepareSystem: (connection) =>
      prepareSystemSchema({
        rows: connection.rows,
        run: (sql) => {
          made += sql.includes("CREATE OR REPLACE MACRO") ? 1 : 0;
          return connection.run(sql);
        },
      }),
  };
  const first = await openTestDatabase(options);
  await (await first.session()).run("create table t (a int)");
  const second = await first.reopen();
  expect(made).toBe(1);
  expect(await (await second.session()).rows(TABLES)).toEqual(["t"]);
});
