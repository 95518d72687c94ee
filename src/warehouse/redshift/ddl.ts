/** The DDL of a target and of what Penstock keeps beside it, and how a table that is there already becomes what the model says. */
import { type ColumnModel, METADATA_COLUMNS, type TableModel } from "../../definition/model.js";
import { mappingOf } from "../../definition/types.js";
import type { WarehouseColumn } from "../warehouse.js";
import { lettersLock, lettersTable, name, ownTable, type RedshiftPlace, type Step, targetName, text } from "./steps.js";

/** As Redshift's catalog spells it. */
interface WantedColumn extends WarehouseColumn {
  readonly declared: string;
  readonly attributes: string;
  readonly default?: string;
}

export function metadataType(
  column: (typeof METADATA_COLUMNS)[number],
  place: Pick<RedshiftPlace, "sequence">,
): string {
  switch (column) {
    case "_shard_id":
      return "VARCHAR(256)";
    case "_sequence_number":
      return place.sequence === "dense" ? "BIGINT" : "VARCHAR(128)";
    case "_row_index":
      return place.sequence === "dense" ? "INTEGER" : "BIGINT";
    case "_arrived_at":
      return "TIMESTAMPTZ";
  }
}

/** Makes what is not there: Penstock's own tables, and the target. One transaction; run again it changes nothing. */
export function prepareSteps(table: TableModel, place: RedshiftPlace, options: { readonly as?: string } = {}): Step[] {
  const target = options.as ?? table.name;
  const made = `CREATE TABLE IF NOT EXISTS ${tableText(table, target, place)}`;
  return [...prepareOwnSteps(target, place), { kind: "ddl", sql: made }];
}

/** Penstock's own tables of a target alone: what its dead letters need where Redshift loads or reads its rows by itself. */
export function prepareOwnSteps(target: string, place: RedshiftPlace): Step[] {
  return ownTables(place, target).map((sql) => ({ kind: "ddl", sql }));
}

function ownTables(place: RedshiftPlace, target: string): string[] {
  const locks = [ownTable(place, "locks", target), lettersLock(place)];
  const sequence = metadataType("_sequence_number", place);
  const index = metadataType("_row_index", place);
  return [
    `CREATE SCHEMA IF NOT EXISTS ${name(place.schema)}`,
    ...locks.flatMap((lock) => [
      `CREATE TABLE IF NOT EXISTS ${lock} (transactions BIGINT NOT NULL) DISTSTYLE ALL`,
      `INSERT INTO ${lock} SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM ${lock})`,
    ]),
    // One row an object and load. `whole`: the ledger's entry of that object; the others tell of loads of a part, of repeated ones, of none.
    `CREATE TABLE IF NOT EXISTS ${ownTable(place, "loads", target)} (load_id VARCHAR(128) NOT NULL, object_key VARCHAR(1024) NOT NULL,
       kind VARCHAR(8) NOT NULL, status VARCHAR(16) NOT NULL, whole BOOLEAN NOT NULL, replay BOOLEAN NOT NULL, flush BIGINT NOT NULL,
       schema_version INTEGER NOT NULL, row_count BIGINT NOT NULL, loaded_rows BIGINT NOT NULL, deduped_rows BIGINT NOT NULL,
       replaced_rows BIGINT NOT NULL, size_bytes BIGINT NOT NULL, reason VARCHAR(4096), loaded_at TIMESTAMP NOT NULL, took_ms BIGINT NOT NULL,
       oldest_arrived_at TIMESTAMP) DISTSTYLE AUTO SORTKEY (object_key)`,
    `CREATE TABLE IF NOT EXISTS ${ownTable(place, "deduped", target)} (shard_id VARCHAR(256) NOT NULL, sequence_number ${sequence} NOT NULL,
       row_index ${index} NOT NULL, arrived_at TIMESTAMPTZ NOT NULL, object_key VARCHAR(1024), action VARCHAR(16) NOT NULL,
       winner_shard_id VARCHAR(256), winner_sequence_number ${sequence}, winner_row_index ${index}, winner_object_key VARCHAR(1024),
       deduped_at TIMESTAMP NOT NULL) DISTSTYLE AUTO SORTKEY (${place.sequence === "dense" ? "sequence_number" : "arrived_at"})`,
    `CREATE TABLE IF NOT EXISTS ${lettersTable(place)} (id VARCHAR(1024) NOT NULL, table_name VARCHAR(128) NOT NULL, stream VARCHAR(256) NOT NULL,
       shard_id VARCHAR(256) NOT NULL, sequence ${sequence} NOT NULL, sequence_number VARCHAR(128) NOT NULL, row_index ${index} NOT NULL,
       arrived_at TIMESTAMP NOT NULL, error_code VARCHAR(128) NOT NULL, column_name VARCHAR(128), error_message VARCHAR(4096) NOT NULL,
       raw_base64 VARCHAR(65535) NOT NULL, flush BIGINT NOT NULL, object_key VARCHAR(1024) NOT NULL, redriven_at TIMESTAMP, redriven_as VARCHAR(16),
       redriven_raw_base64 VARCHAR(65535), firehose_code VARCHAR(128), attempts INTEGER, attempted_at TIMESTAMP,
       data_catalog_table VARCHAR(1024)) DISTSTYLE AUTO SORTKEY (arrived_at)`,
    lettersView(place),
  ];
}

/**
 * Dead letters as the embedded pipeline has them: the same columns by the same names, times with their zone, bytes as bytes. Bound late, so that it
 * never stands in the way of a change of what is under it.
 */
function lettersView(place: RedshiftPlace): string {
  const utc = (column: string) => `${column} AT TIME ZONE 'UTC' AS ${column}`;
  const columns = [
    "id",
    "table_name",
    "stream",
    "shard_id",
    "sequence",
    "sequence_number",
    "CAST(row_index AS BIGINT) AS subsequence_number",
    "row_index",
    utc("arrived_at"),
    "error_code",
    "firehose_code",
    "error_message",
    "column_name",
    "NVL(attempts, 1) AS attempts",
    utc("attempted_at"),
    "TO_VARBYTE(raw_base64, 'base64') AS \"raw\"",
    "data_catalog_table",
    "flush",
    "object_key",
    utc("redriven_at"),
    "redriven_as",
    "TO_VARBYTE(redriven_raw_base64, 'base64') AS redriven_raw",
  ];
  return `CREATE OR REPLACE VIEW ${name(place.schema)}."dead_letters" AS SELECT ${columns.join(", ")} FROM ${lettersTable(place)} WITH NO SCHEMA BINDING`;
}

export function tableText(table: TableModel, target: string, place: RedshiftPlace): string {
  const columns = wantedColumns(table, place).map(columnText);
  const distribution =
    table.distKey === undefined
      ? `DISTSTYLE ${table.distStyle.toUpperCase()}`
      : `DISTSTYLE KEY DISTKEY (${name(table.distKey)})`;
  const { sortKey } = table;
  const sort =
    sortKey === undefined
      ? "SORTKEY AUTO"
      : `${sortKey.style.toUpperCase()} SORTKEY (${sortKey.columns.map(name).join(", ")})`;
  return `${targetName(place, target)} (${columns.join(", ")}) ${distribution} ${sort}`;
}

function wantedColumns(table: TableModel, place: RedshiftPlace): WantedColumn[] {
  const metadata = METADATA_COLUMNS.map((column): WantedColumn => {
    const declared = metadataType(column, place);
    return { name: column, type: catalogType(declared), nullable: false, declared, attributes: " NOT NULL" };
  });
  return [...metadata, ...table.columns.map(wantedColumn)];
}

function wantedColumn(column: ColumnModel): WantedColumn {
  const declared = mappingOf(column.type).redshift;
  const byDefault = defaultOf(column);
  const attributes = [
    ...(byDefault === undefined ? [] : [`DEFAULT ${byDefault}`]),
    ...(column.encode === undefined ? [] : [`ENCODE ${column.encode.toUpperCase()}`]),
    ...(column.nullable ? [] : ["NOT NULL"]),
  ];
  return {
    name: column.name,
    type: catalogType(declared),
    nullable: column.nullable,
    declared,
    attributes: attributes.map((attribute) => ` ${attribute}`).join(""),
    ...(byDefault === undefined ? {} : { default: byDefault }),
  };
}

/** What stands for a record's missing field, as a literal. */
export function defaultOf(column: ColumnModel): string | undefined {
  if (column.default === undefined) return undefined;
  const literal = typeof column.default === "string" ? text(column.default) : String(column.default);
  if (column.type.kind === "super") return `JSON_PARSE(${text(JSON.stringify(column.default))})`;
  return literal;
}

function columnText(column: WantedColumn): string {
  return `${name(column.name)} ${column.declared}${column.attributes}`;
}

const CATALOG_WORDS: readonly (readonly [RegExp, string])[] = [
  [/^VARCHAR/, "character varying"],
  [/^CHAR(?=\()/, "character"],
  [/^DECIMAL/, "numeric"],
  [/^TIMESTAMPTZ$/, "timestamp with time zone"],
  [/^TIMESTAMP$/, "timestamp without time zone"],
  [/^TIME$/, "time without time zone"],
];

/** A type as `format_type` shows it. */
function catalogType(declared: string): string {
  for (const [pattern, word] of CATALOG_WORDS) if (pattern.test(declared)) return declared.replace(pattern, word);
  return declared.toLowerCase();
}

/** Rows of name, type, whether NULL is refused; in order, none where there is no such table. */
export function describeSql(place: RedshiftPlace, target: string): string {
  return `SELECT CAST(a.attname AS VARCHAR(128)), format_type(a.atttypid, a.atttypmod), a.attnotnull
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ${text(place.tables)} AND c.relname = ${text(target)} AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;
}

export function columnsOf(rows: readonly (readonly unknown[])[]): readonly WarehouseColumn[] | undefined {
  if (rows.length === 0) return undefined;
  return rows.map(([column, type, notNull]) => ({
    name: String(column),
    type: String(type),
    nullable: notNull !== true,
  }));
}

export interface TableChanges {
  /** What lies in the way, in plain words; nothing may be run then. */
  readonly differences: readonly string[];
  /** One transaction. */
  readonly steps: readonly Step[];
  /** Each by itself: Redshift refuses a change of a column's length inside a transaction block. */
  readonly alone: readonly Step[];
}

/** Turns `present` into what the model says: columns are added at the end, and a VARCHAR may grow; all else is a difference. */
export function tableChanges(
  table: TableModel,
  target: string,
  present: readonly WarehouseColumn[],
  place: RedshiftPlace,
): TableChanges {
  const wanted = wantedColumns(table, place);
  const differences: string[] = [];
  const alone: Step[] = [];
  const alter = `ALTER TABLE ${targetName(place, target)}`;
  present.forEach((has, index) => {
    const want = wanted[index];
    if (want === undefined) {
      differences.push(`it has a column "${has.name}" (${has.type}) that the definition has not`);
    } else if (want.name !== has.name) {
      differences.push(
        `its column ${index + 1} is "${has.name}" (${has.type}), the definition's is "${want.name}" (${want.type})`,
      );
    } else if (has.type !== want.type) {
      if (lengthOf(want.type) > lengthOf(has.type)) {
        alone.push({ kind: "ddl", sql: `${alter} ALTER COLUMN ${name(want.name)} TYPE ${want.declared}` });
      } else {
        differences.push(`column "${has.name}" is ${has.type} there and ${want.type} in the definition`);
      }
    } else if (has.nullable !== want.nullable) {
      const may = (nullable: boolean) => (nullable ? "may be NULL" : "is NOT NULL");
      differences.push(`column "${has.name}" ${may(has.nullable)} there and ${may(want.nullable)} in the definition`);
    }
  });
  const added = wanted.slice(present.length);
  for (const column of added) {
    if (!column.nullable && column.default === undefined) {
      differences.push(
        `the new column "${column.name}" is NOT NULL and has no default, so the rows that "${target}" has already could not hold it`,
      );
    }
  }
  const steps = added.map((column): Step => ({ kind: "ddl", sql: `${alter} ADD COLUMN ${columnText(column)}` }));
  return { differences, steps, alone };
}

/** NaN, which is greater than nothing, for what is no VARCHAR. */
function lengthOf(type: string): number {
  return Number(/^character varying\((\d+)\)$/.exec(type)?.[1] ?? Number.NaN);
}
