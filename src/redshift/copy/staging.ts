/** Rows on their way into a table as texts: a temporary table of the session's, filled by our own reader and typed by the engine. */
import { isUtf8 } from "node:buffer";
import { objectBytes } from "./bytes.js";
import { type FieldError, type Fields, fieldCutter } from "./fields.js";
import { type JsonShape, jsonCutter, jsonRecords } from "./json-records.js";
import type { CopyOptions, TextFormat } from "./options.js";
import { type RawRecord, recordsOf } from "./records.js";
import type { LoadRun } from "./services.js";
import type { SourceObject } from "./source.js";
import { stageWriter } from "./stage-writer.js";

export interface StagedSource {
  readonly object: SourceObject;
  rowsRead: number;
}

export interface RecordError extends FieldError {
  /** Index of the object. */
  readonly object: number;
  readonly line: number;
  readonly rawLine: string;
}

export type RecordFormat =
  | { readonly text: TextFormat }
  | { readonly json: JsonShape; readonly supers: readonly boolean[] };

export interface StageOptions {
  readonly format: RecordFormat;
  readonly fields: number;
  readonly options: CopyOptions;
  /** More errors than these end the reading. */
  readonly maxErrors: number;
}

export interface Stage {
  /** DuckDB's name of the table: columns f (object), l (line), c1, c2, ... */
  readonly name: string;
  readonly sources: readonly StagedSource[];
  readonly errors: readonly RecordError[];
  drop(): Promise<void>;
}

export const RAW_LINE_CHARS_MAX = 1_024;

export async function stageRecords(
  run: LoadRun,
  objects: readonly SourceObject[],
  stage: StageOptions,
): Promise<Stage> {
  const table = `_penstock_load_${run.queryId}`;
  const writer = await stageWriter(run, table, stage.fields);
  const errors: RecordError[] = [];
  const sources = objects.map((object): StagedSource => ({ object, rowsRead: 0 }));
  const read = recordReader(stage);
  reading: for (const [index, source] of sources.entries()) {
    for await (const records of rawRecords(run, source.object, stage)) {
      for (const record of records) {
        source.rowsRead++;
        const fields = read(record);
        if (Array.isArray(fields)) {
          if (writer.add(index, record.line, fields)) await writer.flush();
          continue;
        }
        errors.push({ ...(fields as FieldError), object: index, line: record.line, rawLine: rawLineOf(record) });
        if (errors.length > stage.maxErrors) break reading;
      }
    }
  }
  await writer.end();
  return {
    name: writer.name,
    sources,
    errors,
    drop: () => run.connection.run(`DROP TABLE ${writer.name}`).then(() => undefined),
  };
}

/** Records of one object, without headers and the blank lines that are to be passed over. */
export async function* rawRecords(
  run: LoadRun,
  object: Pick<SourceObject, "path" | "url">,
  { format, options }: Pick<StageOptions, "format" | "options">,
): AsyncIterable<RawRecord[]> {
  const bytes = objectBytes(run, object, options);
  if ("json" in format) {
    yield* jsonRecords(bytes);
    return;
  }
  const { ignoreHeader, ignoreBlankLines } = format.text;
  let left = ignoreHeader;
  for await (const records of recordsOf(bytes, format.text)) {
    const kept = left > 0 ? records.slice(left) : records;
    left = Math.max(0, left - records.length);
    yield ignoreBlankLines ? kept.filter((record) => record.bytes.length > 0) : kept;
  }
}

function recordReader({ format, fields, options }: StageOptions): (record: RawRecord) => Fields | FieldError {
  const cut = "json" in format ? jsonCutter(format.json, format.supers) : fieldCutter(format.text, fields);
  const { invalidCharacter } = options.conversion;
  return (record) => {
    if (record.torn === "open-quote") return { code: 1214, reason: "Invalid quote formatting for CSV" };
    if (record.torn === "too-long") return { code: 1204, reason: "Input line is longer than 4 MB" };
    const { bytes } = record;
    if (isUtf8(bytes)) return cut(bytes.toString("utf8"));
    if (invalidCharacter !== undefined)
      return cut(new TextDecoder().decode(bytes).replaceAll("\ufffd", invalidCharacter));
    return invalidUtf8(bytes, cut);
  };
}

function invalidUtf8(bytes: Buffer, cut: (text: string) => Fields | FieldError): FieldError {
  const fields = cut(bytes.toString("latin1"));
  const field = Array.isArray(fields)
    ? fields.findIndex((one) => one !== null && !isUtf8(Buffer.from(one, "latin1")))
    : -1;
  const wrong = firstInvalid(bytes);
  return {
    code: 1220,
    reason: `String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: ${wrong.hex} (error ${wrong.error})`,
    ...(field === -1 ? {} : { field }),
  };
}

/** Source: "Multibyte character load errors". */
function firstInvalid(bytes: Buffer): { readonly hex: string; readonly error: number } {
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at]!;
    const length = byte < 0x80 ? 1 : byte < 0xc0 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf8 ? 4 : 0;
    if (length === 0) return { hex: hexOf(bytes.subarray(at, at + 1)), error: byte >= 0xf8 && byte < 0xfe ? 1 : 3 };
    const sequence = bytes.subarray(at, at + length);
    if (!isUtf8(sequence)) {
      const continued = sequence.subarray(1).every((one) => one >= 0x80 && one < 0xc0);
      return { hex: hexOf(sequence), error: sequence.length < length || !continued ? 2 : 4 };
    }
    at += length;
  }
  return { hex: "", error: 2 };
}

function hexOf(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

export function rawLineOf(record: RawRecord): string {
  return record.bytes
    .subarray(0, 4 * RAW_LINE_CHARS_MAX)
    .toString("utf8")
    .slice(0, RAW_LINE_CHARS_MAX);
}
