/** Where a reader begins: the types shared by GetShardIterator and SubscribeToShard. */
import type { Shard, Stream } from "../../stream/stream.js";
import { type AwsError, internalFailure, invalidArgument } from "../aws/aws-error.js";
import type { KinesisContext } from "./context.js";
import { printedShardId, readSequenceNumber, sequenceAt } from "./sequence-text.js";

export const START_TYPES = [
  "AFTER_SEQUENCE_NUMBER",
  "LATEST",
  "AT_TIMESTAMP",
  "AT_SEQUENCE_NUMBER",
  "TRIM_HORIZON",
] as const;

export interface StartPosition {
  readonly type: string;
  readonly sequenceNumber: string | undefined;
  readonly timestampMs: number | undefined;
  /** For messages. */
  readonly operation: string;
}

/** The sequence to read first. */
export async function startSequence(
  context: KinesisContext,
  stream: Stream,
  shard: Shard,
  start: StartPosition,
): Promise<number> {
  const { type, sequenceNumber: text } = start;
  if (text !== undefined) return atSequenceNumber(context, stream, shard, start, text);
  switch (type) {
    case "TRIM_HORIZON":
      return shard.firstSequence;
    case "LATEST":
      return shard.lastSequence + 1;
    case "AT_TIMESTAMP": {
      const { timestampMs } = start;
      const now = context.clock.now();
      if (timestampMs === undefined) {
        throw invalidArgument(
          "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.",
        );
      }
      if (timestampMs > now) {
        throw invalidArgument(
          "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. " +
            `timestampInMillis: ${timestampMs}, currentTimestampInMillis: ${now}`,
        );
      }
      return shard.seek(timestampMs);
    }
    default:
      throw mustSpecify(`Request specified ${type} and no StartingSequenceNumber.`);
  }
}

function atSequenceNumber(
  context: KinesisContext,
  stream: Stream,
  shard: Shard,
  start: StartPosition,
  text: string,
): number {
  const { type } = start;
  if (type === "TRIM_HORIZON" || type === "LATEST") {
    throw mustSpecify(`Request specified ${type} and also a StartingSequenceNumber.`);
  }
  const used =
    `StartingSequenceNumber ${text} used in ${start.operation} on shard ${shard.id} ` +
    `in stream ${stream.name} under account ${context.accountId}`;
  const given = readSequenceNumber(text);
  if (given === undefined) throw invalidArgument(`${used} is invalid.`);
  if (given.shard !== shard.number) {
    throw invalidArgument(
      `Invalid StartingSequenceNumber. It encodes ${printedShardId(given.shard)}, while it was used in a call to a shard with ${shard.id}`,
    );
  }
  if (given.version !== 2 || given.createdSeconds !== Math.floor(shard.createdAtMs / 1000)) {
    // So the service: the oldest form breaks it.
    if (given.version === 0) throw internalFailure();
    throw invalidArgument(`${used} is invalid because it did not come from this stream.`);
  }
  return sequenceAt(type === "AFTER_SEQUENCE_NUMBER" ? given.count + 1n : given.count);
}

function mustSpecify(found: string): AwsError {
  return invalidArgument(
    "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or " +
      `(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. ${found}`,
  );
}
