import { describe, expect, test } from "vitest";
import { type ColumnTest, type UsedTable, usesOf } from "../../src/advisor/query-uses.js";

const QUOTES: UsedTable = {
  schema: "public",
  name: "quotes",
  columns: [
    { name: "symbol", type: { kind: "varchar", length: 12 }, nullable: false },
    { name: "bid", type: { kind: "decimal", precision: 12, scale: 4 }, nullable: true },
    { name: "size", type: { kind: "integer" }, nullable: true },
    { name: "live", type: { kind: "boolean" }, nullable: true },
    { name: "day", type: { kind: "date" }, nullable: true },
    { name: "quoted_at", type: { kind: "timestamptz" }, nullable: false },
  ],
};
const AT = Date.UTC(2026, 10, 23, 12, 30);
const others = new Map([
  ["symbols", ["symbol", "name"]],
  ["trades", ["id", "quote_symbol", "price"]],
]);

const uses = (sql: string) => usesOf({ sql, atMs: AT, count: 1 }, QUOTES, (parts) => others.get(parts.at(-1) ?? ""));
const tests = (where: string): readonly ColumnTest[] => uses(`select * from quotes where ${where}`)[0]!.tests;
const micros = (text: string) => BigInt(Date.parse(text)) * 1000n;

describe("what a logged statement asks of a table", () => {
  test.each<[string, readonly ColumnTest[]]>([
    ["symbol = 'SPY'", [{ column: "symbol", kind: "equality", values: ["SPY"] }]],
    ["'SPY' = quotes.symbol", [{ column: "symbol", kind: "equality", values: ["SPY"] }]],
    ["symbol in ('SPY', 'QQQ')", [{ column: "symbol", kind: "equality", values: ["SPY", "QQQ"] }]],
    ["symbol = 'SPY' or symbol = 'QQQ'", [{ column: "symbol", kind: "equality", values: ["SPY", "QQQ"] }]],
    ["symbol like 'SP%'", [{ column: "symbol", kind: "range", low: { value: "SP" }, high: { value: "SP\uffff" } }]],
    ["bid > 1.25", [{ column: "bid", kind: "range", low: { value: 12_500n } }]],
    ["-2 < size", [{ column: "size", kind: "range", low: { value: -2n } }]],
    ["bid >= 1 and bid < 2.5", [{ column: "bid", kind: "range", low: { value: 10_000n }, high: { value: 25_000n } }]],
    ["live", [{ column: "live", kind: "equality", values: [true] }]],
    ["live = true", [{ column: "live", kind: "equality", values: [true] }]],
    ["day = '2026-01-02'", [{ column: "day", kind: "equality", values: [20_455n] }]],
    ["day = date '2026-01-02'", [{ column: "day", kind: "equality", values: [20_455n] }]],
    [
      "quoted_at between '2026-01-02' and '2026-01-03 04:05:06.5+02'",
      [
        {
          column: "quoted_at",
          kind: "range",
          low: { value: micros("2026-01-02T00:00:00Z") },
          high: { value: micros("2026-01-03T02:05:06.500Z") },
        },
      ],
    ],
    [
      "quoted_at >= dateadd(day, -7, getdate())",
      [{ column: "quoted_at", kind: "range", low: { value: micros("2026-11-16T12:30:00Z") } }],
    ],
    [
      "quoted_at > sysdate - interval '90 minutes'",
      [{ column: "quoted_at", kind: "range", low: { value: micros("2026-11-23T11:00:00Z") } }],
    ],
    [
      "quoted_at > current_date - 1",
      [{ column: "quoted_at", kind: "range", low: { value: micros("2026-11-22T00:00:00Z") } }],
    ],
    [
      "quoted_at >= date_trunc('month', getdate())",
      [{ column: "quoted_at", kind: "range", low: { value: micros("2026-11-01T00:00:00Z") } }],
    ],
    [
      "quoted_at < '2026-01-31'::timestamp + interval '1 month'",
      [{ column: "quoted_at", kind: "range", high: { value: micros("2026-03-03T00:00:00Z") } }],
    ],
    ["symbol = $1", [{ column: "symbol", kind: "equality", values: [undefined] }]],
    [
      "quoted_at > (select max(quoted_at) from quotes) - interval '5 minutes'",
      [{ column: "quoted_at", kind: "range", low: { value: undefined } }],
    ],
  ])("%s", (where, expected) => {
    expect(tests(where)).toEqual(expected);
  });

  test.each([
    "upper(symbol) = 'SPY'",
    "symbol <> 'SPY'",
    "symbol not in ('SPY')",
    "symbol = 'SPY' or bid > 1",
    "symbol like '%SPY'",
    "bid + 1 > 2",
  ])("%s can pass no block by", (where) => {
    expect(tests(where)).toEqual([]);
  });

  test("by the alias, in a subquery, in WITH, in a union, in DELETE and in INSERT ... SELECT", () => {
    const asked = (sql: string) => uses(sql).flatMap((use) => use.tests.map(({ column }) => column));
    expect(asked("select q.bid from quotes q where q.symbol = 'A'")).toEqual(["symbol"]);
    expect(asked("select * from (select * from public.quotes where size > 5) s where s.symbol = 'A'")).toEqual([
      "size",
    ]);
    expect(asked("with a as (select * from quotes where day = '2026-01-01') select * from a where bid > 1")).toEqual([
      "day",
    ]);
    expect(asked("select 1 from quotes where size = 1 union all select 2 from quotes where bid = 2")).toEqual([
      "size",
      "bid",
    ]);
    expect(asked("delete from quotes where day < '2020-01-01'")).toEqual(["day"]);
    expect(asked("insert into trades select 1, symbol, bid from quotes where symbol = 'A'")).toEqual(["symbol"]);
  });

  test("a common table of the same name, another schema's table and other tables are not meant", () => {
    expect(uses("with quotes as (select 1 as size) select * from quotes where size = 1")).toEqual([]);
    expect(uses("select * from old.quotes where size = 1")).toEqual([]);
    expect(uses("select * from trades where price > 1")).toEqual([]);
    expect(uses("this is no SQL")).toEqual([]);
  });

  test("joins, by ON, by USING, in WHERE and with IN", () => {
    const joins = (sql: string) => uses(sql).flatMap((use) => use.joins);
    expect(joins("select * from quotes q join trades t on t.quote_symbol = q.symbol where t.price > 1")).toEqual([
      { column: "symbol", with: "trades.quote_symbol" },
    ]);
    expect(joins("select * from quotes join symbols using (symbol)")).toEqual([
      { column: "symbol", with: "symbols.symbol" },
    ]);
    expect(joins("select * from quotes, trades where quote_symbol = quotes.symbol")).toEqual([
      { column: "symbol", with: "trades.quote_symbol" },
    ]);
    expect(joins("select * from quotes where symbol in (select symbol from symbols)")).toEqual([
      { column: "symbol", with: undefined },
    ]);
  });

  test("a name that two tables have is taken for neither", () => {
    expect(
      uses("select * from quotes, symbols where symbol = 'A' and bid > 1")[0]!.tests.map(({ column }) => column),
    ).toEqual(["bid"]);
  });
});
