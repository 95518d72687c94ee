/** Random numbers from a seed: the same seed gives the same run, on every machine. */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number, inclusive at both ends. */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(choices: readonly T[]): T;
  /** The same elements in another order. */
  shuffled<T>(elements: readonly T[]): T[];
  bytes(count: number): Buffer;
  /** A generator of its own, so that one part's draws do not shift another's. */
  fork(): Random;
}

export function seededRandom(seed: number): Random {
  // A 32-bit counter through a mixing function: the quality that a test needs, in a few lines.
  let state = Math.imul(seed | 0, 0x9e3779b1) | 0;
  const word = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const next = () => word() / 2 ** 32;
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick: (choices) => {
      if (choices.length === 0) throw new Error("There is nothing to pick from.");
      return choices[between(0, choices.length - 1)]!;
    },
    shuffled: (elements) => {
      const order = [...elements];
      for (let i = order.length - 1; i > 0; i--) {
        const other = between(0, i);
        [order[i], order[other]] = [order[other]!, order[i]!];
      }
      return order;
    },
    bytes: (count) => Buffer.from(Array.from({ length: count }, () => word() & 0xff)),
    fork: () => seededRandom(word()),
  };
}
