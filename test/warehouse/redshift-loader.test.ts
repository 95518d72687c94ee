import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import type { LakeObject } from "../../src/delivery/flush.js";
import { openLoader } from "../../src/loader/loader.js";
import { silentLog } from "../../src/warehouse/log.js";
import { rowsOf, tableModel, writeDeadLetters, writeObject } from "../loader/fixtures.js";
import { type DataApiFault, faultyDataApi } from "./faulty-data-api.js";
import { openRedshiftUnderTest, type RedshiftUnderTest, redshiftWarehouse } from "./redshift-under-test.js";

/** The whole loader, its warehouse behind HTTP, and requests that go wrong in every way and order. */
describe("the loader, with Redshift for its warehouse", () => {
  let under: RedshiftUnderTest;
  beforeEach(async () => {
    under = await openRedshiftUnderTest();
  });
  afterEach(() => under.close());

  it("brings every object into the table once, and gives up the bad one alone, whatever becomes of the requests", async () => {
    const fault = fc.constantFrom<DataApiFault>("none", "lost-request", "lost-answer", "throttled", "forgotten");
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { minLength: 4, maxLength: 40 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 4 }),
        async (faults, dedupe, badAt) => {
          const table = tableModel({
            name: `quotes_${++round}`,
            ...(dedupe ? { dedupe: { by: ["symbol"], keep: "latest" as const } } : {}),
          });
          await under.warehouse.applyTable(table);
          const left = [...faults];
          // Forgetting is what the service does with statements of the past, not with those it is just given.
          const client = faultyDataApi(under.door.client, (operation) => {
            const next = left.shift() ?? "none";
            return next === "forgotten" && /Execute/.test(operation) ? "none" : next;
          });
          const warehouse = redshiftWarehouse(under.door, { client, pauses: { firstMs: 2, maxMs: 50 } });
          const given: LakeObject[] = [];
          for (let at = 0; at < 5; at++) {
            const key = `${table.name}/${at}.parquet`;
            given.push(await writeObject(under.lake, { table, flush: at + 1, key, rows: rowsOf(at * 2 + 1, 2) }));
          }
          const letters = await writeDeadLetters(under.lake, {
            table: { ...table, deliver: { ...table.deliver, errorPrefix: `errors/${table.name}/` } },
            letters: [{ sequence: 100, raw: "x" }],
          });
          await under.lake.put(given[badAt]!.key, Buffer.from("PAR1 but not really PAR1"));
          const loader = await openLoader({
            table,
            warehouse,
            clock: systemClock,
            random: Math.random,
            log: silentLog,
            backoff: { firstMs: 1, maxMs: 8 },
          });
          for (const object of [...given, letters]) loader.offer([object]);
          await loader.idle();
          const expected = [0, 1, 2, 3, 4].filter((at) => at !== badAt).flatMap((at) => [at * 2 + 1, at * 2 + 2]);
          expect((await under.rows(table.name)).map(([sequence]) => sequence)).toEqual(expected);
          expect(loader.state()).toMatchObject({
            rowsLoaded: 8,
            loadsPending: 0,
            objectsQuarantined: 1,
            deadLetters: 1,
          });
          const { quarantined, loadedRows, deadLetters } = await under.warehouse.summary(table.name, 10);
          expect(quarantined.map(({ key }) => key)).toEqual([given[badAt]!.key]);
          expect({ loadedRows, deadLetters }).toEqual({ loadedRows: 8, deadLetters: 1 });
          await loader.stop();
        },
      ),
      { numRuns: 6 },
    );
  });
});
