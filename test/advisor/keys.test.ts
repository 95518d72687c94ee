import { describe, expect, test } from "vitest";
import { adviseDistribution } from "../../src/advisor/distribution.js";
import type { TableUse } from "../../src/advisor/query-uses.js";
import { placeOf, quantile, rankColumn } from "../../src/advisor/ranks.js";
import type { SampleColumn, SampleValue } from "../../src/advisor/sample.js";
import { adviseSortKey, orderBy } from "../../src/advisor/sort-key.js";
import { skippedShare, zoneQuery } from "../../src/advisor/zone-maps.js";

const integer = (name: string): SampleColumn => ({ name, type: { kind: "integer" }, nullable: true });
const use = (tests: TableUse["tests"], count = 1, joins: TableUse["joins"] = []): TableUse => ({
  statement: { sql: `${tests.map(({ column }) => column)} ${joins.length}`, atMs: 0, count },
  tests,
  joins,
});
const equals = (column: string, value?: SampleValue): TableUse["tests"][number] => ({
  column,
  kind: "equality",
  values: [value],
});
const ROWS = 3200;
/** Shuffled, and the same each time. */
const scattered = (distinct: number, rows = ROWS) =>
  Array.from({ length: rows }, (_, row) => BigInt(((row * 7919) % 104_729) % distinct));
const pause = async () => {};

describe("ranks", () => {
  test("NULL stands last, equal values stand together, and what is absent stands between", () => {
    const ranked = rankColumn(integer("a"), [30n, null, 10n, 10n, 20n]);
    expect([...ranked.ranks]).toEqual([2, 3, 0, 0, 1]);
    expect(placeOf(ranked, 20n)).toBe(1);
    expect(placeOf(ranked, 15n)).toBe(0.5);
    expect(placeOf(ranked, 5n)).toBe(-0.5);
    expect(placeOf(ranked, 99n)).toBe(2.5);
    expect(quantile(ranked, 0.3)).toBe(0);
    expect(quantile(ranked, 0.6)).toBe(1);
  });

  test("what grows with its arrival is monotonic, though a few come late", () => {
    const growing = Array.from({ length: 1000 }, (_, row) => BigInt(row % 100 === 7 ? row - 50 : row));
    expect(rankColumn(integer("a"), growing).monotonic).toBe(true);
    expect(rankColumn(integer("a"), scattered(500)).monotonic).toBe(false);
    expect(
      rankColumn(
        integer("a"),
        growing.map(() => 5n),
      ).monotonic,
    ).toBe(false);
  });
});

describe("zone maps", () => {
  test("of sorted rows in ten zones, a value is in one, a half of them in five, one that is nowhere in none", () => {
    const column = rankColumn(
      integer("a"),
      Array.from({ length: ROWS }, (_, row) => BigInt(row)),
    );
    const columns = new Map([["a", column]]);
    const order = orderBy("compound", [column], ROWS);
    const skipped = (tests: TableUse["tests"]) =>
      skippedShare(order, () => 10, [zoneQuery(use(tests), columns)!], columns);
    expect(skipped([equals("a", 5n)])).toBeCloseTo(0.9, 6);
    expect(skipped([{ column: "a", kind: "range", low: { value: 1600n } }])).toBeCloseTo(0.5, 6);
    expect(skipped([equals("a", 99_999n)])).toBe(1);
    expect(skipped([equals("a", null)])).toBe(1);
    expect(skipped([{ column: "a", kind: "range", high: { value: 5000n } }])).toBe(0);
  });

  test("of scattered rows, nothing is passed by", () => {
    const column = rankColumn(integer("a"), scattered(100));
    const columns = new Map([["a", column]]);
    const query = zoneQuery(use([equals("a", 5n)]), columns)!;
    expect(skippedShare(orderBy("none", [], ROWS), () => 10, [query], columns)).toBe(0);
    expect(skippedShare(orderBy("compound", [column], ROWS), () => 10, [query], columns)).toBeGreaterThan(0.7);
  });

  test("an unknown constant is each of the sample's in turn", () => {
    const column = rankColumn(
      integer("a"),
      Array.from({ length: ROWS }, (_, row) => BigInt(row)),
    );
    const columns = new Map([["a", column]]);
    const query = zoneQuery(use([equals("a")]), columns)!;
    expect(query.variants).toHaveLength(10);
    expect(skippedShare(orderBy("none", [], ROWS), () => 10, [query], columns)).toBeCloseTo(0.9, 6);
  });

  test("a column of large values has more zones than one of small ones, and is cut more finely", () => {
    const [a, b] = [rankColumn(integer("a"), scattered(1000)), rankColumn(integer("b"), scattered(1000))];
    const columns = new Map([
      ["a", a],
      ["b", { ...b, name: "b" }],
    ]);
    const order = orderBy("compound", [a], ROWS);
    const share = (zones: number) =>
      skippedShare(order, () => zones, [zoneQuery(use([equals("a", 500n)]), columns)!], columns);
    expect(share(100)).toBeGreaterThan(share(10));
    expect(share(1)).toBe(0);
  });
});

describe("the sort key", () => {
  const columnsOf = (values: Readonly<Record<string, readonly SampleValue[]>>) =>
    new Map(Object.entries(values).map(([name, list]) => [name, rankColumn(integer(name), list)]));
  const advise = (uses: readonly TableUse[], values: Readonly<Record<string, readonly SampleValue[]>>) =>
    adviseSortKey({ uses, columns: columnsOf(values), rows: ROWS, zones: () => 40, pause });

  test("is the column that is asked for, and no column more than helps", async () => {
    const found = await advise([use([equals("a", 7n)], 9), use([equals("b", 3n)])], {
      a: scattered(500),
      b: scattered(490),
    });
    expect(found.best).toMatchObject({ style: "compound" });
    expect(found.best!.columns[0]).toBe("a");
    expect(found.current.style).toBe("none");
    expect(found.current.skipped).toBeLessThan(0.1);
    expect(found.predicates[0]).toEqual({ column: "a", equality: 9, range: 0, join: 0 });
  });

  test("is interleaved where two columns are asked for alike and by themselves", async () => {
    const a = scattered(900);
    const b = Array.from({ length: ROWS }, (_, row) => BigInt((row * 6007) % 907));
    const found = await advise([use([equals("a")], 5), use([equals("b")], 5)], { a, b });
    expect(found.best).toMatchObject({ style: "interleaved", columns: ["a", "b"] });
    const compound = found.candidates.find(({ style }) => style === "compound")!;
    expect(found.best!.skipped).toBeGreaterThan(compound.skipped + 0.1);
  });

  test("is never interleaved over what only grows", async () => {
    const growing = Array.from({ length: ROWS }, (_, row) => BigInt(row));
    const found = await advise([use([equals("a")]), use([equals("b")])], { a: growing, b: scattered(900) });
    expect(found.candidates.filter(({ style }) => style === "interleaved")).toEqual([]);
  });

  test("is none where rows arrive in the order that is asked for", async () => {
    const growing = Array.from({ length: ROWS }, (_, row) => BigInt(row));
    const found = await advise([use([{ column: "a", kind: "range", low: { value: 3000n } }])], { a: growing });
    expect(found.best).toBeUndefined();
    expect(found.current.skipped).toBeGreaterThan(0.9);
  });

  test("is none where nobody filters", async () => {
    expect((await advise([], {})).best).toBeUndefined();
    expect((await advise([use([], 4, [{ column: "a", with: "t.a" }])], {})).predicates).toEqual([
      { column: "a", equality: 0, range: 0, join: 4 },
    ]);
  });

  test("stays as it is where nothing does better", async () => {
    const columns = columnsOf({ a: scattered(500) });
    const current = { style: "compound", columns: ["a"] } as const;
    const uses = [use([equals("a", 7n)])];
    const found = await adviseSortKey({ uses, columns, rows: ROWS, zones: () => 40, current, pause });
    expect(found.best).toMatchObject(current);
  });
});

describe("the distribution", () => {
  const join = (column: string, count: number) => use([], count, [{ column, with: `other.${column}` }]);
  const options = { slices: 8, expectedRows: 80_000_000 };

  test("is by the column that joins use, where its values spread evenly", () => {
    const found = adviseDistribution({
      ...options,
      uses: [join("id", 9), join("kind", 1)],
      joinColumns: [
        { column: integer("id"), values: scattered(3000) },
        { column: integer("kind"), values: scattered(3) },
      ],
    });
    expect(found.best).toEqual({ style: "key", column: "id" });
    const [id, kind] = found.options;
    expect(id).toMatchObject({ column: "id", collocated: 0.9 });
    expect(id!.skew).toBeLessThan(1.3);
    // Three values on eight slices: five of them stay empty.
    expect(kind).toMatchObject({ column: "kind", rowsMin: 0, distinctValues: 3 });
    expect(kind!.skew).toBeGreaterThan(2);
  });

  test("is EVEN where the joined column is lopsided, and where nobody joins", () => {
    const lopsided = Array.from({ length: 1000 }, (_, row) => (row < 600 ? 1n : BigInt(row)));
    const uses = [join("id", 5)];
    expect(
      adviseDistribution({ ...options, uses, joinColumns: [{ column: integer("id"), values: lopsided }] }).best,
    ).toEqual({ style: "even" });
    expect(adviseDistribution({ ...options, uses: [], joinColumns: [] })).toMatchObject({
      best: { style: "even" },
      options: [
        { style: "even", rowsMax: 10_000_000 },
        { style: "all", rowsMax: 80_000_000 },
      ],
    });
  });

  test("is ALL for a small table that is joined", () => {
    const found = adviseDistribution({
      slices: 8,
      expectedRows: 5000,
      uses: [join("id", 1)],
      joinColumns: [{ column: integer("id"), values: scattered(1000) }],
    });
    expect(found.best).toEqual({ style: "all" });
  });

  test("NULLs of a key lie on one slice", () => {
    const values = Array.from({ length: 1000 }, (_, row) => (row % 2 === 0 ? null : BigInt(row)));
    const found = adviseDistribution({
      ...options,
      uses: [join("id", 1)],
      joinColumns: [{ column: integer("id"), values }],
    });
    expect(found.options[0]!.rowsMax).toBeGreaterThanOrEqual(40_000_000);
  });
});
