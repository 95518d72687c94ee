/**
 * The transform between a stream and the lake on AWS: the embedded pipeline's reference codec on what Firehose hands over.
 *
 *     record -> rows? Ok, one JSON line a row, with the row's identity and _arrived_at
 *            -> no rows: filtered, or all dead letters? Dropped
 *            -> the answer has no room for it? ProcessingFailed, which Firehose writes under its own error output
 *
 * Dead letters are written here, before the answer: Firehose may call again with the same records, and then arrives at the same key and the same
 * bytes.
 */
import { createHash } from "node:crypto";
import type { TableModel } from "../definition/model.js";
import { type DeadLetterCode, firehoseErrorCode, type RowFault } from "../delivery/codec/dead-letter.js";
import { decodeRecord } from "../delivery/codec/decode-record.js";
import { planRows } from "../delivery/codec/row-plan.js";
import { evaluatePrefix } from "../delivery/keys.js";
import { partitionValues } from "./partition-values.js";
import { type RowIdentity, rowJson, unspeakable } from "./row-json.js";

/** Firehose's event, as far as it is read. */
export interface FirehoseEvent {
  readonly invocationId: string;
  readonly deliveryStreamArn: string;
  readonly sourceKinesisStreamArn?: string;
  readonly records: readonly FirehoseEventRecord[];
}

export interface FirehoseEventRecord {
  readonly recordId: string;
  readonly approximateArrivalTimestamp: number;
  /** Base64. */
  readonly data: string;
  readonly kinesisRecordMetadata?: {
    readonly sequenceNumber: string;
    /** The record's place in its KPL aggregate, which Firehose has taken apart; absent or empty where there was none. */
    readonly subsequenceNumber?: string | number;
    readonly shardId: string;
    readonly partitionKey: string;
    readonly approximateArrivalTimestamp: number;
  };
}

export interface FirehoseAnswer {
  readonly records: readonly FirehoseAnswerRecord[];
}

export interface FirehoseAnswerRecord {
  readonly recordId: string;
  readonly result: "Ok" | "Dropped" | "ProcessingFailed";
  /** Base64. */
  readonly data?: string;
  readonly metadata?: { readonly partitionKeys: Readonly<Record<string, string>> };
}

export interface TransformOptions {
  readonly table: TableModel;
  /** The definition's name of the stream. */
  readonly stream: string;
  readonly schemaVersion: number;
  /** Must be durable when it resolves; when it rejects, the invocation fails, and Firehose calls again. */
  readonly writeDeadLetters: (key: string, body: string) => Promise<void>;
}

export interface TransformCounts {
  readonly records: number;
  readonly rows: number;
  readonly filtered: number;
  readonly dead: number;
  /** Records that the answer had no room for. */
  readonly failed: number;
}

/** Lambda answers with at most 6 MB; the rest is for what stands around the data. */
export const ANSWER_BYTES_MAX = 5_500_000;
/** Rows of one user record of an aggregate: its identities lie this far from the next one's. */
const ROWS_A_SUBSEQUENCE = 2 ** 32;

export function firehoseTransform(options: TransformOptions) {
  const { table, stream } = options;
  const plan = planRows(table);

  return async (event: FirehoseEvent): Promise<{ answer: FirehoseAnswer; counts: TransformCounts }> => {
    const letters: string[] = [];
    const letterIds: string[] = [];
    let lettersArrivedAtMs = 0;
    let answerBytes = 0;
    let [rowCount, filtered, failed] = [0, 0, 0];
    const answered = event.records.map((record): FirehoseAnswerRecord => {
      const { recordId } = record;
      const data = Buffer.from(record.data, "base64");
      const source = sourceOf(table, stream, record);
      const lines: string[] = [];
      const dead: string[] = [];
      let partition: Readonly<Record<string, string>> | undefined;
      let [index, left] = [0, 0];
      const bury = (fault: RowFault, rowIndex: number) =>
        dead.push(deadLetter(options, record, source, rowIndex, fault));
      for (const outcome of decodeRecord(plan, data)) {
        const rowIndex = source.firstRowIndex + index++;
        if (outcome.kind === "filtered") left++;
        else if (outcome.kind === "dead") bury(outcome.fault, rowIndex);
        else {
          const nameless = unspeakable(table, outcome.cells);
          const own = partitionValues(table, outcome.cells);
          partition ??= own;
          if (nameless !== undefined) {
            const message = `${nameless}: NaN and infinity have no word in the JSON that Firehose converts`;
            bury({ code: "out-of-range", column: nameless, message }, rowIndex);
          } else if (!samePartition(partition, own)) {
            const message = "the record's rows belong to several partitions, and Firehose puts a record in one";
            bury({ code: "too-many-partitions", column: null, message }, rowIndex);
          } else {
            const { shardId, sequenceNumber, arrivedAtMs } = source;
            const identity: RowIdentity = { shardId, sequenceNumber, rowIndex, arrivedAtMs };
            lines.push(`${rowJson(table, identity, outcome.cells)}\n`);
          }
        }
      }
      const encoded = lines.length === 0 ? "" : Buffer.from(lines.join("")).toString("base64");
      if (answerBytes + encoded.length > ANSWER_BYTES_MAX) {
        // Firehose keeps the record's own bytes: nothing of it may be counted, or be a dead letter, as well.
        failed++;
        return { recordId, result: "ProcessingFailed", data: "" };
      }
      answerBytes += encoded.length;
      rowCount += lines.length;
      filtered += left;
      if (dead.length > 0) {
        letters.push(...dead);
        letterIds.push(`${source.shardId}/${source.sequenceNumber}/${source.firstRowIndex}`);
        lettersArrivedAtMs ||= source.arrivedAtMs;
      }
      if (lines.length === 0) return { recordId, result: "Dropped", data: "" };
      return {
        recordId,
        result: "Ok",
        data: encoded,
        ...(table.deliver.partitionBy.length === 0 ? {} : { metadata: { partitionKeys: partition ?? {} } }),
      };
    });
    if (letters.length > 0) {
      await options.writeDeadLetters(deadLettersKey(table, lettersArrivedAtMs, letterIds), letters.join(""));
    }
    const counts = { records: event.records.length, rows: rowCount, filtered, dead: letters.length, failed };
    return { answer: { records: answered }, counts };
  };
}

interface RecordSource {
  /** As in `_shard_id`. */
  readonly shardId: string;
  readonly sequenceNumber: string;
  readonly firstRowIndex: number;
  readonly arrivedAtMs: number;
}

function sourceOf(table: TableModel, stream: string, record: FirehoseEventRecord): RecordSource {
  const { kinesisRecordMetadata: kinesis } = record;
  // What comes by Firehose alone has no shard; its record's id is what a second call would bring again.
  const shard = kinesis?.shardId ?? "direct-put";
  return {
    shardId: table.sources.length > 1 ? `${stream}:${shard}` : shard,
    sequenceNumber: kinesis?.sequenceNumber ?? record.recordId,
    firstRowIndex: Number(kinesis?.subsequenceNumber ?? 0) * ROWS_A_SUBSEQUENCE,
    arrivedAtMs: kinesis?.approximateArrivalTimestamp ?? record.approximateArrivalTimestamp,
  };
}

function samePartition(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  return Object.keys(a).every((name) => a[name] === b[name]);
}

/** As delivery/dead-letter-file.ts writes them, but for the dense count within the shard, which AWS does not have. */
function deadLetter(
  { table, stream, schemaVersion }: TransformOptions,
  record: FirehoseEventRecord,
  source: RecordSource,
  rowIndex: number,
  fault: RowFault,
): string {
  const code: DeadLetterCode = fault.code;
  return `${JSON.stringify({
    attemptsMade: 1,
    arrivalTimestamp: source.arrivedAtMs,
    errorCode: firehoseErrorCode(code),
    errorMessage: fault.message,
    // The record's own time rather than the clock's, so that a second call writes the same bytes.
    attemptEndingTimestamp: source.arrivedAtMs,
    rawData: record.data,
    sequenceNumber: source.sequenceNumber,
    subSequenceNumber: rowIndex,
    dataCatalogTable: { databaseName: "penstock", tableName: table.name, versionId: String(schemaVersion) },
    stream,
    shardId: record.kinesisRecordMetadata?.shardId ?? "direct-put",
    sequence: null,
    rowIndex,
    code,
    column: fault.column,
    table: table.name,
    flush: 0,
  })}\n`;
}

function deadLettersKey(table: TableModel, atMs: number, ids: readonly string[]): string {
  const digest = createHash("sha256").update(ids.join(" ")).digest("hex").slice(0, 24);
  return `${evaluatePrefix(table.deliver.errorPrefix, atMs, {})}${table.name}-${digest}.json`;
}
