import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { loadHandlers } from "../../../src/redshift/copy/handlers.js";
import { type LoadWorld, openLoadWorld } from "./fixture.js";

const TABLE = "(id integer, name varchar(6), price decimal(8,2), at timestamp, ok boolean)";

/** Two databases: one that may read text by the engine, and one that never does. */
async function bothWays(): Promise<{ fast: LoadWorld; reference: LoadWorld }> {
  const fast = await openLoadWorld();
  const reference = await openLoadWorld((services) => ({
    handlers: loadHandlers({ ...services, referenceOnly: true }),
  }));
  return { fast, reference };
}

interface Outcome {
  readonly answer: string;
  readonly rows: readonly string[];
  readonly told: unknown;
}

async function outcomeOf(world: LoadWorld, objects: readonly Uint8Array[], options: string): Promise<Outcome> {
  for (const { key } of await world.bucket.list("in/")) await world.bucket.delete(key);
  for (const [index, body] of objects.entries()) await world.put(`in/${index}`, body);
  await world.run(`DROP TABLE IF EXISTS t; CREATE TABLE t ${TABLE}`);
  const answer = await world.run(`COPY t FROM 's3://data/in/' IAM_ROLE default ${options}`).then(
    ({ tag, changed }) => `${tag} ${changed}`,
    (error: Error & { detail?: string }) => `${error.message} ${error.detail}`,
  );
  const { status, rowsLoaded, files, errors } = world.loads.at(-1)!;
  return {
    answer,
    rows: await world.rows("SELECT id, name, price, at, ok FROM t ORDER BY 1, 2, 3, 4, 5"),
    told: { status, rowsLoaded, files, errors },
  };
}

const good = fc
  .tuple(
    fc.constantFrom("", "1", "-42", "2147483647", " 7 "),
    fc.constantFrom("", "abc", "ü€", "a b", "N", "NULL", "\\N", "  "),
    fc.constantFrom("", "1", "1.005", "-3.14159", "1e2", "123456.78"),
    fc.constantFrom("", "2024-02-29 10:00:00", "2024-02-29", "2024-01-02 03:04:05.123456"),
    fc.constantFrom("", "t", "false", "Y", "0"),
  )
  .map((fields) => fields.join(","));
const odd = fc.oneof(
  fc.constantFrom(
    "",
    "1",
    ",",
    ",,,,",
    ",,,,,",
    '1,"a,b",2,,t',
    '1,a"b,2,,t',
    '"1',
    "99999999999,a,1,,t",
    "1,toolong,1,,t",
    "1,a,1,2024-13-01,t",
    "1,a,1,,maybe",
    "1,a,9999999,,t",
    "1,a\rb,1,,t",
    "1,a,1,,t\r",
    "1,a\0,1,,t",
    "1,a\u0001,1,,t",
    "\u0002,a,1,,t",
    "\ufeff1,a,1,,t",
    "# 1,a,1,,t",
    "1;a;1;;t",
  ),
  fc.string({ maxLength: 12 }),
);
const object = fc
  .tuple(
    fc.array(fc.oneof({ weight: 8, arbitrary: good }, { weight: 1, arbitrary: odd }), { maxLength: 12 }),
    fc.boolean(),
    fc.constantFrom("\n", "\n", "\n", "\r\n"),
  )
  .map(([lines, ends, end]) => Buffer.from(lines.join(end) + (ends && lines.length > 0 ? end : "")));

test("text that the engine reads comes in as the reference reads it, errors and all", async () => {
  const { fast, reference } = await bothWays();
  await fc.assert(
    fc.asyncProperty(
      fc.array(object, { minLength: 1, maxLength: 3 }),
      fc.constantFrom("CSV", "DELIMITER ','"),
      fc.constantFrom(
        "",
        " IGNOREHEADER 1",
        " IGNOREBLANKLINES",
        " NULL AS 'N'",
        " EMPTYASNULL",
        " BLANKSASNULL TRIMBLANKS",
        " TRUNCATECOLUMNS",
        " FILLRECORD",
        " ACCEPTINVCHARS",
      ),
      fc.constantFrom("", " MAXERROR 3", " MAXERROR 100", " MAXERROR 100 NOLOAD"),
      fc.boolean(),
      async (objects, format, option, errors, packed) => {
        const bodies = packed ? objects.map((body) => gzipSync(body)) : objects;
        const options = `${format}${option}${errors}${packed ? " GZIP" : ""}`;
        expect(await outcomeOf(fast, bodies, options)).toEqual(await outcomeOf(reference, bodies, options));
      },
    ),
    { numRuns: 60 },
  );
}, 180_000);

const names = ["id", "name", "price", "at", "ok"];
const field = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      "1",
      "-42",
      "0",
      "1.5",
      "-0.25",
      '"abc"',
      '"ü€"',
      '""',
      "true",
      "false",
      "null",
      '"2024-02-29 10:00:00"',
      '"7"',
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "1.50",
      "100.0",
      "1e2",
      "-0",
      "01",
      "0.0000001",
      "0.29999999999999998",
      "123456789012345678",
      "1.",
      "[1]",
      "{}",
      '"a\\nb"',
      '"\\u00e4"',
      '"1.50"',
      "NaN",
      "True",
      '"a',
      "2147483648",
      "9007199254740993",
      "0.000001",
    ),
  },
  { weight: 1, arbitrary: fc.oneof(fc.integer(), fc.double({ noNaN: true })).map((n) => JSON.stringify(n)) },
);
const record = fc
  .tuple(fc.tuple(field, field, field, field, field), fc.constantFrom("", " "), fc.boolean())
  .map(([values, space, turned]) => {
    const parts = values.map((value, index) => `"${names[index]}":${space}${value}`);
    return `{${(turned ? [...parts].reverse() : parts).join(`,${space}`)}}`;
  });
const oddRecord = fc.constantFrom(
  "",
  "{}",
  '{"id":1,"id":2}',
  '{"ID":1,"name":"x"}',
  '{"id":1}',
  "[1]",
  '{"id":1} {"id":2}',
  '{"id":1},',
  "x",
  '{"":1}',
  '{"id":1,"more":[1]}',
);
const jsonObject = fc
  .tuple(
    fc.array(record, { maxLength: 8 }),
    fc.array(oddRecord, { maxLength: 1 }),
    fc.constantFrom("\n", "\n", "\r\n"),
    fc.integer({ min: 0, max: 3 }),
  )
  .map(([records, more, end, odds]) => Buffer.from([...records, ...(odds === 0 ? more : [])].join(end) + end));
/** Of one shape throughout, which the engine's reader gets. */
const evenObject = fc
  .array(
    fc.tuple(
      fc.integer({ min: -100_000, max: 100_000 }),
      fc.constantFrom("a", "ü", "", "x y"),
      fc.integer({ min: -9999, max: 9999 }),
    ),
    { minLength: 1, maxLength: 20 },
  )
  .map((rows) =>
    Buffer.from(
      rows
        .map(
          ([id, name, cents]) =>
            `${JSON.stringify({ id, name, price: 0, at: null, ok: id > 0 }).replace('"price":0', `"price":${(cents / 100).toFixed(2)}`)}\n`,
        )
        .join(""),
    ),
  );

test("JSON that the engine reads comes in as the reference reads it, errors and all", async () => {
  const { fast, reference } = await bothWays();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(jsonObject, evenObject), { minLength: 1, maxLength: 2 }),
      fc.constantFrom("", " EMPTYASNULL", " TRUNCATECOLUMNS", " ACCEPTINVCHARS", " ROUNDEC"),
      fc.constantFrom("", " MAXERROR 100", " MAXERROR 100 NOLOAD"),
      fc.boolean(),
      async (objects, option, errors, packed) => {
        const bodies = packed ? objects.map((body) => gzipSync(body)) : objects;
        const options = `JSON 'auto'${option}${errors}${packed ? " GZIP" : ""}`;
        expect(await outcomeOf(fast, bodies, options)).toEqual(await outcomeOf(reference, bodies, options));
      },
    ),
    { numRuns: 60 },
  );
}, 180_000);

test("an object in several gzip members, and one that is none, come in alike both ways", async () => {
  const { fast, reference } = await bothWays();
  const line = Buffer.from("1,a,1,,t\n");
  const members = Buffer.concat([gzipSync(line), gzipSync(line)]);
  expect(await outcomeOf(fast, [members], "CSV GZIP")).toEqual(await outcomeOf(reference, [members], "CSV GZIP"));
  expect((await outcomeOf(fast, [members], "CSV GZIP")).answer).toBe("COPY 2");
  expect((await outcomeOf(fast, [line], "CSV GZIP")).answer).toContain("is not gzip");
});

test("lines longer than the engine's reader takes at once, and more than a chunk of them", async () => {
  const { fast, reference } = await bothWays();
  const long = Buffer.from(`1,${"x".repeat(300_000)},1,,t\n`.repeat(20));
  const longer = Buffer.from(`1,${"x".repeat(3_000_000)},1,,t\n`);
  const many = Buffer.from(Array.from({ length: 50_000 }, (_, n) => `${n},n${n % 1000},${n}.25,,t\n`).join(""));
  for (const body of [long, longer, many])
    expect(await outcomeOf(fast, [body], "CSV TRUNCATECOLUMNS")).toEqual(
      await outcomeOf(reference, [body], "CSV TRUNCATECOLUMNS"),
    );
});
