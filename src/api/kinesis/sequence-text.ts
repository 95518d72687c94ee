/**
 * Sequence numbers as callers give them. Beside today's form (core/sequence-number.ts, version 2) the service still reads two older ones,
 * far enough to say what is wrong with them; none of ours is in those forms.
 */
const VERSION_0_MIN = 1n << 124n;
const VERSION_0_END = 1n << 129n;
const CURRENT_MIN = 1n << 185n;
const CURRENT_END = (1n << 185n) + (1n << 184n);
/** The service's bound on the seconds of a shard's creation. */
const CREATED_SECONDS_END = 16_025_175_000;

export interface GivenSequence {
  readonly version: 0 | 1 | 2;
  readonly createdSeconds: number;
  readonly shard: number;
  /** Version 2: the count within the shard. */
  readonly count: bigint;
  readonly arrivalMs: number;
}

/** Undefined where the service calls the number invalid. The text is decimal already. */
export function readSequenceNumber(text: string): GivenSequence | undefined {
  const given = BigInt(text);
  const value = given < VERSION_0_MIN ? given + VERSION_0_MIN : given;
  if (value < VERSION_0_END) {
    const createdSeconds = bits(value, 88n, 36n);
    if (createdSeconds >= CREATED_SECONDS_END) return undefined;
    return { version: 0, createdSeconds, shard: bits(value, 0n, 16n), count: 0n, arrivalMs: 0 };
  }
  if (value <= CURRENT_MIN || value >= CURRENT_END) return undefined;
  const version = bits(value, 0n, 4n);
  const createdSeconds = bits(value, 148n, 36n);
  if (version === 1) {
    const arrivalMs = bits(value, 100n, 36n) * 1000;
    return { version, createdSeconds, shard: bits(value, 4n, 32n), count: 0n, arrivalMs };
  }
  if (version !== 2) return undefined;
  const count = (value >> 80n) & 0xffff_ffff_ffff_ffffn;
  if (count >> 63n !== 0n || createdSeconds >= CREATED_SECONDS_END) return undefined;
  const shard = bits(value, 4n, 32n);
  const arrivalMs = bits(value, 36n, 36n) * 1000;
  return { version, createdSeconds, shard: shard > 0x7fff_ffff ? -shard : shard, count, arrivalMs };
}

/** `shardId-000000000005`; a negative number keeps its sign and loses a digit, as in the service's messages. */
export function printedShardId(shard: number): string {
  return shard < 0 ? `shardId--${String(-shard).padStart(11, "0")}` : `shardId-${String(shard).padStart(12, "0")}`;
}

/** The first dense sequence that stands at or behind the given count. */
export function sequenceAt(count: bigint): number {
  const most = BigInt(Number.MAX_SAFE_INTEGER) - 1n;
  return Number(count > most ? most : count < 1n ? 1n : count);
}

function bits(value: bigint, shift: bigint, width: bigint): number {
  return Number((value >> shift) & ((1n << width) - 1n));
}
