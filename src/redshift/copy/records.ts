/** Cuts bytes into records: lines, or where a quote or an escape says so, several of them. */

import { ROW_BYTES_MAX } from "./bytes.js";
import type { TextFormat } from "./options.js";

export interface RawRecord {
  /** Of its first line, from 1. */
  readonly line: number;
  /** Without the line's end. */
  readonly bytes: Buffer;
  /** Longer than a row may be, or a quote that never closes: no more is read. */
  readonly torn?: "too-long" | "open-quote";
}

const LF = 0x0a;
const CR = 0x0d;
const BACKSLASH = 0x5c;

export async function* recordsOf(chunks: AsyncIterable<Buffer>, format: TextFormat): AsyncIterable<RawRecord[]> {
  const quote = format.kind === "csv" ? format.quote.charCodeAt(0) : undefined;
  const escapes = format.kind === "delimited" && format.escape;
  let rest: Buffer = Buffer.alloc(0);
  /** Where in `rest` the search for the end goes on, and how many quotes stand before it. */
  let from = 0;
  let quotes = 0;
  let line = 1;
  let lines = 0;

  for await (const chunk of chunks) {
    const buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const found: RawRecord[] = [];
    let start = 0;
    // Looked for once, however many lines stand before it.
    let nextQuote = quote === undefined ? -1 : buffer.indexOf(quote, from);
    for (;;) {
      const end = buffer.indexOf(LF, from);
      if (end === -1) break;
      lines++;
      for (
        ;
        quote !== undefined && nextQuote !== -1 && nextQuote < end;
        nextQuote = buffer.indexOf(quote, nextQuote + 1)
      )
        quotes++;
      from = end + 1;
      if (quotes % 2 === 1 || (escapes && endsInEscape(buffer, start, end))) continue;
      found.push({ line, bytes: buffer.subarray(start, buffer[end - 1] === CR && end > start ? end - 1 : end) });
      line += lines;
      lines = 0;
      quotes = 0;
      start = from;
    }
    rest = buffer.subarray(start);
    from -= start;
    if (found.length > 0) yield found;
    if (rest.length > ROW_BYTES_MAX) {
      yield [{ line, bytes: rest.subarray(0, 1024), torn: quotes % 2 === 1 ? "open-quote" : "too-long" }];
      return;
    }
  }
  if (rest.length === 0) return;
  if (quote !== undefined) quotes += count(rest, quote, from, rest.length);
  const bytes = rest.at(-1) === CR ? rest.subarray(0, -1) : rest;
  yield [{ line, bytes, ...(quotes % 2 === 1 ? { torn: "open-quote" as const } : {}) }];
}

function count(buffer: Buffer, byte: number, from: number, end: number): number {
  let quotes = 0;
  for (let at = buffer.indexOf(byte, from); at !== -1 && at < end; at = buffer.indexOf(byte, at + 1)) quotes++;
  return quotes;
}

function endsInEscape(buffer: Buffer, start: number, end: number): boolean {
  let at = buffer[end - 1] === CR ? end - 2 : end - 1;
  let escapes = 0;
  for (; at >= start && buffer[at] === BACKSLASH; at--) escapes++;
  return escapes % 2 === 1;
}
