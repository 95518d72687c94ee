/** What PutRecord and PutRecords check alike. */
import { PARTITION_KEY_CHARS_MAX, RECORD_KIB_DEFAULT } from "../../core/limits.js";
import type { Stream } from "../../stream/stream.js";
import { AwsError, invalidArgument } from "../aws/aws-error.js";
import { string } from "../aws/shape.js";
import { parseArn } from "./arn.js";
import { findStream, type KinesisContext, type StreamReference, streamNotFound } from "./context.js";

export const partitionKey = string({ required: true, min: 1, max: PARTITION_KEY_CHARS_MAX });

const HASH_KEY_MAX = (1n << 128n) - 1n;

/** The stream's own bound on a record's data; the default one where there is no such stream. */
export function dataBytesMax(context: KinesisContext, reference: StreamReference): number {
  const name = reference.StreamName ?? parseArn(reference.StreamARN ?? "")?.stream;
  const stream = name === undefined ? undefined : findStream(context, name);
  return (stream?.attributes.maxRecordKiB ?? RECORD_KIB_DEFAULT) * 1024;
}

export function requireWritable(context: KinesisContext, stream: Stream): void {
  const { status } = stream.attributes;
  if (status !== "ACTIVE" && status !== "UPDATING") throw streamNotFound(context, stream.name);
}

export function checkHashKey(text: string | undefined): void {
  if (text === undefined || BigInt(text) <= HASH_KEY_MAX) return;
  throw invalidArgument(
    `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${text}`,
  );
}

/** The answer to a dry run that would have been carried out. */
export function dryRunPassed(): AwsError {
  return new AwsError("DryRunOperationException", "Request would have succeeded, but DryRun flag is set.");
}
