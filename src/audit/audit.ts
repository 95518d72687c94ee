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
import type { AuditCounts, AuditProgress, AuditReport } from "../api/control/contract.js";
import { isPenstockError, messageOf } from "../core/errors.js";
import { shardIdOf } from "../core/sequence-number.js";
import type { PipelineModel, TableModel } from "../definition/model.js";
import type { FlushResult } from "../delivery/flush.js";
import type { FlushReader } from "../delivery/flush-reading.js";
import type { ObjectStore } from "../lake/object-store.js";
import type { ShardRange, Stream, StreamStore } from "../stream/stream.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { addTo, type Mutable, type Say, zero } from "./counts.js";
import { batchesOf, countObjects, type Sql } from "./object-count.js";
import { compareWithTable, countDeduped, countLoads } from "./warehouse-count.js";

export interface AuditSources {
  readonly model: PipelineModel;
  readonly store: StreamStore;
  /** The table's flushes that were delivered; rejects where its log is not whole. */
  readonly flushes: (table: string) => FlushReader;
  readonly lake: ObjectStore;
  /** An engine that can read the lake's objects. */
  readonly sql: Sql;
  readonly warehouse: Warehouse;
  readonly nowMs: number;
  /** After each batch; what it throws ends the audit. */
  readonly onProgress?: (progress: AuditProgress) => void;
}

type ShardCounts = AuditReport["tables"][number]["shards"][number];
type TableCounts = AuditReport["tables"][number];
const COUNT_OF = { rows: "delivered", dead: "deadLettered", filtered: "filtered" } as const;
const NOTHING = { rows: 0, dead: 0, filtered: 0, records: 0, identities: 0 };

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
      const lost = lostOf(shard, deliveredTo);
      total.lost += lost;
      const kept = lost === 0 ? "; each of its tables has had them" : "";
      findings.push(
        `stream ${stream}, ${shardIdOf(shard.shard)}: ${shard.missing} of ${shard.lastSequence} records cannot be read from the journal${placesOf(shard.gaps)}${kept}.`,
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

interface ShardJournal {
  readonly shard: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly acked: number;
  /** Acknowledged, not removed by retention, and not in the journal. */
  readonly missing: number;
  /** Where they were. */
  readonly gaps: readonly ShardRange[];
}

/** Of what the journal has not got, the records that no table has either. */
function lostOf({ missing, gaps, lastSequence }: ShardJournal, deliveredTo: number): number {
  const sum = (ranges: readonly ShardRange[], behind: number) =>
    ranges.reduce((records, { from, to }) => records + Math.max(0, to - Math.max(from, behind + 1) + 1), 0);
  // Else what lies before the first that is kept, or behind where the reading broke off, is missing too.
  if (sum(gaps, 0) === missing) return sum(gaps, deliveredTo);
  return Math.min(missing, Math.max(0, lastSequence - deliveredTo));
}

/** Counts the frames, which verifies their checksums, up to where each shard stands now. */
async function recountJournal(stream: Stream, findings: string[]): Promise<ShardJournal[]> {
  const shards = stream.shards.map(({ number, firstSequence, lastSequence }) => ({
    number,
    firstSequence,
    lastSequence,
  }));
  const counted = new Map<number, number>();
  const gaps: ShardRange[] = [];
  try {
    const ranges = shards.map((shard) => ({ shard: shard.number, from: shard.firstSequence, to: shard.lastSequence }));
    for await (const block of stream.blocks(ranges, { onMissing: (missing) => gaps.push(missing) })) {
      counted.set(block.shard, (counted.get(block.shard) ?? 0) + block.count);
    }
  } catch (error) {
    findings.push(`stream ${stream.name}: ${messageOf(error)}`);
  }
  const trimmed = new Map(stream.trimmed.map((digest) => [digest.shard, digest.records]));
  return shards.map(({ number, firstSequence, lastSequence }) => {
    const missing = lastSequence - (counted.get(number) ?? 0) - (trimmed.get(number) ?? 0);
    const own = gaps.filter(({ shard }) => shard === number);
    return { shard: number, firstSequence, lastSequence, acked: lastSequence, missing, gaps: own };
  });
}

function placesOf(gaps: readonly ShardRange[]): string {
  if (gaps.length === 0) return "";
  const shown = gaps.slice(0, 5).map(({ from, to }) => `${from} to ${to}`);
  return ` (${shown.join(", ")}${gaps.length > shown.length ? ", ..." : ""})`;
}

interface Recount {
  readonly journals: ReadonlyMap<string, readonly ShardJournal[]>;
  /** By `<stream>:<shard>`, the last sequence that every table counted so far has delivered. */
  readonly delivered: Map<string, number>;
  readonly findings: string[];
}

/** A table's flushes are taken a few at a time, so that memory does not grow with their number. */
async function auditTable(sources: AuditSources, table: TableModel, recount: Recount): Promise<TableCounts> {
  const { journals, delivered, findings } = recount;
  // Before the log is read: what is loaded meanwhile must not look as if the log had never known it.
  const loadedFlush = await newestLoadedFlush(sources.warehouse, table.name);
  // Read before the ledger, so that a load in the meantime moves rows from one count to the other and never out of the sum.
  const deduped = await countDeduped(sources.warehouse, table);
  const said = boundedFindings(table.name);
  const shards = new Map<string, Mutable<ShardCounts>>();
  const shardOf = (stream: string, number: number) => {
    const key = `${stream}:${shardIdOf(number)}`;
    const known = shards.get(key) ?? { ...zero(), stream, shardId: shardIdOf(number) };
    shards.set(key, known);
    return known;
  };
  const counting: Counting = {
    table,
    shardOf,
    say: said.say,
    tail: { ...zero() },
    ends: { start: new Map(), next: new Map() },
  };
  let lastFlush = 0;
  try {
    for await (const batch of batchesOf(sources.flushes(table.name).results())) {
      await countBatch(sources, counting, batch);
      lastFlush = batch.at(-1)!.flush;
      sources.onProgress?.({ table: table.name, flushes: lastFlush, flushesTotal: Math.max(lastFlush, loadedFlush) });
    }
    if (lastFlush < loadedFlush) {
      const reason = `its flush log ends at flush ${lastFlush}, and flush ${loadedFlush} is loaded: the log was removed, cut short, or is an old one`;
      return unprovenTable(table, journals, reason, findings);
    }
  } catch (error) {
    if (!isPenstockError(error, "damaged")) throw error;
    return unprovenTable(table, journals, messageOf(error), findings);
  }
  for (const [key, to] of countPending(table, counting, journals)) {
    delivered.set(key, Math.min(to, delivered.get(key) ?? to));
  }
  const sum: Mutable<TableCounts> = { ...zero(), name: table.name, deletedByUser: 0, shards: [] };
  for (const shard of shards.values()) addTo(sum, shard);
  addTo(sum, counting.tail);
  // The rows of an external table have come as far as they go: into the lake.
  if (table.load !== "external") {
    // A load "leaves out" what lost to another row, and what a replay had brought before it; only the former is no row of the table.
    sum.loaded -= deduped;
    sum.deduped += deduped;
    await compareWithTable(sources.warehouse, table, sum, said.say);
  }
  findings.push(...said.all());
  return {
    ...sum,
    shards: [...shards.values()].sort((a, b) => (a.stream + a.shardId < b.stream + b.shardId ? -1 : 1)),
  };
}

const FINDINGS_MAX = 1000;

/** A lake that was emptied has something to say of each object; the first thousand say enough. */
function boundedFindings(table: string): { readonly say: Say; readonly all: () => readonly string[] } {
  const found: string[] = [];
  let more = 0;
  return {
    say: (text) => {
      if (found.length < FINDINGS_MAX) found.push(`table ${table}: ${text}`);
      else more++;
    },
    all: () => (more === 0 ? found : [...found, `table ${table}: and ${more} findings more, which are counted above.`]),
  };
}

interface Counting {
  readonly table: TableModel;
  readonly shardOf: (stream: string, shard: number) => Mutable<ShardCounts>;
  readonly say: Say;
  /** What is known of the table and of none of its shards. */
  readonly tail: Mutable<AuditCounts>;
  /** By `<stream>:<shard>`: where its first flush began, and where the next one must. */
  readonly ends: { readonly start: Map<string, number>; readonly next: Map<string, number> };
}

async function countBatch(sources: AuditSources, counting: Counting, batch: readonly FlushResult[]): Promise<void> {
  const { table, shardOf, say, tail } = counting;
  checkRanges(counting, batch);
  const { ranges, uncounted } = await countObjects(sources, table, batch, say);
  const ledger = await sources.warehouse.ledger(
    table.name,
    batch.flatMap((result) => result.objects.map((object) => object.key)),
    { from: batch[0]?.flush ?? 0, to: batch.at(-1)?.flush ?? 0 },
  );
  for (const result of batch) {
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
    if (uncounted.has(result.flush)) for (const { kind, rows } of result.objects) tail[COUNT_OF[kind]] += rows;
  }
  if (table.load !== "external") countLoads(batch, ledger, tail, say);
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
    `table ${table.name}: what became of its records cannot be proved: ${reason.replace(/\.$/, "")}. \`penstock repair\` makes the log out anew from the lake and the ledger.`,
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

/** The flushes of a shard must lie end to end. */
function checkRanges({ ends: { start, next }, shardOf, say }: Counting, batch: readonly FlushResult[]): void {
  for (const result of batch) {
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
}

/** What comes behind a shard's last flush is pending. Answers how far each shard was delivered. */
function countPending(
  table: TableModel,
  { ends: { start, next }, shardOf }: Counting,
  journals: ReadonlyMap<string, readonly ShardJournal[]>,
): Map<string, number> {
  const deliveredTo = new Map<string, number>();
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
