import { describe, expect, test } from "vitest";
import type { Disk } from "../../src/disk/disk.js";
import { openStreamStore } from "../../src/stream/embedded/store.js";
import { readAll, streamSpec, textOf } from "../stream/fixtures.js";
import { simulateJournal } from "./journal-world.js";
import { seededRandom } from "./random.js";
import { forEachSeed } from "./seeds.js";
import { simClock } from "./sim-clock.js";
import { simDisk } from "./sim-disk.js";

describe("the journal on a disk that crashes", () => {
  test("keeps every acked record through power cuts and kills, at any operation", async () => {
    await forEachSeed(100, async (seed) => {
      await simulateJournal(seed, { lives: 5 });
    });
  });

  test("keeps every acked record when the power is cut at each operation in turn", async () => {
    await forEachSeed(1, async (seed) => {
      const { operations } = await simulateJournal(seed, { lives: 1, cutAt: () => undefined });
      for (let cutAt = 1; cutAt <= operations; cutAt++) {
        await simulateJournal(seed, { lives: 3, cutAt: (life) => (life === 0 ? cutAt : undefined) });
      }
    });
  });

  test("acks nothing after a failed sync, and loses nothing acked to full disks and failing writes", async () => {
    await forEachSeed(100, async (seed) => {
      await simulateJournal(seed, { lives: 5, faults: true, killAfterFailedSync: true });
    });
  });

  test("a record that comes while a failed write is being cut off is not cut off with it", async () => {
    const disk = simDisk({ random: seededRandom(1) });
    /** A disk that takes its time to truncate. */
    const slow: Disk = {
      ...disk,
      open: async (path, mode) => {
        const file = await disk.open(path, mode);
        const truncate = async (sizeBytes: number) => {
          for (let turns = 0; turns < 50; turns++) await new Promise(setImmediate);
          await file.truncate(sizeBytes);
        };
        return { ...file, truncate };
      },
    };
    const options = { clock: simClock(), directory: "/streams" };
    const store = await openStreamStore({ ...options, disk: slow });
    const stream = await store.create(streamSpec({ shards: 1 }));
    const shard = stream.shards[0]!;
    disk.fail({ operation: "write", code: "ENOSPC", path: /segment$/ });
    shard.append("k", Buffer.from("refused"));
    const refused = stream.commit();
    const before = disk.operations;
    while (disk.operations === before) await new Promise(setImmediate);
    shard.append("k", Buffer.from("taken"));
    const taken = stream.commit();
    await expect(refused).rejects.toMatchObject({ code: "unavailable" });
    const answer = await taken.then(
      () => "acked",
      () => "refused",
    );
    disk.kill();
    const again = await openStreamStore({ ...options, disk: disk.boot() });
    const found = (await readAll(again.find("quotes")!.shards[0]!)).map(textOf);
    expect(found).toEqual(answer === "acked" ? ["taken"] : []);
  });
});
