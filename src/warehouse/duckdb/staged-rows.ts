import type { TableModel } from "../../definition/model.js";
import type { RowRange } from "../warehouse.js";
import { OBJECT_COLUMN, type SourceGroup, selectFrom } from "./lake-source.js";
import type { Session } from "./session.js";
import { identifier, identifiers, text } from "./sql-text.js";

/**
 * Rows on their way into a table that must look at other rows first: a temporary table of the load's own connection, which spills
 * to the temporary folder and vanishes with the connection. No name here can meet a column's: none of theirs begins with `_penstock`.
 */
const STAGE = "_penstock_stage";
const VERDICT = "_penstock_verdict";
const IDENTITY = ["_shard_id", "_sequence_number", "_row_index"] as const;
const object = identifier(OBJECT_COLUMN);

export async function stageRows(
  session: Session,
  table: TableModel,
  groups: readonly SourceGroup[],
  range: RowRange | undefined,
): Promise<void> {
  const condition = range === undefined ? "" : ` WHERE ${rangeCondition(range)}`;
  const parts = groups.map((group) => `SELECT * FROM (${selectFrom(table, group, true)})${condition}`);
  await session.run(`CREATE TEMP TABLE ${STAGE} AS ${parts.join(" UNION ALL ")}`);
}

function rangeCondition(range: RowRange): string {
  const conditions = ["true"];
  if (range.shardId !== undefined) conditions.push(`_shard_id = ${text(range.shardId)}`);
  if (range.fromSequence !== undefined) conditions.push(`_sequence_number >= ${range.fromSequence}`);
  if (range.toSequence !== undefined) conditions.push(`_sequence_number <= ${range.toSequence}`);
  if (range.sinceMs !== undefined) conditions.push(`_arrived_at >= make_timestamptz(${range.sinceMs} * 1000)`);
  if (range.untilMs !== undefined) conditions.push(`_arrived_at < make_timestamptz(${range.untilMs} * 1000)`);
  return conditions.join(" AND ");
}

/** Rows of each object, by its path. */
export async function countStaged(session: Session): Promise<Map<string, number>> {
  const result = await session.run(`SELECT ${object}, count(*) FROM ${STAGE} GROUP BY 1`);
  return new Map((await result.getRows()).map(([path, count]) => [String(path), Number(count)]));
}

/**
 * Removes staged rows that the target has already, by their identity, and those staged twice. The target is read only where its sequence
 * numbers can meet the staged ones, so the cost does not grow with the table.
 */
export async function dropExisting(session: Session, target: string): Promise<void> {
  const join = IDENTITY.map((name) => `t.${name} = s.${name}`).join(" AND ");
  const bounds = await session.run(`SELECT min(_sequence_number), max(_sequence_number) FROM ${STAGE}`);
  const [lowest, highest] = (await bounds.getRows())[0] ?? [];
  if (lowest === null || lowest === undefined) return;
  await session.run(
    `DELETE FROM ${STAGE} WHERE rowid IN (
       SELECT s.rowid FROM ${STAGE} s SEMI JOIN
         (SELECT ${IDENTITY.join(", ")} FROM main.${identifier(target)} WHERE _sequence_number BETWEEN ${lowest} AND ${highest}) t ON ${join}
       UNION ALL
       SELECT _penstock_row FROM (SELECT rowid AS _penstock_row, row_number() OVER (PARTITION BY ${IDENTITY.join(", ")} ORDER BY rowid) AS _penstock_copy
         FROM ${STAGE}) WHERE _penstock_copy > 1)`,
  );
}

/** What `dedupe` decided, by the path of the object that is concerned. */
export interface DedupeCounts {
  readonly keptOut: ReadonlyMap<string, number>;
  readonly replaced: ReadonlyMap<string, number>;
}

/** Staged rows whose keys are sorted and compared at one time: so many, with common keys, fit the smallest memory that is allowed. */
const DEDUPE_ROWS_AT_ONCE = 200_000;

/**
 * Decides which row of each key stays, among the staged rows and those of the table with the same key. Every other one is written to
 * `penstock.deduped` with the row that stands in its place, and, if the table has it, deleted there. Only keys that occur twice are sorted; many
 * rows are taken in parts, by a hash of their keys, so that memory does not grow with the load.
 */
export async function dedupeStaged(session: Session, options: DedupeOptions): Promise<DedupeCounts> {
  const keptOut = new Map<string, number>();
  const replaced = new Map<string, number>();
  const staged = [...(await countStaged(session)).values()].reduce((sum, rows) => sum + rows, 0);
  const parts = Math.max(1, Math.ceil(staged / DEDUPE_ROWS_AT_ONCE));
  for (let part = 0; part < parts; part++) {
    await judge(
      session,
      options,
      parts === 1 ? undefined : `${part} = hash(${identifiers(options.dedupe.by)}) % ${parts}`,
    );
    await writeDown(session, options);
    await session.run(
      `DELETE FROM main.${identifier(options.target)} WHERE rowid IN (SELECT _penstock_row FROM ${VERDICT} WHERE NOT _penstock_staged)`,
    );
    await session.run(
      `DELETE FROM ${STAGE} WHERE rowid IN (SELECT _penstock_row FROM ${VERDICT} WHERE _penstock_staged)`,
    );
    const counted = await session.run(
      `SELECT _penstock_staged, coalesce(CASE WHEN _penstock_staged THEN ${object} ELSE _penstock_winner_object END, ''), count(*)
       FROM ${VERDICT} GROUP BY 1, 2`,
    );
    for (const [isStaged, path, count] of await counted.getRows()) {
      const counts = isStaged === true ? keptOut : replaced;
      counts.set(String(path), (counts.get(String(path)) ?? 0) + Number(count));
    }
  }
  return { keptOut, replaced };
}

/** Finds the losers: staged rows, and rows of the table. */
async function judge(session: Session, { target, dedupe }: DedupeOptions, part: string | undefined): Promise<void> {
  const keys = identifiers(dedupe.by);
  const same = (left: string, right: string) =>
    dedupe.by
      .map((name) => `${left}.${identifier(name)} IS NOT DISTINCT FROM ${right}.${identifier(name)}`)
      .join(" AND ");
  const columns = `${keys}, _arrived_at, ${IDENTITY.join(", ")}`;
  const only = part === undefined ? "" : `WHERE ${part}`;
  const direction = dedupe.keep === "latest" ? "DESC NULLS LAST" : "ASC NULLS FIRST";
  // Equal in all four are only copies of one row: then the table's stays.
  const order = [
    ...["_arrived_at", ...IDENTITY].map((name) => `${name} ${direction}`),
    "_penstock_staged",
    "_penstock_row",
  ].join(", ");
  await session.run(
    `CREATE OR REPLACE TEMP TABLE ${VERDICT} AS
     WITH arriving AS (SELECT rowid AS _penstock_row, ${object}, ${columns} FROM ${STAGE} ${only}),
     held AS (SELECT rowid AS _penstock_row, ${columns} FROM main.${identifier(target)} ${only}),
     everyone AS (
       SELECT true AS _penstock_staged, * FROM arriving
       UNION ALL
       SELECT false, h._penstock_row, NULL, h.* EXCLUDE (_penstock_row) FROM held h SEMI JOIN arriving a ON ${same("h", "a")}
     ), several AS (SELECT ${keys} FROM everyone GROUP BY ${keys} HAVING count(*) > 1),
     ranked AS (
       SELECT e.*, row_number() OVER standing AS _penstock_place, first_value(${object}) OVER standing AS _penstock_winner_object,
         ${IDENTITY.map((name) => `first_value(${name}) OVER standing AS _penstock_winner${name}`).join(", ")}
       FROM everyone e SEMI JOIN several ON ${same("e", "several")}
       WINDOW standing AS (PARTITION BY ${keys} ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
     )
     SELECT * EXCLUDE (${keys}) FROM ranked WHERE _penstock_place > 1`,
  );
}

async function writeDown(session: Session, { target, keys, again }: DedupeOptions): Promise<void> {
  const objects = [...keys].map(([path, key]) => `(${text(path)}, ${text(key)})`).join(", ");
  const known = again
    ? `WHERE NOT EXISTS (FROM penstock.deduped d WHERE d.target = ${text(target)} AND d.shard_id = v._shard_id
         AND d.sequence_number = v._sequence_number AND d.row_index = v._row_index)`
    : "";
  await session.run(
    `INSERT INTO penstock.deduped
     SELECT ${text(target)}, v._shard_id, v._sequence_number, v._row_index, v._arrived_at, own.key,
       CASE WHEN _penstock_staged THEN 'kept out' ELSE 'replaced' END,
       _penstock_winner_shard_id, _penstock_winner_sequence_number, _penstock_winner_row_index, winner.key, now()
     FROM ${VERDICT} v
     LEFT JOIN (VALUES ${objects}) own(path, key) ON own.path = v.${object}
     LEFT JOIN (VALUES ${objects}) winner(path, key) ON winner.path = v._penstock_winner_object ${known}`,
  );
}

export interface DedupeOptions {
  readonly target: string;
  readonly dedupe: NonNullable<TableModel["dedupe"]>;
  /** Paths of the load's objects to their keys. */
  readonly keys: ReadonlyMap<string, string>;
  /** The same row may have lost before: then it is not written down again. */
  readonly again: boolean;
}

/** A row that lost once and is loaded after all (a replay, after its winner was deleted) is no longer deduplicated. */
export async function forgetDeduped(session: Session, target: string): Promise<void> {
  await session.run(
    `DELETE FROM penstock.deduped d USING ${STAGE} s WHERE d.target = ${text(target)} AND d.shard_id = s._shard_id
       AND d.sequence_number = s._sequence_number AND d.row_index = s._row_index`,
  );
}

/** Rows that were dead and are loaded after all, by a replay or beside a letter of theirs that is redriven, are dead no more. */
export async function reviveLetters(session: Session, target: string, as: "replayed" | "loaded"): Promise<void> {
  await session.run(
    `UPDATE penstock.dead_letters d SET redriven_at = now(), redriven_as = '${as}' FROM ${STAGE} s
     WHERE d.redriven_at IS NULL AND d.table_name = ${text(target)} AND d.shard_id = s._shard_id AND d.sequence = s._sequence_number AND d.row_index = s._row_index`,
  );
}

/** Moves what is left into the table; answers how many rows that were. */
export async function insertStaged(session: Session, target: string, columns: readonly string[]): Promise<number> {
  const list = identifiers(columns);
  const result = await session.run(`INSERT INTO main.${identifier(target)} (${list}) SELECT ${list} FROM ${STAGE}`);
  return result.rowsChanged;
}
