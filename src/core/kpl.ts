import { createHash } from "node:crypto";
import { PbfReader, PbfWriter } from "pbf";
import { PenstockError } from "./errors.js";

/**
 * The Kinesis Producer Library's aggregated record: many user records in one record of the stream.
 *
 *     F3 89 9A C2 | AggregatedRecord, protobuf | MD5 of the protobuf, 16 bytes
 *
 *     AggregatedRecord { repeated string partition_key_table     = 1;
 *                        repeated string explicit_hash_key_table = 2;
 *                        repeated Record records                 = 3; }
 *     Record           { uint64 partition_key_index     = 1;   required
 *                        uint64 explicit_hash_key_index = 2;
 *                        bytes  data                    = 3;   required
 *                        repeated Tag tags              = 4; } Tag { string key = 1; string value = 2; }
 *
 * (The format as Amazon publishes it with the library, "aggregation-format.md".)
 */
export interface KplRecord {
  readonly partitionKey: string;
  /** A 128-bit number in decimal, where the producer chose the shard by itself. */
  readonly explicitHashKey?: string;
  readonly data: Uint8Array;
}

const MAGIC = Uint8Array.of(0xf3, 0x89, 0x9a, 0xc2);
const DIGEST_BYTES = 16;

/** What one aggregate costs beside its records: magic and digest. */
export const KPL_OVERHEAD_BYTES = MAGIC.length + DIGEST_BYTES;

/** Whether the bytes begin as an aggregate does; cheap, and true also for damaged ones. */
export function looksAggregated(data: Uint8Array): boolean {
  return (
    data.length > KPL_OVERHEAD_BYTES &&
    data[0] === MAGIC[0] &&
    data[1] === MAGIC[1] &&
    data[2] === MAGIC[2] &&
    data[3] === MAGIC[3]
  );
}

/**
 * The user records of an aggregate, in order; undefined when the bytes are none, and are to be taken as they are. That goes for a digest that
 * does not match too, as in Amazon's own consumers: any record may begin with those four bytes by chance.
 *
 * `bad-record` when the digest matches and the content is not what the format says: the producer is at fault.
 */
export function decodeKpl(data: Uint8Array): KplRecord[] | undefined {
  if (!looksAggregated(data)) return undefined;
  const message = data.subarray(MAGIC.length, data.length - DIGEST_BYTES);
  if (!digestOf(message).equals(data.subarray(data.length - DIGEST_BYTES))) return undefined;
  try {
    return readAggregate(message);
  } catch (cause) {
    if (cause instanceof PenstockError) throw cause;
    throw new PenstockError("bad-record", "The KPL aggregate is not the protobuf message that it should be.", {
      cause,
    });
  }
}

/** One aggregate of the records, each key once in its table. */
export function encodeKpl(records: readonly KplRecord[]): Uint8Array {
  const keys = indexed(records.map(({ partitionKey }) => partitionKey));
  const hashKeys = indexed(records.flatMap(({ explicitHashKey }) => explicitHashKey ?? []));
  const writer = new PbfWriter();
  for (const key of keys.keys()) writeStringField(writer, 1, key);
  for (const key of hashKeys.keys()) writeStringField(writer, 2, key);
  for (const record of records) {
    writer.writeMessage(
      3,
      ({ partitionKey, explicitHashKey, data }, inner) => {
        writeVarintField(inner, 1, keys.get(partitionKey)!);
        if (explicitHashKey !== undefined) writeVarintField(inner, 2, hashKeys.get(explicitHashKey)!);
        inner.writeTag(3, BYTES);
        inner.writeBytes(data);
      },
      record,
    );
  }
  const message = writer.finish();
  return Buffer.concat([MAGIC, message, digestOf(message)]);
}

/** What a record adds to an aggregate, at most: its data, tags and lengths, and its key where that is new. */
export function kplRecordBytes(dataBytes: number, newKeyBytes: number): number {
  // A tag and a length for the record, two tags with an index, a tag and a length for the data; five bytes hold any length that fits.
  const framing = 1 + 5 + 2 * (1 + 5) + 1 + 5;
  return dataBytes + framing + (newKeyBytes === 0 ? 0 : newKeyBytes + 1 + 5);
}

const VARINT = 0;
const BYTES = 2;

function writeVarintField(writer: PbfWriter, field: number, value: number): void {
  writer.writeTag(field, VARINT);
  writer.writeVarint(value);
}

function writeStringField(writer: PbfWriter, field: number, value: string): void {
  writer.writeTag(field, BYTES);
  writer.writeBytes(Buffer.from(value));
}

function indexed(values: readonly string[]): ReadonlyMap<string, number> {
  const indexes = new Map<string, number>();
  for (const value of values) if (!indexes.has(value)) indexes.set(value, indexes.size);
  return indexes;
}

interface RawRecord {
  keyIndex: number | undefined;
  hashKeyIndex: number | undefined;
  data: Uint8Array | undefined;
}

function readAggregate(message: Uint8Array): KplRecord[] {
  const keys: string[] = [];
  const hashKeys: string[] = [];
  const raw: RawRecord[] = [];
  readWhole(message, (field, reader) => {
    if (field === 1) keys.push(textOf(readChunk(reader)));
    else if (field === 2) hashKeys.push(textOf(readChunk(reader)));
    else if (field === 3) raw.push(readRecord(readChunk(reader)));
  });
  return raw.map(({ keyIndex, hashKeyIndex, data }, index) => {
    const partitionKey = keyIndex === undefined ? undefined : keys[keyIndex];
    const explicitHashKey = hashKeyIndex === undefined ? undefined : hashKeys[hashKeyIndex];
    if (
      partitionKey === undefined ||
      data === undefined ||
      (hashKeyIndex !== undefined && explicitHashKey === undefined)
    ) {
      throw new PenstockError(
        "bad-record",
        `Record ${index} of the KPL aggregate has no data, or a key that is not in the aggregate's tables.`,
      );
    }
    return { partitionKey, data, ...(explicitHashKey === undefined ? {} : { explicitHashKey }) };
  });
}

function readRecord(message: Uint8Array): RawRecord {
  const record: RawRecord = { keyIndex: undefined, hashKeyIndex: undefined, data: undefined };
  readWhole(message, (field, reader) => {
    if (field === 1) record.keyIndex = reader.readVarint();
    else if (field === 2) record.hashKeyIndex = reader.readVarint();
    else if (field === 3) record.data = readChunk(reader);
  });
  return record;
}

/** Every field of a message, which must end where its last field does: the reader itself does not mind running over. */
function readWhole(message: Uint8Array, visit: (field: number, reader: PbfReader) => void): void {
  const reader = new PbfReader(message);
  reader.readFields<undefined>((field) => visit(field, reader), undefined);
  if (reader.pos !== message.length) throw endsEarly();
}

/** Bytes with their length before them. Text is read from these too, since the reader's own text is wrong beyond U+1FFFF. */
function readChunk(reader: PbfReader): Uint8Array {
  const size = reader.readVarint();
  const start = reader.pos;
  if (start + size > reader.length) throw endsEarly();
  reader.pos = start + size;
  return reader.buf.subarray(start, start + size);
}

function endsEarly(): PenstockError {
  return new PenstockError("bad-record", "The KPL aggregate ends within one of its fields.");
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}

function digestOf(message: Uint8Array): Buffer {
  return createHash("md5").update(message).digest();
}
