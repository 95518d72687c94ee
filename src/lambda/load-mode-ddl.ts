/**
 * What the warehouse needs for tables that `load: "copy"` does not fill, and for the lake's external schema: the statements, one after the other,
 * each by itself (most of them Redshift runs in no transaction), for the migration at deploy. Done again they change nothing.
 *
 *     auto-copy   lake -> COPY JOB -> penstock.<table>_landing -> view public.<table>
 *     streaming   stream -> materialized view penstock.<table>_stream -> view public.<table>, and penstock.<table>_unreadable
 *     external    lake -> lake.<table> (Spectrum) -> view public.<table>
 *
 * The views cast as the loader does on its last step. They are late bound, so that what is under them can be changed while they stand.
 */
import {
  type ColumnModel,
  type ColumnType,
  METADATA_COLUMNS,
  type PipelineModel,
  type TableModel,
} from "../definition/model.js";
import { partitionColumns } from "../definition/partition-columns.js";
import { fromStaging, mappingOf } from "../definition/types.js";
import { name, text } from "../warehouse/redshift/steps.js";

export interface ModePlace {
  /** Penstock's own schema and that of the tables. */
  readonly schema: string;
  readonly tables: string;
  /** The schema over the Glue database, and that over Kinesis. */
  readonly lake: string;
  readonly streams: string;
}

export const MODE_PLACE: ModePlace = {
  schema: "penstock",
  tables: "public",
  lake: "lake",
  streams: "penstock_streams",
};

export interface ModeResources {
  readonly glueDatabase: string;
  readonly lakeBucket: string;
  /** May read the catalog, the lake's tables and, where one is streamed, the streams. A COPY JOB takes no default role. */
  readonly roleArn: string;
}

export interface ModeStatement {
  readonly sql: string;
  /** Passed over where this query's one number is not 0: what it makes is there already. */
  readonly unless?: string;
}

/** For the whole pipeline, after the tables of `load: "copy"`. */
export function loadModeDdl(
  model: PipelineModel,
  resources: ModeResources,
  place: ModePlace = MODE_PLACE,
): readonly ModeStatement[] {
  const role = text(resources.roleArn);
  const tables = (mode: TableModel["load"]) => model.tables.filter(({ load }) => load === mode);
  const streamed = tables("streaming");
  return [
    { sql: `CREATE SCHEMA IF NOT EXISTS ${name(place.schema)}` },
    {
      sql: `CREATE EXTERNAL SCHEMA IF NOT EXISTS ${name(place.lake)} FROM DATA CATALOG DATABASE ${text(resources.glueDatabase)} IAM_ROLE ${role}`,
    },
    ...(streamed.length === 0
      ? []
      : [{ sql: `CREATE EXTERNAL SCHEMA IF NOT EXISTS ${name(place.streams)} FROM KINESIS IAM_ROLE ${role}` }]),
    ...tables("auto-copy").flatMap((table) => autoCopy(table, resources, place)),
    ...streamed.flatMap((table) => streaming(table, place)),
    ...tables("external").map((table) => external(table, place)),
  ];
}

function relation(schema: string, table: string): string {
  return `${name(schema)}.${name(table)}`;
}

function view(place: ModePlace, table: string, query: string): ModeStatement {
  return { sql: `CREATE OR REPLACE VIEW ${relation(place.tables, table)} AS ${query} WITH NO SCHEMA BINDING` };
}

// auto-copy

/** What the job fills: the columns of the lake's objects in their order, since COPY goes by position. */
export function landingTable(table: Pick<TableModel, "name">): string {
  return `${table.name}_landing`;
}

/** The table that the job fills, as the loader knows tables: each column in the type that the lake's objects have for it. */
export function landingModel(table: TableModel): TableModel {
  const columns = table.columns.map(({ default: _, encode, ...column }) => ({
    ...column,
    ...(encode === undefined || !keepsEncoding(column.type) ? {} : { encode }),
    type: landingType(column.type),
  }));
  return { ...table, name: landingTable(table), columns };
}

function landingType(type: ColumnType): ColumnType {
  if (type.kind === "timestamptz") return { kind: "timestamp" };
  if (type.kind !== "time" && type.kind !== "super") return type;
  return { kind: "varchar", length: Number(/\d+/.exec(stagingType(type))?.[0]) };
}

/** A job keeps its folder for good, so a table that moves to another one gets another job. */
export function copyJobName(table: TableModel): string {
  return `penstock_${table.name}_${fold(folderOf(table))}`.slice(-127);
}

/** The folders before the first expression; on AWS every prefix begins with such. */
function folderOf({ deliver }: TableModel): string {
  const literal = deliver.prefix.split("!{")[0] ?? "";
  return literal.slice(0, literal.lastIndexOf("/") + 1);
}

function fold(value: string): string {
  let hash = 0x811c9dc5;
  for (const unit of value) hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** The metadata columns as the lake has them: Parquet of Firehose's has no time zones. */
const METADATA_STAGING: Readonly<Record<(typeof METADATA_COLUMNS)[number], string>> = {
  _shard_id: "VARCHAR(256)",
  _sequence_number: "VARCHAR(128)",
  _row_index: "BIGINT",
  _arrived_at: "TIMESTAMP",
};

function autoCopy(table: TableModel, resources: ModeResources, place: ModePlace): ModeStatement[] {
  const landing = relation(place.schema, landingTable(table));
  const columns = [
    ...METADATA_COLUMNS.map((column) => `${name(column)} ${METADATA_STAGING[column]} NOT NULL`),
    ...table.columns.map(landingColumn),
  ];
  const distribution =
    table.distKey === undefined
      ? `DISTSTYLE ${table.distStyle.toUpperCase()}`
      : `DISTSTYLE KEY DISTKEY (${name(table.distKey)})`;
  const sort =
    table.sortKey === undefined
      ? "SORTKEY AUTO"
      : `${table.sortKey.style.toUpperCase()} SORTKEY (${table.sortKey.columns.map(name).join(", ")})`;
  const job = copyJobName(table);
  return [
    { sql: `CREATE TABLE IF NOT EXISTS ${landing} (${columns.join(", ")}) ${distribution} ${sort}` },
    // A later version's columns, at the end; a column that has just been made is there.
    ...table.columns.map((column) => ({
      sql: `ALTER TABLE ${landing} ADD COLUMN ${name(column.name)} ${stagingType(column.type)}`,
      unless: columnThere(place, table, column, ""),
    })),
    ...table.columns
      .filter(({ type }) => type.kind === "varchar")
      .map((column) => ({
        sql: `ALTER TABLE ${landing} ALTER COLUMN ${name(column.name)} TYPE ${stagingType(column.type)}`,
        unless: columnThere(place, table, column, ` AND character_maximum_length >= ${lengthOf(column.type)}`),
      })),
    view(
      place,
      table.name,
      `SELECT ${METADATA_COLUMNS.map(metadataFromLake).join(", ")}, ${table.columns.map(columnFromStaging).join(", ")} FROM ${landing}`,
    ),
    {
      sql: `CREATE TABLE IF NOT EXISTS ${relation(place.schema, REDRIVES_TABLE)} (job_name VARCHAR(128) NOT NULL, file_name VARCHAR(1024) NOT NULL, loaded_at TIMESTAMP NOT NULL)`,
    },
    {
      sql: `INSERT INTO ${relation(place.schema, REDRIVES_TABLE)} VALUES (${text(job)}, ${NO_FILE}, GETDATE())`,
      unless: `SELECT COUNT(*) FROM ${relation(place.schema, REDRIVES_TABLE)} WHERE job_name = ${text(job)} AND file_name = ${NO_FILE}`,
    },
    {
      sql: `${copyText(table, resources, place, `s3://${resources.lakeBucket}/${folderOf(table)}`)} JOB CREATE ${name(job)} AUTO ON`,
      unless: `SELECT COUNT(*) FROM sys_copy_job WHERE job_name = ${text(job)}`,
    },
  ];
}

/** Files that the watchdog loaded after a job had given them up. */
export const REDRIVES_TABLE = "copy_redrives";
/** A row of each job that its redrives update, so that they conflict where LOCK does not wait (Penstock's own engine). */
const NO_FILE = "''";

/**
 * The files that the table's job has tried and passes over from then on, as text of one column each, ready to stand within quotes. The view's status
 * is a letter by its description and a word in its example: both begin alike.
 */
export function skippedFilesSql(table: TableModel, place: ModePlace = MODE_PLACE): string {
  const job = text(copyJobName(table));
  return `SELECT REPLACE(CAST(d.file_name AS VARCHAR(1024)), CHR(39), CHR(39) || CHR(39)) FROM sys_copy_job_detail d WHERE d.job_name = ${job} AND d.status LIKE 'E%'
    AND NOT EXISTS (SELECT 1 FROM ${relation(place.schema, REDRIVES_TABLE)} r WHERE r.job_name = ${job} AND r.file_name = d.file_name)
    ORDER BY 1 LIMIT 100`;
}

/**
 * One transaction that loads such a file and writes it down, with `file` where its key stands. It fails where the file is written down already: two
 * watchdogs that meet, or one that was told of a failure which was none, load it once.
 */
export function redriveFileSql(
  table: TableModel,
  resources: ModeResources,
  file: string,
  place: ModePlace = MODE_PLACE,
): readonly string[] {
  const redrives = relation(place.schema, REDRIVES_TABLE);
  const job = text(copyJobName(table));
  return [
    `LOCK ${redrives}`,
    `UPDATE ${redrives} SET loaded_at = GETDATE() WHERE job_name = ${job} AND file_name = ${NO_FILE}`,
    `INSERT INTO ${redrives} SELECT ${job}, '${file}', GETDATE()
      WHERE 1 / (CASE WHEN (SELECT COUNT(*) FROM ${redrives} WHERE job_name = ${job} AND file_name = '${file}') = 0 THEN 1 ELSE 0 END) = 1`,
    copyText(table, resources, place, `s3://${resources.lakeBucket}/${file}`),
  ];
}

function copyText(table: TableModel, { roleArn }: ModeResources, place: ModePlace, url: string): string {
  const { fileFormat, compression } = table.deliver;
  // Whatever compression a definition names, Firehose's JSON is GZIP or plain.
  const format = fileFormat === "parquet" ? "PARQUET" : `JSON 'auto'${compression === "none" ? "" : " GZIP"}`;
  return `COPY ${relation(place.schema, landingTable(table))} FROM '${url}' IAM_ROLE ${text(roleArn)} FORMAT AS ${format}`;
}

function columnThere(place: ModePlace, table: TableModel, column: ColumnModel, more: string): string {
  return `SELECT COUNT(*) FROM svv_columns WHERE table_schema = ${text(place.schema)} AND table_name = ${text(landingTable(table))} AND column_name = ${text(column.name)}${more}`;
}

function landingColumn({ name: column, type, encode }: ColumnModel): string {
  const kept = encode !== undefined && keepsEncoding(type);
  return `${name(column)} ${stagingType(type)}${kept ? ` ENCODE ${encode.toUpperCase()}` : ""}`;
}

/** An encoding is for the type that the definition names; TIME and SUPER are text here. */
function keepsEncoding({ kind }: ColumnType): boolean {
  return kind !== "time" && kind !== "super";
}

function stagingType(type: ColumnType): string {
  return mappingOf(type).staging;
}

function lengthOf(type: ColumnType): number {
  return type.kind === "varchar" ? type.length : 0;
}

function metadataFromLake(column: (typeof METADATA_COLUMNS)[number]): string {
  if (column !== "_arrived_at") return name(column);
  return `${fromStaging({ kind: "timestamptz" }, name(column))} AS ${name(column)}`;
}

function columnFromStaging({ name: column, type }: ColumnModel): string {
  const expression = fromStaging(type, name(column));
  return expression === name(column) ? expression : `${expression} AS ${name(column)}`;
}

// streaming

/** What Redshift has read of the stream, as it is. */
export function streamView(table: Pick<TableModel, "name">): string {
  return `${table.name}_stream`;
}

function streaming(table: TableModel, place: ModePlace): ModeStatement[] {
  const [source] = table.sources;
  const base = relation(place.schema, streamView(table));
  const readable = [
    "IS_OBJECT(payload)",
    ...table.columns.filter(({ nullable }) => !nullable).map((column) => `${fromPayload(column)} IS NOT NULL`),
  ].join(" AND ");
  const { where } = table;
  const chosen =
    where === undefined ? "" : ` AND payload.${name(where.field)} IN (${where.in.map(literal).join(", ")})`;
  const metadata = [
    `shard_id AS "_shard_id"`,
    `sequence_number AS "_sequence_number"`,
    `CAST(0 AS BIGINT) AS "_row_index"`,
    `${fromStaging({ kind: "timestamptz" }, "approximate_arrival_timestamp")} AS "_arrived_at"`,
  ];
  const columns = table.columns.map((column) => `${fromPayload(column)} AS ${name(column.name)}`);
  return [
    {
      // As little as can be: what such a view fails at is lost, and a view that is made anew begins with what the stream still has.
      sql: `CREATE MATERIALIZED VIEW ${base} AUTO REFRESH YES AS SELECT approximate_arrival_timestamp, partition_key, shard_id, sequence_number, refresh_time,
        CASE WHEN CAN_JSON_PARSE(kinesis_data) THEN JSON_PARSE(kinesis_data) ELSE NULL END AS payload,
        CASE WHEN CAN_JSON_PARSE(kinesis_data) THEN NULL ELSE kinesis_data END AS unparsed
        FROM ${relation(place.streams, source ?? "")}`,
      unless: `SELECT COUNT(*) FROM svv_mv_info WHERE schema_name = ${text(place.schema)} AND name = ${text(streamView(table))}`,
    },
    view(place, table.name, `SELECT ${[...metadata, ...columns].join(", ")} FROM ${base} WHERE ${readable}${chosen}`),
    {
      sql: `CREATE OR REPLACE VIEW ${relation(place.schema, `${table.name}_unreadable`)} AS SELECT shard_id, sequence_number, approximate_arrival_timestamp, payload, unparsed
        FROM ${base} WHERE (payload IS NULL OR NOT (${readable}))${chosen === "" ? "" : ` AND (payload IS NULL OR (${chosen.slice(5)}))`} WITH NO SCHEMA BINDING`,
    },
  ];
}

/** A cast of what SUPER holds gives NULL, not an error, where it does not fit. */
function fromPayload({ path, type }: ColumnModel): string {
  const way = `payload.${path.map(name).join(".")}`;
  return type.kind === "super" ? way : `CAST(${way} AS ${mappingOf(type).redshift})`;
}

function literal(value: string | number | boolean): string {
  return typeof value === "string" ? text(value) : String(value);
}

// external

function external(table: TableModel, place: ModePlace): ModeStatement {
  const columns = [
    ...METADATA_COLUMNS.map(metadataFromLake),
    ...table.columns.map(columnFromStaging),
    // What a query names to be spared the other folders.
    ...partitionColumns(table).map(name),
  ];
  return view(place, table.name, `SELECT ${columns.join(", ")} FROM ${relation(place.lake, table.name)}`);
}
