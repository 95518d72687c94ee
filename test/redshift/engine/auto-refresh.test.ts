import { expect, test } from "vitest";
import { systemClock } from "../../../src/core/clock.js";
import { startAutoRefresh } from "../../../src/redshift/engine/auto-refresh.js";
import type { SqlEngine } from "../../../src/redshift/engine/open.js";
import { openTestDatabase, type TestDatabase, WITH_SYSTEM } from "../support/database.js";

const names = (engine: SqlEngine) => engine.staleViews().map(({ name }) => name);

/** One look at all views, as the runner does it by itself now and then. */
async function refreshOnce(engine: SqlEngine): Promise<string[]> {
  const failures: string[] = [];
  const refresher = startAutoRefresh({
    database: engine,
    clock: systemClock,
    intervalMs: 3_600_000,
    onError: (error, view) => failures.push(`${view}: ${String(error)}`),
  });
  await refresher.runOnce();
  await refresher.close();
  return failures;
}

async function withViews(): Promise<TestDatabase> {
  const database = await openTestDatabase(WITH_SYSTEM);
  const { run } = await database.session();
  await run("CREATE TABLE sales (region VARCHAR(10), amount INTEGER)");
  await run("INSERT INTO sales VALUES ('north', 1)");
  await run("CREATE VIEW northern AS SELECT amount FROM sales WHERE region = 'north'");
  await run(
    "CREATE MATERIALIZED VIEW totals AUTO REFRESH YES AS SELECT region, sum(amount) AS total FROM sales GROUP BY region",
  );
  await run("CREATE MATERIALIZED VIEW north AUTO REFRESH YES AS SELECT sum(amount) AS total FROM northern");
  await run("CREATE MATERIALIZED VIEW by_hand AS SELECT count(*) AS n FROM sales");
  return database;
}

test("views are refreshed by themselves after what they read has changed, through views too, and others are left", async () => {
  const { engine, session } = await withViews();
  const { run, rows } = await session();
  expect(names(engine)).toEqual([]);
  await run("INSERT INTO sales VALUES ('north', 10), ('south', 5)");
  expect(names(engine)).toEqual(["totals", "north"]);
  expect(await refreshOnce(engine)).toEqual([]);
  expect(await rows("SELECT region, total FROM totals ORDER BY 1")).toEqual(["north|11", "south|5"]);
  expect(await rows("SELECT total FROM north")).toEqual(["11"]);
  expect(await rows("SELECT n FROM by_hand")).toEqual(["1"]);
  expect(names(engine)).toEqual([]);
});

test.each([
  "UPDATE sales SET amount = 2",
  "DELETE FROM sales",
  "TRUNCATE sales",
  "CREATE TABLE more (r VARCHAR(10)); MERGE INTO sales USING more ON sales.region = more.r WHEN MATCHED THEN UPDATE SET amount = 9 WHEN NOT MATCHED THEN INSERT VALUES (more.r, 1)",
])("%s makes them stale", async (change) => {
  const { engine, session } = await withViews();
  const { run } = await session();
  await run(change);
  expect(names(engine)).toContain("totals");
});

test("what is not committed makes nothing stale, nor does what was rolled back", async () => {
  const { engine, session } = await withViews();
  const { run } = await session();
  await run("BEGIN; INSERT INTO sales VALUES ('west', 1)");
  expect(names(engine)).toEqual([]);
  await run("ROLLBACK");
  expect(names(engine)).toEqual([]);
  await run("BEGIN; INSERT INTO sales VALUES ('west', 1); COMMIT");
  expect(names(engine)).toContain("totals");
});

test("a change that commits while a view is computed leaves it stale", async () => {
  const { engine, session } = await withViews();
  const [first, second] = [await session(), await session()];
  await first.run("BEGIN; SELECT count(*) FROM sales");
  await second.run("INSERT INTO sales VALUES ('west', 1)");
  await first.run("REFRESH MATERIALIZED VIEW totals; COMMIT");
  expect(names(engine)).toContain("totals");
  await first.run("REFRESH MATERIALIZED VIEW totals");
  expect(names(engine)).not.toContain("totals");
});

test("after a start each is taken for stale; AUTO REFRESH NO ends it; the pipeline's own loads count", async () => {
  const reopened = await (await withViews()).reopen();
  const { engine, session } = reopened;
  expect(names(engine)).toEqual(["totals", "north"]);
  await refreshOnce(engine);
  engine.rowsChanged("sales");
  expect(names(engine)).toEqual(["totals", "north"]);
  const { run } = await session();
  await run("ALTER MATERIALIZED VIEW totals AUTO REFRESH NO");
  expect(names(engine)).toEqual(["north"]);
});

test("one that fails is told of, and keeps no other back", async () => {
  const { engine, session } = await withViews();
  const { run, rows } = await session();
  await run("CREATE MATERIALIZED VIEW aaa AUTO REFRESH YES AS SELECT 1 / amount AS share FROM sales");
  await run("INSERT INTO sales VALUES ('north', 0)");
  expect(await refreshOnce(engine)).toEqual([expect.stringContaining('"public"."aaa"')]);
  expect(await rows("SELECT total FROM north")).toEqual(["1"]);
  expect(names(engine)).toEqual(["aaa"]);
  const [told] = await rows(
    "SELECT refresh_type, status FROM svl_mv_refresh_status WHERE mv_name = 'aaa' AND status LIKE 'Refresh failed%'",
  );
  expect(told).toContain("Divide by zero");
});
