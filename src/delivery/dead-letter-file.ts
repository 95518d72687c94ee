/**
 * Dead letters as objects: one JSON document a line, in the form that Firehose writes under its error prefix, and beside it what
 * identifies the row here. `rawData` is the whole record's bytes in base64, so that a redrive can decode it again.
 */
import { formatSequenceNumber, shardIdOf } from "../core/sequence-number.js";
import type { StreamRecord } from "../stream/stream.js";
import { type DeadLetterCode, firehoseErrorCode, type RowFault } from "./codec/dead-letter.js";

export interface DeadLetterRow {
  readonly attemptsMade: number;
  readonly arrivalTimestamp: number;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly attemptEndingTimestamp: number;
  /** The record's bytes, base64. */
  readonly rawData: string;
  /** The service's form. */
  readonly sequenceNumber: string;
  readonly subSequenceNumber: number;
  readonly dataCatalogTable: {
    readonly databaseName: string;
    readonly tableName: string;
    readonly versionId: string;
  };
  readonly stream: string;
  readonly shardId: string;
  /** The dense count within the shard. */
  readonly sequence: number;
  readonly rowIndex: number;
  readonly code: DeadLetterCode;
  readonly column: string | null;
  readonly table: string;
  /** 0 where no flush made it (a replay). */
  readonly flush: number;
}

export interface DeadLetterContext {
  readonly table: string;
  readonly schemaVersion: number;
  readonly flush: number;
  /** When the attempt ended: the flush's decision, so that a retry writes the same bytes. */
  readonly endedAtMs: number;
}

export function deadLetterLine(
  context: DeadLetterContext,
  from: { readonly stream: string; readonly shard: number; readonly shardCreatedAtMs: number },
  record: StreamRecord,
  rowIndex: number,
  fault: RowFault,
): string {
  const row: DeadLetterRow = {
    attemptsMade: 1,
    arrivalTimestamp: record.arrivalMs,
    errorCode: firehoseErrorCode(fault.code),
    errorMessage: fault.message,
    attemptEndingTimestamp: context.endedAtMs,
    rawData: Buffer.from(record.data.buffer, record.data.byteOffset, record.data.length).toString("base64"),
    sequenceNumber: formatSequenceNumber(
      { createdAtMs: from.shardCreatedAtMs, shard: from.shard },
      record.sequence,
      record.arrivalMs,
    ),
    subSequenceNumber: rowIndex,
    dataCatalogTable: {
      databaseName: "penstock",
      tableName: context.table,
      versionId: String(context.schemaVersion),
    },
    stream: from.stream,
    shardId: shardIdOf(from.shard),
    sequence: record.sequence,
    rowIndex,
    code: fault.code,
    column: fault.column,
    table: context.table,
    flush: context.flush,
  };
  return `${JSON.stringify(row)}\n`;
}
