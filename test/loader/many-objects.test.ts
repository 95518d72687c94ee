import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import { openLoader } from "../../src/loader/loader.js";
import { silentLog } from "../../src/warehouse/log.js";
import type { Warehouse } from "../../src/warehouse/warehouse.js";
import { type DuckDbUnderTest, openUnderTest } from "../warehouse/duckdb-under-test.js";
import { tableModel } from "./fixtures.js";

let under: DuckDbUnderTest;
beforeEach(async () => {
  under = await openUnderTest();
});
afterEach(() => under.close());

/** A ledger as long as this, its entries in the order of their flushes. */
async function ledgerOf(entries: number): Promise<void> {
  await under.warehouse.query(
    `INSERT INTO penstock.loads SELECT 'quotes', 'quotes/' || lpad(i::VARCHAR, 9, '0'), 'rows', 'loaded', i, 1, 2, 2, 0, 0, 4000, NULL,
       make_timestamptz(1772000000000000 + i * 1000000), 12 FROM range(${entries}) t(i)`,
  );
}

/** The port, with the calls that were made through it. */
function counted(warehouse: Warehouse): { readonly port: Warehouse; readonly calls: string[] } {
  const calls: string[] = [];
  const port = new Proxy(warehouse, {
    get: (target, name, receiver) => {
      calls.push(String(name));
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
  return { port, calls };
}

async function pollOf(entries: number) {
  await ledgerOf(entries);
  const { port, calls } = counted(under.warehouse);
  const loader = await openLoader({
    table: tableModel(),
    warehouse: port,
    clock: systemClock,
    random: () => 0.5,
    log: silentLog,
  });
  calls.length = 0;
  const states = Array.from({ length: 20 }, () => JSON.stringify(loader.state()));
  await loader.stop();
  return { characters: Math.max(...states.map(({ length }) => length)), calls, rows: loader.state().rowsLoaded };
}

it("a poll asks the warehouse nothing and grows no longer, however long the ledger is", async () => {
  const short = await pollOf(20);
  await under.close();
  under = await openUnderTest();
  const long = await pollOf(30_000);
  expect(long.rows).toBe(60_000);
  expect([...short.calls, ...long.calls]).toEqual([]);
  expect(long.characters).toBeLessThan(short.characters + 100);
});

it("of a long ledger, a span of flushes can be asked for, and nothing else is answered", async () => {
  await ledgerOf(300_000);
  const keys = ["quotes/000250000", "quotes/000250007", "quotes/000000003"];
  const found = await under.warehouse.ledger("quotes", keys, { from: 250_000, to: 250_010 });
  expect([...found.keys()].sort()).toEqual(keys.slice(0, 2));
  expect([...(await under.warehouse.ledger("quotes", keys)).keys()].sort()).toEqual([...keys].sort());
});
