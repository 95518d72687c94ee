/** One call of the port's `load`: the plan, the batch, and what became of it. */
import { isPenstockError, PenstockError } from "../../core/errors.js";
import type { LakeObject } from "../../delivery/flush.js";
import type { LoadReport, LoadRequest } from "../warehouse.js";
import { alteredTable } from "./apply-table.js";
import { type Context, pauseMs } from "./context.js";
import { manifestText } from "./copy-steps.js";
import type { BatchEnd, Limit } from "./data-api.js";
import { LEDGER_KEYS_MAX, ledgerEntry, ledgerSql, oldestArrivalMs, outcomeSql, replaysSql } from "./ledger-steps.js";
import type { CopySource, LoadGiven } from "./load-given.js";
import { planLoad } from "./load-plan.js";
import { preflight } from "./preflight.js";
import { planSources } from "./sources.js";
import { BATCH_STATEMENTS_MAX, type Step } from "./steps.js";

const CONFLICTS_MAX = 60;
/** A batch that was lost from sight, or found its objects taken, is begun again so many times before the caller is to decide. */
const TRIES_MAX = 5;
/** For asking the ledger once the deadline is over; whoever waits for the load waits a little longer than its deadline. */
const LEDGER_MS = 3_000;

export async function loadObjects(context: Context, request: LoadRequest): Promise<LoadReport> {
  const { clock } = context;
  checkKinds(request);
  const limit = context.limit(request.deadlineMs, request.signal);
  let chosen = request.objects;
  let plain = canBePlain(context, request);
  for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
    if (chosen.length === 0 && request.objects.length > 0) return { loaded: [], already: keysOf(request.objects) };
    const loaded = await tryLoad(context, request, chosen, plain ? "plain" : "checked", limit);
    if (loaded !== "taken") {
      const kept = new Set(chosen);
      return { ...loaded, already: keysOf(request.objects.filter((object) => !kept.has(object))) };
    }
    // Nothing was asked before: most loads are of objects that nobody has loaded. This one is not.
    const known = await loadedKeys(context, request.target, keysOf(chosen), limit);
    const before = chosen.length;
    chosen = chosen.filter(({ key }) => !known.has(key));
    plain &&=
      Number((await context.api.query(replaysSql(context.place, request.target), limit)).rows[0]?.[0] ?? 0) === 0;
    if (chosen.length === before) await clock.sleep(pauseMs(context, attempt));
  }
  throw new PenstockError(
    "unavailable",
    `Others were loading the same objects into "${request.target}" at the same time.`,
  );
}

const keysOf = (objects: readonly LakeObject[]) => objects.map(({ key }) => key);

function checkKinds({ objects, target }: LoadRequest): void {
  const dead = objects.some(({ kind }) => kind === "dead");
  if (objects.every(({ kind }) => kind !== "filtered" && (kind === "dead") === dead)) return;
  throw new PenstockError(
    "invalid-argument",
    `A load into "${target}" mixes kinds of objects, or has one of filtered identities.`,
  );
}

/** The embedded lake has each row in one object alone; Firehose may deliver one twice. */
function canBePlain({ place }: Context, { table, objects, skipExisting }: LoadRequest): boolean {
  const rows = objects.every(({ kind }) => kind === "rows");
  return rows && place.sequence === "dense" && skipExisting !== true && table.dedupe === undefined;
}

async function loadedKeys(
  context: Context,
  target: string,
  keys: readonly string[],
  limit: Limit,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (let first = 0; first < keys.length; first += LEDGER_KEYS_MAX) {
    const sql = ledgerSql(context.place, target, keys.slice(first, first + LEDGER_KEYS_MAX));
    for (const row of (await context.api.query(sql, limit)).rows) {
      const entry = ledgerEntry(target, row);
      if (entry.status === "loaded") found.add(entry.key);
    }
  }
  return found;
}

/** One load under one id; `taken` where another load has one of the objects. */
async function tryLoad(
  context: Context,
  request: LoadRequest,
  objects: readonly LakeObject[],
  mode: "plain" | "checked",
  limit: Limit,
): Promise<Omit<LoadReport, "already"> | "taken"> {
  const { api, clock, place, newId } = context;
  const { table, target, skipExisting, range, redriven, edited, dryRun, onStatement } = request;
  const loadId = newId();
  const sources = await writeManifests(context, request, objects, mode, loadId);
  const given: LoadGiven = {
    table,
    target,
    place,
    loadId,
    iamRole: context.iamRole,
    sources,
    mode,
    ...(skipExisting === undefined ? {} : { skipExisting }),
    ...(range === undefined ? {} : { range }),
    ...(redriven === undefined ? {} : { redriven }),
    ...(edited === undefined ? {} : { edited }),
    ...(dryRun === undefined ? {} : { dryRun }),
  };
  const steps = planLoad(given);
  checkLength(steps, target);
  let over = true;
  try {
    for (let attempt = 0; ; attempt++) {
      // Commit point: the batch's COMMIT, in the warehouse. Before: neither rows nor ledger entry. After: both, and the same list finds the load's id.
      const startedAtMs = clock.now();
      const end = await api.transaction(steps, newId(), limit);
      over = end.ended;
      const failure = end.kind === "committed" ? {} : { failure: `The batch: ${end.reason}` };
      for (const { sql } of steps) onStatement?.({ sql, startedAtMs, ...failure });
      if (end.kind === "taken") return "taken";
      const rows = end.kind === "committed" ? await reportOf(context, given, end, limit) : undefined;
      const report = rows ?? (end.kind === "unknown" ? await fromLedger(context, given, limit) : undefined);
      if (report !== undefined) {
        over = true;
        return reportFrom(target, report);
      }
      const again = end.kind === "conflict" ? attempt < CONFLICTS_MAX : end.kind === "unknown" && attempt < TRIES_MAX;
      const pause = pauseMs(context, attempt);
      if (!again || limit.signal?.aborted || clock.monotonic() + pause >= limit.untilMs) {
        throw await failureOf(context, request, steps, end, limit);
      }
      await clock.sleep(pause, limit.signal).catch(() => undefined);
    }
  } finally {
    // One that may still be running reads its manifests; the bucket's lifecycle clears those away.
    if (over)
      await Promise.all(sources.map(({ manifestKey }) => context.lake.delete(manifestKey).catch(() => undefined)));
  }
}

async function writeManifests(
  context: Context,
  request: LoadRequest,
  objects: readonly LakeObject[],
  mode: "plain" | "checked",
  loadId: string,
): Promise<(CopySource & { readonly manifestKey: string })[]> {
  const { lake, bucket, place, manifestPrefix } = context;
  if (objects.length === 0) return [];
  const looked = await preflight(lake, request.table, objects, place);
  const planned = planSources(request.table, looked, mode);
  return await Promise.all(
    planned.map(async (source, index) => {
      const manifestKey = `${manifestPrefix}${request.target}/${loadId}-${index + 1}.json`;
      await lake.put(manifestKey, Buffer.from(manifestText(bucket, source.objects)));
      return { ...source, manifestKey, manifestUrl: `s3://${bucket}/${manifestKey}` };
    }),
  );
}

function checkLength(steps: readonly Step[], target: string): void {
  if (steps.length <= BATCH_STATEMENTS_MAX) return;
  throw new PenstockError(
    "refused",
    `A load into "${target}" would take ${steps.length} statements, and a batch has ${BATCH_STATEMENTS_MAX} at most.`,
    { hint: "Take fewer objects, or redrive fewer letters, at a time." },
  );
}

/** The last statement's rows; where they cannot be had any more, the ledger has the same. */
async function reportOf(context: Context, given: LoadGiven, end: BatchEnd, limit: Limit) {
  try {
    return await end.rows();
  } catch (error) {
    if (given.dryRun === true) throw error;
    return await fromLedger(context, given, limit);
  }
}

/** What the ledger has under the load's id; undefined where it has nothing: then the load has not committed. */
async function fromLedger(context: Context, { place, target, loadId, dryRun }: LoadGiven, limit: Limit) {
  if (dryRun === true) return undefined;
  const left = Math.max(LEDGER_MS, limit.untilMs - context.clock.monotonic());
  try {
    const { rows } = await context.api.query(outcomeSql(place, target, loadId), context.limit(left));
    return rows.length === 0 ? undefined : rows;
  } catch (error) {
    // Without the ledger there is nothing to go by: the caller asks it again before anything else.
    if (isPenstockError(error, "query-failed")) return undefined;
    throw new PenstockError("unavailable", `Nobody knows whether a load into "${target}" has committed.`, {
      cause: error,
    });
  }
}

function reportFrom(target: string, rows: readonly (readonly unknown[])[]): Omit<LoadReport, "already"> {
  const times = rows.flatMap((row) => oldestArrivalMs(row) ?? []);
  return {
    loaded: rows.filter((row) => row[1] !== "none").map((row) => ledgerEntry(target, row)),
    ...(times.length === 0 ? {} : { oldestArrivalMs: Math.min(...times) }),
  };
}

async function failureOf(
  context: Context,
  request: LoadRequest,
  steps: readonly Step[],
  end: BatchEnd,
  limit: Limit,
): Promise<PenstockError> {
  const { table, target } = request;
  const late = limit.signal?.aborted !== true && limit.untilMs <= context.clock.monotonic() + LEDGER_MS / 3;
  const about = `A load into "${target}"`;
  switch (end.kind) {
    case "refused": {
      const isRows = end.step !== undefined && steps[end.step]?.kind === "rows";
      const altered = isRows ? await alteredTable(context, table, target).catch(() => undefined) : undefined;
      return altered ?? new PenstockError("load-failed", `${about} was refused: ${refusal(steps, end)}`);
    }
    case "schema":
      return (
        (await alteredTable(context, table, target).catch(() => undefined)) ??
        new PenstockError("incompatible-schema", `${about} cannot begin: ${end.reason}`, {
          hint: "Apply the definition: it makes what is missing.",
        })
      );
    case "redriven":
      return new PenstockError(
        "refused",
        `Of ${request.redriven?.length ?? 0} dead letters to be redriven, some were redriven by somebody else meanwhile, or are not there.`,
        { hint: "Nothing was loaded. Choose again: `penstock errors list` shows those that are left." },
      );
    case "conflict":
      return new PenstockError("unavailable", `${about} met others again and again: ${end.reason}`);
    case "unavailable":
      return new PenstockError(late ? "timeout" : "unavailable", `${about} could not be carried out: ${end.reason}`);
    default:
      return new PenstockError(late ? "timeout" : "unavailable", `${about} has no known outcome: ${end.reason}`);
  }
}

function refusal(steps: readonly Step[], { step, reason }: BatchEnd): string {
  return step !== undefined && steps[step]?.kind === "count"
    ? "other rows came out of the objects than were delivered."
    : reason;
}
