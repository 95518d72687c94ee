import type { ReplayBody, ReplayProgress } from "../api/control/contract.js";
import { PenstockError } from "../core/errors.js";
import { parseSequenceNumber } from "../core/sequence-number.js";
import type { TableModel } from "../definition/model.js";
import type { FlushResult } from "../delivery/flush.js";
import type { ObjectStore } from "../lake/object-store.js";
import type { Shard, StreamStore } from "../stream/stream.js";
import type { LoadReport, RowRange, Warehouse } from "../warehouse/warehouse.js";
import type { Reconvert } from "./reconvert.js";

export interface ReplayOptions {
  readonly tables: readonly TableModel[];
  readonly streams: StreamStore;
  readonly warehouse: Warehouse;
  readonly lake: ObjectStore;
  readonly reconvert: Reconvert;
  /** What was delivered for a table, oldest first. */
  readonly delivered: (table: string) => Iterable<FlushResult> | AsyncIterable<FlushResult>;
  /** For each load. Default ten minutes. */
  readonly deadlineMs?: number;
}

/** Records decoded and loaded together. */
const RECORDS_AT_ONCE = 50_000;
const DEADLINE_MS = 600_000;

/** What the body asks for, once its words have been read. */
interface Job {
  readonly table: TableModel;
  readonly target: string;
  /** A dry run into a table that is not there yet has nothing to be compared with. */
  readonly comparable: boolean;
  readonly dryRun: boolean;
  readonly range: RowRange;
  readonly signal: AbortSignal | undefined;
}

/**
 * Loads a past range again, into the table or into another one. Rows that the target has already are skipped by their identity, so it may
 * overlap, be broken off, and be done again. Calls `onProgress` after each step and answers the last of them.
 */
export async function replay(
  options: ReplayOptions,
  body: ReplayBody,
  onProgress: (progress: ReplayProgress) => void = () => undefined,
  signal?: AbortSignal,
): Promise<ReplayProgress> {
  const job = await readJob(options, body, signal);
  const sum = { recordsTotal: 0, recordsRead: 0, rowsLoaded: 0, rowsSkipped: 0, deadLetters: 0, rowsFiltered: 0 };
  const steps = body.from === "stream" ? fromStream(options, job) : fromLake(options, job);
  for await (const step of steps) {
    signal?.throwIfAborted();
    for (const name of Object.keys(step) as (keyof typeof sum)[]) sum[name] += step[name] ?? 0;
    onProgress({ state: "running", ...sum });
  }
  const done: ReplayProgress = { state: "done", ...sum };
  onProgress(done);
  return done;
}

type Step = Partial<Omit<ReplayProgress, "state">>;

async function readJob(options: ReplayOptions, body: ReplayBody, signal: AbortSignal | undefined): Promise<Job> {
  const table = options.tables.find(({ name }) => name === body.table);
  if (table === undefined) {
    throw new PenstockError("not-found", `There is no table "${body.table}" in the definition.`, {
      hint: `Tables: ${options.tables.map(({ name }) => name).join(", ")}.`,
    });
  }
  const target = body.into ?? table.name;
  if (!/^[a-z][a-z0-9_$]{0,126}$/.test(target)) {
    throw new PenstockError(
      "invalid-argument",
      `"${target}" cannot name a table: a letter, then letters, digits, _ or $, in lower case.`,
    );
  }
  if (target === table.name && table.load === "external") {
    throw new PenstockError("refused", `The rows of "${table.name}" are read in the lake; there is nothing to load.`, {
      hint: "Name a table to load them into with --into.",
    });
  }
  if (target !== table.name && options.tables.some(({ name }) => name === target)) {
    throw new PenstockError(
      "refused",
      `The table "${target}" is filled by the definition; a replay of "${table.name}" does not belong there.`,
      {
        hint: "Name a table of its own with --into.",
      },
    );
  }
  if ((body.fromSequence !== undefined || body.toSequence !== undefined) && body.shard === undefined) {
    throw new PenstockError("invalid-argument", "A range of sequence numbers needs the shard that they are of.", {
      hint: "Give --shard too.",
    });
  }
  const shardId = shardOf(options, table, body.shard);
  const fromSequence = sequenceOf(body.fromSequence);
  const toSequence = sequenceOf(body.toSequence);
  if (
    (fromSequence ?? 0) > (toSequence ?? Number.MAX_SAFE_INTEGER) ||
    (body.sinceMs ?? 0) >= (body.untilMs ?? Infinity)
  ) {
    throw new PenstockError("invalid-argument", "The range ends before it begins, so there is nothing in it.", {
      hint: "Sequence numbers are both inclusive, the end of a time range is not; 2h is two hours ago.",
    });
  }
  const dryRun = body.dryRun === true;
  if (!dryRun && target !== table.name) await options.warehouse.applyTable(table, { as: target });
  const comparable = !dryRun || (await options.warehouse.describeTable(target)) !== undefined;
  return {
    table,
    target,
    comparable,
    dryRun,
    signal,
    range: {
      ...(shardId === undefined ? {} : { shardId }),
      ...(fromSequence === undefined ? {} : { fromSequence }),
      ...(toSequence === undefined ? {} : { toSequence }),
      ...(body.sinceMs === undefined ? {} : { sinceMs: body.sinceMs }),
      ...(body.untilMs === undefined ? {} : { untilMs: body.untilMs }),
    },
  };
}

/** The shard as the table's rows name it: with its stream where they come from several. */
function shardOf({ streams }: ReplayOptions, table: TableModel, shard: string | undefined): string | undefined {
  if (shard === undefined) return undefined;
  const known = table.sources.flatMap((source) =>
    (streams.find(source)?.shards ?? []).map(({ id }) => ({ id, full: `${source}:${id}` })),
  );
  const meant = known.filter(({ id, full }) => shard === id || shard === full);
  const named = meant.map(({ id, full }) => (table.sources.length > 1 ? full : id));
  if (named.length === 1) return named[0];
  const allowed = table.sources.length > 1 ? known.map(({ full }) => full) : known.map(({ id }) => id);
  throw new PenstockError(
    "invalid-argument",
    named.length > 1
      ? `Each of ${named.join(", ")} is a shard "${shard}" of the table "${table.name}".`
      : `The table "${table.name}" takes from no shard "${shard}".`,
    { hint: `Shards: ${allowed.slice(0, 10).join(", ")}${allowed.length > 10 ? " and others" : ""}.` },
  );
}

/** The plain count in a shard, or the service's number, which holds it. */
function sequenceOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const parts = parseSequenceNumber(text);
  if (parts !== undefined) return Number(parts.count);
  throw new PenstockError(
    "invalid-argument",
    `"${text}" is no sequence number: neither a count in its shard nor the service's form.`,
  );
}

async function* fromStream(options: ReplayOptions, job: Job): AsyncGenerator<Step> {
  const { table, range } = job;
  const runs: { readonly shard: Shard; readonly name: string; readonly from: number; readonly to: number }[] = [];
  for (const source of table.sources) {
    for (const shard of options.streams.find(source)?.shards ?? []) {
      const name = table.sources.length > 1 ? `${source}:${shard.id}` : shard.id;
      if (range.shardId !== undefined && range.shardId !== name) continue;
      const since = range.sinceMs === undefined ? shard.firstSequence : await shard.seek(range.sinceMs);
      const until = range.untilMs === undefined ? shard.lastSequence : (await shard.seek(range.untilMs)) - 1;
      const from = Math.max(shard.firstSequence, since, range.fromSequence ?? 0);
      const to = Math.min(shard.lastSequence, until, range.toSequence ?? Number.MAX_SAFE_INTEGER);
      if (from <= to) runs.push({ shard, name, from, to });
    }
  }
  yield { recordsTotal: runs.reduce((total, run) => total + run.to - run.from + 1, 0) };
  for (const { shard, name, from, to } of runs) {
    for (let first = from; first <= to; first += RECORDS_AT_ONCE) {
      const last = Math.min(to, first + RECORDS_AT_ONCE - 1);
      const stream = shard.stream.name;
      const converted = await options.reconvert(table, async function* () {
        for await (const block of shard.blocks(first, last)) yield { stream, block };
      });
      try {
        const part = { shardId: name, fromSequence: first, toSequence: last };
        const objects = await converted.adopt(`replay/${job.target}/${stream}/${shard.id}/${first}-${last}`);
        try {
          // Commit point: each of these loads. Before: the range is not loaded. After: it is, and skipped when it comes again. The objects
          // themselves have served then; a crash leaves them under `replay/`, named by their range, and the next try replaces them.
          const loaded = await load(options, job, objects, part);
          yield {
            recordsRead: converted.records,
            deadLetters: converted.dead,
            rowsFiltered: converted.filtered,
            ...loaded,
          };
        } finally {
          for (const { key } of objects) await options.lake.delete(key);
        }
      } finally {
        await converted.dispose();
      }
    }
  }
}

async function* fromLake(options: ReplayOptions, job: Job): AsyncGenerator<Step> {
  const { range, table } = job;
  const whole = Object.keys(range).length === 0;
  for await (const flush of options.delivered(table.name)) {
    if (flush.table !== table.name || !mayHold(flush, table, range)) continue;
    for (const object of flush.objects.filter(({ kind }) => kind === "rows")) {
      // Objects of the past may be many: the total grows as they are found.
      yield { recordsTotal: object.rows };
      yield { recordsRead: object.rows, ...(await load(options, job, [object], whole ? undefined : range)) };
    }
  }
}

/** Rows arrive before their flush is decided. */
function mayHold(flush: FlushResult, table: TableModel, range: RowRange): boolean {
  if (range.sinceMs !== undefined && flush.decidedAtMs < range.sinceMs) return false;
  if (range.shardId === undefined) return true;
  return flush.ranges.some(({ stream, shard, from, to }) => {
    const id = `shardId-${String(shard).padStart(12, "0")}`;
    const name = table.sources.length > 1 ? `${stream}:${id}` : id;
    return (
      name === range.shardId && to >= (range.fromSequence ?? 0) && from <= (range.toSequence ?? Number.MAX_SAFE_INTEGER)
    );
  });
}

async function load(
  options: ReplayOptions,
  job: Job,
  objects: Parameters<Warehouse["load"]>[0]["objects"],
  range: RowRange | undefined,
): Promise<Step> {
  if (objects.length === 0) return {};
  if (!job.comparable) return { rowsLoaded: objects.reduce((total, { rows }) => total + rows, 0) };
  const report: LoadReport = await options.warehouse.load({
    table: job.table,
    target: job.target,
    objects,
    deadlineMs: options.deadlineMs ?? DEADLINE_MS,
    skipExisting: true,
    dryRun: job.dryRun,
    ...(range === undefined ? {} : { range }),
    ...(job.signal === undefined ? {} : { signal: job.signal }),
  });
  return {
    rowsLoaded: report.loaded.reduce((total, entry) => total + entry.loadedRows, 0),
    rowsSkipped: report.loaded.reduce((total, entry) => total + entry.dedupedRows, 0),
  };
}
