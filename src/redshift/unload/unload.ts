/** UNLOAD: a query's rows into a bucket. The files are written beside it and moved in when all of them are there. */
import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { DuckDBListValue } from "@duckdb/node-api";
import type { Bucket } from "../../lake/buckets.js";
import type { BindContext, BoundQuery } from "../binder/bound.js";
import { bindQuery } from "../binder/queries/bind-query.js";
import type { UnloadRecord } from "../copy/load-log.js";
import type { LoadRun, LoadServices } from "../copy/services.js";
import { bucketOf, s3Url } from "../copy/source.js";
import { sqlErrorOf } from "../engine/engine-errors.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { textLiteral } from "../sql-text.js";
import type { Unload } from "../syntax/ast.js";
import { manifestOf } from "./manifest.js";
import { type UnloadOptions, unloadOptions } from "./options.js";
import { type UnloadRows, unloadRows } from "./rows.js";

export interface BoundUnload {
  readonly query: BoundQuery;
  readonly options: UnloadOptions;
  readonly rows: UnloadRows;
}

export function bindUnload(statement: Unload, context: BindContext): BoundUnload {
  const { query: parsed, at } = statement;
  if (parsed.limit !== undefined) {
    throw new SqlError(SQL_STATE.featureNotSupported, "Limit clause is not supported", {
      at,
      hint: "Put it into a subquery: UNLOAD ('SELECT * FROM (SELECT ... LIMIT n)').",
    });
  }
  const options = unloadOptions(statement);
  const query = bindQuery(parsed, context);
  return { options, query, rows: unloadRows(query, options, context) };
}

export interface UnloadedFile {
  readonly key: string;
  readonly url: string;
  readonly rows: number;
  readonly sizeBytes: number;
}

export async function unload(
  statement: Unload,
  bound: BoundUnload,
  run: LoadRun,
  services: LoadServices,
): Promise<{ readonly rows: number; readonly files: readonly UnloadedFile[] }> {
  const { options } = bound;
  const startedAtMs = services.clock.now();
  const { bucket: name, key: prefix } = s3Url(statement.to, statement.at);
  const bucket = bucketOf(services.buckets, name);
  const refusal = bucket.writeRefusal(`${prefix}0000_part_00`);
  if (refusal !== undefined) {
    throw new SqlError(SQL_STATE.insufficientPrivilege, refusal, {
      at: statement.at,
      hint: "UNLOAD under another prefix, or into a bucket of your own.",
    });
  }
  await makeRoom(bucket, prefix, options, statement.at);
  const folder = join(services.stagingDirectory, `${run.queryId}-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  try {
    const written = await writeFiles(bound, run, folder);
    const files: UnloadedFile[] = [];
    const numbers = new Map<string, number>();
    for (const { path, rows } of written) {
      const place = relative(folder, path).split(sep).slice(0, -1).join("/");
      const number = numbers.get(place) ?? 0;
      numbers.set(place, number + 1);
      const key = `${prefix}${place === "" ? "" : `${place}/`}${fileName(options, number)}`;
      const { sizeBytes } = await bucket.adopt(path, key);
      files.push({ key, url: `s3://${name}/${key}`, rows, sizeBytes });
    }
    if (options.manifest) {
      await bucket.put(`${prefix}manifest`, Buffer.from(manifestOf(files, bound.query.columns, options)));
    }
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const record: UnloadRecord = {
      queryId: run.queryId,
      transactionId: run.transactionId,
      processId: run.processId,
      user: run.context.user,
      database: run.context.database,
      sql: run.sql,
      target: statement.to,
      format: options.format,
      compression: options.compression,
      startedAtMs,
      endedAtMs: services.clock.now(),
      rows,
      files,
    };
    // The files are there whatever becomes of the transaction.
    run.atEnd(() => services.log.unload(record));
    run.notice({ severity: "INFO", message: `UNLOAD completed, ${rows} record(s) unloaded successfully.` });
    return { rows, files };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeRoom(bucket: Bucket, prefix: string, options: UnloadOptions, at: number): Promise<void> {
  if (options.overwrite) return;
  if (options.cleanPath) {
    for (const { key } of await bucket.list(prefix)) await bucket.delete(key);
    return;
  }
  if ((await bucket.list(prefix, { limit: 1 })).length === 0) return;
  throw new SqlError(
    SQL_STATE.internalError,
    "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually removing the target files in S3, or using the ALLOWOVERWRITE option.",
    { at },
  );
}

interface WrittenFile {
  readonly path: string;
  readonly rows: number;
}

async function writeFiles({ rows, options }: BoundUnload, run: LoadRun, folder: string): Promise<WrittenFile[]> {
  const isFolder = options.partitionBy.length > 0 || options.fileBytesMax !== undefined;
  const target = isFolder ? folder : join(folder, "data");
  const more = [
    ...rows.options,
    "RETURN_FILES true",
    ...(options.fileBytesMax === undefined ? [] : [`FILE_SIZE_BYTES ${options.fileBytesMax}`]),
    ...(isFolder ? ["OVERWRITE_OR_IGNORE true"] : []),
  ];
  try {
    const [answer] = await run.connection.rows(
      `COPY (${rows.sql}) TO ${textLiteral(target)} (${more.join(", ")})`,
      run.limit,
    );
    const [count, list] = answer ?? [];
    const paths = (list instanceof DuckDBListValue ? list.items : []).map(String).sort();
    if (paths.length === 1) return [{ path: paths[0]!, rows: Number(count) }];
    const written: WrittenFile[] = [];
    for (const path of paths) written.push({ path, rows: await countRows(options, path, run) });
    return written;
  } catch (error) {
    throw sqlErrorOf(error);
  }
}

/** The engine tells how many rows it wrote in all, not where. */
async function countRows(
  { format, compression, header, delimiter }: UnloadOptions,
  path: string,
  run: LoadRun,
): Promise<number> {
  const file = textLiteral(path);
  const lines = `header = ${header}, auto_detect = false, null_padding = true, strict_mode = false, compression = '${compression}', columns = {'line': 'VARCHAR'}, hive_partitioning = false`;
  const from = {
    parquet: `read_parquet(${file}, hive_partitioning = false)`,
    csv: `read_csv(${file}, delim = ${textLiteral(delimiter)}, quote = '"', escape = '"', ignore_errors = true, ${lines})`,
    json: `read_csv(${file}, delim = chr(1), quote = '', escape = '', ${lines})`,
    text: `read_csv(${file}, delim = chr(1), quote = '', escape = '', ${lines})`,
  }[format];
  const [row] = await run.connection.rows(`SELECT count(*)::DOUBLE FROM ${from}`, run.limit);
  return Number(row?.[0] ?? 0);
}

/** Source: UNLOAD: `<prefix><slice>_part_<part>`, with PARALLEL OFF `<prefix><part>`. */
function fileName(options: UnloadOptions, number: number): string {
  const endings = { parquet: ".parquet", json: ".json", csv: "", text: "" };
  const packed = { none: "", gzip: ".gz", zstd: ".zst" };
  const ending =
    options.extension === undefined
      ? `${endings[options.format]}${packed[options.compression]}`
      : `.${options.extension}`;
  const two = (value: number) => String(value).padStart(2, "0");
  return `${options.parallel ? `0000_part_${two(number)}` : String(number).padStart(3, "0")}${ending}`;
}
