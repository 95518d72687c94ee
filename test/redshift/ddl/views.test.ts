import { expect, test } from "vitest";
import { openTestDatabase } from "../support/database.js";

const open = async () => (await openTestDatabase()).session();

test("a view keeps the columns that its tables had when it was made", async () => {
  const { run, rows, error } = await open();
  await run("CREATE TABLE t (a int, b varchar(5)); INSERT INTO t VALUES (1, 'x')");
  await run("CREATE VIEW v AS SELECT * FROM t; CREATE VIEW w (n) AS SELECT a + 1 FROM v");
  await run("ALTER TABLE t ADD COLUMN c int");
  expect((await run("SELECT * FROM v")).columns).toEqual(["a", "b"]);
  expect(await rows("SELECT n FROM w")).toEqual(["2"]);
  expect(await error("INSERT INTO v VALUES (1)")).toBe("42809 cannot insert into a view");
  expect(await error("CREATE VIEW v AS SELECT 1 AS a")).toBe('42P07 Relation "v" already exists');
  expect(await error("CREATE OR REPLACE VIEW v AS SELECT a FROM t")).toBe("42P16 cannot drop columns from view");
  await run("CREATE OR REPLACE VIEW v AS SELECT a, 'y'::varchar(5) AS b, c FROM t");
  expect(await rows("SELECT * FROM v")).toEqual(["1|y|NULL"]);
});

test("what a view reads cannot be dropped, unless the view goes too", async () => {
  const { run, error, notices } = await open();
  await run("CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT * FROM v");
  expect(await error("DROP TABLE t")).toBe("2BP01 cannot drop table t because other objects depend on it");
  expect(await error("DROP VIEW v RESTRICT")).toBe("2BP01 cannot drop view v because other objects depend on it");
  expect(await error("ALTER TABLE t DROP COLUMN a")).toBe(
    "2BP01 cannot drop table t column a because other objects depend on it",
  );
  await run("ALTER TABLE t DROP COLUMN b; DROP TABLE t CASCADE");
  expect(notices.map(({ message }) => message)).toEqual(["drop cascades to view v", "drop cascades to view w"]);
  expect(await error("SELECT * FROM v")).toBe('42P01 relation "v" does not exist');
  expect(await error("DROP TABLE w")).toBe('42P01 Table "w" does not exist');
});

test("a view follows a table that is renamed, and a column of it", async () => {
  const { run, rows } = await open();
  await run(
    "CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT t.a, x.a AS other FROM t JOIN public.t x ON t.a = x.a",
  );
  await run("ALTER TABLE t RENAME TO tt; CREATE TABLE t (a int)");
  expect(await rows("SELECT * FROM v")).toEqual(["1|1"]);
  await run("ALTER TABLE tt RENAME COLUMN a TO b");
  expect(await rows("SELECT * FROM v")).toEqual(["1|1"]);
  await run("ALTER TABLE v RENAME TO v2");
  expect(await rows("SELECT other FROM v2")).toEqual(["1"]);
});

test("a late-binding view means whatever has the name when it is read", async () => {
  const { run, rows, error } = await open();
  await run("CREATE VIEW v AS SELECT * FROM public.t WITH NO SCHEMA BINDING");
  expect(await error("SELECT * FROM v")).toMatch(/^42P01/);
  await run("CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 2)");
  expect(await rows("SELECT * FROM v")).toEqual(["1|2"]);
  await run("DROP TABLE t; CREATE TABLE t (c varchar(3))");
  expect((await run("SELECT * FROM v")).columns).toEqual(["c"]);
  expect(await error("CREATE VIEW w AS SELECT * FROM t WITH NO SCHEMA BINDING")).toMatch(/^42P16/);
});

test("a materialized view has the rows of its last refresh", async () => {
  const { run, rows, error } = await open();
  await run("CREATE TABLE t (a int); INSERT INTO t VALUES (1)");
  await run("CREATE MATERIALIZED VIEW mv AUTO REFRESH NO AS SELECT a, count(*) AS n FROM t GROUP BY a");
  await run("CREATE MATERIALIZED VIEW mv2 AS SELECT sum(n) AS s FROM mv");
  await run("INSERT INTO t VALUES (1), (2)");
  expect(await rows("SELECT * FROM mv ORDER BY 1")).toEqual(["1|1"]);
  await run("REFRESH MATERIALIZED VIEW mv");
  expect(await rows("SELECT * FROM mv ORDER BY 1")).toEqual(["1|2", "2|1"]);
  expect(await rows("SELECT s FROM mv2")).toEqual(["1"]);
  await run("INSERT INTO t VALUES (3); REFRESH MATERIALIZED VIEW mv2 CASCADE");
  expect(await rows("SELECT s FROM mv2")).toEqual(["4"]);
  expect(await error("DELETE FROM mv")).toBe('42809 cannot delete from materialized view "mv"');
  expect(await error("DROP TABLE t")).toMatch(/^2BP01/);
  expect(await error("DROP VIEW mv")).toMatch(/^42809 "mv" is not a view/);
  await run("DROP MATERIALIZED VIEW mv2; DROP MATERIALIZED VIEW mv; DROP TABLE t");
});

test("views survive a restart", async () => {
  const database = await openTestDatabase();
  const { run } = await database.session();
  await run("CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT a + 1 AS b FROM t");
  await run("CREATE MATERIALIZED VIEW m AS SELECT * FROM v");
  const again = await (await database.reopen()).session();
  expect(await again.rows("SELECT v.b, m.b FROM v, m")).toEqual(["2|2"]);
  expect(await again.error("DROP TABLE t")).toMatch(/^2BP01/);
});
