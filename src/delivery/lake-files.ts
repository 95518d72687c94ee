/** The statements that turn a conversion's rows into files for the lake: Parquet, NDJSON or CSV, whole or a file a partition. */
import { join } from "node:path";
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

export function parquetOptions(deliver: Pick<DeliverModel, "compression">): string {
  const codec = deliver.compression === "none" ? "uncompressed" : deliver.compression;
  // A dictionary of a column with more values than this costs more time to build than it saves.
  return `(FORMAT parquet, COMPRESSION ${codec}, DICTIONARY_SIZE_LIMIT 4096)`;
}

function fileOptions(deliver: DeliverModel): string {
  if (deliver.fileFormat === "parquet") return parquetOptions(deliver);
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
    return { files: [await whole(session, deliver, source, rowsPath, rows, {}, directory)], overflow: undefined };
  }
  const keys = partitionBy.map((partition) => partitionText(partition));
  const names = partitionBy.map((_, index) => `p${index}`);
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
      files: [await whole(session, deliver, source, rowsPath, rows, partition, directory)],
      overflow: undefined,
    };
  }
  const list = kept.map(({ texts }, index) => `(${index}, ${texts.map(sqlText).join(", ")})`).join(", ");
  await session.run(
    `CREATE OR REPLACE TEMP TABLE partition_list AS SELECT * FROM (VALUES ${list}) AS t(part, ${names.join(", ")})`,
  );
  const target = join(directory, "parts");
  const columns = columnsOf(table).map((name) => `k.${sqlName(name)}`);
  const written = await session.run(
    `COPY (SELECT ${columns.join(", ")}, l.part AS _part FROM ${keyed} AS k JOIN partition_list AS l USING (${names.join(", ")}))
     TO ${sqlText(target)} ${fileOptions(deliver).replace(/\)$/, ", PARTITION_BY (_part), WRITE_PARTITION_COLUMNS false, OVERWRITE_OR_IGNORE true)")}`,
  );
  const ending = deliver.fileFormat === "parquet" ? "parquet" : fileEnding(deliver).slice(1);
  const files = kept.map(({ texts, rows: partRows }, index) => ({
    partition: partitionOf(texts),
    path: join(target, `_part=${index}`, `data_0.${ending}`),
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
  deliver: DeliverModel,
  source: string,
  rowsPath: string,
  rows: number,
  partition: Readonly<Record<string, string>>,
  directory: string,
): Promise<PartitionFile> {
  if (deliver.fileFormat === "parquet") return { partition, path: rowsPath, rows };
  const path = join(directory, `rows${fileEnding(deliver)}`);
  await session.run(`COPY (FROM ${source}) TO ${sqlText(path)} ${fileOptions(deliver)}`);
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
