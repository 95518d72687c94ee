/**
 * The statements that bring a manifest's objects into a table of Redshift exactly once. A Data API batch is one fixed list in one transaction and
 * cannot branch, so every statement is written to do nothing where its work is done:
 *
 *     lock the ledger -> COPY into a temporary table -> drop rows that are there already, by identity -> dedupe -> insert -> ledger
 *
 * The table is asked for identities only between the staged rows' first and last arrival: an object that comes again brings the same arrivals.
 * No TRUNCATE, which would commit.
 */
import { METADATA_COLUMNS, type TableModel } from "../definition/model.js";
import { fromStaging, mappingOf } from "../definition/types.js";

export interface LoadStatements {
  /** One transaction: makes what is not there yet. */
  readonly prepare: readonly string[];
  /** One transaction: the load. */
  readonly load: readonly string[];
}

export interface LoadSource {
  readonly manifestUrl: string;
  readonly roleArn: string;
  readonly keys: readonly string[];
}

const STAGE = "penstock_stage";
const METADATA_TYPES = {
  _shard_id: "VARCHAR(256)",
  _sequence_number: "VARCHAR(128)",
  _row_index: "BIGINT",
  _arrived_at: "TIMESTAMPTZ",
} as const;
const IDENTITY = ["_shard_id", "_sequence_number", "_row_index"] as const;

export function loadStatements(table: TableModel, source: LoadSource): LoadStatements {
  const ledger = `penstock.${name(`loads_${table.name}`)}`;
  const target = `public.${name(table.name)}`;
  return {
    prepare: [
      "CREATE SCHEMA IF NOT EXISTS penstock",
      `CREATE TABLE IF NOT EXISTS ${ledger} (object_key VARCHAR(1024) NOT NULL, manifest VARCHAR(2048) NOT NULL, loaded_at TIMESTAMPTZ NOT NULL) DISTSTYLE AUTO SORTKEY (object_key)`,
      createTable(table, target),
    ],
    load: [
      // First, so that of two loads of a table the second waits before it has read anything that the first changes.
      `LOCK TABLE ${ledger}`,
      `CREATE TEMP TABLE ${STAGE} (${stageColumns(table).join(", ")})`,
      copy(table, source),
      `DELETE FROM ${STAGE} USING ${target} t WHERE ${matches("t", STAGE)} AND t._arrived_at >= (SELECT MIN(_arrived_at) AT TIME ZONE 'UTC' FROM ${STAGE}) AND t._arrived_at <= (SELECT MAX(_arrived_at) AT TIME ZONE 'UTC' FROM ${STAGE})`,
      ...(table.dedupe === undefined ? [] : [removeLosers(table, target)]),
      insert(table, target),
      `DELETE FROM ${ledger} WHERE object_key IN (${source.keys.map(text).join(", ")})`,
      `INSERT INTO ${ledger} VALUES ${source.keys.map((key) => `(${text(key)}, ${text(source.manifestUrl)}, GETDATE())`).join(", ")}`,
      `DROP TABLE ${STAGE}`,
    ],
  };
}

function createTable(table: TableModel, target: string): string {
  const columns = [
    ...METADATA_COLUMNS.map((column) => `${column} ${METADATA_TYPES[column]} NOT NULL`),
    ...table.columns.map(({ name: column, type, nullable, encode }) => {
      const encoding = encode === undefined ? "" : ` ENCODE ${encode.toUpperCase()}`;
      return `${name(column)} ${mappingOf(type).redshift}${encoding}${nullable ? "" : " NOT NULL"}`;
    }),
  ];
  const distribution =
    table.distKey === undefined
      ? `DISTSTYLE ${table.distStyle.toUpperCase()}`
      : `DISTSTYLE KEY DISTKEY (${name(table.distKey)})`;
  const { sortKey } = table;
  const sort =
    sortKey === undefined
      ? "SORTKEY AUTO"
      : `${sortKey.style.toUpperCase()} SORTKEY (${sortKey.columns.map(name).join(", ")})`;
  return `CREATE TABLE IF NOT EXISTS ${target} (${columns.join(", ")}) ${distribution} ${sort}`;
}

/** In the order of the Parquet file: COPY takes its columns by position. */
function stageColumns(table: TableModel): string[] {
  return [
    ...METADATA_COLUMNS.map((column) => `${column} ${METADATA_TYPES[column].replace("TIMESTAMPTZ", "TIMESTAMP")}`),
    ...table.columns.map(({ name: column, type }) => `${name(column)} ${mappingOf(type).staging}`),
  ];
}

function copy(table: TableModel, { manifestUrl, roleArn }: LoadSource): string {
  const { fileFormat, compression } = table.deliver;
  const format =
    fileFormat === "parquet"
      ? "FORMAT AS PARQUET"
      : `FORMAT AS JSON 'auto' TIMEFORMAT 'auto'${compression === "none" ? "" : " GZIP"}`;
  return `COPY ${STAGE} FROM ${text(manifestUrl)} IAM_ROLE ${text(roleArn)} ${format} MANIFEST`;
}

/** The column as the target has it. */
function cast(table: TableModel, from: string): string[] {
  return [
    ...METADATA_COLUMNS.map((column) =>
      column === "_arrived_at" ? `(${from}.${column} AT TIME ZONE 'UTC')` : `${from}.${column}`,
    ),
    ...table.columns.map(({ name: column, type }) => fromStaging(type, `${from}.${name(column)}`)),
  ];
}

function insert(table: TableModel, target: string): string {
  const { dedupe } = table;
  const columns = [...METADATA_COLUMNS, ...table.columns.map((column) => name(column.name))].join(", ");
  // An object may hold a row twice, or two objects of one manifest: delivery to the lake is at least once.
  const partition = dedupe === undefined ? IDENTITY.join(", ") : dedupe.by.map(name).join(", ");
  const order = dedupe === undefined ? "_arrived_at" : orderText("", false, dedupe.keep === "latest" ? " DESC" : "");
  const ranked = `(SELECT *, ROW_NUMBER() OVER (PARTITION BY ${partition} ORDER BY ${order}) AS penstock_rank FROM ${STAGE}) s`;
  // Whoever stays in the table after removeLosers stands above every staged row of its key.
  const absent =
    dedupe === undefined ? "" : ` AND NOT EXISTS (SELECT 1 FROM ${target} t WHERE ${sameKey(table, "t", "s")})`;
  return `INSERT INTO ${target} (${columns}) SELECT ${cast(table, "s").join(", ")} FROM ${ranked} WHERE s.penstock_rank = 1${absent}`;
}

/** Deletes the table's rows that a staged row of the same key comes before. */
function removeLosers(table: TableModel, target: string): string {
  const before = table.dedupe?.keep === "latest" ? ">" : "<";
  return `DELETE FROM ${target} USING ${STAGE} s WHERE ${sameKey(table, target, "s")} AND ${orderText("s.", false)} ${before} ${orderText(`${target}.`, true)}`;
}

function sameKey(table: TableModel, left: string, right: string): string {
  const typeOf = (column: string) => table.columns.find((one) => one.name === column)!.type;
  return (table.dedupe?.by ?? [])
    .map((column) => `${left}.${name(column)} = ${fromStaging(typeOf(column), `${right}.${name(column)}`)}`)
    .join(" AND ");
}

/** By arrival, then by identity, as one text, because Redshift compares no rows; of one width in every part. */
function orderText(from: string, zoned: boolean, direction = ""): string {
  const arrived = zoned ? `(${from}_arrived_at AT TIME ZONE 'UTC')` : `${from}_arrived_at`;
  return `TO_CHAR(${arrived}, 'YYYYMMDDHH24MISSUS') || RPAD(${from}_shard_id, 256) || LPAD(${from}_sequence_number, 128, '0') || LPAD(CAST(${from}_row_index AS VARCHAR), 20, '0')${direction}`;
}

function matches(left: string, right: string): string {
  return IDENTITY.map((column) => `${left}.${column} = ${right}.${column}`).join(" AND ");
}

function name(identifier: string): string {
  return `"${identifier}"`;
}

function text(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
