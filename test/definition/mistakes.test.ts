import {
  bigint,
  char,
  csv,
  date,
  day,
  decimal,
  directPut,
  hour,
  integer,
  interleaved,
  json,
  month,
  pipeline,
  real,
  stream,
  superType,
  table,
  timestamp,
  timestamptz,
  varchar,
} from "penstock";
import { describe, expect, test } from "vitest";
import { DefinitionError } from "../../src/definition/problems.js";

/** Options as a JavaScript file, which no compiler checks, could give them. */
type Loose = Record<string, unknown>;

const columns = {
  symbol: varchar(12).notNull(),
  at: timestamptz().notNull(),
  price: decimal(12, 4),
  extra: superType(),
};

const loose = (name: unknown, options: unknown) => table(name as string, options as never);
const withTable = (options: Loose, name: unknown = "t") =>
  pipeline("p", { tables: [loose(name, { from: stream("s"), columns, ...options })] });
const withColumns = (given: Loose, options: Loose = {}) => withTable({ columns: given, ...options });

function mistakesOf(define: () => unknown): string[] {
  try {
    define();
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    expect(error.code).toBe("invalid-definition");
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

/** Each mistake beside what must be said of it: the path, the value and what is allowed. */
const cases: Record<string, [define: () => unknown, ...said: RegExp[]][]> = {
  names: [
    [() => withTable({}, "Trades"), /^tables\.Trades: is named "Trades"; .*lower case.*"trades"/],
    [
      () => withTable({}, "Two Words"),
      /folds names to lower case, and then it is named "two words"; .*letters, digits/,
    ],
    [() => withTable({}, "Select"), /and then it is named "select", which is a reserved word/],
    [() => withTable({}, ""), /^tables\[0\]: is named ""/],
    [() => withTable({}, "select"), /"select", which is a reserved word/],
    [() => withTable({}, "svv_tables"), /begin with svv_/],
    [() => withTable({}, "2nd"), /must begin with a letter/],
    [() => withTable({}, "a".repeat(128)), /128 bytes; Redshift allows 127/],
    [() => withColumns({ _shard_id: varchar(1) }), /columns\._shard_id: .*Penstock adds by itself/],
    [() => withColumns({ _mine: varchar(1) }), /begin with _/],
    [() => withColumns({ Price: real() }), /\.columns\.Price: .*"price".*\.path\(\["Price"\]\)/],
    [() => withColumns({ open: real() }), /reserved word.*"open_value"/],
    [() => withColumns({ ctid: real() }), /every Redshift table has already/],
    [() => withColumns({ "a b": real() }), /digits, _ or \$ only/],
    [() => pipeline("Market", { tables: [table("t", { from: stream("s"), columns })] }), /^name: is "Market"/],
  ],
  types: [
    [
      () => withColumns({ a: varchar(0) }),
      /^tables\.t\.columns\.a: is varchar\(0\); the length must be 1 to 65535 bytes\.$/,
    ],
    [() => withColumns({ a: varchar(65_536) }), /65536.*1 to 65535/],
    [() => withColumns({ a: char(4097) }), /1 to 4096/],
    [() => withColumns({ a: decimal(39, 0) }), /is decimal\(39, 0\); the precision must be 1 to 38/],
    [() => withColumns({ a: decimal(10, 11) }), /the scale must be 0 to 10/],
    [() => withColumns({ a: decimal(38, 38) }), /the scale must be 0 to 37/],
    [() => withColumns({ a: "varchar" }), /it must be a column such as/],
    [() => withColumns({ a: real }), /a type is a call/],
    [() => withColumns({}), /has no columns/],
    [
      () => withColumns(Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`c${i}`, real()]))),
      /10000 columns; Redshift allows 1596/,
    ],
    [
      () => withColumns({ a: real().encode("az64") }),
      /columns\.a\.encode: is "az64"; for real it must be one of raw, bytedict/,
    ],
    [() => withColumns({ a: real().encode("ztsd" as never) }), /did you mean "zstd"/],
    [() => withColumns({ a: date().format("epochsecs") }), /columns\.a\.format: .*the column is a date/],
    [() => withColumns({ a: varchar(9).format("YYYY") }), /only date, timestamp and timestamptz/],
    [() => withColumns({ a: timestamp().format("YYYY-MM-DD HH12:MI") }), /HH12 and AM \(or PM\) together/],
    [() => withColumns({ a: timestamp().format("YYYY-MM-DD QQ") }), /no|where no datepart begins/],
    [() => withColumns({ a: timestamp().format("epochsec") }), /did you mean "epochsecs"/],
    [() => withColumns({ a: timestamp().format("HH24:MI") }), /a year, a month and a day/],
    [() => withColumns({ a: integer().path("$.list[0]") }), /list needs a transform/],
    [() => withColumns({ a: integer().path("") }), /columns\.a\.path: is ""/],
    [() => withColumns({ a: integer().path("$.a"), b: integer() }, { format: csv() }), /CSV has no paths/],
  ],
  defaults: [
    [() => withColumns({ a: integer().default(1.5) }), /columns\.a\.default: is 1\.5; it must be a whole number/],
    [() => withColumns({ a: bigint().default(2 ** 60) }), /it must be a bigint/],
    [() => withColumns({ a: varchar(2).default("äö") }), /4 bytes of UTF-8; varchar\(2\) holds 2/],
    [() => withColumns({ a: decimal(4, 2).default("123.4") }), /room for 2 digits before the point/],
    [() => withColumns({ a: decimal(4, 2).default(0.125) }), /room for 2 digits behind the point/],
    [() => withColumns({ a: date().default("2026-02-30") }), /is "2026-02-30"; it must be a day/],
    [() => withColumns({ a: timestamp().default("now()") }), /must be ISO 8601/],
    [() => withColumns({ a: integer().default(null as never) }), /leave \.default\(\) out/],
  ],
  options: [
    [
      () => withTable({ sortkey: ["symbol"] }),
      /^tables\.t\.sortkey: there is no such option \(did you mean "sortKey"\?\)\. Allowed: from/,
    ],
    [() => withTable({ deliver: { bufferSecond: 1 } }), /deliver\.bufferSecond: .*"bufferSeconds"/],
    [() => pipeline("p", { table: [] } as never), /pipeline\.table: .*"tables"/, /^tables: is undefined/],
    [() => withTable({ columns: undefined }), /columns: is undefined/],
    [() => withTable({ transform: "x" }), /transform: is "x"; it must be a function/],
    [() => pipeline("p", { tables: [] }), /^tables: is \[\]; it must be a list of at least one table/],
    [() => pipeline("p", { tables: [{}] as never }), /^tables\[0\]: is \{\}; it must be made by table\(\)/],
  ],
  streams: [
    [
      () => withTable({ from: stream("s", { shards: 0 }) }),
      /^tables\.t\.from\.shards: is 0; the number of shards must be a whole number from 1 to 10000\.$/,
    ],
    [() => withTable({ from: stream("s", { retentionHours: 12 }) }), /retentionHours: is 12; .*24 to 8760/],
    [() => withTable({ from: stream("a stream") }), /is named "a stream"/],
    [() => withTable({ from: directPut("x".repeat(65)) }), /1 to 64 letters/],
    [() => withTable({ from: "s" }), /it must be stream\("\.\.\."\), directPut\(\)/],
    [() => withTable({ from: [] }), /takes from at least one source/],
    [() => withTable({ from: [stream("s"), stream("s")] }), /from\[1\]: is "s" for the second time/],
    [
      () =>
        pipeline("p", {
          tables: [
            table("a", { from: stream("s"), columns }),
            table("b", { from: stream("s", { shards: 2 }), columns }),
          ],
        }),
      /^tables\.b\.from: is stream "s" with \{ shards: 2, .*tables\.a\.from has it with \{ shards: 1/,
    ],
    [
      () =>
        pipeline("p", {
          tables: [table("a", { from: stream("b"), columns }), table("b", { from: directPut(), columns })],
        }),
      /rename one of them/,
    ],
    [
      () =>
        pipeline("p", {
          tables: [table("a", { from: directPut("d"), columns }), table("b", { from: directPut("d"), columns })],
        }),
      /feeds one table/,
    ],
  ],
  keys: [
    [
      () => withTable({ distKey: "symbl" }),
      /^tables\.t\.distKey: is "symbl", which is no column of the table \(did you mean "symbol"\?\); its columns are symbol, at, price, extra\.$/,
    ],
    [() => withTable({ distKey: "symbol", distStyle: "even" }), /distStyle: is "even", and there is a distKey/],
    [() => withTable({ distStyle: "key" }), /there is no distKey/],
    [() => withTable({ distStyle: "evn" }), /did you mean "even"/],
    [() => withTable({ distKey: "extra" }), /a SUPER column, which can be in no key/],
    [() => withTable({ sortKey: ["at", "at"] }), /sortKey\[1\]: is "at" for the second time/],
    [() => withTable({ sortKey: [] }), /empty list/],
    [
      () =>
        withColumns(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`c${i}`, real()])), {
          sortKey: interleaved(Array.from({ length: 9 }, (_, i) => `c${i}`)),
        }),
      /has 9 columns; Redshift allows 8 in a key that is interleaved/,
    ],
    [() => withTable({ dedupe: { by: ["symbol", "price"] } }), /dedupe\.by: has "price", which may be NULL/],
    [() => withTable({ dedupe: { by: "symbol", keep: "last" } }), /keep: is "last"(.*)"first" or "latest"/],
    [() => withTable({ dedupe: {} }), /dedupe\.by: is undefined/],
  ],
  formats: [
    [() => withTable({ format: "json" }), /format: is "json"; it must be json\(\) or csv\(\)/],
    [() => withTable({ format: json({ unknownFields: "keep" }) }), /keepIn: is not given/],
    [() => withTable({ format: json({ keepIn: "extra" }) }), /it is for unknownFields "keep"/],
    [
      () => withTable({ format: json({ unknownFields: "keep", keepIn: "price" }) }),
      /must be a SUPER or a VARCHAR column/,
    ],
    [() => withTable({ format: json({ unknownFields: "keep", keepIn: "symbol" }) }), /neither \.notNull\(\)/],
    [
      () => withTable({ format: csv({ delimiter: ";;" }) }),
      /format\.delimiter: is ";;"; it must be one ASCII character/,
    ],
    [() => withTable({ format: csv({ delimiter: '"' }) }), /and so is the delimiter/],
    [() => withTable({ format: csv({ nullAs: "a,b" }) }), /must not hold the delimiter/],
    [() => withTable({ format: csv({ header: "once" as never }) }), /"none" or "each"/],
    [() => withColumns({ a: integer() }, { format: csv() }), /an empty line could be a NULL or no row/],
    [() => withTable({ where: { type: "a", kind: "b" } }), /must have exactly one field/],
    [() => withTable({ where: { type: [] } }), /where\.type: is \[\]/],
    [() => withTable({ where: { type: "a" }, format: csv() }), /where\.type: is "type", which is no column/],
  ],
  delivery: [
    [
      () => withTable({ deliver: { bufferSeconds: 901 } }),
      /^tables\.t\.deliver\.bufferSeconds: is 901; a buffer's time must be a whole number from 0 to 900\.$/,
    ],
    [() => withTable({ deliver: { bufferMiB: 0 } }), /bufferMiB: is 0; .*from 1 to 128/],
    [() => withTable({ deliver: { format: "orc" } }), /"parquet", "json" or "csv"/],
    [() => withTable({ deliver: { format: "json", compression: "snappy" } }), /for json it must be/],
    [() => withTable({ deliver: { prefix: "a/b" } }), /prefix: is "a\/b"; it must end in \//],
    [() => withTable({ deliver: { prefix: "/a/" } }), /must not begin with \//],
    [() => withTable({ deliver: { prefix: "a/../b/" } }), /must not have an empty part, \. or \.\./],
    [
      () => withTable({ deliver: { prefix: "a/!{timestmp:yyyy}/" } }),
      /there is no "timestmp" \(did you mean "timestamp"\?\)/,
    ],
    [() => withTable({ deliver: { prefix: "a/!{timestamp:YYYY}/" } }), /only yyyy, MM, dd/],
    [() => withTable({ deliver: { prefix: "a/!{firehose:error-output-type}/" } }), /only in errorPrefix/],
    [() => withTable({ deliver: { prefix: "a/!{firehose:random-string}/" } }), /comes from what it holds/],
    [() => withTable({ deliver: { prefix: "a/!{partitionKeyFromQuery:day}/" } }), /there is no partition "day"/],
    [
      () => withTable({ deliver: { prefix: "a/", partitionBy: day("at") } }),
      /must have !\{partitionKeyFromQuery:day\}/,
    ],
    [() => withTable({ deliver: { prefix: "a/!{timestamp:yyyy/" } }), /not closed/],
    [() => withTable({ deliver: { partitionBy: day("quoted") } }), /partitionBy: is "quoted", which is no column/],
    [() => withTable({ deliver: { partitionBy: day("price") } }), /must be a date or a timestamp/],
    [() => withTable({ deliver: { partitionBy: ["symbol", "price2"] } }), /partitionBy\[1\]/],
    [() => withTable({ deliver: { partitionBy: "at" } }), /a folder of its own/],
    [() => withTable({ deliver: { partitionBy: [day("at"), day("at")] } }), /second partition named "day"/],
    [
      () => withColumns({ d: date(), e: date() }, { deliver: { partitionBy: [hour("d"), month("e")] } }),
      /is a date and has none/,
    ],
    [
      () =>
        pipeline("p", {
          tables: [
            table("a", { from: stream("s"), columns, deliver: { prefix: "rows/" } }),
            table("b", { from: stream("s"), columns, deliver: { prefix: "rows/b/" } }),
          ],
        }),
      /^tables\.b\.deliver\.prefix: is "rows\/b\/", and tables\.a\.deliver\.prefix is "rows\/"/,
    ],
    [() => withTable({ deliver: { prefix: "x/", errorPrefix: "x/errors/" } }), /deliver\.errorPrefix/],
    [
      () =>
        pipeline("p", {
          tables: [table("a", { from: stream("s"), columns }), table("a", { from: stream("s"), columns })],
        }),
      /as another table is/,
      /prefix/,
      /errorPrefix/,
    ],
  ],
  charts: [
    [
      () =>
        pipeline("p", {
          tables: [table("t", { from: stream("s"), columns })],
          charts: [{ title: "", sql: "delete from t", x: "at", y: [] }],
        }),
      /charts\[0\]\.title/,
      /must begin with SELECT or WITH/,
      /charts\[0\]\.y/,
    ],
  ],
};

for (const [group, list] of Object.entries(cases)) {
  describe(`${group}: a mistake is refused with its path, its value and what is allowed`, () => {
    test.each(list.map((one, index) => ({ index, define: one[0], said: one.slice(1) as RegExp[] })))(
      "$index: $said",
      ({ define, said }) => {
        const mistakes = mistakesOf(define);
        expect(mistakes).toHaveLength(said.length);
        for (const [index, pattern] of said.entries()) expect(mistakes[index]).toMatch(pattern);
      },
    );
  });
}

test("all mistakes are reported at once, a line each", () => {
  const define = () =>
    pipeline("p", {
      tables: [
        loose("t", {
          from: stream("s", { shards: 0 }),
          columns: { a: varchar(0), b: integer().default("x" as never) },
          distKey: "c",
          deliver: { bufferSeconds: -1 },
        }),
      ],
    });
  expect(define).toThrow(
    `The definition of pipeline "p" has 5 mistakes:
  tables.t.columns.a: is varchar(0); the length must be 1 to 65535 bytes.
  tables.t.columns.b.default: is "x"; it must be a whole number from -2147483648 to 2147483647.
  tables.t.distKey: is "c", which is no column of the table; its columns are a, b.
  tables.t.deliver.bufferSeconds: is -1; a buffer's time must be a whole number from 0 to 900.
  tables.t.from.shards: is 0; the number of shards must be a whole number from 1 to 10000.`,
  );
});
