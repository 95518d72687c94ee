import type { FirehoseClient } from "@aws-sdk/client-firehose";
import { FIREHOSE_BATCH_BYTES_MAX, FIREHOSE_BATCH_COUNT_MAX, FIREHOSE_RECORD_BYTES_MAX } from "../core/limits.js";
import { type Connection, clientConfig, type Outcome, sendFailure, type Transport } from "./transport.js";

/** PutRecordBatch to one Firehose delivery stream. */
export function firehoseTransport(deliveryStream: string, connection: Connection, timeoutMs: number): Transport {
  let client: FirehoseClient | undefined;
  const loaded = import("@aws-sdk/client-firehose");
  loaded.catch(() => {});
  return {
    target: `delivery stream ${JSON.stringify(deliveryStream)}`,
    countMax: FIREHOSE_BATCH_COUNT_MAX,
    bytesMax: FIREHOSE_BATCH_BYTES_MAX,
    recordBytesMax: FIREHOSE_RECORD_BYTES_MAX,
    send: async (records) => {
      const { FirehoseClient, PutRecordBatchCommand } = await loaded;
      client ??= new FirehoseClient(clientConfig(connection));
      const command = new PutRecordBatchCommand({
        DeliveryStreamName: deliveryStream,
        Records: records.map(({ data }) => ({ Data: data })),
      });
      try {
        const answer = await client.send(command, { abortSignal: AbortSignal.timeout(timeoutMs) });
        return (answer.RequestResponses ?? []).map<Outcome>(({ RecordId, ErrorCode, ErrorMessage }) =>
          ErrorCode !== undefined || RecordId === undefined
            ? { ok: false, code: ErrorCode ?? "InternalFailure", message: ErrorMessage ?? "" }
            : { ok: true, recordId: RecordId },
        );
      } catch (error) {
        throw sendFailure(error);
      }
    },
    close: () => client?.destroy(),
  };
}
