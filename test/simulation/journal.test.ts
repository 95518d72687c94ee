import { describe, test } from "vitest";
import { simulateJournal } from "./journal-world.js";
import { forEachSeed } from "./seeds.js";

describe("the journal on a disk that crashes", () => {
  test("keeps every acked record through power cuts and kills, at any operation", async () => {
    await forEachSeed(150, async (seed) => {
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
    await forEachSeed(150, async (seed) => {
      await simulateJournal(seed, { lives: 5, faults: true });
    });
  });
});
