/** A shard as DescribeStream, ListShards and the ends of reads show it. */
import { CLOSING_COUNT } from "../../core/sequence-number.js";
import type { Shard, Stream } from "../../stream/stream.js";
import { sequenceText } from "./context.js";

export function shardView(shard: Shard): object {
  return {
    ShardId: shard.id,
    ParentShardId: shard.parent,
    AdjacentParentShardId: shard.adjacentParent,
    HashKeyRange: hashKeyRangeView(shard),
    SequenceNumberRange: {
      StartingSequenceNumber: sequenceText(shard, 0, shard.createdAtMs),
      EndingSequenceNumber:
        shard.closedAtMs === undefined ? undefined : sequenceText(shard, CLOSING_COUNT, shard.closedAtMs),
    },
  };
}

/** The shards that continue a closed one. */
export function childShardsView(stream: Stream, parent: Shard): readonly object[] {
  return stream.shards
    .filter((shard) => shard.parent === parent.id || shard.adjacentParent === parent.id)
    .map((shard) => ({
      ShardId: shard.id,
      ParentShards: [shard.parent, shard.adjacentParent].filter((id) => id !== undefined),
      HashKeyRange: hashKeyRangeView(shard),
    }));
}

function hashKeyRangeView({ hashKeyRange: { start, end } }: Shard): object {
  return { StartingHashKey: start.toString(), EndingHashKey: end.toString() };
}
