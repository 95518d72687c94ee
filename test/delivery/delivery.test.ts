import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import type { TableModel } from "../../src/definition/model.js";
import { type ConversionOptions, convertRecords } from "../../src/delivery/conversion.js";
import { type Delivery, openDelivery } from "../../src/delivery/delivery.js";
import type { FlushResult } from "../../src/delivery/flush.js";
import type { Disk } from "../../src/disk/disk.js";
import { nodeDisk } from "../../src/disk/node-disk.js";
import { openFsObjectStore } from "../../src/lake/fs.js";
import type { ObjectStore } from "../../src/lake/object-store.js";
import { openStreamStore } from "../../src/stream/embedded/store.js";
import type { StreamStore } from "../../src/stream/stream.js";
import { column, deliverModel, tableModel } from "../fixtures/tables.js";
import { type ConversionKit, conversionKit } from "./conversion-kit.js";

let directory: string;
let kit: ConversionKit;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "penstock-delivery-"));
  kit = await conversionKit();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await kit.close();
  await rm(directory, { recursive: true });
});

interface Line {
  readonly store: StreamStore;
  readonly lake: ObjectStore;
  readonly delivery: Delivery;
  readonly delivered: FlushResult[];
  /** What its owner was told of failures: each reason, and "recovered". */
  readonly told: string[];
  put(...payloads: string[]): Promise<void>;
  close(): Promise<void>;
}

const events = (more: Partial<TableModel["deliver"]> = {}): TableModel =>
  tableModel([column("a", { kind: "integer" })], { deliver: deliverModel({ bufferMs: 900_000, ...more }) });

/** Two thousand small records are several flushes' worth. */
const backlog = () => events({ bufferBytes: 8000 });

async function openLine(
  table: TableModel,
  more: {
    readonly disk?: Disk;
    readonly lakeOf?: (lake: ObjectStore) => ObjectStore;
    readonly schemaVersion?: number;
    readonly tableAt?: (version: number) => TableModel;
    readonly convert?: (options: Omit<ConversionOptions, "engine" | "disk">) => ReturnType<typeof convertRecords>;
  } = {},
): Promise<Line> {
  const disk = more.disk ?? nodeDisk();
  const store = await openStreamStore({ disk, clock: systemClock, directory: join(directory, "streams") });
  if (store.find("events") === undefined) {
    const attributes = {
      status: "ACTIVE",
      mode: "PROVISIONED",
      retentionHours: 24,
      maxRecordKiB: 1024,
      tags: {},
      encryption: { type: "NONE" },
      shardMetrics: [],
      consumers: [],
      defined: true,
    } as const;
    await store.create({ name: "events", kind: "kinesis", shards: 2, attributes });
  }
  const stagingDirectory = join(directory, "staging");
  const own = await openFsObjectStore({ disk, directory: join(directory, "lake"), stagingDirectory });
  const lake = more.lakeOf?.(own) ?? own;
  const delivered: FlushResult[] = [];
  const told: string[] = [];
  const delivery = await openDelivery({
    table,
    schemaVersion: more.schemaVersion ?? 1,
    tableAt: more.tableAt ?? (() => table),
    store,
    lake,
    disk,
    clock: systemClock,
    convert: more.convert ?? ((options) => convertRecords({ ...options, engine: kit.engine, disk })),
    directory: join(directory, "delivery"),
    stagingDirectory: join(stagingDirectory, "events"),
    onDelivered: (result) => delivered.push(result),
    onRetrying: (reason) => told.push(reason),
    onRecovered: () => told.push("recovered"),
  });
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    await delivery.stop();
    await store.close();
  };
  closing.push(close);
  const stream = store.find("events")!;
  const put = async (...payloads: string[]) => {
    for (const [index, payload] of payloads.entries()) stream.shards[index % 2]!.append("key", Buffer.from(payload));
    await stream.commit();
  };
  return { store, lake, delivery, delivered, told, put, close };
}

async function valuesIn(line: Line): Promise<unknown[]> {
  const paths = (await line.lake.list("tables/")).map(({ key }) => `'${line.lake.localPath(key)}'`);
  if (paths.length === 0) return [];
  return (await kit.query(`SELECT a FROM read_parquet([${paths.join(", ")}]) ORDER BY a`)).flat();
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await systemClock.sleep(5);
}

test("a buffer is delivered when its time is over, though nothing more comes", async () => {
  const line = await openLine(events({ bufferMs: 100 }));
  await line.put('{"a":1}', '{"a":2}', "bad");
  await until(() => line.delivered.length > 0);
  expect(await valuesIn(line)).toEqual([1, 2]);
  expect(line.delivered[0]).toMatchObject({
    flush: 1,
    schemaVersion: 1,
    ranges: [
      { stream: "events", shard: 0, from: 1, to: 2 },
      { stream: "events", shard: 1, from: 1, to: 1 },
    ],
    objects: [
      { kind: "rows", rows: 2 },
      { kind: "dead", rows: 1 },
    ],
  });
});

test("a buffer of no time is delivered at once, and one that is full before its time", async () => {
  const atOnce = await openLine(events({ bufferMs: 0 }));
  await atOnce.put('{"a":1}');
  await until(() => atOnce.delivered.length > 0);
  await atOnce.close();
  const full = await openLine(events({ bufferBytes: 5000 }));
  await full.put('{"a":2}');
  await systemClock.sleep(50);
  expect(full.delivered).toHaveLength(0);
  await full.put(...Array.from({ length: 300 }, () => '{"a":3}'));
  await until(() => full.delivered.length > 0);
  expect(full.delivery.state().totals.rows).toBeGreaterThan(1);
});

test("a backlog is taken in flushes of about the buffer's size", async () => {
  const line = await openLine(events({ bufferBytes: 8000 }));
  await line.put(...Array.from({ length: 2000 }, (_, i) => `{"a":${i}}`));
  await line.delivery.flushNow();
  expect(line.delivered.length).toBeGreaterThan(4);
  expect(await valuesIn(line)).toEqual(Array.from({ length: 2000 }, (_, i) => i));
  expect(line.delivery.state()).toMatchObject({ lagRecords: 0, bufferBytes: 0, totals: { rows: 2000 } });
});

test("flushNow waits for what was committed before it", async () => {
  const line = await openLine(events());
  await line.put('{"a":1}', '{"a":2}');
  expect(line.delivery.state()).toMatchObject({ lagRecords: 2, stage: { state: "idle" } });
  expect(line.delivery.firstUndelivered("events", 0)).toBe(1);
  await line.delivery.flushNow();
  expect(await valuesIn(line)).toEqual([1, 2]);
  expect(line.delivery.firstUndelivered("events", 0)).toBe(2);
  expect(line.delivery.state().objects).toMatchObject([{ kind: "rows", rows: 2 }]);
  await line.delivery.flushNow();
  expect(line.delivered).toHaveLength(1);
});

test("what was not delivered is, after a restart, and nothing twice", async () => {
  const first = await openLine(events());
  await first.put('{"a":1}');
  await first.delivery.flushNow();
  await first.put('{"a":2}');
  await first.close();
  const second = await openLine(events());
  await second.delivery.flushNow();
  expect(await valuesIn(second)).toEqual([1, 2]);
  expect(second.delivery.state().objects.map(({ key }) => key)).toHaveLength(2);
  const flushes: number[] = [];
  for await (const { flush } of second.delivery.results()) flushes.push(flush);
  expect(flushes).toEqual([1, 2]);
});

test("a decision that a crash interrupted is carried out by the definition it was decided under", async () => {
  const failing = await openLine(events(), { convert: () => Promise.reject(new Error("killed")) });
  await failing.put('{"a":1}');
  failing.delivery.flushNow().catch(() => undefined);
  await until(() => failing.delivery.state().stage.state === "retrying");
  expect(failing.delivery.state().stage.reason).toBe("killed");
  await failing.close();

  const wider = tableModel([column("a", { kind: "integer" }), column("b", { kind: "integer" })], {
    deliver: events().deliver,
  });
  const line = await openLine(wider, { schemaVersion: 2, tableAt: (version) => (version === 1 ? events() : wider) });
  await until(() => line.delivered.length > 0);
  await line.put('{"a":2,"b":3}');
  await line.delivery.flushNow();
  expect(line.delivered.map(({ schemaVersion }) => schemaVersion)).toEqual([1, 2]);
  const columns = [];
  for (const { objects } of line.delivered) {
    columns.push((await kit.query(`DESCRIBE FROM read_parquet('${line.lake.localPath(objects[0]!.key)}')`)).length);
  }
  expect(columns).toEqual([5, 6]);
});

test("a lake that fails between two objects ends with each object once", async () => {
  let adopted = 0;
  const flaky = (lake: ObjectStore): ObjectStore => ({
    ...lake,
    adopt: async (path, key) => {
      adopted++;
      if (adopted === 2 || adopted === 3) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      return lake.adopt(path, key);
    },
  });
  const line = await openLine(events(), { lakeOf: flaky });
  await line.put('{"a":1}', "bad");
  await line.delivery.flushNow();
  expect(line.delivered).toHaveLength(1);
  expect(await valuesIn(line)).toEqual([1]);
  expect(await line.lake.list("errors/")).toHaveLength(1);
  expect(line.told).toEqual(["no space left on device", "recovered"]);
});

test("objects that somebody removed before they were delivered are written again", async () => {
  let calls = 0;
  const losing = (lake: ObjectStore): ObjectStore => ({
    ...lake,
    adopt: async (path, key) => {
      calls++;
      if (calls === 1) {
        await rm(path);
        throw new Error("the file is gone");
      }
      return lake.adopt(path, key);
    },
  });
  const line = await openLine(events(), { lakeOf: losing });
  await line.put('{"a":1}', '{"a":2}');
  await line.delivery.flushNow();
  expect(await valuesIn(line)).toEqual([1, 2]);
});

test("while a flush is converted the next one is read, and decided only when the first is delivered", async () => {
  const events: string[] = [];
  const readers = new Map<number, () => void>();
  const secondIsRead = new Promise<void>((resolve) => readers.set(2, resolve));
  const line = await openLine(backlog(), {
    convert: async (options) => {
      const { flush, source, decided } = options;
      events.push(`${flush} begun`);
      void decided?.then(() => events.push(`${flush} decided`));
      const converted = convertRecords({
        ...options,
        engine: kit.engine,
        disk: nodeDisk(),
        source: async function* () {
          yield* source();
          events.push(`${flush} read`);
          readers.get(flush)?.();
        },
        // The first one goes on only when the second one is read.
        decided: flush === 1 ? secondIsRead : decided!,
      });
      return await converted;
    },
  });
  await line.put(...Array.from({ length: 2000 }, (_, i) => `{"a":${i}}`));
  await until(() => line.delivered.length > 0);
  expect(events.slice(0, 5)).toEqual(["1 begun", "1 decided", "1 read", "2 begun", "2 read"]);
  await line.delivery.flushNow();
  expect(await valuesIn(line)).toEqual(Array.from({ length: 2000 }, (_, i) => i));
  expect(line.delivered.map(({ flush }) => flush)).toEqual(line.delivered.map((_, index) => index + 1));
});

test("what was read ahead is dropped when the flush before it fails, and read again by its own decision", async () => {
  let failures = 0;
  const begun: number[] = [];
  const line = await openLine(backlog(), {
    convert: async (options) => {
      begun.push(options.flush);
      if (options.flush === 1 && failures === 0) {
        for await (const _ of options.source());
        await until(() => begun.includes(2));
        failures++;
        throw new Error("no room");
      }
      return await convertRecords({ ...options, engine: kit.engine, disk: nodeDisk() });
    },
  });
  await line.put(...Array.from({ length: 2000 }, (_, i) => `{"a":${i}}`));
  await line.delivery.flushNow();
  expect(begun.slice(0, 4)).toEqual([1, 2, 1, 2]);
  expect(await valuesIn(line)).toEqual(Array.from({ length: 2000 }, (_, i) => i));
});

test("what was read ahead of its decision when delivery stopped is nobody's: the next start decides anew", async () => {
  const first = await openLine(backlog(), {
    convert: async (options) => {
      if (options.flush === 1) {
        for await (const _ of options.source());
        throw new Error("killed");
      }
      return await convertRecords({ ...options, engine: kit.engine, disk: nodeDisk() });
    },
  });
  await first.put(...Array.from({ length: 2000 }, (_, i) => `{"a":${i}}`));
  await until(() => first.delivery.state().stage.state === "retrying");
  await first.close();
  expect(await readdir(join(directory, "staging", "events"))).not.toContain("2");
  const second = await openLine(backlog());
  await second.put('{"a":2000}');
  await second.delivery.flushNow();
  expect(await valuesIn(second)).toEqual(Array.from({ length: 2001 }, (_, i) => i));
});
