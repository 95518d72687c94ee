import fc from "fast-check";
import { expect, test } from "vitest";
import { formatSequenceNumber } from "../../src/core/sequence-number.js";
import { SEQUENCE_NUMBER_DIGITS, sequenceRun } from "../../src/core/sequence-run.js";

test("a run of sequence numbers has the digits that each would have by itself", () => {
  const step = fc.record({ skip: fc.nat(3), arrivalMs: fc.integer({ min: 0, max: 4_000 }) });
  const shard = fc.record({
    createdAtMs: fc.integer({ min: 1_400_000_000_000, max: 15_000_000_000_000 }),
    shard: fc.nat(0x7fff_ffff),
    first: fc.oneof(fc.nat(5), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1_000 })),
    steps: fc.array(step, { minLength: 1, maxLength: 60 }),
  });
  fc.assert(
    fc.property(shard, ({ first, steps, ...origin }) => {
      const run = sequenceRun(origin);
      const target = new Uint8Array(SEQUENCE_NUMBER_DIGITS + 4);
      let count = first;
      for (const { skip, arrivalMs } of steps) {
        // Mostly the next one, as in a batch; now and then a gap.
        count += skip === 3 ? 2 : 1;
        const atMs = origin.createdAtMs + arrivalMs;
        run.write(target, 2, count, atMs);
        const written = Buffer.from(target.subarray(2, 2 + SEQUENCE_NUMBER_DIGITS)).toString();
        expect(written).toBe(formatSequenceNumber(origin, count, atMs));
      }
    }),
  );
});

test("carries run through all digits of a long run", () => {
  const origin = { createdAtMs: 1_790_000_000_000, shard: 3 };
  const run = sequenceRun(origin);
  const target = new Uint8Array(SEQUENCE_NUMBER_DIGITS);
  for (let count = 1; count <= 20_000; count++) {
    run.write(target, 0, count, origin.createdAtMs);
    if (count % 97 === 0) {
      expect(Buffer.from(target).toString()).toBe(formatSequenceNumber(origin, count, origin.createdAtMs));
    }
  }
});
