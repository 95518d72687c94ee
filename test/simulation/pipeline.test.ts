import { describe, test } from "vitest";
import { simulatePipeline } from "./pipeline-world.js";
import { forEachSeed } from "./seeds.js";

describe("the whole pipeline on a disk that crashes", () => {
  test("accounts for each acked record once in each table, through power cuts and kills at any operation", async () => {
    await forEachSeed(60, async (seed) => {
      await simulatePipeline(seed, { lives: 5 });
    });
  });

  test("accounts for each acked record once when the disk is full, and when it fails", async () => {
    await forEachSeed(60, async (seed) => {
      await simulatePipeline(seed, { lives: 5, faults: true });
    });
  });
});
