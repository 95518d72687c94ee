import { gzipSync } from "node:zlib";
import { expect, describe as group, test } from "vitest";
import { encodeKpl } from "../../src/core/kpl.js";
import type { ColumnType, TableModel } from "../../src/definition/model.js";
import { decodeRecord } from "../../src/delivery/codec/decode-record.js";
import { planRows } from "../../src/delivery/codec/row-plan.js";
import { column, tableModel } from "../fixtures/tables.js";
import { describe } from "./conversion-kit.js";

function decode(table: TableModel, data: string | Uint8Array): unknown[] {
  const bytes = typeof data === "string" ? Buffer.from(data) : data;
  return [...decodeRecord(planRows(table), bytes)].map(describe);
}

/** The text that a JSON value becomes in a column of the type, or the dead letter's code. */
function cell(type: ColumnType, json: string, more = {}): unknown {
  const [outcome] = decode(tableModel([column("a", type, more)]), `{"a":${json}}`);
  return Array.isArray(outcome) ? outcome[0] : outcome;
}

const numbers = tableModel([column("a", { kind: "integer" }), column("b", { kind: "varchar", length: 20 })]);
const csv = tableModel(numbers.columns, {
  format: { kind: "csv", header: "none", delimiter: ",", quote: '"', escape: '"', nullAs: "" },
});

group("records", () => {
  test("hold one object, several in a row, or one a line", () => {
    expect(decode(numbers, '{"a":1}')).toEqual([["1", null]]);
    expect(decode(numbers, '{"a":1}{"a":2} {"a":3}\n{"a":4}\n')).toEqual([
      ["1", null],
      ["2", null],
      ["3", null],
      ["4", null],
    ]);
  });

  test("without a row are a dead letter", () => {
    for (const payload of ["", " \n ", gzipSync("")]) expect(decode(numbers, payload)).toEqual(["empty-record"]);
    expect(decode(csv, "\n\n")).toEqual(["empty-record"]);
  });

  test("keep their good rows beside a bad one, each with its own index", () => {
    expect(decode(numbers, '{"a":1}\n{"a":\n{"a":3}\n[4]\n{"a":"x"}\n{"a":6}')).toEqual([
      ["1", null],
      "invalid-json",
      ["3", null],
      "not-an-object",
      "type-mismatch",
      ["6", null],
    ]);
  });

  test("are taken out of KPL aggregates and gzip", () => {
    const aggregate = encodeKpl([
      { partitionKey: "p", data: Buffer.from('{"a":1}') },
      { partitionKey: "q", data: gzipSync('{"a":2}{"a":3}') },
    ]);
    expect(decode(numbers, aggregate)).toEqual([
      ["1", null],
      ["2", null],
      ["3", null],
    ]);
    const damaged = gzipSync('{"a":1}');
    damaged[damaged.length - 6]! ^= 1;
    expect(decode(numbers, damaged)).toEqual(["invalid-gzip"]);
  });

  test("that grow beyond the bound when inflated are refused", () => {
    expect(decode(numbers, gzipSync(Buffer.alloc(65 * 1024 * 1024, 32)))).toEqual(["too-large"]);
  });

  test("that are not UTF-8 are a dead letter", () => {
    expect(decode(numbers, Buffer.from([0x7b, 0xff, 0x7d]))).toEqual(["invalid-utf8"]);
  });

  test("of any depth are read without recursion", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    expect(decode(numbers, `{"a":1,"x":${deep}}`)).toEqual([["1", null]]);
  });
});

group("JSON", () => {
  test("of duplicate keys the first counts", () => {
    expect(decode(numbers, '{"a":1,"a":2}')).toEqual([["1", null]]);
  });

  test("a default stands in for an absent field, not for null", () => {
    const table = tableModel([column("a", { kind: "integer" }, { default: 5 })]);
    expect(decode(table, '{}{"a":null}')).toEqual([["5"], [null]]);
  });

  test("a NOT NULL column without a value is a dead letter", () => {
    const table = tableModel([column("a", { kind: "integer" }, { nullable: false })]);
    expect(decode(table, '{}{"a":null}')).toEqual(["missing-value", "missing-value"]);
  });

  test("unknown fields are dropped, refused or kept", () => {
    const columns = [column("a", { kind: "integer" }), column("rest", { kind: "super" })];
    const record = '{"a":1,"x":[1.50, "\\u00e9"],"y":2}';
    const format = (unknownFields: "ignore" | "reject" | "keep") => ({
      format: { kind: "json", unknownFields, keepIn: "rest" } as const,
    });
    expect(decode(tableModel(columns, format("ignore")), record)).toEqual([["1", null]]);
    expect(decode(tableModel(columns, format("reject")), record)).toEqual(["unknown-field"]);
    expect(decode(tableModel(columns, format("keep")), record)).toEqual([["1", '{"x":[1.50, "\\u00e9"],"y":2}']]);
  });

  test("a path leads to nested values", () => {
    const table = tableModel([column("a", { kind: "integer" }, { path: ["x", "y"] })]);
    expect(decode(table, '{"x":{"y":1}}{"x":5}{}')).toEqual([["1"], [null], [null]]);
  });

  test("where compares texts and filters the rest", () => {
    const table = tableModel(numbers.columns, { where: { field: "k", in: ["SPY", 5, true] } });
    const record = '{"k":"SPY","a":1}{"k":"X","a":"bad"}{"k":5.0,"a":2}{"k":true,"a":3}{"a":4}{"k":null}';
    expect(decode(table, record)).toEqual([["1", null], "filtered", ["2", null], ["3", null], "filtered", "filtered"]);
  });
});

group("values", () => {
  test("whole numbers are exact to the last digit and refused beyond the type's range", () => {
    expect(cell({ kind: "bigint" }, "9007199254740993")).toBe("9007199254740993");
    expect(cell({ kind: "bigint" }, "9223372036854775808")).toBe("out-of-range");
    expect(cell({ kind: "integer" }, '"12"')).toBe("12");
    expect(cell({ kind: "integer" }, "12.0")).toBe("12");
    expect(cell({ kind: "integer" }, "1.2e1")).toBe("12");
    expect(cell({ kind: "integer" }, "12.5")).toBe("type-mismatch");
    expect(cell({ kind: "integer" }, "1e999999")).toBe("out-of-range");
    expect(cell({ kind: "smallint" }, "40000")).toBe("out-of-range");
    expect(cell({ kind: "integer" }, "true")).toBe("type-mismatch");
  });

  test("decimals are taken by their digits, halves rounded away from zero", () => {
    const type = { kind: "decimal", precision: 12, scale: 4 } as const;
    expect(cell(type, "1.00005")).toBe("1.0001");
    expect(cell(type, "-1.00005")).toBe("-1.0001");
    expect(cell(type, "1.00004999999999999999999")).toBe("1.0000");
    expect(cell(type, "123456789")).toBe("out-of-range");
    expect(cell(type, '"1e-3"')).toBe("0.0010");
    expect(cell({ kind: "decimal", precision: 38, scale: 0 }, "9".repeat(38))).toBe("9".repeat(38));
    expect(cell({ kind: "decimal", precision: 2, scale: 1 }, "9.99")).toBe("out-of-range");
  });

  test("text is measured in bytes", () => {
    expect(cell({ kind: "varchar", length: 4 }, '"éé"')).toBe("éé");
    expect(cell({ kind: "varchar", length: 3 }, '"éé"')).toBe("too-long");
    expect(cell({ kind: "char", length: 4 }, '"éé"')).toBe("not-ascii");
    expect(cell({ kind: "varchar", length: 9 }, '"a\\u0000b"')).toBe("type-mismatch");
  });

  test("a number in a text column keeps its digits", () => {
    expect(cell({ kind: "varchar", length: 30 }, "1.50")).toBe("1.50");
    expect(cell({ kind: "varchar", length: 30 }, "1e3")).toBe("1e3");
    expect(cell({ kind: "varchar", length: 30 }, '{"x": 1.0}')).toBe('{"x": 1.0}');
  });

  test("times come out in UTC and in one form", () => {
    const type = { kind: "timestamptz" } as const;
    expect(cell(type, '"2026-11-22T09:30:00.250+02:00"')).toBe("2026-11-22 07:30:00.25");
    expect(cell(type, '"2026-11-22"')).toBe("2026-11-22 00:00:00");
    expect(cell(type, '"2026-02-29T00:00:00Z"')).toBe("invalid-time");
    expect(cell(type, "1700000000.5", { timeFormat: "epochsecs" })).toBe("2023-11-14 22:13:20.5");
    expect(cell(type, "-1", { timeFormat: "epochmillisecs" })).toBe("1969-12-31 23:59:59.999");
    expect(cell(type, '"22.11.2026 09:30"', { timeFormat: "DD.MM.YYYY HH24:MI" })).toBe("2026-11-22 09:30:00");
    expect(cell({ kind: "date" }, '"2026-11-22"')).toBe("2026-11-22");
    expect(cell({ kind: "date" }, '"2026-11-22T10:00:00Z"')).toBe("invalid-time");
    expect(cell({ kind: "time" }, '"09:30:00.5000"')).toBe("09:30:00.5");
    expect(cell({ kind: "timestamp" }, '"1999-12-31 23:59:59.9999999"')).toBe("2000-01-01 00:00:00");
  });

  test("SUPER keeps its text, byte for byte", () => {
    expect(cell({ kind: "super" }, '{ "x" : 1.50, "y":"\\u00e9" }')).toBe('{ "x" : 1.50, "y":"\\u00e9" }');
    expect(cell({ kind: "super" }, '"text"')).toBe('"text"');
    expect(cell({ kind: "super" }, "[1,]")).toBe("type-mismatch");
  });

  test("booleans are read from their usual texts", () => {
    for (const text of ["true", '"t"', '"YES"', "1", '"y"']) expect(cell({ kind: "boolean" }, text)).toBe("true");
    for (const text of ["false", '"f"', '"no"', "0"]) expect(cell({ kind: "boolean" }, text)).toBe("false");
    expect(cell({ kind: "boolean" }, "2")).toBe("type-mismatch");
  });
});

group("CSV", () => {
  test("has quotes, escaped quotes, line ends within quotes and several lines a record", () => {
    expect(decode(csv, '1,"a,""b""\nc"\r\n2,x\n')).toEqual([
      ["1", 'a,"b"\nc'],
      ["2", "x"],
    ]);
  });

  test("knows NULL from empty text", () => {
    expect(decode(csv, '1,\n2,""\n,x')).toEqual([
      ["1", null],
      ["2", ""],
      [null, "x"],
    ]);
    const marked = tableModel(csv.columns, { format: { ...csv.format, nullAs: "\\N" } as TableModel["format"] });
    expect(decode(marked, "1,\\N\n2,\n,x")).toEqual([
      ["1", null],
      ["2", ""],
      [null, "x"],
    ]);
  });

  test("loses only the line that is wrong", () => {
    expect(decode(csv, '1,a\n2\n3,"b"x\n4,d')).toEqual([["1", "a"], "csv-field-count", "invalid-csv", ["4", "d"]]);
  });

  test("takes its columns from a header", () => {
    const table = tableModel(csv.columns, { format: { ...csv.format, header: "each" } as TableModel["format"] });
    expect(decode(table, "b,x,a\nfoo,1,2\nbar,3,4")).toEqual([
      ["2", "foo"],
      ["4", "bar"],
    ]);
    expect(decode(table, "b,a\n")).toEqual(["empty-record"]);
  });
});

group("transform", () => {
  test("makes one row, several or none of a record", () => {
    const table = tableModel(numbers.columns, {
      transform: ({ n }) => (n === 0 ? null : Array.from({ length: n as number }, (_, i) => ({ a: i, b: `x${i}` }))),
    });
    expect(decode(table, '{"n":1}{"n":0}{"n":2}')).toEqual([["0", "x0"], "filtered", ["0", "x0"], ["1", "x1"]]);
  });

  test("that throws costs its own record", () => {
    const table = tableModel(numbers.columns, {
      transform: (record) => {
        if (record.a === 2) throw new Error("no twos");
        return record;
      },
    });
    expect(decode(table, '{"a":1}{"a":2}{"a":3}')).toEqual([["1", null], "transform-failed", ["3", null]]);
  });

  test("gets and gives numbers without loss", () => {
    const table = tableModel([column("a", { kind: "bigint" })], { transform: (record) => record });
    expect(decode(table, '{"a":9007199254740993}')).toEqual([["9007199254740993"]]);
  });
});
