/**
 * Lets a bounded number of engine calls run at once. An engine call holds one of libuv's few threads until it is done; were all of them
 * held, a journal's fdatasync, and with it every acknowledgement, would wait behind a query.
 */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** No bound: for tests and for programs that have no journal beside the engine. */
export const openGate: Gate = (work) => work();

/** At most `calls` at once, the others in the order in which they came. */
export function boundedGate(calls: number): Gate {
  let free = calls;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      // The place goes from hand to hand: counted as free for a moment, a newcomer could take it twice.
      if (next) next();
      else free++;
    }
  };
}
