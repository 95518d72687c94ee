import { GET_RECORDS_BYTES_MAX, GET_RECORDS_COUNT_MAX, ITERATOR_LIFE_MS } from "../../core/limits.js";
import { shardIdOf } from "../../core/sequence-number.js";
import type { Shard, Stream, StreamRecord } from "../../stream/stream.js";
import { AwsError, invalidArgument, notFound } from "../aws/aws-error.js";
import { type Call, operation, ReadyJson } from "../aws/service.js";
import { boolean, integer, string, structure } from "../aws/shape.js";
import { findStream, type KinesisContext, sequenceText } from "./context.js";
import { serviceDate, type Token } from "./iterator.js";
import { streamArn, streamId } from "./members.js";
import { dryRunPassed } from "./put-rules.js";
import { childShardsView } from "./shard-view.js";
import { throughputExceeded } from "./throughput.js";

const ITERATOR_CHARS_MAX = 512;

const input = structure({
  Limit: integer({ min: 1, max: GET_RECORDS_COUNT_MAX }),
  ShardIterator: string({ required: true, min: 1, max: ITERATOR_CHARS_MAX }),
  StreamARN: streamArn,
  StreamId: streamId,
  DryRun: boolean(),
});

export const getRecords = (context: KinesisContext) =>
  operation(input, async (request, call) => {
    const token = openIterator(context, request.ShardIterator);
    const stream = findStream(context, token.stream);
    const shard =
      stream !== undefined && context.lifecycle.showsShards(stream)
        ? stream.shards.find((one) => one.number === token.shard)
        : undefined;
    if (stream === undefined || shard === undefined) {
      throw notFound(
        `Shard ${shardIdOf(token.shard)} in stream ${token.stream} under account ${context.accountId} does not exist`,
      );
    }
    if (request.DryRun === true) throw dryRunPassed();
    if (context.throughput?.read(shard) === false) throw throughputExceeded(shard, stream, context.accountId);

    // An iterator of a stream that had this name before stands in front of everything in this one.
    const wanted = token.streamCreatedAtMs === stream.createdAtMs ? token.position : 1;
    const position = Math.max(wanted, shard.firstSequence);
    // Closed must be read before the records are: what is appended meanwhile belongs to a shard that is still open.
    const closed = shard.closedAtMs !== undefined;
    const limit = request.Limit ?? GET_RECORDS_COUNT_MAX;
    const last = shard.lastSequence;
    // A consumer can do nothing about damage but stand still: it is led past it. The log and the status say so, and the audit counts it.
    const records =
      position > last
        ? []
        : await shard.read(position, { recordsMax: limit, bytesMax: GET_RECORDS_BYTES_MAX, overDamage: true });
    context.throughput?.readBytes(
      shard,
      records.reduce((sum, record) => sum + record.data.length, 0),
    );

    const next = records.length === 0 ? Math.max(position, last + 1) : records.at(-1)!.sequence + 1;
    const atEnd = closed && next > shard.lastSequence;
    const iterator = atEnd
      ? null
      : context.tokens.seal({
          kind: "iterator",
          madeAtMs: context.clock.now(),
          stream: stream.name,
          streamCreatedAtMs: stream.createdAtMs,
          shard: shard.number,
          position: next,
        });
    return answer(call, stream, shard, {
      records,
      iterator,
      behindMs: next > shard.lastSequence ? 0 : behindMs(context, records, shard),
    });
  });

function openIterator(context: KinesisContext, text: string): Token {
  const token = context.tokens.open(text);
  const now = context.clock.now();
  if (token === undefined || token.kind !== "iterator") throw invalidArgument("Invalid ShardIterator.");
  if (now - token.madeAtMs > ITERATOR_LIFE_MS) {
    throw new AwsError(
      "ExpiredIteratorException",
      `Iterator expired. The iterator was created at time ${serviceDate(token.madeAtMs)} while right now it is ` +
        `${serviceDate(now)} which is further in the future than the tolerated delay of ${ITERATOR_LIFE_MS} milliseconds.`,
    );
  }
  return token;
}

/** How old the last record read is, while there are newer ones. */
export function behindMs(context: KinesisContext, records: readonly StreamRecord[], shard: Shard): number {
  const readUntilMs = records.at(-1)?.arrivalMs ?? shard.lastArrivalMs;
  return Math.max(0, context.clock.now() - readUntilMs);
}

interface Page {
  readonly records: readonly StreamRecord[];
  readonly iterator: string | null;
  readonly behindMs: number;
}

function answer(call: Call, stream: Stream, shard: Shard, page: Page): object {
  const children = page.iterator === null ? childShardsView(stream, shard) : undefined;
  if (call.wire === "cbor") {
    return {
      MillisBehindLatest: page.behindMs,
      NextShardIterator: page.iterator ?? undefined,
      Records: recordViews(stream, shard, page.records),
      ChildShards: children,
    };
  }
  // Up to 10,000 records: written out as text, without an object each.
  const encryption = encryptionText(stream);
  const texts = page.records.map(
    (record) =>
      `{"SequenceNumber":"${sequenceText(shard, record.sequence, record.arrivalMs)}"` +
      `,"ApproximateArrivalTimestamp":${record.arrivalMs / 1000}` +
      `,"Data":"${base64Of(record.data)}","PartitionKey":${JSON.stringify(record.partitionKey)}${encryption}}`,
  );
  const iterator = page.iterator === null ? "" : `"NextShardIterator":"${page.iterator}",`;
  const childText = children === undefined ? "" : `,"ChildShards":${JSON.stringify(children)}`;
  return new ReadyJson(`{"MillisBehindLatest":${page.behindMs},${iterator}"Records":[${texts.join(",")}]${childText}}`);
}

export function recordViews(stream: Stream, shard: Shard, records: readonly StreamRecord[]): readonly object[] {
  const { type } = stream.attributes.encryption;
  return records.map((record) => ({
    SequenceNumber: sequenceText(shard, record.sequence, record.arrivalMs),
    ApproximateArrivalTimestamp: new Date(record.arrivalMs),
    Data: record.data,
    PartitionKey: record.partitionKey,
    EncryptionType: type === "NONE" ? undefined : type,
  }));
}

function encryptionText(stream: Stream): string {
  const { type } = stream.attributes.encryption;
  return type === "NONE" ? "" : `,"EncryptionType":"${type}"`;
}

function base64Of(data: Uint8Array): string {
  return Buffer.from(data.buffer, data.byteOffset, data.length).toString("base64");
}
