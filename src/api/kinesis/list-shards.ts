import type { Shard, Stream } from "../../stream/stream.js";
import { invalidArgument } from "../aws/aws-error.js";
import { operation } from "../aws/service.js";
import { string, structure } from "../aws/shape.js";
import { findStream, type KinesisContext, streamNameIn, streamNotFound } from "./context.js";
import { openListToken } from "./list-token.js";
import { moment, name, nextToken, pageLimit, streamArn, streamId } from "./members.js";
import { readShardId } from "./shard-id.js";
import { shardView } from "./shard-view.js";

const SHARDS_A_PAGE = 1_000;
const FILTERS = [
  "AFTER_SHARD_ID",
  "AT_TRIM_HORIZON",
  "FROM_TRIM_HORIZON",
  "AT_LATEST",
  "AT_TIMESTAMP",
  "FROM_TIMESTAMP",
] as const;

const input = structure({
  ExclusiveStartShardId: name,
  MaxResults: pageLimit,
  NextToken: nextToken,
  StreamCreationTimestamp: moment,
  StreamName: name,
  StreamARN: streamArn,
  StreamId: streamId,
  ShardFilter: structure({
    Type: string({ required: true, oneOf: FILTERS }),
    ShardId: name,
    Timestamp: moment,
  }),
});

interface Filter {
  readonly Type: string;
  readonly ShardId: string | undefined;
  readonly Timestamp: number | undefined;
}

export const listShards = (context: KinesisContext) =>
  operation(input, (request) => {
    const { NextToken: token } = request;
    if (request.StreamName === undefined && request.StreamARN === undefined && token === undefined) {
      throw invalidArgument("Either NextToken or StreamName should be provided.");
    }
    if (token !== undefined && (request.StreamName !== undefined || request.StreamARN !== undefined)) {
      throw invalidArgument("NextToken and StreamName cannot be provided together.");
    }
    if (token !== undefined && request.StreamCreationTimestamp !== undefined) {
      throw invalidArgument("NextToken and StreamCreationTimestamp cannot be provided together.");
    }
    if (token !== undefined && request.ExclusiveStartShardId !== undefined) {
      throw invalidArgument("NextToken and ExclusiveStartShardId cannot be provided together.");
    }
    const opened = token === undefined ? undefined : openListToken(context, token, "shards");
    const streamName = opened?.stream ?? streamNameIn(context, request);
    const stream = findStream(context, streamName);
    if (
      stream === undefined ||
      (opened !== undefined && stream.createdAtMs !== opened.streamCreatedAtMs) ||
      !createdThen(stream, request.StreamCreationTimestamp)
    ) {
      throw streamNotFound(context, streamName);
    }
    const after =
      opened?.shard ??
      (request.ExclusiveStartShardId === undefined
        ? -1
        : readShardId(request.ExclusiveStartShardId, stream.name, context.accountId).number);
    const shown = context.lifecycle.showsShards(stream) ? stream.shards : [];
    const filtered =
      request.ShardFilter === undefined ? shown : shown.filter(filterOf(context, stream, request.ShardFilter));
    const rest = filtered.filter((shard) => shard.number > after);
    const page = rest.slice(0, request.MaxResults ?? SHARDS_A_PAGE);
    const last = page.at(-1);
    return {
      Shards: page.map(shardView),
      NextToken: rest.length > page.length && last !== undefined ? tokenAfter(context, stream, last) : undefined,
    };
  });

function tokenAfter(context: KinesisContext, stream: Stream, last: Shard): string {
  return context.tokens.seal({
    kind: "shards",
    madeAtMs: context.clock.now(),
    stream: stream.name,
    streamCreatedAtMs: stream.createdAtMs,
    shard: last.number,
    position: 0,
  });
}

/** A stream deleted and made anew under its name is told apart by its time, to the second. */
function createdThen(stream: Stream, timestampMs: number | undefined): boolean {
  return timestampMs === undefined || Math.floor(timestampMs / 1000) === Math.floor(stream.createdAtMs / 1000);
}

function filterOf(context: KinesisContext, stream: Stream, filter: Filter): (shard: Shard) => boolean {
  const { Type: type, Timestamp: atMs } = filter;
  const isOpen = (shard: Shard) => shard.closedAtMs === undefined;
  switch (type) {
    case "AFTER_SHARD_ID": {
      if (filter.ShardId === undefined)
        throw invalidArgument("ShardId must be provided for the filter AFTER_SHARD_ID.");
      const { number } = readShardId(filter.ShardId, stream.name, context.accountId);
      return (shard) => shard.number > number;
    }
    case "AT_LATEST":
      return isOpen;
    case "FROM_TRIM_HORIZON":
      return () => true;
    case "AT_TRIM_HORIZON": {
      const horizonMs = context.clock.now() - stream.attributes.retentionHours * 3_600_000;
      const startMs = Math.max(horizonMs, stream.createdAtMs);
      return (shard) => openAt(shard, stream, startMs);
    }
    default: {
      if (atMs === undefined) throw invalidArgument(`Timestamp must be provided for the filter ${type}.`);
      if (type === "AT_TIMESTAMP") return (shard) => openAt(shard, stream, atMs);
      return (shard) => isOpen(shard) || (shard.closedAtMs ?? 0) >= atMs;
    }
  }
}

/** A shard without parents has been there since the stream has. */
function openAt(shard: Shard, stream: Stream, atMs: number): boolean {
  const sinceMs = shard.parent === undefined ? stream.createdAtMs : shard.createdAtMs;
  return sinceMs <= atMs && (shard.closedAtMs === undefined || shard.closedAtMs > atMs);
}
