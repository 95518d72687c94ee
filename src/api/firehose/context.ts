import type { Clock } from "../../core/clock.js";
import { MIB } from "../../core/limits.js";
import type { Stream, StreamStore } from "../../stream/stream.js";
import { notFound } from "../aws/aws-error.js";
import { string } from "../aws/shape.js";

export interface FirehoseContext {
  readonly store: StreamStore;
  readonly clock: Clock;
  readonly accountId: string;
  readonly region: string;
  readonly throughput: DirectPutLimits | undefined;
}

const NAME_RULES = { pattern: "[a-zA-Z0-9_.-]+", min: 1, max: 64 } as const;
export const deliveryStreamName = string({ ...NAME_RULES, required: true });
export const optionalDeliveryStreamName = string(NAME_RULES);

/** Firehose knows the streams of `directPut()` tables, and no others. */
export function requireDeliveryStream(context: FirehoseContext, name: string): Stream {
  const stream = context.store.find(name);
  if (stream?.kind !== "direct-put") throw notFound(`Firehose ${name} under account ${context.accountId} not found.`);
  return stream;
}

export function deliveryStreams(context: FirehoseContext): readonly Stream[] {
  return context.store.streams().filter((stream) => stream.kind === "direct-put");
}

/** Firehose quota, Direct PUT in the larger regions: 500,000 records and 5 MiB a second for each stream. */
const RECORDS_A_SECOND = 500_000;
const BYTES_A_SECOND = 5 * MIB;

export interface DirectPutLimits {
  /** Takes the record's share, or answers false and takes nothing. */
  put(stream: Stream, bytes: number): boolean;
}

export function directPutLimits(clock: Clock): DirectPutLimits {
  const buckets = new WeakMap<Stream, { bytes: number; records: number; filledAtMs: number }>();
  return {
    put: (stream, bytes) => {
      const now = clock.monotonic();
      const bucket = buckets.get(stream) ?? { bytes: BYTES_A_SECOND, records: RECORDS_A_SECOND, filledAtMs: now };
      buckets.set(stream, bucket);
      const seconds = (now - bucket.filledAtMs) / 1000;
      bucket.bytes = Math.min(BYTES_A_SECOND, bucket.bytes + seconds * BYTES_A_SECOND);
      bucket.records = Math.min(RECORDS_A_SECOND, bucket.records + seconds * RECORDS_A_SECOND);
      bucket.filledAtMs = now;
      if (bucket.records < 1 || bucket.bytes < bytes) return false;
      bucket.records -= 1;
      bucket.bytes -= bytes;
      return true;
    },
  };
}
