import { PenstockError } from "../../core/errors.js";
import { MIB } from "../../core/limits.js";
import { type ColumnModel, METADATA_COLUMNS, type TableModel } from "../../definition/model.js";
import { fromLake, mappingOf } from "../../definition/types.js";
import type { LakeObject } from "../../delivery/flush.js";
import type { ObjectStore } from "../../lake/object-store.js";
import { METADATA_TYPES } from "./apply-table.js";
import { identifier, pathList, text } from "./sql-text.js";

/** The column of a staged row that holds the path of the object it came from. The definition allows no name that begins with `_`. */
export const OBJECT_COLUMN = "_penstock_object";

/** The longest line of an object in the lake: a record of 10 MiB in base64, with room for the words around it. */
const LINE_BYTES_MAX = 16 * MIB;
/** Below it, readers gain nothing. */
const LINE_BYTES_MIN = MIB;
/** What compressed text may grow to, with room. */
const GROWTH_MAX = 40;

/** Readers take buffers of a multiple of the longest line for each thread, so it is as small as the objects allow: no line is longer than its object. */
function longestLine(objects: readonly LocalObject[]): number {
  const largest = Math.max(
    ...objects.map(({ key, sizeBytes }) => sizeBytes * (/\.(json|csv)$/.test(key) ? 1 : GROWTH_MAX)),
  );
  return Math.min(LINE_BYTES_MAX, Math.max(LINE_BYTES_MIN, largest));
}

export type LakeFormat = "parquet" | "json" | "csv";

/** An object of the lake, where the engine reads it. */
export interface LocalObject extends LakeObject {
  readonly path: string;
  readonly format: LakeFormat;
}

/** Objects that one reader call can take together. */
export interface SourceGroup {
  readonly format: LakeFormat;
  readonly objects: readonly LocalObject[];
  /** How many of the table's columns (the metadata columns too) the objects have: fewer where an older version wrote them. */
  readonly columns: number;
}

export function localObject(lake: ObjectStore, object: LakeObject, table: TableModel): LocalObject {
  const path = lake.localPath(object.key);
  if (path === undefined) {
    throw new PenstockError(
      "refused",
      `The object ${object.key} is in a lake that is not on this machine; DuckDB reads local files only.`,
      {
        hint: "Use the embedded warehouse with a lake in a folder.",
      },
    );
  }
  return { ...object, path, format: formatOf(object.key) ?? table.deliver.fileFormat };
}

/** By the key's ending, because a definition may have changed its mind about the format since. */
function formatOf(key: string): LakeFormat | undefined {
  const ending = /\.(parquet|json|ndjson|jsonl|csv)(\.(gz|gzip|zst|zstd|snappy))?$/.exec(key)?.[1];
  if (ending === undefined) return undefined;
  return ending === "parquet" || ending === "csv" ? ending : "json";
}

/**
 * A query for the table's columns, in the table's order and types, from all objects of a group. Columns that the objects lack are their
 * default, or NULL. With `withObject`, the path of the object comes last.
 */
export function selectFrom(table: TableModel, group: SourceGroup, withObject: boolean): string {
  const lacking = table.columns.slice(Math.max(0, group.columns - METADATA_COLUMNS.length));
  const expressions = [
    ...METADATA_COLUMNS.map(identifier),
    ...table.columns.map((column) => {
      const name = identifier(column.name);
      const byDefault =
        column.default === undefined
          ? "NULL"
          : typeof column.default === "string"
            ? text(column.default)
            : String(column.default);
      if (lacking.includes(column)) return `CAST(${byDefault} AS ${mappingOf(column.type).duckdb}) AS ${name}`;
      const value = fromLake(column.type, name);
      // JSON and CSV do not say which columns they were written with; where NULL cannot be meant, it is the default that is.
      const mended = group.format !== "parquet" && !column.nullable && column.default !== undefined;
      return `${mended ? `coalesce(${value}, ${byDefault})` : value} AS ${name}`;
    }),
    ...(withObject ? [identifier(OBJECT_COLUMN)] : []),
  ];
  return `SELECT ${expressions.join(", ")} FROM ${reader(table, group, withObject)}`;
}

function reader(table: TableModel, { format, objects }: SourceGroup, withObject: boolean): string {
  const files = pathList(objects.map((object) => object.path));
  const longest = longestLine(objects);
  const object = withObject ? `, filename = ${text(OBJECT_COLUMN)}` : "";
  // Keys have parts such as `day=2026-01-05`, which readers take for columns unless told otherwise.
  const plain = `hive_partitioning = false, union_by_name = false${object}`;
  if (format === "parquet") return `read_parquet(${files}, ${plain})`;
  const columns = [
    ...METADATA_COLUMNS.map((name) => `${text(name)}: ${text(METADATA_TYPES[name])}`),
    ...table.columns.map((column) => `${text(column.name)}: ${text(mappingOf(column.type).lake)}`),
  ].join(", ");
  if (format === "json" && table.columns.some(isWide)) return exactJsonReader(table, files, longest, plain, withObject);
  if (format === "json") {
    return `read_json(${files}, format = 'newline_delimited', columns = {${columns}}, maximum_object_size = ${longest}, ${plain})`;
  }
  return `read_csv(${files}, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false,
    null_padding = true, parallel = false, max_line_size = ${longest}, buffer_size = ${2 * longest}, columns = {${columns}}, ${plain})`;
}

/** DuckDB's JSON reader takes a number by way of a double, which holds 15 digits; the lake's JSON has decimals as numbers. */
function isWide({ type }: ColumnModel): boolean {
  return type.kind === "decimal" && type.precision > 15;
}

/**
 * JSON with wide decimals: each line as text, the digits of those columns cut out of it, and the rest as JSON. Delivery writes flat objects, in
 * whose texts every quote is escaped, so `,"name":` cannot be anything but the column.
 */
function exactJsonReader(
  table: TableModel,
  files: string,
  longest: number,
  plain: string,
  withObject: boolean,
): string {
  const structure = Object.fromEntries([
    ...METADATA_COLUMNS.map((name) => [name, METADATA_TYPES[name]]),
    ...table.columns.map((column) => [column.name, isWide(column) ? "VARCHAR" : mappingOf(column.type).lake]),
  ]);
  const fields = table.columns.map((column) => {
    const name = identifier(column.name);
    if (!isWide(column)) return `r.${name} AS ${name}`;
    const pattern = text(`[{,]"${column.name.replaceAll("$", "\\$")}":(-?[0-9.eE+-]+)`);
    return `CAST(coalesce(nullif(regexp_extract(_penstock_line, ${pattern}, 1), ''), r.${name}) AS ${mappingOf(column.type).lake}) AS ${name}`;
  });
  const metadata = METADATA_COLUMNS.map((name) => `r.${name} AS ${name}`);
  const object = withObject ? [identifier(OBJECT_COLUMN)] : [];
  return `(SELECT ${[...metadata, ...fields, ...object].join(", ")}
    FROM (SELECT *, from_json_strict(_penstock_line, ${text(JSON.stringify(structure))}) AS r FROM read_csv(${files}, auto_detect = false,
      header = false, delim = chr(1), quote = '', escape = '', comment = '', nullstr = chr(2), max_line_size = ${longest}, buffer_size = ${2 * longest},
      columns = {'_penstock_line': 'VARCHAR'}, ${plain})))`;
}

/** Dead-letter objects: lines of Firehose's error record with Penstock's fields beside it. */
export function deadLetterReader(objects: readonly LocalObject[]): string {
  const columns = {
    attemptsMade: "BIGINT",
    arrivalTimestamp: "BIGINT",
    errorCode: "VARCHAR",
    code: "VARCHAR",
    errorMessage: "VARCHAR",
    attemptEndingTimestamp: "BIGINT",
    rawData: "VARCHAR",
    sequenceNumber: "VARCHAR",
    subSequenceNumber: "BIGINT",
    dataCatalogTable: "VARCHAR",
    stream: "VARCHAR",
    shardId: "VARCHAR",
    sequence: "BIGINT",
    rowIndex: "INTEGER",
    column: "VARCHAR",
    table: "VARCHAR",
    flush: "BIGINT",
  };
  const list = Object.entries(columns)
    .map(([name, type]) => `${text(name)}: ${text(type)}`)
    .join(", ");
  return `read_json(${pathList(objects.map((object) => object.path))}, format = 'newline_delimited', columns = {${list}}, maximum_object_size = ${longestLine(objects)},
    hive_partitioning = false, union_by_name = false, filename = ${text(OBJECT_COLUMN)})`;
}
