import { describe, test } from "vitest";
import { simulateJournal } from "../simulation/journal-world.js";
import { simulateLake } from "../simulation/lake-world.js";
import { simulatePipeline } from "../simulation/pipeline-world.js";
import { forEachSeed } from "../simulation/seeds.js";

describe("the journal on a disk that crashes, for long", () => {
  test("keeps every acked record through power cuts and kills", async () => {
    await forEachSeed(400, async (seed) => {
      await simulateJournal(seed, { lives: 6 });
    });
  });

  test("keeps every acked record when the power is cut at each operation in turn", async () => {
    await forEachSeed(6, async (seed) => {
      const { operations } = await simulateJournal(seed, { lives: 1, cutAt: () => undefined });
      for (let cutAt = 1; cutAt <= operations; cutAt++) {
        await simulateJournal(seed, { lives: 3, cutAt: (life) => (life === 0 ? cutAt : undefined) });
      }
    });
  });

  test("acks nothing after a failed sync, and loses nothing acked to full disks and failing writes", async () => {
    await forEachSeed(600, async (seed) => {
      await simulateJournal(seed, { lives: 6, faults: true, killAfterFailedSync: true });
    });
  });
});

test("the lake's folder keeps every object that was answered for, for long", async () => {
  await forEachSeed(600, (seed) => simulateLake(seed, 6));
});

describe("the whole pipeline on a disk that crashes, for long", () => {
  test("accounts for each acked record once in each table", async () => {
    await forEachSeed(250, async (seed) => {
      await simulatePipeline(seed, { lives: 6 });
    });
  });

  test("accounts for each acked record once when the power is cut at each operation in turn", async () => {
    // The shortest of some lives in which a flush is read before it is decided.
    let shortest = { seed: 0, operations: Number.POSITIVE_INFINITY };
    for (let seed = 1; seed <= 60; seed++) {
      const { operations, readAhead } = await simulatePipeline(seed, { lives: 1, cutAt: () => undefined });
      if (readAhead > 0 && operations < shortest.operations) shortest = { seed, operations };
    }
    const { seed, operations } = shortest;
    for (let cutAt = 1; cutAt <= operations; cutAt++) {
      await simulatePipeline(seed, { lives: 2, cutAt: (life) => (life === 0 ? cutAt : undefined) });
    }
  });

  test("accounts for each acked record once when the disk is full, and when it fails", async () => {
    await forEachSeed(250, async (seed) => {
      await simulatePipeline(seed, { lives: 6, faults: true });
    });
  });
});
