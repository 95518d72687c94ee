/** COPY of Parquet: columns by their position, straight from the files into the table. */

import type { RelationColumn } from "../binder/bound.js";
import { raiseWith } from "../functions/raise.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { quotedName, textLiteral } from "../sql-text.js";
import { type SqlType, typeText } from "../types.js";
import { duckDbType } from "../types-duckdb.js";
import { relationFiles } from "./files.js";
import type { LoadRun } from "./services.js";
import type { SourceObject } from "./source.js";
import type { LoadTarget } from "./target.js";

export interface ParquetOptions {
  readonly fillRecord: boolean;
  readonly serializeToJson: boolean;
}

/** Files of one shape that one reader takes together. */
interface FileGroup {
  readonly objects: SourceObject[];
  readonly columns: readonly FileColumn[];
}

interface FileColumn {
  readonly name: string;
  /** DuckDB's. */
  readonly type: string;
}

export interface ParquetPlan {
  /** SELECTs of the target's columns. */
  readonly selects: readonly string[];
  readonly rows: ReadonlyMap<SourceObject, number>;
}

/** Looks at the footers alone; all that can be wrong with types and counts is refused here. */
export async function planParquet(
  run: LoadRun,
  target: LoadTarget,
  objects: readonly SourceObject[],
  options: ParquetOptions,
): Promise<ParquetPlan> {
  const groups = new Map<string, FileGroup>();
  for (const object of objects) {
    const columns = await fileColumns(run, object);
    checkCount(target.columns, columns, object, options);
    const key = JSON.stringify(columns);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { columns, objects: [object] });
    else group.objects.push(object);
  }
  const selects = [...groups.values()].map(({ columns, objects: files }) => {
    const items = target.columns.map((column, index) => {
      const source = columns[index];
      return source === undefined
        ? `CAST(NULL AS ${duckDbType(column.type)})`
        : fromParquet(column, source, `s.c${index + 1}`, files[0]!, options);
    });
    const names = columns.map((_, index) => quotedName(`c${index + 1}`)).join(", ");
    return `SELECT ${[...items, ...target.defaults].join(", ")} FROM read_parquet(${relationFiles(files)}, hive_partitioning = false, union_by_name = false) AS s(${names})`;
  });
  return { selects, rows: await rowCounts(run, objects) };
}

async function fileColumns(run: LoadRun, object: SourceObject): Promise<FileColumn[]> {
  try {
    const rows = await run.connection.rows(
      `DESCRIBE SELECT * FROM read_parquet(${textLiteral(object.path)}, hive_partitioning = false)`,
      run.limit,
    );
    return rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
  } catch (error) {
    if (error instanceof SqlError) throw error;
    throw scanError(`File '${object.url}' is not a valid Parquet file`, error);
  }
}

function checkCount(
  columns: readonly RelationColumn[],
  found: readonly FileColumn[],
  object: SourceObject,
  { fillRecord }: ParquetOptions,
): void {
  if (found.length === columns.length || (fillRecord && found.length < columns.length)) return;
  throw scanError(
    `Unmatched number of columns between table and file. Table columns: ${columns.length}, Data columns: ${found.length}, File name: ${object.url}`,
    undefined,
    found.length < columns.length
      ? "Name the columns that the file has in a column list, or add FILLRECORD."
      : `Columns of the file: ${found.map(({ name }) => name).join(", ")}.`,
  );
}

async function rowCounts(run: LoadRun, objects: readonly SourceObject[]): Promise<Map<SourceObject, number>> {
  const byPath = new Map(objects.map((object) => [object.path, object]));
  const counts = new Map<SourceObject, number>();
  const rows = await run.connection.rows(
    `SELECT file_name, num_rows::DOUBLE FROM parquet_file_metadata(${relationFiles(objects)})`,
    run.limit,
  );
  for (const [path, count] of rows) {
    const object = byPath.get(String(path));
    if (object !== undefined) counts.set(object, Number(count));
  }
  return counts;
}

/** Source: the types that Spectrum reads from Parquet. */
function fromParquet(
  column: RelationColumn,
  source: FileColumn,
  field: string,
  object: SourceObject,
  options: ParquetOptions,
): string {
  const { type } = column;
  const to = duckDbType(type);
  const from = source.type.replace(/\(.*$/s, "").replace(/ NOT NULL$/, "");
  const nested = /^(STRUCT|MAP|LIST|UNION)|\[\d*\]$/.test(source.type);
  const refuse = () =>
    scanError(
      `File '${object.url}' has an incompatible Parquet schema for column '${column.name}'. Column type: ${typeText(type).toUpperCase()}, Parquet schema: ${source.type} ${source.name}`,
      undefined,
      "Columns are matched by their position, not by their names.",
    );
  const value = ((): string => {
    if (type.kind === "super") {
      if (nested && !options.serializeToJson)
        throw scanError(`Column '${source.name}' of '${object.url}' is nested: COPY it with SERIALIZETOJSON`);
      if (source.type === "JSON" || source.type === "VARCHAR")
        return `CASE WHEN json_valid(${field}) THEN CAST(${field} AS JSON) ELSE to_json(${field}) END`;
      return `to_json(${field})`;
    }
    if (nested || !(ACCEPTS[groupOf(type)]?.has(from) ?? false)) throw refuse();
    if (type.kind === "varchar" || type.kind === "char")
      return fitted(column, type, from === "VARCHAR" ? field : `CAST(${field} AS VARCHAR)`);
    if (type.kind === "varbyte") return from === "BLOB" ? field : `encode(${field})`;
    if (type.kind === "timestamptz" && from.startsWith("TIMESTAMP") && from !== "TIMESTAMP WITH TIME ZONE")
      return `(CAST(${field} AS TIMESTAMP) AT TIME ZONE 'UTC')`;
    if (type.kind === "timestamp" && from === "TIMESTAMP WITH TIME ZONE") return `(${field} AT TIME ZONE 'UTC')`;
    return source.type === to ? field : `CAST(${field} AS ${to})`;
  })();
  if (column.nullable) return value;
  return `coalesce(${value}, ${raiseWith(SQL_STATE.notNullViolation, "Cannot insert a NULL value into column ", textLiteral(column.name))})`;
}

const INTEGERS = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"];
const TIMESTAMPS = ["TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S", "TIMESTAMP WITH TIME ZONE"];

const ACCEPTS: Readonly<Record<string, ReadonlySet<string>>> = {
  integer: new Set(INTEGERS),
  decimal: new Set(["DECIMAL", ...INTEGERS]),
  float: new Set(["FLOAT", "DOUBLE"]),
  boolean: new Set(["BOOLEAN"]),
  text: new Set(["VARCHAR", "BLOB", "UUID", "ENUM", "JSON"]),
  date: new Set(["DATE"]),
  timestamp: new Set(TIMESTAMPS),
  time: new Set(["TIME", "TIME WITH TIME ZONE", "TIME_NS"]),
  varbyte: new Set(["BLOB", "VARCHAR"]),
};

function groupOf(type: SqlType): string {
  switch (type.kind) {
    case "smallint":
    case "integer":
    case "bigint":
    case "oid":
      return "integer";
    case "real":
    case "double":
      return "float";
    case "char":
    case "varchar":
    case "text":
      return "text";
    case "timestamptz":
      return "timestamp";
    case "timetz":
      return "time";
    default:
      return type.kind;
  }
}

function fitted(column: RelationColumn, type: SqlType & { readonly length: number }, field: string): string {
  const bare = type.kind === "char" ? `rtrim(${field}, ' ')` : field;
  const before = `Spectrum Scan Error: The length of the data column ${column.name} is longer than the length defined in the table. Table: ${type.length}, Data: `;
  return `CASE WHEN strlen(${bare}) > ${type.length} THEN ${raiseWith(SQL_STATE.internalError, before, `CAST(strlen(${bare}) AS VARCHAR)`)} ELSE ${bare} END`;
}

export function scanError(message: string, cause?: unknown, hint?: string): SqlError {
  return new SqlError(SQL_STATE.internalError, `Spectrum Scan Error: ${message}`, {
    detail: `error: Spectrum Scan Error, code: 15007, context: ${message}`,
    ...(cause === undefined ? {} : { cause }),
    ...(hint === undefined ? {} : { hint }),
  });
}
