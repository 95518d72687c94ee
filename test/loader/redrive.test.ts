import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRedrive } from "../../src/loader/redrive.js";
import { column, tableModel, writeObject } from "./fixtures.js";
import { openPast, type Past, WAREHOUSES } from "./past.js";

const ID = (sequence: number, index = 0) => `quotes/shardId-000000000000/${sequence}/${index}`;
const good = (symbol: string, size: number) => JSON.stringify({ symbol, bid: "1.25", size });

describe.each(WAREHOUSES)("a redrive of dead letters, in $name", (kind) => {
  const table = tableModel();
  let past: Past;
  beforeEach(async () => {
    past = await openPast(table, kind);
  });
  afterEach(() => past.close());
  const redriver = (tables = [table]) =>
    openRedrive({ tables, warehouse: past.warehouse, lake: past.lake, reconvert: past.reconvert });
  const open = async () => (await past.warehouse.deadLetters({ redriven: false, limit: 100 })).map(({ id }) => id);

  it("loads what is good today under its old identity, leaves the rest, and finds nothing to do when done again", async () => {
    await past.bury([
      { sequence: 7, raw: good("a", 7) },
      { sequence: 8, raw: "still not JSON" },
      { sequence: 9, raw: good("c", 9), code: "out-of-range" },
    ]);
    const redrive = redriver();
    const report = await redrive({});
    expect(report).toMatchObject({
      chosen: 3,
      loaded: 2,
      filtered: 0,
      alreadyRedriven: 0,
      dryRun: false,
      failed: [{ id: ID(8), code: "invalid-json" }],
    });
    expect(report.failed[0]?.message).not.toBe("");
    expect(await past.rows("quotes")).toEqual([
      [7, "a", 7],
      [9, "c", 9],
    ]);
    expect(await open()).toEqual([ID(8)]);
    expect(await redrive({})).toMatchObject({ chosen: 1, loaded: 0, failed: [{ id: ID(8) }] });
    expect(await redrive({ ids: [ID(7), ID(8)] })).toMatchObject({ chosen: 1, alreadyRedriven: 1, loaded: 0 });
    expect(await past.rows("quotes")).toHaveLength(2);
    const { rows } = await past.warehouse.query(`SELECT ${kind.arrivedMs}, _row_index FROM quotes LIMIT 1`);
    expect(rows).toEqual([[Date.parse("2026-03-01T10:00:00Z"), 0]]);
  });

  it("chooses by table, code and id", async () => {
    await past.bury([
      { sequence: 1, raw: good("a", 1) },
      { sequence: 2, raw: good("b", 2), code: "too-long" },
      { sequence: 3, raw: good("c", 3) },
    ]);
    const redrive = redriver();
    expect(await redrive({ table: "another" })).toMatchObject({ chosen: 0 });
    expect(await redrive({ table: "quotes", code: "too-long" })).toMatchObject({ chosen: 1, loaded: 1 });
    expect(await redrive({ ids: [ID(3), ID(99)] })).toMatchObject({
      chosen: 1,
      loaded: 1,
      failed: [{ id: ID(99), code: "not-found" }],
    });
    expect(await open()).toEqual([ID(1)]);
  });

  it("shows by a dry run what it would do, and does none of it", async () => {
    await past.bury([
      { sequence: 1, raw: good("a", 1) },
      { sequence: 2, raw: "?" },
    ]);
    expect(await redriver()({ dryRun: true })).toMatchObject({
      chosen: 2,
      loaded: 1,
      failed: [{ id: ID(2) }],
      dryRun: true,
    });
    expect(await past.rows("quotes")).toEqual([]);
    expect(await open()).toHaveLength(2);
    expect((await past.lake.list("redrive")).map(({ key }) => key)).toEqual([]);
    expect(await redriver()({})).toMatchObject({ loaded: 1 });
  });

  it("takes bytes that somebody mended in place of the record's, and keeps both", async () => {
    await past.bury([
      { sequence: 1, raw: '{"symbol":"a","bid":"1.25","size":"seven"}' },
      { sequence: 2, raw: "?" },
    ]);
    const mended = good("a", 7);
    const edits = { [ID(1)]: Buffer.from(mended).toString("base64") };
    const redrive = redriver();
    const looked = await redrive({ ids: [ID(1), ID(2)], edits, dryRun: true });
    expect(looked).toMatchObject({ loaded: 1, failed: [{ id: ID(2) }] });
    expect(looked.preview).toEqual([
      { table: "quotes", columns: table.columns.map(({ name }) => name), rows: [expect.arrayContaining(["a", "7"])] },
    ]);
    expect(await past.rows("quotes")).toEqual([]);
    expect(await redrive({ ids: [ID(1)], edits })).toMatchObject({ loaded: 1, failed: [] });
    expect(await past.rows("quotes")).toEqual([[1, "a", 7]]);
    const { rows } = await past.warehouse.query(kind.letters);
    expect(rows).toEqual([
      ['{"symbol":"a","bid":"1.25","size":"seven"}', mended],
      ["?", null],
    ]);
    expect(await redrive({ ids: [ID(1)], edits })).toMatchObject({ chosen: 0, alreadyRedriven: 1, loaded: 0 });
  });

  it("refuses an edit that makes more rows than the record has, of a letter that is not chosen, or two of one record", async () => {
    await past.bury([{ sequence: 1, raw: "?" }]);
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const redrive = redriver();
    const two = { [ID(1)]: base64(`${good("a", 1)}\n${good("b", 2)}`) };
    await expect(redrive({ ids: [ID(1)], edits: two })).rejects.toThrow(/makes 2 rows of a record of 1/);
    await expect(redrive({ table: "quotes", edits: two })).rejects.toThrow(/which `ids` does not name/);
    await past.bury(
      [
        { sequence: 2, raw: "?\n?" },
        { sequence: 2, index: 1, raw: "?\n?" },
      ],
      2,
    );
    const apart = { [ID(2)]: base64(good("a", 1)), [ID(2, 1)]: base64(good("b", 1)) };
    await expect(redrive({ ids: [ID(2), ID(2, 1)], edits: apart })).rejects.toThrow(/edited differently/);
    expect(await past.rows("quotes")).toEqual([]);
  });

  it("of a record with several rows, loads those that were dead and not those that were loaded", async () => {
    const record = `${good("a", 1)}\n${good("b", 2)}\n${good("c", 3)}`;
    await past.load([
      await writeObject(past.lake, { table, rows: [{ sequence: 5, index: 0, values: { symbol: "a", size: 1 } }] }),
    ]);
    await past.bury([
      { sequence: 5, raw: record, index: 1 },
      { sequence: 5, raw: record, index: 2, code: "too-long" },
    ]);
    expect(await redriver()({ ids: [ID(5, 1)] })).toMatchObject({ chosen: 1, loaded: 2 });
    expect(await past.rows("quotes")).toHaveLength(3);
    // The other row came with it, so its letter is done with too.
    expect(await open()).toEqual([]);
  });

  it("keeps a record back as a whole when a row of it fails that has no letter", async () => {
    await past.bury([
      { sequence: 5, raw: `${good("a", 1)}\n{"symbol": null}` },
      { sequence: 6, raw: good("b", 2) },
    ]);
    const report = await redriver()({});
    expect(report).toMatchObject({ chosen: 2, loaded: 1, failed: [{ id: ID(5), code: "missing-value" }] });
    expect(await past.rows("quotes")).toEqual([[6, "b", 2]]);
    expect(await open()).toEqual([ID(5)]);
  });

  it("counts as filtered what the definition turns away today, and is done with it", async () => {
    const picky = { ...table, where: { field: "symbol", in: ["a"] } };
    await past.bury([
      { sequence: 1, raw: good("a", 1) },
      { sequence: 2, raw: good("b", 2) },
    ]);
    expect(await redriver([picky])({})).toMatchObject({ chosen: 2, loaded: 1, filtered: 1, failed: [] });
    expect(await open()).toEqual([]);
  });

  it("decodes by the definition as it stands now", async () => {
    const wider = {
      ...table,
      columns: [...table.columns, column("venue", { kind: "varchar", length: 4 }, { nullable: false })],
    };
    await past.bury([{ sequence: 1, raw: JSON.stringify({ symbol: "a", venue: "XNYS" }) }]);
    const nullable = {
      ...wider,
      columns: wider.columns.map((each) => ({ ...each, nullable: each.name !== "symbol" })),
    };
    await past.warehouse.applyTable(nullable);
    expect(await redriver([nullable])({})).toMatchObject({ loaded: 1 });
    expect((await past.warehouse.query("SELECT symbol, venue FROM quotes")).rows).toEqual([["a", "XNYS"]]);
  });

  it("asked for twice at once, loads each row once", async () => {
    await past.bury(Array.from({ length: 20 }, (_, index) => ({ sequence: index + 1, raw: good("a", index) })));
    const redrive = redriver();
    const reports = await Promise.all([redrive({}), redrive({}), redrive({})]);
    expect(reports.map(({ loaded }) => loaded)).toEqual([20, 0, 0]);
    expect(await past.rows("quotes")).toHaveLength(20);
  });

  it("says of letters whose table is gone that it is", async () => {
    await past.bury([{ sequence: 1, raw: good("a", 1) }]);
    const report = await redriver([tableModel({ name: "other" })])({});
    expect(report).toMatchObject({
      chosen: 1,
      loaded: 0,
      failed: [{ id: ID(1), message: expect.stringContaining('"quotes"') }],
    });
  });

  it("goes through more letters than are taken at once", async () => {
    await past.bury(
      Array.from({ length: 1203 }, (_, index) => ({ sequence: index + 1, raw: index % 2 ? "?" : good("a", index) })),
    );
    const report = await redriver()({});
    expect(report).toMatchObject({ chosen: 1203, loaded: 602 });
    expect(report.failed).toHaveLength(601);
  });
});
