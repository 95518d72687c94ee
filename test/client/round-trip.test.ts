import fc from "fast-check";
import {
  type AnyTable,
  bigint,
  boolean,
  char,
  csv,
  date,
  decimal,
  doublePrecision,
  integer,
  json,
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
import { describe, expect, test } from "vitest";
import { rowEncoder } from "../../src/client/encode-row.js";
import { checkSingleTable } from "../../src/definition/check-pipeline.js";
import { decodeRecord } from "../../src/delivery/codec/decode-record.js";
import { planRows } from "../../src/delivery/codec/row-plan.js";

/** Types, and how a value of each comes out of delivery's codec. */
const columns = {
  big: bigint(),
  small: smallint(),
  whole: integer().path("$.deep.whole"),
  price: decimal(20, 6),
  ratio: doublePrecision(),
  single: real(),
  yes: boolean(),
  name: varchar(400).path(["deep", "a name"]),
  code: char(8),
  day: date(),
  local: timestamp(),
  point: timestamptz(),
  secs: timestamptz().format("epochsecs"),
  millis: timestamp().format("epochmillisecs"),
  written: timestamp().format("MON/DD/YYYY HH12:MI:SS PM"),
  clock: time(),
  extra: superType(),
};
const flat = { ...columns, whole: integer(), name: varchar(400) };

const moment = fc.date({ min: new Date("0001-01-02"), max: new Date("9999-12-30"), noInvalidDate: true });
const digits = (value: bigint, scale: number) => {
  const text = (value < 0n ? -value : value).toString().padStart(scale + 1, "0");
  return `${value < 0n ? "-" : ""}${text.slice(0, -scale)}.${text.slice(-scale)}`;
};
const rows = fc.record({
  big: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  small: fc.integer({ min: -32_768, max: 32_767 }),
  whole: fc.integer(),
  price: fc.bigInt({ min: -(10n ** 20n) + 1n, max: 10n ** 20n - 1n }).map((units) => digits(units, 6)),
  ratio: fc.double({ noNaN: true, noDefaultInfinity: true }),
  single: fc.float({ noNaN: true, noDefaultInfinity: true }),
  yes: fc.boolean(),
  name: fc
    .string({ maxLength: 60, unit: "binary" })
    .filter((text) => !text.includes("\0") && !/\p{Surrogate}/u.test(text)),
  code: fc.stringMatching(/^[ -~]{0,7}$/),
  day: moment,
  local: moment,
  point: moment,
  secs: moment,
  millis: moment,
  written: moment,
  clock: fc.constantFrom("09:30", "23:59:59", "00:00:00.000001"),
  extra: fc.jsonValue({ depthSize: "small" }).filter((value) => value !== null),
});
type Values = Record<string, unknown>;
/** Any of the values may be NULL, or not be given at all. */
const sparse = fc
  .tuple(
    rows,
    fc.dictionary(fc.constantFrom(...Object.keys(columns)), fc.constantFrom(null, undefined), { maxKeys: 8 }),
  )
  .map(([row, holes]): Values => ({ ...row, ...holes }));

/** `YYYY-MM-DD HH:MM:SS[.f]`, without zeros at the end of the fraction. */
const seconds = (date: Date) =>
  date
    .toISOString()
    .slice(0, -1)
    .replace("T", " ")
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");

/** What the codec should make of a value: its canonical text. */
function canonical(name: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (name === "day") return (value as Date).toISOString().slice(0, 10);
  if (value instanceof Date) return seconds(value);
  if (name === "clock") return value === "09:30" ? "09:30:00" : value;
  if (name === "single") return Math.fround(value as number) === 0 ? "0" : String(Math.fround(value as number));
  if (name === "ratio") return value === 0 ? "0" : String(value);
  if (name === "extra") return JSON.parse(JSON.stringify(value));
  return String(value);
}

function decode(given: AnyTable, row: Values): Record<string, unknown> {
  const { table: model } = checkSingleTable(given);
  const outcomes = [...decodeRecord(planRows(model), rowEncoder(model).encode(row))];
  expect(outcomes).toHaveLength(1);
  const [outcome] = outcomes;
  if (outcome?.kind !== "row") throw new Error(JSON.stringify(outcome));
  return Object.fromEntries(
    model.columns.map(({ name }, index) => {
      const cell = outcome.cells[index]!;
      return [name, name === "extra" && cell !== null ? JSON.parse(cell) : cell];
    }),
  );
}

const expected = (row: Values) =>
  Object.fromEntries(Object.keys(columns).map((name) => [name, canonical(name, row[name])]));

describe("a row that was put is the row that delivery reads", () => {
  const from = stream("s");
  test.each([
    ["JSON, with paths", table("t", { from, format: json(), columns })],
    ["CSV", table("t", { from, format: csv(), columns: flat })],
    [
      "CSV with a header, other marks and a null token",
      table("t", {
        from,
        format: csv({ header: "each", delimiter: "|", quote: "'", escape: "\\", nullAs: "NULL" }),
        columns: flat,
      }),
    ],
    ["CSV with tabs", table("t", { from, format: csv({ delimiter: "\t", nullAs: "\\N" }), columns: flat })],
  ])("%s", (_, given) => {
    fc.assert(
      fc.property(sparse, (row) => {
        expect(decode(given, row)).toEqual(expected(row));
      }),
      { numRuns: 300 },
    );
  });

  test("defaults take the place of what is not given, and of nothing else", () => {
    const withDefaults = { a: integer().default(7), b: varchar(9).notNull().default("none"), c: integer() };
    for (const format of [json(), csv(), csv({ nullAs: "NULL" })]) {
      const given = table("t", { from, format, columns: withDefaults });
      expect(decode(given, {})).toEqual({ a: "7", b: "none", c: null });
      expect(decode(given, { a: 1, b: "x", c: null })).toEqual({ a: "1", b: "x", c: null });
    }
    const asJson = table("t", { from, columns: withDefaults });
    expect(decode(asJson, { a: null, b: "" })).toEqual({ a: null, b: "", c: null });
    const asCsv = table("t", { from, format: csv({ nullAs: "NULL" }), columns: withDefaults });
    expect(() => decode(asCsv, { a: null })).toThrow("a is null");
    expect(() => decode(asCsv, { b: "" })).toThrow('b is ""');
  });

  test("unknown fields that were kept are kept again", () => {
    const given = table("t", {
      from,
      format: json({ unknownFields: "keep", keepIn: "extra" }),
      columns: { a: integer(), extra: superType() },
    });
    expect(decode(given, { a: 1, extra: { x: [1, { y: null }] } })).toEqual({ a: "1", extra: { x: [1, { y: null }] } });
  });
});
