import { messageOf } from "../../src/core/errors.js";

/**
 * Runs a simulation for many seeds, one after the other. A failure names its seed; `PENSTOCK_SEED=<seed>` runs that one alone, and
 * `PENSTOCK_SEEDS=<count>` runs that many from a first seed of the clock's choosing, so that each night's run is another one.
 */
export async function forEachSeed(count: number, run: (seed: number) => Promise<void>): Promise<void> {
  for (const seed of seedsToRun(count)) {
    try {
      await run(seed);
    } catch (error) {
      throw new Error(`With seed ${seed} (PENSTOCK_SEED=${seed} repeats it): ${messageOf(error)}`, { cause: error });
    }
  }
}

function seedsToRun(count: number): number[] {
  const { PENSTOCK_SEED, PENSTOCK_SEEDS } = process.env;
  if (PENSTOCK_SEED !== undefined) return [Number(PENSTOCK_SEED)];
  if (PENSTOCK_SEEDS === undefined) return Array.from({ length: count }, (_, i) => i + 1);
  const first = Math.floor(Date.now() / 1000) % 1_000_000_000;
  return Array.from({ length: Number(PENSTOCK_SEEDS) }, (_, i) => first + i);
}

/** A seed for a test whose course the machine's timing decides too: new each time, printed by the caller. */
export function freshSeed(): number {
  return Number(process.env.PENSTOCK_SEED ?? Date.now() % 1_000_000_000);
}

/** How long a test under load goes on: `PENSTOCK_SECONDS`, or what it takes to be worth something. */
export function loadSeconds(usual: number): number {
  return Number(process.env.PENSTOCK_SECONDS ?? usual);
}

/** How many flights the suite of flights puts: `PENSTOCK_FLIGHTS`, or all of them. */
export function flightsToPut(all: number): number {
  return Math.min(all, Number(process.env.PENSTOCK_FLIGHTS ?? all));
}
