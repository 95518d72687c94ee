import { createHash } from "node:crypto";
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Clock } from "../../src/core/clock.js";
import { systemClock } from "../../src/core/clock.js";
import { nodeDisk } from "../../src/disk/node-disk.js";
import { hashKeyHead, hashKeyOf } from "../../src/stream/embedded/hash-key.js";
import { attributes, openStore, readAll, streamSpec, temporaryDirectory, textOf } from "./fixtures.js";

const HOUR_MS = 3_600_000;

async function segmentsOf(directory: string, stream = "quotes") {
  const folder = join(directory, `${stream}.stream`);
  return (await readdir(folder)).filter((name) => name.endsWith(".segment")).map((name) => join(folder, name));
}

function clockAt(start: number): Clock & { set(ms: number): void } {
  let now = start;
  return { ...systemClock, now: () => now, set: (ms) => (now = ms) };
}

describe("hash keys", () => {
  test("are MD5 of the partition key's UTF-8, for keys of every length and script", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 256 }), (key) => {
        const digest = createHash("md5").update(key, "utf8").digest("hex");
        expect(hashKeyOf(key)).toBe(BigInt(`0x${digest}`));
        expect(hashKeyHead(key)).toBe(Number.parseInt(digest.slice(0, 8), 16));
      }),
    );
    for (const length of [0, 1, 3, 4, 54, 55, 56, 57, 63, 64, 65]) {
      const key = "k".repeat(length);
      expect(hashKeyHead(key)).toBe(Number(hashKeyOf(key) >> 96n));
    }
  });

  test("lie in the range of the shard they are routed to", async () => {
    const store = await openStore({ directory: await temporaryDirectory() });
    const stream = await store.create(streamSpec({ shards: 7 }));
    for (let i = 0; i < 2000; i++) {
      const { start, end } = stream.route(`key-${i}`).hashKeyRange;
      const hashKey = hashKeyOf(`key-${i}`);
      expect(hashKey >= start && hashKey <= end).toBe(true);
    }
    for (const shard of stream.shards) {
      expect(stream.routeHash(shard.hashKeyRange.start)).toBe(shard);
      expect(stream.routeHash(shard.hashKeyRange.end)).toBe(shard);
    }
    await store.close();
  });
});

describe("the journal", () => {
  test("gives back every committed record, whatever bytes it holds, before and after a restart", async () => {
    const directory = await temporaryDirectory();
    let store = await openStore({ directory, segmentBytes: 5_000 });
    let stream = await store.create(streamSpec({ shards: 3 }));
    const sent = new Map<string, { key: string; data: Buffer }[]>();
    const samples = fc.sample(
      fc.record({
        key: fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
        data: fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.constant(Buffer.from("")),
          fc.constant(Buffer.from("\n")),
          fc.constant(Buffer.from('{"a":1}\n')),
          fc.constant(Buffer.from('{"a":1}\n{"a":2}\n')),
          fc.constant(Buffer.from("a\x1fb")),
          fc.constant(Buffer.from("a\r\n")),
        ),
      }),
      { numRuns: 600, seed: 7 },
    );
    for (const [i, { key, data }] of samples.entries()) {
      const wellFormed = Buffer.from(key).toString();
      const shard = stream.route(wellFormed);
      if (i % 2 === 0) shard.append(wellFormed, data);
      else shard.appendBase64(wellFormed, Buffer.from(data).toString("base64"));
      sent.set(shard.id, [...(sent.get(shard.id) ?? []), { key: wellFormed, data: Buffer.from(data) }]);
      if (i % 17 === 0) await stream.commit();
    }
    await stream.commit();
    expect((await segmentsOf(directory)).length).toBeGreaterThan(2);
    for (let pass = 0; pass < 2; pass++) {
      for (const shard of stream.shards) {
        const found = await readAll(shard);
        expect(found.map((record) => record.sequence)).toEqual(found.map((_, i) => i + 1));
        expect(found.map(({ partitionKey: key, data }) => ({ key, data: Buffer.from(data) }))).toEqual(
          sent.get(shard.id) ?? [],
        );
      }
      await store.close();
      store = await openStore({ directory, segmentBytes: 5_000 });
      stream = store.find("quotes")!;
    }
    await store.close();
  });

  test("calls a block clean exactly when its lines can be read as text, a line a record", async () => {
    const store = await openStore({ directory: await temporaryDirectory() });
    const stream = await store.create(streamSpec({ shards: 1 }));
    const shard = stream.shards[0]!;
    const cleanOf = async (...data: (string | Buffer)[]) => {
      const from = shard.lastSequence + 1;
      for (const one of data) shard.append("k", Buffer.from(one as string));
      await stream.commit();
      for await (const block of shard.blocks(from, Number.MAX_SAFE_INTEGER)) {
        if (block.clean) {
          const lines = Buffer.from(block.lines).toString("utf8").split("\n");
          expect(lines.pop()).toBe("");
          expect(lines).toEqual(
            data.map((one, i) => `0\x1f${block.arrivalMs}\x1f${from + i}\x1f${String(one).replace(/\n$/, "")}`),
          );
        }
        return block.clean;
      }
      return undefined;
    };
    expect(await cleanOf('{"a":1}', '{"b":"\u00e9\u{1f600}"}\n', "")).toBe(true);
    expect(await cleanOf('{"a":1}\n{"a":2}\n')).toBe(false);
    expect(await cleanOf("a\x1fb")).toBe(false);
    expect(await cleanOf("a\r\n")).toBe(false);
    expect(await cleanOf("a\0b")).toBe(false);
    expect(await cleanOf(Buffer.from([0x7b, 0xff, 0x7d]))).toBe(false);
    await store.close();
  });

  test("reads from the middle, to the middle, and by arrival time", async () => {
    const clock = clockAt(1_000_000);
    const store = await openStore({ directory: await temporaryDirectory(), clock, segmentBytes: 4000 });
    const stream = await store.create(streamSpec({ shards: 1 }));
    const shard = stream.shards[0]!;
    for (let i = 1; i <= 300; i++) {
      clock.set(1_000_000 + i * 10);
      shard.append("k", Buffer.from(`record ${i}`));
      if (i % 3 === 0) await stream.commit();
    }
    const sequences: number[] = [];
    for await (const block of shard.blocks(50, 61)) {
      expect(block.count).toBe([...block.records()].length);
      for (const record of block.records()) {
        expect(textOf(record)).toBe(`record ${record.sequence}`);
        sequences.push(record.sequence);
      }
      if (block.clean) expect(Buffer.from(block.lines).toString().split("\n").length - 1).toBe(block.count);
    }
    expect(sequences).toEqual(Array.from({ length: 12 }, (_, i) => 50 + i));
    expect((await shard.read(299, { recordsMax: 10, bytesMax: 1e6 })).map((r) => r.sequence)).toEqual([299, 300]);
    expect((await shard.read(10, { recordsMax: 3, bytesMax: 1e6 })).map((r) => r.sequence)).toEqual([10, 11, 12]);
    expect(await shard.seek(0)).toBe(1);
    // A group of three shares the arrival time of its first record.
    expect(await shard.seek(1_000_000 + 100 * 10)).toBe(100);
    expect(await shard.seek(1_000_000 + 101 * 10)).toBe(103);
    expect(await shard.seek(2_000_000)).toBe(301);
    await store.close();
  });

  test("a torn tail is cut and every acked record before it is read back", async () => {
    const directory = await temporaryDirectory();
    let store = await openStore({ directory });
    let stream = await store.create(streamSpec({ shards: 1 }));
    for (let i = 1; i <= 20; i++) {
      stream.shards[0]!.append("k", Buffer.from(`record ${i}`));
      await stream.commit();
    }
    const [path] = await segmentsOf(directory);
    const whole = await readFile(path!);
    // As if the process had died while it wrote the last group: no closing mark, half a block.
    const copy = await temporaryDirectory();
    await nodeDisk().makeDirectory(join(copy, "quotes.stream"));
    await writeFile(
      join(copy, "quotes.stream/stream.json"),
      await readFile(join(directory, "quotes.stream/stream.json")),
    );
    await writeFile(join(copy, "quotes.stream/0000000001.segment"), whole.subarray(0, whole.length - 5));
    await store.close();
    const found: number[] = [];
    store = await openStore({ directory: copy, onRecovery: (_, { cutBytes }) => found.push(cutBytes) });
    stream = store.find("quotes")!;
    expect((await readAll(stream.shards[0]!)).map(textOf)).toEqual(
      Array.from({ length: 19 }, (_, i) => `record ${i + 1}`),
    );
    expect(found).toHaveLength(1);
    expect(stream.shards[0]!.append("k", Buffer.from("again"))).toBe(20);
    await stream.commit();
    expect((await readAll(stream.shards[0]!)).map(textOf).at(-1)).toBe("again");
    await store.close();
  });

  test("damage before synced records is reported and nothing is cut", async () => {
    const directory = await temporaryDirectory();
    let store = await openStore({ directory });
    let stream = await store.create(streamSpec({ shards: 1 }));
    for (let i = 1; i <= 20; i++) {
      stream.shards[0]!.append("k", Buffer.from(`record ${i}`));
      await stream.commit();
    }
    await store.close();
    const [path] = await segmentsOf(directory);
    const bytes = await readFile(path!);
    const at = bytes.indexOf("record 10");
    bytes[at] = bytes[at]! ^ 0x20;
    await writeFile(path!, bytes);
    const found: unknown[] = [];
    store = await openStore({
      directory,
      onRecovery: (name, { damage, cutBytes }) => found.push([name, damage.length, cutBytes]),
    });
    expect(found).toEqual([["quotes", 1, 0]]);
    expect((await readFile(path!)).length).toBe(bytes.length);
    stream = store.find("quotes")!;
    const shard = stream.shards[0]!;
    expect(shard.lastSequence).toBe(20);
    expect((await shard.read(1, { recordsMax: 9, bytesMax: 1e6 })).map(textOf)).toContain("record 9");
    await expect(shard.read(10, { recordsMax: 1, bytesMax: 1e6 })).rejects.toMatchObject({ code: "damaged" });
    // It goes on in a new segment.
    expect(shard.append("k", Buffer.from("after"))).toBe(21);
    await stream.commit();
    await store.close();
  });

  test("a segment that lost its end is reported as damage when a later one proves it was whole", async () => {
    const directory = await temporaryDirectory();
    const store = await openStore({ directory, segmentBytes: 1000 });
    const stream = await store.create(streamSpec({ shards: 1 }));
    for (let i = 1; i <= 30; i++) {
      stream.shards[0]!.append("k", Buffer.from(`record ${i} ${"x".repeat(100)}`));
      await stream.commit();
    }
    await store.close();
    const [first] = await segmentsOf(directory);
    await truncate(first!, 700);
    const found: number[] = [];
    const again = await openStore({
      directory,
      segmentBytes: 1000,
      onRecovery: (_, { damage }) => found.push(damage.length),
    });
    expect(found).toEqual([1]);
    await expect(readAll(again.find("quotes")!.shards[0]!)).rejects.toMatchObject({ code: "damaged" });
    await again.close();
  });

  test("a segment whose first mark is damaged keeps its records, and sequences go on behind all of them", async () => {
    const directory = await temporaryDirectory();
    let store = await openStore({ directory, segmentBytes: 1000 });
    let [low, high] = (await store.create(streamSpec({ shards: 2 }))).shards;
    // The upper shard's records are in the first segment alone.
    for (let i = 1; i <= 3; i++) high!.append("k", Buffer.from(`high ${i}`));
    for (let i = 1; i <= 30; i++) {
      low!.append("k", Buffer.from(`low ${i} ${"x".repeat(100)}`));
      await low!.stream.commit();
    }
    await store.close();
    const newest = (await segmentsOf(directory)).at(-1)!;
    const bytes = await readFile(newest);
    bytes[5] = bytes[5]! ^ 4;
    await writeFile(newest, bytes);
    const found: unknown[] = [];
    store = await openStore({ directory, segmentBytes: 1000, onRecovery: (_, { damage }) => found.push(...damage) });
    expect(found).toMatchObject([{ path: newest, offset: 0 }]);
    [low, high] = store.find("quotes")!.shards;
    expect((await readAll(low!)).length).toBe(30);
    expect([low!.append("k", Buffer.from("more")), high!.append("k", Buffer.from("more"))]).toEqual([31, 4]);
    await low!.stream.commit();
    expect((await readAll(low!)).length).toBe(31);
    await store.close();
    store = await openStore({ directory, segmentBytes: 1000 });
    expect(store.find("quotes")!.shards.map((shard) => shard.lastSequence)).toEqual([31, 4]);
    await store.close();
  });

  test("of a shard that goes on behind what is gone, no sequence is given twice, in this life and the next", async () => {
    const directory = await temporaryDirectory();
    let store = await openStore({ directory });
    let stream = await store.create(streamSpec({ shards: 2 }));
    for (const shard of stream.shards) for (let i = 1; i <= 5; i++) shard.append("k", Buffer.from(`record ${i}`));
    await stream.commit();
    await stream.skipTo([
      { shard: 0, lastSequence: 9 },
      { shard: 1, lastSequence: 4 },
    ]);
    expect(stream.shards.map((shard) => shard.append("k", Buffer.from("new")))).toEqual([10, 6]);
    await stream.commit();
    for (let life = 0; life < 2; life++) {
      expect(stream.shards.map((shard) => shard.lastSequence)).toEqual([10, 6]);
      const [cut, whole] = stream.shards;
      expect((await cut!.read(10, { recordsMax: 9, bytesMax: 1e6 })).map(textOf)).toEqual(["new"]);
      await expect(readAll(cut!)).rejects.toMatchObject({ code: "damaged" });
      expect((await readAll(whole!)).length).toBe(6);
      await store.close();
      store = await openStore({ directory });
      stream = store.find("quotes")!;
    }
    await store.close();
  });

  test("retention removes old segments, never past a held reader, and sequences go on", async () => {
    const clock = clockAt(1_700_000_000_000);
    const directory = await temporaryDirectory();
    let store = await openStore({ directory, clock, segmentBytes: 500 });
    let stream = await store.create(streamSpec({ shards: 1 }));
    for (let i = 1; i <= 50; i++) {
      stream.shards[0]!.append("k", Buffer.from(`record ${i} ${"x".repeat(50)}`));
      await stream.commit();
    }
    let needed = 20;
    store.holdRetention("quotes", () => needed);
    clock.set(1_700_000_000_000 + 25 * HOUR_MS);
    await store.enforceRetention();
    const first = stream.shards[0]!.firstSequence;
    expect(first).toBeGreaterThan(1);
    expect(first).toBeLessThanOrEqual(20);
    needed = 51;
    await store.enforceRetention();
    expect(stream.shards[0]!.firstSequence).toBe(51);
    await store.close();
    store = await openStore({ directory, clock, segmentBytes: 500 });
    stream = store.find("quotes")!;
    expect(stream.shards[0]!.append("k", Buffer.from("next"))).toBe(51);
    await stream.commit();
    expect((await readAll(stream.shards[0]!)).map((record) => record.sequence)).toEqual([51]);
    await store.close();
  });

  test("split and merge close the parents and route to the children, and survive a restart", async () => {
    const directory = await temporaryDirectory();
    let store = await openStore({ directory });
    let stream = await store.create(streamSpec({ shards: 1 }));
    const [parent] = stream.shards;
    parent!.append("k", Buffer.from("before"));
    await stream.split(parent!, 1n << 127n);
    expect(parent!.closedAtMs).toBeDefined();
    expect((await readAll(parent!)).map(textOf)).toEqual(["before"]);
    const child = stream.route("k");
    expect(child.parent).toBe(parent!.id);
    child.append("k", Buffer.from("after"));
    await stream.commit();
    await stream.merge(stream.shards[1]!, stream.shards[2]!);
    expect(stream.shards[3]).toMatchObject({ parent: stream.shards[1]!.id, adjacentParent: stream.shards[2]!.id });
    await expect(stream.split(parent!, 5n)).rejects.toMatchObject({ code: "refused" });
    await store.close();
    store = await openStore({ directory });
    stream = store.find("quotes")!;
    expect(stream.shards.map((shard) => [shard.number, shard.closedAtMs === undefined])).toEqual([
      [0, false],
      [1, false],
      [2, false],
      [3, true],
    ]);
    expect(stream.route("k")).toBe(stream.shards[3]);
    await store.close();
  });

  test("arrival times never step back with the clock", async () => {
    const clock = clockAt(5_000_000);
    const directory = await temporaryDirectory();
    let store = await openStore({ directory, clock });
    let stream = await store.create(streamSpec({ shards: 1 }));
    stream.shards[0]!.append("k", Buffer.from("one"));
    await stream.commit();
    await store.close();
    clock.set(1_000_000);
    store = await openStore({ directory, clock });
    stream = store.find("quotes")!;
    stream.shards[0]!.append("k", Buffer.from("two"));
    await stream.commit();
    const [one, two] = await readAll(stream.shards[0]!);
    expect(two!.arrivalMs).toBeGreaterThanOrEqual(one!.arrivalMs);
    expect(two!.sequence).toBeGreaterThan(one!.sequence);
    await store.close();
  });

  test("a full disk gives the records back, loses nothing acked, and goes on when there is room", async () => {
    const real = nodeDisk();
    let full = false;
    const disk: typeof real = {
      ...real,
      open: async (path, mode) => {
        const file = await real.open(path, mode);
        return {
          ...file,
          write: async (buffers) => {
            if (!full) return file.write(buffers);
            await file.write([buffers[0]!.subarray(0, 10)]);
            throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
          },
        };
      },
    };
    const directory = await temporaryDirectory();
    const store = await openStore({ directory, disk });
    const stream = await store.create(streamSpec({ shards: 1 }));
    const shard = stream.shards[0]!;
    shard.append("k", Buffer.from("one"));
    await stream.commit();
    full = true;
    shard.append("k", Buffer.from("lost"));
    await expect(stream.commit()).rejects.toMatchObject({ code: "unavailable" });
    full = false;
    expect(shard.append("k", Buffer.from("two"))).toBe(2);
    await stream.commit();
    expect((await readAll(shard)).map(textOf)).toEqual(["one", "two"]);
    await store.close();
    const again = await openStore({ directory });
    expect((await readAll(again.find("quotes")!.shards[0]!)).map(textOf)).toEqual(["one", "two"]);
    await again.close();
  });

  test("a failed sync poisons: nothing is acked after it, and it is not tried again", async () => {
    const real = nodeDisk();
    let broken = false;
    let syncs = 0;
    const disk: typeof real = {
      ...real,
      open: async (path, mode) => {
        const file = await real.open(path, mode);
        return {
          ...file,
          sync: async () => {
            syncs++;
            if (broken) throw Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO" });
            await file.sync();
          },
        };
      },
    };
    let poisoned = 0;
    const store = await openStore({ directory: await temporaryDirectory(), disk, onPoison: () => poisoned++ });
    const stream = await store.create(streamSpec({ shards: 1 }));
    stream.shards[0]!.append("k", Buffer.from("one"));
    await stream.commit();
    broken = true;
    stream.shards[0]!.append("k", Buffer.from("two"));
    await expect(stream.commit()).rejects.toMatchObject({ code: "poisoned" });
    broken = false;
    const before = syncs;
    expect(() => stream.shards[0]!.append("k", Buffer.from("three"))).toThrow(/Nothing more is acknowledged/);
    await expect(stream.commit()).rejects.toMatchObject({ code: "poisoned" });
    expect(syncs).toBe(before);
    expect(poisoned).toBe(1);
    expect(stream.shards[0]!.lastSequence).toBe(1);
    await store.close();
  });

  test("streams are created, deleted and made again; a half-made one is gone at the next start", async () => {
    const directory = await temporaryDirectory();
    let store = await openStore({ directory });
    await store.create(streamSpec({ name: ".." }));
    await store.create(streamSpec({ name: "b" }));
    await expect(store.create(streamSpec({ name: "b" }))).rejects.toMatchObject({ code: "already-exists" });
    await store.delete("b");
    await store.find("..")!.update({ ...attributes, retentionHours: 48 });
    await store.close();
    await nodeDisk().makeDirectory(join(directory, "half.stream"));
    store = await openStore({ directory });
    expect(store.streams().map((stream) => stream.name)).toEqual([".."]);
    expect(store.find("..")!.attributes.retentionHours).toBe(48);
    expect(await readdir(directory)).toEqual(["...stream"]);
    await store.close();
  });
});
