/** The audit's questions to the warehouse: what the ledger says of objects, and what is in the table itself. */
import type { AuditCounts, AuditReport } from "../api/control/contract.js";
import type { TableModel } from "../definition/model.js";
import type { FlushResult } from "../delivery/flush.js";
import type { LedgerEntry, Warehouse } from "../warehouse/warehouse.js";
import type { Mutable, Say } from "./counts.js";

/**
 * Rows that lost to another of the same key, wherever they came from: by delivery, by a redrive, by a replay. Each identity is there once.
 */
export async function countDeduped(warehouse: Warehouse, table: TableModel): Promise<number> {
  const { rows } = await warehouse.query(
    `SELECT count(DISTINCT (shard_id, sequence_number, row_index))::DOUBLE FROM penstock.deduped
      WHERE target = '${table.name}' AND shard_id IS NOT NULL`,
  );
  return Number(rows[0]?.[0] ?? 0);
}

/** What the ledger says of the objects: in the warehouse, as a row or deduplicated, or still on the way. */
export function countLoads(
  results: readonly FlushResult[],
  ledger: ReadonlyMap<string, LedgerEntry>,
  sum: Mutable<AuditCounts>,
  say: Say,
): void {
  for (const object of results.flatMap((result) => result.objects)) {
    if (object.kind !== "rows") continue;
    const entry = ledger.get(object.key);
    if (entry === undefined || entry.status === "quarantined") {
      sum.pending += object.rows;
      if (entry !== undefined)
        say(`${object.key} (${object.rows} rows) is in quarantine: ${entry.reason ?? "no reason recorded"}`);
      continue;
    }
    const taken = entry.loadedRows + entry.dedupedRows;
    sum.loaded += taken;
    const missing = object.rows - taken;
    if (missing > 0) {
      sum.lost += missing;
      say(
        `${object.key} holds ${object.rows} rows; its load took ${entry.loadedRows} and left out ${entry.dedupedRows}.`,
      );
    } else if (missing < 0) {
      sum.duplicated -= missing;
      say(`${object.key} holds ${object.rows} rows; its load took ${entry.loadedRows}.`);
    }
  }
}

/**
 * The table itself, in one statement and so at one moment: an identity that occurs twice is a duplicate; fewer rows than were ever loaded
 * are somebody's own DELETE, for rows are committed with what is written down of them.
 */
export async function compareWithTable(
  warehouse: Warehouse,
  table: TableModel,
  sum: Mutable<AuditReport["tables"][number]>,
  say: Say,
): Promise<void> {
  const identity = "_shard_id, _sequence_number, _row_index";
  const redriven = (outcome: string) =>
    `(SELECT count(*) FROM penstock.dead_letters WHERE table_name = '${table.name}' AND redriven_as = '${outcome}')::DOUBLE`;
  const { rows } = await warehouse.query(
    `SELECT (SELECT count(*) FROM "${table.name}" WHERE _sequence_number IS NOT NULL)::DOUBLE,
            (SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM "${table.name}"
              WHERE _sequence_number IS NOT NULL GROUP BY ${identity} HAVING count(*) > 1))::DOUBLE,
            (SELECT coalesce(sum(loaded_rows + deduped_rows), 0) FROM penstock.loads
              WHERE target = '${table.name}' AND kind = 'rows' AND status = 'loaded'
              AND NOT starts_with(object_key, 'redrive/') AND NOT starts_with(object_key, 'replay/'))::DOUBLE,
            (SELECT count(DISTINCT (shard_id, sequence_number, row_index)) FROM penstock.deduped
              WHERE target = '${table.name}' AND shard_id IS NOT NULL)::DOUBLE,
            ${redriven("loaded")}, ${redriven("deduped")}, ${redriven("filtered")}, ${redriven("replayed")},
            (SELECT coalesce(sum(loaded_rows), 0) FROM penstock.loads
              WHERE target = '${table.name}' AND kind = 'rows' AND starts_with(object_key, 'redrive/'))::DOUBLE`,
  );
  const [present = 0, repeated = 0, taken = 0, deduped = 0, ...letters] = (rows[0] ?? []).map(Number);
  const [asLoaded = 0, asDeduped = 0, asFiltered = 0, replayed = 0, byRedrive = 0] = letters;
  // One letter may become several rows, where the `transform` that failed makes several of a record.
  const revived = Math.max(asLoaded, byRedrive) + replayed + asDeduped;
  if (repeated > 0) {
    sum.duplicated += repeated;
    say(`${repeated} rows of the warehouse table repeat an identity (${identity}) that is there already.`);
  }
  sum.deadLettered -= asLoaded + asDeduped + asFiltered + replayed;
  sum.filtered += asFiltered;
  // Those that are deduplicated are among the deduplicated already.
  sum.loaded += revived;
  // A replay may have brought rows that no load has (of records not delivered yet); they are no one's deletion.
  sum.deletedByUser = Math.max(0, taken + revived - deduped - (present - repeated));
}
