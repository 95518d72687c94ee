import { expect, test } from "vitest";
import { run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

const DEFINITION = `export default pipeline("p", { tables: [ table("t", { from: stream("s"), columns: { id: integer() } }) ] });`;
const PIN = {
  id: "a",
  title: "Rows",
  kind: "bar",
  sql: "select id, count(*) as n from t group by 1",
  x: "id",
  y: ["n"],
};

test("pins are kept with the data, in their order, and what is no chart is refused", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const first = await run(folder);
  const put = async (pins: unknown, of = first) => {
    const response = await fetch(`${of.instance.status().addresses.console}/api/pins`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ pins }),
    });
    return { status: response.status, body: (await response.json()) as { error?: { message: string } } };
  };
  const second = { ...PIN, id: "b", kind: "line", unit: "rows" };
  expect(await put([second, PIN])).toEqual({ status: 200, body: { pins: [second, PIN] } });
  for (const [wrong, words] of [
    [[{ ...PIN, sql: "drop table t" }], "begins with SELECT"],
    [[{ ...PIN, kind: "pie" }], '"line", "bar" or "scatter"'],
    [[{ ...PIN, y: [] }], "1 to 8 columns"],
    [[PIN, PIN], "another than the others'"],
    [[{ ...PIN, colour: "red" }], "unknown field"],
    ["all", "a list of 50"],
  ] as const) {
    const answer = await put(wrong);
    expect([answer.status, answer.body.error?.message]).toEqual([400, expect.stringContaining(words)]);
  }
  await first.close();
  const again = await run(folder);
  expect(await again.instance.pins()).toEqual([second, PIN]);
});

test("an error of a statement says where in it", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const { instance } = await run(folder);
  const response = await fetch(`${instance.status().addresses.console}/api/query`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sql: "select id,\n  nme from t" }),
  });
  expect(await response.json()).toMatchObject({ error: { code: "query-failed", at: 13 } });
});
