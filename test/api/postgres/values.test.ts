import { PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeValue } from "../../../src/api/postgres/decode-value.js";
import { valueEncoder } from "../../../src/api/postgres/encode-value.js";
import { messageWriter } from "../../../src/api/postgres/message-writer.js";
import type { SqlValue } from "../../../src/redshift/database.js";
import type { SqlType } from "../../../src/redshift/types.js";

/** A value's bytes, without the length before them. */
function encoded(type: SqlType, format: 0 | 1, value: Exclude<SqlValue, null>): Buffer {
  const socket = new PassThrough();
  const writer = messageWriter(socket);
  writer.begin("D");
  valueEncoder(type, format)(writer, value);
  writer.end();
  writer.flush();
  const bytes = (socket.read() as Buffer).subarray(5);
  expect(bytes.readInt32BE(0)).toBe(bytes.length - 4);
  return bytes.subarray(4);
}

const decimal: SqlType = { kind: "decimal", precision: 38, scale: 10 };
const varchar: SqlType = { kind: "varchar", length: 100 };
const plain = (kind: Exclude<SqlType["kind"], "decimal" | "char" | "varchar" | "varbyte" | "array">): SqlType => ({
  kind,
});

// Text and, in hexadecimal, binary: what PostgreSQL 15 sends for the same value.
test.for<[SqlType, Exclude<SqlValue, null>, string, string]>([
  [plain("boolean"), true, "t", "01"],
  [plain("boolean"), false, "f", "00"],
  [plain("smallint"), -2, "-2", "fffe"],
  [plain("integer"), 2_147_483_647, "2147483647", "7fffffff"],
  [plain("integer"), -2_147_483_648, "-2147483648", "80000000"],
  [plain("bigint"), 9_007_199_254_740_993n, "9007199254740993", "0020000000000001"],
  [plain("bigint"), -1n, "-1", "ffffffffffffffff"],
  [plain("oid"), 4_294_967_295, "4294967295", "ffffffff"],
  [plain("real"), Math.fround(0.1), "0.1", "3dcccccd"],
  [plain("double"), 0.1, "0.1", "3fb999999999999a"],
  [plain("double"), -0, "-0", "8000000000000000"],
  [plain("double"), Number.NaN, "NaN", "7ff8000000000000"],
  [plain("double"), Number.NEGATIVE_INFINITY, "-Infinity", "fff0000000000000"],
  [decimal, "0.0000000000", "0.0000000000", "000000000000000a"],
  [decimal, "-12.50", "-12.50", "0002000040000002000c1388"],
  [decimal, "10000", "10000", "00010001000000000001"],
  [decimal, "0.0001", "0.0001", "0001ffff000000040001"],
  [decimal, "123456789.123", "123456789.123", "000400020000000300010929" + "1a85" + "04ce"],
  [varchar, "grün", "grün", "6772c3bc6e"],
  [plain("date"), "2000-01-01", "2000-01-01", "00000000"],
  [plain("date"), "1999-12-31", "1999-12-31", "ffffffff"],
  [plain("date"), "0044-03-15 BC", "0044-03-15 BC", "fff49d7b"],
  [plain("time"), "23:59:59.5", "23:59:59.5", "000000141dcfbee0"],
  [plain("timetz"), "10:00:00+02", "10:00:00+02", "0000000861c46800ffffe3e0"],
  [plain("timestamp"), "2000-01-02 00:00:00.000001", "2000-01-02 00:00:00.000001", "000000141dd76001"],
  [plain("timestamp"), "infinity", "infinity", "7fffffffffffffff"],
  [plain("timestamptz"), "1999-12-31 23:00:00-01", "1999-12-31 23:00:00-01", "0000000000000000"],
  [{ kind: "varbyte", length: 10 }, new Uint8Array([1, 0xff]), "01ff", "01ff"],
  [plain("super"), '{"a":1}', '{"a":1}', "7b2261223a317d"],
  [plain("interval-year-month"), "1 year 2 mons", "1 year 2 mons", "0000000e"],
  [plain("interval-day-second"), "1 day 00:00:01", "1 day 00:00:01", "000000141de6a240"],
  [
    { kind: "array", of: plain("integer") },
    [1, null],
    "{1,NULL}",
    "00000001" + "00000001" + "00000017" + "00000002" + "00000001" + "00000004" + "00000001" + "ffffffff",
  ],
  [{ kind: "array", of: plain("text") }, [], "{}", "000000000000000000000019"],
  [{ kind: "array", of: plain("text") }, ["a b", 'q"', "null", ""], '{"a b","q\\"","null",""}', ""],
])("%o of %s is written as text and in binary", ([type, value, text, hex]) => {
  expect(encoded(type, 0, value).toString()).toBe(text);
  if (hex !== "") expect(encoded(type, 1, value).toString("hex")).toBe(hex);
});

test.for<[number, string, string]>([
  [0, "0", "0"],
  [1, "1", "1"],
  [100_000, "100000", "100000"],
  [1_000_000, "1000000", "1e+06"],
  [0.0001, "0.0001", "0.0001"],
  [0.00001, "1e-05", "1e-05"],
  [1e14, "100000000000000", "1e+14"],
  [1e15, "1e+15", "1e+15"],
  [1e300, "1e+300", "Infinity"],
  [123_456_789, "123456789", "1.2345679e+08"],
  [1 / 3, "0.3333333333333333", "0.33333334"],
  [-2.5e-7, "-2.5e-07", "-2.5e-07"],
])("the number %d has the digits that PostgreSQL gives it", ([value, asDouble, asReal]) => {
  expect(encoded(plain("double"), 0, value).toString()).toBe(asDouble);
  expect(encoded(plain("real"), 0, Math.fround(value)).toString()).toBe(asReal);
});

describe("what was sent in binary is read as it was", () => {
  const pad = (value: number, width: number) => String(value).padStart(width, "0");
  const date = fc.date({
    min: new Date("0001-01-01T00:00:00Z"),
    max: new Date("9999-12-31T00:00:00Z"),
    noInvalidDate: true,
  });
  const dateText = (of: Date) =>
    `${pad(of.getUTCFullYear(), 4)}-${pad(of.getUTCMonth() + 1, 2)}-${pad(of.getUTCDate(), 2)}`;
  const time = fc.tuple(fc.nat(86_399), fc.nat(999_999)).map(([seconds, micros]) => {
    const fraction = micros === 0 ? "" : `.${pad(micros, 6).replace(/0+$/, "")}`;
    return `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}${fraction}`;
  });
  const numeric = fc
    .tuple(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), fc.nat(20))
    .map(([digits, scale]) => {
      const size = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, "0");
      const text = scale === 0 ? size : `${size.slice(0, -scale)}.${size.slice(-scale)}`;
      return digits < 0n ? `-${text}` : text;
    });
  const same = (type: SqlType, values: fc.Arbitrary<Exclude<SqlValue, null>>) =>
    fc.assert(
      fc.property(values, (value) => {
        expect(decodeValue(type, 1, encoded(type, 1, value))).toEqual(value);
      }),
    );

  test("numbers", () => {
    same(plain("bigint"), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
    same(plain("integer"), fc.integer());
    same(plain("double"), fc.double());
    same(plain("real"), fc.float());
    same(decimal, numeric);
  });

  test("times", () => {
    same(plain("date"), date.map(dateText));
    same(plain("time"), time);
    same(
      plain("timestamp"),
      fc.tuple(date.map(dateText), time).map((parts) => parts.join(" ")),
    );
    same(
      plain("timestamp"),
      fc.constantFrom("infinity", "-infinity", "0044-03-15 10:00:00.5 BC", "12024-02-29 00:00:00"),
    );
    same(
      plain("timestamptz"),
      fc.tuple(date.map(dateText), time).map((parts) => `${parts.join(" ")}+00`),
    );
    same(
      plain("timetz"),
      fc.tuple(time, fc.constantFrom("+00:00", "-05:30", "+14:00")).map((parts) => parts.join("")),
    );
  });

  test("texts, bytes and arrays", () => {
    same(
      varchar,
      fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")),
    );
    same({ kind: "array", of: plain("integer") }, fc.array(fc.option(fc.integer())));
    same({ kind: "array", of: varchar }, fc.array(fc.option(fc.constantFrom("", "null", "a b", "ü"))));
  });
});

describe("a parameter", () => {
  test("of several values is read from its text", () => {
    const integers: SqlType = { kind: "array", of: plain("integer") };
    const texts: SqlType = { kind: "array", of: plain("text") };
    const read = (type: SqlType, text: string) => decodeValue(type, 0, Buffer.from(text));
    expect(read(integers, "{1, 2,NULL}")).toEqual([1, 2, null]);
    expect(read(integers, "{}")).toEqual([]);
    expect(read(texts, '{a b,"c,\\"d","null",null}')).toEqual(["a b", 'c,"d', "null", null]);
    for (const wrong of ["1,2", "{1", "{1,}", "{{1}}", "{a"])
      expect(() => read(texts, wrong)).toThrow("malformed array literal");
  });

  test.for<[SqlType, Buffer, string]>([
    [plain("integer"), Buffer.alloc(3), "22P03"],
    [plain("timestamp"), Buffer.alloc(0), "22P03"],
    [decimal, Buffer.alloc(7), "22P03"],
    [decimal, Buffer.from("0001000000000000", "hex"), "22P03"],
    [decimal, Buffer.from("00007fff00000000", "hex"), "22P03"],
    [decimal, Buffer.from("00000000c0000000", "hex"), "22P02"],
    [plain("time"), Buffer.from("ffffffffffffffff", "hex"), "22P03"],
    [{ kind: "array", of: plain("integer") }, Buffer.from("0000000100000000000000177fffffff00000001", "hex"), "22P03"],
    [varchar, Buffer.from([0xff]), "22021"],
    [varchar, Buffer.from([0x61, 0]), "22021"],
  ])("of type %o with bytes that are none is refused", ([type, bytes, state]) => {
    expect(() => decodeValue(type, 1, bytes)).toThrow(expect.objectContaining({ state }));
  });
});
