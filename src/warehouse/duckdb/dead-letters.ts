import { DuckDBBlobValue, DuckDBTimestampTZValue, type DuckDBValue, listValue } from "@duckdb/node-api";
import { PenstockError } from "../../core/errors.js";
import type { TableModel } from "../../definition/model.js";
import { DEAD_LETTER_PAGE_BYTES, type DeadLetterChoice, type StoredDeadLetter } from "../warehouse.js";
import { deadLetterReader, type LocalObject, OBJECT_COLUMN } from "./lake-source.js";
import { checkRowCount } from "./preflight.js";
import type { Session } from "./session.js";
import { identifier, text } from "./sql-text.js";

/** Loads dead-letter objects, inside the load's transaction, after comparing how many letters each holds with what delivery counted. */
export async function loadDeadLetters(
  session: Session,
  table: TableModel,
  objects: readonly LocalObject[],
): Promise<void> {
  // As the rows' own `_shard_id`: with several sources, the stream is part of it.
  const shard =
    table.sources.length > 1
      ? `CASE WHEN contains(shardId, ':') THEN shardId ELSE stream || ':' || shardId END`
      : "shardId";
  const keys = objects.map((object) => `(${text(object.path)}, ${text(object.key)}, ${object.flush})`).join(", ");
  await session.run(
    `INSERT INTO penstock.dead_letters
     SELECT letter."table" || '/' || shard || '/' || sequence || '/' || rowIndex, letter."table", stream, shard, sequence,
       coalesce(sequenceNumber, sequence::VARCHAR), subSequenceNumber, rowIndex, make_timestamptz(arrivalTimestamp * 1000),
       coalesce(code, errorCode), errorCode, coalesce(errorMessage, ''), letter."column", coalesce(attemptsMade, 1),
       make_timestamptz(attemptEndingTimestamp * 1000), from_base64(coalesce(rawData, '')), dataCatalogTable, object.flush, object.key, NULL, NULL, NULL
     FROM (SELECT *, ${shard} AS shard FROM ${deadLetterReader(objects)}) letter
     JOIN (VALUES ${keys}) object(path, key, flush) ON letter.${identifier(OBJECT_COLUMN)} = object.path`,
  );
  const counted = await session.run(
    `SELECT object_key, count(*) FROM penstock.dead_letters WHERE object_key IN (SELECT unnest($1::VARCHAR[])) GROUP BY 1`,
    [listValue(objects.map((object) => object.key))],
  );
  const counts = new Map((await counted.getRows()).map(([key, count]) => [String(key), Number(count)]));
  for (const object of objects) checkRowCount(object, counts.get(object.key) ?? 0);
}

/** In the transaction that loads their rows; if one of them is no longer there to be redriven, nothing is. */
export async function markRedriven(session: Session, ids: readonly string[], nowMs: number): Promise<void> {
  if (ids.length === 0) return;
  const result = await session.run(
    "UPDATE penstock.dead_letters SET redriven_at = $1 WHERE redriven_at IS NULL AND id IN (SELECT unnest($2::VARCHAR[]))",
    [new DuckDBTimestampTZValue(BigInt(Math.round(nowMs)) * 1000n), listValue([...ids])],
  );
  if (result.rowsChanged === new Set(ids).size) return;
  throw new PenstockError(
    "refused",
    `Of ${ids.length} dead letters to be redriven, ${ids.length - result.rowsChanged} were redriven by somebody else meanwhile, or are not there.`,
    { hint: "Nothing was loaded. Choose again: `penstock errors list` shows those that are left." },
  );
}

export async function keepEdits(session: Session, edited: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [id, bytes] of edited) {
    await session.run("UPDATE penstock.dead_letters SET redriven_raw = $1 WHERE id = $2", [
      new DuckDBBlobValue(bytes),
      id,
    ]);
  }
}

/** In the same transaction, behind the rows: writes down what each became, which no later look could tell from a row that a user deleted. */
export async function settleRedriven(session: Session, target: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const same = "_shard_id = l.shard_id AND _sequence_number = l.sequence AND _row_index = l.row_index";
  await session.run(
    `UPDATE penstock.dead_letters l SET redriven_as = CASE
       WHEN EXISTS (FROM main.${identifier(target)} WHERE ${same}) THEN 'loaded'
       WHEN EXISTS (FROM penstock.deduped d WHERE d.target = $1 AND d.shard_id = l.shard_id AND d.sequence_number = l.sequence
         AND d.row_index = l.row_index) THEN 'deduped'
       ELSE 'filtered' END
     WHERE id IN (SELECT unnest($2::VARCHAR[]))`,
    [target, listValue([...ids])],
  );
}

export async function readDeadLetters(session: Session, choice: DeadLetterChoice): Promise<StoredDeadLetter[]> {
  const conditions: string[] = [];
  const values: DuckDBValue[] = [];
  const where = (condition: (place: string) => string, value: DuckDBValue) => {
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  if (choice.table !== undefined) where((place) => `table_name = ${place}`, choice.table);
  if (choice.code !== undefined) where((place) => `error_code = ${place}`, choice.code);
  if (choice.ids !== undefined)
    where((place) => `id IN (SELECT unnest(${place}::VARCHAR[]))`, listValue([...choice.ids]));
  if (choice.redriven !== undefined) conditions.push(`redriven_at IS ${choice.redriven ? "NOT NULL" : "NULL"}`);
  if (choice.after !== undefined) {
    where(
      (place) =>
        `(arrived_at, id) ${choice.newestFirst ? "<" : ">"} (SELECT (max(arrived_at), max(id)) FROM penstock.dead_letters WHERE id = ${place})`,
      choice.after,
    );
  }
  const order = choice.newestFirst ? "arrived_at DESC, id DESC" : "arrived_at, id";
  const result = await session.run(
    `SELECT id, table_name, stream, shard_id, sequence, sequence_number, row_index, epoch_ms(arrived_at), error_code, column_name,
       error_message, raw, flush, epoch_ms(redriven_at)
     FROM penstock.dead_letters ${conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""} 
     QUALIFY sum(octet_length(raw)) OVER (ORDER BY ${order}) - octet_length(raw) < ${DEAD_LETTER_PAGE_BYTES}
     ORDER BY ${order} LIMIT ${choice.limit}`,
    values,
  );
  return (await result.getRows()).map((row) => ({
    id: String(row[0]),
    table: String(row[1]),
    stream: String(row[2]),
    shardId: String(row[3]),
    sequence: Number(row[4]),
    sequenceNumber: String(row[5]),
    rowIndex: Number(row[6]),
    arrivedAtMs: Number(row[7]),
    code: String(row[8]),
    column: row[9] === null ? undefined : String(row[9]),
    message: String(row[10]),
    raw: row[11] instanceof DuckDBBlobValue ? row[11].bytes : new Uint8Array(),
    flush: Number(row[12]),
    redrivenAtMs: row[13] === null ? undefined : Number(row[13]),
  }));
}
