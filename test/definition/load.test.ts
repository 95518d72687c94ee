import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PenstockError } from "../../src/core/errors.js";
import { loadDefinition } from "../../src/definition/load.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "penstock-load-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = async (name: string, text: string) => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};
const failureOf = async (path: string) => {
  const error = await loadDefinition(path).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PenstockError)) throw new Error(`Not refused as it should be: ${String(error)}`);
  return { code: error.code, text: `${error.message} ${error.hint ?? ""}` };
};

const SMALL = `
import { integer, pipeline, stream, table } from "penstock";
const columns = { a: integer().notNull() };
export default pipeline("small", { tables: [table("t", { from: stream("s"), columns })] });
`;

test("a TypeScript file anywhere is loaded, with its types and its own imports", async () => {
  await write("rates.mts", `export const shards: number = 3 satisfies number;`);
  const path = await write(
    "penstock.ts",
    `
import type { Row } from "penstock";
import { integer, pipeline, stream, table } from "penstock";
import { producer } from "penstock/client";
import { shards } from "./rates.mts";
const t = table("t", { from: stream("s", { shards }), columns: { a: integer().notNull() } });
const row: Row<typeof t> = { a: 1 };
if (typeof producer !== "function") throw new Error("no client");
export default pipeline("elsewhere", { tables: [t] });
`,
  );
  const model = await loadDefinition(path);
  expect(model.name).toBe("elsewhere");
  expect(model.streams[0]!.shards).toBe(3);
});

test("a folder is loaded by its penstock.ts", async () => {
  await write("penstock.ts", SMALL);
  expect((await loadDefinition(folder)).name).toBe("small");
});

test("plain JavaScript modules are loaded too", async () => {
  expect((await loadDefinition(await write("small.mjs", SMALL))).name).toBe("small");
});

test("a file that was changed is read anew", async () => {
  const path = await write("penstock.ts", SMALL);
  await loadDefinition(path);
  await write("penstock.ts", SMALL.replace('"small"', '"changed"'));
  expect((await loadDefinition(path)).name).toBe("changed");
});

test("a missing file, an empty folder and a file of another kind are told apart", async () => {
  expect(await failureOf(join(folder, "nothing.ts"))).toMatchObject({
    code: "not-found",
    text: expect.stringContaining("nothing.ts"),
  });
  expect(await failureOf(folder)).toMatchObject({
    code: "not-found",
    text: expect.stringContaining("looked for penstock.ts"),
  });
  await mkdir(join(folder, "penstock.ts"));
  expect((await failureOf(folder)).code).toBe("not-found");
  expect(await failureOf(await write("data.csv", "a,b"))).toMatchObject({
    code: "invalid-argument",
    text: expect.stringContaining("data.csv"),
  });
});

test("a syntax error is told with its file and line", async () => {
  const failure = await failureOf(await write("penstock.ts", "const a = 1;\nconst b: number = ;\n"));
  expect(failure.code).toBe("invalid-definition");
  expect(failure.text).toMatch(/penstock\.ts cannot be read: .*penstock\.ts:2:\d+/);
});

test("a file without a default export, and one that exports something else, are told apart", async () => {
  const without = await failureOf(await write("a.ts", SMALL.replace("export default", "export const market =")));
  expect(without.text).toMatch(/a\.ts has no default export.*export default market;/);
  const other = await failureOf(await write("b.ts", "export default { name: 'small', tables: [] };"));
  expect(other.text).toContain('b.ts is {"name":"small","tables":[]}, which is no pipeline');
});

test("what a file throws is told with its line", async () => {
  const failure = await failureOf(
    await write("penstock.ts", "const limit: number = 1;\n\nthrow new Error(String(limit));\n"),
  );
  expect(failure.code).toBe("invalid-definition");
  expect(failure.text).toMatch(/failed while it was read: 1 \(at line 3\)/);
});

test("an import that cannot be found is told by its name", async () => {
  const failure = await failureOf(await write("penstock.ts", `import "./absent.ts";\n${SMALL}`));
  expect(failure.text).toContain("absent.ts");
});

test("the mistakes of a definition arrive whole, with the file's name", async () => {
  const path = await write("penstock.ts", SMALL.replace('stream("s")', 'stream("s", { shards: 0 })'));
  const failure = await failureOf(path);
  expect(failure.code).toBe("invalid-definition");
  expect(failure.text).toMatch(
    /penstock\.ts: The definition of pipeline "small" has a mistake:\n {2}tables\.t\.from\.shards: is 0/,
  );
});

test("the examples' definitions are valid", async () => {
  expect((await loadDefinition("examples/market")).tables.map(({ name }) => name)).toEqual(["daily_prices", "quotes"]);
});
