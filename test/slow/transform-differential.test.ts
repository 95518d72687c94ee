import { expect, test } from "vitest";
import { differential } from "../lambda/differential.js";

/** A million by itself; `.ci/run`, which has 25 minutes for everything, asks for fewer. */
const records = Number(process.env.PENSTOCK_DIFFERENTIAL_RECORDS ?? 1_000_000);
const seed = Number(process.env.PENSTOCK_SEED ?? Date.now() % 2 ** 31);

test(`${records} records through the Lambda and through embedded delivery give equal rows (PENSTOCK_SEED=${seed})`, {
  // A million took five and a half minutes on a machine with two cores that did little else.
  timeout: 120_000 + records * 3,
}, async () => {
  const { rows, onlyEmbedded, onlyLambda, dead, filtered, failed } = await differential(records, seed);
  expect({ onlyEmbedded, onlyLambda, failed }).toEqual({ onlyEmbedded: [], onlyLambda: [], failed: 0 });
  expect(rows.lambda).toBe(rows.embedded);
  expect(rows.embedded).toBeGreaterThan(records * 0.4);
  expect(filtered.lambda).toBe(filtered.embedded);
  // A list of a hundred thousand is no message: the first that differs is.
  expect(dead.lambda.length).toBe(dead.embedded.length);
  expect(dead.lambda.find((letter, index) => letter !== dead.embedded[index])).toBeUndefined();
});
