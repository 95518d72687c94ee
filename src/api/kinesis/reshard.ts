/**
 * SplitShard, MergeShards and UpdateShardCount carried out on the log. Each may be interrupted and taken up again, so that a step which is
 * done already is passed over.
 */
import type { PendingReshard, Shard, Stream } from "../../stream/stream.js";

export async function carryOut(stream: Stream, pending: PendingReshard): Promise<void> {
  switch (pending.kind) {
    case "split": {
      const shard = openShard(stream, pending.shard);
      if (shard !== undefined) await stream.split(shard, BigInt(pending.newStartingHashKey));
      return;
    }
    case "merge": {
      const shard = openShard(stream, pending.shard);
      const adjacent = openShard(stream, pending.adjacent);
      if (shard !== undefined && adjacent !== undefined) await stream.merge(shard, adjacent);
      return;
    }
    case "resize":
      return resize(stream, pending.target);
  }
}

/** Evenly over the hash keys: open shards are cut at the target's boundaries, then merged where none runs. */
async function resize(stream: Stream, target: number): Promise<void> {
  const boundaries = evenBoundaries(target);
  for (const boundary of boundaries) {
    const shard = byHashKey(stream).find(({ hashKeyRange: { start, end } }) => start < boundary && boundary <= end);
    if (shard !== undefined) await stream.split(shard, boundary);
  }
  const kept = new Set(boundaries);
  for (;;) {
    const shards = byHashKey(stream);
    const at = shards.findIndex((shard, i) => i > 0 && !kept.has(shard.hashKeyRange.start));
    if (at < 0) return;
    await stream.merge(shards[at - 1]!, shards[at]!);
  }
}

/** Where the second to last of `count` even shards begin. */
function evenBoundaries(count: number): readonly bigint[] {
  const width = (1n << 128n) / BigInt(count);
  return Array.from({ length: count - 1 }, (_, i) => width * BigInt(i + 1));
}

function byHashKey(stream: Stream): readonly Shard[] {
  return stream.shards
    .filter((shard) => shard.closedAtMs === undefined)
    .sort((a, b) => (a.hashKeyRange.start < b.hashKeyRange.start ? -1 : 1));
}

function openShard(stream: Stream, number: number): Shard | undefined {
  return stream.shards.find((shard) => shard.number === number && shard.closedAtMs === undefined);
}
