import { expect, test } from "vitest";
import { openTestDatabase } from "../support/database.js";

const open = async () => (await openTestDatabase()).session();

test("columns are added, with their default in the rows that are there, renamed and dropped", async () => {
  const { run, rows, error } = await open();
  await run("CREATE TABLE t (a int, b varchar(5)); INSERT INTO t VALUES (1, 'x')");
  await run("ALTER TABLE t ADD COLUMN c int NOT NULL DEFAULT 7");
  await run("ALTER TABLE t ADD d date");
  await run("INSERT INTO t (a) VALUES (2)");
  expect(await rows("SELECT * FROM t ORDER BY a")).toEqual(["1|x|7|NULL", "2|NULL|7|NULL"]);
  await run("ALTER TABLE t RENAME COLUMN b TO bb");
  await run("ALTER TABLE t DROP COLUMN d");
  expect((await run("SELECT * FROM t")).columns).toEqual(["a", "bb", "c"]);
  expect(await error("ALTER TABLE t ADD COLUMN e int NOT NULL")).toBe(
    "42P16 ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression",
  );
  expect(await error("ALTER TABLE t ADD COLUMN a int")).toBe('42701 column "a" of relation "t" already exists');
  expect(await error("ALTER TABLE t DROP COLUMN x")).toBe('42703 column "x" of relation "t" does not exist');
});

test("a table is renamed as dbt does it, in one transaction", async () => {
  const { run, rows } = await open();
  await run("CREATE TABLE m AS SELECT 1 AS a");
  await run(`BEGIN; CREATE TABLE m__tmp AS SELECT 2 AS a; ALTER TABLE m RENAME TO m__backup;
    ALTER TABLE m__tmp RENAME TO m; COMMIT`);
  await run("BEGIN; DROP TABLE IF EXISTS m__backup CASCADE; COMMIT");
  expect(await rows("SELECT * FROM m")).toEqual(["2"]);
});

test("a VARCHAR grows, and shrinks where its values allow", async () => {
  const { run, error } = await open();
  await run("CREATE TABLE t (a varchar(5), n int, d varchar(5) DEFAULT 'x'); INSERT INTO t VALUES ('abcd', 1)");
  expect(await error("INSERT INTO t VALUES ('abcdef', 1)")).toBe("22001 value too long for type character varying(5)");
  await run(
    "ALTER TABLE t ALTER COLUMN a TYPE varchar(10); INSERT INTO t VALUES ('abcdef', 1); DELETE FROM t WHERE a = 'abcdef'",
  );
  await run("ALTER TABLE t ALTER COLUMN a TYPE varchar(4)");
  expect(await error("ALTER TABLE t ALTER COLUMN a TYPE varchar(3)")).toBe(
    "22001 target data size should be at least the longest value",
  );
  expect(await error("ALTER TABLE t ALTER COLUMN a TYPE varchar(4)")).toBe(
    "0A000 target data size should be different",
  );
  expect(await error("ALTER TABLE t ALTER COLUMN n TYPE bigint")).toBe(
    '0A000 cannot alter column "n" from type integer to bigint',
  );
  expect(await error("ALTER TABLE t ALTER COLUMN d TYPE varchar(9)")).toBe(
    '0A000 cannot alter column "d": it has a default value',
  );
});

test("keys, encodings and constraints are changed in the catalog", async () => {
  const { run, error } = await open();
  await run("CREATE TABLE u (id int); CREATE TABLE t (a int DISTKEY SORTKEY, b varchar(5))");
  expect(await error("ALTER TABLE t DROP COLUMN a")).toBe('0A000 cannot drop distkey column "a"');
  await run("ALTER TABLE t ALTER DISTSTYLE EVEN");
  expect(await error("ALTER TABLE t DROP COLUMN a")).toBe('0A000 cannot drop sortkey column "a"');
  await run("ALTER TABLE t ALTER SORTKEY NONE; ALTER TABLE t ALTER COLUMN b ENCODE zstd");
  await run("ALTER TABLE u ADD CONSTRAINT u_key PRIMARY KEY (id); ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u");
  expect(await error("INSERT INTO u VALUES (NULL)")).toBe("23502 Cannot insert a NULL value into column id");
  await run("ALTER TABLE u DROP CONSTRAINT u_key");
  expect(await error("ALTER TABLE u DROP CONSTRAINT u_key")).toBe(
    '42704 constraint "u_key" of relation "u" does not exist',
  );
  await run("ALTER TABLE t DROP COLUMN a");
});

test("rows of one table go over to another", async () => {
  const { run, rows, error } = await open();
  await run("CREATE TABLE a (x int, y int); CREATE TABLE b (x int, z int); INSERT INTO b VALUES (1, 2)");
  expect(await error("ALTER TABLE a APPEND FROM b")).toBe('42804 "b" has columns that "a" has not: z');
  await run("ALTER TABLE b DROP COLUMN z; ALTER TABLE a APPEND FROM b FILLTARGET");
  expect(await rows("SELECT * FROM a")).toEqual(["1|NULL"]);
  expect(await rows("SELECT count(*) FROM b")).toEqual(["0"]);
  expect(await error("BEGIN; ALTER TABLE a APPEND FROM b FILLTARGET")).toBe(
    "25001 ALTER TABLE APPEND cannot run inside a transaction block",
  );
});

test("the shape of the pipeline's tables is the definition's, their rows are anyone's", async () => {
  const database = await openTestDatabase({ isPipelineTable: (name) => name === "quotes" });
  const { run, error, rows } = await database.session();
  await run("CREATE TABLE quotes (a int); INSERT INTO quotes VALUES (1); UPDATE quotes SET a = 2");
  expect(await rows("SELECT * FROM quotes")).toEqual(["2"]);
  const refused = '42501 permission denied: "quotes" is a table of the pipeline';
  expect(await error("ALTER TABLE quotes ADD COLUMN b int")).toBe(refused);
  expect(await error("DROP TABLE quotes")).toBe(refused);
  await run("COMMENT ON TABLE quotes IS 'prices'; TRUNCATE quotes");
  expect(await rows("SELECT count(*) FROM quotes")).toEqual(["0"]);
});

test("a column is added with a default that is worked out for the rows that are there", async () => {
  const { run, rows, error } = await (await openTestDatabase()).session();
  await run("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)");
  await run(
    "ALTER TABLE t ADD COLUMN b bigint NOT NULL DEFAULT 3; ALTER TABLE t ADD COLUMN c date DEFAULT current_date",
  );
  await run("ALTER TABLE t ADD COLUMN d decimal(8,2) DEFAULT 1.5");
  expect(await rows("SELECT a, b, c = current_date, d FROM t ORDER BY a")).toEqual(["1|3|true|1.50", "2|3|true|1.50"]);
  expect(await error("INSERT INTO t (a, b) VALUES (1, NULL)")).toMatch(/^23502/);
});
