/**
 * The newest records of a stream, or those of one partition key, read backwards from the journal's end, a page at a time. The journal has no
 * index of keys, so a page ends when it is full or when it has read its fill, and says where the next one goes on.
 */
import type { RecordPage, StreamRecordAnswer } from "../api/control/contract.js";
import { PenstockError } from "../core/errors.js";
import { MIB } from "../core/limits.js";
import { formatSequenceNumber } from "../core/sequence-number.js";
import type { Shard, StreamRecord, StreamStore } from "../stream/stream.js";

export interface RecordChoice {
  readonly stream: string;
  readonly key?: string;
  readonly limit: number;
  /** The `next` of the page before. */
  readonly after?: string;
}

/** What one page reads of the journal at most, over all shards. */
const READ_BYTES_MAX = 64 * MIB;
const CHUNK_RECORDS_FIRST = 64;
const CHUNK_RECORDS_MAX = 4096;
/** Of one record's bytes in an answer; the rest is left out, and said to be. */
const SHOWN_BYTES_MAX = 64 * 1024;

interface Found {
  readonly shard: Shard;
  readonly record: StreamRecord;
}

export async function newestRecords(store: StreamStore, choice: RecordChoice): Promise<RecordPage> {
  const stream = store.find(choice.stream);
  if (stream === undefined) {
    throw new PenstockError("not-found", `There is no stream ${JSON.stringify(choice.stream.slice(0, 200))}.`, {
      hint: `Streams: ${store
        .streams()
        .map(({ name }) => name)
        .join(", ")}.`,
    });
  }
  const before = cursorOf(choice.after);
  const shards = stream.shards.filter((shard) => shard.lastSequence >= shard.firstSequence);
  const budget = { bytes: READ_BYTES_MAX, of: shards.length };
  const looks = [];
  for (const shard of shards) {
    const end = Math.min(before.get(shard.number) ?? Number.POSITIVE_INFINITY, shard.lastSequence + 1);
    looks.push({ shard, ...(await lookBack(shard, end, choice, budget.bytes / budget.of)) });
  }
  const found = looks.flatMap(({ shard, records }) => records.map((record): Found => ({ shard, record })));
  found.sort((a, b) => b.record.arrivalMs - a.record.arrivalMs || b.record.sequence - a.record.sequence);
  const shown = found.slice(0, choice.limit);
  const next = looks.map(({ shard, records, lookedTo }): [number, number] => {
    const left = records.find((record) => !shown.some((one) => one.shard === shard && one.record === record));
    return [shard.number, left === undefined ? lookedTo : left.sequence + 1];
  });
  const more = next.some(([number, end]) => end > shards.find((shard) => shard.number === number)!.firstSequence);
  return {
    records: shown.map(answerOf),
    recordsRead: looks.reduce((sum, { read }) => sum + read, 0),
    ...(more ? { next: next.map((pair) => pair.join(":")).join(",") } : {}),
  };
}

/** Newest first. `lookedTo` is the oldest sequence that was looked at. */
async function lookBack(shard: Shard, end: number, { key, limit }: RecordChoice, bytesMax: number) {
  const records: StreamRecord[] = [];
  let lookedTo = end;
  let read = 0;
  let bytes = 0;
  let chunk = Math.max(CHUNK_RECORDS_FIRST, limit);
  while (lookedTo > shard.firstSequence && records.length < limit && bytes < bytesMax) {
    const from = fitting(shard, lookedTo, chunk, bytesMax - bytes);
    const matching: StreamRecord[] = [];
    for (let at = from; at < lookedTo; ) {
      // What is damaged is passed by, perhaps to beyond the chunk.
      const readable = await shard.read(at, { recordsMax: lookedTo - at, bytesMax: MIB, overDamage: true });
      const some = readable.filter(({ sequence }) => sequence < lookedTo);
      if (some.length === 0) break;
      read += some.length;
      for (const record of some) {
        bytes += record.data.length + record.partitionKey.length;
        if (key === undefined || record.partitionKey === key) matching.push(record);
      }
      // Oldest first as they come, so of very many only the newest are kept.
      matching.splice(0, matching.length - limit);
      at = some.at(-1)!.sequence + 1;
    }
    records.push(...matching.reverse());
    lookedTo = from;
    chunk = Math.min(CHUNK_RECORDS_MAX, chunk * 2);
  }
  const kept = records.slice(0, limit);
  return { records: kept, read, lookedTo: kept.length < limit ? lookedTo : kept.at(-1)!.sequence };
}

/** Where a chunk before `end` begins: so many records, or as many as have room, one at least. */
function fitting(shard: Shard, end: number, records: number, bytesMax: number): number {
  let from = Math.max(shard.firstSequence, end - records);
  while (end - from > 1 && shard.bytesFrom(from) - shard.bytesFrom(end) > bytesMax) from = Math.ceil((from + end) / 2);
  return from;
}

function cursorOf(text: string | undefined): ReadonlyMap<number, number> {
  if (text === undefined) return new Map();
  if (!/^\d{1,9}:\d{1,15}(,\d{1,9}:\d{1,15})*$/.test(text)) {
    throw new PenstockError("invalid-argument", "`after` must be the `next` of the page before.");
  }
  return new Map(text.split(",").map((pair) => pair.split(":").map(Number) as [number, number]));
}

function answerOf({ shard, record }: Found): StreamRecordAnswer {
  return {
    sequenceNumber: formatSequenceNumber(
      { createdAtMs: shard.createdAtMs, shard: shard.number },
      record.sequence,
      record.arrivalMs,
    ),
    shardId: shard.id,
    sequence: record.sequence,
    arrivedAtMs: record.arrivalMs,
    partitionKey: record.partitionKey,
    bytes: record.data.length,
    rawBase64: Buffer.from(record.data.subarray(0, SHOWN_BYTES_MAX)).toString("base64"),
  };
}
