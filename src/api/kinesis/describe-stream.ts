import { RECORD_KIB_DEFAULT } from "../../core/limits.js";
import type { Stream } from "../../stream/stream.js";
import { operation } from "../aws/service.js";
import { structure } from "../aws/shape.js";
import { arnOf, type KinesisContext, kinesisStreams, openShardCount, openShards, requireStream } from "./context.js";
import { name, pageLimit, streamArn, streamId, streamName } from "./members.js";
import { readShardId } from "./shard-id.js";
import { shardView } from "./shard-view.js";

/** DescribeStream's own default. */
const SHARDS_A_PAGE = 100;

export const describeStream = (context: KinesisContext) =>
  operation(
    structure({
      Limit: pageLimit,
      ExclusiveStartShardId: name,
      StreamName: streamName,
      StreamARN: streamArn,
      StreamId: streamId,
    }),
    (request) => {
      const stream = requireStream(context, request);
      const after =
        request.ExclusiveStartShardId === undefined
          ? -1
          : readShardId(request.ExclusiveStartShardId, stream.name, context.accountId).number;
      const shards = context.lifecycle.showsShards(stream) ? stream.shards.filter((shard) => shard.number > after) : [];
      const limit = request.Limit ?? SHARDS_A_PAGE;
      return {
        StreamDescription: {
          ...commonView(context, stream),
          Shards: shards.slice(0, limit).map(shardView),
          HasMoreShards: shards.length > limit,
        },
      };
    },
  );

export const describeStreamSummary = (context: KinesisContext) =>
  operation(structure({ StreamName: streamName, StreamARN: streamArn, StreamId: streamId }), (request) => {
    const stream = requireStream(context, request);
    const { consumers, maxRecordKiB, warmThroughputMiBps } = stream.attributes;
    return {
      StreamDescriptionSummary: {
        ...commonView(context, stream),
        OpenShardCount: context.lifecycle.showsShards(stream) ? openShards(stream).length : 0,
        ConsumerCount: consumers.length,
        // Newer than the recorded answers that clients compare with: shown where they say anything.
        MaxRecordSizeInKiB: maxRecordKiB === RECORD_KIB_DEFAULT ? undefined : maxRecordKiB,
        WarmThroughput:
          warmThroughputMiBps === undefined
            ? undefined
            : { TargetMiBps: warmThroughputMiBps, CurrentMiBps: warmThroughputMiBps },
      },
    };
  });

export const describeLimits = (context: KinesisContext) =>
  operation(structure({}), () => ({
    ShardLimit: context.shardLimit,
    OpenShardCount: openShardCount(context),
    OnDemandStreamCount: kinesisStreams(context).filter((stream) => stream.attributes.mode === "ON_DEMAND").length,
    OnDemandStreamCountLimit: context.onDemandStreamLimit,
  }));

/** Nobody bills here, so that nobody has committed to a minimum. */
export const describeAccountSettings = () =>
  operation(structure({}), () => ({ MinimumThroughputBillingCommitment: { Status: "DISABLED" } }));

function commonView(context: KinesisContext, stream: Stream): object {
  const { attributes } = stream;
  return {
    StreamName: stream.name,
    StreamARN: arnOf(context, stream),
    StreamStatus: attributes.status,
    StreamCreationTimestamp: new Date(stream.createdAtMs),
    RetentionPeriodHours: attributes.retentionHours,
    EnhancedMonitoring: [{ ShardLevelMetrics: attributes.shardMetrics }],
    EncryptionType: attributes.encryption.type,
    KeyId: attributes.encryption.keyId,
    StreamModeDetails:
      attributes.modeNamed || attributes.mode === "ON_DEMAND" ? { StreamMode: attributes.mode } : undefined,
  };
}
