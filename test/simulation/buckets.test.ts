import { test } from "vitest";
import { simulateBuckets } from "./buckets-world.js";
import { forEachSeed } from "./seeds.js";

test("buckets keep every object that was answered for, whole, through power cuts and kills, and nothing besides", async () => {
  await forEachSeed(150, (seed) => simulateBuckets(seed, 5));
});
