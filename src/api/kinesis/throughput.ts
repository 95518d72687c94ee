/**
 * A shard's limits, for those who want to meet them before AWS does: 1 MiB/s and 1,000 records/s in, 5 reads/s and 2 MiB/s out.
 * Each is a bucket that a second fills.
 */
import type { Clock } from "../../core/clock.js";
import { MIB } from "../../core/limits.js";
import type { Shard, Stream } from "../../stream/stream.js";
import { AwsError } from "../aws/aws-error.js";

const WRITE_BYTES_A_SECOND = MIB;
const WRITE_RECORDS_A_SECOND = 1_000;
const READS_A_SECOND = 5;
const READ_BYTES_A_SECOND = 2 * MIB;

export interface ThroughputLimits {
  /** Takes the record's share, or answers false and takes nothing. */
  write(shard: Shard, bytes: number): boolean;
  /** Before a read; false when the shard was read too often or too much. */
  read(shard: Shard): boolean;
  /** After it: what it returned may exceed what is left, and later reads pay for it. */
  readBytes(shard: Shard, bytes: number): void;
}

interface Bucket {
  level: number;
  filledAtMs: number;
}

export function throughputLimits(clock: Clock): ThroughputLimits {
  const writes = new WeakMap<Shard, { bytes: Bucket; records: Bucket }>();
  const reads = new WeakMap<Shard, { bytes: Bucket; reads: Bucket }>();
  const full = (level: number): Bucket => ({ level, filledAtMs: clock.monotonic() });
  const fill = (bucket: Bucket, perSecond: number) => {
    const now = clock.monotonic();
    bucket.level = Math.min(perSecond, bucket.level + ((now - bucket.filledAtMs) / 1000) * perSecond);
    bucket.filledAtMs = now;
    return bucket;
  };
  const writeBuckets = (shard: Shard) => {
    const known = writes.get(shard);
    if (known !== undefined) return known;
    const made = { bytes: full(WRITE_BYTES_A_SECOND), records: full(WRITE_RECORDS_A_SECOND) };
    writes.set(shard, made);
    return made;
  };
  const readBuckets = (shard: Shard) => {
    const known = reads.get(shard);
    if (known !== undefined) return known;
    const made = { bytes: full(READ_BYTES_A_SECOND), reads: full(READS_A_SECOND) };
    reads.set(shard, made);
    return made;
  };
  return {
    write: (shard, bytes) => {
      const buckets = writeBuckets(shard);
      const byteBucket = fill(buckets.bytes, WRITE_BYTES_A_SECOND);
      const recordBucket = fill(buckets.records, WRITE_RECORDS_A_SECOND);
      // A record larger than a second's worth passes when the bucket is full, and is paid for afterwards.
      if (recordBucket.level < 1 || byteBucket.level < Math.min(bytes, WRITE_BYTES_A_SECOND)) return false;
      recordBucket.level -= 1;
      byteBucket.level -= bytes;
      return true;
    },
    read: (shard) => {
      const buckets = readBuckets(shard);
      const readBucket = fill(buckets.reads, READS_A_SECOND);
      if (readBucket.level < 1 || fill(buckets.bytes, READ_BYTES_A_SECOND).level <= 0) return false;
      readBucket.level -= 1;
      return true;
    },
    readBytes: (shard, bytes) => {
      readBuckets(shard).bytes.level -= bytes;
    },
  };
}

export const THROUGHPUT_EXCEEDED = "ProvisionedThroughputExceededException";

export function rateExceededMessage(shard: Shard, stream: Stream, accountId: string): string {
  return `Rate exceeded for shard ${shard.id} in stream ${stream.name} under account ${accountId}.`;
}

export function throughputExceeded(shard: Shard, stream: Stream, accountId: string): AwsError {
  return new AwsError(THROUGHPUT_EXCEEDED, rateExceededMessage(shard, stream, accountId));
}
