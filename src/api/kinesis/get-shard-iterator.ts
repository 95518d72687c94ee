import { notFound } from "../aws/aws-error.js";
import { operation } from "../aws/service.js";
import { boolean, string, structure } from "../aws/shape.js";
import { findStream, type KinesisContext, streamNameIn } from "./context.js";
import { moment, requiredName, sequenceNumber, streamArn, streamId, streamName } from "./members.js";
import { dryRunPassed } from "./put-rules.js";
import { readShardId } from "./shard-id.js";
import { START_TYPES, startSequence } from "./start-position.js";

const input = structure({
  ShardId: requiredName,
  ShardIteratorType: string({ required: true, oneOf: START_TYPES }),
  StartingSequenceNumber: sequenceNumber,
  StreamName: streamName,
  Timestamp: moment,
  StreamARN: streamArn,
  StreamId: streamId,
  DryRun: boolean(),
});

export const getShardIterator = (context: KinesisContext) =>
  operation(input, async (request) => {
    const name = streamNameIn(context, request);
    const { number, id } = readShardId(request.ShardId, name, context.accountId);
    const stream = findStream(context, name);
    const shown = stream !== undefined && context.lifecycle.showsShards(stream);
    const shard = shown ? stream.shards.find((one) => one.number === number) : undefined;
    if (stream === undefined || shard === undefined) {
      throw notFound(`Shard ${id} in stream ${name} under account ${context.accountId} does not exist`);
    }
    const position = await startSequence(context, stream, shard, {
      type: request.ShardIteratorType,
      sequenceNumber: request.StartingSequenceNumber,
      timestampMs: request.Timestamp,
      operation: "GetShardIterator",
    });
    if (request.DryRun === true) throw dryRunPassed();
    const ShardIterator = context.tokens.seal({
      kind: "iterator",
      madeAtMs: context.clock.now(),
      stream: name,
      streamCreatedAtMs: stream.createdAtMs,
      shard: number,
      position,
    });
    return { ShardIterator };
  });
