import { expect, test } from "vitest";
import { run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

const definition = (load: string) => `
const events = table("events", { from: stream("events"), format: json(), load: "${load}",
  columns: { id: integer().notNull(), at: timestamptz() }, deliver: { bufferSeconds: 0 } });
export default pipeline("clicks", { tables: [events] });`;

const records = [
  { id: 1, at: "2026-11-23T10:00:00Z" },
  { id: 2, at: "2026-11-23T11:00:00Z" },
  { id: "no number", at: null },
];

test("the rows of an external table stay in the lake and are read under its own name", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, definition("external"));
  const first = await run(folder);
  await first.put("events", records);
  await first.instance.flush();
  expect(await first.rows("SELECT id FROM events ORDER BY id")).toEqual([[1], [2]]);
  expect(await first.rows("SELECT count(*) FROM lake.events")).toEqual([[2]]);
  expect(await first.rows("SELECT count(*) FROM penstock.loads WHERE kind = 'rows'")).toEqual([[0]]);
  expect(await first.rows("SELECT id FROM penstock.dead_letters")).toHaveLength(1);
  expect(await first.instance.audit()).toMatchObject({
    ok: true,
    acked: 3,
    delivered: 2,
    deadLettered: 1,
    pending: 0,
    lost: 0,
  });
  expect(await first.instance.redrive({ table: "events" })).toMatchObject({
    loaded: 0,
    failed: [{ message: expect.stringContaining("read in the lake") }],
  });
  await expect(first.instance.replay({ table: "events", from: "lake" }, () => undefined)).rejects.toThrow(
    /nothing to load/,
  );
  await first.close();

  const second = await run(folder);
  await second.put("events", [{ id: 3, at: "2026-11-24T10:00:00Z" }]);
  await second.instance.flush();
  expect(await second.rows("SELECT max(id), count(*) FROM events WHERE at >= '2026-11-23'")).toEqual([[3, 3]]);
});

test.each(["auto-copy", "streaming"])(
  "a table that is loaded by %s on AWS is loaded by the embedded loader here",
  async (load) => {
    const folder = await temporaryFolder();
    await writeDefinition(folder, definition(load));
    const pipeline = await run(folder);
    await pipeline.put("events", records);
    await pipeline.instance.flush();
    expect(await pipeline.rows("SELECT id FROM events ORDER BY id")).toEqual([[1], [2]]);
    expect(await pipeline.instance.audit()).toMatchObject({ ok: true, loaded: 2, deadLettered: 1 });
  },
);
