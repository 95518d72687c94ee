import { RECORD_KIB_MAX } from "../../core/limits.js";
import { invalidArgument } from "../aws/aws-error.js";
import { decodeTypes, validate } from "../aws/decode.js";
import type { Operation } from "../aws/service.js";
import { blob, boolean, type InputOf, type Shape, structure } from "../aws/shape.js";
import { type KinesisContext, requireStream, sequenceText } from "./context.js";
import { hashKey, sequenceNumber, streamArn, streamId, streamName } from "./members.js";
import { checkHashKey, dataBytesMax, dryRunPassed, partitionKey, requireWritable } from "./put-rules.js";
import { readSequenceNumber } from "./sequence-text.js";
import { throughputExceeded } from "./throughput.js";

const members = (dataMax: number) => ({
  SequenceNumberForOrdering: sequenceNumber,
  PartitionKey: partitionKey,
  ExplicitHashKey: hashKey,
  Data: blob({ required: true, max: dataMax }),
  StreamName: streamName,
  StreamARN: streamArn,
  StreamId: streamId,
  DryRun: boolean(),
});

type Input = InputOf<ReturnType<typeof members>>;
const shapeFor = (dataMax: number): Shape<Input> => structure(members(dataMax));
const widest = shapeFor(RECORD_KIB_MAX * 1024);

export const putRecord = (context: KinesisContext): Operation => ({
  run: async (raw) => {
    const input = decodeTypes(widest, raw);
    validate(shapeFor(dataBytesMax(context, input)) as Shape, input);
    const stream = requireStream(context, input);
    requireWritable(context, stream);
    const { ExplicitHashKey: explicit, PartitionKey: key, Data: data } = input;
    checkHashKey(explicit);
    checkOrdering(context, stream.name, input.SequenceNumberForOrdering);
    if (input.DryRun === true) throw dryRunPassed();
    const shard = explicit === undefined ? stream.route(key) : stream.routeHash(BigInt(explicit));
    if (context.throughput?.write(shard, data.length + Buffer.byteLength(key)) === false) {
      throw throughputExceeded(shard, stream, context.accountId);
    }
    const arrivalMs = shard.arrivalMs();
    const sequence = shard.append(key, data);
    await stream.commit();
    const { type } = stream.attributes.encryption;
    return {
      ShardId: shard.id,
      SequenceNumber: sequenceText(shard, sequence, arrivalMs),
      EncryptionType: type === "NONE" ? undefined : type,
    };
  },
});

/** Numbers of a shard only ever grow, so that a sound one needs nothing done. */
function checkOrdering(context: KinesisContext, stream: string, text: string | undefined): void {
  if (text === undefined) return;
  const given = readSequenceNumber(text);
  if (given !== undefined && given.arrivalMs <= context.clock.now()) return;
  throw invalidArgument(
    `ExclusiveMinimumSequenceNumber ${text} used in PutRecord on stream ${stream} under account ${context.accountId} is invalid.`,
  );
}
