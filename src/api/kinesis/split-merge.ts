import type { Shard, Stream } from "../../stream/stream.js";
import { inUse, invalidArgument, limitExceeded, notFound } from "../aws/aws-error.js";
import { operation } from "../aws/service.js";
import { integer, string, structure } from "../aws/shape.js";
import {
  arnOf,
  findStream,
  type KinesisContext,
  openShards,
  requireStream,
  streamNameIn,
  streamNotFound,
} from "./context.js";
import { checkShardLimit } from "./create-stream.js";
import { requiredHashKey, requiredName, streamArn, streamId, streamName } from "./members.js";
import { readShardId, type ShardName } from "./shard-id.js";

const TARGET_SHARDS_MAX = 100_000;

export const splitShard = (context: KinesisContext) =>
  operation(
    structure({
      NewStartingHashKey: requiredHashKey,
      StreamName: streamName,
      ShardToSplit: requiredName,
      StreamARN: streamArn,
      StreamId: streamId,
    }),
    async (request) => {
      const name = streamNameIn(context, request);
      const shardName = readShardId(request.ShardToSplit, name, context.accountId);
      const stream = activeStream(context, name);
      const shard = shardOf(context, stream, shardName);
      checkShardLimit(context, 1);
      const hashKey = BigInt(request.NewStartingHashKey);
      const { start, end } = shard.hashKeyRange;
      if (hashKey <= start + 1n || hashKey >= end) {
        throw invalidArgument(
          `NewStartingHashKey ${request.NewStartingHashKey} used in SplitShard() on shard ${shard.id} in stream ${name} ` +
            `under account ${context.accountId} is not both greater than one plus the shard's StartingHashKey ${start} ` +
            `and less than the shard's EndingHashKey ${end}.`,
        );
      }
      requireOpen(context, stream, shard);
      await context.lifecycle.updating(stream, {
        kind: "split",
        shard: shard.number,
        newStartingHashKey: hashKey.toString(),
      });
      return undefined;
    },
  );

export const mergeShards = (context: KinesisContext) =>
  operation(
    structure({
      ShardToMerge: requiredName,
      AdjacentShardToMerge: requiredName,
      StreamName: streamName,
      StreamARN: streamArn,
      StreamId: streamId,
    }),
    async (request) => {
      const name = streamNameIn(context, request);
      const names = [request.ShardToMerge, request.AdjacentShardToMerge].map((id) =>
        readShardId(id, name, context.accountId),
      );
      const stream = activeStream(context, name);
      const [shard, adjacent] = names.map((one) => shardOf(context, stream, one)) as [Shard, Shard];
      if (shard.hashKeyRange.end + 1n !== adjacent.hashKeyRange.start) {
        throw invalidArgument(
          `Shards ${shard.id} and ${adjacent.id} in stream ${name} under account ${context.accountId} ` +
            "are not an adjacent pair of shards eligible for merging",
        );
      }
      requireOpen(context, stream, shard);
      requireOpen(context, stream, adjacent);
      await context.lifecycle.updating(stream, { kind: "merge", shard: shard.number, adjacent: adjacent.number });
      return undefined;
    },
  );

export const updateShardCount = (context: KinesisContext) =>
  operation(
    structure({
      ScalingType: string({ required: true, oneOf: ["UNIFORM_SCALING"] }),
      StreamName: streamName,
      TargetShardCount: integer({ required: true, min: 1, max: TARGET_SHARDS_MAX }),
      StreamARN: streamArn,
      StreamId: streamId,
    }),
    async (request) => {
      const stream = requireStream(context, request);
      requireActive(context, stream);
      if (stream.attributes.mode === "ON_DEMAND") {
        throw invalidArgument(
          `Stream ${stream.name} under account ${context.accountId} is in ON_DEMAND mode: its shards are not set by UpdateShardCount.`,
        );
      }
      const target = request.TargetShardCount;
      const current = openShards(stream).length;
      const counts = `Current open shard count: ${current}, Target shard count: ${target}`;
      if (target > context.shardLimit) {
        throw limitExceeded(
          `Target shard count or number of open shards cannot be greater than ${context.shardLimit}. ${counts}`,
        );
      }
      if (target > current * 2) {
        throw limitExceeded(`UpdateShardCount cannot scale up over double your current open shard count. ${counts}`);
      }
      if (target < current / 2) {
        throw limitExceeded(`UpdateShardCount cannot scale down below half your current open shard count. ${counts}`);
      }
      if (target > current) checkShardLimit(context, target - current);
      if (target !== current) await context.lifecycle.updating(stream, { kind: "resize", target });
      return {
        StreamName: stream.name,
        StreamARN: arnOf(context, stream),
        CurrentShardCount: current,
        TargetShardCount: target,
      };
    },
  );

function activeStream(context: KinesisContext, name: string): Stream {
  const stream = findStream(context, name);
  if (stream === undefined) throw streamNotFound(context, name);
  requireActive(context, stream);
  return stream;
}

export function requireActive(context: KinesisContext, stream: Stream): void {
  const { status } = stream.attributes;
  if (status === "ACTIVE") return;
  throw inUse(`Stream ${stream.name} under account ${context.accountId} not ACTIVE, instead in state ${status}`);
}

function shardOf(context: KinesisContext, stream: Stream, { number, id }: ShardName): Shard {
  const shard = stream.shards.find((one) => one.number === number);
  if (shard === undefined) {
    throw notFound(`Could not find shard ${id} in stream ${stream.name} under account ${context.accountId}.`);
  }
  return shard;
}

function requireOpen(context: KinesisContext, stream: Stream, shard: Shard): void {
  if (shard.closedAtMs === undefined) return;
  throw inUse(
    `Shard ${shard.id} in stream ${stream.name} under account ${context.accountId} has already been merged or split, ` +
      "and thus is not eligible for merging or splitting.",
  );
}
