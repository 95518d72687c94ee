import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReplayBody, ReplayProgress } from "../../src/api/control/contract.js";
import { formatSequenceNumber } from "../../src/core/sequence-number.js";
import { replay } from "../../src/loader/replay.js";
import { rowsOf, tableModel, writeObject } from "./fixtures.js";
import { openPast, type Past, WAREHOUSES } from "./past.js";

const text = (size: number) => JSON.stringify({ symbol: `S${size}`, bid: "1.5", size });
const SHARD = "shardId-000000000000";

describe.each(WAREHOUSES)("a replay, in $name", (kind) => {
  const table = tableModel();
  let past: Past;
  beforeEach(async () => {
    past = await openPast(table, kind);
  });
  afterEach(() => past.close());
  const run = (body: Partial<ReplayBody>, onProgress?: (progress: ReplayProgress) => void) =>
    replay(
      { ...past, tables: [table, tableModel({ name: "trades" })] },
      { table: "quotes", from: "stream", ...body },
      onProgress,
    );
  const sequences = async (target = "quotes") => (await past.rows(target)).map(([sequence]) => sequence);
  const deliver = async (flush: number, first: number, count: number) => {
    const object = await writeObject(past.lake, { table, flush, rows: rowsOf(first, count) });
    past.flushes.push({
      table: "quotes",
      flush,
      schemaVersion: 1,
      decidedAtMs: Date.parse("2026-03-01T10:00:00Z") + flush,
      deliveredAtMs: 0,
      ranges: [{ stream: "quotes", shard: 0, from: first, to: first + count - 1 }],
      objects: [object],
    });
    return object;
  };

  it("of a stream into a shadow makes the table, fills it, and may be done again", async () => {
    await past.put("quotes", [1, 2, 3, 4].map(text));
    await past.put("quotes", ["not JSON"]);
    const seen: ReplayProgress[] = [];
    const done = await run({ into: "quotes_next" }, (progress) => seen.push(progress));
    expect(done).toEqual({
      state: "done",
      recordsTotal: 5,
      recordsRead: 5,
      rowsLoaded: 4,
      rowsSkipped: 0,
      deadLetters: 1,
      rowsFiltered: 0,
    });
    expect(seen.map(({ state }) => state)).toEqual(["running", "running", "done"]);
    expect(await sequences("quotes_next")).toEqual([1, 2, 3, 4]);
    expect(await sequences()).toEqual([]);
    expect(await run({ into: "quotes_next" })).toMatchObject({ rowsLoaded: 0, rowsSkipped: 4 });
    expect(await past.lake.list("replay/")).toEqual([]);
  });

  it("of a stream into the table itself adds what is missing, and what is delivered later is not loaded twice", async () => {
    await past.put("quotes", [1, 2, 3, 4, 5, 6].map(text));
    await past.load([await deliver(1, 1, 3)]);
    const late = await deliver(2, 4, 3);
    expect(await run({})).toMatchObject({ rowsLoaded: 3, rowsSkipped: 3 });
    expect((await past.load([late])).loaded).toMatchObject([{ rows: 3, loadedRows: 0, dedupedRows: 3 }]);
    expect(await sequences()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("takes the sequences of one shard that it is told, in either form", async () => {
    await past.put("quotes", [1, 2, 3, 4, 5, 6].map(text));
    const three = formatSequenceNumber({ createdAtMs: Date.parse("2026-01-01T00:00:00Z"), shard: 0 }, 3, Date.now());
    await run({ shard: SHARD, fromSequence: three, toSequence: "4", into: "part" });
    expect(await sequences("part")).toEqual([3, 4]);
    await run({ shard: `quotes:${SHARD}`, fromSequence: "6", into: "last" });
    expect(await sequences("last")).toEqual([6]);
  });

  it("takes the time that it is told", async () => {
    await past.put("quotes", [1, 2].map(text));
    const arrived = past.streams.find("quotes")?.shards[0]?.lastArrivalMs ?? 0;
    expect(await run({ into: "before", untilMs: arrived })).toMatchObject({ recordsTotal: 0 });
    expect(await run({ into: "after", sinceMs: arrived })).toMatchObject({ recordsTotal: 2, rowsLoaded: 2 });
    expect(await run({ into: "never", sinceMs: arrived + 1 })).toMatchObject({ recordsTotal: 0 });
  });

  it("of the lake brings back what the table lost", async () => {
    await past.load([await deliver(1, 1, 3), await deliver(2, 4, 3)]);
    await past.warehouse.query("DELETE FROM quotes WHERE _sequence_number IN (2, 5)");
    expect(await run({ from: "lake" })).toMatchObject({
      recordsTotal: 6,
      recordsRead: 6,
      rowsLoaded: 2,
      rowsSkipped: 4,
    });
    expect(await sequences()).toEqual([1, 2, 3, 4, 5, 6]);
    const { rows } = await past.warehouse.query(`SELECT CAST(sum(loaded_rows) AS INTEGER) FROM ${kind.loads}`);
    expect(rows).toEqual([[6]]);
  });

  it("of the lake takes the range that it is told", async () => {
    await past.load([await deliver(1, 1, 3), await deliver(2, 4, 3)]);
    const arrived = Date.parse("2026-03-01T10:00:00Z");
    await run({ from: "lake", into: "part", shard: SHARD, fromSequence: "3", toSequence: "4" });
    expect(await sequences("part")).toEqual([3, 4]);
    expect(await run({ from: "lake", into: "late", sinceMs: arrived + 2 })).toMatchObject({
      recordsRead: 3,
      rowsLoaded: 0,
    });
    expect(await run({ from: "lake", into: "all", sinceMs: arrived })).toMatchObject({ rowsLoaded: 6 });
  });

  it("shows by a dry run what it would do, and does none of it", async () => {
    await past.put("quotes", [1, 2, 3].map(text));
    await past.load([await deliver(1, 1, 2)]);
    expect(await run({ dryRun: true })).toMatchObject({ rowsLoaded: 1, rowsSkipped: 2 });
    expect(await run({ dryRun: true, into: "shadow" })).toMatchObject({ rowsLoaded: 3 });
    expect(await sequences()).toEqual([1, 2]);
    expect(await past.warehouse.describeTable("shadow")).toBeUndefined();
  });

  it("makes letters of rows that it loads into their table dead no more", async () => {
    await past.put("quotes", [1, 2].map(text));
    await past.bury([{ sequence: 2, raw: "what it was then" }]);
    await run({ into: "shadow" });
    expect(await past.warehouse.deadLetters({ redriven: false, limit: 10 })).toHaveLength(1);
    await run({});
    expect(await past.warehouse.deadLetters({ redriven: false, limit: 10 })).toEqual([]);
  });

  it("is refused where it makes no sense, with what to do", async () => {
    await expect(run({ table: "qoutes" })).rejects.toMatchObject({
      code: "not-found",
      hint: expect.stringContaining("quotes"),
    });
    await expect(run({ into: "trades" })).rejects.toMatchObject({ code: "refused" });
    await expect(run({ into: "No Name" })).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(run({ fromSequence: "1" })).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(run({ shard: SHARD, fromSequence: "2", toSequence: "1" })).rejects.toMatchObject({
      code: "invalid-argument",
    });
    await expect(run({ sinceMs: 5, untilMs: 5 })).rejects.toMatchObject({ code: "invalid-argument" });
    for (const from of ["stream", "lake"] as const) {
      await expect(run({ from, shard: "shardId-000000000009" })).rejects.toMatchObject({
        code: "invalid-argument",
        hint: expect.stringContaining(SHARD),
      });
    }
    await expect(run({ shard: SHARD, fromSequence: "x1" })).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
