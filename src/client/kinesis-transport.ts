import type { KinesisClient } from "@aws-sdk/client-kinesis";
import { KIB, PUT_RECORDS_BYTES_MAX, PUT_RECORDS_COUNT_MAX, RECORD_KIB_DEFAULT } from "../core/limits.js";
import { type Connection, clientConfig, type Outcome, sendFailure, type Transport } from "./transport.js";

/** PutRecords to one Kinesis data stream. */
export function kinesisTransport(stream: string, connection: Connection, timeoutMs: number): Transport {
  let client: KinesisClient | undefined;
  // Loaded with the first request: a definition that only names the client should not wait for the SDK.
  const loaded = import("@aws-sdk/client-kinesis");
  loaded.catch(() => {});
  return {
    target: `stream ${JSON.stringify(stream)}`,
    countMax: PUT_RECORDS_COUNT_MAX,
    bytesMax: PUT_RECORDS_BYTES_MAX,
    recordBytesMax: RECORD_KIB_DEFAULT * KIB,
    send: async (records) => {
      const { KinesisClient, PutRecordsCommand } = await loaded;
      client ??= new KinesisClient(clientConfig(connection));
      const command = new PutRecordsCommand({
        StreamName: stream,
        Records: records.map(({ data, partitionKey }) => ({ Data: data, PartitionKey: partitionKey })),
      });
      try {
        const answer = await client.send(command, { abortSignal: AbortSignal.timeout(timeoutMs) });
        return (answer.Records ?? []).map<Outcome>(({ ShardId, SequenceNumber, ErrorCode, ErrorMessage }) =>
          ErrorCode !== undefined || SequenceNumber === undefined
            ? { ok: false, code: ErrorCode ?? "InternalFailure", message: ErrorMessage ?? "" }
            : { ok: true, sequenceNumber: SequenceNumber, ...(ShardId === undefined ? {} : { shardId: ShardId }) },
        );
      } catch (error) {
        throw sendFailure(error);
      }
    },
    close: () => client?.destroy(),
  };
}
