import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { counts, countsOf, type RunningPipeline, run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

const definitionOf = (columns: string, more = "") =>
  `export default pipeline("p", { tables: [ table("t", { from: stream("s", { shards: 2 }), columns: { ${columns} }, ${more} }) ] });`;

async function started(definition: string): Promise<RunningPipeline> {
  const folder = await temporaryFolder();
  await writeDefinition(folder, definition);
  return run(folder);
}

const numbered = (count: number, first = 1) => Array.from({ length: count }, (_, index) => ({ id: first + index }));
const idRows = (count: number, first = 1) => numbered(count, first).map(({ id }) => [id]);

test("once the definition is mended, dead letters are redriven under the identity they always had, and only once", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, definitionOf("id: integer().notNull(), note: varchar(4)"));
  const first = await run(folder);
  const sequences = await first.put("s", [
    { id: 1, note: "good" },
    { id: 2, note: "too long" },
    { id: 3, note: "also too long" },
    { note: "no id" },
    `${JSON.stringify({ id: 4, note: "four" })}${JSON.stringify({ id: 5, note: "the fifth" })}`,
  ]);
  await first.instance.flush();
  const before = await first.instance.deadLetters({ limit: 10 });
  expect(before.letters).toHaveLength(4);
  expect(countsOf(await first.instance.audit(), "t")).toEqual(
    counts({ acked: 5, delivered: 2, deadLettered: 4, loaded: 2 }),
  );
  await first.close();

  await writeDefinition(folder, definitionOf("id: integer().notNull(), note: varchar(20)"));
  const second = await run(folder);
  expect(await second.instance.redrive({ table: "t", dryRun: true })).toMatchObject({
    chosen: 4,
    loaded: 3,
    dryRun: true,
  });
  expect(await second.rows("select count(*) from t")).toEqual([[2]]);
  const report = await second.instance.redrive({ table: "t" });
  expect(report).toMatchObject({ chosen: 4, loaded: 3, alreadyRedriven: 0 });
  expect(report.failed).toHaveLength(1);
  expect(await second.rows("select id, note from t order by id")).toEqual([
    [1, "good"],
    [2, "too long"],
    [3, "also too long"],
    [4, "four"],
    [5, "the fifth"],
  ]);
  const identities = await second.rows(
    "select 't/' || _shard_id || '/' || _sequence_number || '/' || _row_index from t where id in (2, 3, 5)",
  );
  const idsBefore = before.letters.map(({ id }) => id);
  for (const [identity] of identities) expect(idsBefore).toContain(identity);

  expect(await second.instance.redrive({})).toMatchObject({ chosen: 1, loaded: 0 });
  const audit = await second.instance.audit();
  expect(audit).toMatchObject({ ok: true, findings: [] });
  expect(countsOf(audit, "t")).toEqual(counts({ acked: 5, delivered: 2, deadLettered: 1, loaded: 5 }));
  expect((await second.instance.trace(sequences[1]!))?.tables[0]?.rows).toMatchObject([
    { outcome: "loaded", reason: "redriven" },
  ]);
  expect((await second.instance.deadLetters({ limit: 10 })).letters).toHaveLength(1);
});

test("a dead letter that the mended definition filters is counted as filtered", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, definitionOf("id: integer().notNull()"));
  const first = await run(folder);
  const sequences = await first.put("s", [{ id: 1 }, { id: "heartbeat" }, { id: "two" }]);
  await first.close();
  await writeDefinition(
    folder,
    definitionOf(
      "id: integer().notNull()",
      'transform: (r) => r.id === "heartbeat" ? null : r.id === "two" ? { id: 2 } : r',
    ),
  );
  const second = await run(folder);
  expect(await second.instance.redrive({})).toMatchObject({ chosen: 2, loaded: 1, filtered: 1, failed: [] });
  expect(await second.rows("select id from t order by id")).toEqual([[1], [2]]);
  const audit = await second.instance.audit();
  expect(audit).toMatchObject({ ok: true, findings: [] });
  expect(countsOf(audit, "t")).toEqual(counts({ acked: 3, delivered: 1, filtered: 1, loaded: 2 }));
  expect((await second.instance.trace(sequences[1]!))?.tables[0]?.rows).toMatchObject([{ outcome: "filtered" }]);
  expect((await second.instance.trace(sequences[2]!))?.tables[0]?.rows).toMatchObject([{ outcome: "loaded" }]);
});

test.each(["stream", "lake"] as const)("a replay from the %s into the same table doubles nothing", async (from) => {
  const running = await started(definitionOf("id: integer().notNull()"));
  await running.put("s", [...numbered(20), { id: "bad" }]);
  await running.instance.flush();
  const progress = await running.instance.replay({ table: "t", from }, () => {});
  expect(progress).toMatchObject({ state: "done", rowsLoaded: 0, rowsSkipped: 20 });
  expect(await running.rows("select id from t order by id")).toEqual(idRows(20));

  // What somebody deleted by mistake comes back, and nothing else does.
  await running.rows("delete from t where id between 5 and 9");
  expect(countsOf(await running.instance.audit(), "t")).toMatchObject({ loaded: 20, deletedByUser: 5, lost: 0 });
  expect(await running.instance.replay({ table: "t", from }, () => {})).toMatchObject({
    rowsLoaded: 5,
    rowsSkipped: 15,
  });
  expect(await running.rows("select id from t order by id")).toEqual(idRows(20));
  const audit = await running.instance.audit();
  expect(audit).toMatchObject({ ok: true, findings: [] });
  expect(countsOf(audit, "t")).toEqual(counts({ acked: 21, delivered: 20, deadLettered: 1, loaded: 20 }));

  // Loading goes on after a replay as before it.
  await running.put("s", numbered(5, 21));
  await running.instance.flush();
  expect(await running.rows("select id from t order by id")).toEqual(idRows(25));
  expect(countsOf(await running.instance.audit(), "t")).toEqual(
    counts({ acked: 26, delivered: 25, deadLettered: 1, loaded: 25 }),
  );
});

test.each(["stream", "lake"] as const)(
  "a replay from the %s fills a table beside it, and leaves its own alone",
  async (from) => {
    const running = await started(definitionOf("id: integer().notNull()"));
    await running.put("s", numbered(30));
    await running.instance.flush();
    for (const expected of [
      { rowsLoaded: 30, rowsSkipped: 0 },
      { rowsLoaded: 0, rowsSkipped: 30 },
    ]) {
      expect(await running.instance.replay({ table: "t", from, into: "t_shadow" }, () => {})).toMatchObject(expected);
      expect(await running.rows("select id from t_shadow order by id")).toEqual(idRows(30));
    }
    expect(await running.rows("select id from t order by id")).toEqual(idRows(30));
    const audit = await running.instance.audit();
    expect(audit).toMatchObject({ ok: true, findings: [] });
    expect(countsOf(audit, "t")).toEqual(counts({ acked: 30, delivered: 30, loaded: 30 }));
  },
);

test("a replay after the definition was mended loads what was dead, and a redrive then finds nothing left", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, definitionOf("id: integer().notNull(), note: varchar(4)"));
  const first = await run(folder);
  await first.put("s", [
    { id: 1, note: "good" },
    { id: 2, note: "too long" },
  ]);
  await first.close();
  await writeDefinition(folder, definitionOf("id: integer().notNull(), note: varchar(20)"));
  const second = await run(folder);
  expect(await second.instance.replay({ table: "t", from: "stream" }, () => {})).toMatchObject({
    rowsLoaded: 1,
    rowsSkipped: 1,
  });
  expect(await second.instance.redrive({})).toMatchObject({ chosen: 0, loaded: 0 });
  const audit = await second.instance.audit();
  expect(audit).toMatchObject({ ok: true, findings: [] });
  expect(countsOf(audit, "t")).toEqual(counts({ acked: 2, delivered: 1, loaded: 2 }));
});

test("rows that a user deletes are deleted, not lost", async () => {
  const running = await started(definitionOf("id: integer().notNull()"));
  await running.put("s", numbered(10));
  await running.instance.flush();
  await running.rows("delete from t where id > 6");
  const audit = await running.instance.audit();
  expect(audit).toMatchObject({ ok: true, findings: [] });
  expect(countsOf(audit, "t")).toEqual(counts({ acked: 10, delivered: 10, loaded: 10, deletedByUser: 4 }));
});

test("a row that somebody inserts twice is a duplicate, with a finding", async () => {
  const running = await started(definitionOf("id: integer().notNull()"));
  await running.put("s", numbered(10));
  await running.instance.flush();
  await running.rows("insert into t select * from t where id <= 3");
  const audit = await running.instance.audit();
  expect(audit).toMatchObject({ ok: false, duplicated: 3, lost: 0 });
  expect(audit.findings.join("\n")).toContain("repeat an identity");
});

async function objectsOf({ folder }: RunningPipeline): Promise<readonly string[]> {
  const lake = join(folder, ".penstock/lake/tables");
  const names = await readdir(lake, { recursive: true });
  return names.filter((name) => name.endsWith(".parquet")).map((name) => join(lake, name));
}

test("an object that somebody removed from the lake is a finding; its rows are loaded, so nothing is lost", async () => {
  const running = await started(definitionOf("id: integer().notNull()"));
  await running.put("s", numbered(10));
  await running.instance.flush();
  await running.put("s", numbered(10, 11));
  await running.instance.flush();
  const [object] = await objectsOf(running);
  await rm(object!);
  const audit = await running.instance.audit();
  expect(audit).toMatchObject({ lost: 0, duplicated: 0, loaded: 20, acked: 20 });
  expect(audit.findings).toHaveLength(1);
  expect(audit.findings[0]).toContain("not in the lake any more");
});

async function flipBit(path: string, at: (size: number) => number): Promise<void> {
  const file = await open(path, "r+");
  try {
    const { size } = await file.stat();
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at(size));
    byte[0]! ^= 1;
    await file.write(byte, 0, 1, at(size));
  } finally {
    await file.close();
  }
}

async function segmentOf(folder: string): Promise<string> {
  const streams = join(folder, ".penstock/streams");
  const sizes = await Promise.all(
    (await readdir(streams, { recursive: true }))
      .filter((name) => /\d/.test(name))
      .map(async (name) => {
        const file = await open(join(streams, name), "r");
        try {
          const stat = await file.stat();
          return { name, size: stat.isFile() ? stat.size : 0 };
        } finally {
          await file.close();
        }
      }),
  );
  return join(streams, sizes.sort((a, b) => b.size - a.size)[0]!.name);
}

test("a bit that flipped in the journal is reported by the audit, while it runs and after a restart", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, definitionOf("id: integer().notNull()"));
  const first = await run(folder);
  for (let batch = 0; batch < 5; batch++) await first.put("s", numbered(50, 1 + batch * 50));
  await first.instance.flush();
  await flipBit(await segmentOf(folder), (size) => Math.floor(size / 2));
  const running = await first.instance.audit();
  // Each record is in the lake and in the table; what the journal cannot give again is said, and is no loss.
  expect(running).toMatchObject({ ok: true, lost: 0, loaded: 250 });
  expect(running.findings.join("\n")).toMatch(/stream s.* cannot be read from the journal/);
  // What was loaded before the damage is there still.
  expect(await first.rows("select count(*) from t")).toEqual([[250]]);
  await first.close();

  const second = await run(folder);
  const restarted = await second.instance.audit();
  expect(restarted).toMatchObject({ ok: true, lost: 0, loaded: 250 });
  expect(restarted.findings.join("\n")).toMatch(/stream s.* cannot be read from the journal/);
  await second.put("s", numbered(10, 251));
  await second.instance.flush();
  expect(await second.rows("select id from t order by id")).toEqual(idRows(260));
});

test("a bit that flipped among records which no flush has taken is a loss, and delivery says where", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, definitionOf("id: integer().notNull()", "deliver: { bufferSeconds: 900 }"));
  const running = await run(folder);
  for (let batch = 0; batch < 5; batch++) await running.put("s", numbered(50, 1 + batch * 50));
  await flipBit(await segmentOf(folder), (size) => Math.floor(size / 2));
  await expect(running.instance.flush()).rejects.toMatchObject({ code: "damaged" });
  const audit = await running.instance.audit();
  expect(audit.ok).toBe(false);
  expect(audit.lost).toBeGreaterThan(0);
});

test("a bit that flipped in an object of the lake is no reason for the audit to fail as a whole", async () => {
  const running = await started(definitionOf("id: integer().notNull()"));
  await running.put("s", numbered(100));
  await running.instance.flush();
  await running.put("s", numbered(100, 101));
  await running.instance.flush();
  const [object] = await objectsOf(running);
  // In the footer, which every reader needs.
  await flipBit(object!, (size) => size - 5);
  const audit = await running.instance.audit();
  expect(audit).toMatchObject({ loaded: 200, acked: 200, lost: 0 });
  expect(audit.findings).toHaveLength(1);
  expect(audit.findings[0]).toContain("cannot be read");
});

test("a redriven row that loses to another of its key is deduplicated, and one that wins takes the other's place", async () => {
  const folder = await temporaryFolder();
  const dedupe = 'dedupe: { by: "id", keep: "latest" }';
  await writeDefinition(folder, definitionOf("id: integer().notNull(), note: varchar(4)", dedupe));
  const first = await run(folder);
  await first.put("s", [{ id: 1, note: "dead, and older" }]);
  await first.put("s", [
    { id: 1, note: "new" },
    { id: 2, note: "old" },
  ]);
  await first.put("s", [{ id: 2, note: "dead, and newer" }]);
  await first.instance.flush();
  expect(await first.rows("select id, note from t order by id")).toEqual([
    [1, "new"],
    [2, "old"],
  ]);
  await first.close();
  await writeDefinition(folder, definitionOf("id: integer().notNull(), note: varchar(20)", dedupe));
  const second = await run(folder);
  const letters = await second.instance.deadLetters({ limit: 10 });
  await second.instance.redrive({});
  expect(await second.rows("select id, note from t order by id")).toEqual([
    [1, "new"],
    [2, "dead, and newer"],
  ]);
  const audit = await second.instance.audit();
  expect(audit).toMatchObject({ ok: true, findings: [] });
  expect(countsOf(audit, "t")).toEqual(counts({ acked: 4, delivered: 2, loaded: 2, deduped: 2 }));
  const outcomes = letters.letters.map(
    async (letter) => (await second.instance.trace(letter.sequenceNumber))?.tables[0]?.rows[0]?.outcome,
  );
  expect(await Promise.all(outcomes)).toEqual(["deduped", "loaded"]);
});

test("rows that a replay brought before they were delivered are loaded, not deduplicated", async () => {
  const running = await started(definitionOf("id: integer().notNull()", "deliver: { bufferSeconds: 900 }"));
  await running.put("s", numbered(10));
  expect(await running.instance.replay({ table: "t", from: "stream" }, () => {})).toMatchObject({ rowsLoaded: 10 });
  const before = await running.instance.audit();
  expect(countsOf(before, "t")).toEqual(counts({ acked: 10, pending: 10 }));
  await running.instance.flush();
  expect(await running.rows("select id from t order by id")).toEqual(idRows(10));
  const audit = await running.instance.audit();
  expect(audit).toMatchObject({ ok: true, findings: [] });
  expect(countsOf(audit, "t")).toEqual(counts({ acked: 10, delivered: 10, loaded: 10 }));
});

test("a dead letter that becomes several rows counts as several", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(
    folder,
    definitionOf("id: integer().notNull()", 'transform: () => { throw new Error("not ready") }'),
  );
  const first = await run(folder);
  await first.put("s", [{ ids: [1, 2, 3] }, { ids: [4] }, { ids: [] }]);
  await first.close();
  await writeDefinition(
    folder,
    definitionOf("id: integer().notNull()", "transform: (r) => r.ids.map((id) => ({ id }))"),
  );
  const second = await run(folder);
  expect(await second.instance.redrive({})).toMatchObject({ chosen: 3, loaded: 4, filtered: 1, failed: [] });
  expect(await second.rows("select id from t order by id")).toEqual(idRows(4));
  const audit = await second.instance.audit();
  expect(audit).toMatchObject({ ok: true, findings: [] });
  expect(countsOf(audit, "t")).toEqual(counts({ acked: 3, filtered: 1, loaded: 4 }));
});
