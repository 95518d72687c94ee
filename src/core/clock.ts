/** Time as the stages see it. Tests hand in one that stands still, jumps or runs backwards. */
export interface Clock {
  /** Wall time, milliseconds since the epoch. May jump in either direction. */
  now(): number;
  /** Milliseconds that only ever grow; for deadlines and intervals. */
  monotonic(): number;
  /** Resolves after at least `ms`; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, ms);
      signal?.addEventListener("abort", onAbort, { once: true });
    }),
};
