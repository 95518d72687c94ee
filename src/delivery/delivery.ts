/**
 * The delivery of one table: buffers by bytes and by time, decides flushes, carries them out, one after the other. Tables go independently.
 *
 *     wait until due -> decided -> convert into staging -> written -> renamed into the lake -> delivered -> wait
 *                                        \-> where there is enough for another, its records are read meanwhile
 *
 * Nothing is buffered in memory: the buffer is what the journal holds behind the last decision. Whatever fails is tried again, the same
 * decision each time, until it succeeds; only damage and a failed sync stop it.
 */
import { join } from "node:path";
import type { ObjectStatus, StageState } from "../api/control/contract.js";
import type { Clock } from "../core/clock.js";
import { isPenstockError, messageOf, PenstockError } from "../core/errors.js";
import type { TableModel } from "../definition/model.js";
import type { Disk } from "../disk/disk.js";
import { makeDurableDirectory } from "../disk/durable-directory.js";
import type { ObjectStore } from "../lake/object-store.js";
import type { Shard, StreamStore } from "../stream/stream.js";
import type { FlushDecision, FlushResult, SequenceRange } from "./flush.js";
import { type DeliveryTotals, REPAIR_HINT, type WrittenObject } from "./flush-lines.js";
import { type FlushLog, openFlushLog } from "./flush-log.js";
import { type FlushReader, flushReader } from "./flush-reading.js";
import { beginFlush, type Convert, type FlushWork, stagingOf } from "./flush-work.js";

export type { Convert } from "./flush-work.js";

export interface DeliveryOptions {
  readonly table: TableModel;
  /** The version of the definition that `table` is of. */
  readonly schemaVersion: number;
  /** The table as an earlier version had it, for a flush that was decided under it. */
  readonly tableAt: (version: number) => TableModel;
  readonly store: StreamStore;
  readonly lake: ObjectStore;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly convert: Convert;
  /** The table's flush log; and a folder for its unfinished files, on the lake's filesystem. */
  readonly directory: string;
  readonly stagingDirectory: string;
  /** The newest flush that the warehouse's ledger knows of this table; a log that ends before it is `damaged`: going on by it would load records twice. */
  readonly loadedFlush?: number;
  /** After each flush, once its objects are in the lake. */
  readonly onDelivered: (result: FlushResult) => void;
  /** These records were delivered, or were about to be, and the journal has them no more. */
  readonly onJournalBehind?: (gone: SequenceRange) => void;
  /** A step failed and is tried again by itself; once for each reason in a row. */
  readonly onRetrying?: (reason: string) => void;
  /** It goes on after failures. */
  readonly onRecovered?: () => void;
  /** Delivery has stopped for good. */
  readonly onStopped?: (error: PenstockError) => void;
}

export interface DeliveryState {
  readonly stage: StageState;
  readonly lagRecords: number;
  readonly bufferBytes: number;
  readonly bufferAgeMs: number;
  readonly totals: DeliveryTotals;
  /** Newest first, ten at most. */
  readonly objects: readonly ObjectStatus[];
}

export interface Delivery extends FlushReader {
  state(): DeliveryState;
  /** Resolves when everything committed before the call is in the lake; rejects when delivery has stopped for good. */
  flushNow(): Promise<void>;
  /** The first sequence of the shard that is not in the lake yet: retention must keep it. */
  firstUndelivered(stream: string, shard: number): number | undefined;
  /** Finishes the step under way and stops; what is buffered is delivered after the next start. */
  stop(): Promise<void>;
}

const RETRY_MS_FIRST = 500;
const RETRY_MS_MAX = 30_000;
const NEWEST_OBJECTS = 10;

export async function openDelivery(options: DeliveryOptions): Promise<Delivery> {
  const { table, store, lake, disk, clock } = options;
  const log = await openFlushLog(disk, options.directory);
  const { loadedFlush = 0 } = options;
  if (log.nextFlush <= loadedFlush) {
    await log.close();
    throw logBehind(options.directory, log.nextFlush - 1, loadedFlush);
  }
  await makeDurableDirectory(disk, options.stagingDirectory);
  await goOnBehind(log, options);
  const stopping = new AbortController();
  let stage: StageState = { state: "idle" };
  let stopped: PenstockError | undefined;
  let newest: readonly ObjectStatus[] = log.newest.flatMap(statusOf).slice(0, NEWEST_OBJECTS);
  /** When the oldest record of the buffer was noticed, on the monotonic clock; undefined while there is none. */
  let bufferedSince: number | undefined;
  /** Work on the flush that is to be decided next, begun ahead of its decision. */
  let ahead: FlushWork | undefined;
  /** Flush at once, until the flush of this number is delivered: somebody waits. */
  let urgent = false;
  const waiting: {
    readonly reached: () => boolean;
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  let wake = () => {};

  const shards = (): Shard[] => table.sources.flatMap((source) => [...(store.find(source)?.shards ?? [])] as Shard[]);
  const position = (shard: Shard) => log.position(shard.stream.name, shard.number) ?? shard.firstSequence;
  const buffered = () => shards().filter((shard) => shard.lastSequence >= position(shard));
  const bufferedBytes = () => buffered().reduce((sum, shard) => sum + shard.bytesFrom(position(shard)), 0);

  /** Starts the buffer's clock where there is something and none runs. Its records may have waited since before this process. */
  async function noticeBuffer(): Promise<void> {
    const [first] = buffered();
    if (first === undefined) {
      bufferedSince = undefined;
    } else if (bufferedSince === undefined) {
      const noticed = clock.monotonic();
      const [record] = await first.read(position(first), { recordsMax: 1, bytesMax: 1, overDamage: true });
      const waitedMs = record === undefined ? 0 : clock.now() - record.arrivalMs;
      bufferedSince = noticed - Math.min(Math.max(0, waitedMs), table.deliver.bufferMs);
    }
  }

  /** Milliseconds until a flush is due: 0 for now, undefined for not before a record comes. */
  function dueInMs(): number | undefined {
    if (log.open !== undefined) return 0;
    if (bufferedSince === undefined) return undefined;
    if (urgent || bufferedBytes() >= table.deliver.bufferBytes) return 0;
    return Math.max(0, bufferedSince + table.deliver.bufferMs - clock.monotonic());
  }

  function decide(): FlushDecision | undefined {
    const due = buffered();
    // A backlog is taken in flushes of the buffer's size, the same share of each shard, so that memory and objects stay as large.
    const share = Math.min(1, table.deliver.bufferBytes / Math.max(1, bufferedBytes()));
    const ranges = due.map((shard): SequenceRange => {
      const from = position(shard);
      const records = Math.max(1, Math.ceil((shard.lastSequence - from + 1) * share));
      return { stream: shard.stream.name, shard: shard.number, from, to: from + records - 1 };
    });
    if (ranges.length === 0) return undefined;
    return {
      table: table.name,
      flush: log.nextFlush,
      schemaVersion: options.schemaVersion,
      decidedAtMs: clock.now(),
      ranges,
    };
  }

  const begin = (decision: FlushDecision) =>
    beginFlush(
      {
        store,
        disk,
        convert: options.convert,
        table: decision.schemaVersion === options.schemaVersion ? table : options.tableAt(decision.schemaVersion),
        stagingDirectory: options.stagingDirectory,
      },
      decision,
    );

  /** While a flush is converted: reads what the next one takes, where there is enough for one already. */
  function readAhead(): void {
    if (ahead !== undefined || stopping.signal.aborted || bufferedBytes() < table.deliver.bufferBytes) return;
    const draft = decide();
    if (draft !== undefined) ahead = begin(draft);
  }

  async function dropAhead(): Promise<void> {
    const dropped = ahead;
    ahead = undefined;
    // What cannot be removed now is, before the flush of that number begins.
    await dropped?.abandon().catch(() => undefined);
  }

  async function flushOnce(): Promise<void> {
    let work: FlushWork | undefined;
    if (log.open === undefined) {
      const decision = ahead?.decision ?? decide();
      bufferedSince = undefined;
      if (decision === undefined) return;
      await log.decided(decision);
      // Commit point. Before: the records are in the journal, and taken by no flush. After: this flush has them, whatever comes.
      work = ahead;
      ahead = undefined;
    }
    const { decision, written: before } = log.open!;
    const staging = stagingOf(options.stagingDirectory, decision);
    if (before === undefined || (await isMissing(before, staging))) {
      work ??= begin(decision);
      void work.read.then(readAhead);
      await log.written(await work.finish());
      // Commit point. Before: files in staging that are removed and written again. After: they only need their names.
    }
    for (const { object, staged } of log.open!.written!) {
      // After a crash some have their names already; whether durably, only the lake can say.
      await lake.adopt(join(staging, staged), object.key);
    }
    const result = await log.delivered(clock.now());
    // Commit point. Before: the renames are looked at again. After: nothing of this flush is looked at again.
    newest = [...statusOf(result), ...newest].slice(0, NEWEST_OBJECTS);
    options.onDelivered(result);
    await disk.removeAll(staging);
  }

  /** Whether an object is neither in staging nor in the lake: somebody removed it, and the decision is carried out anew. */
  async function isMissing(written: readonly WrittenObject[], staging: string): Promise<boolean> {
    for (const { object, staged } of written) {
      if ((await disk.stat(join(staging, staged))) !== undefined) continue;
      if ((await lake.head(object.key)) === undefined) return true;
    }
    return false;
  }

  async function run(): Promise<void> {
    let retryMs = RETRY_MS_FIRST;
    while (!stopping.signal.aborted) {
      try {
        await noticeBuffer();
        const dueMs = dueInMs();
        if (dueMs === 0) {
          if (stage.state !== "retrying") stage = { state: "working" };
          await flushOnce();
          if (stage.state === "retrying") options.onRecovered?.();
          retryMs = RETRY_MS_FIRST;
          stage = { state: "idle" };
          settleWaiting();
        } else {
          settleWaiting();
          await pause(dueMs);
        }
      } catch (error) {
        // It may have been the disk's last room.
        await dropAhead();
        if (isPenstockError(error, "damaged") || isPenstockError(error, "poisoned")) {
          stop(error);
          return;
        }
        const reason = messageOf(error);
        if (stage.state !== "retrying" || stage.reason !== reason) options.onRetrying?.(reason);
        stage = { state: "retrying", reason };
        await clock.sleep(retryMs, stopping.signal).catch(() => undefined);
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
      }
    }
  }

  /** Until a record comes, somebody asks for a flush, it stops, or `ms` are over. */
  async function pause(ms: number | undefined): Promise<void> {
    const over = new AbortController();
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (stopping.signal.aborted) resolve();
      if (ms !== undefined) clock.sleep(ms, over.signal).then(resolve, () => undefined);
    });
    wake = () => {};
    over.abort();
  }

  function settleWaiting(): void {
    for (const one of waiting.splice(0)) {
      if (one.reached()) one.resolve();
      else waiting.push(one);
    }
    urgent = waiting.length > 0;
  }

  function stop(error: PenstockError): void {
    stopped = error;
    stage = { state: "stopped", reason: error.message };
    for (const one of waiting.splice(0)) one.reject(error);
    options.onStopped?.(error);
  }

  const unsubscribe = store.onCommit((stream) => {
    // While the buffer's time runs, a commit changes nothing unless it fills the buffer.
    if (!table.sources.includes(stream.name)) return;
    if (bufferedSince === undefined || bufferedBytes() >= table.deliver.bufferBytes) wake();
  });
  const running = run();

  return {
    state: () => ({
      stage,
      lagRecords: buffered().reduce((sum, shard) => sum + shard.lastSequence - position(shard) + 1, 0),
      bufferBytes: bufferedBytes(),
      bufferAgeMs: bufferedSince === undefined ? 0 : Math.max(0, clock.monotonic() - bufferedSince),
      totals: log.totals,
      objects: newest,
    }),
    flushNow: () =>
      new Promise((resolve, reject) => {
        if (stopped !== undefined) {
          reject(stopped);
          return;
        }
        const goals = shards().map((shard) => ({ shard, goal: shard.lastSequence }));
        const reached = () => log.open === undefined && goals.every(({ shard, goal }) => position(shard) > goal);
        waiting.push({ reached, resolve, reject });
        urgent = true;
        wake();
      }),
    ...flushReader(disk, options.directory),
    firstUndelivered: (stream, number) => {
      const open = log.open?.decision.ranges.find((range) => range.stream === stream && range.shard === number);
      const shard = shards().find((one) => one.stream.name === stream && one.number === number);
      return open?.from ?? (shard === undefined ? undefined : position(shard));
    },
    stop: async () => {
      unsubscribe();
      stopping.abort(new Error("delivery is stopping"));
      wake();
      await running;
      await dropAhead();
      await log.close();
    },
  };
}

/** The log ends before what is loaded: somebody removed or cut it, or put back one that is older than the warehouse. */
export function logBehind(directory: string, lastFlush: number, loadedFlush: number): PenstockError {
  return new PenstockError(
    "damaged",
    `The flush log in ${directory} ends at flush ${lastFlush}, and flush ${loadedFlush} is loaded: it was removed, cut short, or is an old one.`,
    { hint: REPAIR_HINT },
  );
}

/**
 * Where the journal ends before what was decided already, somebody cut or removed a file of it. A new record under a sequence that has been
 * delivered would be taken for the old one, and never come: so the shard goes on behind.
 */
async function goOnBehind(log: FlushLog, { table, store, onJournalBehind }: DeliveryOptions): Promise<void> {
  for (const stream of table.sources.flatMap((source) => store.find(source) ?? [])) {
    const ends = stream.shards.flatMap(({ number, lastSequence }) => {
      const decidedTo = (log.position(stream.name, number) ?? 0) - 1;
      return decidedTo > lastSequence ? [{ shard: number, lastSequence: decidedTo, from: lastSequence + 1 }] : [];
    });
    if (ends.length === 0) continue;
    await stream.skipTo(ends);
    for (const { shard, from, lastSequence } of ends)
      onJournalBehind?.({ stream: stream.name, shard, from, to: lastSequence });
  }
}

function statusOf(result: FlushResult): ObjectStatus[] {
  return result.objects.map(({ key, kind, rows, sizeBytes }) => ({
    key,
    kind,
    rows,
    sizeBytes,
    deliveredAtMs: result.deliveredAtMs,
  }));
}
