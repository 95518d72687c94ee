/** Keys and encodings of a later definition, altered in a database of Redshift's dialect, by its own catalog's word. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ColumnModel, TableModel } from "../../src/definition/model.js";
import { AWS_PLACE, keyChanges, prepareSteps } from "../../src/warehouse/redshift/statements.js";
import { tableModel, temporaryFolder } from "../loader/fixtures.js";
import { LEDGER_SCHEMA, openRedshiftDoor, type RedshiftDoor, redshiftWarehouse } from "./redshift-under-test.js";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let door: RedshiftDoor;
beforeEach(async () => {
  folder = await temporaryFolder();
  door = await openRedshiftDoor(folder.path);
});
afterEach(async () => {
  await door.close();
  await folder.remove();
});

const plain = tableModel();
const encoded = (encodings: Readonly<Record<string, string>>): readonly ColumnModel[] =>
  plain.columns.map((column) => (column.name in encodings ? { ...column, encode: encodings[column.name]! } : column));
const first: TableModel = { ...plain, columns: encoded({ symbol: "lzo", bid: "az64" }) };

const rows = async (sql: string) => (await redshiftWarehouse(door).query(sql)).rows;
const number = async (sql: string) => Number((await rows(sql))[0]?.[0]);

/** As the migration does it: each but what is so already. How many were run. */
async function migrated(was: TableModel, is: TableModel): Promise<number> {
  let run = 0;
  for (const { sql, unless } of keyChanges(was, is, "public", "quotes")) {
    if ((await number(unless)) !== 0) continue;
    await rows(sql);
    run++;
  }
  return run;
}

const shape = async () =>
  await rows(
    `select "column", encoding, distkey, sortkey from pg_table_def where tablename = 'quotes' and "column" not like '\\\\_%' order by 1`,
  );
const info = async () =>
  await rows(
    `select diststyle, sortkey1, encoded from svv_table_info where "schema" = 'public' and "table" = 'quotes'`,
  );

describe("keys and encodings of a later definition", () => {
  beforeEach(async () => {
    for (const { sql } of prepareSteps(first, { ...AWS_PLACE, schema: LEDGER_SCHEMA })) await rows(sql);
    // Of empty tables svv_table_info says nothing.
    await rows("insert into quotes values ('s', '1', 0, '2026-11-23 10:00:00+00', 'SPY', 1.5, 3)");
  });

  it("are altered where the definition says them differently, once, and whatever it does not name stays", async () => {
    expect(keyChanges(first, structuredClone(first), "public", "quotes")).toEqual([]);
    const keyed: TableModel = {
      ...first,
      columns: encoded({ symbol: "zstd", bid: "az64" }),
      distStyle: "key",
      distKey: "symbol",
      sortKey: { style: "compound", columns: ["symbol", "size"] },
    };
    expect(await migrated(first, keyed)).toBe(3);
    const asItIs = [
      ["bid", "az64", false, 0],
      ["size", expect.any(String), false, 2],
      ["symbol", "zstd", true, 1],
    ];
    expect(await shape()).toEqual(asItIs);
    // As after an answer that was lost.
    expect(await migrated(first, keyed)).toBe(0);
    expect(await shape()).toEqual(asItIs);

    // Fewer sort keys of the same beginning are other keys; the rows lie on every node.
    const { distKey: _, ...others } = keyed;
    const shorter: TableModel = { ...others, distStyle: "all", sortKey: { style: "compound", columns: ["symbol"] } };
    expect(await migrated(keyed, shorter)).toBe(2);
    expect(await migrated(keyed, shorter)).toBe(0);
    expect((await shape()).map(([column, , distKey, sortKey]) => [column, distKey, sortKey])).toEqual([
      ["bid", false, 0],
      ["size", false, 0],
      ["symbol", false, 1],
    ]);
    expect((await info())[0]?.[0]).toBe("ALL");
  });

  it("are Redshift's to choose again where the definition names none any more", async () => {
    const keyed: TableModel = { ...first, distStyle: "even", sortKey: { style: "compound", columns: ["size"] } };
    expect(await migrated(first, keyed)).toBe(2);
    expect(await migrated(keyed, plain)).toBe(3);
    expect(await info()).toEqual([["AUTO(ALL)", "AUTO(SORTKEY)", "Y, AUTO(ENCODE)"]]);
    expect(await migrated(keyed, plain)).toBe(0);
  });
});
