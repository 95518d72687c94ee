/**
 * A table's flushes made out without its flush log, or with what is left of it: from the lake's objects, which name their flush and hold the
 * identities of every record that it took, and from the warehouse's ledger. An object's name has a digest of its flush's ranges,
 * so that ranges which were made out can be proved.
 */
import type { TableModel } from "../definition/model.js";
import type { FlushDecision, FlushResult, LakeObject, SequenceRange } from "../delivery/flush.js";
import type { OpenFlush } from "../delivery/flush-lines.js";
import type { Salvage } from "../delivery/flush-salvage.js";
import { type ObjectName, parseObjectKey, rangesDigest } from "../delivery/keys.js";
import type { ObjectInfo, ObjectStore } from "../lake/object-store.js";
import type { Warehouse } from "../warehouse/warehouse.js";
import { identitiesOf, type Sql } from "./object-count.js";

export interface EvidenceSources {
  readonly table: TableModel;
  readonly salvage: Salvage;
  readonly lake: ObjectStore;
  readonly sql: Sql;
  readonly warehouse: Pick<Warehouse, "query">;
}

export interface Evidence {
  /** In order. */
  readonly results: readonly FlushResult[];
  readonly open: OpenFlush | undefined;
  /** What could not be proved, in words. */
  readonly doubts: readonly string[];
}

interface Found {
  readonly key: string;
  readonly name: ObjectName;
  /** Absent where the object is in the ledger alone. */
  readonly info?: ObjectInfo;
  readonly entry?: LedgerRow;
}

interface LedgerRow {
  readonly rows: number;
  readonly sizeBytes: number;
}

/** One flush as far as it is known; `ranges` where a line still tells them. */
interface Draft {
  readonly flush: number;
  readonly decision: FlushDecision | undefined;
  readonly objects: readonly LakeObject[];
  readonly digest: string | undefined;
  readonly deliveredAtMs: number;
  readonly decidedAtMs: number;
  readonly schemaVersion: number;
  /** By the objects, where there is no decision. */
  readonly held: readonly SequenceRange[];
}

export async function gatherEvidence(sources: EvidenceSources): Promise<Evidence> {
  const { salvage } = sources;
  const doubts: string[] = [];
  const found = await findObjects(sources);
  const lastFlush = [...found.keys()].reduce((last, flush) => Math.max(last, flush), salvage.lastFlush);
  const drafts: Draft[] = [];
  let open: OpenFlush | undefined;
  for (let flush = 1; flush <= lastFlush; flush++) {
    const decision = salvage.decisions.get(flush);
    const group = groupOf(found.get(flush) ?? [], decision);
    // One flush is open at a time, and nothing is loaded of one that was not delivered.
    const delivered =
      salvage.deliveredAtMs.has(flush) || flush < lastFlush || group.some(({ entry }) => entry !== undefined);
    if (!delivered && decision !== undefined) {
      open = { decision, written: salvage.written.get(flush) };
      continue;
    }
    const draft = await draftOf(sources, flush, decision, group);
    if (draft === undefined) {
      if (delivered)
        doubts.push(`flush ${flush} has left no trace: no line of the log, no object, no entry of the ledger`);
    } else if (delivered || rangesDigest(draft.held) === draft.digest) {
      drafts.push(draft);
    } else {
      doubts.push(
        `flush ${flush} was not finished: its ${draft.objects.length} objects in the lake are nobody's, and its records are delivered again`,
      );
    }
  }
  return { results: resultsOf(sources.table, drafts, doubts), open, doubts };
}

/** The table's objects by their flush: those in the lake, and those that only the ledger still knows. */
async function findObjects({ table, lake, warehouse }: EvidenceSources): Promise<Map<number, Found[]>> {
  const { rows } = await warehouse.query(
    `SELECT object_key, "rows"::DOUBLE, size_bytes::DOUBLE FROM penstock.loads
      WHERE target = '${table.name}' AND status = 'loaded'
      AND NOT starts_with(object_key, 'redrive/') AND NOT starts_with(object_key, 'replay/')`,
  );
  const ledger = new Map(
    rows.map(([key, count, size]): [string, LedgerRow] => [
      String(key),
      { rows: Number(count), sizeBytes: Number(size) },
    ]),
  );
  const found = new Map<number, Found[]>();
  const add = (key: string, info?: ObjectInfo) => {
    const name = parseObjectKey(table, key);
    if (name === undefined) return;
    const entry = ledger.get(key);
    const one = { key, name, ...(info === undefined ? {} : { info }), ...(entry === undefined ? {} : { entry }) };
    found.set(name.flush, [...(found.get(name.flush) ?? []), one]);
  };
  const inLake = new Set<string>();
  for (const info of await lake.list("")) {
    inLake.add(info.key);
    add(info.key, info);
  }
  for (const key of ledger.keys()) if (!inLake.has(key)) add(key);
  return found;
}

/** A number may have been used twice, where an unfinished flush was given up: its objects are those of its decision, else those that were loaded. */
function groupOf(found: readonly Found[], decision: FlushDecision | undefined): readonly Found[] {
  const digests = [...new Set(found.map(({ name }) => name.digest))];
  if (digests.length <= 1 && decision === undefined) return found;
  const digest =
    decision === undefined
      ? (found.find(({ entry }) => entry !== undefined) ?? found.at(-1))?.name.digest
      : rangesDigest(decision.ranges);
  return found.filter(({ name }) => name.digest === digest);
}

async function draftOf(
  sources: EvidenceSources,
  flush: number,
  decision: FlushDecision | undefined,
  group: readonly Found[],
): Promise<Draft | undefined> {
  const { table, salvage } = sources;
  const written = salvage.written.get(flush);
  if (decision === undefined && group.length === 0 && written === undefined) return undefined;
  const first =
    group[0]?.name ?? (written?.[0] === undefined ? undefined : parseObjectKey(table, written[0].object.key));
  const objects = written?.map(({ object }) => object) ?? (await objectsOf(sources, group));
  const touchedMs = group.reduce((newest, { info }) => Math.max(newest, info?.modifiedMs ?? 0), 0);
  const present = objects.filter(({ key }) => group.some((one) => one.key === key && one.info !== undefined));
  return {
    flush,
    decision,
    objects,
    digest: first?.digest,
    deliveredAtMs: salvage.deliveredAtMs.get(flush) ?? touchedMs,
    decidedAtMs: decision?.decidedAtMs ?? touchedMs,
    schemaVersion: decision?.schemaVersion ?? first?.schemaVersion ?? 1,
    held: decision?.ranges ?? (await rangesHeld(sources, present)),
  };
}

async function objectsOf(sources: EvidenceSources, group: readonly Found[]): Promise<LakeObject[]> {
  const { table, lake, sql } = sources;
  const objects: LakeObject[] = [];
  for (const { key, name, info, entry } of group) {
    const { flush, schemaVersion, kind } = name;
    const sizeBytes = info?.sizeBytes ?? entry?.sizeBytes ?? 0;
    const object = { key, kind, table: table.name, flush, schemaVersion, rows: entry?.rows ?? 0, sizeBytes };
    if (entry === undefined) {
      const counted = await sql(`SELECT count(*)::DOUBLE FROM (${identitiesOf(table, [object], lake)})`).catch(
        () => [],
      );
      object.rows = Number(counted[0]?.[0] ?? 0);
    }
    objects.push(object);
  }
  return objects;
}

/** From the first to the last record of each shard that the objects hold; in the order in which a decision names them. */
async function rangesHeld({ table, lake, sql }: EvidenceSources, objects: readonly LakeObject[]) {
  const held = new Map<string, SequenceRange>();
  for (const object of objects) {
    // One that cannot be read tells nothing; the flushes around it may.
    const rows = await sql(
      `SELECT shard, min(sequence)::DOUBLE, max(sequence)::DOUBLE FROM (${identitiesOf(table, [object], lake)}) GROUP BY shard`,
    ).catch(() => []);
    for (const [name, from, to] of rows) {
      const text = String(name);
      const colon = text.lastIndexOf(":");
      const known = held.get(text);
      held.set(text, {
        stream: text.slice(0, colon),
        shard: Number(text.slice(text.lastIndexOf("-") + 1)),
        from: Math.min(Number(from), known?.from ?? Number.POSITIVE_INFINITY),
        to: Math.max(Number(to), known?.to ?? 0),
      });
    }
  }
  const place = ({ stream }: SequenceRange) => table.sources.indexOf(stream);
  return [...held.values()].sort((a, b) => place(a) - place(b) || a.shard - b.shard);
}

/** Settles the ranges: as the log has them, as the objects prove them, or else so that they lie end to end with their neighbours. */
function resultsOf(table: TableModel, drafts: readonly Draft[], doubts: string[]): FlushResult[] {
  const results: FlushResult[] = [];
  const next = new Map<string, number>();
  for (const [at, draft] of drafts.entries()) {
    const ranges = rangesOf(draft, drafts, at, next);
    if (draft.decision === undefined && rangesDigest(ranges) !== draft.digest) {
      doubts.push(`flush ${draft.flush} has ranges that its objects' names do not prove`);
    }
    for (const { stream, shard, to } of ranges) next.set(`${stream}/${shard}`, to + 1);
    const { flush, schemaVersion, decidedAtMs, deliveredAtMs, objects } = draft;
    results.push({ table: table.name, flush, schemaVersion, decidedAtMs, ranges, objects, deliveredAtMs });
  }
  return results;
}

function rangesOf(
  draft: Draft,
  drafts: readonly Draft[],
  at: number,
  next: ReadonlyMap<string, number>,
): readonly SequenceRange[] {
  if (draft.decision !== undefined || rangesDigest(draft.held) === draft.digest) return draft.held;
  // Objects of it are gone: a gap between the flushes before and behind it is of its making.
  const follower = new Map(
    (drafts[at + 1]?.flush === draft.flush + 1 ? (drafts[at + 1]?.held ?? []) : []).map((range) => [
      `${range.stream}/${range.shard}`,
      range,
    ]),
  );
  const ranges = draft.held.map((range) => {
    const key = `${range.stream}/${range.shard}`;
    const from = next.get(key) ?? range.from;
    const to = (follower.get(key)?.from ?? range.to + 1) - 1;
    return { ...range, from: Math.min(from, range.from), to: Math.max(to, range.to) };
  });
  for (const [key, { stream, shard, from }] of follower) {
    const begin = next.get(key);
    if (
      begin !== undefined &&
      begin < from &&
      !ranges.some((range) => range.stream === stream && range.shard === shard)
    ) {
      ranges.push({ stream, shard, from: begin, to: from - 1 });
    }
  }
  return ranges;
}
