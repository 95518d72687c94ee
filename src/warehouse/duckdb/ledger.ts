import { type DuckDBValue, listValue } from "@duckdb/node-api";
import type { FlushSpan, LedgerEntry, LedgerSummary } from "../warehouse.js";
import type { Session } from "./session.js";
import { text } from "./sql-text.js";

const COLUMNS = `target, object_key, kind, status, flush, schema_version, "rows", loaded_rows, deduped_rows, replaced_rows, size_bytes,
  reason, epoch_ms(loaded_at), took_ms`;

/**
 * Must be a transaction's first statement: it writes the target's row, so that of two transactions on one target the second fails at once
 * and neither decides by a ledger that the other is about to change.
 */
export async function lockLedger(session: Session, target: string): Promise<void> {
  const result = await session.run("UPDATE penstock.locks SET transactions = transactions + 1 WHERE target = $1", [
    target,
  ]);
  if (result.rowsChanged === 0) await session.run("INSERT INTO penstock.locks VALUES ($1, 1)", [target]);
}

export async function readLedger(
  session: Session,
  target: string,
  keys: readonly string[],
  flushes?: FlushSpan,
): Promise<Map<string, LedgerEntry>> {
  if (keys.length === 0) return new Map();
  // DuckDB looks for several keys by reading the column. Entries stand in the order of their flushes, so that a span of these leaves few row groups.
  const within = flushes === undefined ? "" : `AND flush BETWEEN ${flushes.from} AND ${flushes.to}`;
  const result = await session.run(
    `SELECT ${COLUMNS} FROM penstock.loads WHERE target = $1 ${within} AND object_key IN (SELECT unnest($2::VARCHAR[]))`,
    [target, listValue([...keys])],
  );
  return new Map((await result.getRows()).map((row) => [String(row[1]), entryOf(row)]));
}

/**
 * Enters what a load or a quarantine came to. `held` is what the ledger has of these objects, read in this transaction: an entry of a quarantine
 * is written over, one of a load never is.
 */
export async function writeLedger(
  session: Session,
  entries: readonly LedgerEntry[],
  held: ReadonlyMap<string, LedgerEntry>,
): Promise<void> {
  const fresh = entries.filter(({ key }) => !held.has(key));
  if (fresh.length > 0) await session.run(`INSERT INTO penstock.loads VALUES ${fresh.map(valuesOf).join(", ")}`);
  for (const entry of entries) {
    if (held.get(entry.key)?.status !== "quarantined") continue;
    await session.run(
      `UPDATE penstock.loads SET status = ${text(entry.status)}, "rows" = ${entry.rows}, loaded_rows = ${entry.loadedRows},
         deduped_rows = ${entry.dedupedRows}, replaced_rows = ${entry.replacedRows}, reason = ${reasonOf(entry)},
         loaded_at = ${instantOf(entry)}, took_ms = ${tookOf(entry)}
       WHERE target = ${text(entry.target)} AND object_key = ${text(entry.key)}`,
    );
  }
}

function valuesOf(entry: LedgerEntry): string {
  const values = [
    text(entry.target),
    text(entry.key),
    text(entry.kind),
    text(entry.status),
    entry.flush,
    entry.schemaVersion,
    entry.rows,
    entry.loadedRows,
    entry.dedupedRows,
    entry.replacedRows,
    entry.sizeBytes,
    reasonOf(entry),
    instantOf(entry),
    tookOf(entry),
  ];
  return `(${values.join(", ")})`;
}

function reasonOf(entry: LedgerEntry): string {
  return entry.reason === undefined ? "NULL" : text(entry.reason);
}

function instantOf(entry: LedgerEntry): string {
  return `make_timestamptz(${Math.round(entry.loadedAtMs)} * 1000)`;
}

function tookOf(entry: LedgerEntry): number {
  return Math.max(0, Math.round(entry.tookMs));
}

export async function ledgerSummary(session: Session, target: string, newest: number): Promise<LedgerSummary> {
  const sums = await session.run(
    `SELECT coalesce(sum(loaded_rows) FILTER (kind = 'rows'), 0)::BIGINT, coalesce(sum(deduped_rows) FILTER (kind = 'rows'), 0)::BIGINT,
       coalesce(sum(replaced_rows), 0)::BIGINT, coalesce(sum(loaded_rows) FILTER (kind = 'dead'), 0)::BIGINT
     FROM penstock.loads WHERE target = $1`,
    [target],
  );
  const [loaded, deduped, replaced, dead] = (await sums.getRows())[0] ?? [];
  const order = "ORDER BY loaded_at DESC, flush DESC, object_key";
  const rows = await session.run(`SELECT ${COLUMNS} FROM penstock.loads WHERE target = $1 ${order} LIMIT $2`, [
    target,
    newest,
  ]);
  const quarantined = await session.run(
    `SELECT ${COLUMNS} FROM penstock.loads WHERE target = $1 AND status = 'quarantined' ${order}`,
    [target],
  );
  return {
    loadedRows: Number(loaded ?? 0),
    dedupedRows: Number(deduped ?? 0),
    replacedRows: Number(replaced ?? 0),
    deadLetters: Number(dead ?? 0),
    quarantined: (await quarantined.getRows()).map(entryOf),
    newest: (await rows.getRows()).map(entryOf),
  };
}

function entryOf(row: readonly DuckDBValue[]): LedgerEntry {
  const count = (index: number) => Number(row[index]);
  const reason = row[11];
  return {
    target: String(row[0]),
    key: String(row[1]),
    kind: row[2] === "dead" ? "dead" : "rows",
    status: row[3] === "loaded" ? "loaded" : "quarantined",
    flush: count(4),
    schemaVersion: count(5),
    rows: count(6),
    loadedRows: count(7),
    dedupedRows: count(8),
    replacedRows: count(9),
    sizeBytes: count(10),
    ...(typeof reason === "string" ? { reason } : {}),
    loadedAtMs: count(12),
    tookMs: count(13),
  };
}
