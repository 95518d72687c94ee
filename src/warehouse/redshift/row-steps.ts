/** Staged rows in the target's types, each with its fate: NULL to be loaded, `again` for a row that is there already, `lost` by `dedupe`. */
import { type ColumnModel, type ColumnType, METADATA_COLUMNS, type TableModel } from "../../definition/model.js";
import { fromStaging, mappingOf } from "../../definition/types.js";
import type { RowRange } from "../warehouse.js";
import { type StageColumn, sourceOf } from "./copy-steps.js";
import { defaultOf, metadataType } from "./ddl.js";
import type { LoadGiven } from "./load-given.js";
import {
  IDENTITY,
  instant,
  name,
  OBJECTS,
  ownTable,
  ROWS,
  STAGE,
  type Step,
  targetName,
  text,
  unqualified,
  VERDICT,
} from "./steps.js";

export function rowSteps(given: LoadGiven): Step[] {
  const { dedupe } = given.table;
  const steps = [rowsText(given), existingText(given), ...(dedupe === undefined ? [] : dedupeTexts(given, dedupe))];
  return steps.map((sql) => ({ kind: "rows", sql }));
}

/** In the order of the Parquet file, whose columns COPY takes by their position. */
export function rowColumns({ table, place }: LoadGiven): StageColumn[] {
  return [
    ...METADATA_COLUMNS.map((column) => ({
      name: column,
      type: metadataType(column, place).replace("TIMESTAMPTZ", "TIMESTAMP"),
    })),
    ...table.columns.map((column) => ({ name: column.name, type: mappingOf(column.type).staging })),
  ];
}

interface CastColumn {
  readonly name: string;
  readonly sql: string;
}

/** The target's columns, out of the stage `s`. */
export function castColumns(given: LoadGiven): CastColumn[] {
  return [
    ...METADATA_COLUMNS.map((column) => ({
      name: column,
      sql: column === "_arrived_at" ? "(s._arrived_at AT TIME ZONE 'UTC')" : `s.${column}`,
    })),
    ...given.table.columns.map((column, index) => ({ name: column.name, sql: castColumn(given, column, index) })),
  ];
}

function castColumn(given: LoadGiven, column: ColumnModel, index: number): string {
  const value = fromStaging(column.type, `s.${name(column.name)}`);
  const byDefault = defaultOf(column);
  if (byDefault === undefined) return value;
  const standIn = `CAST(${byDefault} AS ${mappingOf(column.type).redshift})`;
  const position = METADATA_COLUMNS.length + index;
  const numbered = given.sources.map((source, at) => ({ source, number: at + 1 }));
  const lacking = numbered.filter(({ source }) => (source.columns ?? position + 1) <= position);
  // JSON does not say which columns it was written with; where NULL cannot be meant, it is the default that is.
  const silent = column.nullable ? [] : numbered.filter(({ source }) => source.format === "json");
  const list = (sources: typeof numbered) => sources.map(({ number }) => number).join(", ");
  const cases = [
    ...(lacking.length === 0 ? [] : [`WHEN ${sourceOf(given)} IN (${list(lacking)}) THEN ${standIn}`]),
    ...(silent.length === 0
      ? []
      : [`WHEN ${sourceOf(given)} IN (${list(silent)}) AND s.${name(column.name)} IS NULL THEN ${standIn}`]),
  ];
  return cases.length === 0 ? value : `CASE ${cases.join(" ")} ELSE ${value} END`;
}

function rowsText(given: LoadGiven): string {
  const casts = castColumns(given).map((column) => `${column.sql} AS ${name(column.name)}`);
  // An object may hold a row twice, or two objects of one load: delivery to a lake on AWS is at least once.
  const place = `ROW_NUMBER() OVER (PARTITION BY ${identity("s")} ORDER BY ${sourceOf(given)})`;
  const conditions = [`EXISTS (SELECT 1 FROM ${OBJECTS})`, ...rangeConditions(given.range)];
  return `CREATE TEMP TABLE ${ROWS} AS SELECT ${sourceOf(given)} AS penstock_source,
    CAST(CASE WHEN ${place} > 1 THEN 'again' END AS VARCHAR(8)) AS penstock_fate, ${casts.join(", ")}
    FROM ${STAGE} s WHERE ${conditions.join(" AND ")}`;
}

function rangeConditions(range: RowRange | undefined): string[] {
  if (range === undefined) return [];
  const { shardId, fromSequence, toSequence, sinceMs, untilMs } = range;
  return [
    ...(shardId === undefined ? [] : [`s._shard_id = ${text(shardId)}`]),
    ...(fromSequence === undefined ? [] : [`s._sequence_number >= ${fromSequence}`]),
    ...(toSequence === undefined ? [] : [`s._sequence_number <= ${toSequence}`]),
    ...(sinceMs === undefined ? [] : [`s._arrived_at >= ${instant(sinceMs)}`]),
    ...(untilMs === undefined ? [] : [`s._arrived_at < ${instant(untilMs)}`]),
  ];
}

/**
 * The table is asked where the staged rows can be met alone: a row that comes again brings its number and its arrival again. Counts of the journal are
 * the nearer bound; the service's numbers are long texts, so there it is the arrival.
 */
function existingText({ place, target }: LoadGiven): string {
  const column = place.sequence === "dense" ? "_sequence_number" : "_arrived_at";
  const bound = (which: "MIN" | "MAX") => `(SELECT ${which}(${column}) FROM ${ROWS})`;
  return `UPDATE ${ROWS} SET penstock_fate = 'again' FROM ${targetName(place, target)} t
    WHERE ${ROWS}.penstock_fate IS NULL AND ${sameRow("t", ROWS)} AND t.${column} >= ${bound("MIN")} AND t.${column} <= ${bound("MAX")}`;
}

/** The object of a source; none where one COPY read several. */
const SINGLE = `(SELECT source, MIN(object_key) AS object_key FROM ${OBJECTS} GROUP BY source HAVING COUNT(*) = 1)`;

/**
 * Of all rows with one key, staged or in the table, the first of the order stays. The others are written down with the row that stands in their
 * place, and leave the table if they were there.
 */
function dedupeTexts(given: LoadGiven, dedupe: NonNullable<TableModel["dedupe"]>): string[] {
  const { place, target, table, dryRun } = given;
  const deduped = ownTable(place, "deduped", target);
  const into = targetName(place, target);
  const lost = `UPDATE ${ROWS} SET penstock_fate = 'lost' FROM ${VERDICT} v WHERE v.staged = 1 AND ${ROWS}.penstock_fate IS NULL AND ${sameRow("v", ROWS)}`;
  const verdict = verdictText(given, table, dedupe);
  if (dryRun === true) return [verdict, lost];
  const held = (from: string, row: string) =>
    [
      `${from}.shard_id = ${row}._shard_id AND ${from}.sequence_number = ${row}._sequence_number AND ${from}.row_index = ${row}._row_index`,
      // The list is sorted by it.
      ...(place.sequence === "dense" ? [] : [`${from}.arrived_at = ${row}._arrived_at`]),
    ].join(" AND ");
  return [
    verdict,
    lost,
    // A row that comes again may lose again; it is written down once.
    `INSERT INTO ${deduped} SELECT v._shard_id, v._sequence_number, v._row_index, v._arrived_at, o.object_key,
       CASE WHEN v.staged = 1 THEN 'kept out' ELSE 'replaced' END, v.winner_shard_id, v.winner_sequence_number, v.winner_row_index, w.object_key, GETDATE()
     FROM ${VERDICT} v LEFT JOIN ${SINGLE} o ON o.source = v.source LEFT JOIN ${SINGLE} w ON w.source = v.winner_source
     WHERE NOT EXISTS (SELECT 1 FROM ${deduped} d WHERE ${held("d", "v")})`,
    // One that lost before and stays now, because its winner was deleted, is deduplicated no more.
    `DELETE FROM ${deduped} USING ${ROWS} r WHERE r.penstock_fate IS NULL AND ${held(unqualified(deduped), "r")}`,
    `DELETE FROM ${into} USING ${VERDICT} v WHERE v.staged = 0 AND ${sameRow("v", name(target))} AND ${name(target)}._arrived_at = v._arrived_at`,
  ];
}

function verdictText(given: LoadGiven, table: TableModel, dedupe: NonNullable<TableModel["dedupe"]>): string {
  const { place, target } = given;
  const keys = dedupe.by.map((column) => table.columns.find((one) => one.name === column)!);
  const keyNames = keys.map((column) => name(column.name)).join(", ");
  const columns = (from: string) =>
    [...keys.map((column) => column.name), ...IDENTITY, "_arrived_at"].map((one) => `${from}.${name(one)}`).join(", ");
  const direction = dedupe.keep === "latest" ? " DESC" : "";
  // Kinesis' numbers are as long as each other; Firehose's record ids have no order that means anything, only one that stays.
  const order = ["_arrived_at", ...IDENTITY].map((column) => `${column}${direction}`).join(", ");
  const standing = `(PARTITION BY ${keyNames} ORDER BY ${order}`;
  const winner = (column: string, as: string) =>
    `FIRST_VALUE(${column}) OVER ${standing} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS ${as}`;
  const among = `(SELECT DISTINCT ${keyNames} FROM ${ROWS} WHERE penstock_fate IS NULL) k`;
  const conditions = keys.map((column) => sameKey(column, "t", "k"));
  const bounds = keys.flatMap(keyBounds);
  const where = bounds.length === 0 ? "" : ` WHERE ${bounds.join(" AND ")}`;
  return `CREATE TEMP TABLE ${VERDICT} AS SELECT * FROM (
      SELECT e.staged, e.source, ${["_shard_id", "_sequence_number", "_row_index", "_arrived_at"].map((one) => `e.${one}`).join(", ")},
        ROW_NUMBER() OVER ${standing}) AS standing, ${winner("source", "winner_source")}, ${winner("_shard_id", "winner_shard_id")},
        ${winner("_sequence_number", "winner_sequence_number")}, ${winner("_row_index", "winner_row_index")}
      FROM (
        SELECT 1 AS staged, r.penstock_source AS source, ${columns("r")} FROM ${ROWS} r WHERE r.penstock_fate IS NULL
        UNION ALL
        SELECT 0 AS staged, 0 AS source, ${columns("t")} FROM ${targetName(place, target)} t JOIN ${among} ON ${conditions.join(" AND ")}${where}
      ) e) ranked WHERE ranked.standing > 1`;
}

function identity(from: string): string {
  return IDENTITY.map((column) => `${from}.${column}`).join(", ");
}

export function sameRow(left: string, right: string): string {
  return IDENTITY.map((column) => `${left}.${column} = ${right}.${column}`).join(" AND ");
}

const ZEROES: Readonly<Partial<Record<ColumnType["kind"], string>>> = {
  boolean: "FALSE",
  varchar: "''",
  char: "''",
  date: "DATE '1970-01-01'",
  timestamp: "TIMESTAMP '1970-01-01 00:00:00'",
  timestamptz: "TIMESTAMPTZ '1970-01-01 00:00:00+00'",
  time: "TIME '00:00:00'",
};

/** NULLs are equal here. Both sides are equations, so that Redshift can join by hashing; with OR it would try every pair. */
function sameKey(column: ColumnModel, left: string, right: string): string {
  const [a, b] = [`${left}.${name(column.name)}`, `${right}.${name(column.name)}`];
  if (!column.nullable) return `${a} = ${b}`;
  const zero = ZEROES[column.type.kind] ?? "0";
  const isNull = (value: string) => `CASE WHEN ${value} IS NULL THEN 1 ELSE 0 END`;
  return `NVL(${a}, ${zero}) = NVL(${b}, ${zero}) AND ${isNull(a)} = ${isNull(b)}`;
}

/** Between the least and the greatest staged key, so that blocks of a sorted table that hold none of them are not read. */
function keyBounds(column: ColumnModel): string[] {
  if (column.nullable || column.type.kind === "boolean" || column.type.kind === "super") return [];
  const own = name(column.name);
  const bound = (which: "MIN" | "MAX") => `(SELECT ${which}(${own}) FROM ${ROWS} WHERE penstock_fate IS NULL)`;
  return [`t.${own} >= ${bound("MIN")}`, `t.${own} <= ${bound("MAX")}`];
}
