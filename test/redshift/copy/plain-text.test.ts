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
    { numRuns: 120 },
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
