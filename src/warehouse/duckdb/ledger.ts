import { DuckDBTimestampTZValue, type DuckDBValue, listValue } from "@duckdb/node-api";
import type { LedgerEntry, LedgerSummary } from "../warehouse.js";
import type { Session } from "./session.js";

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
): Promise<Map<string, LedgerEntry>> {
  if (keys.length === 0) return new Map();
  const result = await session.run(
    `SELECT ${COLUMNS} FROM penstock.loads WHERE target = $1 AND object_key IN (SELECT unnest($2::VARCHAR[]))`,
    [target, listValue([...keys])],
  );
  return new Map((await result.getRows()).map((row) => [String(row[1]), entryOf(row)]));
}

/** Enters what a load or a quarantine came to, over an entry of a quarantine before it. */
export async function writeLedger(session: Session, entries: readonly LedgerEntry[]): Promise<void> {
  for (const entry of entries) {
    await session.run(
      `INSERT INTO penstock.loads VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
       ON CONFLICT (target, object_key) DO UPDATE SET status = excluded.status, "rows" = excluded."rows", loaded_rows = excluded.loaded_rows,
         deduped_rows = excluded.deduped_rows, replaced_rows = excluded.replaced_rows, reason = excluded.reason,
         loaded_at = excluded.loaded_at, took_ms = excluded.took_ms
       WHERE loads.status = 'quarantined'`,
      [
        entry.target,
        entry.key,
        entry.kind,
        entry.status,
        BigInt(entry.flush),
        entry.schemaVersion,
        BigInt(entry.rows),
        BigInt(entry.loadedRows),
        BigInt(entry.dedupedRows),
        BigInt(entry.replacedRows),
        BigInt(entry.sizeBytes),
        entry.reason ?? null,
        new DuckDBTimestampTZValue(BigInt(Math.round(entry.loadedAtMs)) * 1000n),
        BigInt(Math.max(0, Math.round(entry.tookMs))),
      ],
    );
  }
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
