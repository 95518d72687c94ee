/**
 * The stored part of what loads and unloads tell: SYS_LOAD_HISTORY, STL_LOAD_ERRORS and their like are views over these tables. Written on a
 * connection of its own, so that a load that failed is told of though its transaction was rolled back.
 */
import type { LoadLog, LoadRecord, UnloadRecord } from "../copy/load-log.js";
import { textLiteral } from "../sql-text.js";
import { type Cell, jsonRows } from "./json-rows.js";

/** In `penstock_catalog`, made where they are missing. */
export const LOAD_LOG_DDL: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS penstock_catalog.load_history (
     query_id BIGINT NOT NULL, transaction_id BIGINT NOT NULL, process_id INTEGER NOT NULL, user_name VARCHAR NOT NULL,
     database_name VARCHAR NOT NULL, query_text VARCHAR NOT NULL, table_oid INTEGER NOT NULL, table_schema VARCHAR NOT NULL,
     table_name VARCHAR NOT NULL, source VARCHAR NOT NULL, format VARCHAR NOT NULL, compression VARCHAR NOT NULL, copy_job VARCHAR,
     started_at TIMESTAMP NOT NULL, ended_at TIMESTAMP NOT NULL, status VARCHAR NOT NULL, rows_loaded BIGINT NOT NULL, message VARCHAR)`,
  `CREATE TABLE IF NOT EXISTS penstock_catalog.load_detail (
     query_id BIGINT NOT NULL, started_at TIMESTAMP NOT NULL, file_position INTEGER NOT NULL, url VARCHAR NOT NULL,
     size_bytes BIGINT NOT NULL, rows_read BIGINT NOT NULL, rows_loaded BIGINT NOT NULL, error_count BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS penstock_catalog.load_errors (
     query_id BIGINT NOT NULL, started_at TIMESTAMP NOT NULL, url VARCHAR NOT NULL, line BIGINT NOT NULL, column_name VARCHAR NOT NULL,
     column_type VARCHAR NOT NULL, column_length VARCHAR NOT NULL, position INTEGER NOT NULL, raw_line VARCHAR NOT NULL,
     raw_field VARCHAR NOT NULL, code INTEGER NOT NULL, reason VARCHAR NOT NULL, start_byte BIGINT)`,
  `CREATE TABLE IF NOT EXISTS penstock_catalog.unload_history (
     query_id BIGINT NOT NULL, transaction_id BIGINT NOT NULL, process_id INTEGER NOT NULL, user_name VARCHAR NOT NULL,
     database_name VARCHAR NOT NULL, query_text VARCHAR NOT NULL, target VARCHAR NOT NULL, format VARCHAR NOT NULL,
     compression VARCHAR NOT NULL, started_at TIMESTAMP NOT NULL, ended_at TIMESTAMP NOT NULL, "rows" BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS penstock_catalog.unload_detail (
     query_id BIGINT NOT NULL, started_at TIMESTAMP NOT NULL, file_position INTEGER NOT NULL, url VARCHAR NOT NULL,
     "rows" BIGINT NOT NULL, size_bytes BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS penstock_catalog.copy_jobs (
     job_id BIGINT PRIMARY KEY, name VARCHAR NOT NULL, user_name VARCHAR NOT NULL, database_name VARCHAR NOT NULL,
     table_schema VARCHAR NOT NULL, table_name VARCHAR NOT NULL, source VARCHAR NOT NULL, query_text VARCHAR NOT NULL,
     auto BOOLEAN NOT NULL, created_at TIMESTAMP NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS penstock_catalog.copy_job_files (
     job_id BIGINT NOT NULL, url VARCHAR NOT NULL, size_bytes BIGINT NOT NULL, status VARCHAR NOT NULL, query_id BIGINT,
     seen_at TIMESTAMP NOT NULL, PRIMARY KEY (job_id, url))`,
];

/** As long as Redshift keeps its own logs. Source: "System tables and views": STL views retain seven days of log history. */
const KEPT_MS = 7 * 24 * 3_600_000;
/** As STL_LOAD_ERRORS has them. */
const RAW_CHARS_MAX = 1_024;

/** What the log needs of a connection: runs statements of ours, several in one text. */
export type RunSql = (sql: string) => Promise<unknown>;

/** `run` is to work outside of any transaction. */
export function storedLoadLog(run: RunSql): LoadLog {
  const write = (statements: readonly string[]) =>
    run(["BEGIN TRANSACTION", ...statements, "COMMIT"].join(";\n")).catch(async (error: unknown) => {
      await run("ROLLBACK").catch(() => undefined);
      throw error;
    });
  return {
    load: async (record) => {
      await write([...forgetBefore(record.endedAtMs - KEPT_MS), ...loadStatements(record)]);
    },
    unload: async (record) => {
      await write([...forgetBefore(record.endedAtMs - KEPT_MS), ...unloadStatements(record)]);
    },
  };
}

function loadStatements(record: LoadRecord): readonly string[] {
  const { queryId, table } = record;
  const started = instant(record.startedAtMs);
  const errorsOf = new Map<string, number>();
  for (const { url } of record.errors) errorsOf.set(url, (errorsOf.get(url) ?? 0) + 1);
  return [
    insert("load_history", [
      {
        query_id: queryId,
        ...who(record),
        table_oid: table.oid,
        table_schema: table.schema,
        table_name: table.name,
        source: record.source,
        format: record.format,
        compression: record.compression,
        copy_job: record.copyJob ?? null,
        started_at: started,
        ended_at: instant(record.endedAtMs),
        status: record.status,
        rows_loaded: record.rowsLoaded,
        message: record.message ?? null,
      },
    ]),
    insert(
      "load_detail",
      record.files.map((file, index) => ({
        query_id: queryId,
        started_at: started,
        file_position: index + 1,
        url: file.url,
        size_bytes: file.sizeBytes,
        rows_read: file.rowsRead,
        rows_loaded: file.rowsLoaded,
        error_count: errorsOf.get(file.url) ?? 0,
      })),
    ),
    insert(
      "load_errors",
      record.errors.map((error) => ({
        query_id: queryId,
        started_at: started,
        url: error.url,
        line: error.line,
        column_name: error.column,
        column_type: error.type,
        column_length: error.length,
        position: error.position,
        raw_line: error.rawLine.slice(0, RAW_CHARS_MAX),
        raw_field: error.rawField.slice(0, RAW_CHARS_MAX),
        code: error.code,
        reason: error.reason,
        start_byte: error.startByte ?? null,
      })),
    ),
  ].filter((sql) => sql !== "");
}

function unloadStatements(record: UnloadRecord): readonly string[] {
  const started = instant(record.startedAtMs);
  return [
    insert("unload_history", [
      {
        query_id: record.queryId,
        ...who(record),
        target: record.target,
        format: record.format,
        compression: record.compression,
        started_at: started,
        ended_at: instant(record.endedAtMs),
        rows: record.rows,
      },
    ]),
    insert(
      "unload_detail",
      record.files.map((file, index) => ({
        query_id: record.queryId,
        started_at: started,
        file_position: index + 1,
        url: file.url,
        rows: file.rows,
        size_bytes: file.sizeBytes,
      })),
    ),
  ].filter((sql) => sql !== "");
}

export interface CopyJobRecord {
  readonly jobId: number;
  readonly name: string;
  readonly user: string;
  readonly database: string;
  readonly table: { readonly schema: string; readonly name: string };
  readonly source: string;
  /** The COPY, without the words about the job. */
  readonly sql: string;
  readonly auto: boolean;
  readonly createdAtMs: number;
}

/** The statement that makes the job, or changes the one of that id. To be run in the transaction of who says so. */
export function storeCopyJob(job: CopyJobRecord): string {
  const row = {
    job_id: job.jobId,
    name: job.name,
    user_name: job.user,
    database_name: job.database,
    table_schema: job.table.schema,
    table_name: job.table.name,
    source: job.source,
    query_text: job.sql,
    auto: job.auto,
    created_at: instant(job.createdAtMs),
  };
  return insert("copy_jobs", [row], "INSERT OR REPLACE");
}

/** Its files are forgotten with it. */
export function forgetCopyJob(jobId: number): string {
  return `DELETE FROM penstock_catalog.copy_job_files WHERE job_id = ${jobId};
    DELETE FROM penstock_catalog.copy_jobs WHERE job_id = ${jobId}`;
}

export interface CopyJobFile {
  readonly url: string;
  readonly sizeBytes: number;
  /** `skipped`: was there before the job, or failed once. */
  readonly status: "pending" | "loaded" | "failed" | "skipped";
  readonly queryId?: number;
  readonly seenAtMs: number;
}

/** What became of a job's files; a file that is known already is told anew. */
export function storeCopyJobFiles(jobId: number, files: readonly CopyJobFile[]): string {
  const rows = files.map((file) => ({
    job_id: jobId,
    url: file.url,
    size_bytes: file.sizeBytes,
    status: file.status,
    query_id: file.queryId ?? null,
    seen_at: instant(file.seenAtMs),
  }));
  return insert("copy_job_files", rows, "INSERT OR REPLACE");
}

function who(record: LoadRecord | UnloadRecord) {
  return {
    transaction_id: record.transactionId,
    process_id: record.processId,
    user_name: record.user,
    database_name: record.database,
    query_text: record.sql,
  };
}

function forgetBefore(ms: number): readonly string[] {
  const tables = ["load_history", "load_detail", "load_errors", "unload_history", "unload_detail"];
  return tables.map((table) => `DELETE FROM penstock_catalog.${table} WHERE started_at < ${textLiteral(instant(ms))}`);
}

type Row = Readonly<Record<string, Cell>>;

const TYPES: Readonly<Record<string, string>> = {
  started_at: "TIMESTAMP",
  ended_at: "TIMESTAMP",
  created_at: "TIMESTAMP",
  seen_at: "TIMESTAMP",
  auto: "BOOLEAN",
};

/** "" for no rows. */
function insert(table: string, rows: readonly Row[], verb = "INSERT"): string {
  const [first] = rows;
  if (first === undefined) return "";
  const shape = Object.fromEntries(
    Object.keys(first).map((name) => [
      name,
      TYPES[name] ?? (rows.some((row) => typeof row[name] === "number") ? "BIGINT" : "VARCHAR"),
    ]),
  );
  const names = Object.keys(shape).map((name) => `"${name}"`);
  return `${verb} INTO penstock_catalog.${table} (${names.join(", ")}) ${jsonRows(rows, shape)}`;
}

/** UTC, as Redshift's logs are. */
function instant(ms: number): string {
  return new Date(ms).toISOString().replace("T", " ").replace("Z", "");
}
