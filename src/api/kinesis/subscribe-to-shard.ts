/**
 * SubscribeToShard: events of records as they are committed, for up to five minutes. A consumer has one subscription of a shard: within five
 * seconds of one that began, another is refused; later it takes over, and the older one ends.
 */
import { MIB } from "../../core/limits.js";
import type { Shard, Stream } from "../../stream/stream.js";
import { inUse, notFound } from "../aws/aws-error.js";
import { type Call, EventStream, operation, type StreamEvent } from "../aws/service.js";
import { boolean, string, structure } from "../aws/shape.js";
import { findConsumer } from "./consumers.js";
import { type KinesisContext, sequenceText } from "./context.js";
import { behindMs, recordViews } from "./get-records.js";
import { moment, requiredConsumerArn, requiredName, sequenceNumber, streamId } from "./members.js";
import { dryRunPassed } from "./put-rules.js";
import { readShardId } from "./shard-id.js";
import { childShardsView } from "./shard-view.js";
import { START_TYPES, startSequence } from "./start-position.js";

const SUBSCRIPTION_MS = 300_000;
const TAKEOVER_AFTER_MS = 5_000;
/** An event without records tells the reader where it stands. */
const HEARTBEAT_MS = 5_000;
/** Commits wake a subscription at once; a shard's closing is noticed within so long. */
const LOOK_AGAIN_MS = 250;
const EVENT_RECORDS_MAX = 10_000;
const EVENT_BYTES_MAX = 2 * MIB;

const input = structure({
  ConsumerARN: requiredConsumerArn,
  ShardId: requiredName,
  StartingPosition: structure(
    { Type: string({ required: true, oneOf: START_TYPES }), SequenceNumber: sequenceNumber, Timestamp: moment },
    { required: true },
  ),
  StreamId: streamId,
  DryRun: boolean(),
});

interface Subscription {
  readonly startedMs: number;
  /** Resolves when another has taken over. */
  readonly end: AbortController;
}

export const subscribeToShard = (context: KinesisContext) => {
  const active = new Map<string, Subscription>();
  return operation(input, async (request, call) => {
    const { stream, consumer } = findConsumer(context, { ConsumerARN: request.ConsumerARN });
    const { number, id } = readShardId(request.ShardId, stream.name, context.accountId);
    const shard = stream.shards.find((one) => one.number === number);
    if (shard === undefined) {
      throw notFound(`Shard ${id} in stream ${stream.name} under account ${context.accountId} does not exist`);
    }
    if (consumer.status !== "ACTIVE") {
      throw inUse(
        `Consumer ${consumer.name} with creation timestamp ${Math.floor(consumer.createdAtMs / 1000)} under stream: ` +
          `${stream.name}, account ${context.accountId} is not in ACTIVE status.`,
      );
    }
    const position = await startSequence(context, stream, shard, {
      type: request.StartingPosition.Type,
      sequenceNumber: request.StartingPosition.SequenceNumber,
      timestampMs: request.StartingPosition.Timestamp,
      operation: "SubscribeToShard",
    });
    if (request.DryRun === true) throw dryRunPassed();
    const key = `${consumer.arn}/${shard.id}`;
    const before = active.get(key);
    const now = context.clock.monotonic();
    if (before !== undefined && now - before.startedMs < TAKEOVER_AFTER_MS) {
      throw inUse(
        `Another active subscription exists for this consumer: ${context.accountId}:${stream.name}:${shard.id}:${consumer.name}`,
      );
    }
    const subscription = { startedMs: now, end: new AbortController() };
    active.set(key, subscription);
    before?.end.abort();
    call.signal.addEventListener("abort", () => subscription.end.abort(), { once: true });
    const release = () => {
      if (active.get(key) === subscription) active.delete(key);
    };
    return new EventStream(events(context, stream, shard, position, subscription, call, release));
  });
};

async function* events(
  context: KinesisContext,
  stream: Stream,
  shard: Shard,
  start: number,
  subscription: Subscription,
  call: Call,
  release: () => void,
): AsyncGenerator<StreamEvent> {
  const { clock } = context;
  const { signal } = subscription.end;
  const wake = waker();
  const stopListening = context.store.onCommit((committed) => {
    if (committed === stream) wake.wake();
  });
  signal.addEventListener("abort", wake.wake, { once: true });
  let next = Math.max(start, shard.firstSequence);
  let lastArrivalMs = shard.createdAtMs;
  let sentMs = Number.NEGATIVE_INFINITY;
  try {
    while (!signal.aborted && clock.monotonic() - subscription.startedMs < SUBSCRIPTION_MS) {
      if (context.store.find(stream.name) !== stream) return;
      const waiting = wake.next();
      const closed = shard.closedAtMs !== undefined;
      const through = shard.lastSequence;
      // Led past damage, as by GetRecords.
      const records =
        next > through
          ? []
          : await shard.read(next, { recordsMax: EVENT_RECORDS_MAX, bytesMax: EVENT_BYTES_MAX, overDamage: true });
      const last = records.at(-1);
      if (last !== undefined) {
        next = last.sequence + 1;
        lastArrivalMs = last.arrivalMs;
      } else next = Math.max(next, through + 1);
      const atEnd = closed && next > shard.lastSequence;
      if (records.length > 0 || atEnd || clock.monotonic() - sentMs >= HEARTBEAT_MS) {
        sentMs = clock.monotonic();
        yield {
          type: "SubscribeToShardEvent",
          value: {
            Records: recordViews(stream, shard, records),
            // Absent at the end of a closed shard: there is nothing to continue at.
            ContinuationSequenceNumber: atEnd ? undefined : sequenceText(shard, next - 1, lastArrivalMs),
            MillisBehindLatest: next > shard.lastSequence ? 0 : behindMs(context, records, shard),
            ChildShards: atEnd ? childShardsView(stream, shard) : undefined,
          },
        };
      }
      if (atEnd) return;
      if (records.length === 0) await pause(context, waiting, LOOK_AGAIN_MS, signal);
    }
    if (signal.aborted && !call.signal.aborted) {
      throw inUse(`Another subscription has taken over shard ${shard.id} of this consumer.`);
    }
  } finally {
    stopListening();
    release();
  }
}

/** Until the next commit, the end, or so long. */
async function pause(
  context: KinesisContext,
  woken: Promise<void>,
  atMostMs: number,
  signal: AbortSignal,
): Promise<void> {
  const timer = new AbortController();
  const stop = () => timer.abort();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await Promise.race([woken, context.clock.sleep(atMostMs, timer.signal).catch(() => undefined)]);
  } finally {
    signal.removeEventListener("abort", stop);
    timer.abort();
  }
}

function waker() {
  let resolve: () => void = () => undefined;
  let promise = new Promise<void>((done) => {
    resolve = done;
  });
  return {
    wake: () => {
      resolve();
      promise = new Promise<void>((done) => {
        resolve = done;
      });
    },
    next: () => promise,
  };
}
