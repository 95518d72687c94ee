import { FIREHOSE_BATCH_BYTES_MAX, FIREHOSE_BATCH_COUNT_MAX, FIREHOSE_RECORD_BYTES_MAX } from "../../core/limits.js";
import type { Shard, Stream } from "../../stream/stream.js";
import { AwsError, invalidArgument } from "../aws/aws-error.js";
import { operation } from "../aws/service.js";
import { blob, list, structure } from "../aws/shape.js";
import { deliveryStreamName, type FirehoseContext, requireDeliveryStream } from "./context.js";
import { formatRecordId } from "./record-id.js";

const recordMembers = { Data: blob({ required: true, max: FIREHOSE_RECORD_BYTES_MAX }) };
/** Direct PUT has no partition keys; the stream has one shard. */
const NO_KEY = "";
const THROTTLED_TYPE = "ServiceUnavailableException";
const THROTTLED_TEXT = "Slow down.";

export const putRecord = (context: FirehoseContext) =>
  operation(
    structure({ DeliveryStreamName: deliveryStreamName, Record: structure(recordMembers, { required: true }) }),
    async (request) => {
      const stream = requireDeliveryStream(context, request.DeliveryStreamName);
      const { Data: data } = request.Record;
      if (context.throughput?.put(stream, data.length) === false) {
        throw new AwsError(THROTTLED_TYPE, THROTTLED_TEXT, 503);
      }
      const RecordId = append(stream, onlyShard(stream), data);
      await stream.commit();
      return { RecordId, Encrypted: false };
    },
  );

export const putRecordBatch = (context: FirehoseContext) =>
  operation(
    structure({
      DeliveryStreamName: deliveryStreamName,
      Records: list(structure(recordMembers), { required: true, min: 1, max: FIREHOSE_BATCH_COUNT_MAX }),
    }),
    async (request) => {
      const stream = requireDeliveryStream(context, request.DeliveryStreamName);
      const bytes = request.Records.reduce((sum, record) => sum + record.Data.length, 0);
      if (bytes > FIREHOSE_BATCH_BYTES_MAX) {
        throw invalidArgument(`Records size exceeds ${FIREHOSE_BATCH_BYTES_MAX / 1024 / 1024} MB limit`);
      }
      const shard = onlyShard(stream);
      let failed = 0;
      const RequestResponses = request.Records.map(({ Data: data }) => {
        if (context.throughput?.put(stream, data.length) === false) {
          failed++;
          return { ErrorCode: THROTTLED_TYPE, ErrorMessage: THROTTLED_TEXT };
        }
        return { RecordId: append(stream, shard, data) };
      });
      await stream.commit();
      return { FailedPutCount: failed, Encrypted: false, RequestResponses };
    },
  );

function onlyShard(stream: Stream): Shard {
  return stream.route(NO_KEY);
}

function append(stream: Stream, shard: Shard, data: Uint8Array): string {
  const arrivalMs = shard.arrivalMs();
  const sequence = shard.append(NO_KEY, data);
  return formatRecordId({ streamCreatedAtMs: stream.createdAtMs, sequence, arrivalMs });
}
