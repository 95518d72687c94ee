/**
 * Sequence numbers: a dense count per shard inside, the service's decimal number outside.
 *
 * The service's current form is a 186-bit number, written in decimal; in hexadecimal digits, from the left:
 *
 *     2 | shard created, seconds (9) | shard, low digit (1) | count (16) | 00 | arrival, seconds (9) | shard (8) | 2
 *
 * The count stands above the arrival time, so numbers grow with the count whatever the clock does.
 * (Layout as observed on the service and recorded by the public emulator projects.)
 */

export interface ShardOrigin {
  /** When the shard was created, milliseconds since the epoch; only its seconds enter the number. */
  readonly createdAtMs: number;
  /** The number in `shardId-000000000007`: 7. */
  readonly shard: number;
}

export interface SequenceParts extends ShardOrigin {
  /** The count within the shard: 0 names the shard's start, the first record has 1 or more. */
  readonly count: bigint;
  readonly arrivalMs: number;
}

const COUNT_SHIFT = 80n;
const ARRIVAL_SHIFT = 36n;
const VERSION_MIN = 1n << 185n;
const VERSION_MAX = (1n << 185n) + (1n << 184n);
/** The service's own upper bound on the seconds field (the year 2477). */
const CREATED_SECONDS_MAX = 16_025_175_000;

/** What closes a shard: above every record's count. */
export const CLOSING_COUNT = 0x7fffffffffffffffn;

function fixedPart(origin: ShardOrigin): bigint {
  const createdSeconds = BigInt(Math.floor(origin.createdAtMs / 1000));
  return (
    (2n << 184n) | (createdSeconds << 148n) | (BigInt(origin.shard & 0xf) << 144n) | (BigInt(origin.shard) << 4n) | 2n
  );
}

export function formatSequenceNumber(origin: ShardOrigin, count: number | bigint, arrivalMs: number): string {
  const arrivalSeconds = BigInt(Math.floor(arrivalMs / 1000));
  return (fixedPart(origin) | (BigInt(count) << COUNT_SHIFT) | (arrivalSeconds << ARRIVAL_SHIFT)).toString();
}

/** Takes a sequence number apart; undefined when it is none of the current form. */
export function parseSequenceNumber(text: string): SequenceParts | undefined {
  if (!/^\d{1,129}$/.test(text)) return undefined;
  const value = BigInt(text);
  if (value <= VERSION_MIN || value >= VERSION_MAX || (value & 0xfn) !== 2n) return undefined;
  const createdSeconds = Number((value >> 148n) & 0xfffffffffn);
  const count = (value >> COUNT_SHIFT) & 0xffffffffffffffffn;
  if (createdSeconds >= CREATED_SECONDS_MAX || count > CLOSING_COUNT) return undefined;
  return {
    createdAtMs: createdSeconds * 1000,
    shard: Number((value >> 4n) & 0xffffffffn) | 0,
    count,
    arrivalMs: Number((value >> ARRIVAL_SHIFT) & 0xfffffffffn) * 1000,
  };
}

export function shardIdOf(shard: number): string {
  return `shardId-${String(shard).padStart(12, "0")}`;
}
