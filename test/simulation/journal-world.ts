/**
 * What the journal's users were told, kept beside a journal that crashes, to hold one against the other after each start:
 * an acked record is there once, in its place, byte for byte; an unacked one is there whole or not at all.
 */
import { expect } from "vitest";
import { isPenstockError, messageOf } from "../../src/core/errors.js";
import { openStreamStore } from "../../src/stream/embedded/store.js";
import type { Shard, Stream, StreamRecord, StreamStore } from "../../src/stream/stream.js";
import { attributes } from "../stream/fixtures.js";
import { must } from "./must.js";
import type { Random } from "./random.js";
import { seededRandom } from "./random.js";
import { type SimClock, simClock } from "./sim-clock.js";
import { type SimDisk, simDisk } from "./sim-disk.js";

const HOUR_MS = 3_600_000;
const DIRECTORY = "/data/streams";

interface Submitted {
  readonly shard: number;
  readonly key: string;
  readonly data: Buffer;
}

interface ShardTruth {
  /** By sequence: what was acked, or was read after a start. */
  readonly acked: Map<number, { readonly id: string; readonly arrivalMs: number }>;
  /** No record from here on may be removed. */
  heldFrom: number;
}

interface StreamTruth {
  readonly submitted: Map<string, Submitted>;
  readonly shards: Map<number, ShardTruth>;
  existence: "there" | "being made" | "being deleted" | "gone";
  /** Retention may have removed what arrived before. */
  removedBeforeMs: number;
}

export interface JournalSimulation {
  /** Processes one after the other. */
  readonly lives: number;
  /** Operations after which the power is cut, by life; drawn by the seed unless told. */
  readonly cutAt?: (life: number) => number | undefined;
  /** Also full disks and failing writes and syncs. */
  readonly faults?: boolean;
  /** The machine may go on after a sync has failed, with the pages in memory that never got to the disk. */
  readonly killAfterFailedSync?: boolean;
}

/** Runs a journal through crashes; rejects when a promise was broken. Answers how many operations the first life had. */
export async function simulateJournal(seed: number, simulation: JournalSimulation): Promise<{ operations: number }> {
  const random = seededRandom(seed);
  const world: World = {
    random,
    clock: simClock(),
    streams: new Map(),
    nextId: 1,
    faults: simulation.faults ?? false,
  };
  let disk = simDisk({ random: random.fork(), clock: world.clock });
  await disk.makeDirectory(DIRECTORY);
  await disk.syncDirectory("/data");
  await disk.syncDirectory("/");
  let operations = 0;
  for (let life = 0; life < simulation.lives; life++) {
    const cutAt = simulation.cutAt === undefined ? random.between(1, 120) : simulation.cutAt(life);
    const before = disk.operations;
    if (cutAt !== undefined) disk.powerCutAt(before + cutAt);
    await Promise.race([live(world, disk), disk.dead]);
    if (life === 0) operations = disk.operations - before;
    if (random.chance(0.5) && !(disk.failedSyncs > 0 && simulation.killAfterFailedSync !== true)) disk.kill();
    else disk.powerCut();
    disk = disk.boot();
  }
  await verify(world, await open(world, disk));
  return { operations };
}

interface World {
  readonly random: Random;
  readonly clock: SimClock;
  readonly streams: Map<string, StreamTruth>;
  nextId: number;
  readonly faults: boolean;
}

function open(world: World, disk: SimDisk): Promise<StreamStore> {
  return openStreamStore({
    disk,
    clock: world.clock,
    directory: DIRECTORY,
    segmentBytes: world.random.pick([500, 2000, 20_000]),
    onRecovery: (_, { damage }) => {
      // A power cut tears what was not synced, which is cut off: it damages nothing that was.
      expect(damage).toEqual([]);
    },
  });
}

/** One process: opens, checks what it finds, and works until the power is cut or it has had enough. */
async function live(world: World, disk: SimDisk): Promise<void> {
  const { random } = world;
  const store = await open(world, disk);
  await verify(world, store);
  const life: Life = { world, disk, store, holds: new Map(), underWay: [], poisoned: new Set() };
  for (const stream of store.streams()) hold(life, stream.name);
  if (!store.find("quotes")) await create(life, "quotes");
  for (let step = random.between(5, 40); step > 0 && life.poisoned.size === 0; step--) {
    if (world.faults && random.chance(0.1)) breakSomething(life);
    await random.pick(STEPS)(life);
  }
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  await Promise.all(life.underWay);
  await expectPoisoned(life);
  if (random.chance(0.7)) await store.close();
}

interface Life {
  readonly world: World;
  readonly disk: SimDisk;
  readonly store: StreamStore;
  readonly holds: Map<string, () => void>;
  readonly underWay: Promise<unknown>[];
  /** The streams whose journal said that a sync had failed. */
  readonly poisoned: Set<string>;
}

type Step = (life: Life) => Promise<unknown>;

const appendAndCommit: Step = async (life) => {
  const { world, store } = life;
  const { random } = world;
  const stream = random.pick(store.streams());
  const truth = world.streams.get(stream.name)!;
  const added: { shard: Shard; sequence: number; id: string; arrivalMs: number }[] = [];
  try {
    for (let i = random.between(1, 6); i > 0; i--) {
      const id = String(world.nextId++);
      const key = random.pick(["k", "another key", "\u00e9\u4e16", id]);
      const data = Buffer.concat([Buffer.from(`${id}|`), random.bytes(random.pick([0, 5, 40, 700, 5000]))]);
      const shard = stream.route(key);
      truth.submitted.set(id, { shard: shard.number, key, data });
      const sequence = random.chance(0.5) ? shard.append(key, data) : shard.appendBase64(key, data.toString("base64"));
      added.push({ shard, sequence, id, arrivalMs: shard.arrivalMs() });
    }
  } catch (error) {
    // A sync has failed while another commit was under way.
    must(isPenstockError(error, "poisoned") && world.faults, `append failed: ${messageOf(error)}`);
    life.poisoned.add(stream.name);
    return;
  }
  const done = stream.commit().then(
    () => {
      must(!life.disk.isDead, "a commit was answered by a dead process");
      must(!life.poisoned.has(stream.name), "a commit was answered after a failed sync");
      for (const { shard, sequence, id, arrivalMs } of added) ack(truth, shard.number, sequence, { id, arrivalMs });
    },
    (error: unknown) => {
      if (isPenstockError(error, "poisoned")) life.poisoned.add(stream.name);
      const foreseen = isPenstockError(error, "poisoned") || isPenstockError(error, "unavailable");
      must(foreseen && world.faults, `commit failed: ${messageOf(error)}`);
    },
  );
  if (random.chance(0.6)) await done;
  else life.underWay.push(done);
};

const waitForAll: Step = (life) => Promise.all(life.underWay.splice(0));

/** Control calls may fail when the disk does; they must not harm the records. */
const control =
  (act: (life: Life, stream: Stream) => Promise<unknown>): Step =>
  async (life) => {
    const stream = life.world.random.pick(life.store.streams());
    await act(life, stream).catch((error: unknown) => {
      if (!life.world.faults) throw error;
    });
  };

const openShards = (stream: Stream) => stream.shards.filter((shard) => shard.closedAtMs === undefined);

const split = control(async ({ world }, stream) => {
  const shard = world.random.pick(openShards(stream));
  const { start, end } = shard.hashKeyRange;
  if (openShards(stream).length < 6 && end - start > 4n) await stream.split(shard, start + (end - start) / 2n + 1n);
});

const merge = control(async ({ world }, stream) => {
  const shard = world.random.pick(openShards(stream));
  const next = openShards(stream).find((other) => other.hashKeyRange.start === shard.hashKeyRange.end + 1n);
  if (next !== undefined) await stream.merge(shard, next);
});

const tag = control(async ({ world }, stream) => stream.update({ tags: { changed: String(world.nextId++) } }));

const retain = control(async ({ world, store }, stream) => {
  const truth = world.streams.get(stream.name)!;
  for (const [number, shard] of truth.shards) {
    const last = stream.shards.find((one) => one.number === number)?.lastSequence ?? 0;
    if (world.random.chance(0.5)) shard.heldFrom = Math.max(shard.heldFrom, world.random.between(1, last + 1));
  }
  world.clock.advance(world.random.between(1, 30) * HOUR_MS);
  for (const each of world.streams.values()) {
    each.removedBeforeMs = Math.max(each.removedBeforeMs, world.clock.now() - attributes.retentionHours * HOUR_MS);
  }
  await store.enforceRetention();
});

const stepClock: Step = async ({ world }) => {
  world.clock.advance(world.random.between(0, 5000));
  if (world.random.chance(0.3)) world.clock.jump(world.random.between(-10, 10) * 60_000);
};

const makeOrDelete: Step = async (life) => {
  const { store, world } = life;
  const name = "other";
  const truth = world.streams.get(name);
  try {
    if (store.find(name) === undefined) await create(life, name);
    else if (truth !== undefined) {
      await Promise.all(life.underWay.splice(0));
      truth.existence = "being deleted";
      await store.delete(name);
      truth.existence = "gone";
      world.streams.delete(name);
    }
  } catch (error) {
    if (!world.faults) throw error;
  }
};

const readSome: Step = async ({ world, store }) => {
  const stream = world.random.pick(store.streams());
  const shard = world.random.pick(stream.shards);
  const from = world.random.between(1, shard.lastSequence + 1);
  const to = shard.lastSequence;
  const records = await shard.read(from, { recordsMax: 1000, bytesMax: 1e9 });
  checkRecords(world.streams.get(stream.name)!, shard, records);
  if (records.length > 0) expect(records.at(-1)!.sequence).toBeGreaterThanOrEqual(to);
};

const STEPS: readonly Step[] = [
  ...Array.from({ length: 8 }, () => appendAndCommit),
  waitForAll,
  split,
  merge,
  tag,
  retain,
  stepClock,
  makeOrDelete,
  readSome,
];

async function create(life: Life, name: string): Promise<void> {
  const { world, store } = life;
  const truth: StreamTruth = {
    submitted: new Map(),
    shards: new Map(),
    existence: "being made",
    removedBeforeMs: Number.NEGATIVE_INFINITY,
  };
  world.streams.set(name, truth);
  await store.create({ name, kind: "kinesis", shards: world.random.between(1, 3), attributes });
  truth.existence = "there";
  hold(life, name);
}

function hold({ store, world, holds }: Life, name: string): void {
  holds.get(name)?.();
  holds.set(
    name,
    store.holdRetention(name, (shard) => shardTruth(world.streams.get(name)!, shard).heldFrom),
  );
}

function shardTruth(stream: StreamTruth, number: number): ShardTruth {
  let truth = stream.shards.get(number);
  if (truth === undefined) {
    truth = { acked: new Map(), heldFrom: 1 };
    stream.shards.set(number, truth);
  }
  return truth;
}

function ack(stream: StreamTruth, shard: number, sequence: number, entry: { id: string; arrivalMs: number }): void {
  const { acked } = shardTruth(stream, shard);
  // A sequence is given out once: never below one that was acked before.
  const before = acked.get(sequence);
  must(before === undefined || before.id === entry.id, `sequence ${sequence} is ${before?.id} and ${entry.id}`);
  acked.set(sequence, entry);
}

function breakSomething({ disk, world }: Life): void {
  const { random } = world;
  const kind = random.pick(["full", "write", "sync", "room"]);
  const path = random.pick([/\.segment$/, /stream\.json/, /./]);
  if (kind === "full") disk.capacityBytes = disk.usedBytes + random.between(0, 3000);
  else if (kind === "room") disk.capacityBytes = Number.POSITIVE_INFINITY;
  else disk.fail({ operation: kind as "write" | "sync", code: "EIO", path, nth: random.between(1, 5) });
}

/** After a failed sync nothing is acked any more, whatever is tried. */
async function expectPoisoned({ store, world, poisoned }: Life): Promise<void> {
  for (const stream of store.streams().filter(({ name }) => poisoned.has(name))) {
    const appendAndCommitAgain = async () => {
      const id = String(world.nextId++);
      const shard = stream.route("k");
      world.streams.get(stream.name)!.submitted.set(id, { shard: shard.number, key: "k", data: Buffer.from(`${id}|`) });
      shard.append("k", Buffer.from(`${id}|`));
      await stream.commit();
    };
    await expect(appendAndCommitAgain()).rejects.toMatchObject({ code: "poisoned" });
    await expect(stream.commit()).rejects.toMatchObject({ code: "poisoned" });
  }
}

/** Holds what the journal gives back after a start against what its users were told. */
async function verify(world: World, store: StreamStore): Promise<void> {
  for (const [name, truth] of world.streams) {
    const stream = store.find(name);
    if (truth.existence === "there") expect(stream, `the stream ${name}`).toBeDefined();
    if (stream === undefined) world.streams.delete(name);
    else truth.existence = "there";
  }
  expect(store.streams().map(({ name }) => name)).toEqual([...world.streams.keys()].sort());
  for (const stream of store.streams()) await verifyStream(world.streams.get(stream.name)!, stream);
}

async function verifyStream(truth: StreamTruth, stream: Stream): Promise<void> {
  expectWholeHashSpace(stream);
  const seen = new Set<string>();
  for (const shard of stream.shards) {
    const records: StreamRecord[] = [];
    for await (const block of shard.blocks(1, Number.MAX_SAFE_INTEGER)) records.push(...block.records());
    checkRecords(truth, shard, records);
    const { firstSequence, lastSequence } = shard;
    must(records.length === lastSequence - firstSequence + 1, `shard ${shard.number} has ${records.length} records`);
    must((records[0]?.sequence ?? firstSequence) === firstSequence, "the first record has the first sequence");
    for (const record of records) {
      const id = idOf(record);
      must(!seen.has(id), `record ${id} is there twice`);
      seen.add(id);
      ack(truth, shard.number, record.sequence, { id, arrivalMs: record.arrivalMs });
    }
    if (records.length > 0) {
      const { arrivalMs } = records[Math.floor(records.length / 2)]!;
      expect(await shard.seek(arrivalMs)).toBe(records.find((record) => record.arrivalMs >= arrivalMs)!.sequence);
    }
  }
  for (const [number, { acked, heldFrom }] of truth.shards) {
    const shard = stream.shards.find((one) => one.number === number);
    const firstSequence = shard?.firstSequence ?? Number.POSITIVE_INFINITY;
    let removed = 0;
    for (const [sequence, { id, arrivalMs }] of acked) {
      if (seen.has(id)) continue;
      const where = `acked record ${id} of shard ${number}, sequence ${sequence}`;
      must(sequence < firstSequence, `${where} is lost`);
      must(sequence < heldFrom, `${where} was removed though a reader needs it`);
      must(arrivalMs < truth.removedBeforeMs, `${where} was removed before its time`);
      removed = Math.max(removed, sequence);
    }
    const digest = stream.trimmed.find((one) => one.shard === number);
    expect(digest?.throughSequence ?? 0, "what was removed is in the digest").toBeGreaterThanOrEqual(removed);
    expect(digest?.records ?? 0).toBe(digest?.throughSequence ?? 0);
  }
}

/** Records in order, without gaps, each as it was submitted to that shard, and the acked ones in their place. */
function checkRecords(truth: StreamTruth, shard: Shard, records: readonly StreamRecord[]): void {
  const { acked } = shardTruth(truth, shard.number);
  let previous: StreamRecord | undefined;
  for (const record of records) {
    if (previous !== undefined) {
      must(record.sequence === previous.sequence + 1, `sequence ${record.sequence} follows ${previous.sequence}`);
      must(record.arrivalMs >= previous.arrivalMs, `the arrival time steps back at ${record.sequence}`);
    }
    previous = record;
    const id = idOf(record);
    const submitted = truth.submitted.get(id);
    must(submitted?.shard === shard.number, `record ${id} was never put into shard ${shard.number}`);
    must(submitted.key === record.partitionKey, `record ${id} has another key`);
    must(submitted.data.equals(record.data), `record ${id} has other bytes`);
    const known = acked.get(record.sequence)?.id ?? id;
    must(known === id, `sequence ${record.sequence} was ${known} and is ${id}`);
  }
}

const idOf = ({ data }: StreamRecord) => {
  const text = Buffer.from(data.subarray(0, 20)).toString("latin1");
  return text.slice(0, text.indexOf("|"));
};

function expectWholeHashSpace(stream: Stream): void {
  const ranges = openShards(stream)
    .map(({ hashKeyRange }) => hashKeyRange)
    .sort((a, b) => (a.start < b.start ? -1 : 1));
  expect(ranges[0]?.start).toBe(0n);
  expect(ranges.at(-1)?.end).toBe((1n << 128n) - 1n);
  for (const [i, { start }] of ranges.entries()) if (i > 0) expect(start).toBe(ranges[i - 1]!.end + 1n);
}
