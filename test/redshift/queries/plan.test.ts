/** What is generated costs no more than what one would write by hand. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Fixture, openFixture } from "./fixture.js";

let tables: Fixture;
beforeAll(async () => {
  tables = await openFixture();
  const columns = Array.from({ length: 60 }, (_, index) => `c${index + 1} integer`);
  await tables.table("wide", columns);
  await tables.duck(
    `INSERT INTO main.wide SELECT ${columns.map((_, index) => `i + ${index}`).join(", ")} FROM range(10000) t(i)`,
  );
  await tables.table("flights", ["carrier varchar(2)", "delay integer", "flown_on date", "origin varchar(3)"]);
  await tables.duck(
    "INSERT INTO main.flights SELECT 'A' || (i % 5), i % 100, DATE '2024-01-01' + CAST(i % 365 AS INTEGER), 'SFO' FROM range(20000) t(i)",
  );
  tables.view("late_flights", "select carrier, delay, flown_on, origin from flights where delay > 90");
});
afterAll(() => tables.close());

/** The physical plan without what estimates and names of columns alone make different. */
async function plan(sql: string): Promise<string[]> {
  const [row] = await tables.duck(`EXPLAIN ${sql}`);
  const lines = String(row?.[1])
    .split("\n")
    .map((line) => line.replace(/[│┌┐└┘├┤┬┴─]/g, " ").trim());
  return lines.filter((line) => line !== "" && !/^~|^Order By|^count_star\(\) DESC/.test(line));
}

test("a filter with an aggregate has the plan of hand-written SQL", async () => {
  const own = tables.text(
    "select carrier, count(*) as n, avg(delay::float8) from flights where delay > 50 and flown_on >= '2024-06-01' group by carrier order by n desc limit 3",
  );
  const hand =
    "SELECT carrier, count(*) AS n, avg(CAST(delay AS DOUBLE)) FROM main.flights WHERE delay > 50 AND flown_on >= DATE '2024-06-01' GROUP BY carrier ORDER BY n DESC NULLS FIRST LIMIT 3";
  expect(await plan(own)).toEqual(await plan(hand));
});

test("subqueries, common tables and views are flattened, and their filters reach the scan", async () => {
  const hand = await plan("SELECT carrier FROM main.flights WHERE delay > 90 AND delay < 95");
  const same = [
    "select carrier from late_flights where delay < 95",
    "select x.carrier from (select * from flights where delay > 90) x where x.delay < 95",
    "with f as (select * from flights where delay > 90) select carrier from f where delay < 95",
    "select carrier from (select * from (select * from late_flights) a) b where delay < 95",
  ];
  for (const sql of same) {
    const own = await plan(tables.text(sql));
    expect(own.filter((line) => /SEQ_SCAN|Projections|FILTER/.test(line))).toEqual(
      hand.filter((line) => /SEQ_SCAN|Projections|FILTER/.test(line)),
    );
    expect(own.join(" ")).toContain("delay");
  }
});

test("of a wide table only the columns that are used are read", async () => {
  const lines = await plan(
    tables.text(
      "select t.c3 from (select * from (select * from wide) u) t where exists (select * from wide w where w.c7 = t.c3)",
    ),
  );
  const scans = lines.join(" ");
  expect(scans).toMatch(/Projections: c3/);
  expect(scans).toMatch(/Projections: c7/);
  expect(scans).not.toMatch(/\bc60\b/);
});
