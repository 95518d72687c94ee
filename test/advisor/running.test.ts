import { describe, expect, test } from "vitest";
import { parseStatements } from "../../src/redshift/syntax/parse.js";
import { type RunningPipeline, run, temporaryFolder, writeDefinition } from "../runtime/running-pipeline.js";
import { advisorBench, flightRecords } from "./support/engine.js";

const DEFINITION = `
  export default pipeline("air", {
    tables: [table("flights", {
      from: stream("flights"),
      format: json(),
      columns: {
        flown_at: timestamptz().notNull(),
        delay: smallint(),
        distance: integer().notNull(),
        origin: varchar(3).notNull(),
        destination: varchar(3).notNull(),
      },
      deliver: { bufferSeconds: 900 },
    })],
  });`;

async function airport(flights = 12_000): Promise<RunningPipeline> {
  const { engine } = await advisorBench();
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const pipeline = await run(folder);
  const records = await flightRecords(engine, flights);
  for (let first = 0; first < records.length; first += 500)
    await pipeline.put("flights", records.slice(first, first + 500));
  return pipeline;
}

const QUERIES = [
  "select count(*) from flights where origin = 'ATL' and flown_at >= '2001-06-01' and flown_at < '2001-07-01'",
  "select avg(delay) from flights where origin in ('SFO', 'LAX')",
  "select destination, count(*) from flights f where f.origin = 'ORD' group by 1",
];

describe("advice on a running pipeline", () => {
  test("is by the lake's objects and the queries that were run, and its DDL is Redshift's", async () => {
    const { instance, rows } = await airport();
    await expect(instance.advise({ table: "flights" })).rejects.toThrow("has no rows yet");
    await instance.flush();
    for (const sql of QUERIES) await rows(sql);
    const advice = await instance.advise({ table: "flights" });
    expect(advice.sample).toEqual({ from: "lake", rows: 12_000, rowsTotal: 12_000, expectedRows: 100_000_000 });
    expect(advice.queries).toEqual({ statements: 3, useful: 3 });
    expect(advice.sortKey.predicates[0]).toEqual({ column: "origin", equality: 3, range: 0, join: 0 });
    expect(advice.sortKey.best?.columns[0]).toBe("origin");
    expect(advice.sortKey.best!.skipped).toBeGreaterThan(advice.sortKey.current.skipped + 0.2);
    const sizes = new Map(advice.columns.map(({ name, best }) => [name, best]));
    expect(sizes.get("origin")).toBe("raw");
    expect(sizes.get("destination")).toBe("bytedict");
    expect(advice.distribution.best).toEqual({ style: "even" });
    expect(advice.ddl).toContain("DISTSTYLE AUTO");
    expect(advice.patch).not.toContain("distStyle");
    // What is advised is a statement of Redshift's, and a table can be made of it.
    expect(() => parseStatements(advice.ddl)).not.toThrow();
    for (const statement of advice.alter) expect(() => parseStatements(statement)).not.toThrow();
    await rows("create schema later");
    await rows(advice.ddl.replace("public.", "later."));
    expect(advice.patch).toContain('+    destination: varchar(3).notNull().encode("bytedict"),');
    expect(advice.patch).toContain('+  sortKey: ["origin"');
    expect(advice.reasons).toHaveLength(3);
  });

  test("takes statements besides the log's, and tables that were made by SQL, with joins", async () => {
    const { instance, rows } = await airport(4000);
    await instance.flush();
    await rows("create table shops (id integer not null, city varchar(30)) diststyle even");
    await rows(`insert into shops select distance, origin from flights`);
    const advice = await instance.advise({
      table: "shops",
      slices: 4,
      expectedRows: 5_000_000,
      statements: ["select s.city from shops s join flights f on s.city = f.origin where f.delay > 10"],
    });
    expect(advice.sample.from).toBe("table");
    expect(advice.queries.useful).toBe(1);
    const key = advice.distribution.options.find(({ style }) => style === "key")!;
    expect(key).toMatchObject({ column: "city", collocated: 1 });
    expect(key.rowsMax).toBeGreaterThanOrEqual(5_000_000 / 4);
    expect(advice.patch).toBe("");
    await expect(instance.advise({ table: "nowhere" })).rejects.toThrow("There is no table public.nowhere");
  });

  test("a shadow is built as advised, asked what was asked, and taken away", async () => {
    const { instance, rows } = await airport(6000);
    await instance.flush();
    await expect(instance.shadow({ table: "flights" })).rejects.toThrow("There is no sort key to try on flights");
    for (const sql of QUERIES) await rows(sql);
    const report = await instance.shadow({
      table: "flights",
      statements: ["select * from public.flights where origin = 'ATL'"],
    });
    expect(report).toMatchObject({ table: "flights", shadow: "penstock_shadow.flights", rows: 6000, kept: false });
    expect(report.queries.map(({ sql }) => sql).sort()).toEqual([...QUERIES].sort());
    for (const { beforeMs, afterMs, ratio } of report.queries) expect(ratio).toBeCloseTo(beforeMs / afterMs, 6);
    expect(report.skipped.map(({ reason }) => reason)).toEqual([
      "it names the table's schema, and would read the original",
    ]);
    await expect(rows("select * from penstock_shadow.flights")).rejects.toThrow("does not exist");
    const kept = await instance.shadow({ table: "flights", keep: true });
    expect(kept.kept).toBe(true);
    expect(await rows("select count(*) from penstock_shadow.flights")).toEqual([[6000]]);
    // Its own questions are no evidence: what was asked is counted once still.
    expect((await instance.advise({ table: "flights" })).queries.statements).toBe(3);
  });
});

describe("advice on other tables and lakes", () => {
  test("an interleaved key has its shadow too, of a table in a schema of its own", async () => {
    const { instance, rows } = await airport(6000);
    await instance.flush();
    await rows("create schema air");
    await rows("create table air.routes as select origin, destination, distance, delay from flights");
    const statements = [
      "select count(*) from routes where distance = 1000",
      "select count(*) from routes where delay = 5",
    ];
    const advice = await instance.advise({ table: "air.routes", statements, expectedRows: 5_000_000_000 });
    expect(advice.sample).toMatchObject({ from: "table", rows: 6000 });
    expect(advice.sortKey.best).toMatchObject({ style: "interleaved" });
    expect(advice.ddl).toMatch(
      /CREATE TABLE air\.routes[\s\S]*INTERLEAVED SORTKEY \((distance, delay|delay, distance)\);$/,
    );
    expect(() => parseStatements(advice.ddl)).not.toThrow();
    const report = await instance.shadow({ table: "air.routes", statements, expectedRows: 5_000_000_000 });
    expect(report).toMatchObject({ rows: 6000, sortKey: { style: "interleaved" } });
    expect(report.queries.map(({ sql }) => sql)).toEqual(statements);
  });

  test("a lake of JSON is sampled, and objects from before a column was added", async () => {
    const folder = await temporaryFolder();
    const definition = (
      more: string,
    ) => `export default pipeline("shop", { tables: [table("orders", { from: stream("orders"), format: json(),
      columns: { id: integer().notNull(), state: varchar(20), paid_at: timestamptz()${more} }, deliver: { format: "json", bufferSeconds: 900 } })] });`;
    const order = (id: number) => ({
      id,
      state: id % 2 === 0 ? "open" : "paid",
      paid_at: "2026-01-02T03:04:05Z",
      price: 1.25,
    });
    await writeDefinition(folder, definition(""));
    const first = await run(folder);
    await first.put(
      "orders",
      Array.from({ length: 400 }, (_, id) => order(id)),
    );
    await first.instance.flush();
    await first.close();
    await writeDefinition(folder, definition(", price: decimal(10, 2)"));
    const second = await run(folder);
    await second.put(
      "orders",
      Array.from({ length: 300 }, (_, id) => order(400 + id)),
    );
    await second.instance.flush();
    const advice = await second.instance.advise({ table: "orders" });
    expect(advice.sample).toMatchObject({ from: "lake", rows: 700, rowsTotal: 700 });
    expect(advice.columns.map(({ name }) => name)).toEqual(["id", "state", "paid_at", "price"]);
    for (const { name, reductionPercent } of advice.columns)
      expect([name, reductionPercent > 30]).toEqual([name, true]);
  });
});
