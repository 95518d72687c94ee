/** Operations that change one setting of a stream: its mode, record size, throughput, encryption and metrics. */
import { RECORD_KIB_DEFAULT, RECORD_KIB_MAX } from "../../core/limits.js";
import { inUse, limitExceeded } from "../aws/aws-error.js";
import { operation } from "../aws/service.js";
import { integer, list, string, structure } from "../aws/shape.js";
import { arnOf, type KinesisContext, kinesisStreams, requireStream } from "./context.js";
import { requiredStreamArn, requiredStreamModeDetails, streamArn, streamId, streamName } from "./members.js";
import { requireActive } from "./split-merge.js";

const SHARD_METRICS = [
  "IncomingBytes",
  "IncomingRecords",
  "OutgoingBytes",
  "OutgoingRecords",
  "WriteProvisionedThroughputExceeded",
  "ReadProvisionedThroughputExceeded",
  "IteratorAgeMilliseconds",
] as const;

export const updateStreamMode = (context: KinesisContext) =>
  operation(
    structure({
      StreamARN: requiredStreamArn,
      StreamModeDetails: requiredStreamModeDetails,
      StreamId: streamId,
      WarmThroughputMiBps: integer({ min: 0 }),
    }),
    async (request) => {
      const stream = requireStream(context, request);
      requireActive(context, stream);
      const mode = request.StreamModeDetails.StreamMode === "ON_DEMAND" ? "ON_DEMAND" : "PROVISIONED";
      const onDemand = kinesisStreams(context).filter((one) => one.attributes.mode === "ON_DEMAND").length;
      if (mode === "ON_DEMAND" && stream.attributes.mode !== mode && onDemand >= context.onDemandStreamLimit) {
        throw limitExceeded(
          `Account ${context.accountId} in ${context.region} has ${onDemand} on-demand streams; the limit is ${context.onDemandStreamLimit}.`,
        );
      }
      const warm = request.WarmThroughputMiBps;
      await stream.update({ mode, modeNamed: true, ...(warm === undefined ? {} : { warmThroughputMiBps: warm }) });
      await context.lifecycle.updating(stream);
      return undefined;
    },
  );

export const updateMaxRecordSize = (context: KinesisContext) =>
  operation(
    structure({
      MaxRecordSizeInKiB: integer({ required: true, min: RECORD_KIB_DEFAULT, max: RECORD_KIB_MAX }),
      StreamARN: requiredStreamArn,
      StreamId: streamId,
    }),
    async (request) => {
      const stream = requireStream(context, request);
      requireActive(context, stream);
      await stream.update({ maxRecordKiB: request.MaxRecordSizeInKiB });
      await context.lifecycle.updating(stream);
      return undefined;
    },
  );

export const updateStreamWarmThroughput = (context: KinesisContext) =>
  operation(
    structure({
      WarmThroughputMiBps: integer({ required: true, min: 0 }),
      StreamName: streamName,
      StreamARN: streamArn,
      StreamId: streamId,
    }),
    async (request) => {
      const stream = requireStream(context, request);
      requireActive(context, stream);
      const CurrentMiBps = stream.attributes.warmThroughputMiBps ?? 0;
      await stream.update({ warmThroughputMiBps: request.WarmThroughputMiBps });
      await context.lifecycle.updating(stream);
      return {
        StreamARN: arnOf(context, stream),
        StreamName: stream.name,
        WarmThroughput: { TargetMiBps: request.WarmThroughputMiBps, CurrentMiBps },
      };
    },
  );

const encryptionInput = structure({
  EncryptionType: string({ required: true, oneOf: ["NONE", "KMS"] }),
  KeyId: string({ required: true, min: 1, max: 2048 }),
  StreamName: streamName,
  StreamARN: streamArn,
  StreamId: streamId,
});

/** Only the setting: nothing here is encrypted with a key of KMS. */
export const startStreamEncryption = (context: KinesisContext) =>
  operation(encryptionInput, async (request) => {
    const stream = requireStream(context, request);
    requireActive(context, stream);
    await stream.update({ encryption: { type: "KMS", keyId: request.KeyId } });
    await context.lifecycle.updating(stream);
    return undefined;
  });

export const stopStreamEncryption = (context: KinesisContext) =>
  operation(encryptionInput, async (request) => {
    const stream = requireStream(context, request);
    requireActive(context, stream);
    await stream.update({ encryption: { type: "NONE" } });
    await context.lifecycle.updating(stream);
    return undefined;
  });

const monitoringInput = structure({
  ShardLevelMetrics: list(string({ oneOf: [...SHARD_METRICS, "ALL"] }), { required: true, min: 1, max: 7 }),
  StreamName: streamName,
  StreamARN: streamArn,
  StreamId: streamId,
});

export const enableEnhancedMonitoring = (context: KinesisContext) => changeMonitoring(context, true);
export const disableEnhancedMonitoring = (context: KinesisContext) => changeMonitoring(context, false);

function changeMonitoring(context: KinesisContext, enable: boolean) {
  return operation(monitoringInput, async (request) => {
    const stream = requireStream(context, request);
    if (stream.attributes.status !== "ACTIVE") {
      throw inUse(`Stream ${stream.name} under account ${context.accountId} not ACTIVE.`);
    }
    const current = stream.attributes.shardMetrics;
    const named = new Set(request.ShardLevelMetrics.includes("ALL") ? SHARD_METRICS : request.ShardLevelMetrics);
    const desired = SHARD_METRICS.filter((metric) =>
      enable ? named.has(metric) || current.includes(metric) : current.includes(metric) && !named.has(metric),
    );
    await stream.update({ shardMetrics: desired });
    return {
      StreamName: stream.name,
      StreamARN: arnOf(context, stream),
      CurrentShardLevelMetrics: current,
      DesiredShardLevelMetrics: desired,
    };
  });
}
