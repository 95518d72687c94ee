/** Registered consumers, the readers of SubscribeToShard. */
import type { Stream, StreamConsumer } from "../../stream/stream.js";
import { inUse, invalidArgument, limitExceeded, notFound } from "../aws/aws-error.js";
import { operation } from "../aws/service.js";
import { integer, structure } from "../aws/shape.js";
import { consumerArnOf, parseArn } from "./arn.js";
import { arnOf, findStream, type KinesisContext, requireStream } from "./context.js";
import { openListToken } from "./list-token.js";
import {
  consumerArn,
  moment,
  name,
  nextToken,
  requiredName,
  requiredStreamArn,
  resourceTags,
  streamArn,
  streamId,
} from "./members.js";

/** Kinesis quota: registered consumers of one stream. */
const CONSUMERS_MAX = 20;
const CONSUMERS_A_PAGE = 100;

export const registerStreamConsumer = (context: KinesisContext) =>
  operation(
    structure({
      ConsumerName: requiredName,
      StreamARN: requiredStreamArn,
      StreamId: streamId,
      Tags: resourceTags,
    }),
    async (request) => {
      const stream = requireStream(context, request);
      const { consumers } = stream.attributes;
      const consumerName = request.ConsumerName;
      if (consumers.some((one) => one.name === consumerName)) {
        throw inUse(
          `Consumer ${consumerName} under stream ${stream.name} already exists for account ${context.accountId}.`,
        );
      }
      if (consumers.length >= CONSUMERS_MAX) {
        throw limitExceeded(
          `Stream ${stream.name} under account ${context.accountId} has ${consumers.length} consumers; the limit is ${CONSUMERS_MAX}.`,
        );
      }
      const createdAtMs = context.clock.now();
      const consumer: StreamConsumer = {
        name: consumerName,
        arn: consumerArnOf(context, stream.name, consumerName, createdAtMs),
        status: "CREATING",
        createdAtMs,
        tags: Object.fromEntries(request.Tags ?? []),
      };
      await stream.update((present) => ({ consumers: [...present.consumers, consumer] }));
      context.lifecycle.consumersChanged(stream);
      return { Consumer: consumerView(consumer) };
    },
  );

const oneConsumer = structure({
  StreamARN: streamArn,
  ConsumerName: name,
  ConsumerARN: consumerArn,
  StreamId: streamId,
});

export const deregisterStreamConsumer = (context: KinesisContext) =>
  operation(oneConsumer, async (request) => {
    const { stream, consumer } = findConsumer(context, request);
    await stream.update(({ consumers }) => ({
      consumers: consumers.map((one) => (one.arn === consumer.arn ? { ...one, status: "DELETING" as const } : one)),
    }));
    context.lifecycle.consumersChanged(stream);
    return undefined;
  });

export const describeStreamConsumer = (context: KinesisContext) =>
  operation(oneConsumer, (request) => {
    const { stream, consumer } = findConsumer(context, request);
    return { ConsumerDescription: { ...consumerView(consumer), StreamARN: arnOf(context, stream) } };
  });

export const listStreamConsumers = (context: KinesisContext) =>
  operation(
    structure({
      StreamARN: requiredStreamArn,
      NextToken: nextToken,
      MaxResults: integer({ min: 1, max: 100 }),
      StreamCreationTimestamp: moment,
      StreamId: streamId,
    }),
    (request) => {
      const stream = requireStream(context, request);
      const start =
        request.NextToken === undefined ? 0 : openListToken(context, request.NextToken, "consumers").position;
      const end = start + (request.MaxResults ?? CONSUMERS_A_PAGE);
      const { consumers } = stream.attributes;
      const more = consumers.length > end;
      return {
        Consumers: consumers.slice(start, end).map(consumerView),
        NextToken: more
          ? context.tokens.seal({
              kind: "consumers",
              madeAtMs: context.clock.now(),
              stream: stream.name,
              streamCreatedAtMs: stream.createdAtMs,
              shard: 0,
              position: end,
            })
          : undefined,
      };
    },
  );

function consumerView(consumer: StreamConsumer): object {
  return {
    ConsumerName: consumer.name,
    ConsumerARN: consumer.arn,
    ConsumerStatus: consumer.status,
    ConsumerCreationTimestamp: new Date(consumer.createdAtMs),
  };
}

interface ConsumerReference {
  readonly StreamARN?: string | undefined;
  readonly ConsumerName?: string | undefined;
  readonly ConsumerARN?: string | undefined;
}

export function findConsumer(
  context: KinesisContext,
  reference: ConsumerReference,
): { readonly stream: Stream; readonly consumer: StreamConsumer } {
  const { StreamARN: stream, ConsumerName: consumerName, ConsumerARN: arn } = reference;
  if (arn !== undefined) {
    const parsed = parseArn(arn);
    const owner = parsed === undefined ? undefined : findStream(context, parsed.stream);
    const consumer = owner?.attributes.consumers.find((one) => one.arn === arn);
    if (owner === undefined || consumer === undefined) {
      throw notFound(
        `Consumer ${parsed?.consumer ?? arn} under stream ${parsed?.stream ?? "?"} not found for account ${context.accountId}.`,
      );
    }
    return { stream: owner, consumer };
  }
  if (stream === undefined || consumerName === undefined) {
    throw invalidArgument("Either ConsumerARN or both StreamARN and ConsumerName should be provided.");
  }
  const owner = requireStream(context, { StreamARN: stream });
  const consumer = owner.attributes.consumers.find((one) => one.name === consumerName);
  if (consumer === undefined) {
    throw notFound(`Consumer ${consumerName} under stream ${owner.name} not found for account ${context.accountId}.`);
  }
  return { stream: owner, consumer };
}
