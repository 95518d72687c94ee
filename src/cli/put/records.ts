import { messageOf, PenstockError } from "../../core/errors.js";
import type { ColumnModel, CsvFormat } from "../../definition/model.js";
import type { Input, ParquetInput } from "./input.js";
import { splitCsv, splitJsonArray, splitLines } from "./split.js";
import type { Target } from "./target.js";

/** A record as it goes out. `field` finds a value for the partition key. */
export interface PutRecord {
  readonly data: Buffer;
  readonly key: string | undefined;
}

export interface RecordOptions {
  /** The field whose value is the partition key. */
  readonly keyField: string | undefined;
  /** Whether a CSV file begins with a header line; undefined: find out. */
  readonly header: boolean | undefined;
  readonly delimiter: string | undefined;
}

/** Reads the input as records in the form that the target's readers want; text that is in that form already is passed on as it is. */
export function records(input: Input, target: Target, options: RecordOptions): AsyncIterable<PutRecord[]> {
  switch (input.format) {
    case "ndjson":
      return fromJson(splitLines(input.chunks), target, options);
    case "json":
      return fromJson(splitJsonArray(input.chunks), target, options);
    case "parquet":
      return fromJson(parquetRows(input.parquet!), target, options);
    case "csv":
      return fromCsv(input.chunks, target, options);
  }
}

async function* fromJson(
  blocks: AsyncIterable<Buffer[]>,
  target: Target,
  options: RecordOptions,
): AsyncGenerator<PutRecord[]> {
  const { format } = target;
  const { keyField } = options;
  for await (const block of blocks) {
    yield block.map((data) => {
      if (format === "json" && keyField === undefined) return { data, key: undefined };
      const row = parseObject(data);
      return {
        data:
          format === "json"
            ? data
            : Buffer.from(
                csvText(
                  target.columns.map((column) => row[column.name]),
                  format,
                ),
              ),
        key: keyField === undefined ? undefined : keyOf(row[keyField], keyField),
      };
    });
  }
}

async function* fromCsv(
  chunks: AsyncIterable<Buffer>,
  target: Target,
  options: RecordOptions,
): AsyncGenerator<PutRecord[]> {
  const { parse } = await import("csv-parse/sync");
  const names = target.columns.map((column) => column.name);
  const { format } = target;
  const delimiter = options.delimiter ?? ",";
  const fieldsOf = (block: readonly Buffer[]) =>
    parse(Buffer.concat(block.flatMap((record) => [record, LINE_END])), {
      delimiter,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as string[][];
  let header: string[] | undefined;
  let asIs = false;
  let keyIndex = -1;
  let columns: readonly (ColumnModel | undefined)[] = [];

  for await (const cut of splitCsv('"')(chunks)) {
    let block = cut;
    if (header === undefined) {
      const first = fieldsOf(block.slice(0, 1))[0] ?? [];
      const known = first.filter((field) => names.includes(field.trim().toLowerCase())).length;
      const named = options.header ?? (names.length === 0 || known * 2 >= first.length);
      header = named ? first.map((field) => field.trim()) : names.slice(0, first.length);
      if (header.length === 0) throw noNames();
      if (named) block = block.slice(1);
      columns = header.map((name) => target.columns.find((column) => column.name === name.toLowerCase()));
      keyIndex = options.keyField === undefined ? -1 : header.indexOf(options.keyField);
      asIs =
        format !== "json" &&
        format.header === "none" &&
        format.delimiter === delimiter &&
        format.quote === '"' &&
        format.escape === '"' &&
        header.length === names.length &&
        header.every((name, index) => name.toLowerCase() === names[index]);
    }
    if (asIs && options.keyField === undefined) {
      yield block.map((data) => ({ data, key: undefined }));
      continue;
    }
    const written = header;
    yield fieldsOf(block).map((fields, index) => ({
      data: asIs ? block[index]! : Buffer.from(rowText(written, columns, fields, target)),
      key: options.keyField === undefined ? undefined : keyOf(fields[keyIndex], options.keyField),
    }));
  }
}

const LINE_END = Buffer.from("\n");

function rowText(
  header: readonly string[],
  columns: readonly (ColumnModel | undefined)[],
  fields: readonly string[],
  target: Target,
): string {
  if (target.format === "json") return jsonText(header, columns, fields);
  const byName = new Map(header.map((name, index) => [name.toLowerCase(), fields[index]]));
  return csvText(
    target.columns.map((column) => (byName.get(column.name) === "" ? null : byName.get(column.name))),
    target.format,
  );
}

const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const NUMBER_KINDS: ReadonlySet<string> = new Set(["smallint", "integer", "bigint", "real", "double", "decimal"]);

/** CSV has text alone: the column's type tells what is a number or a truth value in JSON; an empty field is null. */
function jsonText(
  header: readonly string[],
  columns: readonly (ColumnModel | undefined)[],
  fields: readonly string[],
): string {
  let text = "{";
  for (let index = 0; index < header.length; index++) {
    const field = fields[index];
    if (field === undefined) break;
    const kind = columns[index]?.type.kind;
    const bare =
      (kind !== undefined && NUMBER_KINDS.has(kind) && JSON_NUMBER.test(field)) ||
      (kind === "boolean" && (field === "true" || field === "false"));
    const value = field === "" ? "null" : bare ? field : JSON.stringify(field);
    text += `${index === 0 ? "" : ","}${JSON.stringify(header[index])}:${value}`;
  }
  return `${text}}`;
}

function csvText(values: readonly unknown[], format: CsvFormat): string {
  const { delimiter, quote, nullAs } = format;
  return values
    .map((value) => {
      if (value === null || value === undefined) return nullAs;
      const field = typeof value === "object" ? JSON.stringify(value) : String(value);
      const bare =
        field !== nullAs &&
        field !== "" &&
        !field.includes(delimiter) &&
        !field.includes(quote) &&
        !/[\r\n]/.test(field);
      if (bare) return field;
      const doubled = format.escape === quote ? field : field.replaceAll(format.escape, format.escape + format.escape);
      const escaped = doubled.replaceAll(quote, format.escape + quote);
      return `${quote}${escaped}${quote}`;
    })
    .join(delimiter);
}

function parseObject(data: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(data.toString("utf8"));
  } catch (error) {
    throw notAnObject(data, messageOf(error));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw notAnObject(data, "not an object");
  return value as Record<string, unknown>;
}

function notAnObject(data: Buffer, why: string): PenstockError {
  const shown = JSON.stringify(data.subarray(0, 80).toString("utf8"));
  return new PenstockError("invalid-argument", `A record is no JSON object: ${shown} (${why}).`, {
    hint: "Without --partition-key, lines are put as they are, and a bad one becomes a dead letter with its reason.",
  });
}

function keyOf(value: unknown, field: string): string {
  const key =
    value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  if (key !== "") return key.slice(0, 256);
  throw new PenstockError(
    "invalid-argument",
    `A record has no field ${JSON.stringify(field)} to take the partition key from.`,
    {
      hint: "Choose a field that every record has, or leave --partition-key out: then records are spread evenly over the shards.",
    },
  );
}

function noNames(): PenstockError {
  return new PenstockError(
    "invalid-argument",
    "The CSV has no header line, and no one table tells the columns' names.",
    {
      hint: "Put a header line in the file, or name the table instead of the stream.",
    },
  );
}

/** DuckDB reads the file and writes each row as JSON; a chunk of rows at a time is in memory. */
async function* parquetRows(input: ParquetInput): AsyncGenerator<Buffer[]> {
  const { path } = input;
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", { threads: "2", memory_limit: "512MB" });
  const connection = await instance.connect();
  try {
    const source = path.replaceAll("'", "''");
    const counted = await connection.runAndReadAll(`SELECT num_rows FROM parquet_file_metadata('${source}')`);
    const rows = Number(counted.getRows()[0]?.[0] ?? 0);
    let read = 0;
    const result = await connection.stream(`SELECT to_json(r)::VARCHAR FROM read_parquet('${source}') AS r`);
    for (
      let chunk = await result.fetchChunk();
      chunk !== null && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      read += chunk.rowCount;
      input.share = read / rows;
      yield chunk.getColumnValues(0).map((value) => Buffer.from(String(value)));
    }
  } catch (error) {
    throw new PenstockError("invalid-argument", `Cannot read ${path} as Parquet: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
