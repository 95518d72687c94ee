import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { withDataDirectory } from "../../src/runtime/offline-audit.js";
import { countsOf, type RunningPipeline, run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

const DEFINITION = `
  const orders = stream("orders", { shards: 3 });
  const more = stream("more");
  export default pipeline("p", { tables: [
    table("t", {
      from: [orders, more], format: json(), where: { keep: "yes" },
      columns: { id: integer().notNull(), kind: varchar(4) },
      deliver: { bufferSeconds: 900, partitionBy: ["kind"] },
    }),
    table("u", { from: stream("others"), format: json(), columns: { id: integer() } }),
  ] });`;

const FLUSHES = 4;
const silent = pino({ level: "silent" });

/** 40 records a flush from two streams: ids below 10 are filtered away, some are dead letters, all others are in one of two partitions. */
async function put(pipeline: RunningPipeline, flush: number): Promise<void> {
  const kindOf = (id: number) => (id % 20 === 3 ? "too long" : id % 2 === 0 ? "even" : "odd");
  const record = (id: number) => ({ id, kind: kindOf(id), keep: id < 10 ? "no" : "yes" });
  const ids = Array.from({ length: 40 }, (_, index) => flush * 40 + index);
  await pipeline.put("orders", ids.slice(0, 30).map(record));
  await pipeline.put("more", ids.slice(30).map(record));
}

async function stopped(): Promise<{ folder: string; log: string }> {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const pipeline = await run(folder);
  for (let flush = 0; flush < FLUSHES; flush++) {
    await put(pipeline, flush);
    await pipeline.instance.flush();
  }
  await pipeline.close();
  const directory = join(folder, ".penstock", "delivery", "t");
  const [name] = await readdir(directory);
  return { folder, log: join(directory, name!) };
}

/** Changes a byte of the line that has `text`, of flush `flush`. */
async function flipIn(path: string, is: string, flush: number): Promise<void> {
  const bytes = await readFile(path);
  const lines = bytes.toString("latin1").split("\n");
  const at = lines.findIndex((line) => line.includes(`"is":"${is}"`) && line.includes(`"flush":${flush},`));
  expect(at).toBeGreaterThan(0);
  const offset = lines.slice(0, at).join("\n").length + 1 + Math.floor(lines[at]!.length / 2);
  bytes[offset]! ^= 1;
  await writeFile(path, bytes);
}

async function cutBefore(path: string, is: string, flush: number): Promise<void> {
  const text = await readFile(path, "latin1");
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.includes(`"is":"${is}"`) && line.includes(`"flush":${flush},`));
  await truncate(path, lines.slice(0, at).join("\n").length + 1);
}

const repaired = (folder: string, dryRun = false) =>
  withDataDirectory(
    join(folder, ".penstock"),
    silent,
    async (offline) => (await offline.repair({ tables: [], dryRun, acceptLoss: false })).tables,
  );

const whole = { acked: 40 * FLUSHES, deadLettered: 7, filtered: 10, lost: 0, duplicated: 0, pending: 0 };

describe("a table whose flush log is damaged is set aside, every other table goes on, and a repair makes the log anew:", () => {
  test.each<[string, (log: string) => Promise<void>]>([
    ["a bit of a decision", (log) => flipIn(log, "decided", 2)],
    ["a bit of the first decision", (log) => flipIn(log, "decided", 1)],
    ["a bit of what was written", (log) => flipIn(log, "written", 3)],
    ["a bit of a delivery", (log) => flipIn(log, "delivered", 2)],
    ["the log removed", (log) => rm(join(log, ".."), { recursive: true })],
    ["the log's file emptied", (log) => truncate(log, 0)],
    ["an old log put in its place", (log) => cutBefore(log, "decided", 3)],
    [
      "several lines at once",
      async (log) => {
        for (const flush of [1, 2, 3]) await flipIn(log, "decided", flush);
        for (const flush of [2, 3]) await flipIn(log, "written", flush);
      },
    ],
    ["no line left but noise", (log) => writeFile(log, "x".repeat(500).concat("\n").repeat(9))],
  ])("%s", async (_, damage) => {
    const { folder, log } = await stopped();
    await damage(log);

    const aside = await run(folder);
    expect(aside.instance.status().tables.map(({ name, delivery }) => [name, delivery.state])).toEqual([
      ["t", "stopped"],
      ["u", "idle"],
    ]);
    expect(aside.instance.status().tables[0]!.loader.reason).toContain("penstock repair");
    expect(aside.instance.health()).toMatchObject({ ok: false });
    await aside.put("others", [{ id: 1 }]);
    await put(aside, FLUSHES);
    await expect(aside.instance.flush()).rejects.toMatchObject({ code: "damaged" });
    expect(await aside.rows("select count(*) from u")).toEqual([[1]]);
    const unproven = await aside.instance.audit();
    expect(unproven).toMatchObject({ ok: false, lost: 0, duplicated: 0 });
    expect(countsOf(unproven, "t")).toMatchObject({ unproven: expect.any(String), deletedByUser: 0 });
    await aside.close();

    const dry = await repaired(folder, true);
    expect(dry).toMatchObject([{ state: "damaged", flushes: FLUSHES, doubts: [] }, { state: "sound" }]);
    expect(await repaired(folder)).toMatchObject([
      { state: "repaired", flushes: FLUSHES, doubts: [] },
      { state: "sound" },
    ]);
    expect(await repaired(folder)).toMatchObject([{ state: "sound", flushes: FLUSHES }, { state: "sound" }]);

    const again = await run(folder);
    await again.instance.flush();
    const audit = await again.instance.audit();
    expect(audit).toMatchObject({ ok: true, findings: [] });
    expect(countsOf(audit, "t")).toMatchObject({ ...whole, acked: whole.acked + 40, deadLettered: 9 });
    expect(await again.rows("select count(*), count(distinct id), min(id), max(id) from t")).toEqual([
      [40 * (FLUSHES + 1) - 19, 40 * (FLUSHES + 1) - 19, 10, 40 * (FLUSHES + 1) - 1],
    ]);
  });
});

test("what was decided when the process died is carried out after a repair, as it was decided", async () => {
  const { folder, log } = await stopped();
  // As a kill between `written` and `delivered` leaves it, with an earlier line damaged besides.
  await cutBefore(log, "delivered", FLUSHES);
  await flipIn(log, "decided", 2);
  expect(await repaired(folder)).toMatchObject([{ state: "repaired", doubts: [] }, { state: "sound" }]);
  const again = await run(folder);
  await again.instance.flush();
  expect(countsOf(await again.instance.audit(), "t")).toMatchObject(whole);
});

test("a repair that a crash broke off, so that there is no log at all, is done again from the lake alone", async () => {
  const { folder, log } = await stopped();
  await rm(join(log, ".."), { recursive: true });
  expect(await repaired(folder)).toMatchObject([
    { state: "repaired", flushes: FLUSHES, doubts: [] },
    { state: "sound" },
  ]);
});
