import { readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { expect, test } from "vitest";
import { withDataDirectory } from "../../src/runtime/offline-audit.js";
import { countsOf, type RunningPipeline, run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

/** Each table is damaged in its own way, all of them at rest at the same time; the last one stays whole. */
const DAMAGES: Readonly<Record<string, (log: string) => Promise<void>>> = {
  bit_of_a_decision: (log) => flipIn(log, "decided", 2),
  bit_of_the_first_decision: (log) => flipIn(log, "decided", 1),
  bit_of_what_was_written: (log) => flipIn(log, "written", 3),
  bit_of_a_delivery: (log) => flipIn(log, "delivered", 2),
  log_removed: (log) => rm(join(log, ".."), { recursive: true }),
  log_emptied: (log) => truncate(log, 0),
  old_log_in_its_place: (log) => cutBefore(log, "decided", 3),
  several_lines: async (log) => {
    for (const flush of [1, 2, 3]) await flipIn(log, "decided", flush);
    for (const flush of [2, 3]) await flipIn(log, "written", flush);
  },
  noise: (log) => writeFile(log, "x".repeat(500).concat("\n").repeat(9)),
};
const DAMAGED = Object.keys(DAMAGES).sort();
const WHOLE = "whole";

const definitionOf = (tables: readonly string[]) => `
  const orders = stream("orders", { shards: 3 });
  const more = stream("more");
  const fed = (name) => table(name, {
    from: [orders, more], format: json(), where: { keep: "yes" },
    columns: { id: integer().notNull(), kind: varchar(4) },
    deliver: { bufferSeconds: 900, partitionBy: ["kind"] },
  });
  export default pipeline("p", { tables: [
    ...${JSON.stringify(tables)}.map(fed),
    table("${WHOLE}", { from: stream("others"), format: json(), columns: { id: integer() } }),
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

/** A data directory at rest, after four flushes of each of `tables`. */
async function stopped(tables: readonly string[]): Promise<{ folder: string; logOf(table: string): Promise<string> }> {
  const folder = await temporaryFolder();
  await writeDefinition(folder, definitionOf(tables));
  const pipeline = await run(folder);
  for (let flush = 0; flush < FLUSHES; flush++) {
    await put(pipeline, flush);
    await pipeline.instance.flush();
  }
  await pipeline.close();
  return {
    folder,
    logOf: async (table) => {
      const directory = join(folder, ".penstock", "delivery", table);
      const [name] = await readdir(directory);
      return join(directory, name!);
    },
  };
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

test("a table whose flush log is damaged is set aside, every other table goes on, and a repair makes the log anew", async () => {
  const { folder, logOf } = await stopped(DAMAGED);
  for (const [table, damage] of Object.entries(DAMAGES)) await damage(await logOf(table));

  const aside = await run(folder);
  const { tables } = aside.instance.status();
  expect(tables.map(({ name, delivery }) => [name, delivery.state])).toEqual([
    ...DAMAGED.map((name) => [name, "stopped"]),
    [WHOLE, "idle"],
  ]);
  for (const { name, loader } of tables) {
    if (name !== WHOLE) expect(loader.reason, name).toContain("penstock repair");
  }
  expect(aside.instance.health()).toMatchObject({ ok: false });
  await aside.put("others", [{ id: 1 }]);
  await put(aside, FLUSHES);
  await expect(aside.instance.flush()).rejects.toMatchObject({ code: "damaged" });
  expect(await aside.rows(`select count(*) from ${WHOLE}`)).toEqual([[1]]);
  const unproven = await aside.instance.audit();
  expect(unproven).toMatchObject({ ok: false, lost: 0, duplicated: 0 });
  expect(unproven.findings.join("\n")).not.toContain("..");
  for (const table of DAMAGED) {
    expect(countsOf(unproven, table), table).toMatchObject({ unproven: expect.any(String), deletedByUser: 0 });
  }
  expect(countsOf(unproven, WHOLE)).toMatchObject({ loaded: 1, pending: 0 });
  expect(countsOf(unproven, WHOLE)).not.toHaveProperty("unproven");
  await aside.close();

  const sound = { table: WHOLE, state: "sound" };
  const each = (answer: object) => DAMAGED.map((table) => ({ table, flushes: FLUSHES, ...answer }));
  expect(await repaired(folder, true)).toMatchObject([...each({ state: "damaged", doubts: [] }), sound]);
  expect(await repaired(folder)).toMatchObject([...each({ state: "repaired", doubts: [] }), sound]);
  expect(await repaired(folder)).toMatchObject([...each({ state: "sound" }), sound]);

  const again = await run(folder);
  await again.instance.flush();
  const audit = await again.instance.audit();
  expect(audit).toMatchObject({ ok: true, findings: [] });
  const rows = 40 * (FLUSHES + 1) - 19;
  for (const table of DAMAGED) {
    expect(countsOf(audit, table), table).toMatchObject({ ...whole, acked: whole.acked + 40, deadLettered: 9 });
    expect(await again.rows(`select count(*), count(distinct id), min(id), max(id) from ${table}`), table).toEqual([
      [rows, rows, 10, 40 * (FLUSHES + 1) - 1],
    ]);
  }
});

test("what was decided when the process died is carried out after a repair, as it was decided; where there is no log at all, it is made from the lake alone", async () => {
  const { folder, logOf } = await stopped(["killed", "bare"]);
  // As a kill between `written` and `delivered` leaves it, with an earlier line damaged besides.
  await cutBefore(await logOf("killed"), "delivered", FLUSHES);
  await flipIn(await logOf("killed"), "decided", 2);
  // As a repair leaves it that a crash broke off.
  await rm(join(await logOf("bare"), ".."), { recursive: true });
  expect(await repaired(folder)).toMatchObject([
    { table: "bare", state: "repaired", flushes: FLUSHES, doubts: [] },
    { table: "killed", state: "repaired", doubts: [] },
    { table: WHOLE, state: "sound" },
  ]);
  const again = await run(folder);
  await again.instance.flush();
  const audit = await again.instance.audit();
  expect(countsOf(audit, "killed")).toMatchObject(whole);
  expect(countsOf(audit, "bare")).toMatchObject(whole);
});
