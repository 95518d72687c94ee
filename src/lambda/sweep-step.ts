/**
 * The sweep: what the lake has and the ledger lacks is loaded, so that a lost event loses nothing. It goes round the lake's keys, so many objects each time,
 * and remembers where it stopped.
 *
 *     each table:  list a part of its keys -> ask the ledger of those that may be new -> start loads of what it has not
 *
 * Listing is cheap and asking is not: an object is asked about only until a whole round has found that everything as old as it is loaded. Objects in quarantine
 * are in the ledger, and stay where they are.
 */
import type { TableModel } from "../definition/model.js";
import type { ObjectInfo } from "../lake/object-store.js";
import { ledgerSql, type RedshiftPlace } from "../warehouse/redshift/statements.js";
import { lettersPrefix, tablePrefix } from "./folders.js";
import { type LoadExecution, planExecutions } from "./load-batch.js";
import type { NewObject } from "./load-step.js";
import { type Call, rowsOf, type Told, troubleOf } from "./supervised.js";

/** Where a round stands. */
export interface SweepState {
  /** Keys up to it were looked at in this round. */
  readonly after?: string;
  /** When the round began. */
  readonly beganMs: number;
  /** Everything last written before is loaded. */
  readonly sinceMs: number;
  /** When the oldest of the objects was written that this round has found missing. */
  readonly oldestMissingMs?: number;
}

export interface SweepWork {
  /** Of the tables that are left, each followed by its dead letters; the first is under way. None yet where all are. */
  readonly tables?: readonly string[];
  readonly questions?: number;
  readonly asked?: readonly (NewObject & { readonly modifiedMs: number })[];
  readonly state?: SweepState;
  /** Where the round stands when the objects that were asked for are settled; undefined at its end. */
  readonly next?: string;
}

export interface SweepStepOptions {
  readonly tables: readonly TableModel[];
  readonly place: RedshiftPlace;
  readonly now: () => number;
  readonly newId: () => string;
  readonly list: (
    prefix: string,
    options: { readonly after?: string; readonly limit: number },
  ) => Promise<ObjectInfo[]>;
  readonly read: (table: string) => Promise<SweepState | undefined>;
  readonly write: (table: string, state: SweepState) => Promise<void>;
  readonly start: (execution: LoadExecution) => Promise<void>;
  readonly onMissing?: (table: string, objects: readonly NewObject[]) => void;
  /** Bounds of one execution, for each table. */
  readonly listedMax?: number;
  readonly questionsMax?: number;
  /** An object this young is left to its event. */
  readonly graceMs?: number;
}

const LISTED_MAX = 5_000;
const QUESTIONS_MAX = 20;
const GRACE_MS = 15 * 60_000;
/** Keys in one question: the answer and the question both travel with the execution. */
const ASKED_MAX = 64;

/** Behind a table's name: its dead letters, a round of their own. No table's name has a slash. */
const LETTERS = "/errors";

/** Rows that the loader does not load are none of its business; dead letters are, of every table. */
function roundsOf({ name, load }: TableModel): string[] {
  return [...(load === undefined ? [name] : []), `${name}${LETTERS}`];
}

interface Swept {
  readonly name: string;
  readonly table: TableModel;
  readonly prefix: string;
}

export function sweepStep(options: SweepStepOptions): (call: Call<SweepWork>) => Promise<Told<SweepWork>> {
  const { place, now, newId } = options;
  const listedMax = options.listedMax ?? LISTED_MAX;
  const graceMs = options.graceMs ?? GRACE_MS;

  return async ({ work, answer, execution }) => {
    if (answer.kind === "broken") return { do: "failed", reason: troubleOf(answer), work };
    let { tables = options.tables.flatMap(roundsOf), questions = 0 } = work;
    if (work.asked !== undefined) {
      const rows = rowsOf(answer);
      if (rows === undefined) return { do: "failed", reason: `The ledger cannot be read: ${troubleOf(answer)}`, work };
      const done = await settle(work, new Set(rows.map((row) => String(row[0]))), execution);
      if (done || questions >= (options.questionsMax ?? QUESTIONS_MAX)) {
        tables = tables.slice(1);
        questions = 0;
      }
    }
    for (;;) {
      const swept = sweptOf(tables[0]);
      if (swept === undefined) return { do: "done", work: {} };
      const asking = await look(swept);
      if (asking !== undefined) {
        const sql = ledgerSql(
          place,
          swept.table.name,
          asking.asked.map(({ key }) => key),
        );
        return { do: "ask", sql, token: newId(), work: { tables, questions: questions + 1, ...asking } };
      }
      tables = tables.slice(1);
      questions = 0;
    }
  };

  /** The next objects to ask about; undefined where this part of the keys has none, and the round has gone on. */
  async function look({ name, prefix }: Swept) {
    const state = (await options.read(name)) ?? { beganMs: now(), sinceMs: 0 };
    const { after } = state;
    const listed = await options.list(prefix, {
      ...(after === undefined ? {} : { after }),
      limit: listedMax,
    });
    const asked: (NewObject & { modifiedMs: number })[] = [];
    let upTo = listed.length < listedMax ? undefined : listed.at(-1)?.key;
    for (const { key, sizeBytes, modifiedMs } of listed) {
      if (sizeBytes === 0 || modifiedMs < state.sinceMs || modifiedMs > now() - graceMs) continue;
      asked.push({ key, sizeBytes, modifiedMs });
      if (asked.length < ASKED_MAX) continue;
      upTo = key;
      break;
    }
    if (asked.length > 0) return { asked, state, ...(upTo === undefined ? {} : { next: upTo }) };
    await goOn(name, state, upTo);
    return undefined;
  }

  /** Whether the round is over. */
  async function settle(
    { tables = [], asked = [], state, next }: SweepWork,
    known: ReadonlySet<string>,
    execution: string,
  ) {
    const swept = sweptOf(tables[0]);
    if (swept === undefined || state === undefined) return true;
    const { table } = swept;
    const missing = asked.filter(({ key }) => !known.has(key));
    if (missing.length > 0) {
      options.onMissing?.(table.name, missing);
      for (const load of planExecutions([table], missing, execution)) await options.start(load);
    }
    const oldest = Math.min(state.oldestMissingMs ?? Number.POSITIVE_INFINITY, ...missing.map((one) => one.modifiedMs));
    // Commit point: the state's object. Before it the same objects are asked about again; a load that was started twice finds the ledger's entry.
    await goOn(swept.name, Number.isFinite(oldest) ? { ...state, oldestMissingMs: oldest } : state, next);
    return next === undefined;
  }

  function sweptOf(name: string | undefined): Swept | undefined {
    const letters = name?.endsWith(LETTERS) === true;
    const table = options.tables.find((one) => one.name === (letters ? name?.slice(0, -LETTERS.length) : name));
    if (name === undefined || table === undefined) return undefined;
    return { name, table, prefix: letters ? lettersPrefix(table) : tablePrefix(table) };
  }

  async function goOn(table: string, state: SweepState, upTo: string | undefined): Promise<void> {
    if (upTo !== undefined) return await options.write(table, { ...state, after: upTo });
    // Whatever was written while the round went on may lie before where it was then.
    const sinceMs = Math.max(
      state.sinceMs,
      Math.min(state.beganMs - 2 * graceMs, state.oldestMissingMs ?? Number.POSITIVE_INFINITY),
    );
    await options.write(table, { beganMs: now(), sinceMs });
  }
}
