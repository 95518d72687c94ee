/** The audit of a data directory that no process has: opens it as a start would, counts or traces, and gives it up again. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import type { AuditReport, TraceReport } from "../api/control/contract.js";
import { type AuditSources, audit } from "../audit/audit.js";
import { trace } from "../audit/trace.js";
import { PenstockError } from "../core/errors.js";
import { MIB } from "../core/limits.js";
import type { FlushResult } from "../delivery/flush.js";
import { openFlushLog } from "../delivery/flush-log.js";
import { closeAll, openStores, type Stores, sqlOn } from "./stores.js";

export interface OfflineAudit {
  audit(): Promise<AuditReport>;
  trace(sequence: string, stream?: string): Promise<TraceReport | undefined>;
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
    const sources = await sourcesOf(stores);
    return await work({
      audit: () => audit(sources),
      trace: (sequence, stream) => trace(sources, sequence, stream === undefined ? {} : { stream }),
    });
  } finally {
    await closeAll(closers);
  }
}

/** By the newest definition that was stored: the one in force when the directory was last used. */
async function sourcesOf({ disk, clock, directories, versions, store, lake, warehouse, engine }: Stores) {
  const { model } = versions.latest()!;
  const results = new Map<string, FlushResult[]>();
  for (const table of model.tables) {
    const flushes = await openFlushLog(disk, join(directories.delivery, table.name));
    try {
      const found: FlushResult[] = [];
      for await (const result of flushes.results()) found.push(result);
      results.set(table.name, found);
    } finally {
      await flushes.close();
    }
  }
  const sources: AuditSources = {
    model,
    store,
    results: async (table) => results.get(table) ?? [],
    lake,
    sql: sqlOn(engine),
    warehouse,
    nowMs: clock.now(),
  };
  return sources;
}
