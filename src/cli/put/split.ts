import { PenstockError } from "../../core/errors.js";
import { MIB } from "../../core/limits.js";

/**
 * Cuts a stream of bytes into records without looking into them more than it takes to find their ends. A record is a slice of the
 * chunk it came in, so nothing is copied but what spans two chunks.
 */
export type Splitter = (chunks: AsyncIterable<Buffer>) => AsyncGenerator<Buffer[]>;

/** No record may be longer (Kinesis' own limit is 10 MiB): what is, is no file of records, and would fill the memory. */
const RECORD_BYTES_MAX = 16 * MIB;

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const SPACE = 0x20;

/** A record a line; empty lines are no records. */
export const splitLines: Splitter = async function* (chunks) {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const records: Buffer[] = [];
    let start = 0;
    for (let end = text.indexOf(LF); end !== -1; end = text.indexOf(LF, start)) {
      addLine(records, text, start, end);
      start = end + 1;
    }
    rest = remainder(text, start);
    if (records.length > 0) yield records;
  }
  const records: Buffer[] = [];
  addLine(records, rest, 0, rest.length);
  if (records.length > 0) yield records;
};

/** A CSV record a record: a line end inside quotes is part of it. `quote` is one ASCII character. */
export function splitCsv(quote: string): Splitter {
  const mark = quote.charCodeAt(0);
  return async function* (chunks) {
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of chunks) {
      const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const records: Buffer[] = [];
      let start = 0;
      let searchFrom = 0;
      for (let end = text.indexOf(LF); end !== -1; end = text.indexOf(LF, searchFrom)) {
        searchFrom = end + 1;
        // A doubled quote counts twice, so an odd count is an open field, whatever stands in it.
        if (countOf(text, mark, start, end) % 2 === 1) continue;
        addLine(records, text, start, end);
        start = searchFrom;
      }
      rest = remainder(text, start);
      if (records.length > 0) yield records;
    }
    const records: Buffer[] = [];
    addLine(records, rest, 0, rest.length);
    if (records.length > 0) yield records;
  };
}

/** The elements of one JSON array, each on one line: a line end between tokens becomes a space, and inside a string there is none. */
export const splitJsonArray: Splitter = async function* (chunks) {
  let rest: Buffer = Buffer.alloc(0);
  let position = 0;
  let start = -1;
  let depth = 0;
  let inString = false;
  let ended = false;
  for await (const chunk of chunks) {
    const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const records: Buffer[] = [];
    for (; position < text.length; position++) {
      const byte = text[position]!;
      if (inString) {
        if (byte === BACKSLASH) position++;
        else if (byte === QUOTE) inString = false;
        continue;
      }
      const opens = byte === 0x5b || byte === 0x7b;
      const closes = byte === 0x5d || byte === 0x7d;
      if (depth === 1 && start !== -1 && (byte === COMMA || closes)) {
        records.push(oneLine(text.subarray(start, position)));
        start = -1;
      } else if (depth === 1 && start === -1 && byte > SPACE && byte !== COMMA && !closes) {
        start = position;
      }
      if (byte === QUOTE) inString = true;
      if (opens) depth++;
      if (closes) {
        depth--;
        ended = depth === 0;
      }
    }
    const keepFrom = start === -1 ? text.length : start;
    rest = remainder(text, keepFrom);
    position -= keepFrom;
    if (start !== -1) start = 0;
    if (records.length > 0) yield records;
  }
  if (!ended) {
    throw new PenstockError(
      "invalid-argument",
      "The JSON array has no end: the file is cut short, or it is no JSON array.",
      {
        hint: "For a record a line, say --format ndjson.",
      },
    );
  }
};

function addLine(records: Buffer[], text: Buffer, start: number, end: number): void {
  const last = end > start && text[end - 1] === CR ? end - 1 : end;
  if (last > start) records.push(text.subarray(start, last));
}

function countOf(text: Buffer, byte: number, start: number, end: number): number {
  let found = 0;
  for (let at = text.indexOf(byte, start); at !== -1 && at < end; at = text.indexOf(byte, at + 1)) found++;
  return found;
}

function oneLine(element: Buffer): Buffer {
  let end = element.length;
  while (end > 0 && element[end - 1]! <= SPACE) end--;
  const trimmed = element.subarray(0, end);
  if (!trimmed.includes(LF) && !trimmed.includes(CR)) return trimmed;
  return Buffer.from(trimmed.map((byte) => (byte === LF || byte === CR ? SPACE : byte)));
}

function remainder(text: Buffer, start: number): Buffer {
  const rest = text.subarray(start);
  if (rest.length > RECORD_BYTES_MAX) {
    throw new PenstockError("invalid-argument", `A record is longer than ${RECORD_BYTES_MAX / MIB} MiB.`, {
      hint: "Is the format right? --format ndjson, json, csv or parquet says it outright.",
    });
  }
  return rest;
}
