/**
 * The audit: a recount of everything, from the journal's frames, the lake's objects and the warehouse's ledger; no counter of the
 * running pipeline is believed. For each table and each shard it reads,
 *
 *     acked   = flushed + pending      the flushes' ranges lie end to end, and every record of a range is found in its objects
 *     rows    = loaded + deduped + pending, dead letters and filtered rows beside them, and no row's identity occurs twice
 *
 * What breaks an equation is `lost` or `duplicated`, with a finding that says where to look.
 *
 * It may run beside a working pipeline: it reads the journal's ends first, then the flush logs, then the ledger, so that whatever moves
 * on in the meantime is seen as further along, never as missing.
 */
import type { AuditCounts, AuditReport } from "../api/control/contract.js";
import { isPenstockError, messageOf } from "../core/errors.js";
import { shardIdOf } from "../core/sequence-number.js";
import type { PipelineModel, TableModel } from "../definition/model.js";
import type { FlushResult } from "../delivery/flush.js";
import type { ObjectStore } from "../lake/object-store.js";
import type { Stream, StreamStore } from "../stream/stream.js";
import type { LedgerEntry, Warehouse } from "../warehouse/warehouse.js";
import { countObjects, type Sql } from "./object-count.js";

export interface AuditSources {
  readonly model: PipelineModel;
  readonly store: StreamStore;
  /** Every flush of the table that was delivered, in order; rejects where the table's flush log is not whole. */
  readonly results: (table: string) => Promise<readonly FlushResult[]>;
  readonly lake: ObjectStore;
  /** An engine that can read the lake's objects. */
  readonly sql: Sql;
  readonly warehouse: Warehouse;
  readonly nowMs: number;
}

type ShardCounts = AuditReport["tables"][number]["shards"][number];
type TableCounts = AuditReport["tables"][number];
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const zero = (): Mutable<AuditCounts> => ({
  acked: 0,
  delivered: 0,
  deadLettered: 0,
  filtered: 0,
  deduped: 0,
  loaded: 0,
  pending: 0,
  lost: 0,
  duplicated: 0,
});

const COUNT_OF = { rows: "delivered", dead: "deadLettered", filtered: "filtered" } as const;
const NOTHING = { rows: 0, dead: 0, filtered: 0, records: 0, identities: 0 };
const COUNTS = Object.keys(zero()) as (keyof AuditCounts)[];

export async function audit(sources: AuditSources): Promise<AuditReport> {
  const findings: string[] = [];
  const journals = new Map<string, ShardJournal[]>();
  for (const { name } of sources.model.streams) {
    const stream = sources.store.find(name);
    journals.set(name, stream === undefined ? [] : await recountJournal(stream, findings));
  }
  const tables: TableCounts[] = [];
  const delivered = new Map<string, number>();
  for (const table of sources.model.tables) {
    tables.push(await auditTable(sources, table, { journals, delivered, findings }));
  }
  const total = zero();
  for (const table of tables) addTo(total, table);
  // A record that several tables read was acknowledged once.
  total.acked = [...journals.values()].flat().reduce((sum, shard) => sum + shard.acked, 0);
  for (const [stream, shards] of journals) {
    for (const shard of shards) {
      if (shard.missing === 0) continue;
      // What each of its tables has delivered is accounted for there, by the lake's objects; the journal's copy is not all there was.
      const deliveredTo = delivered.get(`${stream}:${shard.shard}`) ?? 0;
      const lost = Math.min(shard.missing, Math.max(0, shard.lastSequence - deliveredTo));
      total.lost += lost;
      const kept = lost === 0 ? "; each of its tables has had them" : "";
      findings.push(
        `stream ${stream}, ${shardIdOf(shard.shard)}: ${shard.missing} of ${shard.lastSequence} records cannot be read from the journal${kept}.`,
      );
    }
  }
  return {
    ...total,
    ok: total.lost === 0 && total.duplicated === 0 && tables.every(({ unproven }) => unproven === undefined),
    atMs: sources.nowMs,
    tables,
    findings,
  };
}

function addTo(sum: Mutable<AuditCounts>, part: AuditCounts): void {
  for (const key of COUNTS) sum[key] += part[key];
}

interface ShardJournal {
  readonly shard: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly acked: number;
  /** Acknowledged, not removed by retention, and not in the journal. */
  readonly missing: number;
}

/** Counts the frames, which verifies their checksums, up to where each shard stands now. */
async function recountJournal(stream: Stream, findings: string[]): Promise<ShardJournal[]> {
  const shards = stream.shards.map(({ number, firstSequence, lastSequence }) => ({
    number,
    firstSequence,
    lastSequence,
  }));
  const counted = new Map<number, number>();
  try {
    const ranges = shards.map((shard) => ({ shard: shard.number, from: shard.firstSequence, to: shard.lastSequence }));
    for await (const block of stream.blocks(ranges)) {
      counted.set(block.shard, (counted.get(block.shard) ?? 0) + block.count);
    }
  } catch (error) {
    findings.push(`stream ${stream.name}: ${messageOf(error)}`);
  }
  const trimmed = new Map(stream.trimmed.map((digest) => [digest.shard, digest.records]));
  return shards.map(({ number, firstSequence, lastSequence }) => {
    const missing = lastSequence - (counted.get(number) ?? 0) - (trimmed.get(number) ?? 0);
    return { shard: number, firstSequence, lastSequence, acked: lastSequence, missing };
  });
}

interface Recount {
  readonly journals: ReadonlyMap<string, readonly ShardJournal[]>;
  /** By `<stream>:<shard>`, the last sequence that every table counted so far has delivered. */
  readonly delivered: Map<string, number>;
  readonly findings: string[];
}

async function auditTable(
  sources: AuditSources,
  table: TableModel,
  { journals, delivered, findings }: Recount,
): Promise<TableCounts> {
  // Before the log is read: what is loaded meanwhile must not look as if the log had never known it.
  const loadedFlush = await newestLoadedFlush(sources.warehouse, table.name);
  const evidence = await evidenceOf(sources, table, loadedFlush);
  if (typeof evidence === "string") return unprovenTable(table, journals, evidence, findings);
  const results = evidence;
  const shards = new Map<string, Mutable<ShardCounts>>();
  const shardOf = (stream: string, number: number) => {
    const key = `${stream}:${shardIdOf(number)}`;
    const known = shards.get(key) ?? { ...zero(), stream, shardId: shardIdOf(number) };
    shards.set(key, known);
    return known;
  };
  const say = (text: string) => findings.push(`table ${table.name}: ${text}`);

  for (const [key, to] of checkRanges(table, results, journals, shardOf, say)) {
    delivered.set(key, Math.min(to, delivered.get(key) ?? to));
  }
  const { ranges, uncounted } = await countObjects(sources, table, results, say);
  const deduped = await countDeduped(sources, table);
  const ledger = await sources.warehouse.ledger(
    table.name,
    results.flatMap((result) => result.objects.map((object) => object.key)),
  );
  for (const result of results) {
    for (const range of result.ranges) {
      const shard = shardOf(range.stream, range.shard);
      const records = range.to - range.from + 1;
      const found = ranges.get(countKey(result.flush, range.stream, range.shard)) ?? NOTHING;
      if (uncounted.has(result.flush)) {
        // An object is gone (a lifecycle rule, somebody's hand) or damaged. The ledger still proves what was loaded.
        if (result.objects.some((object) => object.kind === "rows" && !ledger.has(object.key))) {
          shard.lost += records;
          say(
            `flush ${result.flush} of ${range.stream} ${shard.shardId} (${records} records) is neither in the lake, whole, nor loaded.`,
          );
        }
        continue;
      }
      if (found.records !== records) {
        shard.lost += records - found.records;
        say(
          `flush ${result.flush}: ${records - found.records} of ${records} records of ${range.stream} ${shard.shardId} are in none of its objects.`,
        );
      }
      const repeated = found.rows + found.dead + found.filtered - found.identities;
      if (repeated > 0) {
        shard.duplicated += repeated;
        say(
          `flush ${result.flush}: ${repeated} rows of ${range.stream} ${shard.shardId} occur more than once in its objects.`,
        );
      }
      shard.delivered += found.rows;
      shard.deadLettered += found.dead;
      shard.filtered += found.filtered;
    }
  }
  const sum: Mutable<TableCounts> = { ...zero(), name: table.name, deletedByUser: 0, shards: [] };
  for (const shard of shards.values()) addTo(sum, shard);
  for (const object of results.filter(({ flush }) => uncounted.has(flush)).flatMap(({ objects }) => objects)) {
    sum[COUNT_OF[object.kind]] += object.rows;
  }
  // The rows of an external table have come as far as they go: into the lake.
  if (table.load !== "external") {
    countLoads(results, ledger, deduped, sum, say);
    await compareWithTable(sources, table, sum, say);
  }
  return {
    ...sum,
    shards: [...shards.values()].sort((a, b) => (a.stream + a.shardId < b.stream + b.shardId ? -1 : 1)),
  };
}

/** The table's flushes, or why they prove nothing. */
async function evidenceOf(
  sources: AuditSources,
  table: TableModel,
  loadedFlush: number,
): Promise<readonly FlushResult[] | string> {
  try {
    const results = await sources.results(table.name);
    const last = results.at(-1)?.flush ?? 0;
    if (last >= loadedFlush) return results;
    return `its flush log ends at flush ${last}, and flush ${loadedFlush} is loaded: the log was removed, cut short, or is an old one`;
  } catch (error) {
    if (!isPenstockError(error, "damaged")) throw error;
    return messageOf(error);
  }
}

/** Nothing can be said of such a table but what its streams have acknowledged: neither that something is lost, nor that nothing is. */
function unprovenTable(
  table: TableModel,
  journals: ReadonlyMap<string, readonly ShardJournal[]>,
  reason: string,
  findings: string[],
): TableCounts {
  const shards = table.sources.flatMap((stream) =>
    (journals.get(stream) ?? []).map(({ shard, firstSequence, lastSequence }) => ({
      ...zero(),
      stream,
      shardId: shardIdOf(shard),
      acked: lastSequence - firstSequence + 1,
    })),
  );
  const sum = zero();
  for (const shard of shards) addTo(sum, shard);
  findings.push(
    `table ${table.name}: what became of its records cannot be proved: ${reason}. \`penstock repair\` makes the log out anew from the lake and the ledger.`,
  );
  return { ...sum, name: table.name, deletedByUser: 0, unproven: reason, shards };
}

/** The newest flush that the ledger has of the table's own loads; 0 for none. */
export async function newestLoadedFlush(warehouse: Pick<Warehouse, "query">, table: string): Promise<number> {
  const { rows } = await warehouse.query(
    `SELECT coalesce(max(flush), 0)::DOUBLE FROM penstock.loads WHERE target = '${table}'
      AND NOT starts_with(object_key, 'redrive/') AND NOT starts_with(object_key, 'replay/')`,
  );
  return Number(rows[0]?.[0] ?? 0);
}

export const countKey = (flush: number, stream: string, shard: number) => `${flush}/${stream}:${shardIdOf(shard)}`;

/** The flushes of a shard must lie end to end; what comes behind the last one is pending. Answers how far each shard was delivered. */
function checkRanges(
  table: TableModel,
  results: readonly FlushResult[],
  journals: ReadonlyMap<string, readonly ShardJournal[]>,
  shardOf: (stream: string, shard: number) => Mutable<ShardCounts>,
  say: (text: string) => void,
): Map<string, number> {
  const next = new Map<string, number>();
  const start = new Map<string, number>();
  const deliveredTo = new Map<string, number>();
  for (const result of results) {
    for (const { stream, shard, from, to } of result.ranges) {
      const key = `${stream}:${shard}`;
      const expected = next.get(key);
      const counts = shardOf(stream, shard);
      if (expected === undefined) start.set(key, from);
      else if (from > expected) {
        counts.lost += from - expected;
        say(`${stream} ${counts.shardId}: no flush took records ${expected} to ${from - 1}.`);
      } else if (from < expected) {
        counts.duplicated += expected - from;
        say(`${stream} ${counts.shardId}: records ${from} to ${expected - 1} are in two flushes.`);
      }
      next.set(key, Math.max(expected ?? 0, to + 1));
    }
  }
  for (const source of table.sources) {
    for (const journal of journals.get(source) ?? []) {
      const key = `${source}:${journal.shard}`;
      const flushedTo = (next.get(key) ?? journal.firstSequence) - 1;
      const last = Math.max(journal.lastSequence, flushedTo);
      const counts = shardOf(source, journal.shard);
      // A table that was added to a stream later begins with what was kept then.
      counts.acked = last - (start.get(key) ?? journal.firstSequence) + 1;
      counts.pending += last - flushedTo;
      deliveredTo.set(key, (next.get(key) ?? 1) - 1);
    }
  }
  return deliveredTo;
}

/**
 * Rows that lost to another of the same key, wherever they came from: by delivery, by a redrive, by a replay. Each identity is there once.
 * Read before the ledger, so that a load in the meantime moves rows from one count to the other and never out of the sum.
 */
async function countDeduped({ warehouse }: AuditSources, table: TableModel): Promise<number> {
  const { rows } = await warehouse.query(
    `SELECT count(DISTINCT (shard_id, sequence_number, row_index))::DOUBLE FROM penstock.deduped
      WHERE target = '${table.name}' AND shard_id IS NOT NULL`,
  );
  return Number(rows[0]?.[0] ?? 0);
}

/** What the ledger says of the objects: in the warehouse, as a row or deduplicated, or still on the way. */
function countLoads(
  results: readonly FlushResult[],
  ledger: ReadonlyMap<string, LedgerEntry>,
  deduped: number,
  sum: Mutable<TableCounts>,
  say: (text: string) => void,
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
  // A load "leaves out" what lost to another row, and what a replay had brought before it; only the former is no row of the table.
  sum.loaded -= deduped;
  sum.deduped += deduped;
}

/**
 * The table itself, in one statement and so at one moment: an identity that occurs twice is a duplicate; fewer rows than were ever loaded
 * are somebody's own DELETE, for rows are committed with what is written down of them.
 */
async function compareWithTable(
  { warehouse }: AuditSources,
  table: TableModel,
  sum: Mutable<TableCounts>,
  say: (text: string) => void,
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
