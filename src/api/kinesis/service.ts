/** The Kinesis Data Streams API (2013-12-02) over a stream store. */
import type { Clock } from "../../core/clock.js";
import type { StreamStore } from "../../stream/stream.js";
import type { AwsService, Operation } from "../aws/service.js";
import {
  deregisterStreamConsumer,
  describeStreamConsumer,
  listStreamConsumers,
  registerStreamConsumer,
} from "./consumers.js";
import type { KinesisContext } from "./context.js";
import { createStream } from "./create-stream.js";
import { deleteStream } from "./delete-stream.js";
import { describeAccountSettings, describeLimits, describeStream, describeStreamSummary } from "./describe-stream.js";
import { getRecords } from "./get-records.js";
import { getShardIterator } from "./get-shard-iterator.js";
import { tokenSeal } from "./iterator.js";
import { LIFECYCLE_DELAYS, type LifecycleDelays, lifecycle } from "./lifecycle.js";
import { listShards } from "./list-shards.js";
import { listStreams } from "./list-streams.js";
import { putRecord } from "./put-record.js";
import { putRecords } from "./put-records.js";
import { decreaseRetention, increaseRetention } from "./retention.js";
import {
  disableEnhancedMonitoring,
  enableEnhancedMonitoring,
  startStreamEncryption,
  stopStreamEncryption,
  updateMaxRecordSize,
  updateStreamMode,
  updateStreamWarmThroughput,
} from "./settings.js";
import { mergeShards, splitShard, updateShardCount } from "./split-merge.js";
import { subscribeToShard } from "./subscribe-to-shard.js";
import {
  addTagsToStream,
  listTagsForResource,
  listTagsForStream,
  removeTagsFromStream,
  tagResource,
  untagResource,
} from "./tags.js";
import { throughputLimits } from "./throughput.js";

export interface KinesisOptions {
  readonly store: StreamStore;
  readonly clock: Clock;
  readonly accountId: string;
  readonly region: string;
  /** Refuse what is beyond a shard's limits, as AWS does. Default false. */
  readonly throughputLimits?: boolean;
  /** Open shards that all streams may have together; default 500, as in the larger regions before quotas were raised. */
  readonly shardLimit?: number;
  /** Default 50, the service's quota. */
  readonly onDemandStreamLimit?: number;
  /** How long streams stay CREATING, UPDATING and DELETING; default half a second each. */
  readonly delays?: Partial<LifecycleDelays>;
  /** 32 bytes. With the same key, iterators and list tokens outlive a restart. */
  readonly tokenKey?: Uint8Array;
  readonly log?: { error(message: string, error: unknown): void };
}

export interface KinesisService extends AwsService {
  /** Stops timers; streams left CREATING, UPDATING or DELETING are taken up at the next start. */
  close(): void;
}

const SHARD_LIMIT = 500;
const ON_DEMAND_STREAM_LIMIT = 50;

/** Also takes up, at once, what a previous process left under way. */
export function kinesisService(options: KinesisOptions): KinesisService {
  const { store, clock } = options;
  const life = lifecycle({
    store,
    clock,
    delays: { ...LIFECYCLE_DELAYS, ...options.delays },
    onError: (message, error) => options.log?.error(message, error),
  });
  const context: KinesisContext = {
    store,
    clock,
    accountId: options.accountId,
    region: options.region,
    shardLimit: options.shardLimit ?? SHARD_LIMIT,
    onDemandStreamLimit: options.onDemandStreamLimit ?? ON_DEMAND_STREAM_LIMIT,
    lifecycle: life,
    tokens: tokenSeal(options.tokenKey),
    throughput: options.throughputLimits ? throughputLimits(clock) : undefined,
  };
  life.resume();
  return {
    target: "Kinesis_20131202",
    signingName: "kinesis",
    operations: new Map(Object.entries(operations(context))),
    close: () => life.close(),
  };
}

function operations(context: KinesisContext): Readonly<Record<string, Operation>> {
  return {
    AddTagsToStream: addTagsToStream(context),
    CreateStream: createStream(context),
    DecreaseStreamRetentionPeriod: decreaseRetention(context),
    DeleteStream: deleteStream(context),
    DeregisterStreamConsumer: deregisterStreamConsumer(context),
    DescribeAccountSettings: describeAccountSettings(),
    DescribeLimits: describeLimits(context),
    DescribeStream: describeStream(context),
    DescribeStreamConsumer: describeStreamConsumer(context),
    DescribeStreamSummary: describeStreamSummary(context),
    DisableEnhancedMonitoring: disableEnhancedMonitoring(context),
    EnableEnhancedMonitoring: enableEnhancedMonitoring(context),
    GetRecords: getRecords(context),
    GetShardIterator: getShardIterator(context),
    IncreaseStreamRetentionPeriod: increaseRetention(context),
    ListShards: listShards(context),
    ListStreamConsumers: listStreamConsumers(context),
    ListStreams: listStreams(context),
    ListTagsForResource: listTagsForResource(context),
    ListTagsForStream: listTagsForStream(context),
    MergeShards: mergeShards(context),
    PutRecord: putRecord(context),
    PutRecords: putRecords(context),
    RegisterStreamConsumer: registerStreamConsumer(context),
    RemoveTagsFromStream: removeTagsFromStream(context),
    SplitShard: splitShard(context),
    StartStreamEncryption: startStreamEncryption(context),
    StopStreamEncryption: stopStreamEncryption(context),
    SubscribeToShard: subscribeToShard(context),
    TagResource: tagResource(context),
    UntagResource: untagResource(context),
    UpdateMaxRecordSize: updateMaxRecordSize(context),
    UpdateShardCount: updateShardCount(context),
    UpdateStreamMode: updateStreamMode(context),
    UpdateStreamWarmThroughput: updateStreamWarmThroughput(context),
  };
}
