import type { Clock } from "../core/clock.js";

/** Over how long a rate is taken: long enough to be steady, short enough to be seen moving. */
const WINDOW_MS = 10_000;

/** How fast some counts grow: sampled whenever it is asked, over the last ten seconds. */
export interface Rates {
  /** Growth a second of each total under its name; 0 for one that is new. */
  sample(totals: Readonly<Record<string, number>>): Readonly<Record<string, number>>;
}

export function createRates(clock: Clock): Rates {
  const samples: { readonly atMs: number; readonly totals: Readonly<Record<string, number>> }[] = [];
  return {
    sample: (totals) => {
      const atMs = clock.monotonic();
      samples.push({ atMs, totals });
      // The oldest one kept is the last that is older than the window, so that the window is always covered.
      while (samples.length > 2 && samples[1]!.atMs <= atMs - WINDOW_MS) samples.shift();
      const oldest = samples[0]!;
      const seconds = (atMs - oldest.atMs) / 1000;
      return Object.fromEntries(
        Object.entries(totals).map(([name, total]) => {
          const before = oldest.totals[name];
          return [name, before === undefined || seconds <= 0 ? 0 : Math.max(0, (total - before) / seconds)];
        }),
      );
    },
  };
}
