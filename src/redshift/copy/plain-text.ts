/**
 * The fast way of COPY for delimited lines: DuckDB's own reader, for objects of which it is proved beforehand that it reads in them what the
 * reference (records.ts, fields.ts) does. All bytes are looked at: lines end in LF, each has as many delimiters as it should, there is no
 * quote, no other control character, no wrong UTF-8. Of such bytes there is one reading. Whatever else there is, the reference has it.
 */
import { isUtf8 } from "node:buffer";
import { MIB } from "../../core/limits.js";
import { textLiteral } from "../sql-text.js";
import { notPlain, unpacked } from "./bytes.js";
import { relationFiles } from "./files.js";
import type { CopyOptions, TextFormat } from "./options.js";
import type { LoadRun } from "./services.js";
import type { SourceObject } from "./source.js";

export interface PlainText {
  /** DuckDB's relation with the columns c1, c2, ...: all rows of all objects. */
  readonly relation: string;
  readonly rows: number;
  readonly rowsOf: ReadonlyMap<SourceObject, number>;
}

const LF = 0x0a;
const TAB = 0x09;
const SPACE = 0x20;
const DELETE = 0x7f;
/** Longer lines are the reference's. */
export const LINE_BYTES_MAX = MIB;

/** Undefined where the reference must read them. */
export async function plainText(
  run: LoadRun,
  objects: readonly SourceObject[],
  format: TextFormat,
  fields: number,
  options: CopyOptions,
): Promise<PlainText | undefined> {
  const delimiter = plainDelimiter(format, options);
  // A line of one field may be empty, which is too little to tell a row by.
  if (delimiter === undefined || fields < 2) return undefined;
  const quote = format.kind === "csv" ? format.quote.charCodeAt(0) : -1;
  const rowsOf = new Map<SourceObject, number>();
  let rows = 0;
  for (const object of objects) {
    const lines = lineCounter(delimiter.charCodeAt(0), quote, fields - 1, format.ignoreHeader);
    // What cannot be unpacked is for the reference to tell.
    const counted = await countLines(unpacked(run, object, options.compression), lines).catch(notPlain);
    if (counted === undefined) return undefined;
    rowsOf.set(object, counted);
    rows += counted;
  }
  const filled = objects.filter((object) => (rowsOf.get(object) ?? 0) > 0);
  if (filled.length === 0) return undefined;
  const columns = Array.from({ length: fields }, (_, index) => `'c${index + 1}': 'VARCHAR'`).join(", ");
  const relation = `read_csv(${relationFiles(filled)}, auto_detect = false, header = false, delim = ${textLiteral(delimiter)}, quote = '', escape = '', comment = '', nullstr = chr(2),
    skip = ${format.ignoreHeader}, max_line_size = ${2 * LINE_BYTES_MAX}, compression = '${options.compression}', columns = {${columns}}, hive_partitioning = false)`;
  return { relation, rows, rowsOf };
}

function plainDelimiter(format: TextFormat, { compression, encoding }: CopyOptions): string | undefined {
  if (encoding !== "utf8" || compression === "bzip2" || format.kind === "fixed-width") return undefined;
  if (format.kind === "delimited" && (format.escape || format.removeQuotes)) return undefined;
  const { delimiter } = format;
  const code = delimiter.charCodeAt(0);
  return delimiter.length === 1 && (code === TAB || (code >= SPACE && code < DELETE)) ? delimiter : undefined;
}

/** Rows of an object; undefined as soon as something is not plain. */
export async function countLines(chunks: AsyncIterable<Buffer>, lines: LineCounter): Promise<number | undefined> {
  let rest: Buffer = Buffer.alloc(0);
  let first = true;
  for await (const chunk of chunks) {
    // A byte order mark.
    if (first && chunk[0] === 0xef) return undefined;
    first = false;
    const end = chunk.lastIndexOf(LF) + 1;
    if (end === 0) {
      rest = Buffer.concat([rest, chunk]);
      if (rest.length > LINE_BYTES_MAX) return undefined;
      continue;
    }
    const whole = rest.length === 0 ? chunk.subarray(0, end) : Buffer.concat([rest, chunk.subarray(0, end)]);
    if (!lines.add(whole)) return undefined;
    rest = Buffer.from(chunk.subarray(end));
  }
  if (rest.length > 0 && !lines.add(Buffer.concat([rest, Buffer.of(LF)]))) return undefined;
  return lines.rows();
}

export interface LineCounter {
  /** Whole lines, each with its LF. False where something in them is not plain. */
  add(bytes: Buffer): boolean;
  /** Undefined where there were not even the lines that are to be passed over. */
  rows(): number | undefined;
}

function lineCounter(delimiter: number, quote: number, delimiters: number, headers: number): LineCounter {
  let lines = 0;
  return {
    add(bytes) {
      let found = 0;
      let start = 0;
      const { length } = bytes;
      for (let at = 0; at < length; at++) {
        const byte = bytes[at]!;
        if (byte === delimiter) found++;
        else if (byte < SPACE) {
          if (byte !== LF) return false;
          if ((found !== delimiters && lines >= headers) || at - start > LINE_BYTES_MAX) return false;
          // A line to be passed over that is empty might not be counted as one.
          if (at === start) return false;
          lines++;
          found = 0;
          start = at + 1;
        } else if (byte === quote) return false;
      }
      return isUtf8(bytes);
    },
    rows: () => (lines < headers || (headers > 0 && lines === headers) ? undefined : lines - headers),
  };
}
