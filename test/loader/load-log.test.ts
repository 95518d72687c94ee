import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import { PenstockError } from "../../src/core/errors.js";
import { openLoadLog } from "../../src/loader/load-log.js";
import { openLoader } from "../../src/loader/loader.js";
import { silentLog } from "../../src/warehouse/log.js";
import { type DuckDbUnderTest, openUnderTest } from "../warehouse/duckdb-under-test.js";
import { rowsOf, tableModel, writeObject } from "./fixtures.js";

const statement = (sql: string) => ({ sql, startedAtMs: 0, tookMs: 1 });

describe("the log of a table's loads", () => {
  it("keeps the newest loads and forgets the others", () => {
    const log = openLoadLog(systemClock, { attemptsMax: 2, charactersMax: 1000, statementCharactersMax: 1000 });
    for (const key of ["a", "b", "c"]) log.begin([key]).statement(statement(key));
    expect(log.of("a")).toEqual([]);
    expect(log.of("c")).toMatchObject([{ outcome: "running", objects: 1, statements: [{ sql: "c" }] }]);
  });

  it("keeps no more characters than it may, however long and many the statements are", () => {
    const log = openLoadLog(systemClock, { attemptsMax: 100, charactersMax: 1000, statementCharactersMax: 400 });
    const keys = Array.from({ length: 20 }, (_, index) => `object ${index}`);
    for (const key of keys) {
      const load = log.begin([key]);
      for (let times = 0; times < 5; times++) {
        load.statement({ ...statement("x".repeat(5000)), values: ["y".repeat(5000)], failure: "z".repeat(5000) });
      }
    }
    const kept = keys.flatMap((key) => log.of(key).flatMap(({ statements }) => statements));
    const characters = kept.reduce(
      (sum, { sql, values = [], failure = "" }) => sum + sql.length + values.join("").length + failure.length,
      0,
    );
    expect(kept.length).toBeGreaterThan(0);
    expect(characters).toBeLessThanOrEqual(1000);
    expect(kept.every(({ sql }) => sql.endsWith("(cut)"))).toBe(true);
  });

  it("a load that failed stands before the one that succeeded", () => {
    const log = openLoadLog(systemClock);
    log.begin(["a", "b"]).failed(new PenstockError("unavailable", "The warehouse sleeps."));
    log.begin(["a"]).loaded({ loaded: [], already: [], oldestArrivalMs: 7 });
    expect(log.of("a")).toMatchObject([
      { outcome: "failed", reason: "The warehouse sleeps.", objects: 2 },
      { outcome: "loaded", oldestArrivalMs: 7, objects: 1 },
    ]);
  });
});

describe("what the warehouse tells of a load", () => {
  let under: DuckDbUnderTest;
  const table = tableModel();
  beforeEach(async () => {
    under = await openUnderTest();
    await under.warehouse.applyTable(table);
  });
  afterEach(() => under.close());

  it("every statement from BEGIN to COMMIT, with the rows that it brought", async () => {
    const loader = await openLoader({
      table,
      warehouse: under.warehouse,
      clock: systemClock,
      random: () => 0.5,
      log: silentLog,
    });
    const object = await writeObject(under.lake, { table, flush: 1, rows: rowsOf(1, 3) });
    loader.offer([object]);
    await loader.idle();
    const [attempt, ...others] = loader.attempts(object.key);
    expect(others).toEqual([]);
    expect(attempt).toMatchObject({ outcome: "loaded", objects: 1 });
    const told = attempt?.statements ?? [];
    expect(told[0]?.sql).toBe("BEGIN TRANSACTION");
    expect(told.at(-1)?.sql).toBe("COMMIT");
    expect(told.find(({ sql }) => sql.startsWith('INSERT INTO main."quotes"'))).toMatchObject({ rowsChanged: 3 });
    expect(told.find(({ sql }) => sql.includes("penstock.loads WHERE target = $1"))?.values?.[0]).toBe("quotes");
    await loader.stop();
  });

  it("the statement that failed, and why", async () => {
    const told: { sql: string; failure?: string }[] = [];
    const object = await writeObject(under.lake, { table, flush: 1, rows: rowsOf(1, 3) });
    await under.lake.put(object.key, new TextEncoder().encode("this is no Parquet at all"));
    const request = { table, target: "quotes", objects: [object], deadlineMs: 60_000 };
    await expect(under.warehouse.load({ ...request, onStatement: (one) => told.push(one) })).rejects.toMatchObject({
      code: "load-failed",
    });
    expect(told.filter(({ failure }) => failure !== undefined)).toHaveLength(1);
    expect(told.at(-1)?.failure).toMatch(/parquet/i);
  });
});
