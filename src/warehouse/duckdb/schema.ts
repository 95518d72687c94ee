import { PenstockError } from "../../core/errors.js";
import { CATALOG_FUNCTIONS_DDL, CATALOG_STORE_DDL } from "../../redshift/catalog/catalog.js";
import type { Session } from "./session.js";
import { transaction } from "./session.js";

/**
 * Penstock's own schema in the warehouse. Changes to it are further steps at the end: a file knows how many it has seen, and a newer program
 * takes it the rest of the way.
 *
 * - `locks`: a load's first statement writes its target's row here; of two transactions that do, one fails at once.
 * - `loads`: the ledger. Its primary key is enforced, the last line of defence against an object that is loaded twice.
 * - `deduped`: every row that `dedupe` kept out or replaced, and the row that stands in its place.
 * - `replays`: targets that ever had rows by another way than the ledger's, so that later loads must look at identities.
 * - `columns`: the tables as the definition declares them, in Redshift's words, which DuckDB's own catalog cannot hold.
 */
const STEPS: readonly string[] = [
  `CREATE TABLE penstock.locks (target VARCHAR PRIMARY KEY, transactions BIGINT NOT NULL);
   CREATE TABLE penstock.loads (
     target VARCHAR NOT NULL, object_key VARCHAR NOT NULL, kind VARCHAR NOT NULL, status VARCHAR NOT NULL, flush BIGINT NOT NULL,
     schema_version INTEGER NOT NULL, "rows" BIGINT NOT NULL, loaded_rows BIGINT NOT NULL, deduped_rows BIGINT NOT NULL,
     replaced_rows BIGINT NOT NULL, size_bytes BIGINT NOT NULL, reason VARCHAR, loaded_at TIMESTAMPTZ NOT NULL, took_ms BIGINT NOT NULL,
     PRIMARY KEY (target, object_key));
   CREATE TABLE penstock.dead_letters (
     id VARCHAR NOT NULL, table_name VARCHAR NOT NULL, stream VARCHAR NOT NULL, shard_id VARCHAR NOT NULL, sequence BIGINT NOT NULL,
     sequence_number VARCHAR NOT NULL, subsequence_number BIGINT, row_index INTEGER NOT NULL, arrived_at TIMESTAMPTZ NOT NULL,
     error_code VARCHAR NOT NULL, firehose_code VARCHAR, error_message VARCHAR NOT NULL, column_name VARCHAR, attempts INTEGER NOT NULL,
     attempted_at TIMESTAMPTZ, raw BLOB NOT NULL, data_catalog_table VARCHAR, flush BIGINT NOT NULL, object_key VARCHAR NOT NULL,
     redriven_at TIMESTAMPTZ);
   CREATE TABLE penstock.deduped (
     target VARCHAR NOT NULL, shard_id VARCHAR, sequence_number BIGINT, row_index INTEGER, arrived_at TIMESTAMPTZ, object_key VARCHAR,
     action VARCHAR NOT NULL, winner_shard_id VARCHAR, winner_sequence_number BIGINT, winner_row_index INTEGER,
     winner_object_key VARCHAR, deduped_at TIMESTAMPTZ NOT NULL);
   CREATE TABLE penstock.replays (target VARCHAR NOT NULL, replayed_at TIMESTAMPTZ NOT NULL, loaded_rows BIGINT NOT NULL);
   CREATE TABLE penstock.columns (
     table_name VARCHAR NOT NULL, position INTEGER NOT NULL, column_name VARCHAR NOT NULL, declared_type VARCHAR NOT NULL,
     nullable BOOLEAN NOT NULL, default_value VARCHAR);
   CREATE VIEW penstock.dead_letter_summary AS
     SELECT table_name, error_code, column_name, count(*) AS letters, count(redriven_at) AS redriven,
       min(arrived_at) AS oldest, max(arrived_at) AS newest, any_value(error_message) AS example
     FROM penstock.dead_letters GROUP BY ALL ORDER BY letters DESC;`,
  // What became of a letter that was redriven: 'loaded', 'deduped' or 'filtered'; 'replayed' where a replay loaded its row.
  `ALTER TABLE penstock.dead_letters ADD COLUMN redriven_as VARCHAR;
   UPDATE penstock.dead_letters SET redriven_as = 'loaded' WHERE redriven_at IS NOT NULL;`,
  // Redshift's catalog, as far as DuckDB's own cannot hold it.
  `CREATE SCHEMA penstock_catalog;
   ${CATALOG_STORE_DDL.join("\n")}
   INSERT INTO penstock_catalog.schemas (oid, name, owner, created_at) VALUES
     (2200, 'public', 'penstock', now()), (nextval('penstock_catalog.oids'), 'penstock', 'penstock', now());`,
  // The bytes that were decoded in the record's place, where somebody edited it before it was redriven.
  "ALTER TABLE penstock.dead_letters ADD COLUMN redriven_raw BLOB;",
  CATALOG_FUNCTIONS_DDL,
];

/** Creates the schema, or brings an older one up to date, in one transaction. */
export async function preparePenstockSchema(session: Session): Promise<void> {
  await transaction(session, async () => {
    await session.run(
      "CREATE SCHEMA IF NOT EXISTS penstock; CREATE TABLE IF NOT EXISTS penstock.format (steps INTEGER NOT NULL)",
    );
    const found = await (await session.run("SELECT coalesce(max(steps), 0) FROM penstock.format")).getRows();
    const done = Number(found[0]?.[0] ?? 0);
    if (done === STEPS.length) return;
    if (done > STEPS.length) {
      throw new PenstockError(
        "refused",
        `The warehouse was written by a newer Penstock (its format is ${done}, this one knows ${STEPS.length}).`,
        {
          hint: "Run the newer version, or give another --data folder.",
        },
      );
    }
    for (const step of STEPS.slice(done)) await session.run(step);
    await session.run(`DELETE FROM penstock.format; INSERT INTO penstock.format VALUES (${STEPS.length})`);
  });
}
