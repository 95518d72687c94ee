import { RECORD_KIB_DEFAULT, RECORD_KIB_MAX, RETENTION_HOURS_MIN } from "../../core/limits.js";
import type { StreamAttributes } from "../../stream/stream.js";
import { inUse, limitExceeded, validationError } from "../aws/aws-error.js";
import { operation } from "../aws/service.js";
import { integer, structure } from "../aws/shape.js";
import { type KinesisContext, kinesisStreams, openShardCount } from "./context.js";
import { requiredName, resourceTags, streamModeDetails } from "./members.js";
import { checkTagCharacters } from "./tags.js";

/** What an on-demand stream begins with, on AWS too. */
const ON_DEMAND_SHARDS = 4;
const SHARDS_MAX = 100_000;

const input = structure({
  // Required, but for on-demand streams: checked below, where the mode is known.
  ShardCount: integer({ min: 1, max: SHARDS_MAX, required: true, unless: "StreamModeDetails" }),
  StreamName: requiredName,
  StreamModeDetails: streamModeDetails,
  Tags: resourceTags,
  WarmThroughputMiBps: integer({ min: 0 }),
  MaxRecordSizeInKiB: integer({ min: RECORD_KIB_DEFAULT, max: RECORD_KIB_MAX }),
});

export const createStream = (context: KinesisContext) => {
  // Between the checks and the stream's being there, a second request must not pass the same checks.
  const underWay = new Map<string, number>();
  return operation(input, async (request) => {
    const { StreamName: name, StreamModeDetails: modeDetails } = request;
    const onDemand = modeDetails?.StreamMode === "ON_DEMAND";
    if (!onDemand && request.ShardCount === undefined) {
      throw validationError("ShardCount is required when StreamMode is PROVISIONED.");
    }
    if (onDemand && request.ShardCount !== undefined) {
      throw validationError("ShardCount must not be given when StreamMode is ON_DEMAND.");
    }
    const shards = request.ShardCount ?? ON_DEMAND_SHARDS;
    await context.lifecycle.nameFree(name);
    if (context.store.find(name) !== undefined || underWay.has(name)) {
      throw inUse(`Stream ${name} under account ${context.accountId} already exists.`);
    }
    const pendingShards = [...underWay.values()].reduce((sum, count) => sum + count, 0);
    checkShardLimit(context, shards, pendingShards);
    if (onDemand) checkOnDemandLimit(context);
    checkTagCharacters(context, "add", name, request.Tags ?? new Map());
    const attributes: StreamAttributes = {
      status: "CREATING",
      mode: onDemand ? "ON_DEMAND" : "PROVISIONED",
      retentionHours: RETENTION_HOURS_MIN,
      maxRecordKiB: request.MaxRecordSizeInKiB ?? RECORD_KIB_DEFAULT,
      tags: Object.fromEntries(request.Tags ?? []),
      encryption: { type: "NONE" },
      shardMetrics: [],
      consumers: [],
      defined: false,
      ...(modeDetails === undefined ? {} : { modeNamed: true }),
      ...(request.WarmThroughputMiBps === undefined ? {} : { warmThroughputMiBps: request.WarmThroughputMiBps }),
    };
    underWay.set(name, shards);
    try {
      context.lifecycle.created(await context.store.create({ name, kind: "kinesis", shards, attributes }));
    } finally {
      underWay.delete(name);
    }
    return undefined;
  });
};

export function checkShardLimit(context: KinesisContext, additional: number, pending = 0): void {
  const current = openShardCount(context) + pending;
  if (current + additional <= context.shardLimit) return;
  throw limitExceeded(
    `This request would exceed the shard limit for the account ${context.accountId} in ${context.region}. ` +
      `Current shard count for the account: ${current}. Limit: ${context.shardLimit}. ` +
      `Number of additional shards that would have resulted from this request: ${additional}. ` +
      "Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) " +
      "for current limits and how to request higher limits.",
  );
}

function checkOnDemandLimit(context: KinesisContext): void {
  const current = kinesisStreams(context).filter((stream) => stream.attributes.mode === "ON_DEMAND").length;
  if (current < context.onDemandStreamLimit) return;
  throw limitExceeded(
    `Account ${context.accountId} in ${context.region} has ${current} on-demand streams; the limit is ${context.onDemandStreamLimit}.`,
  );
}
