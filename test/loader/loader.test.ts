import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import type { FlushResult, LakeObject } from "../../src/delivery/flush.js";
import { type LoaderOptions, openLoader } from "../../src/loader/loader.js";
import { silentLog } from "../../src/warehouse/log.js";
import { type DuckDbUnderTest, openUnderTest } from "../warehouse/duckdb-under-test.js";
import { type Fault, faultyWarehouse } from "./faulty-warehouse.js";
import { column, rowsOf, tableModel, writeDeadLetters, writeObject } from "./fixtures.js";

describe("the loader of a table", () => {
  let under: DuckDbUnderTest;
  const table = tableModel();
  beforeEach(async () => {
    under = await openUnderTest();
    await under.warehouse.applyTable(table);
  });
  afterEach(() => under.close());

  const loaderOf = (more: Partial<LoaderOptions> = {}) =>
    openLoader({
      table,
      warehouse: under.warehouse,
      clock: systemClock,
      random: () => 0.5,
      log: silentLog,
      backoff: { firstMs: 1, maxMs: 4 },
      ...more,
    });
  const objects = (count: number, rows = 2) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        writeObject(under.lake, { table, flush: index + 1, rows: rowsOf(index * rows + 1, rows) }),
      ),
    );
  const flushOf = (object: LakeObject): FlushResult => ({
    table: "quotes",
    flush: object.flush,
    schemaVersion: 1,
    decidedAtMs: 0,
    deliveredAtMs: 0,
    ranges: [],
    objects: [object],
  });
  const sequences = async () => (await under.rows("quotes")).map(([sequence]) => sequence);

  it("loads what it is offered, several objects in one load, and says so", async () => {
    const given = await objects(5);
    const warehouse = faultyWarehouse(under.warehouse, []);
    const loader = await loaderOf({ warehouse });
    expect(loader.state()).toMatchObject({
      loader: { state: "idle" },
      rowsLoaded: 0,
      loadsPending: 0,
      freshnessMs: undefined,
    });
    loader.offer(given);
    loader.offer(given);
    expect(loader.state().loadsPending).toBe(5);
    await loader.idle();
    expect(await sequences()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(warehouse.loads).toEqual([given.map(({ key }) => key)]);
    const state = loader.state();
    expect(state).toMatchObject({ loader: { state: "idle" }, rowsLoaded: 10, loadsPending: 0, objectsQuarantined: 0 });
    expect(state.loads.map(({ key }) => key).sort()).toEqual(given.map(({ key }) => key).sort());
    expect(state.freshnessMs).toBeTypeOf("number");
    await loader.stop();
  });

  it("loads every object once, whatever becomes of the answers", async () => {
    const fault = fc.constantFrom<Fault>("none", "after-commit", "before-commit", "conflict", "timeout", "ledger");
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 8 }),
        fc.integer({ min: 1, max: 3 }),
        async (faults, batchObjectsMax) => {
          const own = tableModel({ name: `quotes_${++round}` });
          await under.warehouse.applyTable(own);
          const given: LakeObject[] = [];
          for (let flush = 1; flush <= 4; flush++) {
            given.push(
              await writeObject(under.lake, {
                table: own,
                flush,
                key: `${own.name}/${flush}.parquet`,
                rows: rowsOf(flush * 2, 2),
              }),
            );
          }
          const loader = await loaderOf({
            table: own,
            warehouse: faultyWarehouse(under.warehouse, faults),
            batchObjectsMax,
          });
          for (const object of given) loader.offer([object]);
          await loader.idle();
          expect((await under.rows(own.name)).map(([sequence]) => sequence)).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
          expect(loader.state()).toMatchObject({ rowsLoaded: 8, loadsPending: 0 });
          await loader.stop();
        },
      ),
      { numRuns: 25 },
    );
  });

  it("finds the one bad object among good ones, quarantines it with its reason, and loads it when it is mended", async () => {
    const given = await objects(9);
    const bad = given[4] as LakeObject;
    const whole = Buffer.concat(await (await under.lake.get(bad.key)).toArray());
    await under.lake.put(bad.key, whole.subarray(0, 50));
    const loader = await loaderOf({
      warehouse: faultyWarehouse(under.warehouse, ["none", "none", "none", "quarantine"]),
    });
    loader.offer(given);
    await loader.idle();
    expect(await sequences()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18]);
    const [shown] = loader.state().loads.filter(({ status }) => status === "quarantined");
    expect(shown?.reason).toContain(bad.key);
    expect(loader.state()).toMatchObject({ objectsQuarantined: 1, loadsPending: 0, rowsLoaded: 16 });
    await loader.stop();

    await under.lake.put(bad.key, whole);
    const later = await loaderOf();
    await later.sweep(given.map(flushOf));
    await later.idle();
    expect(await sequences()).toHaveLength(16);
    expect(later.state()).toMatchObject({ objectsQuarantined: 1, rowsLoaded: 16 });
    expect(await later.retryQuarantined()).toBe(1);
    await later.idle();
    expect(await sequences()).toHaveLength(18);
    expect(later.state()).toMatchObject({ objectsQuarantined: 0, rowsLoaded: 18 });
    await later.stop();
  });

  it("sweeps up at start what the ledger lacks, and nothing else", async () => {
    const given = await objects(4);
    const first = await loaderOf();
    first.offer(given.slice(0, 2));
    await first.stop();
    const warehouse = faultyWarehouse(under.warehouse, ["ledger"]);
    const second = await loaderOf({ warehouse });
    await second.sweep(
      (async function* () {
        yield* given.map(flushOf);
        yield { ...flushOf(given[0] as LakeObject), table: "another" };
      })(),
    );
    await second.idle();
    expect(warehouse.loads).toEqual([given.slice(2).map(({ key }) => key)]);
    expect(await sequences()).toHaveLength(8);
    expect(second.state().rowsLoaded).toBe(8);
    await second.stop();
  });

  it("keeps no more objects in memory than it may, and loads them all the same, oldest first", async () => {
    const given = await objects(23);
    const warehouse = faultyWarehouse(under.warehouse, ["none", "timeout", "ledger"]);
    const asked: number[] = [];
    const loader = await loaderOf({
      warehouse,
      batchObjectsMax: 2,
      pendingObjectsMax: 6,
      delivered: (sinceFlush) => {
        asked.push(sinceFlush);
        return given.filter(({ flush }) => flush >= sinceFlush).map(flushOf);
      },
    });
    for (const object of given.slice(0, 15)) loader.offer([object]);
    expect(loader.state().loadsPending).toBe(15);
    for (const object of given.slice(15)) loader.offer([object]);
    await loader.idle();
    expect(asked[0]).toBe(7);
    expect(loader.state()).toMatchObject({ loader: { state: "idle" }, loadsPending: 0, rowsLoaded: 46 });
    expect(await sequences()).toEqual(Array.from({ length: 46 }, (_, index) => index + 1));
    const first = warehouse.loads.map((keys) => given.findIndex(({ key }) => key === keys[0]));
    expect(first).toEqual(first.toSorted((a, b) => a - b));
    await loader.stop();
  });

  it("loses none of those that a sweep has still to come to when newer ones find no room meanwhile", async () => {
    const given = await objects(20);
    let sweeps = 0;
    const loader = await loaderOf({
      batchObjectsMax: 2,
      pendingObjectsMax: 4,
      delivered: async function* (sinceFlush) {
        sweeps++;
        for (const object of given.filter(({ flush }) => flush >= sinceFlush && flush <= (sweeps === 1 ? 15 : 20))) {
          // While the first is at work, the newest are delivered.
          if (sweeps === 1 && object.flush === 8) loader.offer(given.slice(15));
          yield flushOf(object);
        }
      },
    });
    loader.offer(given.slice(0, 15));
    await loader.idle();
    expect(await sequences()).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    await loader.stop();
  });

  it("stops, and says so, when the objects that found no room cannot be found again", async () => {
    const given = await objects(5);
    const loader = await loaderOf({
      pendingObjectsMax: 2,
      delivered: () => {
        throw new Error("bad line");
      },
    });
    loader.offer(given);
    await expect(loader.idle()).rejects.toThrow(/cannot be found: bad line/);
    expect(loader.state().loader.state).toBe("stopped");
    await loader.stop();
  });

  it("never mixes versions or kinds in one load, and leaves filtered identities alone", async () => {
    const wider = { ...table, columns: [...table.columns, column("venue", { kind: "varchar", length: 4 })] };
    const [old] = await objects(1);
    await under.warehouse.applyTable(wider);
    const young = await writeObject(under.lake, { table: wider, flush: 2, schemaVersion: 2, rows: rowsOf(10, 1) });
    const letters = await writeDeadLetters(under.lake, { table, flush: 3, letters: [{ sequence: 20, raw: "?" }] });
    const filtered = { ...young, key: "quotes/filtered.parquet", kind: "filtered" as const };
    const warehouse = faultyWarehouse(under.warehouse, []);
    const loader = await loaderOf({ table: wider, warehouse });
    loader.offer([old as LakeObject, young, letters, filtered]);
    await loader.idle();
    expect(warehouse.loads).toEqual([[old?.key], [young.key], [letters.key]]);
    expect(loader.state()).toMatchObject({ rowsLoaded: 3, deadLetters: 1 });
    await loader.stop();
  });

  it("keeps a load within its bytes", async () => {
    const given = await objects(5);
    const warehouse = faultyWarehouse(under.warehouse, []);
    const loader = await loaderOf({ warehouse, batchBytesMax: given[0] ? given[0].sizeBytes * 2 + 10 : 0 });
    loader.offer(given);
    await loader.idle();
    expect(warehouse.loads.map((keys) => keys.length)).toEqual([2, 2, 1]);
    await loader.stop();
  });

  it("waits for a table that is not as it should be, quarantines nothing, and goes on when it is back", async () => {
    const given = await objects(2);
    await under.warehouse.query("ALTER TABLE quotes RENAME TO hidden");
    const loader = await loaderOf();
    loader.offer(given);
    while (loader.state().loader.state !== "retrying") await systemClock.sleep(1);
    expect(loader.state().loader.reason).toContain('"quotes" is not in the warehouse');
    await under.warehouse.query("ALTER TABLE hidden RENAME TO quotes");
    await loader.idle();
    expect(await sequences()).toHaveLength(4);
    expect(loader.state().objectsQuarantined).toBe(0);
    await loader.stop();
  });

  it("lets others go first when one object fails for no fault of its own", async () => {
    const given = await objects(3);
    const stuck = given[0] as LakeObject;
    let patience = 12;
    const warehouse = {
      ...under.warehouse,
      load: async (request: Parameters<typeof under.warehouse.load>[0]) => {
        if (request.objects.some(({ key }) => key === stuck.key) && patience-- > 0) {
          return under.warehouse.load({
            ...request,
            deadlineMs: 0,
            signal: AbortSignal.abort(Object.assign(new Error("out of memory"))),
          });
        }
        return under.warehouse.load(request);
      },
    };
    const order: string[] = [];
    const loader = await loaderOf({
      warehouse,
      batchObjectsMax: 1,
      onLoaded: ({ loaded }) => order.push(...loaded.map(({ key }) => key)),
    });
    loader.offer(given);
    await loader.idle();
    expect(order).toEqual([given[1]?.key, given[2]?.key, stuck.key]);
    await loader.stop();
  });

  it("stops in bounded time while the warehouse is away, and the next start loads the rest", async () => {
    const given = await objects(2);
    const away = faultyWarehouse(
      under.warehouse,
      Array.from({ length: 10_000 }, () => "before-commit" as const),
    );
    const loader = await loaderOf({ warehouse: away, backoff: { firstMs: 60_000, maxMs: 60_000 } });
    loader.offer(given);
    await loader.stop(20);
    expect(loader.state().loader.state).toBe("stopped");
    expect(await sequences()).toEqual([]);
    const next = await loaderOf();
    await next.sweep(given.map(flushOf));
    await next.stop();
    expect(await sequences()).toEqual([1, 2, 3, 4]);
  });
});
