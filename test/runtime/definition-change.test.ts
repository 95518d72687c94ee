import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PenstockError } from "../../src/core/errors.js";
import { counts, countsOf, run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

const BEFORE = `
  export default pipeline("p", { tables: [
    table("events", { from: stream("s"), columns: { id: integer().notNull(), note: varchar(4) }, deliver: { bufferSeconds: 900 } }),
  ] });`;

/** Every file with its bytes, but for the lock, which a start takes and gives up. */
async function contentOf(folder: string): Promise<readonly string[]> {
  const files: string[] = [];
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const path = join(folder, name);
    if (name.startsWith("lock.json")) continue;
    const isFile = (await stat(path)).isFile();
    files.push(
      isFile
        ? `${name} ${createHash("sha256")
            .update(await readFile(path))
            .digest("hex")}`
        : name,
    );
  }
  return files;
}

async function refusalOf(folder: string): Promise<PenstockError> {
  const error = await run(folder).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PenstockError)) throw new Error(`Not refused as it should be: ${String(error)}`);
  return error;
}

test("what is additive is applied, and rows of the old definition and of the new stand side by side", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, BEFORE);
  const first = await run(folder);
  await first.put("s", [
    { id: 1, note: "four" },
    { id: 2, note: "fifty" },
  ]);
  await first.instance.flush();
  await first.put("s", [{ id: 3, note: "3" }]);
  await first.close();

  await writeDefinition(
    folder,
    `
    const s = stream("s", { shards: 3, retentionHours: 48 });
    export default pipeline("p", { tables: [
      table("events", {
        from: s, columns: { id: integer().notNull(), note: varchar(40), more: decimal(8, 2), level: integer().notNull().default(7) },
        deliver: { bufferMiB: 1, bufferSeconds: 1 },
      }),
      table("copies", { from: s, columns: { id: integer().notNull() } }),
    ] });`,
  );
  const second = await run(folder);
  await expect.poll(() => second.instance.status().streams[0]?.openShards, { timeout: 20_000 }).toBe(3);
  await second.put("s", [{ id: 4, note: "a longer note", more: "1.25", level: 1 }, { id: 5 }]);
  await second.instance.flush();
  expect(await second.rows("select id, note, more::varchar, level from events order by id")).toEqual([
    [1, "four", null, 7],
    [3, "3", null, 7],
    [4, "a longer note", "1.25", 1],
    [5, null, null, 7],
  ]);
  // A table on an existing stream begins with what the stream still has.
  expect(await second.rows("select id from copies order by id")).toEqual([[1], [2], [3], [4], [5]]);
  const audit = await second.instance.audit();
  expect(audit).toMatchObject({ ok: true, acked: 5, findings: [] });
  expect(countsOf(audit, "events")).toEqual(counts({ acked: 5, delivered: 4, deadLettered: 1, loaded: 4 }));
  expect(countsOf(audit, "copies")).toEqual(counts({ acked: 5, delivered: 5, loaded: 5 }));
  expect(await readdir(join(folder, ".penstock/definition"))).toEqual(["v000001.json", "v000002.json"]);
  await second.close();

  // The same definition again is no new version, and objects of both are still read.
  const third = await run(folder);
  expect(await readdir(join(folder, ".penstock/definition"))).toEqual(["v000001.json", "v000002.json"]);
  expect(await third.instance.audit()).toMatchObject({ ok: true, acked: 5, loaded: 9, findings: [] });
});

test("a table or a stream that the definition drops stays with what it has, and comes back with it", async () => {
  const folder = await temporaryFolder();
  const other = `table("other", { from: stream("t"), columns: { id: integer().notNull() } }),`;
  const events = `table("events", { from: stream("s"), columns: { id: integer().notNull() } }),`;
  await writeDefinition(folder, `export default pipeline("p", { tables: [${events}${other}] });`);
  const first = await run(folder);
  await first.put("t", [{ id: 1 }]);
  await first.close();
  await writeDefinition(folder, `export default pipeline("p", { tables: [${events}] });`);
  const second = await run(folder);
  await second.put("t", [{ id: 2 }]);
  await second.instance.flush();
  expect(await second.rows("select id from other")).toEqual([[1]]);
  expect(await second.instance.audit()).toMatchObject({ ok: true, findings: [] });
  await second.close();
  await writeDefinition(folder, `export default pipeline("p", { tables: [${events}${other}] });`);
  const third = await run(folder);
  await third.instance.flush();
  expect(await third.rows("select id from other order by id")).toEqual([[1], [2]]);
  expect(countsOf(await third.instance.audit(), "other")).toEqual(counts({ acked: 2, delivered: 2, loaded: 2 }));
});

test.each([
  {
    change: "a column that is gone",
    text: BEFORE.replace(", note: varchar(4)", ""),
    says: ["tables.events.columns.note", "varchar(4)", "cannot be removed"],
  },
  {
    change: "a column of another type",
    text: BEFORE.replace("id: integer()", "id: bigint()"),
    says: ["tables.events.columns.id.type", "was integer, would be bigint", "make a new column"],
  },
  {
    change: "a shorter varchar",
    text: BEFORE.replace("varchar(4)", "varchar(3)"),
    says: ["tables.events.columns.note.type", "varchar(4)", "varchar(3)"],
  },
  {
    change: "a new column in the middle",
    text: BEFORE.replace("note:", "middle: integer(), note:"),
    says: ["tables.events.columns.note", "put new columns at the end"],
  },
  {
    change: "a new column that must not be NULL and has no default",
    text: BEFORE.replace("varchar(4)", "varchar(4), last: integer().notNull()"),
    says: ["tables.events.columns.last", ".default()"],
  },
  {
    change: "another pipeline's definition",
    text: BEFORE.replace('pipeline("p"', 'pipeline("q"'),
    says: ["name: was p, would be q", "--data"],
  },
])("$change is refused with what differs and what to do, and no file is touched", async ({ text, says }) => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, BEFORE);
  const first = await run(folder);
  await first.put("s", [{ id: 1, note: "one" }]);
  await first.close();
  const before = await contentOf(join(folder, ".penstock"));

  await writeDefinition(folder, text);
  const refusal = await refusalOf(folder);
  expect(refusal.code).toBe("incompatible-schema");
  for (const part of says) expect(refusal.message).toContain(part);
  expect(refusal.hint).toContain("Nothing was changed");
  expect(await contentOf(join(folder, ".penstock"))).toEqual(before);

  // With the definition mended, all is as it was.
  await writeDefinition(folder, BEFORE);
  const second = await run(folder);
  expect(await second.rows("select id from events")).toEqual([[1]]);
});
