import type { Clock } from "../../src/core/clock.js";

/** A clock that stands still until it is told otherwise. */
export interface SimClock extends Clock {
  /** Time goes by: both clocks move, and whoever slept long enough wakes, in order. */
  advance(ms: number): void;
  /** Somebody set the wall clock, to either side; nobody's sleep ends by it. */
  jump(ms: number): void;
  /** How many are asleep. */
  readonly sleepers: number;
  /** Advances to the earliest sleeper's hour, if there is one; answers whether there was. */
  wakeNext(): boolean;
}

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

export function simClock(nowMs = 1_700_000_000_000): SimClock {
  let wallMs = nowMs;
  let monotonicMs = 0;
  const sleepers: Sleeper[] = [];

  function advance(ms: number): void {
    const end = monotonicMs + ms;
    for (;;) {
      const next = sleepers[0];
      if (next === undefined || next.dueMs > end) break;
      sleepers.shift();
      wallMs += Math.max(0, next.dueMs - monotonicMs);
      monotonicMs = Math.max(monotonicMs, next.dueMs);
      next.wake();
    }
    wallMs += end - monotonicMs;
    monotonicMs = end;
  }

  return {
    now: () => wallMs,
    monotonic: () => monotonicMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const onAbort = () => {
          sleepers.splice(sleepers.indexOf(sleeper), 1);
          reject(signal?.reason);
        };
        const sleeper: Sleeper = {
          dueMs: monotonicMs + ms,
          wake: () => {
            signal?.removeEventListener("abort", onAbort);
            resolve();
          },
        };
        signal?.addEventListener("abort", onAbort, { once: true });
        const behind = sleepers.findIndex((other) => other.dueMs > sleeper.dueMs);
        sleepers.splice(behind === -1 ? sleepers.length : behind, 0, sleeper);
      }),
    advance,
    jump: (ms) => {
      wallMs += ms;
    },
    get sleepers() {
      return sleepers.length;
    },
    wakeNext: () => {
      const [next] = sleepers;
      if (next === undefined) return false;
      advance(Math.max(0, next.dueMs - monotonicMs));
      return true;
    },
  };
}
