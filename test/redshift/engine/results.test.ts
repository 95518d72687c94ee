import { expect, test } from "vitest";
import { openTestDatabase, type TestSession } from "../support/database.js";

const MANY = "SELECT n FROM big ORDER BY n";

async function withBig(rows: number): Promise<TestSession> {
  const one = await (await openTestDatabase()).session();
  await one.run("CREATE TABLE big (n int); INSERT INTO big VALUES (0)");
  for (let have = 1; have < rows; have *= 2) await one.run(`INSERT INTO big SELECT n + ${have} FROM big`);
  return one;
}

async function begin({ session }: TestSession, sql: string) {
  const [statement] = session.parse(sql);
  const result = await session.execute(await session.prepare(statement!));
  return { result, rows: result.rows[Symbol.asyncIterator]() };
}

test("an open result stays readable, in its order, while others run in the session", async () => {
  const one = await withBig(65_536);
  for (const transaction of ["", "BEGIN"]) {
    if (transaction !== "") await one.run(transaction);
    const { result, rows } = await begin(one, MANY);
    const read: unknown[] = (await rows.next()).value.map(([n]: number[]) => n);
    expect(await one.rows("SELECT count(*) FROM big")).toEqual(["65536"]);
    await one.run("UPDATE big SET n = n");
    for (let chunk = await rows.next(); !chunk.done; chunk = await rows.next())
      read.push(...chunk.value.map(([n]) => n));
    expect(read).toEqual(Array.from({ length: 65_536 }, (_, n) => n));
    expect(result.tag()).toBe("SELECT 65536");
    if (transaction !== "") await one.run("COMMIT");
  }
});

test("a result that is returned from early holds nothing", async () => {
  const one = await withBig(8_192);
  const { rows } = await begin(one, MANY);
  await rows.next();
  await rows.return?.();
  expect(one.session.transaction).toBe("idle");
  await one.run("DROP TABLE big");
});

test("an error in the middle of a result fails its transaction", async () => {
  const one = await withBig(8_192);
  await one.run("BEGIN");
  expect(await one.error("SELECT 1 / (n - 8000) FROM big ORDER BY 1")).toMatch(/^22012/);
  expect(one.session.transaction).toBe("failed");
});

test("a cursor is read on from, as much as is asked for", async () => {
  const one = await withBig(8_192);
  await one.run("BEGIN; DECLARE c CURSOR FOR SELECT n FROM big ORDER BY n");
  expect(await one.rows("FETCH 2 FROM c")).toEqual(["0", "1"]);
  expect(await one.rows("FETCH NEXT FROM c")).toEqual(["2"]);
  expect(await one.rows("SELECT count(*) FROM big")).toEqual(["8192"]);
  expect((await one.rows("FETCH FORWARD 5000 FROM c")).length).toBe(5000);
  expect((await one.run("FETCH ALL FROM c")).tag).toBe("FETCH 3189");
  expect((await one.run("FETCH ALL FROM c")).tag).toBe("FETCH 0");
  await one.run("CLOSE c");
  expect(await one.error("FETCH ALL FROM c")).toBe('34000 cursor "c" does not exist');
  await one.run("ROLLBACK");
  expect(await one.error("DECLARE c CURSOR FOR SELECT 1")).toBe(
    "25P01 DECLARE CURSOR may only be used in transaction blocks",
  );
});

test("a cursor ends with its transaction", async () => {
  const one = await withBig(8_192);
  await one.run("BEGIN; DECLARE c CURSOR FOR SELECT n FROM big; FETCH c; COMMIT");
  expect(await one.error("FETCH c")).toBe('34000 cursor "c" does not exist');
});

test("statements that are prepared in SQL take values of their types", async () => {
  const { run, rows, error } = await withBig(4);
  await run("PREPARE p (int, varchar) AS SELECT n, $2 FROM big WHERE n > $1 ORDER BY n");
  expect(await rows("EXECUTE p (1, 'x')")).toEqual(["2|x", "3|x"]);
  expect(await rows("EXECUTE p (1 + 1, 'y')")).toEqual(["3|y"]);
  expect(await error("EXECUTE p (1)")).toBe('42601 wrong number of parameters for prepared statement "p"');
  await run("PREPARE q AS INSERT INTO big VALUES ($1); EXECUTE q (77)");
  expect(await rows("SELECT count(*) FROM big WHERE n = 77")).toEqual(["1"]);
  await run("DEALLOCATE p");
  expect(await error("EXECUTE p (1, 'x')")).toBe('26000 prepared statement "p" does not exist');
});

test("EXPLAIN shows a plan", async () => {
  const { rows, run } = await withBig(4);
  const plan = await rows("EXPLAIN SELECT count(*) FROM big WHERE n > 2");
  expect(plan[0]).toMatch(/^XN /);
  expect(plan.join("\n")).toMatch(/Seq Scan on big/);
  await run("EXPLAIN INSERT INTO big SELECT * FROM big");
  expect(await rows("SELECT count(*) FROM big")).toEqual(["4"]);
});

test("EXPLAIN ANALYZE runs a SELECT, and tells what zone maps passed by", async () => {
  const { rows, error } = await withBig(400_000);
  const [all] = await rows("SELECT count(*) FROM big");
  const plan = (await rows("EXPLAIN ANALYZE SELECT count(*) FROM big WHERE n = 3")).join("\n");
  const [, read, of, passed] = /Rows read: (\d+) of (\d+); (\d+) passed by/.exec(plan) ?? [];
  expect(of).toBe(all);
  expect(Number(read) + Number(passed)).toBe(Number(of));
  expect(Number(passed)).toBeGreaterThan(0);
  expect(plan).toMatch(/Took: [0-9.]+ ms$/);
  expect(await error("EXPLAIN ANALYZE DELETE FROM big")).toContain("EXPLAIN ANALYZE takes a SELECT");
  expect(await rows("SELECT count(*) FROM big")).toEqual([all]);
});

test("every type comes as its canonical value", async () => {
  const { run } = await (await openTestDatabase()).session();
  await run("SET timezone TO 'America/New_York'");
  const { rows } =
    await run(`SELECT 1::smallint, 2::int, 3::bigint, 1.5::real, 'NaN'::float8, 1.20::decimal(38,4), -0.5::decimal(8,2),
    true, 'x'::char(3), 'y'::varchar(3), '2024-02-29'::date, '10:00:00.120'::time, '10:00:00'::timetz,
    '2024-01-31 10:00:00.5'::timestamp, '2024-07-01 10:00:00'::timestamptz, interval '1 year 2 months', interval '3 days 04:05:06',
    json_parse('{"a":[1,2]}'), 'abc'::varbyte, NULL::int`);
  expect(rows[0]).toEqual([
    1,
    2,
    3n,
    1.5,
    Number.NaN,
    "1.2000",
    "-0.50",
    true,
    expect.stringMatching(/^x/),
    "y",
    "2024-02-29",
    "10:00:00.12",
    "10:00:00+00",
    "2024-01-31 10:00:00.5",
    "2024-07-01 10:00:00-04",
    "1 year 2 mons",
    "3 days 04:05:06",
    '{"a":[1,2]}',
    expect.any(Uint8Array),
    null,
  ]);
});
