import { parseSequenceNumber } from "../../src/core/sequence-number.js";
import { kinesisRequest, openConnection, type RawConnection } from "./raw-connection.js";

export interface Acked {
  readonly id: number;
  readonly stream: string;
  readonly shardId: string;
  /** The count within the shard, as `_sequence_number` has it. */
  readonly sequence: number;
}

export interface PutClientOptions {
  readonly stream: string;
  /** Through Firehose's PutRecordBatch, which names no sequence: those of `acked` are 0. `stream` names the delivery stream then. */
  readonly firehose?: boolean;
  /** Where the server is now; undefined while there is none. */
  readonly port: () => number | undefined;
  readonly recordOf: (id: number) => string;
  readonly nextId: () => number;
  readonly batchSize: () => number;
  readonly pauseMs: () => number;
}

/**
 * A producer as an SDK makes one: it sends again what was not acked (the failed indexes of an answer, all of a request that was never
 * answered) and nothing else, and remembers what was.
 */
export interface PutClient {
  readonly acked: readonly Acked[];
  /** Answers that were other than 200, or that could not be read: none is expected. */
  readonly surprises: readonly string[];
  /** How often each id was sent. */
  readonly sent: ReadonlyMap<number, number>;
  /** Takes no new ids, sends what is still waiting, and ends. */
  finish(): Promise<void>;
}

interface PutRecordsAnswer {
  readonly FailedRecordCount: number;
  readonly Records: readonly {
    readonly SequenceNumber?: string;
    readonly ShardId?: string;
    readonly ErrorCode?: string;
  }[];
}

interface PutRecordBatchAnswer {
  readonly RequestResponses: readonly { readonly RecordId?: string }[];
}

export function startPutClient(options: PutClientOptions): PutClient {
  const acked: Acked[] = [];
  const surprises: string[] = [];
  const sent = new Map<number, number>();
  let waiting: number[] = [];
  let finishing = false;
  let connection: { readonly port: number; readonly raw: RawConnection } | undefined;

  async function connected(): Promise<RawConnection | undefined> {
    const port = options.port();
    if (connection !== undefined && connection.port === port) return connection.raw;
    connection?.raw.close();
    connection = undefined;
    if (port === undefined) return undefined;
    const raw = await openConnection(port).catch(() => undefined);
    if (raw !== undefined) connection = { port, raw };
    return raw;
  }

  async function send(raw: RawConnection, batch: readonly number[]): Promise<readonly number[]> {
    const records = batch.map((id) => ({
      Data: Buffer.from(options.recordOf(id)).toString("base64"),
      PartitionKey: `key-${id % 101}`,
    }));
    const request =
      options.firehose === true
        ? kinesisRequest(
            connection!.port,
            "PutRecordBatch",
            JSON.stringify({ DeliveryStreamName: options.stream, Records: records.map(({ Data }) => ({ Data })) }),
            "Firehose_20150804",
          )
        : kinesisRequest(
            connection!.port,
            "PutRecords",
            JSON.stringify({ StreamName: options.stream, Records: records }),
          );
    for (const id of batch) sent.set(id, (sent.get(id) ?? 0) + 1);
    const { status, body: text } = await raw.send(request);
    if (status !== 200) {
      surprises.push(`${status}: ${text.toString().slice(0, 300)}`);
      return batch;
    }
    if (options.firehose === true) {
      const { RequestResponses } = JSON.parse(text.toString()) as PutRecordBatchAnswer;
      return batch.filter((id, i) => {
        if (RequestResponses[i]!.RecordId === undefined) return true;
        acked.push({ id, stream: options.stream, shardId: "", sequence: 0 });
        return false;
      });
    }
    const answer = JSON.parse(text.toString()) as PutRecordsAnswer;
    return batch.filter((id, i) => {
      const { SequenceNumber, ShardId } = answer.Records[i]!;
      if (SequenceNumber === undefined || ShardId === undefined) return true;
      const sequence = Number(parseSequenceNumber(SequenceNumber)!.count);
      acked.push({ id, stream: options.stream, shardId: ShardId, sequence });
      return false;
    });
  }

  async function work(): Promise<void> {
    for (;;) {
      const size = options.batchSize();
      while (!finishing && waiting.length < size) waiting.push(options.nextId());
      if (waiting.length === 0) break;
      const raw = await connected();
      if (raw !== undefined) {
        const batch = waiting.slice(0, 500);
        // Not answered is not acked, whatever became of it.
        const unacked = await send(raw, batch).catch(() => {
          connection?.raw.close();
          connection = undefined;
          return batch;
        });
        waiting = [...unacked, ...waiting.slice(500)];
      }
      await new Promise((resolve) => setTimeout(resolve, raw === undefined ? 20 : options.pauseMs()));
    }
    connection?.raw.close();
  }

  const working = work();
  return {
    acked,
    surprises,
    sent,
    finish: () => {
      finishing = true;
      return working;
    },
  };
}
