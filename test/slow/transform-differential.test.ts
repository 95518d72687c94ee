import { expect, test } from "vitest";
import { differential } from "../lambda/differential.js";

const seed = Number(process.env.PENSTOCK_SEED ?? Date.now() % 2 ** 31);

test(`a million records through the Lambda and through embedded delivery give equal rows (PENSTOCK_SEED=${seed})`, async () => {
  const { rows, onlyEmbedded, onlyLambda, dead, filtered, failed } = await differential(1_000_000, seed);
  expect({ onlyEmbedded, onlyLambda, failed }).toEqual({ onlyEmbedded: [], onlyLambda: [], failed: 0 });
  expect(rows.lambda).toBe(rows.embedded);
  expect(rows.embedded).toBeGreaterThan(400_000);
  expect(filtered.lambda).toBe(filtered.embedded);
  // A list of a hundred thousand is no message: the first that differs is.
  expect(dead.lambda.length).toBe(dead.embedded.length);
  expect(dead.lambda.find((letter, index) => letter !== dead.embedded[index])).toBeUndefined();
});
