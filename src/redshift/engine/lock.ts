/** One holder at a time, the others in the order in which they came. */
export interface Lock {
  /** Resolves with how to give it back; rejects with the signal's reason when aborted first. */
  take(signal: AbortSignal): Promise<() => void>;
}

export function lock(): Lock {
  let held = false;
  const waiting = new Set<() => void>();
  const release = () => {
    const [next] = waiting;
    if (next === undefined) held = false;
    else next();
  };
  /** Given back once, however often it is asked for. */
  const once = () => {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      release();
    };
  };
  return {
    take(signal) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (!held) {
        held = true;
        return Promise.resolve(once());
      }
      return new Promise((resolve, reject) => {
        const turn = () => {
          waiting.delete(turn);
          signal.removeEventListener("abort", onAbort);
          resolve(once());
        };
        const onAbort = () => {
          waiting.delete(turn);
          reject(signal.reason);
        };
        waiting.add(turn);
        signal.addEventListener("abort", onAbort, { once: true });
      });
    },
  };
}
