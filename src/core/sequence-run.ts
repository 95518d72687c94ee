/**
 * Sequence numbers for many records of one shard, written as ASCII digits straight into an answer.
 *
 * A record's number is its predecessor's plus 2^80 for as long as the arrival second stays the same, so one addition on
 * the digits replaces a 186-bit number turned into decimal for each record. Always agrees with `formatSequenceNumber`; a
 * test holds the two together.
 */
import { formatSequenceNumber, type ShardOrigin } from "./sequence-number.js";

/** Every number of the current form, 2^185 to 1.5 * 2^185, has as many decimal digits. */
export const SEQUENCE_NUMBER_DIGITS = 56;

/** 2^80 in decimal, least digit first: what one more record adds. */
const STEP = Uint8Array.from([...(1n << 80n).toString()].reverse(), Number);
const ZERO = 0x30;

export interface SequenceRun {
  /** Writes the number of the record with that count and arrival; quickest for counts that follow each other. */
  write(target: Uint8Array, offset: number, count: number, arrivalMs: number): void;
}

export function sequenceRun(origin: ShardOrigin): SequenceRun {
  const digits = new Uint8Array(SEQUENCE_NUMBER_DIGITS);
  let lastCount = -1;
  let lastSecond = -1;
  return {
    write: (target, offset, count, arrivalMs) => {
      const second = Math.floor(arrivalMs / 1000);
      if (count === lastCount + 1 && second === lastSecond) {
        addStep(digits);
      } else {
        const text = formatSequenceNumber(origin, count, arrivalMs);
        for (let i = 0; i < SEQUENCE_NUMBER_DIGITS; i++) digits[i] = text.charCodeAt(i);
        lastSecond = second;
      }
      lastCount = count;
      for (let i = 0; i < SEQUENCE_NUMBER_DIGITS; i++) target[offset + i] = digits[i]!;
    },
  };
}

function addStep(digits: Uint8Array): void {
  let carry = 0;
  for (let i = 0, at = SEQUENCE_NUMBER_DIGITS - 1; i < STEP.length || carry > 0; i++, at--) {
    let sum = digits[at]! + carry + (i < STEP.length ? STEP[i]! : 0);
    carry = 0;
    if (sum >= ZERO + 10) {
      sum -= 10;
      carry = 1;
    }
    digits[at] = sum;
  }
}
