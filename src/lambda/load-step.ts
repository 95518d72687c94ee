/**
 * The loader's state machine (src/loader/machine.ts) on AWS: what the embedded loader does at a state by itself, Step Functions does here, and this says what.
 *
 *     plan, verify, bisect    decided here, nothing to carry out
 *     copy                    one transaction (and the columns are asked for, where the rows did not fit)
 *     resolve                 the ledger is asked
 *     retry                   a wait
 *     quarantine              one transaction
 *     done, stopped           the next batch; after the last, the execution ends, as failed where a batch has stopped
 *
 * What is the execution's alone: a batch that failed too often is `fatal` here (the sweep brings its objects again), where the embedded loader goes on for ever.
 */
import { messageOf } from "../core/errors.js";
import type { TableModel } from "../definition/model.js";
import type { ObjectStore } from "../lake/object-store.js";
import { eventOf } from "../loader/event-of.js";
import {
  type Backoff,
  type Batch,
  type BatchEvent,
  halvesOf,
  nextBatch,
  planBatch,
  waitMs,
} from "../loader/machine.js";
import { columnsOf } from "../warehouse/redshift/ddl.js";
import { preflight } from "../warehouse/redshift/preflight.js";
import {
  describeSql,
  type LoadObject,
  ledgerEntry,
  ledgerSql,
  manifestText,
  planLoad,
  planSources,
  quarantineSteps,
  type RedshiftPlace,
  readOutcome,
  tableChanges,
} from "../warehouse/redshift/statements.js";
import type { StepKind } from "../warehouse/redshift/steps.js";
import type { LedgerEntry } from "../warehouse/warehouse.js";
import { lettersPrefix } from "./folders.js";
import { type Answer, type Call, rowsOf, type Task, type Told, troubleOf, valuesOf } from "./supervised.js";
import type { Turns } from "./turns.js";

export interface NewObject {
  readonly key: string;
  readonly sizeBytes: number;
}

/** An execution's input. */
export interface LoadInput {
  readonly table: string;
  readonly objects: readonly NewObject[];
}

/** What an execution carries from call to call. */
export interface LoadWork extends LoadInput {
  /** The first is under way; the halves of one that was bisected go before the others. */
  readonly batches?: readonly Batch[];
  /** What the answer will be about. */
  readonly asked?: "turn" | "copy" | "columns" | "ledger" | "wait" | "quarantine";
  /** Of the transaction that was asked for: what its steps are for. */
  readonly kinds?: readonly StepKind[];
  /** Why the rows were refused, while the columns are asked for. */
  readonly refusal?: string;
  /** Why batches have stopped. */
  readonly failures?: readonly string[];
}

export interface LoadStepOptions {
  readonly tables: readonly TableModel[];
  readonly lake: Pick<ObjectStore, "get" | "put">;
  readonly bucket: string;
  readonly roleArn: string;
  readonly place: RedshiftPlace;
  readonly manifestPrefix: string;
  readonly turns: Turns;
  readonly newId: () => string;
  /** In [0, 1). */
  readonly random: () => number;
  readonly onLoaded?: (table: string, entries: readonly LedgerEntry[]) => void;
  readonly onQuarantined?: (table: string, key: string, reason: string) => void;
  readonly onTrouble?: (table: string, event: BatchEvent) => void;
}

const BACKOFF: Backoff = { firstMs: 5_000, maxMs: 300_000 };
/** With the waits between them, half an hour. */
const ATTEMPTS_MAX = 10;
/** Between two looks whether the other execution of the table is done. */
const TURN_SECONDS = 20;

type Doing = { readonly event: BatchEvent } | { readonly task: Task; readonly noted: Partial<LoadWork> };

export function loadStep(options: LoadStepOptions): (call: Call<LoadWork>) => Promise<Told<LoadWork>> {
  const { place, newId } = options;

  return async ({ work: given, answer, execution }) => {
    const { table: name, objects } = given;
    const table = options.tables.find((one) => one.name === name);
    if (table === undefined) {
      return {
        do: "failed",
        reason: `There is no table "${name}" to load in this version of the pipeline.`,
        work: given,
      };
    }
    if (answer.kind === "broken") {
      await options.turns.release(name, execution);
      return { do: "failed", reason: troubleOf(answer), work: given };
    }
    // Also renewed: whoever has not been heard of for long loses the turn.
    if (!(await options.turns.take(name, execution)) && (given.asked === undefined || given.asked === "turn")) {
      return { do: "wait", seconds: TURN_SECONDS, work: { ...given, asked: "turn" } };
    }
    let batches = given.batches ?? [planBatch(objects.map(({ key }) => key))];
    const failures = [...(given.failures ?? [])];
    const keep = (task: Task, noted: Partial<LoadWork> = {}): Told<LoadWork> => ({
      ...task,
      work: { table: name, objects, batches, ...noted, ...(failures.length === 0 ? {} : { failures }) },
    });
    const begun = given.batches !== undefined;
    let heard: Doing | undefined = begun ? hear(table, given, answer) : undefined;
    for (;;) {
      const batch = batches[0];
      if (batch === undefined) break;
      if (batch.state === "done" || batch.state === "stopped") {
        if (batch.state === "stopped") failures.push(batch.reason ?? "It has stopped.");
        batches = batches.slice(1);
        continue;
      }
      const doing = heard ?? (await perform(table, batch, objects));
      heard = undefined;
      if ("task" in doing) return keep(doing.task, doing.noted);
      const { event } = doing;
      if (event.kind === "divided") batches = [batch, ...halvesOf(batch), ...batches.slice(1)];
      if (event.kind === "quarantined") options.onQuarantined?.(name, batch.keys[0] ?? "", batch.reason ?? "");
      if ("reason" in event) options.onTrouble?.(name, event);
      batches = [nextBatch(batch, event), ...batches.slice(1)];
    }
    await options.turns.release(name, execution);
    return keep(failures.length === 0 ? { do: "done" } : { do: "failed", reason: failures.join("; ").slice(0, 4000) });
  };

  /** What a state asks for. */
  async function perform(table: TableModel, batch: Batch, objects: readonly NewObject[]): Promise<Doing> {
    switch (batch.state) {
      case "plan":
        return { event: { kind: "begun" } };
      case "copy":
        return await copy(table, objectsOf(table, batch, objects));
      case "verify":
        return { event: { kind: "verified" } };
      case "resolve":
        return {
          task: { do: "ask", sql: ledgerSql(place, table.name, batch.keys), token: newId() },
          noted: { asked: "ledger" },
        };
      case "retry": {
        if (batch.attempt > ATTEMPTS_MAX) {
          return { event: { kind: "fatal", reason: `Given up after ${ATTEMPTS_MAX} tries: ${batch.reason ?? ""}` } };
        }
        const seconds = Math.max(1, Math.round(waitMs(BACKOFF, batch.attempt, options.random) / 1000));
        return { task: { do: "wait", seconds }, noted: { asked: "wait" } };
      }
      case "bisect":
        return { event: { kind: "divided" } };
      case "quarantine": {
        const [object] = objectsOf(table, batch, objects);
        if (object === undefined) return { event: { kind: "quarantined" } };
        const steps = quarantineSteps(place, table.name, object, batch.reason ?? "It could not be loaded.");
        return transaction(steps, 0, "quarantine");
      }
      case "done":
      case "stopped":
        return { event: { kind: "fatal", reason: `There is nothing to do in the state ${batch.state}.` } };
    }
  }

  function transaction(
    steps: readonly { readonly kind: StepKind; readonly sql: string }[],
    report: number,
    asked: "copy" | "quarantine",
  ): Doing {
    return {
      task: { do: "transaction", sqls: steps.map(({ sql }) => sql), token: newId(), report },
      noted: { asked, kinds: steps.map(({ kind }) => kind) },
    };
  }

  async function copy(table: TableModel, objects: readonly LoadObject[]): Promise<Doing> {
    try {
      const loadId = newId();
      const looked = await preflight(options.lake, table, objects, place);
      const sources = await Promise.all(
        planSources(table, looked, "checked").map(async (source, index) => {
          const key = `${options.manifestPrefix}${table.name}/${loadId}-${index + 1}.json`;
          await options.lake.put(key, Buffer.from(manifestText(options.bucket, source.objects)));
          return { ...source, manifestUrl: `s3://${options.bucket}/${key}` };
        }),
      );
      const steps = planLoad({
        table,
        target: table.name,
        place,
        loadId,
        iamRole: options.roleArn,
        sources,
        // Firehose may repeat a row.
        mode: "checked",
      });
      // Commit point: the COMMIT of this transaction, in the warehouse. Before: neither rows nor ledger entries. After: both.
      return transaction(steps, steps.length, "copy");
    } catch (error) {
      return { event: eventOf(error) };
    }
  }

  /** What an answer means to the batch that waits for it. */
  function hear(table: TableModel, work: LoadWork, answer: Answer): Doing | undefined {
    switch (work.asked) {
      case "copy":
        return hearCopy(table, work, answer);
      case "columns":
        return { event: hearColumns(table, work, answer) };
      case "ledger": {
        const rows = rowsOf(answer);
        if (rows === undefined) return { event: { kind: "failed", reason: troubleOf(answer) } };
        const entries = rows.map((row) => ledgerEntry(table.name, row)).filter(({ status }) => status === "loaded");
        return { event: { kind: "ledger", keys: entries.map(({ key }) => key) } };
      }
      case "wait":
        return { event: { kind: "waited" } };
      case "quarantine": {
        const done = answer.kind === "ended" && answer.described.Status === "FINISHED";
        return { event: done ? { kind: "quarantined" } : { kind: "failed", reason: troubleOf(answer) } };
      }
      default:
        return undefined;
    }
  }

  function hearCopy(table: TableModel, { kinds = [] }: LoadWork, answer: Answer): Doing {
    if (answer.kind !== "ended") return { event: { kind: "unknown", reason: troubleOf(answer) } };
    const { kind, reason, step } = readOutcome(answer.described, kinds);
    switch (kind) {
      case "committed": {
        // Without its report, the ledger says what was loaded.
        if (answer.records === undefined) return { event: { kind: "unknown", reason: "The load gave no report." } };
        const entries = valuesOf(answer.records).map((row) => ledgerEntry(table.name, row));
        options.onLoaded?.(table.name, entries);
        return { event: { kind: "reported", keys: entries.map(({ key }) => key) } };
      }
      case "refused":
        // By the rows, or because somebody altered the table: then no object is to blame.
        if (step !== undefined && kinds[step] === "rows") {
          return {
            task: { do: "ask", sql: describeSql(place, table.name), token: newId() },
            noted: { asked: "columns", refusal: reason },
          };
        }
        return { event: { kind: "refused", reason } };
      case "conflict":
      case "schema":
        return { event: { kind: "hindered", reason } };
      default:
        return { event: { kind: "unknown", reason } };
    }
  }

  function hearColumns(table: TableModel, { refusal = "" }: LoadWork, answer: Answer): BatchEvent {
    const rows = rowsOf(answer);
    if (rows === undefined) return { kind: "unknown", reason: troubleOf(answer) };
    try {
      const changes = tableChanges(table, table.name, columnsOf(rows) ?? [], place);
      const asItShould = changes.differences.length === 0 && changes.steps.length === 0 && changes.alone.length === 0;
      if (asItShould) return { kind: "refused", reason: refusal };
      return {
        kind: "hindered",
        reason: `Somebody altered the table "${table.name}": ${changes.differences.join("; ")}`,
      };
    } catch (error) {
      return { kind: "unknown", reason: messageOf(error) };
    }
  }
}

function objectsOf({ deliver }: TableModel, batch: Batch, objects: readonly NewObject[]): LoadObject[] {
  const sizes = new Map(objects.map(({ key, sizeBytes }) => [key, sizeBytes]));
  const letters = lettersPrefix({ deliver });
  return batch.keys.flatMap((key) => {
    const kind = key.startsWith(letters) ? "dead" : "rows";
    const sizeBytes = sizes.get(key);
    // Firehose counts neither flushes nor rows; what a Parquet object holds is read from its footer.
    return sizeBytes === undefined ? [] : [{ key, kind, flush: 0, schemaVersion: 1, rows: undefined, sizeBytes }];
  });
}
