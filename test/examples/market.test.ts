import type { Row } from "penstock";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type DemoOptions, quoteWalk } from "../../examples/market/demo.js";
import { quotes } from "../../examples/market/penstock.js";
import { rowEncoder } from "../../src/client/encode-row.js";
import { checkSingleTable } from "../../src/definition/check-pipeline.js";
import { loadDefinition, loadModule } from "../../src/definition/load.js";
import { type Door, openDoor } from "../api/door.js";
import { seededRandom } from "../simulation/random.js";

let door: Door;
beforeEach(async () => {
  door = await openDoor();
  await door.stream("quotes", 2);
  await door.stream("daily-prices", 1);
});
afterEach(() => door.close());

async function textsOf(name: string): Promise<string[]> {
  const texts: string[] = [];
  for (const shard of door.store.find(name)!.shards) {
    const records = await shard.read(shard.firstSequence, { recordsMax: 100_000, bytesMax: 64 * 1024 * 1024 });
    texts.push(...records.map(({ data }) => Buffer.from(data).toString()));
  }
  return texts;
}

test("simulated quotes are rows of the table, with a bid below the ask", () => {
  const next = quoteWalk(seededRandom(1).next);
  const encoder = rowEncoder(checkSingleTable(quotes).table);
  const rows = Array.from({ length: 5000 }, (_, index): Row<typeof quotes> => next(new Date(index * 10), 0.01));
  for (const row of rows) {
    encoder.encode(row);
    expect(Number(row.bid)).toBeLessThan(Number(row.ask));
    expect(Number(row.ask) - Number(row.bid)).toBeLessThan(0.06);
    expect(Number(row.bid)).toBeGreaterThan(300);
    expect(Number(row.bid)).toBeLessThan(1200);
  }
  expect(new Set(rows.map(({ bid }) => bid)).size).toBeGreaterThan(10);
});

test("the demo puts quotes on both shards, every daily price, and a bad record, until it is told to stop", async () => {
  const module = await loadModule("examples/market/demo.ts");
  const start = module.demo as (options: DemoOptions) => Promise<void>;
  const stopping = new AbortController();
  const warnings: string[] = [];
  const running = start({
    endpoint: door.url,
    signal: stopping.signal,
    recordsPerSecond: 500,
    log: { warn: (details, message) => warnings.push(`${message} ${JSON.stringify(details)}`) },
  });
  const enough = async () => {
    const [quoted, priced] = [await textsOf("quotes"), await textsOf("daily-prices")];
    return quoted.length > 500 && priced.length >= 5105 && quoted.some((text) => text.includes("not a price"));
  };
  while (!(await enough())) await new Promise((resolve) => setTimeout(resolve, 100));
  stopping.abort();
  await running;
  expect(warnings).toEqual([]);
  const stopped = (await textsOf("quotes")).length;
  const prices = await textsOf("daily-prices");
  expect(prices).toHaveLength(5105);
  expect(prices[0]).toBe("2000-01-03,1469.250000,1478.000000,1438.359985,1455.219971,1455.219971,931800000");
  for (const shard of door.store.find("quotes")!.shards) expect(shard.lastSequence).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect((await textsOf("quotes")).length).toBe(stopped);
});

test("the examples' definitions are valid", async () => {
  expect((await loadDefinition("examples/market")).streams.map(({ name, shards }) => [name, shards])).toEqual([
    ["daily-prices", 1],
    ["quotes", 2],
  ]);
  expect((await loadDefinition("examples/flights")).tables[0]!.columns.map(({ name }) => name)).toEqual([
    "date",
    "delay",
    "distance",
    "origin",
    "destination",
  ]);
});
