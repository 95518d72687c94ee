/** Follows one record, by its sequence number, from the journal to the rows that came of it. */
import type { TraceReport } from "../api/control/contract.js";
import { PenstockError } from "../core/errors.js";
import { formatSequenceNumber, parseSequenceNumber, shardIdOf } from "../core/sequence-number.js";
import type { TableModel } from "../definition/model.js";
import type { Shard, StreamRecord, StreamStore } from "../stream/stream.js";
import type { LedgerEntry } from "../warehouse/warehouse.js";
import type { AuditSources } from "./audit.js";
import { identitiesOf } from "./object-count.js";

type TracedRow = TraceReport["tables"][number]["rows"][number];

/**
 * `sequence` in the service's form, or the plain count, which a row has as its `_sequence_number`. Where several records have it (the
 * service's form names a shard by its number and the second in which it was made, and streams are made together), `where` must say which.
 * undefined when no such record was ever acknowledged.
 */
export async function trace(
  sources: AuditSources,
  sequence: string,
  where: { readonly stream?: string; readonly shardId?: string } = {},
): Promise<TraceReport | undefined> {
  const found = await findRecord(sources.store, sequence, where);
  if (found === undefined) return undefined;
  const { shard, count } = found;
  const record = count >= shard.firstSequence ? await readOne(shard, count) : undefined;
  const tables: { table: string; rows: readonly TracedRow[] }[] = [];
  for (const table of sources.model.tables) {
    if (table.sources.includes(shard.stream.name)) {
      tables.push({ table: table.name, rows: await traceInTable(sources, table, shard, count) });
    }
  }
  return {
    sequenceNumber: formatSequenceNumber(
      { createdAtMs: shard.createdAtMs, shard: shard.number },
      count,
      record?.arrivalMs ?? found.arrivalMs ?? shard.createdAtMs,
    ),
    stream: shard.stream.name,
    shardId: shard.id,
    sequence: count,
    arrivedAtMs: record?.arrivalMs ?? found.arrivalMs,
    inJournal: record !== undefined,
    tables,
  };
}

/** undefined where it is damaged, too. */
async function readOne(shard: Shard, sequence: number): Promise<StreamRecord | undefined> {
  const [record] = await shard.read(sequence, { recordsMax: 1, bytesMax: 1, overDamage: true });
  return record?.sequence === sequence ? record : undefined;
}

async function findRecord(
  store: StreamStore,
  sequence: string,
  where: { readonly stream?: string; readonly shardId?: string },
): Promise<{ shard: Shard; count: number; arrivalMs: number | undefined } | undefined> {
  const parts = parseSequenceNumber(sequence);
  const count = Number(parts?.count ?? sequence);
  if (!Number.isSafeInteger(count) || count < 1) return undefined;
  let shards: Shard[] = [];
  for (const stream of store.streams()) {
    if (where.stream !== undefined && stream.name !== where.stream) continue;
    for (const shard of stream.shards) {
      const named = where.shardId === undefined || [shard.id, `${stream.name}:${shard.id}`].includes(where.shardId);
      if (!named) continue;
      if (count > shard.lastSequence) continue;
      const sameOrigin =
        parts === undefined ||
        (parts.shard === shard.number && parts.createdAtMs === Math.floor(shard.createdAtMs / 1000) * 1000);
      if (sameOrigin) shards.push(shard);
    }
  }
  if (shards.length > 1 && parts !== undefined) shards = await arrivedAt(shards, count, parts.arrivalMs);
  const [shard, ...others] = shards;
  if (others.length > 0) {
    const names = shards.slice(0, 5).map((one) => `${one.stream.name} ${one.id}`);
    throw new PenstockError(
      "invalid-argument",
      `${shards.length} records have the sequence number ${sequence}: one each of ${names.join(", ")}${shards.length > names.length ? " and others" : ""}.`,
      { hint: "Name the stream (--stream), and the shard (--shard) where it is one of several." },
    );
  }
  return shard === undefined ? undefined : { shard, count, arrivalMs: parts?.arrivalMs };
}

/** Those whose record of that count arrived in that second; one that the journal has no longer may have. */
async function arrivedAt(shards: readonly Shard[], count: number, arrivalMs: number): Promise<Shard[]> {
  const found: Shard[] = [];
  for (const shard of shards) {
    const record = count >= shard.firstSequence ? await readOne(shard, count) : undefined;
    if (record === undefined || Math.floor(record.arrivalMs / 1000) * 1000 === arrivalMs) found.push(shard);
  }
  return found;
}

async function traceInTable(
  sources: AuditSources,
  table: TableModel,
  shard: Shard,
  count: number,
): Promise<readonly TracedRow[]> {
  const flush = await sources.flushes(table.name).holding(shard.stream.name, shard.number, count);
  if (flush === undefined) return [{ rowIndex: 0, outcome: "pending" }];
  const ledger = await sources.warehouse.ledger(
    table.name,
    flush.objects.map((object) => object.key),
    { from: flush.flush, to: flush.flush },
  );
  const rows: TracedRow[] = [];
  for (const object of flush.objects) {
    if ((await sources.lake.head(object.key)) === undefined) continue;
    const found = await sources.sql(
      `SELECT row_index::DOUBLE FROM (${identitiesOf(table, [object], sources.lake)})
        WHERE shard = '${shard.stream.name}:${shard.id}' AND sequence = ${count} ORDER BY 1`,
    );
    for (const [rowIndex] of found) {
      const entry = ledger.get(object.key);
      rows.push({
        rowIndex: Number(rowIndex),
        object: object.key,
        flush: flush.flush,
        ...(await outcomeOf(sources, table, shard, count, Number(rowIndex), object.kind, entry)),
      });
    }
  }
  return rows;
}

async function outcomeOf(
  sources: AuditSources,
  table: TableModel,
  shard: Shard,
  count: number,
  rowIndex: number,
  kind: "rows" | "dead" | "filtered",
  entry: LedgerEntry | undefined,
): Promise<Pick<TracedRow, "outcome" | "loadedAtMs" | "reason">> {
  if (kind === "filtered") return { outcome: "filtered", reason: "`where` or `transform` turned it away" };
  const shardId = table.sources.length === 1 ? shardIdOf(shard.number) : `${shard.stream.name}:${shard.id}`;
  if (kind === "dead") {
    const id = `${table.name}/${shardId}/${count}/${rowIndex}`;
    const [letter] = await sources.warehouse.deadLetters({ ids: [id], limit: 1 });
    if (letter?.redrivenAtMs !== undefined) return await outcomeOfRedriven(sources, id, letter.redrivenAtMs);
    return { outcome: "dead", ...(letter === undefined ? {} : { reason: `${letter.code}: ${letter.message}` }) };
  }
  if (entry === undefined) return { outcome: "delivered" };
  if (entry.status === "quarantined") return { outcome: "delivered", reason: `in quarantine: ${entry.reason ?? ""}` };
  const { rows } = await sources.warehouse.query(
    `SELECT count(*)::DOUBLE FROM penstock.deduped WHERE target = '${table.name}'
       AND shard_id = '${shardId}' AND sequence_number = ${count} AND row_index = ${rowIndex}`,
  );
  const deduped = Number(rows[0]?.[0] ?? 0) > 0;
  return { outcome: deduped ? "deduped" : "loaded", loadedAtMs: entry.loadedAtMs };
}

async function outcomeOfRedriven(
  { warehouse }: AuditSources,
  id: string,
  redrivenAtMs: number,
): Promise<Pick<TracedRow, "outcome" | "loadedAtMs" | "reason">> {
  const { rows } = await warehouse.query(
    `SELECT redriven_as FROM penstock.dead_letters WHERE id = '${id.replaceAll("'", "''")}'`,
  );
  const outcome = rows[0]?.[0];
  if (outcome === "filtered") return { outcome, reason: "redriven; `where` or `transform` turned it away" };
  const reason = outcome === "replayed" ? outcome : "redriven";
  return { outcome: outcome === "deduped" ? outcome : "loaded", loadedAtMs: redrivenAtMs, reason };
}
