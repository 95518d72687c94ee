import { describe, expect, test } from "vitest";
import { adviseTable } from "../../src/advisor/advise.js";
import type { AdvisedTable } from "../../src/advisor/advised-table.js";
import type { SampleColumn, SampleValue } from "../../src/advisor/sample.js";
import type { ColumnModel, ColumnType, TableModel } from "../../src/definition/model.js";
import { ENCODING_TYPES } from "../../src/definition/types.js";
import { parseStatements } from "../../src/redshift/syntax/parse.js";
import { column, tableModel } from "../fixtures/tables.js";
import { advisorBench } from "./support/engine.js";

const ROWS = 2000;

function tableOf(model: TableModel): AdvisedTable {
  return {
    schema: "public",
    name: model.name,
    columns: model.columns.map(({ name, type, nullable, encode }) => ({
      name,
      type,
      nullable,
      ...(encode === undefined ? {} : { encode }),
    })),
    distStyle: model.distStyle,
    ...(model.distKey === undefined ? {} : { distKey: model.distKey }),
    ...(model.sortKey === undefined ? {} : { sortKey: model.sortKey }),
    model,
    exists: true,
  };
}

async function advise(
  model: TableModel,
  valueAt: (name: string, row: number) => SampleValue,
  statements: readonly string[] = [],
) {
  const { tools } = await advisorBench();
  return adviseTable({
    table: tableOf(model),
    sample: {
      from: "file",
      rowsTotal: ROWS,
      column: async ({ name }: SampleColumn) => Array.from({ length: ROWS }, (_, row) => valueAt(name, row)),
    },
    statements: statements.map((sql) => ({ sql, atMs: Date.UTC(2026, 0, 1), count: 1 })),
    columnsOf: ([name]) => (name === "shops" ? ["id", "city"] : undefined),
    expectedRows: 1_000_000_000,
    slices: 4,
    tools,
  });
}

const TYPES: readonly ColumnType[] = [
  { kind: "smallint" },
  { kind: "integer" },
  { kind: "bigint" },
  { kind: "decimal", precision: 12, scale: 2 },
  { kind: "decimal", precision: 38, scale: 0 },
  { kind: "real" },
  { kind: "double" },
  { kind: "boolean" },
  { kind: "char", length: 4 },
  { kind: "varchar", length: 30 },
  { kind: "date" },
  { kind: "time" },
  { kind: "timestamp" },
  { kind: "timestamptz" },
  { kind: "super" },
];

describe("advice on a table of a definition", () => {
  test("names no encoding that the definition would refuse, whatever the type", async () => {
    const valueAt = (type: ColumnType, row: number): SampleValue => {
      if (type.kind === "boolean") return row % 3 === 0;
      if (type.kind === "real" || type.kind === "double") return row / 8;
      if (type.kind === "char" || type.kind === "varchar") return `w${row % 7}`;
      if (type.kind === "super") return `{"a":${row % 5}}`;
      return BigInt(row % 50);
    };
    const model = tableModel(TYPES.map((type, index) => column(`c${index}`, type)));
    const advice = await advise(model, (name, row) => valueAt(TYPES[Number(name.slice(1))]!, row));
    for (const [index, { best }] of advice.columns.entries()) {
      expect([TYPES[index]!.kind, ENCODING_TYPES[best]]).toEqual([
        TYPES[index]!.kind,
        expect.arrayContaining([TYPES[index]!.kind]),
      ]);
    }
    expect(() => parseStatements(advice.ddl)).not.toThrow();
  });

  const columns: readonly ColumnModel[] = [
    column("id", { kind: "bigint" }, { nullable: false }),
    column("shop", { kind: "integer" }, { nullable: false, path: ["shop", "id"] }),
    column("state", { kind: "varchar", length: 20 }, { encode: "raw", default: "new" }),
  ];
  const value = (name: string, row: number): SampleValue =>
    name === "id"
      ? BigInt(row) * 1_000_003n
      : name === "shop"
        ? BigInt((row * 7919) % 997)
        : row % 4 === 0
          ? "open"
          : "closed";
  const asked = ["select * from events e join shops s on s.id = e.shop", "select * from events where shop = 5"];

  test("writes the change of the definition line by line, and the statements for Redshift", async () => {
    const advice = await advise(
      tableModel(columns, { distStyle: "even", sortKey: { style: "compound", columns: ["id"] } }),
      value,
      asked,
    );
    expect(advice.patch.split("\n")).toEqual([
      "--- penstock.ts",
      "+++ penstock.ts",
      '@@ table("events", { ... }) @@',
      "   columns: {",
      "-    id: bigint().notNull(),",
      expect.stringMatching(/^\+ {4}id: bigint\(\)\.notNull\(\)\.encode\("\w+"\),$/),
      '-    shop: integer().notNull().path(["shop","id"]),',
      '+    shop: integer().notNull().path(["shop","id"]).encode("raw"),',
      '-    state: varchar(20).default("new").encode("raw"),',
      expect.stringMatching(
        /^\+ {4}state: varchar\(20\)\.default\("new"\)\.encode\("(bytedict|runlength|zstd|lzo|text255)"\),$/,
      ),
      "   },",
      '-  distStyle: "even",',
      '+  distKey: "shop",',
      '-  sortKey: ["id"],',
      '+  sortKey: ["shop"],',
    ]);
    expect(advice.ddl).toContain("DISTSTYLE KEY DISTKEY (shop)\nCOMPOUND SORTKEY (shop);");
    expect(advice.alter.at(-2)).toBe("ALTER TABLE public.events ALTER DISTKEY shop;");
    expect(advice.alter.at(-1)).toBe("ALTER TABLE public.events ALTER COMPOUND SORTKEY (shop);");
    for (const statement of [advice.ddl, ...advice.alter]) expect(() => parseStatements(statement)).not.toThrow();
    expect(advice.reasons[1]).toMatch(
      /^Sort key: compound \(shop\) lets the logged queries pass by \d\d\.\d% of 1,000,000,000 rows/,
    );
    expect(advice.reasons[2]).toMatch(
      /^Distribution: KEY \(shop\) makes 100\.0% of the logged joins where the rows lie \(with shops\.id as the other's key\)/,
    );
  });

  test("has nothing to change where it is so already, and is not put off by an empty log", async () => {
    const before = await advise(tableModel(columns), value);
    const encoded = columns.map((one) => ({
      ...one,
      encode: before.columns.find(({ name }) => name === one.name)!.best,
    }));
    const again = await advise(tableModel(encoded), value);
    expect(again.patch).toBe("");
    expect(again.alter).toEqual([]);
    expect(again.queries).toEqual({ statements: 0, useful: 0 });
    expect(again.reasons[1]).toContain("no statement of the log reads the table");
    expect(again.ddl).toContain("DISTSTYLE AUTO;");
  });
});
