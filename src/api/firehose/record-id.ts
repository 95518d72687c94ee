/**
 * RecordId of Firehose's answers: opaque to callers, and for us the record's place. Base64 of
 *
 *     stream created, ms (8) | sequence (8) | arrival, ms (8) | check: MD5 of the three, cut short (4)
 */
import { createHash } from "node:crypto";

export interface RecordPlace {
  readonly streamCreatedAtMs: number;
  readonly sequence: number;
  readonly arrivalMs: number;
}

const PLACE_BYTES = 24;
const CHECK_BYTES = 4;

export function formatRecordId(place: RecordPlace): string {
  const bytes = Buffer.allocUnsafe(PLACE_BYTES + CHECK_BYTES);
  bytes.writeDoubleBE(place.streamCreatedAtMs, 0);
  bytes.writeDoubleBE(place.sequence, 8);
  bytes.writeDoubleBE(place.arrivalMs, 16);
  checkOf(bytes).copy(bytes, PLACE_BYTES);
  return bytes.toString("base64");
}

/** Undefined when the text is no RecordId of ours. */
export function parseRecordId(text: string): RecordPlace | undefined {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length !== PLACE_BYTES + CHECK_BYTES || !checkOf(bytes).equals(bytes.subarray(PLACE_BYTES)))
    return undefined;
  return {
    streamCreatedAtMs: bytes.readDoubleBE(0),
    sequence: bytes.readDoubleBE(8),
    arrivalMs: bytes.readDoubleBE(16),
  };
}

function checkOf(bytes: Uint8Array): Buffer {
  return createHash("md5").update(bytes.subarray(0, PLACE_BYTES)).digest().subarray(0, CHECK_BYTES);
}
