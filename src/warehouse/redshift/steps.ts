/**
 * The words that all statement lists for Redshift share. A list is one BatchExecuteStatement in one transaction, which cannot branch: so each step
 * is written to do nothing where there is nothing to do, and a step that must stop the transaction does so by an error of its own. What a failure means
 * is told by which step failed, never by the error's text alone.
 */
import type { LakeObjectKind } from "../../delivery/flush.js";

/** What a step is for; by it, a failure is read. */
export type StepKind =
  /** Takes the target's turn. */
  | "lock"
  /** The target is there and has the model's columns. */
  | "schema"
  /** Nobody else has loaded one of these objects meanwhile. */
  | "fresh"
  /** The letters to be redriven are still dead. */
  | "redriven"
  /** Reads an object. */
  | "copy"
  /** As many rows came as were delivered. */
  | "count"
  /** Statements of ours over what was read. */
  | "rows"
  /** Writes down what was done. */
  | "ledger"
  /** Its result set is the report. */
  | "report"
  | "ddl";

export interface Step {
  readonly kind: StepKind;
  readonly sql: string;
}

/** Where Penstock's own tables are, and what names a row there. */
export interface RedshiftPlace {
  /** The schema of the ledger; `penstock` unless that is somebody else's. */
  readonly schema: string;
  /** The schema of the tables themselves. */
  readonly tables: string;
  /** `dense`: counts, as the embedded journal has them (BIGINT). `service`: the 56 digits of Kinesis, or Firehose's record id (VARCHAR). */
  readonly sequence: "dense" | "service";
}

export const AWS_PLACE: RedshiftPlace = { schema: "penstock", tables: "public", sequence: "service" };

/** An object of the lake, as far as a load must know it. */
export interface LoadObject {
  readonly key: string;
  readonly kind: LakeObjectKind;
  readonly flush: number;
  readonly schemaVersion: number;
  /** Undefined where nobody has counted them: then nothing is compared, and the object needs a source of its own. */
  readonly rows: number | undefined;
  readonly sizeBytes: number;
}

/** Temporary tables of the transaction. The definition allows no column that begins with `_`; these have none that does not. */
export const STAGE = "penstock_stage";
export const OBJECTS = "penstock_objects";
export const ROWS = "penstock_rows";
export const VERDICT = "penstock_verdict";
export const REDRIVEN = "penstock_redriven";
export const CHOSEN = "penstock_chosen";

export const IDENTITY = ["_shard_id", "_sequence_number", "_row_index"] as const;

/** BatchExecuteStatement takes so many statements, each of 100 KB. Source: its API reference. */
export const BATCH_STATEMENTS_MAX = 40;
const STATEMENT_BYTES_MAX = 100_000;

export function name(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** Redshift reads a backslash in a literal as an escape. */
export function text(value: string): string {
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

export function targetName(place: RedshiftPlace, target: string): string {
  return `${name(place.tables)}.${name(target)}`;
}

/** Redshift's longest name is 127 bytes; the longest prefix here has 8. */
const OWN_NAME_MAX = 127 - 8;

/**
 * Each target has tables of its own, so that loads of different targets never wait for, or conflict with, each other: `locks_` (what a transaction
 * takes first), `loads_` (the ledger) and `deduped_`. Dead letters are in one table for all, with a lock of its own.
 */
export function ownTable(place: RedshiftPlace, kind: "locks" | "loads" | "deduped", target: string): string {
  const short = target.length <= OWN_NAME_MAX ? target : `${target.slice(0, OWN_NAME_MAX - 9)}_${fold(target)}`;
  return `${name(place.schema)}.${name(`${kind}_${short}`)}`;
}

/** What is written; `dead_letters` is the view over it, with the embedded table's columns. */
export function lettersTable(place: RedshiftPlace): string {
  return `${name(place.schema)}."letters"`;
}

export function lettersLock(place: RedshiftPlace): string {
  return `${name(place.schema)}."locks"`;
}

/** As columns are qualified in a change of the table: Redshift's own examples name it without its schema there. */
export function unqualified(table: string): string {
  return table.slice(table.indexOf('".') + 2);
}

/** FNV-1a: tells long names apart that begin alike. */
function fold(value: string): string {
  let hash = 0x811c9dc5;
  for (const unit of value) hash = Math.imul(hash ^ unit.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

/** A statement may have 100 KB; half of it leaves room for what stands around the values, and for characters of several bytes. */
export function inChunks(values: readonly string[]): string[][] {
  const chunks: string[][] = [];
  let room = 0;
  for (const value of values) {
    if (value.length > room) {
      chunks.push([]);
      room = STATEMENT_BYTES_MAX / 2;
    }
    chunks.at(-1)!.push(value);
    room -= value.length + 2;
  }
  return chunks;
}

/** Fails by a division by zero unless `count`, a scalar query of one number, gives zero. */
export function mustBeZero(kind: StepKind, count: string): Step {
  return { kind, sql: `SELECT 1 / (CASE WHEN g.n = 0 THEN 1 ELSE 0 END) AS ok FROM (${count}) g` };
}

/**
 * Takes the turn. On Redshift the lock is waited for, and the transaction's snapshot is taken behind it, so that it sees all that the transaction
 * before it has written. Where LOCK does not wait (Penstock's own dialect), the update of the one row is refused with 1023.
 */
export function lockSteps(...locks: readonly string[]): Step[] {
  return [
    { kind: "lock", sql: `LOCK TABLE ${locks.join(", ")}` },
    ...locks.map((lock): Step => ({ kind: "lock", sql: `UPDATE ${lock} SET transactions = transactions + 1` })),
  ];
}

/** A point in time in UTC. */
export function instant(ms: number): string {
  return `TIMESTAMP ${text(new Date(ms).toISOString().replace("T", " ").replace("Z", ""))}`;
}

/** Milliseconds since the epoch of a TIMESTAMP in UTC. */
export function msOf(expression: string): string {
  return `DATEDIFF(ms, TIMESTAMP '1970-01-01 00:00:00', ${expression})`;
}
