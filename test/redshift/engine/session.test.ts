import { expect, test } from "vitest";
import { openTestDatabase } from "../support/database.js";

test("a query is answered with names, types and values", async () => {
  const { session } = await (await openTestDatabase()).session();
  const [statement] = session.parse("SELECT 1 AS a, 'x'::varchar(5) AS b, 2.50::decimal(8,2) AS c, NULL::date AS d");
  const prepared = await session.prepare(statement!);
  expect(prepared.columns?.map(({ name, type }) => [name, type.kind])).toEqual([
    ["a", "integer"],
    ["b", "varchar"],
    ["c", "decimal"],
    ["d", "date"],
  ]);
  const result = await session.execute(prepared);
  const rows = [];
  for await (const chunk of result.rows) rows.push(...chunk);
  expect(rows).toEqual([[1, "x", "2.50", null]]);
  expect(result.tag()).toBe("SELECT 1");
});

test("parameters are bound by the types that the statement gives them", async () => {
  const { rows, session } = await (await openTestDatabase()).session();
  const [statement] = session.parse("SELECT $1::int + 1, $2::date, $3");
  expect((await session.prepare(statement!)).parameters.map(({ kind }) => kind)).toEqual([
    "integer",
    "date",
    "varchar",
  ]);
  expect(await rows("SELECT $1::int + 1, $2::date, $3", [41, "2024-02-29", "x"])).toEqual(["42|2024-02-29|x"]);
});
