import {
  type AnyTable,
  bigint,
  boolean,
  csv,
  date,
  decimal,
  doublePrecision,
  integer,
  json,
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

const from = stream("s");
const encode = (given: AnyTable, row: Readonly<Record<string, unknown>>) =>
  Buffer.from(rowEncoder(checkSingleTable(given).table).encode(row)).toString("utf8");
const at = new Date("2026-11-22T09:30:05.250Z");

describe("JSON", () => {
  test("has every type as delivery reads it, without losing a digit", () => {
    const all = table("t", {
      from,
      columns: {
        big: bigint(),
        price: decimal(38, 10),
        number: decimal(10, 2),
        ratio: doublePrecision(),
        yes: boolean(),
        name: varchar(20),
        day: date(),
        local: timestamp(),
        point: timestamptz(),
        secs: timestamptz().format("epochsecs"),
        millis: timestamp().format("epochmillisecs"),
        text: timestamp().format("DD.MM.YYYY HH24:MI:SS"),
        clock: time(),
        rest: superType(),
        nothing: integer(),
        absent: integer(),
      },
    });
    const row = {
      big: 9_007_199_254_740_993n,
      price: "1234567890123456789012345678.0123456789",
      number: 12.5,
      ratio: 0.1,
      yes: true,
      name: 'Zürich "x"\n',
      day: at,
      local: at,
      point: at,
      secs: at,
      millis: at,
      text: at,
      clock: "09:30:05",
      rest: { deep: [1n, null, at, { a: undefined }] },
      nothing: null,
      absent: undefined,
    };
    expect(encode(all, row)).toBe(
      [
        '{"big":9007199254740993',
        '"price":1234567890123456789012345678.0123456789',
        '"number":12.5',
        '"ratio":0.1',
        '"yes":true',
        '"name":"Zürich \\"x\\"\\n"',
        '"day":"2026-11-22"',
        '"local":"2026-11-22T09:30:05.250"',
        '"point":"2026-11-22T09:30:05.250Z"',
        '"secs":1795339805.25',
        '"millis":1795339805250',
        '"text":"22.11.2026 09:30:05.250"',
        '"clock":"09:30:05"',
        '"rest":{"deep":[9007199254740993,null,"2026-11-22T09:30:05.250Z",{}]}',
        '"nothing":null}',
      ]
        .join(",")
        .replace("[9007199254740993,null", "[1,null"),
    );
  });

  test("stands where the columns' paths say", () => {
    const nested = table("t", {
      from,
      columns: { a: integer().path("$.one.a"), b: integer().path("$.one.two['b c']"), c: integer().path("$.three.c") },
    });
    expect(encode(nested, { a: 1, b: 2 })).toBe('{"one":{"a":1,"two":{"b c":2}}}');
  });

  test("gives unknown fields back their place beside the columns'", () => {
    const open = table("t", {
      from,
      format: json({ unknownFields: "keep", keepIn: "rest" }),
      columns: { a: integer(), rest: superType() },
    });
    expect(encode(open, { a: 1, rest: { x: 1, y: [2] } })).toBe('{"a":1,"x":1,"y":[2]}');
    expect(() => encode(open, { a: 1, rest: { a: 2 } })).toThrow('rest has the field "a", which a column takes');
    expect(() => encode(open, { a: 1, rest: [1] })).toThrow("must be an object");
  });

  test("cannot be written where two columns read one place", () => {
    const twice = table("t", { from, columns: { a: integer(), b: superType().path("$.a") } });
    expect(() => encode(twice, { a: 1 })).toThrow("a and b are read from one place");
  });
});

describe("CSV", () => {
  const columns = { a: varchar(40), n: integer(), d: integer().default(7), last: varchar(5).notNull() };

  test("quotes what must be quoted, and tells NULL from empty", () => {
    const plain = table("t", { from, format: csv(), columns });
    expect(encode(plain, { a: "x,y", n: 1, d: 2, last: "z" })).toBe('"x,y",1,2,z');
    expect(encode(plain, { a: 'say "hi"\n', n: null, last: "" })).toBe('"say ""hi""\n",,,""');
    expect(encode(plain, { a: "", n: null, last: " z" })).toBe('"",,," z"');
    expect(() => encode(plain, { a: "x", d: null, last: "z" })).toThrow(
      "d is null, in whose place delivery would put the column's default",
    );
  });

  test("follows the table's own delimiter, escape, header and null token", () => {
    const own = table("t", {
      from,
      format: csv({ header: "each", delimiter: ";", escape: "\\", nullAs: "NULL" }),
      columns,
    });
    expect(encode(own, { a: 'a"b\\c', n: null, d: 3, last: "NULL" })).toBe('a;n;d;last\n"a\\"b\\\\c";NULL;3;"NULL"');
    expect(encode(own, { last: "z" })).toBe("a;n;d;last\nNULL;NULL;;z");
  });

  test("has dates in the column's format", () => {
    const dated = table("t", {
      from,
      format: csv(),
      columns: { day: date().format("MM/DD/YYYY"), point: timestamptz() },
    });
    expect(encode(dated, { day: at, point: at })).toBe("11/22/2026,2026-11-22T09:30:05.250Z");
  });
});

describe("a row is refused", () => {
  const strict = table("t", {
    from,
    columns: {
      need: integer().notNull(),
      price: decimal(6, 2),
      day: date(),
      point: timestamptz(),
      text: timestamp().format("YYYY-MM-DD"),
      clock: time(),
      big: bigint(),
    },
  });
  test.each([
    [{}, "need is missing, and is NOT NULL"],
    [{ need: null }, "need is null, and is NOT NULL"],
    [{ need: 1, price: 1.005 }, "price is 1.005; decimal(6, 2) has room for 2 digits behind the point"],
    [{ need: 1, price: "12345" }, 'price is "12345"; decimal(6, 2) has room for 4 digits before the point'],
    [{ need: 1, price: "1e3.5" }, "it must be a number, or text of one"],
    [{ need: 1, day: "2026-11-22T10:00" }, 'it must be a day such as "2026-11-22"'],
    [{ need: 1, point: new Date(Number.NaN) }, "point is an invalid Date"],
    [{ need: 1, text: "22.11.2026" }, 'it must be as "YYYY-MM-DD" says'],
    [{ need: 1, clock: "25:00" }, "it must be a time of day"],
    [{ need: 1, big: 2 ** 53 }, "it must be a bigint"],
    [{ need: 1, other: 2 }, 'there is no column "other"'],
    [[], "it is [], and must be an object"],
  ])("%j", (row, said) => {
    expect(() => encode(strict, row as never)).toThrow(said);
  });

  test("but not for digits that are there", () => {
    expect(encode(strict, { need: 1, price: "-1234.50" })).toBe('{"need":1,"price":-1234.50}');
    expect(encode(strict, { need: 1, price: 1e-2 })).toBe('{"need":1,"price":0.01}');
    expect(encode(strict, { need: 1, price: "+5" })).toBe('{"need":1,"price":"+5"}');
  });
});
