import type { LoadAttempt, LoadStatus, StageState } from "../api/control/contract.js";
import type { Clock } from "../core/clock.js";
import { isPenstockError, messageOf, PenstockError } from "../core/errors.js";
import { MIB } from "../core/limits.js";
import type { TableModel } from "../definition/model.js";
import type { FlushResult, LakeObject } from "../delivery/flush.js";
import type { StageLog } from "../warehouse/log.js";
import type { LedgerEntry, LoadReport, Warehouse } from "../warehouse/warehouse.js";
import { eventOf } from "./event-of.js";
import { openLoadLog } from "./load-log.js";
import {
  type Backoff,
  type Batch,
  type BatchEvent,
  HALVE_AFTER_ATTEMPTS,
  halvesOf,
  nextBatch,
  planBatch,
  waitMs,
} from "./machine.js";
import { loadMeter } from "./meter.js";

export interface LoaderOptions {
  readonly table: TableModel;
  readonly warehouse: Warehouse;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: StageLog;
  /** Bytes of objects in one load; one object may be more. Default 256 MiB. */
  readonly batchBytesMax?: number;
  /** Objects in one load. Default 64. */
  readonly batchObjectsMax?: number;
  /** For one load's transaction. Default ten minutes. */
  readonly deadlineMs?: number;
  /** Default 200 ms, doubling to 30 s. */
  readonly backoff?: Backoff;
  /** Objects kept in memory until they are loaded. Default 10,000; without `delivered` there is no bound. */
  readonly pendingObjectsMax?: number;
  /** What was delivered from a flush on, in order: what found no room is asked for again. */
  readonly delivered?: (sinceFlush: number) => Iterable<FlushResult> | AsyncIterable<FlushResult>;
  /** After each load that committed. */
  readonly onLoaded?: (report: LoadReport) => void;
}

export interface LoaderState {
  readonly loader: StageState;
  readonly rowsLoaded: number;
  readonly rowsDeduped: number;
  readonly deadLetters: number;
  /** Objects that wait or are being loaded; at least so many, where more wait than are kept in memory. */
  readonly loadsPending: number;
  readonly objectsQuarantined: number;
  readonly loads: readonly LoadStatus[];
  readonly freshnessMs: number | undefined;
  readonly rowsPerSecond: number;
}

/** Loads one table's delivered objects, each exactly once; tables go independently, with a loader each. */
export interface Loader {
  /** Takes delivered objects; those it has already, and the identities of filtered rows, are passed over. Returns at once. */
  offer(objects: readonly LakeObject[]): void;
  /** At start-up: takes of all that was delivered what the ledger lacks. Quarantined objects stay where they are. */
  sweep(results: Iterable<FlushResult> | AsyncIterable<FlushResult>): Promise<void>;
  /** Tries every object in quarantine again; answers how many there were. */
  retryQuarantined(): Promise<number>;
  state(): LoaderState;
  /** What this process has tried with the object, of the newest loads. */
  attempts(key: string): readonly LoadAttempt[];
  /** Resolves when nothing waits and nothing is being loaded; rejects when the loader has stopped for good. */
  idle(): Promise<void>;
  /** Loads what it has, for as long as it may, then takes nothing more. What is left is found by the next start's sweep. */
  stop(withinMs?: number): Promise<void>;
}

const BATCH_BYTES_MAX = 256 * MIB;
const BATCH_OBJECTS_MAX = 64;
const PENDING_OBJECTS_MAX = 10_000;
const DEADLINE_MS = 600_000;
/** How much longer than the deadline a driver may take to notice it, before its answer is no longer waited for. */
const GRACE_MS = 10_000;
const BACKOFF: Backoff = { firstMs: 200, maxMs: 30_000 };
const STOP_WITHIN_MS = 30_000;
/** Keys in one question to the ledger. */
const SWEEP_OBJECTS = 500;
const NEWEST_LOADS = 10;

export async function openLoader(options: LoaderOptions): Promise<Loader> {
  const { table, warehouse, clock, log } = options;
  const target = table.name;
  const backoff = options.backoff ?? BACKOFF;
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  const pendingMax =
    options.delivered === undefined ? Number.POSITIVE_INFINITY : (options.pendingObjectsMax ?? PENDING_OBJECTS_MAX);
  const pending = new Map<string, LakeObject>();
  /** Objects that found no room in `pending`, known by the first flush that has one; the flush log has the rest. */
  let passedOver: PassedOver | undefined;
  /** Batches that are to go before anything new: the halves of one that was bisected. */
  const ahead: Batch[] = [];
  /** Single objects that failed again and again, and let the others go first. */
  const behind: Batch[] = [];
  const stopping = new AbortController();
  const meter = loadMeter(clock, await warehouse.summary(target, NEWEST_LOADS), NEWEST_LOADS);
  const loadLog = openLoadLog(clock);
  let stage: StageState = { state: "idle" };
  let running: Promise<void> | undefined;
  let dead: PenstockError | undefined;

  function offer(objects: readonly LakeObject[]): void {
    if (stopping.signal.aborted || dead !== undefined) return;
    for (const object of objects) {
      if (object.kind === "filtered" || pending.has(object.key)) continue;
      // Once one was passed over, those after it wait behind it.
      if (passedOver === undefined && pending.size < pendingMax) pending.set(object.key, object);
      else passedOver = withPassedOver(passedOver, object.flush, 1);
    }
    wake();
  }

  function wake(): void {
    if (running !== undefined || (pending.size === 0 && passedOver === undefined)) return;
    running = work().finally(() => {
      running = undefined;
      if (dead === undefined && !stopping.signal.aborted) wake();
    });
  }

  async function work(): Promise<void> {
    while (dead === undefined && !stopping.signal.aborted) {
      if (passedOver !== undefined && pending.size <= pendingMax / 2) await takePassedOver();
      if (pending.size === 0) break;
      let batch = ahead.shift() ?? chooseBatch() ?? behind.shift();
      if (batch === undefined) break;
      while (batch.state !== "done" && batch.state !== "stopped") {
        if (stopping.signal.aborted) break;
        if (batch.state === "copy" && batch.attempt >= HALVE_AFTER_ATTEMPTS && pending.size > behind.length + 1) {
          behind.push(batch);
          break;
        }
        stage =
          batch.attempt > 0
            ? { state: "retrying", ...(batch.reason === undefined ? {} : { reason: batch.reason }) }
            : { state: "working" };
        batch = nextBatch(batch, await perform(batch));
      }
      if (batch.state === "stopped") {
        dead = new PenstockError("poisoned", `Loading of the table "${target}" has stopped: ${batch.reason}`);
        log.error({ table: target, reason: batch.reason }, "the loader has stopped");
      }
    }
    stage = dead === undefined ? { state: "idle" } : { state: "stopped", reason: dead.message };
  }

  async function takePassedOver(): Promise<void> {
    const before = passedOver;
    if (before === undefined || options.delivered === undefined) return;
    const had = pending.size;
    passedOver = undefined;
    try {
      await sweep(options.delivered(before.sinceFlush));
    } catch (error) {
      if (stopping.signal.aborted) return;
      dead = new PenstockError(
        "damaged",
        `The objects that wait for "${target}" cannot be found: ${messageOf(error)}`,
        {
          hint: "Mend the flush log, then start again: whatever was delivered and not loaded is loaded then.",
        },
      );
      log.error({ table: target, err: error }, "the loader has stopped");
    }
    passedOver = lessTaken(passedOver, before.objects - (pending.size - had));
  }

  /** The oldest object, and with it as many of its version and kind as one load may hold. */
  function chooseBatch(): Batch | undefined {
    const postponed = new Set(behind.flatMap((batch) => batch.keys));
    const keys: string[] = [];
    let bytes = 0;
    let first: LakeObject | undefined;
    for (const object of pending.values()) {
      if (postponed.has(object.key)) continue;
      first ??= object;
      if (object.schemaVersion !== first.schemaVersion || object.kind !== first.kind) continue;
      if (keys.length > 0 && bytes + object.sizeBytes > (options.batchBytesMax ?? BATCH_BYTES_MAX)) break;
      keys.push(object.key);
      bytes += object.sizeBytes;
      if (keys.length >= (options.batchObjectsMax ?? BATCH_OBJECTS_MAX)) break;
    }
    return keys.length === 0 ? undefined : planBatch(keys);
  }

  async function perform(batch: Batch): Promise<BatchEvent> {
    switch (batch.state) {
      case "plan":
        return { kind: "begun" };
      case "copy":
        return await copy(batch);
      case "verify":
        return { kind: "verified" };
      case "resolve":
        return await resolve(batch);
      case "retry":
        await clock.sleep(waitMs(backoff, batch.attempt, options.random), stopping.signal).catch(() => undefined);
        return { kind: "waited" };
      case "bisect":
        log.warn(
          { table: target, objects: batch.keys.length, reason: batch.reason },
          "a batch is halved to find what is wrong with it",
        );
        ahead.unshift(...halvesOf(batch));
        return { kind: "divided" };
      case "quarantine":
        return await quarantine(batch);
      default:
        return { kind: "fatal", reason: `There is nothing to do in the state ${batch.state}.` };
    }
  }

  async function copy(batch: Batch): Promise<BatchEvent> {
    const objects = batch.keys.flatMap((key) => pending.get(key) ?? []);
    const answered = new AbortController();
    const attempt = loadLog.begin(batch.keys);
    try {
      const late = clock.sleep(deadlineMs + GRACE_MS, answered.signal).then(() => {
        throw new PenstockError("timeout", `The warehouse has not answered within ${deadlineMs + GRACE_MS} ms.`);
      });
      const loading = warehouse.load({
        table,
        target,
        objects,
        deadlineMs,
        signal: stopping.signal,
        onStatement: attempt.statement,
      });
      // Whichever comes second is nobody's any more, and must not be taken for an error that was forgotten.
      loading.catch(() => undefined);
      late.catch(() => undefined);
      const report = await Promise.race([loading, late]);
      attempt.loaded(report);
      if (batch.attempt > 0 && report.already.length > 0) {
        // A load of ours that was given up for lost has committed after all.
        const entries = await warehouse.ledger(target, report.already);
        account({ loaded: [...entries.values()], already: [] });
      }
      account(report);
      return { kind: "reported", keys: [...report.loaded.map(({ key }) => key), ...report.already] };
    } catch (error) {
      attempt.failed(error);
      const event = eventOf(error);
      log.warn(
        { table: target, objects: objects.length, outcome: event.kind, reason: messageOf(error) },
        "a load did not succeed",
      );
      return event;
    } finally {
      answered.abort();
    }
  }

  function account(report: LoadReport): void {
    for (const entry of report.loaded) {
      if (entry.loadedRows + entry.dedupedRows !== entry.rows || entry.rows !== pending.get(entry.key)?.rows) {
        // The driver compares these before it commits; seen here, they are a driver's fault and must not pass unseen.
        log.error(
          { table: target, entry, delivered: pending.get(entry.key)?.rows },
          "a committed load's counts do not add up",
        );
      }
    }
    for (const { key } of report.loaded) pending.delete(key);
    for (const key of report.already) pending.delete(key);
    meter.loaded(report);
    if (report.loaded.length > 0) options.onLoaded?.(report);
  }

  async function resolve(batch: Batch): Promise<BatchEvent> {
    try {
      const entries = await warehouse.ledger(target, batch.keys);
      const found = [...entries.values()].filter(({ status }) => status === "loaded");
      if (found.length > 0) account({ loaded: found, already: [] });
      return { kind: "ledger", keys: found.map(({ key }) => key) };
    } catch (error) {
      return isFatal(error)
        ? { kind: "fatal", reason: messageOf(error) }
        : { kind: "failed", reason: messageOf(error) };
    }
  }

  async function quarantine(batch: Batch): Promise<BatchEvent> {
    const object = pending.get(batch.keys[0] ?? "");
    if (object === undefined) return { kind: "quarantined" };
    const reason = batch.reason ?? "It could not be loaded.";
    try {
      await warehouse.quarantine(target, object, reason);
      log.error({ table: target, key: object.key, reason }, "an object was put into quarantine");
      pending.delete(object.key);
      meter.quarantined(object, reason);
      return { kind: "quarantined" };
    } catch (error) {
      return isFatal(error)
        ? { kind: "fatal", reason: messageOf(error) }
        : { kind: "failed", reason: messageOf(error) };
    }
  }

  async function sweep(results: Iterable<FlushResult> | AsyncIterable<FlushResult>): Promise<void> {
    let found: LakeObject[] = [];
    const ask = async () => {
      const asked = found;
      found = [];
      const known = await persist(() =>
        warehouse.ledger(
          target,
          asked.map(({ key }) => key),
          // They are asked for in the order in which they were delivered.
          { from: asked[0]?.flush ?? 0, to: asked.at(-1)?.flush ?? 0 },
        ),
      );
      offer(asked.filter(({ key }) => !known.has(key)));
    };
    for await (const result of results) {
      if (result.table !== target) continue;
      found.push(...result.objects.filter(({ kind }) => kind !== "filtered"));
      if (found.length >= SWEEP_OBJECTS) await ask();
      if (passedOver !== undefined) {
        // Full again: what comes after this flush is left for the next time.
        passedOver = withPassedOver(passedOver, result.flush + 1, 0);
        break;
      }
    }
    if (found.length > 0) await ask();
  }

  /** A question that can be asked again, until it is answered or the loader stops. */
  async function persist<T>(question: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await question();
      } catch (error) {
        if (!isPenstockError(error) || !error.retryable || stopping.signal.aborted) throw error;
        await clock.sleep(waitMs(backoff, attempt, options.random), stopping.signal);
      }
    }
  }

  async function retryQuarantined(): Promise<number> {
    const { quarantined } = await persist(() => warehouse.summary(target, 0));
    offer(quarantined.map((entry) => objectOf(table.name, entry)));
    return quarantined.length;
  }

  async function idle(): Promise<void> {
    while (running !== undefined) await running;
    if (dead !== undefined) throw dead;
  }

  return {
    offer,
    sweep,
    retryQuarantined,
    idle,
    attempts: loadLog.of,
    state: () => ({ loader: stage, loadsPending: pending.size + (passedOver?.objects ?? 0), ...meter.state() }),
    stop: async (withinMs = STOP_WITHIN_MS) => {
      const drained = new AbortController();
      await Promise.race([idle().catch(() => undefined), clock.sleep(withinMs, drained.signal).catch(() => undefined)]);
      drained.abort();
      stopping.abort(new PenstockError("unavailable", "The loader is stopping."));
      const given = new AbortController();
      await Promise.race([running?.catch(() => undefined), clock.sleep(GRACE_MS, given.signal).catch(() => undefined)]);
      given.abort();
      stage = { state: "stopped", reason: dead?.message ?? "Penstock is stopping." };
    },
  };
}

interface PassedOver {
  readonly sinceFlush: number;
  /** How many they are, at least. */
  readonly objects: number;
}

function withPassedOver(known: PassedOver | undefined, flush: number, objects: number): PassedOver {
  return { sinceFlush: Math.min(known?.sinceFlush ?? flush, flush), objects: (known?.objects ?? 0) + objects };
}

function lessTaken(known: PassedOver | undefined, objects: number): PassedOver | undefined {
  return known === undefined ? undefined : { ...known, objects: Math.max(1, objects) };
}

/** What an error of the port means for the batch. */
function isFatal(error: unknown): boolean {
  return isPenstockError(error, "poisoned");
}

function objectOf(table: string, entry: LedgerEntry): LakeObject {
  const { key, kind, flush, schemaVersion, rows, sizeBytes } = entry;
  return { key, kind, table, flush, schemaVersion, rows, sizeBytes };
}
