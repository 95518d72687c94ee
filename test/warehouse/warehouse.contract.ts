import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TableModel } from "../../src/definition/model.js";
import type { LakeObject } from "../../src/delivery/flush.js";
import type { ObjectStore } from "../../src/lake/object-store.js";
import type { LoadRequest, Warehouse } from "../../src/warehouse/warehouse.js";
import {
  ARRIVED,
  column,
  type RowGiven,
  rowsOf,
  tableModel,
  writeDeadLetters,
  writeObject,
} from "../loader/fixtures.js";

/** What the suite needs of a driver: itself, a lake that it reads, and a look at what SQL would show. */
export interface WarehouseUnderTest {
  readonly warehouse: Warehouse;
  readonly lake: ObjectStore;
  /** `[sequence, symbol, size]` of each row of the table, in order of the sequence. */
  rows(target: string): Promise<readonly (readonly [number, string, number | null])[]>;
  /** `[loser's sequence, winner's sequence]`, in order. */
  deduped(target: string): Promise<readonly (readonly [number, number])[]>;
  /** Closes, and opens what is on disk again. */
  reopen(): Promise<WarehouseUnderTest>;
  close(): Promise<void>;
}

export interface ContractOptions {
  readonly fileFormat: TableModel["deliver"]["fileFormat"];
  /** Random cases of `dedupe`; fewer for a driver that a network lies before. */
  readonly runs?: number;
  /** Facts that a driver does not keep, each with its reason. */
  readonly except?: readonly { readonly reason: string; readonly tests: readonly string[] }[];
}

/** What every driver of the warehouse port promises. */
export function warehouseContract(
  driver: string,
  open: () => Promise<WarehouseUnderTest>,
  options: ContractOptions,
): void {
  describe(`the warehouse contract, kept by ${driver}`, () => {
    const excepted = new Map(
      (options.except ?? []).flatMap(({ reason, tests }) => tests.map((name) => [name, reason] as const)),
    );
    const fact = (name: string, check: () => Promise<void>) =>
      excepted.has(name) ? it.skip(`${name} (${excepted.get(name)})`) : it(name, check);
    const model = (more: Partial<TableModel> = {}) => {
      const table = tableModel(more);
      return { ...table, deliver: { ...table.deliver, fileFormat: options.fileFormat } };
    };
    const request = (
      table: TableModel,
      objects: readonly LakeObject[],
      more: Partial<LoadRequest> = {},
    ): LoadRequest => ({
      table,
      target: table.name,
      objects,
      deadlineMs: 30_000,
      ...more,
    });
    let under: WarehouseUnderTest;
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());
    const prepare = async (more: Partial<TableModel> = {}) => {
      const table = model(more);
      await under.warehouse.applyTable(table);
      return table;
    };

    fact("a table that is applied has the metadata columns first, then its own", async () => {
      await prepare();
      const columns = await under.warehouse.describeTable("quotes");
      expect(columns?.map(({ name }) => name)).toEqual([
        "_shard_id",
        "_sequence_number",
        "_row_index",
        "_arrived_at",
        "symbol",
        "bid",
        "size",
      ]);
      expect(columns?.find(({ name }) => name === "symbol")?.nullable).toBe(false);
      expect(await under.warehouse.describeTable("nothing")).toBeUndefined();
    });

    fact("a column that is new is added at the end, and applying twice changes nothing", async () => {
      const table = await prepare();
      const wider = {
        ...table,
        columns: [...table.columns, column("venue", { kind: "varchar", length: 4 }, { default: "X" })],
      };
      await under.warehouse.applyTable(wider);
      await under.warehouse.applyTable(wider);
      expect((await under.warehouse.describeTable("quotes"))?.map(({ name }) => name).slice(-2)).toEqual([
        "size",
        "venue",
      ]);
    });

    fact("a table that differs is refused before anything is touched", async () => {
      const table = await prepare();
      const before = await under.warehouse.describeTable("quotes");
      const [symbol, bid, size] = table.columns as [
        TableModel["columns"][0],
        TableModel["columns"][0],
        TableModel["columns"][0],
      ];
      const others: (readonly TableModel["columns"][0][])[] = [
        [bid, symbol, size],
        [symbol, bid],
        [symbol, bid, { ...size, type: { kind: "bigint" as const } }, column("venue", { kind: "smallint" })],
        [symbol, bid, size, column("venue", { kind: "smallint" }, { nullable: false })],
      ];
      for (const columns of others) {
        await expect(under.warehouse.applyTable({ ...table, columns })).rejects.toMatchObject({
          code: "incompatible-schema",
        });
      }
      expect(await under.warehouse.describeTable("quotes")).toEqual(before);
    });

    fact("a loaded object's rows and its ledger entry are there after a restart", async () => {
      const table = await prepare();
      const object = await writeObject(under.lake, { table, rows: rowsOf(1, 3) });
      const report = await under.warehouse.load(request(table, [object]));
      expect(report.loaded).toMatchObject([
        { key: object.key, rows: 3, loadedRows: 3, dedupedRows: 0, status: "loaded" },
      ]);
      expect(report.oldestArrivalMs).toBe(Date.parse(ARRIVED));
      under = await under.reopen();
      expect(await under.rows("quotes")).toEqual([
        [1, "S1", 1],
        [2, "S2", 2],
        [3, "S3", 3],
      ]);
      expect((await under.warehouse.ledger("quotes", [object.key, "other"])).get(object.key)).toMatchObject({
        loadedRows: 3,
        flush: 1,
      });
    });

    fact("the same load made again loads nothing twice", async () => {
      const table = await prepare();
      const one = await writeObject(under.lake, { table, rows: rowsOf(1, 2) });
      const two = await writeObject(under.lake, { table, flush: 2, rows: rowsOf(3, 2) });
      await under.warehouse.load(request(table, [one]));
      const again = await under.warehouse.load(request(table, [one, two]));
      expect(again.already).toEqual([one.key]);
      expect(again.loaded.map(({ key }) => key)).toEqual([two.key]);
      expect(await under.rows("quotes")).toHaveLength(4);
    });

    fact("loads of one object at the same time load it once", async () => {
      const table = await prepare();
      const object = await writeObject(under.lake, { table, rows: rowsOf(1, 50) });
      const reports = await Promise.all(
        Array.from({ length: 6 }, () => under.warehouse.load(request(table, [object]))),
      );
      expect(reports.filter(({ loaded }) => loaded.length === 1)).toHaveLength(1);
      expect(await under.rows("quotes")).toHaveLength(50);
    });

    fact("a bad object among good ones leaves rows and ledger as they were", async () => {
      const table = await prepare();
      const good = await writeObject(under.lake, { table, rows: rowsOf(1, 2) });
      const cut = { ...(await writeObject(under.lake, { table, flush: 2, rows: rowsOf(3, 2) })), rows: 5 };
      await expect(under.warehouse.load(request(table, [good, cut]))).rejects.toMatchObject({ code: "load-failed" });
      expect(await under.rows("quotes")).toEqual([]);
      expect((await under.warehouse.ledger("quotes", [good.key, cut.key])).size).toBe(0);
      await under.warehouse.load(request(table, [good]));
      expect(await under.rows("quotes")).toHaveLength(2);
    });

    fact("an object that is damaged, or not there, cannot be loaded, and its key is named", async () => {
      const table = await prepare();
      const damaged = await writeObject(under.lake, { table, rows: rowsOf(1, 2) });
      await under.lake.put(damaged.key, Buffer.from("no such format"));
      await expect(under.warehouse.load(request(table, [damaged]))).rejects.toMatchObject({ code: "load-failed" });
      await under.lake.delete(damaged.key);
      await expect(under.warehouse.load(request(table, [damaged]))).rejects.toThrow();
      expect(await under.rows("quotes")).toEqual([]);
    });

    fact("a missing table is the schema's fault, not the object's", async () => {
      const table = model();
      const object = await writeObject(under.lake, { table, rows: rowsOf(1, 2) });
      await expect(under.warehouse.load(request(table, [object]))).rejects.toMatchObject({
        code: "incompatible-schema",
      });
    });

    fact("objects of an older version lack the new columns, which become their default or NULL", async () => {
      const table = await prepare();
      const old = await writeObject(under.lake, { table, rows: rowsOf(1, 1) });
      const wider = {
        ...table,
        columns: [
          ...table.columns,
          column("venue", { kind: "varchar", length: 4 }, { default: "X", nullable: false }),
          column("note", { kind: "varchar", length: 4 }),
        ],
      };
      await under.warehouse.applyTable(wider);
      const young = await writeObject(under.lake, {
        table: wider,
        flush: 2,
        schemaVersion: 2,
        rows: [{ sequence: 2, values: { symbol: "S2", size: 2, venue: "Y", note: "n" } }],
      });
      await under.warehouse.load(request(wider, [old, young]));
      expect(await under.rows("quotes")).toEqual([
        [1, "S1", 1],
        [2, "S2", 2],
      ]);
    });

    fact("an object with a column that the table has not cannot be loaded", async () => {
      const table = await prepare();
      const wider = { ...table, columns: [...table.columns, column("venue", { kind: "varchar", length: 4 })] };
      const object = await writeObject(under.lake, {
        table: wider,
        rows: [{ sequence: 1, values: { symbol: "a", venue: "v" } }],
      });
      await expect(under.warehouse.load(request(table, [object]))).rejects.toMatchObject({ code: "load-failed" });
    });

    fact(
      "a quarantined object is in the ledger with its reason, and is loaded when it is asked for again",
      async () => {
        const table = await prepare();
        const object = await writeObject(under.lake, { table, rows: rowsOf(1, 2) });
        await under.warehouse.quarantine("quotes", object, "it would not load");
        expect((await under.warehouse.ledger("quotes", [object.key])).get(object.key)).toMatchObject({
          status: "quarantined",
          reason: "it would not load",
          loadedRows: 0,
        });
        expect(await under.warehouse.summary("quotes", 10)).toMatchObject({
          quarantined: [{ key: object.key }],
          loadedRows: 0,
        });
        await under.warehouse.load(request(table, [object]));
        expect((await under.warehouse.ledger("quotes", [object.key])).get(object.key)).toMatchObject({
          status: "loaded",
          loadedRows: 2,
        });
        await under.warehouse.quarantine("quotes", object, "too late");
        expect((await under.warehouse.ledger("quotes", [object.key])).get(object.key)?.status).toBe("loaded");
        expect(await under.warehouse.summary("quotes", 10)).toMatchObject({ quarantined: [], loadedRows: 2 });
      },
    );

    fact("a dry run tells what would be, and changes nothing", async () => {
      const table = await prepare();
      const object = await writeObject(under.lake, { table, rows: rowsOf(1, 2) });
      expect((await under.warehouse.load(request(table, [object], { dryRun: true }))).loaded).toMatchObject([
        { loadedRows: 2 },
      ]);
      expect(await under.rows("quotes")).toEqual([]);
      expect((await under.warehouse.ledger("quotes", [object.key])).size).toBe(0);
    });

    fact("skipExisting leaves out rows that the target has, and brings back those that it lost", async () => {
      const table = await prepare();
      const first = await writeObject(under.lake, { table, rows: rowsOf(1, 4) });
      const overlapping = await writeObject(under.lake, {
        table,
        key: `quotes/replay.${options.fileFormat}`,
        rows: rowsOf(3, 4),
      });
      await under.warehouse.load(request(table, [first]));
      const report = await under.warehouse.load(request(table, [overlapping], { skipExisting: true }));
      expect(report.loaded).toMatchObject([{ rows: 4, loadedRows: 2, dedupedRows: 2 }]);
      expect((await under.rows("quotes")).map(([sequence]) => sequence)).toEqual([1, 2, 3, 4, 5, 6]);
      const again = await under.warehouse.load(request(table, [first, overlapping], { skipExisting: true }));
      expect(again.loaded.map(({ loadedRows }) => loadedRows)).toEqual([0, 0]);
    });

    fact("rows that a replay brought before their object came are not loaded twice", async () => {
      const table = await prepare();
      const early = await writeObject(under.lake, {
        table,
        key: `quotes/early.${options.fileFormat}`,
        rows: rowsOf(2, 2),
      });
      await under.warehouse.load(
        request(table, [early], { skipExisting: true, range: { fromSequence: 2, toSequence: 2 } }),
      );
      expect((await under.rows("quotes")).map(([sequence]) => sequence)).toEqual([2]);
      const late = await writeObject(under.lake, { table, flush: 2, rows: rowsOf(1, 3) });
      const report = await under.warehouse.load(request(table, [late]));
      expect(report.loaded).toMatchObject([{ rows: 3, loadedRows: 2, dedupedRows: 1 }]);
      expect((await under.rows("quotes")).map(([sequence]) => sequence)).toEqual([1, 2, 3]);
    });

    fact("a range takes only its rows, and the ledger keeps no entry of a part", async () => {
      const table = await prepare();
      const object = await writeObject(under.lake, { table, rows: rowsOf(1, 9) });
      const range = {
        shardId: "shardId-000000000000",
        fromSequence: 3,
        toSequence: 5,
        sinceMs: Date.parse(ARRIVED),
        untilMs: Date.parse(ARRIVED) + 1,
      };
      await under.warehouse.load(request(table, [object], { skipExisting: true, range }));
      await under.warehouse.load(
        request(table, [object], { skipExisting: true, range: { untilMs: Date.parse(ARRIVED) } }),
      );
      expect((await under.rows("quotes")).map(([sequence]) => sequence)).toEqual([3, 4, 5]);
      expect((await under.warehouse.ledger("quotes", [object.key])).size).toBe(0);
    });

    fact("keep: latest replaces the earlier row of a key and writes down both", async () => {
      const table = await prepare({ dedupe: { by: ["symbol"], keep: "latest" } });
      const at = (sequence: number, symbol: string): RowGiven => ({ sequence, values: { symbol, size: sequence } });
      const one = await writeObject(under.lake, { table, rows: [at(1, "a"), at(2, "b"), at(3, "a")] });
      const two = await writeObject(under.lake, { table, flush: 2, rows: [at(4, "b"), at(5, "c")] });
      expect(
        (await under.warehouse.load(request(table, [one]))).loaded.map(
          (entry) => entry.loadedRows - entry.replacedRows,
        ),
      ).toEqual([2]);
      expect((await under.warehouse.load(request(table, [two]))).loaded).toMatchObject([
        { loadedRows: 2, dedupedRows: 0, replacedRows: 1 },
      ]);
      expect(await under.rows("quotes")).toEqual([
        [3, "a", 3],
        [4, "b", 4],
        [5, "c", 5],
      ]);
      expect(await under.deduped("quotes")).toEqual([
        [1, 3],
        [2, 4],
      ]);
    });

    fact("keep: first keeps later rows of a key out", async () => {
      const table = await prepare({ dedupe: { by: ["symbol", "size"], keep: "first" } });
      const at = (sequence: number, size: number | null): RowGiven => ({ sequence, values: { symbol: "a", size } });
      const one = await writeObject(under.lake, { table, rows: [at(1, null), at(2, 7)] });
      const two = await writeObject(under.lake, { table, flush: 2, rows: [at(3, null), at(4, 7), at(5, 8)] });
      await under.warehouse.load(request(table, [one]));
      expect((await under.warehouse.load(request(table, [two]))).loaded).toMatchObject([
        { rows: 3, loadedRows: 1, dedupedRows: 2 },
      ]);
      expect(await under.rows("quotes")).toEqual([
        [1, "a", null],
        [2, "a", 7],
        [5, "a", 8],
      ]);
      expect(await under.deduped("quotes")).toEqual([
        [3, 1],
        [4, 2],
      ]);
    });

    fact(
      "which row of a key stays does not depend on how rows are put into objects or in which order these are loaded",
      async () => {
        const given = fc.record({
          keep: fc.constantFrom("first" as const, "latest" as const),
          rows: fc.array(
            fc.record({
              symbol: fc.constantFrom("a", "b", "c"),
              size: fc.option(fc.constantFrom(1, 2)),
              shard: fc.constantFrom("shardId-000000000000", "shardId-000000000001"),
              second: fc.integer({ min: 0, max: 3 }),
              object: fc.integer({ min: 0, max: 2 }),
            }),
            { maxLength: 12 },
          ),
          order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
          together: fc.boolean(),
        });
        let round = 0;
        await fc.assert(
          fc.asyncProperty(given, async ({ keep, rows, order, together }) => {
            const table = model({ name: `quotes_${++round}`, dedupe: { by: ["symbol", "size"], keep } });
            await under.warehouse.applyTable(table);
            const all = rows.map((row, index) => ({
              object: row.object,
              shard: row.shard,
              sequence: index + 1,
              arrived: `2026-03-01T10:00:0${row.second}.000Z`,
              values: { symbol: row.symbol, size: row.size },
            }));
            const objects: LakeObject[] = [];
            for (const flush of order) {
              const own = all.filter((row) => row.object === flush);
              const key = `${table.name}/${flush}.${options.fileFormat}`;
              if (own.length > 0) objects.push(await writeObject(under.lake, { table, flush, key, rows: own }));
            }
            const reports = together
              ? [await under.warehouse.load(request(table, objects))]
              : await objects.reduce<Promise<Awaited<ReturnType<Warehouse["load"]>>[]>>(
                  async (before, object) => [...(await before), await under.warehouse.load(request(table, [object]))],
                  Promise.resolve([]),
                );
            const best = new Map<string, (typeof all)[number]>();
            const standing = (row: (typeof all)[number]) =>
              `${row.arrived} ${row.shard} ${String(row.sequence).padStart(4, "0")}`;
            for (const row of all) {
              const key = JSON.stringify(row.values);
              const held = best.get(key);
              if (held === undefined || standing(row) > standing(held) === (keep === "latest")) best.set(key, row);
            }
            const expected = [...best.values()].map(({ sequence }) => sequence).sort((a, b) => a - b);
            expect((await under.rows(table.name)).map(([sequence]) => sequence)).toEqual(expected);
            // Every row is accounted for: in the table, kept out, or replaced.
            const entries = reports.flatMap(({ loaded }) => loaded);
            for (const entry of entries) expect(entry.loadedRows + entry.dedupedRows).toBe(entry.rows);
            const stayed = entries.reduce((sum, entry) => sum + entry.loadedRows - entry.replacedRows, 0);
            expect(stayed).toBe(expected.length);
            expect((await under.deduped(table.name)).map(([loser]) => loser).sort((a, b) => a - b)).toEqual(
              all.map(({ sequence }) => sequence).filter((sequence) => !expected.includes(sequence)),
            );
          }),
          { numRuns: options.runs ?? 25 },
        );
      },
    );

    fact("dead letters are loaded once, with their raw bytes, and are found by table, code and id", async () => {
      const table = await prepare();
      const object = await writeDeadLetters(under.lake, {
        table,
        letters: [
          { sequence: 7, raw: "not json \u0000\u00ff" },
          { sequence: 8, raw: '{"size":"x"}', index: 2, code: "type-mismatch" },
        ],
      });
      await under.warehouse.load(request(table, [object]));
      expect((await under.warehouse.load(request(table, [object]))).already).toEqual([object.key]);
      const letters = await under.warehouse.deadLetters({ limit: 10 });
      expect(letters).toMatchObject([
        {
          id: "quotes/shardId-000000000000/7/0",
          code: "invalid-json",
          redrivenAtMs: undefined,
          arrivedAtMs: Date.parse(ARRIVED),
        },
        { id: "quotes/shardId-000000000000/8/2", code: "type-mismatch", sequence: 8, rowIndex: 2, flush: 1 },
      ]);
      expect(Buffer.from(letters[0]?.raw ?? []).toString("utf8")).toBe("not json \u0000\u00ff");
      expect(await under.warehouse.deadLetters({ code: "type-mismatch", limit: 10 })).toHaveLength(1);
      expect(
        await under.warehouse.deadLetters({ ids: ["quotes/shardId-000000000000/7/0"], table: "quotes", limit: 10 }),
      ).toHaveLength(1);
      expect(await under.warehouse.deadLetters({ limit: 10, after: "quotes/shardId-000000000000/7/0" })).toHaveLength(
        1,
      );
      const newest = await under.warehouse.deadLetters({ limit: 1, newestFirst: true });
      expect(newest).toMatchObject([{ sequence: 8 }]);
      expect(await under.warehouse.deadLetters({ limit: 10, newestFirst: true, after: newest[0]!.id })).toMatchObject([
        { sequence: 7 },
      ]);
      expect(await under.warehouse.summary("quotes", 5)).toMatchObject({ deadLetters: 2, loadedRows: 0 });
    });

    fact("a redrive loads its rows and marks its letters together, once", async () => {
      const table = await prepare();
      const dead = await writeDeadLetters(under.lake, {
        table,
        letters: [
          { sequence: 7, raw: "x" },
          { sequence: 8, raw: "y" },
        ],
      });
      await under.warehouse.load(request(table, [dead]));
      const ids = ["quotes/shardId-000000000000/7/0"];
      const rows = await writeObject(under.lake, {
        table,
        key: `quotes/redrive.${options.fileFormat}`,
        rows: rowsOf(7, 1),
      });
      const redrive = request(table, [rows], { skipExisting: true, redriven: ids });
      await under.warehouse.load(redrive);
      await expect(under.warehouse.load(redrive)).rejects.toMatchObject({ code: "refused" });
      expect(await under.rows("quotes")).toEqual([[7, "S7", 7]]);
      expect(
        (await under.warehouse.deadLetters({ redriven: false, limit: 10 })).map(({ sequence }) => sequence),
      ).toEqual([8]);
      // A letter whose record is filtered today has no row, and is done with all the same.
      await under.warehouse.load(request(table, [], { redriven: ["quotes/shardId-000000000000/8/0"] }));
      expect(await under.warehouse.deadLetters({ redriven: false, limit: 10 })).toEqual([]);
    });

    fact("kinds of objects are not mixed in one load", async () => {
      const table = await prepare({ name: "mixed" });
      const rows = await writeObject(under.lake, { table, rows: rowsOf(1, 1) });
      await expect(under.warehouse.load(request(table, [{ ...rows, kind: "filtered" }]))).rejects.toMatchObject({
        code: "invalid-argument",
      });
    });

    fact("a shadow is a table of its own: the same objects are loaded into both", async () => {
      const table = await prepare();
      await under.warehouse.applyTable(table, { as: "quotes_next" });
      const object = await writeObject(under.lake, { table, rows: rowsOf(1, 3) });
      await under.warehouse.load(request(table, [object]));
      await under.warehouse.load(request(table, [object], { target: "quotes_next" }));
      expect(await under.rows("quotes_next")).toEqual(await under.rows("quotes"));
    });
  });
}
