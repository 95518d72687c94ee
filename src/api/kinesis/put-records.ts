/**
 * PutRecords, the hot path. The scanned form goes from the request's bytes to the log without an object a record in between; its answer
 * is built as bytes, each record's number by one addition on decimal digits. Both forms append everything first, then wait for the one
 * commit that makes it durable.
 */
import { PUT_RECORDS_BYTES_MAX, PUT_RECORDS_COUNT_MAX, RECORD_KIB_MAX } from "../../core/limits.js";
import { SEQUENCE_NUMBER_DIGITS, type SequenceRun, sequenceRun } from "../../core/sequence-run.js";
import type { Shard, Stream } from "../../stream/stream.js";
import { invalidArgument } from "../aws/aws-error.js";
import { decodeTypes, validate } from "../aws/decode.js";
import { type Answer, type Call, type Operation, ReadyJson } from "../aws/service.js";
import { blob, boolean, type InputOf, list, type Shape, structure } from "../aws/shape.js";
import { findStream, type KinesisContext, requireStream, sequenceText } from "./context.js";
import { hashKey, streamArn, streamId, streamName } from "./members.js";
import { type ScannedPut, scanPutRecords } from "./put-records-scan.js";
import { checkHashKey, dataBytesMax, dryRunPassed, partitionKey, requireWritable } from "./put-rules.js";
import { rateExceededMessage, THROUGHPUT_EXCEEDED } from "./throughput.js";

/** How the service prints an entry that it says something about. */
const ENTRY_TEXT = "com.amazonaws.kinesis.v20131202.PutRecordsRequestEntry@c965e310";

const members = (dataMax: number) => ({
  Records: list(
    structure({ PartitionKey: partitionKey, ExplicitHashKey: hashKey, Data: blob({ required: true, max: dataMax }) }),
    { required: true, min: 1, max: PUT_RECORDS_COUNT_MAX, memberText: ENTRY_TEXT },
  ),
  StreamName: streamName,
  StreamARN: streamArn,
  StreamId: streamId,
  DryRun: boolean(),
});

type Input = InputOf<ReturnType<typeof members>>;
const shapes = new Map<number, Shape<Input>>();

/** The bound on Data is the stream's own, and part of the constraints that are reported together. */
function shapeFor(dataMax: number): Shape<Input> {
  const known = shapes.get(dataMax);
  if (known !== undefined) return known;
  const made: Shape<Input> = structure(members(dataMax));
  shapes.set(dataMax, made);
  return made;
}

export const putRecords = (context: KinesisContext): Operation => ({
  run: async (raw) => {
    const input = decodeTypes(shapeFor(RECORD_KIB_MAX * 1024), raw);
    validate(shapeFor(dataBytesMax(context, input)) as Shape, input);
    return putParsed(context, input);
  },
  scan: (body) => {
    const scanned = scanPutRecords(body);
    if (scanned === undefined) return undefined;
    // Whatever the service would complain about is left to the way that knows the words for it.
    const stream = findStream(context, scanned.streamName);
    if (stream === undefined || !fits(stream, scanned)) return undefined;
    return (call) => putScanned(context, stream, scanned, call);
  },
});

function fits(stream: Stream, scanned: ScannedPut): boolean {
  if (stream.attributes.encryption.type !== "NONE" || scanned.explicitHashKeys !== undefined) return false;
  const bytesMax = stream.attributes.maxRecordKiB * 1024;
  let total = 0;
  for (let i = 0; i < scanned.count; i++) {
    const bytes = scanned.dataBytes[i]!;
    if (bytes > bytesMax) return false;
    total += bytes + scanned.partitionKeys[i]!.length;
  }
  return total <= PUT_RECORDS_BYTES_MAX;
}

async function putScanned(context: KinesisContext, stream: Stream, scanned: ScannedPut, _call: Call): Promise<Answer> {
  requireWritable(context, stream);
  const answer = answerWriter(scanned.count);
  for (let i = 0; i < scanned.count; i++) {
    const key = scanned.partitionKeys[i]!;
    const shard = stream.route(key);
    if (context.throughput?.write(shard, scanned.dataBytes[i]! + key.length) === false) {
      answer.refused(THROUGHPUT_EXCEEDED, rateExceededMessage(shard, stream, context.accountId));
      continue;
    }
    const arrivalMs = shard.arrivalMs();
    answer.put(shard, shard.appendBase64(key, scanned.data[i]!), arrivalMs);
  }
  await stream.commit();
  return new ReadyJson(answer.end());
}

async function putParsed(context: KinesisContext, input: Input): Promise<Answer> {
  const stream = requireStream(context, input);
  requireWritable(context, stream);
  for (const record of input.Records) checkHashKey(record.ExplicitHashKey);
  const total = input.Records.reduce((sum, one) => sum + one.Data.length + Buffer.byteLength(one.PartitionKey), 0);
  if (total > PUT_RECORDS_BYTES_MAX) {
    throw invalidArgument(`Records size exceeds ${PUT_RECORDS_BYTES_MAX / 1024 / 1024} MB limit`);
  }
  if (input.DryRun === true) throw dryRunPassed();
  let failed = 0;
  const Records = input.Records.map((record) => {
    const { PartitionKey: key, ExplicitHashKey: explicit, Data: data } = record;
    const shard = explicit === undefined ? stream.route(key) : stream.routeHash(BigInt(explicit));
    if (context.throughput?.write(shard, data.length + Buffer.byteLength(key)) === false) {
      failed++;
      return { ErrorCode: THROUGHPUT_EXCEEDED, ErrorMessage: rateExceededMessage(shard, stream, context.accountId) };
    }
    const arrivalMs = shard.arrivalMs();
    const sequence = shard.append(key, data);
    return { SequenceNumber: sequenceText(shard, sequence, arrivalMs), ShardId: shard.id };
  });
  await stream.commit();
  const { type } = stream.attributes.encryption;
  return { FailedRecordCount: failed, Records, EncryptionType: type === "NONE" ? undefined : type };
}

interface AnswerWriter {
  put(shard: Shard, sequence: number, arrivalMs: number): void;
  refused(code: string, message: string): void;
  end(): Uint8Array;
}

const BEFORE_NUMBER = Buffer.from('{"SequenceNumber":"');
const RECORDS_OPEN = Buffer.from('"Records":[');
/** `{"FailedRecordCount":500,` at its longest. */
const HEAD_BYTES_MAX = 32;
const ENTRY_BYTES = 160;

interface ShardEntry {
  readonly run: SequenceRun;
  /** `","ShardId":"shardId-000000000000"},` */
  readonly after: Buffer;
}

/** Runs go on from request to request while a shard's counts follow each other. */
const entries = new WeakMap<Shard, ShardEntry>();

function entryOf(shard: Shard): ShardEntry {
  const known = entries.get(shard);
  if (known !== undefined) return known;
  const made = {
    run: sequenceRun({ createdAtMs: shard.createdAtMs, shard: shard.number }),
    after: Buffer.from(`","ShardId":"${shard.id}"},`),
  };
  entries.set(shard, made);
  return made;
}

function answerWriter(count: number): AnswerWriter {
  let buffer = Buffer.allocUnsafe(HEAD_BYTES_MAX + RECORDS_OPEN.length + count * ENTRY_BYTES + 2);
  const start = HEAD_BYTES_MAX + RECORDS_OPEN.length;
  let at = start;
  let failed = 0;
  const reserve = (bytes: number) => {
    if (at + bytes + 2 <= buffer.length) return;
    const larger = Buffer.allocUnsafe((at + bytes) * 2);
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
  };
  const copy = (bytes: Uint8Array) => {
    for (let i = 0; i < bytes.length; i++) buffer[at + i] = bytes[i]!;
    at += bytes.length;
  };
  return {
    put: (shard, sequence, arrivalMs) => {
      reserve(ENTRY_BYTES);
      const { run, after } = entryOf(shard);
      copy(BEFORE_NUMBER);
      run.write(buffer, at, sequence, arrivalMs);
      at += SEQUENCE_NUMBER_DIGITS;
      copy(after);
    },
    refused: (code, message) => {
      failed++;
      const entry = Buffer.from(`${JSON.stringify({ ErrorCode: code, ErrorMessage: message })},`);
      reserve(entry.length);
      copy(entry);
    },
    end: () => {
      // The last comma becomes the list's end.
      buffer[at - 1] = 0x5d;
      buffer[at] = 0x7d;
      const head = Buffer.from(`{"FailedRecordCount":${failed},`);
      RECORDS_OPEN.copy(buffer, start - RECORDS_OPEN.length);
      const from = start - RECORDS_OPEN.length - head.length;
      head.copy(buffer, from);
      return buffer.subarray(from, at + 1);
    },
  };
}
