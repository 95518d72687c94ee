/** The audit and the repair of a data directory that no process has: opens it as a start would, does its work, and gives it up again. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import type { AuditProgress, AuditReport, TraceReport } from "../api/control/contract.js";
import { type AuditSources, audit } from "../audit/audit.js";
import { trace } from "../audit/trace.js";
import { PenstockError } from "../core/errors.js";
import { MIB } from "../core/limits.js";
import type { PipelineModel, TableModel } from "../definition/model.js";
import { flushReader } from "../delivery/flush-reading.js";
import { repairFlushLog, repairJournal, type StreamRepair, type TableRepair } from "./repair.js";
import { closeAll, openStores, type Stores, sqlOn } from "./stores.js";

export interface OfflineAudit {
  audit(onProgress?: (progress: AuditProgress) => void): Promise<AuditReport>;
  trace(
    sequence: string,
    where?: { readonly stream?: string; readonly shardId?: string },
  ): Promise<TraceReport | undefined>;
  repair(choice: RepairChoice): Promise<RepairReport>;
}

export interface RepairChoice {
  /** All of the definition, where it names none. */
  readonly tables: readonly string[];
  readonly dryRun: boolean;
  /** Gives up the records that are damaged in the journal and in no table yet. */
  readonly acceptLoss: boolean;
}

export interface RepairReport {
  readonly tables: readonly TableRepair[];
  /** The tables' streams. */
  readonly streams: readonly StreamRepair[];
}

const MEMORY_BYTES_MAX = 256 * MIB;
const SPILL_BYTES_MAX = 4096 * MIB;

/** `path`, or the `.penstock` in it; undefined where neither is a data directory. */
export function findDataDirectory(path: string): string | undefined {
  return [path, join(path, ".penstock")].find((candidate) => existsSync(join(candidate, "format.json")));
}

/**
 * Holds the directory's lock while `work` runs: `locked` names the process that has it. Recovery is that of a start (a torn tail, of which
 * nothing was acknowledged, is cut); nothing is delivered and nothing loaded, so what a crash left behind is counted as pending.
 */
export async function withDataDirectory<T>(
  path: string,
  log: Logger,
  work: (offline: OfflineAudit) => Promise<T>,
): Promise<T> {
  const closers: (() => Promise<void> | void)[] = [];
  try {
    const stores = await openStores({
      config: { dataDirectory: path, spillBytesMax: SPILL_BYTES_MAX },
      memory: { warehouse: MEMORY_BYTES_MAX, conversion: MEMORY_BYTES_MAX },
      threads: availableParallelism(),
      log,
      closers,
      onPoison: (error) => log.error({ err: error }, "the journal failed"),
      check: (versions) => {
        if (versions.latest() !== undefined) return;
        throw new PenstockError("not-found", `No pipeline has run in ${path} yet: it holds no definition.`, {
          hint: "Start one with `penstock up <definition or folder>`.",
        });
      },
    });
    const { model } = stores.versions.latest()!;
    const sources = sourcesOf(stores, model);
    return await work({
      audit: (onProgress) => audit(onProgress === undefined ? sources : { ...sources, onProgress }),
      trace: (sequence, where) => trace(sources, sequence, where),
      repair: async ({ tables: names, dryRun, acceptLoss }) => {
        const chosen = tablesOf(model, names);
        const tables: TableRepair[] = [];
        for (const table of chosen) tables.push(await repairFlushLog(stores, table, dryRun));
        // How far a table has come must be known before anything of its streams is given up.
        if (tables.some(({ state }) => state === "damaged")) return { tables, streams: [] };
        const streams: StreamRepair[] = [];
        for (const name of new Set(chosen.flatMap(({ sources }) => sources))) {
          const repair = await repairJournal(stores, model, name, acceptLoss && !dryRun);
          if (repair !== undefined) streams.push(repair);
        }
        return { tables, streams };
      },
    });
  } finally {
    await closeAll(closers);
  }
}

/** By the newest definition that was stored: the one in force when the directory was last used. */
function sourcesOf({ disk, clock, directories, store, lake, warehouse, engine }: Stores, model: PipelineModel) {
  const sources: AuditSources = {
    model,
    store,
    flushes: (table) => flushReader(disk, join(directories.delivery, table)),
    lake,
    sql: sqlOn(engine),
    warehouse,
    nowMs: clock.now(),
  };
  return sources;
}

function tablesOf({ tables }: PipelineModel, names: readonly string[]): readonly TableModel[] {
  for (const name of names) {
    if (tables.some((table) => table.name === name)) continue;
    throw new PenstockError("not-found", `There is no table ${JSON.stringify(name)} in the stored definition.`, {
      hint: `Tables: ${tables.map((table) => table.name).join(", ")}.`,
    });
  }
  return names.length === 0 ? tables : tables.filter(({ name }) => names.includes(name));
}
