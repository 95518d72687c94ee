/** Reads a sample's columns out of a relation of DuckDB's, in the order in which Redshift would have the rows. */
import { DuckDBBlobValue } from "@duckdb/node-api";
import { MIB } from "../core/limits.js";
import { quotedName } from "../redshift/sql-text.js";
import type { SqlType } from "../redshift/types.js";
import { type SampleColumn, type SampleValue, storageOf } from "./sample.js";

export interface SampleReader {
  /** Rows of the statement, a chunk at a time, each value as DuckDB's driver has it. */
  read(sql: string, onRows: (rows: readonly (readonly unknown[])[]) => void): Promise<void>;
}

/** Generated text alone. */
export interface SampledRelation {
  readonly from: string;
  /** Which rows are the sample; all of them when absent. */
  readonly where?: string;
  /** What tells the order in which they were stored. */
  readonly order: string;
}

/** Where a table is larger than its sample, the sample is this many stretches of it: rows that lie together, from all of its ages. */
const STRETCHES = 8;

export function tableSample(from: string, rowsEver: number, sampleRows: number): SampledRelation {
  if (rowsEver <= sampleRows) return { from, order: "rowid" };
  return { from, where: stretches("rowid", rowsEver, sampleRows), order: "rowid" };
}

/** A condition on rows that are numbered from 0. */
export function stretches(number: string, rows: number, sampleRows: number): string {
  if (rows <= sampleRows) return "TRUE";
  const length = Math.ceil(sampleRows / STRETCHES);
  const step = (rows - length) / (STRETCHES - 1);
  return Array.from({ length: STRETCHES }, (_, index) => {
    const first = Math.floor(index * step);
    return `${number} BETWEEN ${first} AND ${first + length - 1}`;
  }).join(" OR ");
}

/** Rows that are there, and how many places there ever were for one. */
export async function countRows(
  reader: SampleReader,
  from: string,
): Promise<{ readonly rows: number; readonly rowsEver: number }> {
  let counted = { rows: 0, rowsEver: 0 };
  await reader.read(`SELECT count(*)::DOUBLE, (coalesce(max(rowid), -1) + 1)::DOUBLE FROM ${from}`, ([row]) => {
    counted = { rows: Number(row?.[0] ?? 0), rowsEver: Number(row?.[1] ?? 0) };
  });
  return counted;
}

/** Of one column's values: a sample is held in memory, and encoded several times over. */
const COLUMN_BYTES_MAX = 32 * MIB;

/** The same sample, or each so-manieth row of it, where a column's texts are too long for all of them to be held. */
export async function withinMemory(
  reader: SampleReader,
  relation: SampledRelation,
  columns: readonly SampleColumn[],
): Promise<SampledRelation> {
  const texts = columns.filter(({ type }) => storageOf(type).kind === "text");
  if (texts.length === 0) return relation;
  const sums = texts.map(
    ({ name }) => `coalesce(sum(octet_length(encode(CAST(${quotedName(name)} AS VARCHAR)))), 0)::DOUBLE`,
  );
  const where = relation.where === undefined ? "" : ` WHERE ${relation.where}`;
  let bytes = 0;
  await reader.read(`SELECT ${sums.join(", ")} FROM ${relation.from}${where}`, ([row]) => {
    bytes = Math.max(...(row ?? []).map(Number));
  });
  const step = Math.ceil(bytes / COLUMN_BYTES_MAX);
  if (step <= 1) return relation;
  const thinned = `${relation.order} % ${step} = 0`;
  return { ...relation, where: relation.where === undefined ? thinned : `(${relation.where}) AND ${thinned}` };
}

export async function readColumn(
  reader: SampleReader,
  relation: SampledRelation,
  column: SampleColumn,
  sortedBy: readonly string[] = [],
): Promise<SampleValue[]> {
  const values: SampleValue[] = [];
  const order = [...sortedBy.map((name) => `${quotedName(name)} NULLS LAST`), relation.order].join(", ");
  const where = relation.where === undefined ? "" : ` WHERE ${relation.where}`;
  const value = valueSql(column.type, quotedName(column.name));
  await reader.read(`SELECT ${value} FROM ${relation.from}${where} ORDER BY ${order}`, (rows) => {
    for (const [one] of rows) values.push(sampleValue(one));
  });
  return values;
}

/** A column of DuckDB's as sample.ts has its values. */
function valueSql(type: SqlType, column: string): string {
  switch (type.kind) {
    case "smallint":
    case "integer":
    case "bigint":
    case "oid":
      return `CAST(${column} AS BIGINT)`;
    case "decimal":
      return `CAST(replace(CAST(${column} AS VARCHAR), '.', '') AS HUGEINT)`;
    case "date":
      return `CAST(${column} - DATE '1970-01-01' AS BIGINT)`;
    case "time":
    case "timetz":
    case "timestamp":
    case "timestamptz":
      return `CAST(epoch_us(${column}) AS BIGINT)`;
    case "real":
    case "double":
      return `CAST(${column} AS DOUBLE)`;
    case "boolean":
    case "varbyte":
      return column;
    default:
      return `CAST(${column} AS VARCHAR)`;
  }
}

function sampleValue(value: unknown): SampleValue {
  if (value === null || value === undefined) return null;
  if (value instanceof DuckDBBlobValue) return value.bytes;
  return value as SampleValue;
}
