import { integer, pipeline, stream, table, varchar } from "penstock";
import { expect, test } from "vitest";
import { isPenstockError } from "../../src/core/errors.js";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { Columns } from "../../src/definition/column.js";
import type { PipelineModel } from "../../src/definition/model.js";
import { canonicalText } from "../../src/definition/version.js";
import { openVersionStore } from "../../src/definition/version-store.js";
import { seededRandom } from "../simulation/random.js";
import { simDisk } from "../simulation/sim-disk.js";

const modelOf = (tables: Readonly<Record<string, Columns>>) =>
  draftOf<PipelineModel>(
    pipeline("p", {
      tables: Object.entries(tables).map(([name, columns]) => table(name, { from: stream("s"), columns })),
    }),
    PIPELINE,
  )!;
const first = modelOf({ t: { a: integer() } });
const second = modelOf({ t: { a: integer(), b: varchar(5) } });
const freshDisk = (seed = 1) => simDisk({ random: seededRandom(seed) });

test("versions count from 1 and are read back by another process", async () => {
  const disk = freshDisk();
  const store = await openVersionStore(disk, "/data/definition");
  expect(store.latest()).toBeUndefined();
  expect((await store.append(first, 1000)).version).toBe(1);
  expect((await store.append(second, 2000)).version).toBe(2);
  const again = await openVersionStore(disk, "/data/definition");
  expect(again.latest()).toMatchObject({ version: 2, storedAtMs: 2000 });
  expect(canonicalText(again.get(1).model)).toBe(canonicalText(first));
  expect(() => again.get(3)).toThrow("There is no version 3");
});

test("the same definition is no new version", async () => {
  const store = await openVersionStore(freshDisk(), "/definition");
  await store.append(first, 1000);
  expect((await store.append(modelOf({ t: { a: integer() } }), 2000)).version).toBe(1);
});

test("an incompatible definition is refused with what differs, and nothing is written", async () => {
  const disk = freshDisk();
  const store = await openVersionStore(disk, "/definition");
  await store.append(second, 1000);
  const before = disk.operations;
  const refused = await store.append(modelOf({ t: { a: varchar(5) } }), 2000).catch((error: unknown) => error);
  if (!isPenstockError(refused, "incompatible-schema")) throw new Error("not refused");
  expect(refused.message).toContain(
    "tables.t.columns.a.type: was integer, would be varchar(5). A column keeps its type",
  );
  expect(refused.message).toContain("tables.t.columns.b: would go: varchar(5).");
  expect(disk.operations).toBe(before);
  expect(store.latest()?.version).toBe(1);
});

test("a table that was taken out and comes back is compared with what it last was", async () => {
  const store = await openVersionStore(freshDisk(), "/definition");
  await store.append(modelOf({ t: { a: integer() }, u: { a: integer() } }), 1000);
  await store.append(modelOf({ u: { a: integer() } }), 2000);
  expect(store.compare(modelOf({ t: { a: varchar(5) }, u: { a: integer() } }))).toMatchObject([
    { kind: "incompatible", path: "tables.t.columns.a.type" },
  ]);
  expect(store.compare(modelOf({ t: { a: integer() }, u: { a: integer() } }))).toEqual([]);
  expect((await store.append(modelOf({ t: { a: integer() }, u: { a: integer() } }), 3000)).version).toBe(3);
});

test("a power cut at any operation leaves the version before or the new one, whole", async () => {
  const clean = freshDisk();
  const store = await openVersionStore(clean, "/definition");
  await store.append(first, 1000);
  const from = clean.operations;
  await store.append(second, 2000);
  const seen = new Set<number>();
  for (let seed = 1; seed <= 40; seed++) {
    for (let operation = from + 1; operation <= clean.operations; operation++) {
      const disk = freshDisk(seed);
      disk.powerCutAt(operation);
      let acked = 0;
      const work = async () => {
        const versions = await openVersionStore(disk, "/definition");
        acked = (await versions.append(first, 1000)).version;
        acked = (await versions.append(second, 2000)).version;
      };
      await Promise.race([work(), disk.dead]);
      const found = (await openVersionStore(disk.boot(), "/definition")).latest()?.version ?? 0;
      expect(found, `seed ${seed}, operation ${operation}`).toBeGreaterThanOrEqual(acked);
      seen.add(found);
    }
  }
  expect([...seen].sort()).toEqual([1, 2]);
});

test("a version that was damaged or lost is reported, not taken", async () => {
  const disk = freshDisk();
  const store = await openVersionStore(disk, "/definition");
  await store.append(first, 1000);
  await store.append(second, 2000);
  disk.damage("/definition/v000002.json", (content) =>
    Buffer.from(content.toString().replace('"length": 5', '"length": 6')),
  );
  await expect(openVersionStore(disk, "/definition")).rejects.toMatchObject({
    code: "damaged",
    message: expect.stringContaining("digest"),
  });
  disk.damage("/definition/v000002.json", (content) => content.subarray(0, 20));
  await expect(openVersionStore(disk, "/definition")).rejects.toMatchObject({ code: "damaged" });
});

test("a version that is missing among others is reported", async () => {
  const disk = freshDisk();
  const store = await openVersionStore(disk, "/definition");
  await store.append(first, 1000);
  await store.append(second, 2000);
  await disk.remove("/definition/v000001.json");
  await expect(openVersionStore(disk, "/definition")).rejects.toMatchObject({
    code: "damaged",
    message: expect.stringContaining("should be version 1"),
  });
});
