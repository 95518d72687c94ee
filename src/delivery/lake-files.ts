/** The statements that turn a conversion's rows into files for the lake: Parquet, NDJSON or CSV, whole or a file a partition. */
import { join } from "node:path";
import { MIB } from "../core/limits.js";
import type { DeliverModel, PartitionModel, TableModel } from "../definition/model.js";
import { METADATA_COLUMNS } from "../definition/model.js";
import type { EngineSession } from "./engine.js";
import { sqlName, sqlText } from "./fast-path.js";
import { PARTITIONS_MAX } from "./partitions.js";

/** Hive's name for the partition of NULLs, and of empty text, which a folder cannot be named after. */
export const NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__";

export interface PartitionFile {
  /** Partition name to its text; empty where the table has no partitions. */
  readonly partition: Readonly<Record<string, string>>;
  readonly path: string;
  readonly rows: number;
}

/** DuckDB's default. */
const ROW_GROUP_ROWS_MAX = 122_880;
/** Its smallest: one vector. */
const ROW_GROUP_ROWS_MIN = 2_048;
/** Values that a row group under construction may hold: a wide table's groups have fewer rows, not more bytes. */
const ROW_GROUP_VALUES_MAX = 6_000_000;
/** Bytes in memory that a row group under construction may hold, each thread its own: rows of many long texts reach it first. */
const ROW_GROUP_BYTES_MAX = 24 * MIB;
/** Columns of all partitions that are written at one time: each has its own buffers, a vector or more. */
const OPEN_COLUMNS_MAX = 1_500;

export function parquetOptions(deliver: Pick<DeliverModel, "compression">, columns: number): string {
  const codec = deliver.compression === "none" ? "uncompressed" : deliver.compression;
  const fitting = Math.floor(ROW_GROUP_VALUES_MAX / columns / ROW_GROUP_ROWS_MIN) * ROW_GROUP_ROWS_MIN;
  const rows = Math.min(ROW_GROUP_ROWS_MAX, Math.max(ROW_GROUP_ROWS_MIN, fitting));
  return `(FORMAT parquet, COMPRESSION ${codec}, ROW_GROUP_SIZE ${rows}, ROW_GROUP_SIZE_BYTES ${ROW_GROUP_BYTES_MAX})`;
}

function fileOptions(table: TableModel): string {
  const { deliver } = table;
  if (deliver.fileFormat === "parquet") return parquetOptions(deliver, columnsOf(table).length);
  const codec = deliver.compression === "snappy" ? "none" : deliver.compression;
  const header = deliver.fileFormat === "csv" ? ", HEADER true" : "";
  return `(FORMAT ${deliver.fileFormat}, COMPRESSION ${codec}${header})`;
}

/** How an object's name ends. */
export function fileEnding(deliver: DeliverModel): string {
  if (deliver.fileFormat === "parquet") return ".parquet";
  const packed = { zstd: ".zst", gzip: ".gz", snappy: "", none: "" }[deliver.compression];
  return `.${deliver.fileFormat}${packed}`;
}

export interface PartitionSplit {
  readonly files: readonly PartitionFile[];
  /** SQL over the rows' columns for those whose partition is one too many; undefined where all had room. */
  readonly overflow: string | undefined;
}

/** Splits a Parquet file of all rows into the objects of the flush. The file itself is one of them where nothing has to change. */
export async function splitRows(
  session: EngineSession,
  table: TableModel,
  rowsPath: string,
  rows: number,
  directory: string,
): Promise<PartitionSplit> {
  const { deliver } = table;
  const { partitionBy } = deliver;
  const source = `read_parquet(${sqlText(rowsPath)})`;
  if (partitionBy.length === 0) {
    return { files: [await whole(session, table, source, rowsPath, rows, {}, directory)], overflow: undefined };
  }
  const keys = partitionBy.map((partition) => partitionText(partition));
  // No column of a table has a slash in its name.
  const names = partitionBy.map((_, index) => `"/${index}"`);
  const keyed = `(SELECT *, ${keys.map((key, index) => `${key} AS ${names[index]}`).join(", ")} FROM ${source})`;
  const found: { readonly texts: readonly string[]; readonly rows: number }[] = [];
  // The fullest first, and in a fixed order, so that a retry chooses alike.
  await session.read(
    `SELECT ${names.join(", ")}, count(*)::DOUBLE AS n FROM ${keyed} GROUP BY ALL ORDER BY n DESC, ${names.join(", ")} LIMIT ${PARTITIONS_MAX + 1}`,
    (chunk) => {
      for (const row of chunk) found.push({ texts: row.slice(0, -1).map(String), rows: Number(row.at(-1)) });
    },
  );
  const kept = found.slice(0, PARTITIONS_MAX);
  const partitionOf = (texts: readonly string[]) =>
    Object.fromEntries(partitionBy.map(({ name }, index) => [name, texts[index]!]));
  if (found.length === 1) {
    const partition = partitionOf(found[0]!.texts);
    return {
      files: [await whole(session, table, source, rowsPath, rows, partition, directory)],
      overflow: undefined,
    };
  }
  const list = kept.map(({ texts }, index) => `(${index}, ${texts.map(sqlText).join(", ")})`).join(", ");
  await session.run(
    `CREATE OR REPLACE TEMP TABLE partition_list AS SELECT * FROM (VALUES ${list}) AS t(part, ${names.join(", ")})`,
  );
  const target = join(directory, "parts");
  const columns = columnsOf(table).map((name) => `k.${sqlName(name)}`);
  const options = fileOptions(table).replace(
    /\)$/,
    ', PARTITION_BY ("/part"), WRITE_PARTITION_COLUMNS false, OVERWRITE_OR_IGNORE true)',
  );
  const atOnce = Math.max(1, Math.floor(OPEN_COLUMNS_MAX / columns.length));
  let written = 0;
  for (let first = 0; first < kept.length; first += atOnce) {
    written += await session.run(
      `COPY (SELECT ${columns.join(", ")}, l.part AS "/part" FROM ${keyed} AS k JOIN partition_list AS l USING (${names.join(", ")})
             WHERE l.part >= ${first} AND l.part < ${first + atOnce}) TO ${sqlText(target)} ${options}`,
    );
  }
  const ending = deliver.fileFormat === "parquet" ? "parquet" : fileEnding(deliver).slice(1);
  const files = kept.map(({ texts, rows: partRows }, index) => ({
    partition: partitionOf(texts),
    path: join(target, `%2Fpart=${index}`, `data_0.${ending}`),
    rows: partRows,
  }));
  const overflow =
    written === rows
      ? undefined
      : `SELECT _shard_id::VARCHAR, _sequence_number::DOUBLE, _row_index::DOUBLE FROM ${keyed} AS k ANTI JOIN partition_list USING (${names.join(", ")})`;
  return { files, overflow };
}

async function whole(
  session: EngineSession,
  table: TableModel,
  source: string,
  rowsPath: string,
  rows: number,
  partition: Readonly<Record<string, string>>,
  directory: string,
): Promise<PartitionFile> {
  if (table.deliver.fileFormat === "parquet") return { partition, path: rowsPath, rows };
  const path = join(directory, `rows${fileEnding(table.deliver)}`);
  await session.run(`COPY (FROM ${source}) TO ${sqlText(path)} ${fileOptions(table)}`);
  return { partition, path, rows };
}

export function columnsOf(table: TableModel): readonly string[] {
  return [...METADATA_COLUMNS, ...table.columns.map(({ name }) => name)];
}

const UNIT_FORMATS = { year: "%Y", month: "%Y-%m", day: "%Y-%m-%d", hour: "%Y-%m-%d-%H" } as const;

function partitionText({ column, unit }: PartitionModel): string {
  const value = sqlName(column);
  const text = unit === "value" ? `CAST(${value} AS VARCHAR)` : `strftime(${value}, '${UNIT_FORMATS[unit]}')`;
  return `coalesce(nullif(${text}, ''), ${sqlText(NULL_PARTITION)})`;
}
