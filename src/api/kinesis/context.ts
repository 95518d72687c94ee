/** What every Kinesis operation works with, and how it finds the stream a request names. */
import type { Clock } from "../../core/clock.js";
import { formatSequenceNumber } from "../../core/sequence-number.js";
import type { Shard, Stream, StreamStore } from "../../stream/stream.js";
import { invalidArgument, notFound } from "../aws/aws-error.js";
import { parseArn, streamArnOf } from "./arn.js";
import type { TokenSeal } from "./iterator.js";
import type { Lifecycle } from "./lifecycle.js";
import type { ThroughputLimits } from "./throughput.js";

export interface KinesisContext {
  readonly store: StreamStore;
  readonly clock: Clock;
  readonly accountId: string;
  readonly region: string;
  readonly shardLimit: number;
  readonly onDemandStreamLimit: number;
  readonly lifecycle: Lifecycle;
  readonly tokens: TokenSeal;
  /** Undefined while limits are off. */
  readonly throughput: ThroughputLimits | undefined;
}

export interface StreamReference {
  readonly StreamName?: string | undefined;
  readonly StreamARN?: string | undefined;
}

/** The name that a request gives, directly or in an ARN. */
export function streamNameIn(context: KinesisContext, reference: StreamReference): string {
  const { StreamName: name, StreamARN: arn } = reference;
  if (arn === undefined) return name ?? "";
  const parsed = parseArn(arn);
  if (parsed === undefined) throw invalidArgument(`StreamARN ${arn} is not the ARN of a stream.`);
  if (name !== undefined && name !== parsed.stream) {
    throw invalidArgument(`StreamName ${name} and StreamARN ${arn} do not name the same stream.`);
  }
  if (parsed.accountId !== context.accountId || parsed.region !== context.region) {
    throw notFound(`Stream ${parsed.stream} under account ${parsed.accountId} not found.`);
  }
  return parsed.stream;
}

export function streamNotFound(context: KinesisContext, name: string) {
  return notFound(`Stream ${name} under account ${context.accountId} not found.`);
}

/** The stream, unless there is none or it is not for this API. */
export function findStream(context: KinesisContext, name: string): Stream | undefined {
  const stream = context.store.find(name);
  return stream?.kind === "kinesis" ? stream : undefined;
}

export function requireStream(context: KinesisContext, reference: StreamReference): Stream {
  const name = streamNameIn(context, reference);
  const stream = findStream(context, name);
  if (stream === undefined) throw streamNotFound(context, name);
  return stream;
}

export function kinesisStreams(context: KinesisContext): readonly Stream[] {
  return context.store.streams().filter((stream) => stream.kind === "kinesis");
}

export function arnOf(context: KinesisContext, stream: Stream): string {
  return streamArnOf(context, stream.name);
}

export function openShards(stream: Stream): readonly Shard[] {
  return stream.shards.filter((shard) => shard.closedAtMs === undefined);
}

/** Open shards of all provisioned and on-demand streams, those being made included. */
export function openShardCount(context: KinesisContext): number {
  return kinesisStreams(context).reduce((sum, stream) => sum + openShards(stream).length, 0);
}

export function sequenceText(shard: Shard, count: number | bigint, arrivalMs: number): string {
  return formatSequenceNumber({ createdAtMs: shard.createdAtMs, shard: shard.number }, count, arrivalMs);
}
