import { expect, test } from "vitest";
import type { FlushDecision, FlushResult } from "../../src/delivery/flush.js";
import { type FlushLog, openFlushLog } from "../../src/delivery/flush-log.js";
import { flushReader } from "../../src/delivery/flush-reading.js";
import { seededRandom } from "../simulation/random.js";
import { type SimDisk, simDisk } from "../simulation/sim-disk.js";

const FOLDER = "/log";
const freshDisk = () => simDisk({ random: seededRandom(1) });

function decision(flush: number): FlushDecision {
  const ranges = [{ stream: "s", shard: 0, from: flush * 10 - 9, to: flush * 10 }];
  return { table: "t", flush, schemaVersion: 1, decidedAtMs: flush, ranges };
}

const staged = (flush: number) => [
  {
    staged: "rows.parquet",
    object: { key: `t/${flush}`, kind: "rows", table: "t", flush, schemaVersion: 1, rows: 10, sizeBytes: 1 } as const,
  },
];

async function deliver(log: FlushLog, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const flush = log.nextFlush;
    await log.decided(decision(flush));
    await log.written(staged(flush));
    await log.delivered(flush);
  }
}

async function flushesOf(log: FlushLog, since?: number): Promise<number[]> {
  const found: FlushResult[] = [];
  for await (const result of log.results(since)) found.push(result);
  return found.map(({ flush }) => flush);
}

async function reopened(disk: SimDisk, log: FlushLog, flushesAFile?: number): Promise<FlushLog> {
  await log.close();
  return openFlushLog(disk, FOLDER, flushesAFile);
}

test("what was decided, written and delivered is there after a restart", async () => {
  const disk = freshDisk();
  let log = await openFlushLog(disk, FOLDER);
  await deliver(log, 2);
  await log.decided(decision(3));
  log = await reopened(disk, log);
  expect(log.open).toEqual({ decision: decision(3), written: undefined });
  await log.written(staged(3));
  log = await reopened(disk, log);
  expect(log.open).toEqual({ decision: decision(3), written: staged(3) });
  await log.delivered(99);
  log = await reopened(disk, log);
  expect(log.open).toBeUndefined();
  expect(log.position("s", 0)).toBe(31);
  expect(log.totals).toEqual({ rows: 30, dead: 0, filtered: 0 });
  expect(log.newest.map(({ flush }) => flush)).toEqual([3, 2, 1]);
  expect(await flushesOf(log)).toEqual([1, 2, 3]);
});

test("files follow one another, and results are found from any flush on", async () => {
  const disk = freshDisk();
  let log = await openFlushLog(disk, FOLDER, 3);
  await deliver(log, 10);
  log = await reopened(disk, log, 3);
  expect(await disk.list(FOLDER)).toHaveLength(4);
  expect(log.totals.rows).toBe(100);
  expect(log.position("s", 0)).toBe(101);
  for (const since of [0, 1, 3, 4, 7, 10, 11]) {
    expect(await flushesOf(log, since)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].filter((flush) => flush >= since));
  }
});

test("the flush of a record is found in a long log, and flushes of all ages without reading all of it", async () => {
  const disk = freshDisk();
  const log = await openFlushLog(disk, FOLDER, 3);
  await deliver(log, 20);
  const reader = flushReader(disk, FOLDER);
  for (const sequence of [1, 10, 11, 30, 31, 95, 121, 200]) {
    expect((await reader.holding("s", 0, sequence))?.flush).toBe(Math.ceil(sequence / 10));
  }
  expect(await reader.holding("s", 0, 201)).toBeUndefined();
  expect(await reader.holding("s", 1, 5)).toBeUndefined();
  expect(await reader.holding("other", 0, 5)).toBeUndefined();
  const flushesOfSpread = async (files: number) => {
    const found: number[] = [];
    for await (const { flush } of reader.spread(files)) found.push(flush);
    return found;
  };
  expect(await flushesOfSpread(3)).toEqual([1, 2, 3, 10, 11, 12, 19, 20]);
  expect(await flushesOfSpread(100)).toHaveLength(20);
});

test("a torn last line is cut, and the log goes on", async () => {
  const disk = freshDisk();
  let log = await openFlushLog(disk, FOLDER);
  await deliver(log, 1);
  await log.decided(decision(2));
  await log.close();
  const [name] = await disk.list(FOLDER);
  disk.damage(`${FOLDER}/${name}`, (content) => content.subarray(0, -7));
  log = await openFlushLog(disk, FOLDER);
  expect(log.open).toBeUndefined();
  expect(log.nextFlush).toBe(2);
  await deliver(log, 1);
  log = await reopened(disk, log);
  expect(await flushesOf(log)).toEqual([1, 2]);
});

test("a wrong byte in the middle is damage, and is not cut", async () => {
  const disk = freshDisk();
  const log = await openFlushLog(disk, FOLDER);
  await deliver(log, 3);
  await log.close();
  const [name] = await disk.list(FOLDER);
  disk.damage(`${FOLDER}/${name}`, (content) => {
    content[content.indexOf("decided") + 2]! ^= 1;
    return content;
  });
  await expect(openFlushLog(disk, FOLDER)).rejects.toMatchObject({ code: "damaged" });
});

test("a full disk fails the call and leaves no half line behind", async () => {
  const disk = freshDisk();
  let log = await openFlushLog(disk, FOLDER, 2);
  await deliver(log, 1);
  for (let i = 0; i < 3; i++) {
    disk.fail({ operation: "write", code: "ENOSPC" });
    await expect(log.decided(decision(2))).rejects.toMatchObject({ code: "unavailable" });
  }
  await deliver(log, 1);
  // The next decision begins a file: that may fail too, again and again.
  for (let i = 0; i < 3; i++) {
    disk.fail({ operation: "write", code: "ENOSPC" });
    await expect(log.decided(decision(3))).rejects.toThrow();
  }
  await deliver(log, 2);
  log = await reopened(disk, log, 2);
  expect(await flushesOf(log)).toEqual([1, 2, 3, 4]);
});

test("after a failed sync nothing more is taken", async () => {
  const disk = freshDisk();
  const log = await openFlushLog(disk, FOLDER);
  disk.fail({ operation: "sync", code: "EIO" });
  await expect(log.decided(decision(1))).rejects.toMatchObject({ code: "poisoned" });
  await expect(log.decided(decision(1))).rejects.toMatchObject({ code: "poisoned" });
});
