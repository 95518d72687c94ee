import { describe, expect, test } from "vitest";
import { simulatePipeline } from "./pipeline-world.js";
import { forEachSeed } from "./seeds.js";

describe("the whole pipeline on a disk that crashes", () => {
  test("accounts for each acked record once in each table, through power cuts and kills at any operation", async () => {
    await forEachSeed(60, async (seed) => {
      await simulatePipeline(seed, { lives: 5 });
    });
  });

  test("has flushes that are read before they are decided, or it would prove nothing of them", async () => {
    let readAhead = 0;
    for (let seed = 1; seed <= 10; seed++) readAhead += (await simulatePipeline(seed, { lives: 5 })).readAhead;
    expect(readAhead).toBeGreaterThan(0);
  });

  test("accounts for each acked record once when the disk is full, and when it fails", async () => {
    await forEachSeed(60, async (seed) => {
      await simulatePipeline(seed, { lives: 5, faults: true });
    });
  });
});
