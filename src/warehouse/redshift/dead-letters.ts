/** Dead letters as the port tells them. Their bytes are in the warehouse as far as a column holds them; what is longer is in its object still. */
import { createInterface } from "node:readline";
import { PenstockError } from "../../core/errors.js";
import type { ObjectStore } from "../../lake/object-store.js";
import { DEAD_LETTER_PAGE_BYTES, type DeadLetterChoice, type StoredDeadLetter } from "../warehouse.js";
import { CUT_RAW_BYTES } from "./letter-steps.js";
import { CHOSEN, inChunks, lettersTable, msOf, type RedshiftPlace, type Step, text } from "./steps.js";

export interface LettersReader {
  rows(sql: string): Promise<readonly (readonly unknown[])[]>;
  /** Of the last of several statements, in one transaction. */
  lastRows(steps: readonly Step[]): Promise<readonly (readonly unknown[])[]>;
}

/** More ids than that do not stand in the question itself, which may have 100 KB. */
const IDS_MAX = 50;

/** What stands in one answer without the letters' bytes is small; so many letters are asked for at a time. */
const LETTERS_AT_ONCE = 1_000;

export async function readDeadLetters(
  reader: LettersReader,
  lake: Pick<ObjectStore, "get">,
  place: RedshiftPlace,
  choice: DeadLetterChoice,
): Promise<StoredDeadLetter[]> {
  if (choice.ids?.length === 0) return [];
  const question = lettersSql(place, { ...choice, limit: Math.min(choice.limit, LETTERS_AT_ONCE) });
  const many = choice.ids !== undefined && choice.ids.length > IDS_MAX;
  const rows = many ? await reader.lastRows(withChosen(choice.ids, question)) : await reader.rows(question);
  const letters: StoredDeadLetter[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (bytes >= DEAD_LETTER_PAGE_BYTES) break;
    const letter = letterOf(row, place);
    const raw = String(row[11]);
    const whole =
      raw.length < CUT_RAW_BYTES ? Buffer.from(raw, "base64") : await rawFromLake(lake, String(row[14]), row);
    bytes += whole.length;
    letters.push({ ...letter, raw: whole });
  }
  return letters;
}

function withChosen(ids: readonly string[], question: string): Step[] {
  const fill = inChunks([...new Set(ids)].map((id) => `(${text(id)})`));
  return [
    { kind: "rows", sql: `CREATE TEMP TABLE ${CHOSEN} (id VARCHAR(1024) NOT NULL)` },
    ...fill.map((values): Step => ({ kind: "rows", sql: `INSERT INTO ${CHOSEN} VALUES ${values.join(", ")}` })),
    { kind: "report", sql: question },
  ];
}

function lettersSql(place: RedshiftPlace, choice: DeadLetterChoice): string {
  const [later, turn] = choice.newestFirst ? ["<", " DESC"] : [">", ""];
  const order = (of: string) => `${of}.arrived_at${turn}, ${of}.id${turn}`;
  const table = lettersTable(place);
  const conditions = [
    ...(choice.table === undefined ? [] : [`d.table_name = ${text(choice.table)}`]),
    ...(choice.code === undefined ? [] : [`d.error_code = ${text(choice.code)}`]),
    ...(choice.ids === undefined
      ? []
      : [`d.id IN (${choice.ids.length > IDS_MAX ? `SELECT id FROM ${CHOSEN}` : choice.ids.map(text).join(", ")})`]),
    ...(choice.redriven === undefined ? [] : [`d.redriven_at IS ${choice.redriven ? "NOT NULL" : "NULL"}`]),
    ...(choice.after === undefined
      ? []
      : [`(d.arrived_at ${later} a.arrived_at OR (d.arrived_at = a.arrived_at AND d.id ${later} a.id))`]),
  ];
  const after =
    choice.after === undefined
      ? ""
      : `, (SELECT MAX(arrived_at) AS arrived_at, MAX(id) AS id FROM ${table} WHERE id = ${text(choice.after)}) a`;
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const chosen = `SELECT d.* FROM ${table} d${after} ${where} ORDER BY ${order("d")} LIMIT ${choice.limit}`;
  // Of their base64, which is a third longer than they.
  const before = `SUM(LEN(l.raw_base64)) OVER (ORDER BY ${order("l")} ROWS UNBOUNDED PRECEDING) - LEN(l.raw_base64) AS bytes_before`;
  return `SELECT p.id, p.table_name, p.stream, p.shard_id, p.sequence, p.sequence_number, p.row_index, ${msOf("p.arrived_at")}, p.error_code,
      p.column_name, p.error_message, p.raw_base64, p.flush, ${msOf("p.redriven_at")}, p.object_key
    FROM (SELECT l.*, ${before} FROM (${chosen}) l) p WHERE p.bytes_before < ${Math.round((DEAD_LETTER_PAGE_BYTES * 4) / 3)}
    ORDER BY ${order("p")}`;
}

function letterOf(row: readonly unknown[], place: RedshiftPlace): Omit<StoredDeadLetter, "raw"> {
  return {
    id: String(row[0]),
    table: String(row[1]),
    stream: String(row[2]),
    shardId: String(row[3]),
    // The service's own numbers fit no number of JavaScript's; `sequenceNumber` has them.
    sequence: place.sequence === "dense" ? Number(row[4]) : 0,
    sequenceNumber: String(row[5]),
    rowIndex: Number(row[6]),
    arrivedAtMs: Number(row[7]),
    code: String(row[8]),
    column: row[9] === null ? undefined : String(row[9]),
    message: String(row[10]),
    flush: Number(row[12]),
    redrivenAtMs: row[13] === null ? undefined : Number(row[13]),
  };
}

/** The line of the letter's object that speaks of the same row. */
async function rawFromLake(lake: Pick<ObjectStore, "get">, key: string, row: readonly unknown[]): Promise<Buffer> {
  const [shardId, sequenceNumber, rowIndex] = [String(row[3]), String(row[5]), Number(row[6])];
  for await (const line of createInterface({ input: await lake.get(key), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!line.includes(sequenceNumber)) continue;
    const letter = JSON.parse(line) as Readonly<Record<string, unknown>>;
    const own = letter.sequenceNumber ?? letter.sequence;
    if (String(own) !== sequenceNumber || letter.rowIndex !== rowIndex) continue;
    if (!shardId.endsWith(String(letter.shardId))) continue;
    return Buffer.from(String(letter.rawData), "base64");
  }
  throw new PenstockError(
    "damaged",
    `The object ${key} does not hold the bytes of the dead letter ${String(row[0])} any more.`,
    {
      hint: "The warehouse keeps the first 48 KB of a letter's bytes, and this one has more. Bring the object back from a version or a backup.",
    },
  );
}
