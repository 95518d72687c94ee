import type { Row } from "penstock";
import {
  bigint,
  boolean,
  char,
  date,
  day,
  decimal,
  doublePrecision,
  integer,
  interleaved,
  real,
  smallint,
  stream,
  superType,
  table,
  time,
  timestamp,
  timestamptz,
  varchar,
} from "penstock";
import { expect, expectTypeOf, test } from "vitest";

const everything = table("everything", {
  from: stream("everything"),
  columns: {
    id: bigint().notNull(),
    small: smallint(),
    whole: integer().notNull().default(0),
    price: decimal(12, 4),
    ratio: real(),
    exact: doublePrecision().default(1.5),
    open: boolean().notNull(),
    code: char(3),
    name: varchar(20),
    on_day: date().notNull(),
    at_local: timestamp(),
    at_point: timestamptz().notNull(),
    at_epoch: timestamptz().format("epochmillisecs").notNull(),
    at_text: timestamp().format("YYYY-MM-DD HH24:MI:SS"),
    at_time: time(),
    rest: superType(),
  },
});

test("a row's type follows the columns", () => {
  expectTypeOf<Row<typeof everything>>().toEqualTypeOf<{
    id: number | bigint;
    small?: number | null | undefined;
    whole?: number | undefined;
    price?: number | string | null | undefined;
    ratio?: number | null | undefined;
    exact?: number | null | undefined;
    open: boolean;
    code?: string | null | undefined;
    name?: string | null | undefined;
    on_day: Date | string;
    at_local?: Date | string | null | undefined;
    at_point: Date | string;
    at_epoch: Date | number;
    at_text?: Date | string | null | undefined;
    at_time?: string | null | undefined;
    rest?: unknown;
  }>();
  expect(everything).toBeDefined();
});

test("the compiler refuses a row with a column missing, misspelt or of another type", () => {
  const row = (given: Row<typeof everything>) => given;
  const good = { id: 1n, open: true, on_day: "2026-11-22", at_point: new Date(0), at_epoch: 0 };
  row(good);
  // @ts-expect-error a NOT NULL column without a default must be there
  row({ id: 1n, open: true, on_day: "2026-11-22", at_point: new Date(0) });
  // @ts-expect-error NULL in a NOT NULL column
  row({ ...good, open: null });
  // @ts-expect-error text in an integer
  row({ ...good, whole: "1" });
  // @ts-expect-error no such column
  row({ ...good, nmae: "x" });
  expect(row(good)).toBe(good);
});

test("the compiler refuses a key, a partition or an option that does not exist", () => {
  const columns = { symbol: varchar(12).notNull(), at: timestamptz().notNull() };
  const from = stream("s");
  // @ts-expect-error no such column
  table("t", { from, columns, distKey: "symbl" });
  // @ts-expect-error no such column
  table("t", { from, columns, sortKey: ["symbol", "time"] });
  // @ts-expect-error no such column
  table("t", { from, columns, sortKey: interleaved(["symbol", "time"]) });
  // @ts-expect-error no such column
  table("t", { from, columns, dedupe: { by: ["nothing"] } });
  // @ts-expect-error no such column
  table("t", { from, columns, deliver: { partitionBy: day("quoted_at") } });
  // @ts-expect-error no such option
  table("t", { from, columns, delivr: {} });
  // @ts-expect-error no such encoding
  varchar(12).encode("zip");
  table("t", {
    from,
    columns,
    sortKey: interleaved(["symbol", "at"]),
    deliver: { partitionBy: [day("at"), "symbol"] },
  });
  expect(columns).toBeDefined();
});
