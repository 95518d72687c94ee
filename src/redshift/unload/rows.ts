/** What UNLOAD's files hold, as DuckDB's SELECT over a bound query. */

import type { BindContext, BoundQuery } from "../binder/bound.js";
import { asText } from "../binder/expressions/cast-sql.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { quotedName, textLiteral } from "../sql-text.js";
import type { SqlType } from "../types.js";
import type { UnloadOptions } from "./options.js";

export interface UnloadRows {
  readonly sql: string;
  /** For DuckDB's COPY. */
  readonly options: readonly string[];
}

/** One column of text, written as it is. */
const LINES = ["FORMAT csv", "DELIMITER '\x01'", "QUOTE ''", "ESCAPE ''"];

export function unloadRows(query: BoundQuery, options: UnloadOptions, context: BindContext): UnloadRows {
  const columns = query.columns.map(({ name, type }, index) => ({ name, type, sql: `q.c${index + 1}` }));
  const partitions = options.partitionBy.map((name) => {
    const found = columns.find((column) => column.name === name);
    if (found === undefined) {
      throw new SqlError(SQL_STATE.undefinedColumn, `column "${name}" of PARTITION BY is not in the query`, {
        hint: `Columns of the query: ${columns.map((column) => column.name).join(", ")}.`,
      });
    }
    return found;
  });
  const kept = options.includePartitions ? columns : columns.filter((column) => !partitions.includes(column));
  if (kept.length === 0)
    throw new SqlError(SQL_STATE.invalidParameterValue, "PARTITION BY must leave at least one column, or say INCLUDE");
  const partitionNames = partitions.map(({ name }) => quotedName(name));
  const partitioning = partitions.length === 0 ? [] : [`PARTITION_BY (${partitionNames.join(", ")})`];
  const from = `FROM (${query.sql}) AS q`;
  if (options.format === "parquet" || options.format === "json") {
    const twice = columns.find(({ name }, index) => columns.findIndex((other) => other.name === name) !== index);
    if (twice !== undefined)
      throw new SqlError(SQL_STATE.duplicateColumn, `column name "${twice.name}" is duplicated`, {
        hint: "Give each column a name of its own.",
      });
    const value = options.format === "parquet" ? parquetValue : jsonValue;
    if (options.format === "json" && partitions.length > 0) {
      // The engine's JSON writer knows no partitions: each object is written as a line of text.
      const members = kept.map(({ name, sql, type }) => `${quotedName(name)} := ${jsonValue(sql, type, context)}`);
      const keys = partitions.map(({ name, sql, type }) => `${asText(sql, type, { context })} AS ${quotedName(name)}`);
      return {
        sql: `SELECT ${[`CAST(to_json(struct_pack(${members.join(", ")})) AS VARCHAR) AS " line"`, ...keys].join(", ")} ${from}`,
        options: [...LINES, "HEADER false", ...compression(options), ...partitioning],
      };
    }
    return {
      sql: `SELECT ${columns.map((column) => `${value(column.sql, column.type, context)} AS ${quotedName(column.name)}`).join(", ")} ${from}`,
      options: [
        `FORMAT ${options.format}`,
        ...(options.format === "parquet" ? ["COMPRESSION snappy"] : compression(options)),
        ...partitioning,
        ...(options.includePartitions ? ["WRITE_PARTITION_COLUMNS true"] : []),
      ],
    };
  }
  const text = ({ sql, type }: (typeof columns)[number]) =>
    type.kind === "boolean"
      ? `(CASE ${sql} WHEN TRUE THEN 't' WHEN FALSE THEN 'f' END)`
      : asText(sql, type, { context });
  if (options.format === "csv") {
    const written = [...kept, ...(options.includePartitions ? [] : partitions)];
    return {
      sql: `SELECT ${written.map((column) => `${text(column)} AS ${quotedName(column.name)}`).join(", ")} ${from}`,
      options: [
        "FORMAT csv",
        `HEADER ${options.header}`,
        `DELIMITER ${textLiteral(options.delimiter)}`,
        `NULLSTR ${textLiteral(options.nullText)}`,
        ...compression(options),
        ...partitioning,
        ...(options.includePartitions ? ["WRITE_PARTITION_COLUMNS true"] : []),
      ],
    };
  }
  const cells = kept.map((column, index) => cell(text(column), options, index));
  const line = cells.join(options.widths === undefined ? ` || ${textLiteral(options.delimiter)} || ` : " || ");
  const header = kept.map(({ name }) => (options.addQuotes ? `"${name}"` : name)).join(options.delimiter);
  return {
    sql: `SELECT ${[`${line} AS ${quotedName(options.header ? header : "line")}`, ...partitions.map((column) => `${text(column)} AS ${quotedName(column.name)}`)].join(", ")} ${from}`,
    // A line is one text, written as it is.
    options: [...LINES, `HEADER ${options.header}`, ...compression(options), ...partitioning],
  };
}

function compression({ compression: named }: UnloadOptions): string[] {
  return named === "none" ? [] : [`COMPRESSION ${named}`];
}

function cell(text: string, options: UnloadOptions, index: number): string {
  if (options.widths !== undefined) {
    const width = options.widths[index];
    if (width === undefined)
      throw new SqlError(SQL_STATE.invalidParameterValue, "FIXEDWIDTH names fewer columns than the query has");
    return `rpad(left(coalesce(${text}, ''), ${width}), ${width}, ' ')`;
  }
  let value = text;
  if (options.escape) {
    const special = ["\\", options.delimiter, "\n", "\r", ...(options.addQuotes ? ['"', "'"] : [])];
    for (const character of special)
      value = `replace(${value}, ${literal(character)}, ${textLiteral("\\")} || ${literal(character)})`;
  }
  if (options.addQuotes) value = `('"' || ${value} || '"')`;
  return `coalesce(${value}, ${textLiteral(options.nullText)})`;
}

function literal(character: string): string {
  return character === "\n" ? "chr(10)" : character === "\r" ? "chr(13)" : textLiteral(character);
}

function parquetValue(sql: string, type: SqlType, context: BindContext): string {
  switch (type.kind) {
    case "super":
      return `CAST(${sql} AS VARCHAR)`;
    case "timetz":
    case "interval-day-second":
    case "interval-year-month":
      return asText(sql, type, { context });
    default:
      return sql;
  }
}

function jsonValue(sql: string, type: SqlType, context: BindContext): string {
  switch (type.kind) {
    case "super":
    case "boolean":
    case "smallint":
    case "integer":
    case "bigint":
    case "decimal":
    case "real":
    case "double":
      return sql;
    default:
      return asText(sql, type, { context });
  }
}
