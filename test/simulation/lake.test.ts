import { test } from "vitest";
import { simulateLake } from "./lake-world.js";
import { forEachSeed } from "./seeds.js";

test("the lake's folder keeps every object that was answered for, whole, through power cuts and kills", async () => {
  await forEachSeed(300, (seed) => simulateLake(seed, 5));
});
