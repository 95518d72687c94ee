/**
 * The whole way of a record on a disk that crashes: journal, flush log and delivery loop, the lake's folder, loader, warehouse. What DuckDB does
 * elsewhere is done here by parts that pass the same ports and write through the same disk: a conversion of our own, the warehouse in memory.
 *
 * At the end each acked record is accounted for once in each table that reads it: as its rows, as a dead letter, or as filtered.
 */
import { join } from "node:path";
import { isPenstockError, messageOf } from "../../src/core/errors.js";
import { shardIdOf } from "../../src/core/sequence-number.js";
import type { TableModel } from "../../src/definition/model.js";
import { type Convert, type Delivery, openDelivery } from "../../src/delivery/delivery.js";
import { openFsObjectStore } from "../../src/lake/fs.js";
import type { ObjectStore } from "../../src/lake/object-store.js";
import { type Loader, openLoader } from "../../src/loader/loader.js";
import { openStreamStore } from "../../src/stream/embedded/store.js";
import type { StreamRecord, StreamStore } from "../../src/stream/stream.js";
import { type MemoryRow, type MemoryWarehouse, openMemoryWarehouse } from "../../src/warehouse/memory.js";
import { attributes } from "../stream/fixtures.js";
import { must } from "./must.js";
import { type Random, seededRandom } from "./random.js";
import { type SimClock, simClock } from "./sim-clock.js";
import { type SimDisk, simDisk } from "./sim-disk.js";

const DATA = "/data";
const HOUR_MS = 3_600_000;
const STREAMS = ["a", "b"] as const;
/** Some hundred times what a life takes: whoever waits for so long waits for ever. */
const TURNS_MAX = 100_000;

/** What a record is made of; its text says all of it, so that any table's outcome can be told from the record alone. */
interface Item {
  readonly id: number;
  readonly odd: boolean;
  readonly filling: string;
}

function table(name: string, sources: readonly string[], change: Partial<TableModel> = {}): TableModel {
  return {
    name,
    sources,
    format: { kind: "json", unknownFields: "ignore" },
    columns: [
      { name: "id", type: { kind: "bigint" }, nullable: false, path: ["id"] },
      { name: "filling", type: { kind: "varchar", length: 1000 }, nullable: true, path: ["filling"] },
    ],
    distStyle: "auto",
    deliver: {
      bufferBytes: 4000,
      bufferMs: 1000,
      fileFormat: "json",
      compression: "none",
      prefix: `tables/${name}/!{timestamp:yyyy/MM/dd}/!{partitionKeyFromQuery:odd}/`,
      errorPrefix: `errors/${name}/`,
      partitionBy: [],
    },
    ...change,
  };
}

/** Two tables from one stream, one of them filtered; one table from both streams. */
const TABLES: readonly TableModel[] = [
  table("all", ["a"]),
  table("odd", ["a"], { where: { field: "odd", in: [true] } }),
  table("both", ["a", "b"]),
];

export interface PipelineSimulation {
  readonly lives: number;
  readonly cutAt?: (life: number) => number | undefined;
  readonly faults?: boolean;
}

interface World {
  readonly random: Random;
  nowMs: number;
  nextId: number;
  readonly faults: boolean;
  /** Flushes whose records were all read before they were decided. */
  readAhead: number;
  /** What was put, by the id of its first item. */
  readonly submitted: Map<number, string>;
  /** What is durable for certain, by stream, shard and sequence: the record's text. */
  readonly known: Map<string, { readonly stream: string; readonly shard: number; readonly text: string }>;
}

export async function simulatePipeline(
  seed: number,
  simulation: PipelineSimulation,
): Promise<{ readonly operations: number; readonly readAhead: number }> {
  const random = seededRandom(seed);
  const faults = simulation.faults ?? false;
  const world: World = {
    random,
    nowMs: 1_700_000_000_000,
    nextId: 1,
    faults,
    readAhead: 0,
    submitted: new Map(),
    known: new Map(),
  };
  let disk = simDisk({ random: random.fork() });
  for (const name of ["streams", "delivery", "lake", "staging"]) await disk.makeDirectory(join(DATA, name));
  await disk.syncDirectory(DATA);
  await disk.syncDirectory("/");
  let operations = 0;
  for (let life = 0; life < simulation.lives; life++) {
    const cutAt = simulation.cutAt === undefined ? random.between(1, 250) : simulation.cutAt(life);
    const before = disk.operations;
    if (cutAt !== undefined) disk.powerCutAt(before + cutAt);
    await runLife(world, disk, work);
    if (life === 0) operations = disk.operations - before;
    // What a failed sync leaves in memory is the business of the simulation of each part.
    if (random.chance(0.5) && disk.failedSyncs === 0) disk.kill();
    else disk.powerCut();
    disk = disk.boot();
  }
  await runLife(world, disk, settleAndVerify);
  must(!disk.isDead, "the last life ends by itself");
  return { operations, readAhead: world.readAhead };
}

interface Life {
  readonly world: World;
  readonly disk: SimDisk;
  readonly clock: SimClock;
  readonly store: StreamStore;
  readonly lake: ObjectStore;
  readonly warehouse: MemoryWarehouse;
  readonly deliveries: readonly Delivery[];
  readonly loaders: readonly Loader[];
  /** Why the process would have stopped itself. */
  fatal: unknown;
}

/** Time goes by, and the life goes on, until its work is done or the power is cut. */
async function runLife(world: World, disk: SimDisk, work: (life: Life) => Promise<void>): Promise<void> {
  const clock = simClock(world.nowMs);
  let over = false;
  let stuck: (error: Error) => void = () => {};
  const pump = (async () => {
    for (let turns = 0; !over && !disk.isDead; turns++) {
      if (turns === TURNS_MAX) stuck(new Error(`after ${TURNS_MAX} turns of the event loop the life still goes on`));
      await new Promise(setImmediate);
      clock.advance(world.random.pick([0, 1, 20, 100]));
      world.nowMs = clock.now();
    }
  })();
  const living = (async () => {
    const life = await start(world, disk, clock);
    await work(life);
  })();
  try {
    await Promise.race([
      living,
      disk.dead,
      new Promise<never>((_, reject) => {
        stuck = reject;
      }),
    ]);
  } finally {
    over = true;
    await pump;
  }
}

/** Everything as the runtime wires it. */
async function start(world: World, disk: SimDisk, clock: SimClock): Promise<Life> {
  const store = await openStreamStore({
    disk,
    clock,
    directory: join(DATA, "streams"),
    segmentBytes: world.random.pick([1000, 5000, 100_000]),
    onRecovery: (_, { damage }) => must(damage.length === 0, `the journal is damaged: ${JSON.stringify(damage)}`),
  });
  for (const name of STREAMS) {
    if (store.find(name) !== undefined) continue;
    await store.create({ name, kind: "kinesis", shards: name === "a" ? 2 : 1, attributes });
  }
  await remember(world, store);
  const lake = await openFsObjectStore({
    disk,
    directory: join(DATA, "lake"),
    stagingDirectory: join(DATA, "staging/lake"),
  });
  const readRows = async ({ key }: { key: string }) => rowsOf(await disk.readFile(lake.localPath(key)!));
  const warehouse = await openMemoryWarehouse({ path: join(DATA, "warehouse.json"), disk, lake, clock, readRows });
  const random = () => world.random.next();
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const deliveries: Delivery[] = [];
  const loaders: Loader[] = [];
  const life: Life = { world, disk, clock, store, lake, warehouse, deliveries, loaders, fatal: undefined };
  for (const model of TABLES) {
    await warehouse.applyTable(model);
    const loader = await openLoader({
      table: model,
      warehouse,
      clock,
      random,
      log: quiet,
      batchObjectsMax: 3,
      pendingObjectsMax: 4,
      delivered: (sinceFlush) => delivery.results(sinceFlush),
    });
    const delivery: Delivery = await openDelivery({
      table: model,
      schemaVersion: 1,
      tableAt: () => model,
      store,
      lake,
      disk,
      clock,
      convert: conversion(world, disk),
      directory: join(DATA, "delivery", model.name),
      stagingDirectory: join(DATA, "staging", model.name),
      onDelivered: ({ objects }) => loader.offer(objects),
      onStopped: (error) => {
        life.fatal = error;
      },
    });
    deliveries.push(delivery);
    loaders.push(loader);
    for (const source of model.sources) {
      store.holdRetention(source, (shard) => delivery.firstUndelivered(source, shard));
    }
    await loader.sweep(delivery.results());
  }
  return life;
}

async function work(life: Life): Promise<void> {
  const { world, disk } = life;
  const { random } = world;
  for (let step = random.between(3, 25); step > 0 && life.fatal === undefined; step--) {
    if (world.faults && random.chance(0.15)) breakSomething(life);
    await random.pick(STEPS)(life);
  }
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  if (life.fatal === undefined && random.chance(0.5)) await stopGracefully(life);
}

const STEPS: readonly ((life: Life) => Promise<unknown>)[] = [
  ...[put, put, put, put, put],
  ...[putBacklog, pause, pause, reshard, retain],
];

async function put({ world, store, disk }: Life): Promise<void> {
  const { random } = world;
  const stream = store.find(random.pick(STREAMS))!;
  const added: { shard: number; sequence: number; text: string }[] = [];
  try {
    for (let i = random.between(1, 8); i > 0; i--) {
      const { key, text } = record(world);
      const shard = stream.route(key);
      added.push({ shard: shard.number, sequence: shard.append(key, Buffer.from(text)), text });
    }
    await stream.commit();
    must(!disk.isDead, "a commit was answered by a dead process");
  } catch (error) {
    must(isPenstockError(error) && world.faults, `put failed: ${messageOf(error)}`);
    return;
  }
  for (const { shard, sequence, text } of added) know(world, stream.name, shard, sequence, text);
}

/** More than one flush takes: the next ones are read ahead. */
async function putBacklog(life: Life): Promise<void> {
  for (let i = life.world.random.between(5, 20); i > 0 && life.fatal === undefined; i--) await put(life);
}

/** One good item, several, none at all, or something that is no item. */
function record(world: World): { key: string; text: string } {
  const { random } = world;
  const id = world.nextId++;
  const item = (): Item => ({
    id: world.nextId++,
    odd: random.chance(0.5),
    filling: "x".repeat(random.pick([0, 20, 300])),
  });
  const items = Array.from({ length: random.pick([1, 1, 1, 2, 3]) }, item);
  const bad = random.chance(0.1) ? `not an item, number ${id}` : undefined;
  const text = [...items.map((one) => JSON.stringify(one)), ...(bad === undefined ? [] : [bad])].join("\n");
  world.submitted.set(items[0]!.id, text);
  return { key: `key-${id % 13}`, text };
}

async function pause({ world, clock }: Life): Promise<void> {
  await clock.sleep(world.random.pick([10, 500, 1500, 5000]));
}

async function reshard({ world, store }: Life): Promise<void> {
  const stream = store.find("a")!;
  const open = stream.shards.filter((shard) => shard.closedAtMs === undefined);
  const shard = world.random.pick(open);
  const { start, end } = shard.hashKeyRange;
  const next = open.find((other) => other.hashKeyRange.start === end + 1n);
  try {
    if (open.length < 4 && world.random.chance(0.5)) await stream.split(shard, start + (end - start) / 2n + 1n);
    else if (next !== undefined && open.length > 1) await stream.merge(shard, next);
  } catch (error) {
    must(world.faults, `resharding failed: ${messageOf(error)}`);
  }
}

async function retain({ world, clock, store }: Life): Promise<void> {
  clock.jump(world.random.between(0, 30) * HOUR_MS);
  try {
    await store.enforceRetention();
  } catch (error) {
    must(world.faults, `retention failed: ${messageOf(error)}`);
  }
}

function breakSomething({ disk, world }: Life): void {
  const { random } = world;
  const kind = random.pick(["full", "write", "sync", "rename", "room", "room"]);
  const path = random.pick([/streams/, /delivery/, /staging/, /./]);
  if (kind === "full") disk.capacityBytes = disk.usedBytes + random.between(0, 20_000);
  else if (kind === "room") disk.capacityBytes = Number.POSITIVE_INFINITY;
  else disk.fail({ operation: kind as "write" | "sync" | "rename", code: "EIO", path, nth: random.between(1, 5) });
}

async function stopGracefully({ deliveries, loaders, store, warehouse }: Life): Promise<void> {
  for (const delivery of deliveries) await delivery.stop();
  for (const loader of loaders) await loader.stop(1000);
  await store.close();
  await warehouse.close();
}

function know(world: World, stream: string, shard: number, sequence: number, text: string): void {
  const place = `${stream}/${shard}/${sequence}`;
  const before = world.known.get(place)?.text ?? text;
  must(before === text, `${place} was ${before} and is ${text}`);
  world.known.set(place, { stream, shard, text });
}

/** What the journal has after a start may be delivered, so it must stay as it is, acked or not. */
async function remember(world: World, store: StreamStore): Promise<void> {
  for (const stream of store.streams()) {
    for (const shard of stream.shards) {
      for await (const block of shard.blocks(1, Number.MAX_SAFE_INTEGER)) {
        for (const one of block.records()) {
          know(world, stream.name, shard.number, one.sequence, Buffer.from(one.data).toString());
        }
      }
    }
  }
}

/** Lets everything come to rest, then recounts it from what was put. */
async function settleAndVerify(life: Life): Promise<void> {
  const { world, deliveries, loaders, warehouse } = life;
  for (const delivery of deliveries) await delivery.flushNow();
  for (const loader of loaders) await loader.idle();
  for (const [at, model] of TABLES.entries()) {
    const expected = new Map<string, string>();
    const dead = new Set<string>();
    let filtered = 0;
    for (const [place, { stream, shard, text }] of world.known) {
      if (!model.sources.includes(stream)) continue;
      const sequence = Number(place.split("/")[2]);
      for (const [rowIndex, outcome] of outcomesOf(model, text).entries()) {
        const identity = `${shardNameOf(model, stream, shard)}/${sequence}/${rowIndex}`;
        if (outcome.kind === "row") expected.set(identity, JSON.stringify([outcome.item.id, outcome.item.filling]));
        else if (outcome.kind === "dead") dead.add(`${model.name}/${identity}`);
        else filtered++;
      }
    }
    const seen = new Set<string>();
    for (const row of warehouse.contents(model.name)) {
      const identity = `${row._shard_id}/${row._sequence_number}/${row._row_index}`;
      must(!seen.has(identity), `${model.name} has ${identity} twice`);
      seen.add(identity);
      const wanted = expected.get(identity);
      must(wanted !== undefined, `${model.name} has ${identity}, which no record accounts for: ${JSON.stringify(row)}`);
      must(wanted === JSON.stringify([row.id, row.filling]), `${model.name} has other values at ${identity}`);
      expected.delete(identity);
    }
    must(expected.size === 0, `${model.name} has lost ${expected.size} rows: ${[...expected.keys()].slice(0, 5)}`);
    for (const { id } of await warehouse.deadLetters({ table: model.name, limit: 1e9 })) {
      must(dead.delete(id), `the dead letter ${id} is there twice, or should not be`);
    }
    must(dead.size === 0, `${model.name} has lost ${dead.size} dead letters: ${[...dead].slice(0, 5)}`);
    const { totals, lagRecords } = deliveries[at]!.state();
    must(
      totals.filtered === filtered,
      `${model.name} has filtered ${totals.filtered} rows in the place of ${filtered}`,
    );
    must(lagRecords === 0, `${model.name} still lags by ${lagRecords} records`);
  }
}

type Outcome =
  | { readonly kind: "row"; readonly item: Item }
  | { readonly kind: "dead" }
  | { readonly kind: "filtered" };

function outcomesOf(model: TableModel, text: string): Outcome[] {
  return text.split("\n").map((line) => {
    if (!line.startsWith("{")) return { kind: "dead" };
    const item = JSON.parse(line) as Item;
    return model.where !== undefined && !item.odd ? { kind: "filtered" } : { kind: "row", item };
  });
}

const shardNameOf = (model: TableModel, stream: string, shard: number) =>
  model.sources.length === 1 ? shardIdOf(shard) : `${stream}:${shardIdOf(shard)}`;

/** In the place of DuckDB's: the same files for the same records, an object for the odd and one for the even. */
function conversion(world: World, disk: SimDisk): Convert {
  return async ({ table: model, source, directory, decided }) => {
    let waits = true;
    void decided?.then(
      () => {
        waits = false;
      },
      () => undefined,
    );
    const scratch = await disk.open(join(directory, "scratch"), "write");
    const files = new Map<string, string[]>();
    const add = (name: string, line: unknown) => files.set(name, [...(files.get(name) ?? []), JSON.stringify(line)]);
    let records = 0;
    let bytes = 0;
    for await (const { stream, block } of source()) {
      records += block.count;
      bytes += block.lines.length;
      await scratch.write([block.lines]);
      for (const one of block.records()) {
        const shardId = shardNameOf(model, stream, block.shard);
        for (const [rowIndex, outcome] of outcomesOf(model, Buffer.from(one.data).toString()).entries()) {
          const identity = { _shard_id: shardId, _sequence_number: one.sequence, _row_index: rowIndex };
          if (outcome.kind === "row") {
            const { id, odd, filling } = outcome.item;
            add(`rows-${odd}`, { ...identity, _arrived_at: one.arrivalMs, id, filling });
          } else if (outcome.kind === "filtered") {
            add("filtered", identity);
          } else {
            add("dead", deadLetter(model, stream, shardId, one, rowIndex));
          }
        }
      }
    }
    await scratch.close();
    if (waits) world.readAhead++;
    await decided;
    const rows = (name: string) => files.get(name)?.length ?? 0;
    const write = async (name: string) => {
      const path = join(directory, `${name}.json`);
      const file = await disk.open(path, "write");
      for (const line of files.get(name)!) await file.write([Buffer.from(`${line}\n`)]);
      await file.close();
      return path;
    };
    const rowsFiles = [];
    for (const odd of ["true", "false"]) {
      if (!files.has(`rows-${odd}`)) continue;
      rowsFiles.push({ partition: { odd }, path: await write(`rows-${odd}`), rows: rows(`rows-${odd}`) });
    }
    return {
      records,
      bytes,
      rows: rows("rows-true") + rows("rows-false"),
      rowsFiles,
      dead: rows("dead"),
      deadFile: files.has("dead") ? await write("dead") : undefined,
      filtered: rows("filtered"),
      filteredFile: files.has("filtered") ? await write("filtered") : undefined,
    };
  };
}

function deadLetter(model: TableModel, stream: string, shardId: string, record: StreamRecord, rowIndex: number) {
  return {
    table: model.name,
    stream,
    shardId,
    sequence: record.sequence,
    rowIndex,
    arrivalTimestamp: record.arrivalMs,
    errorCode: "invalid-json",
    errorMessage: "no item",
    rawData: Buffer.from(record.data).toString("base64"),
  };
}

function rowsOf(content: Buffer): MemoryRow[] {
  const lines = content.toString().split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as MemoryRow);
}
