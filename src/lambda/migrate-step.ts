/**
 * The warehouse's tables as the definition says, at a deployment: what `penstock up` does before it starts, with the same rules (src/definition/version.ts and
 * warehouse/redshift/ddl.ts). Everything is compared before anything is touched.
 *
 *     compare the definition with the one that was applied last -> each table: how does it stand? -> (refused: nothing was changed)
 *       -> each table: make what is not there, add what it lacks -> each other table: what its dead letters need
 *       -> each statement of the other ways to load -> keys and encodings that are others now -> remember the definition
 *
 * CloudFormation goes back to what was there when a deployment fails, and calls with the earlier definition then. That must not fail, and nothing has to be
 * done for it: columns that were added are at the end, and may stay.
 */
import type { PipelineModel, TableModel } from "../definition/model.js";
import { type Change, compareModels } from "../definition/version.js";
import { columnsOf, type TableChanges } from "../warehouse/redshift/ddl.js";
import {
  describeSql,
  keyChanges,
  prepareOwnSteps,
  prepareSteps,
  type RedshiftPlace,
  tableChanges,
} from "../warehouse/redshift/statements.js";
import { landingModel, landingTable, type ModeStatement } from "./load-mode-ddl.js";
import { type Answer, type Call, rowsOf, type Task, type Told, troubleOf } from "./supervised.js";

/** What CloudFormation asks a custom resource. */
export interface CloudFormationRequest {
  readonly RequestType: "Create" | "Update" | "Delete";
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
  /** `Definition` is the digest of the one that is asked for. */
  readonly ResourceProperties?: { readonly Definition?: string };
}

export interface MigrateInput {
  readonly request: CloudFormationRequest;
}

type Phase = "check" | "prepare" | "describe" | "alone" | "own" | "unless" | "mode";

export interface MigrateWork extends MigrateInput {
  readonly phase?: Phase;
  /** Of the table, of what it is loaded into, or of the statement of a way to load or of a key. */
  readonly index?: number;
  readonly differences?: readonly string[];
  /** Statements by themselves that this table still needs. */
  readonly alone?: readonly string[];
  readonly attempt?: number;
  /** A wait is over, and the same is tried again. */
  readonly waits?: boolean;
}

export interface MigrateStepOptions {
  readonly model: PipelineModel;
  readonly place: RedshiftPlace;
  /** Of the tables that Redshift loads by itself, or reads in place. */
  readonly modes: readonly ModeStatement[];
  readonly newId: () => string;
  /** The definition that was applied last. */
  readonly read: () => Promise<PipelineModel | undefined>;
  readonly write: (model: PipelineModel) => Promise<void>;
  /** `reason` where it failed. */
  readonly respond: (request: CloudFormationRequest, reason?: string) => Promise<void>;
}

/** A warehouse that sleeps takes its time. */
const TRIES_MAX = 10;
const WAIT_SECONDS = 10;
/** CloudFormation's own limit on a response is 4 KB. */
const REASON_CHARACTERS = 2_000;

export function migrateStep(options: MigrateStepOptions): (call: Call<MigrateWork>) => Promise<Told<MigrateWork>> {
  const { model, place, modes, newId } = options;
  const tables = model.tables.filter(({ load }) => load === undefined);
  const lettersOf = model.tables.filter(({ load }) => load !== undefined).flatMap(letterTargets);

  return async ({ work, answer }) => {
    const { request } = work;
    const applied = await options.read();
    const statements = [...modes, ...(applied === undefined ? [] : keyStatements(applied, model, place))];
    const fail = async (reason: string): Promise<Told<MigrateWork>> => {
      await options.respond(request, reason.slice(0, REASON_CHARACTERS));
      return { do: "failed", reason, work: { request } };
    };
    if (answer.kind === "broken") return await fail(`The migration broke off: ${troubleOf(answer)}`);
    if (work.phase === undefined) {
      const found = applied === undefined ? [] : incompatible(applied, model);
      if (applied !== undefined && found.length > 0) {
        if (incompatible(model, applied).length > 0) return await fail(refusalText(found));
        // The way back to a definition from which the applied one followed.
        await options.respond(request);
        return { do: "done", work: { request } };
      }
      return await next({ request, phase: "check", index: 0 });
    }
    if (work.waits === true) {
      const { waits: _, ...again } = work;
      return await next(again);
    }
    const heard = hear(work, answer);
    if ("trouble" in heard) {
      const attempt = (work.attempt ?? 0) + 1;
      // Each may be run again, whatever became of it.
      if (attempt > TRIES_MAX) return await fail(heard.trouble);
      return { do: "wait", seconds: WAIT_SECONDS, work: { ...work, attempt, waits: true } };
    }
    return await next({ request, differences: work.differences ?? [], ...heard.work });

    /** Passes over what needs nothing, up to the next task. */
    async function next(from: MigrateWork): Promise<Told<MigrateWork>> {
      let at = from;
      for (;;) {
        const { phase, index = 0 } = at;
        if (phase === "check" && index >= tables.length) {
          if ((at.differences ?? []).length > 0) {
            return await fail(
              `The warehouse is not what the definition says: ${at.differences?.join("; ")}. Nothing was changed. Undo that part of the definition, or define the table under a new name.`,
            );
          }
          at = { request, phase: "prepare", index: 0 };
        } else if (phase === "prepare" && index >= tables.length) at = { request, phase: "own", index: 0 };
        else if (phase === "own" && index >= lettersOf.length) at = { request, phase: "unless", index: 0 };
        else if (phase === "alone" && (at.alone ?? []).length === 0)
          at = { request, phase: "prepare", index: index + 1 };
        else if (phase === "unless" && index >= statements.length) {
          // Commit point: before it the next deployment does all of this again, which changes nothing; after it this is the definition it compares with.
          await options.write(model);
          await options.respond(request);
          return { do: "done", work: { request } };
        } else if (phase === "unless" && statements[index]?.unless === undefined) at = { ...at, phase: "mode" };
        else return { ...taskOf(at, statements), work: at };
      }
    }
  };

  function taskOf({ phase, index = 0, alone = [] }: MigrateWork, statements: readonly ModeStatement[]): Task {
    const table = tables[index] as TableModel;
    const token = newId();
    switch (phase) {
      case "check":
      case "describe":
        return { do: "ask", sql: describeSql(place, table.name), token };
      case "prepare":
        return { do: "transaction", sqls: prepareSteps(table, place).map(({ sql }) => sql), token, report: 0 };
      case "alone":
        return { do: "statement", sql: alone[0] ?? "", token };
      case "own": {
        const sqls = prepareOwnSteps(lettersOf[index] ?? "", place).map(({ sql }) => sql);
        return { do: "transaction", sqls, token, report: 0 };
      }
      case "unless":
        return { do: "ask", sql: statements[index]?.unless ?? "", token };
      default:
        return { do: "statement", sql: statements[index]?.sql ?? "", token };
    }
  }

  function changesOf(table: TableModel, rows: readonly (readonly unknown[])[]): TableChanges | undefined {
    const present = columnsOf(rows);
    return present === undefined ? undefined : tableChanges(table, table.name, present, place);
  }

  type Heard = { readonly work: Partial<MigrateWork> } | { readonly trouble: string };

  function hear(work: MigrateWork, answer: Answer): Heard {
    const { phase, index = 0, alone = [], differences = [] } = work;
    const table = tables[index] as TableModel;
    const rows = rowsOf(answer);
    const trouble = (): Heard => ({ trouble: `${phase}: ${troubleOf(answer)}` });
    switch (phase) {
      case "check": {
        if (rows === undefined) return trouble();
        const found = (changesOf(table, rows)?.differences ?? []).map((one) => `in "${table.name}", ${one}`);
        return { work: { phase, index: index + 1, differences: [...differences, ...found] } };
      }
      case "describe": {
        if (rows === undefined) return trouble();
        const changes = changesOf(table, rows);
        const all = [...(changes?.steps ?? []), ...(changes?.alone ?? [])].map(({ sql }) => sql);
        return { work: { phase: "alone", index, alone: all } };
      }
      case "prepare":
        return hasEnded(answer) ? { work: { phase: "describe", index } } : trouble();
      case "alone":
        return hasEnded(answer) ? { work: { phase, index, alone: alone.slice(1) } } : trouble();
      case "own":
        return hasEnded(answer) ? { work: { phase, index: index + 1 } } : trouble();
      case "unless":
        if (rows === undefined) return trouble();
        return Number(rows[0]?.[0] ?? 0) === 0
          ? { work: { phase: "mode", index } }
          : { work: { phase: "unless", index: index + 1 } };
      default:
        return hasEnded(answer) ? { work: { phase: "unless", index: index + 1 } } : trouble();
    }
  }
}

/** What loads of the loader's own may go into: letters by the table's name, redriven rows into what the table is loaded into. */
function letterTargets(table: TableModel): string[] {
  return [table.name, ...(table.load === "auto-copy" ? [landingTable(table)] : [])];
}

/** Keys and encodings that the definition names differently from the one that was applied last, where the rows are. */
function keyStatements(applied: PipelineModel, model: PipelineModel, place: RedshiftPlace): readonly ModeStatement[] {
  return model.tables.flatMap((is) => {
    const was = applied.tables.find(({ name }) => name === is.name);
    if (was === undefined || is.load === "streaming" || is.load === "external") return [];
    if (is.load === undefined) return keyChanges(was, is, place.tables, is.name);
    return keyChanges(landingModel(was), landingModel(is), place.schema, landingTable(is));
  });
}

function hasEnded(answer: Answer): boolean {
  return answer.kind === "ended" && answer.described.Status === "FINISHED";
}

function incompatible(earlier: PipelineModel, later: PipelineModel): Change[] {
  return compareModels(earlier, later).filter(({ kind }) => kind === "incompatible");
}

function refusalText(found: readonly Change[]): string {
  const told = found.map(
    ({ path, before = "none", after = "none", advice = "" }) => `${path}: ${before} -> ${after}. ${advice}`,
  );
  return `The definition cannot follow the one that is deployed. ${told.join(" ")}`;
}
