import type { ShardRange } from "../stream.js";

/** The ranges and one more, without overlap, in order; neighbours become one. */
export function addRange(ranges: readonly ShardRange[], more: ShardRange): readonly ShardRange[] {
  const touches = ({ shard, from, to }: ShardRange) =>
    shard === more.shard && from <= more.to + 1 && to >= more.from - 1;
  const joined = [more, ...ranges.filter(touches)];
  const from = Math.min(...joined.map((range) => range.from));
  const to = Math.max(...joined.map((range) => range.to));
  return [...ranges.filter((range) => !touches(range)), { shard: more.shard, from, to }].sort(
    (a, b) => a.shard - b.shard || a.from - b.from,
  );
}

export function isWithin({ shard, from, to }: ShardRange, ranges: readonly ShardRange[]): boolean {
  return ranges.some((range) => range.shard === shard && range.from <= from && range.to >= to);
}
