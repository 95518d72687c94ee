import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { expect, onTestFinished, test } from "vitest";
import type { AuditReport, TraceReport } from "../../src/api/control/contract.js";
import { type PenstockProcess, runPenstock, startPenstock } from "../support/penstock-process.js";
import { bytesOf, counts, countsOf, temporaryFolder, writeDefinition } from "./running-pipeline.js";

/** Buffers so long that nothing is delivered before it has to be. */
const SLOW = `
  const s = stream("s", { shards: 2 });
  export default pipeline("p", { tables: [
    table("all_events", { from: s, columns: { id: integer().notNull(), kind: varchar(10) }, deliver: { bufferSeconds: 900 } }),
    table("odd_events", { from: s, where: { kind: "odd" }, columns: { id: integer().notNull() }, deliver: { bufferSeconds: 900 } }),
  ] });`;
const QUICK = SLOW.replaceAll("bufferSeconds: 900", "bufferSeconds: 0");

async function folderWith(definition: string): Promise<{ folder: string; data: string }> {
  const folder = await temporaryFolder();
  await writeDefinition(folder, definition);
  return { folder, data: join(folder, ".penstock") };
}

async function up(folder: string, data: string): Promise<PenstockProcess> {
  const instance = await startPenstock({ definition: folder, data });
  onTestFinished(() => instance.kill());
  return instance;
}

/** Puts `{ id, kind }` for each id, in batches; answers the sequence numbers. */
async function put(instance: PenstockProcess, first: number, count: number): Promise<readonly string[]> {
  const kinesis = new KinesisClient({
    endpoint: instance.aws.href,
    region: "us-east-1",
    credentials: { accessKeyId: "anyone", secretAccessKey: "anything" },
  });
  const sequences: string[] = [];
  for (let from = first; from < first + count; from += 100) {
    const ids = Array.from({ length: Math.min(100, first + count - from) }, (_, index) => from + index);
    const answer = await kinesis.send(
      new PutRecordsCommand({
        StreamName: "s",
        Records: ids.map((id) => ({
          Data: bytesOf({ id, kind: id % 2 === 0 ? "even" : "odd" }),
          PartitionKey: String(id),
        })),
      }),
    );
    expect(answer.FailedRecordCount).toBe(0);
    sequences.push(...answer.Records!.map((record) => record.SequenceNumber!));
  }
  kinesis.destroy();
  return sequences;
}

async function expectEachOnce(instance: PenstockProcess, total: number): Promise<void> {
  const all = await instance.query("select count(*)::int, count(distinct id)::int, min(id), max(id) from all_events");
  expect(all.rows).toEqual([[total, total, 1, total]]);
  const odd = await instance.query("select count(*)::int, count(distinct id)::int from odd_events where id % 2 = 1");
  expect(odd.rows).toEqual([[total / 2, total / 2]]);
  const audit = await instance.audit();
  expect(audit).toMatchObject({ ok: true, lost: 0, duplicated: 0, acked: total, findings: [] });
  expect(countsOf(audit, "all_events")).toEqual(counts({ acked: total, delivered: total, loaded: total }));
  expect(countsOf(audit, "odd_events")).toEqual(
    counts({ acked: total, delivered: total / 2, filtered: total / 2, loaded: total / 2 }),
  );
}

test("killed with everything in the buffers, it loads all of it after the next start, once", async () => {
  const { folder, data } = await folderWith(SLOW);
  const first = await up(folder, data);
  await put(first, 1, 500);
  await first.kill();
  const second = await up(folder, data);
  await put(second, 501, 100);
  await second.flush();
  await expectEachOnce(second, 600);
  expect(await second.stop()).toBe(0);
});

test("killed again and again while it delivers and loads, it has every row once", async () => {
  const { folder, data } = await folderWith(QUICK);
  for (let life = 0; life < 4; life++) {
    const instance = await up(folder, data);
    await put(instance, 1 + life * 200, 200);
    await instance.kill();
  }
  const last = await up(folder, data);
  await last.flush();
  await expectEachOnce(last, 800);
});

test("records acknowledged under one definition and loaded under the next keep what that has of theirs", async () => {
  const { folder, data } = await folderWith(SLOW);
  const first = await up(folder, data);
  await put(first, 1, 10);
  await first.kill();
  await writeDefinition(folder, SLOW.replace("kind: varchar(10)", "kind: varchar(20), again: integer().path('$.id')"));
  const second = await up(folder, data);
  await second.flush();
  await expectEachOnce(second, 10);
  expect((await second.query("select count(*)::int from all_events where again = id")).rows).toEqual([[10]]);
});

test("SIGTERM delivers and loads what was acknowledged, and ends with exit code 0", async () => {
  const { folder, data } = await folderWith(SLOW);
  const first = await up(folder, data);
  await put(first, 1, 300);
  expect(await first.stop()).toBe(0);
  expect(await readdir(data)).not.toContain("lock.json");
  const second = await up(folder, data);
  const { tables } = await second.status();
  expect(tables.map(({ name, lagRecords, loadsPending }) => [name, lagRecords, loadsPending])).toEqual([
    ["all_events", 0, 0],
    ["odd_events", 0, 0],
  ]);
  await expectEachOnce(second, 300);
});

test("a second process on the same data directory is refused with the first one's pid, and the first goes on", async () => {
  const { folder, data } = await folderWith(QUICK);
  const first = await up(folder, data);
  const second = await runPenstock("up", folder, "--data", data, "--aws-port", "0", "--console-port", "0");
  expect(second).toMatchObject({ code: 4, stdout: "" });
  expect(second.stderr).toContain(`in use by process ${first.pid}`);
  await put(first, 1, 10);
  await first.flush();
  await expectEachOnce(first, 10);
});

test("the audit of a data directory that no process has reads the directory itself, and leaves it to the next start", async () => {
  const { folder, data } = await folderWith(SLOW);
  const first = await up(folder, data);
  await put(first, 1, 100);
  await first.flush();
  const sequences = await put(first, 101, 50);
  const beside = await runPenstock("audit", "--data", data, "--json");
  expect(beside.code).toBe(0);
  await first.kill();

  const offline = await runPenstock("audit", "--data", folder, "--json");
  expect(offline.code, offline.stderr).toBe(0);
  const report = JSON.parse(offline.stdout) as AuditReport;
  expect(report).toMatchObject({ ok: true, acked: 150, lost: 0, duplicated: 0, findings: [] });
  expect(countsOf(report, "all_events")).toEqual(counts({ acked: 150, delivered: 100, loaded: 100, pending: 50 }));
  expect(report.tables).toEqual((JSON.parse(beside.stdout) as AuditReport).tables);
  expect(offline.stderr).toContain("No instance is running");

  const text = await runPenstock("audit", "--data", data);
  expect(text.stdout).toContain("lost 0, duplicated 0");
  const traced = await runPenstock("audit", "--data", data, "--trace", sequences[0]!, "--json");
  expect((JSON.parse(traced.stdout) as TraceReport).tables[0]?.rows[0]?.outcome).toBe("pending");
  expect((await runPenstock("audit", "--data", data, "--trace", "99999999")).code).toBe(1);

  const second = await up(folder, data);
  await put(second, 151, 50);
  await second.flush();
  await expectEachOnce(second, 200);
});

test("an audit of a folder that is no data directory says so, and makes none", async () => {
  const folder = await temporaryFolder();
  const ran = await runPenstock("audit", "--data", folder);
  expect(ran).toMatchObject({ code: 3, stdout: "" });
  expect(ran.stderr).toContain(folder);
  expect(await readdir(folder)).toEqual([]);
});
