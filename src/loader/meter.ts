import type { LoadStatus } from "../api/control/contract.js";
import type { Clock } from "../core/clock.js";
import type { LakeObject } from "../delivery/flush.js";
import type { LedgerEntry, LedgerSummary, LoadReport } from "../warehouse/warehouse.js";

/** What the status page shows of a table's loads: since the table was made, not since the process began. */
export interface LoadMeter {
  loaded(report: LoadReport): void;
  quarantined(object: LakeObject, reason: string): void;
  state(): {
    readonly rowsLoaded: number;
    readonly rowsDeduped: number;
    readonly deadLetters: number;
    readonly objectsQuarantined: number;
    readonly loads: readonly LoadStatus[];
    readonly freshnessMs: number | undefined;
    readonly rowsPerSecond: number;
  };
}

/** The span over which rows a second are counted. */
const RATE_MS = 10_000;

export function loadMeter(clock: Clock, summary: LedgerSummary, newestMax: number): LoadMeter {
  // A row that a later one replaced is deduplicated, not loaded: each row is counted once.
  let rowsLoaded = summary.loadedRows - summary.replacedRows;
  let rowsDeduped = summary.dedupedRows + summary.replacedRows;
  let deadLetters = summary.deadLetters;
  let loads = summary.newest.map(statusOf);
  let freshnessMs: number | undefined;
  const inQuarantine = new Set(summary.quarantined.map(({ key }) => key));
  let recent: { readonly atMs: number; readonly rows: number }[] = [];

  const show = (status: LoadStatus) => {
    loads = [status, ...loads.filter(({ key }) => key !== status.key)].slice(0, newestMax);
  };

  return {
    loaded: (report) => {
      let rows = 0;
      for (const entry of report.loaded) {
        if (entry.kind === "dead") deadLetters += entry.loadedRows;
        else rows += entry.loadedRows - entry.replacedRows;
        rowsDeduped += entry.dedupedRows + entry.replacedRows;
        inQuarantine.delete(entry.key);
        show(statusOf(entry));
        if (entry.kind === "rows" && report.oldestArrivalMs !== undefined)
          freshnessMs = entry.loadedAtMs - report.oldestArrivalMs;
      }
      rowsLoaded += rows;
      recent = recent.filter(({ atMs }) => atMs > clock.monotonic() - RATE_MS);
      recent.push({ atMs: clock.monotonic(), rows });
    },
    quarantined: (object, reason) => {
      inQuarantine.add(object.key);
      show({
        key: object.key,
        status: "quarantined",
        rows: object.rows,
        dedupedRows: 0,
        loadedAtMs: clock.now(),
        tookMs: 0,
        reason,
      });
    },
    state: () => {
      const since = clock.monotonic() - RATE_MS;
      recent = recent.filter(({ atMs }) => atMs > since);
      const rows = recent.reduce((sum, load) => sum + load.rows, 0);
      return {
        rowsLoaded,
        rowsDeduped,
        deadLetters,
        objectsQuarantined: inQuarantine.size,
        loads,
        freshnessMs,
        rowsPerSecond: rows / (RATE_MS / 1000),
      };
    },
  };
}

function statusOf(entry: LedgerEntry): LoadStatus {
  const { key, status, rows, dedupedRows, loadedAtMs, tookMs, reason } = entry;
  return { key, status, rows, dedupedRows, loadedAtMs, tookMs, ...(reason === undefined ? {} : { reason }) };
}
