import { expect, test } from "vitest";
import { openTestDatabase } from "../support/database.js";

test("SHOW tells of settings and of what there is", async () => {
  const { run, rows, error } = await (await openTestDatabase()).session();
  await run(`CREATE SCHEMA s; CREATE TABLE u (id int PRIMARY KEY);
    CREATE TABLE s.t (a int NOT NULL DEFAULT 5, b varchar(7) ENCODE zstd, c decimal(8,2) REFERENCES u) DISTKEY (a) COMPOUND SORTKEY (b, a);
    COMMENT ON COLUMN s.t.b IS 'text'; CREATE VIEW s.v AS SELECT a FROM s.t`);
  expect(await rows("SHOW search_path")).toEqual(["$user, public"]);
  expect(await rows("SHOW transaction isolation level")).toEqual(["serializable"]);
  expect((await rows("SHOW ALL")).some((row) => row.startsWith("timezone|UTC|"))).toBe(true);
  expect((await run("SHOW TIME ZONE")).columns).toEqual(["TimeZone"]);
  expect((await rows("SHOW DATABASES"))[0]).toMatch(/^penstock\|/);
  expect((await rows("SHOW SCHEMAS FROM DATABASE penstock")).map((row) => row.split("|")[1])).toEqual([
    "information_schema",
    "penstock",
    "pg_catalog",
    "public",
    "s",
  ]);
  expect((await rows("SHOW TABLES FROM SCHEMA penstock.s")).map((row) => row.split("|").slice(1, 4).join())).toEqual([
    "s,t,TABLE",
    "s,v,VIEW",
  ]);
  expect((await rows("SHOW TABLES FROM SCHEMA penstock.s LIKE 't%'")).length).toBe(1);
  expect(await rows("SHOW COLUMNS FROM TABLE penstock.s.t")).toEqual([
    "penstock|s|t|a|1|5|NO|integer|NULL|32|0|NULL|COMPOUND|2|1|NULL|NULL",
    "penstock|s|t|b|2|NULL|YES|character varying|7|NULL|NULL|text|COMPOUND|1|NULL|zstd|NULL",
    "penstock|s|t|c|3|NULL|YES|numeric|NULL|8|2|NULL|NULL|NULL|NULL|NULL|NULL",
  ]);
  expect(await rows("SHOW TABLE s.t")).toEqual([
    `CREATE TABLE s.t (
    a integer NOT NULL DEFAULT 5 distkey,
    b character varying(7) ENCODE zstd,
    c numeric(8,2),
    CONSTRAINT t_c_fkey FOREIGN KEY (c) REFERENCES public.u (id)
)
DISTSTYLE KEY
COMPOUND SORTKEY (b, a);`,
  ]);
  expect((await rows("SHOW VIEW s.v"))[0]).toMatch(/^CREATE OR REPLACE VIEW s\.v \(a\) AS SELECT a FROM s\.t;$/);
  expect(await error("SHOW TABLES FROM SCHEMA penstock.nowhere")).toMatch(/^3F000/);
  expect(await error("SHOW nothing_of_the_kind")).toMatch(/^42704/);
});
