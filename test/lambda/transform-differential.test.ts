import { expect, it } from "vitest";
import { differential } from "./differential.js";

const seed = Number(process.env.PENSTOCK_SEED ?? Date.now() % 2 ** 31);

it(`the transform's rows, dead letters and filtered rows are those of embedded delivery (PENSTOCK_SEED=${seed})`, {
  timeout: 240_000,
}, async () => {
  const found = await differential(20_000, seed);
  expect(found.onlyEmbedded).toEqual([]);
  expect(found.onlyLambda).toEqual([]);
  expect(found.rows.lambda).toBe(found.rows.embedded);
  expect(found.rows.embedded).toBeGreaterThan(8000);
  expect(found.dead.lambda).toEqual(found.dead.embedded);
  expect(found.dead.embedded.length).toBeGreaterThan(1000);
  expect(found.filtered.lambda).toBe(found.filtered.embedded);
  expect(found.failed).toBe(0);
});
