/**
 * Lets a fixed number of pieces of work run at once, the rest in order of arrival.
 *
 * Every call into DuckDB holds one of libuv's few threads for as long as it runs, and an fdatasync needs one too: without a gate,
 * four slow queries would stop the journal's commits (duckdb-node-neo issue 325). So each engine gets a gate, and
 * all gates together let fewer through than there are threads.
 */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>;

export function createGate(slots: number): Gate {
  const waiting: (() => void)[] = [];
  let free = slots;
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
