import { open, rename, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type RunningPipeline, run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

const DEFINITION = `export default pipeline("p", { tables: [
  table("t", { from: stream("s"), format: json(), columns: { id: integer().notNull(), note: varchar(40) } }),
  table("newest", { from: stream("s"), format: json(), columns: { id: integer().notNull() }, dedupe: { by: "id" } }),
] });`;

async function stopped(): Promise<{ folder: string; warehouse: string }> {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const pipeline = await run(folder);
  for (let batch = 0; batch < 20; batch++) {
    await pipeline.put(
      "s",
      Array.from({ length: 500 }, (_, index) => ({
        id: batch * 500 + index,
        note: `${index} ${Math.sin(batch + index)}`,
      })),
    );
    if (batch % 5 === 0) await pipeline.instance.flush();
  }
  await pipeline.close();
  return { folder, warehouse: join(folder, ".penstock", "warehouse.duckdb") };
}

async function noise(path: string, share: number, bytes: number): Promise<void> {
  const file = await open(path, "r+");
  const { size } = await file.stat();
  await file.write(Buffer.alloc(Math.min(bytes, size), 0x5a), 0, Math.min(bytes, size), Math.floor(size * share));
  await file.close();
}

async function expectWhole(pipeline: RunningPipeline): Promise<void> {
  await pipeline.instance.flush();
  for (const table of ["t", "newest"]) {
    expect(await pipeline.rows(`select count(*), count(distinct id) from ${table}`)).toEqual([[10_000, 10_000]]);
  }
  expect(await pipeline.instance.audit()).toMatchObject({ ok: true, findings: [] });
}

describe("a damaged warehouse is named with the way back, and the way back brings every row again:", () => {
  test.each<[string, (path: string) => Promise<void>]>([
    ["emptied", (path) => truncate(path, 0)],
    ["cut to its first bytes", (path) => truncate(path, 100)],
    ["cut in half", async (path) => truncate(path, Math.floor((await stat(path)).size / 2))],
    ["its header overwritten", (path) => noise(path, 0, 4096)],
    ["both of its tables of contents overwritten", (path) => noise(path, 0, 12_288)],
    ["cut behind its headers", (path) => truncate(path, 12_288)],
  ])("%s", async (_, damage) => {
    const { folder, warehouse } = await stopped();
    await damage(warehouse);
    await expect(run(folder)).rejects.toMatchObject({
      code: "poisoned",
      message: expect.stringContaining(warehouse),
      hint: expect.stringContaining(`mv ${warehouse} ${warehouse}.damaged`),
    });
    await rename(warehouse, `${warehouse}.damaged`);
    await expectWhole(await run(folder));
  });
});

test("a warehouse that is gone is made again from the lake at the next start", async () => {
  const { folder, warehouse } = await stopped();
  await rm(warehouse);
  await expectWhole(await run(folder));
});
