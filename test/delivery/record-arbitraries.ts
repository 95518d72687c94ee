/** Values as senders write them: right, nearly right, and wrong in the ways that tell two readers apart. */
import fc from "fast-check";
import type { ColumnType } from "../../src/definition/model.js";

export const columnTypes: readonly ColumnType[] = [
  { kind: "smallint" },
  { kind: "integer" },
  { kind: "bigint" },
  { kind: "decimal", precision: 12, scale: 4 },
  { kind: "decimal", precision: 38, scale: 0 },
  { kind: "decimal", precision: 38, scale: 18 },
  { kind: "decimal", precision: 5, scale: 5 },
  { kind: "real" },
  { kind: "double" },
  { kind: "boolean" },
  { kind: "varchar", length: 8 },
  { kind: "varchar", length: 65_535 },
  { kind: "char", length: 4 },
  { kind: "date" },
  { kind: "timestamp" },
  { kind: "timestamptz" },
  { kind: "time" },
  { kind: "super" },
];
export const csvTypes = columnTypes.filter(({ kind }) => kind !== "super");

const digits = (max: number) => fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: max });

const numberText: fc.Arbitrary<string> = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.double().map(String),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }).map(String),
  fc
    .tuple(fc.constantFrom("", "-"), digits(20), digits(22))
    .map(([sign, whole, fraction]) => `${sign}${whole.replace(/^0+(?=\d)/, "")}.${fraction}`),
  fc.tuple(fc.integer({ min: -999, max: 999 }), fc.integer({ min: -30, max: 30 })).map(([n, e]) => `${n}e${e}`),
  fc.tuple(fc.integer({ min: 0, max: 99_999 }), digits(4)).map(([n, f]) => `${n}.${f}5`),
  fc.constantFrom(
    "-0",
    "0",
    "-0.0",
    "1e400",
    "-1e400",
    "NaN",
    "-Infinity",
    "inf",
    "NAN",
    "1E5",
    "18446744073709551615",
    "9007199254740993",
    "0.1000000000000000055",
    "3.4028236e38",
    "1e-46",
    "1.00005",
    "2147483648",
    "32768",
    "5e-324",
  ),
);

const two = fc.integer({ min: 0, max: 62 }).map((n) => String(n).padStart(2, "0"));
const timeText: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(
      fc.oneof(
        fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }),
        fc.date({ noInvalidDate: true }),
      ),
      fc.integer({ min: 0, max: 8 }),
    )
    .map(([date, form]) => {
      const iso = date.toISOString();
      return [
        iso,
        iso.slice(0, 10),
        iso.slice(0, 19),
        iso.slice(0, 19).replace("T", " "),
        iso.slice(11, 19),
        iso.slice(11, 23),
        `${iso.slice(0, 23)}456Z`,
        `${iso.slice(0, 19)}+02:00`,
        `${iso.slice(0, 23)}000+00:00`,
      ][form]!;
    }),
  fc
    .tuple(fc.integer({ min: 0, max: 10_001 }), two, two, two, two, two)
    .map(([y, mo, d, h, mi, s]) => `${String(y).padStart(4, "0")}-${mo}-${d} ${h}:${mi}:${s}`),
  fc.constantFrom(
    "infinity",
    "-infinity",
    "epoch",
    "24:00:00",
    "2001-1-1 00:01:00.5",
    "2001-01-01 24:00:00",
    "0044-03-15 (BC)",
    "-0001-01-01",
    "2001-01-01T00:00Z",
    "2001-01-01 00:00:60",
    "2001-02-29",
    "20010101",
    "2001-01-01 00:00:00 UTC",
    "2001-01-01 00:00:00.1234567",
    "2001-01-01 00:00:00.120",
    " 2001-01-01",
    "01:02",
    "1:02:03",
  ),
);

const plainText = fc.oneof(
  fc.string({ maxLength: 10 }),
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.constantFrom(
    "",
    " ",
    "true",
    "False",
    "t",
    "YES",
    "null",
    "NULL",
    "{",
    "[1]",
    '{"a":1}',
    "nan",
    "INF",
    "a\u0000b",
    "\u2028",
    "1_000",
    "+5",
    " 5",
    "5 ",
    "0x10",
    ".5",
    "5.",
    "1,5",
    "--1",
    "SPY",
    "\\N",
  ),
);

const anyText = fc.oneof(
  numberText,
  timeText,
  plainText,
  fc.tuple(numberText, fc.constantFrom(" ", "x", "_0", "d")).map(([a, b]) => a + b),
);

/** JSON strings with the escapes that a sender may choose. */
const quoted = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(text, fc.integer({ min: 0, max: 9 })).map(([value, form]) => {
    const json = JSON.stringify(value.replaceAll(/\p{Surrogate}/gu, "?"));
    if (form < 8) return json;
    return form === 8
      ? json.replaceAll(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
      : json.replaceAll("/", "\\/").replaceAll("a", "\\u0061");
  });

const nested: fc.Arbitrary<string> = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.constantFrom(
    "[1, 2.50]",
    '{"x": 1.0}',
    "[1,]",
    '{"x":1,}',
    "[]",
    "{}",
    '{"x":NaN}',
    "[nan]",
    '{"x":"nan"}',
    '[1e5,"\\u00e9"]',
    "[-0]",
    "[0.10]",
  ),
);

export function jsonText(type: ColumnType): fc.Arbitrary<string> {
  const own =
    type.kind === "varchar" || type.kind === "char"
      ? quoted(plainText)
      : ["date", "time", "timestamp", "timestamptz"].includes(type.kind)
        ? quoted(timeText)
        : type.kind === "super"
          ? nested
          : numberText;
  return fc.oneof(
    { weight: 4, arbitrary: own },
    { weight: 2, arbitrary: numberText },
    { weight: 3, arbitrary: quoted(anyText) },
    { weight: 1, arbitrary: nested },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        "true",
        "false",
        "null",
        "True",
        '"\\ud800"',
        '"\\udc00x"',
        "'x'",
        "undefined",
        "+1",
        "01",
        "1.",
        ".5",
        '"\\x"',
        '"tab\there"',
      ),
    },
  );
}

const space = fc.constantFrom("", "", "", " ", "  ", "\t");
const member: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom("a", "b", "n", "d", "k", "A", "\\u0061", "x", "rest", "", "c"),
    fc.oneof(
      fc.constantFrom(
        '"x"',
        "1",
        "true",
        "null",
        '"SPY"',
        '{"c":1.5}',
        '{"c":"2.25","c":3}',
        '{"C":1}',
        "{}",
        "5",
        "1.50",
      ),
      jsonText({ kind: "varchar", length: 12 }),
      jsonText({ kind: "super" }),
    ),
    space,
    space,
  )
  .map(([key, value, before, after]) => `${before}"${key}"${after}:${before}${value}${after}`);

export const jsonDocument: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(space, fc.array(member, { maxLength: 6 }), space)
      .map(([a, members, b]) => `${a}{${members.join(",")}}${b}`),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.array(member, { maxLength: 4 }),
        fc.constantFrom(
          "{%,}",
          "{%",
          "%}",
          "{%}}",
          "[{%}]",
          "{%}{%}",
          "{%} x",
          "{,%}",
          "\ufeff{%}",
          "{%}//",
          "{%;}",
          "{%}\n{%}",
        ),
      )
      .map(([members, form]) => form.replaceAll("%", () => members.join(","))),
  },
  { weight: 1, arbitrary: fc.constantFrom("null", "5", '"x"', "[]", "", "  ", "true", "{}") },
);

export function csvField(type: ColumnType): fc.Arbitrary<string> {
  const times = ["date", "time", "timestamp", "timestamptz"].includes(type.kind);
  return fc
    .oneof(
      {
        weight: 3,
        arbitrary: times ? timeText : type.kind === "varchar" || type.kind === "char" ? plainText : numberText,
      },
      { weight: 2, arbitrary: anyText },
      {
        weight: 1,
        arbitrary: fc.constantFrom("", '""', '"a,b"', '"a""b"', 'a"b', "\\N", '"\\N"', "1.50", "007", "1e3"),
      },
    )
    .map((text) => text.replaceAll(/[\r\n\0]|\p{Surrogate}/gu, "?"));
}
