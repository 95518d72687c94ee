/**
 * The warehouse port over Redshift's Data API. Rows go from the lake into the warehouse by COPY, never through this process; what is decided about them
 * is decided by SQL (load-plan.ts). Here is what SQL cannot do: look at footers, write manifests, follow a batch, and find out what became of one that
 * was lost from sight.
 */
import type { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import type { Clock } from "../../core/clock.js";
import { isPenstockError, PenstockError } from "../../core/errors.js";
import type { ObjectStore } from "../../lake/object-store.js";
import type { Warehouse } from "../warehouse.js";
import { applyTable, describeTable } from "./apply-table.js";
import { type Context, changeSurely } from "./context.js";
import { type DataApiTarget, dataApi } from "./data-api.js";
import { readDeadLetters } from "./dead-letters.js";
import {
  LEDGER_KEYS_MAX,
  ledgerEntry,
  ledgerSql,
  newestSql,
  quarantinedSql,
  quarantineSteps,
  sumsSql,
} from "./ledger-steps.js";
import { loadObjects } from "./load.js";
import type { RedshiftPlace, Step } from "./steps.js";

export interface RedshiftWarehouseOptions {
  /** Retries of its own are not needed: what may be tried again is, here, until the deadline. */
  readonly client: Pick<RedshiftDataClient, "send">;
  readonly target: DataApiTarget;
  readonly lake: ObjectStore;
  /** The lake's name in `s3://`. */
  readonly bucket: string;
  /** As COPY takes it: `default`, or a role's ARN. Default `default`. */
  readonly iamRole?: string;
  /** Default: the ledger in `penstock`, tables in `public`, rows numbered as the embedded journal does it. */
  readonly place?: Partial<RedshiftPlace>;
  /** Where manifests are written; not under what a table's objects or letters are. Default `loads/`. */
  readonly manifestPrefix?: string;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Never the same twice, up to 64 characters. */
  readonly newId: () => string;
  /** Between two tries of one request. Default 100 ms, doubling to 5 s. */
  readonly pauses?: { readonly firstMs: number; readonly maxMs: number };
}

const QUESTION_MS = 60_000;

export function openRedshiftWarehouse(options: RedshiftWarehouseOptions): Warehouse {
  const { clock, lake } = options;
  const place: RedshiftPlace = { schema: "penstock", tables: "public", sequence: "dense", ...options.place };
  const context: Context = {
    ...options,
    api: dataApi(options),
    place,
    iamRole: options.iamRole ?? "default",
    manifestPrefix: options.manifestPrefix ?? "loads/",
    limit: (ms = QUESTION_MS, signal) => ({
      untilMs: clock.monotonic() + ms,
      ...(signal === undefined ? {} : { signal }),
    }),
  };

  /** Of Penstock's own tables; a target that nobody has applied has none of them yet, and so no rows. */
  async function ownRows(sql: string): Promise<readonly (readonly unknown[])[]> {
    try {
      return (await context.api.query(sql, context.limit())).rows;
    } catch (error) {
      if (isPenstockError(error, "query-failed")) {
        if (/does not exist/i.test(error.message)) return [];
        throw new PenstockError("unavailable", `The ledger cannot be read: ${error.message}`, { cause: error });
      }
      throw error;
    }
  }

  async function lastRows(steps: readonly Step[]): Promise<readonly (readonly unknown[])[]> {
    const end = await context.api.transaction(steps, context.newId(), context.limit());
    if (end.kind !== "committed")
      throw new PenstockError("unavailable", `The warehouse does not answer: ${end.reason}`);
    return await end.rows();
  }

  return {
    applyTable: (table, { as = table.name } = {}) => applyTable(context, table, as),
    describeTable: (name) => describeTable(context, name),
    load: (request) => loadObjects(context, request),
    ledger: async (target, keys) => {
      const found = new Map<string, ReturnType<typeof ledgerEntry>>();
      for (let first = 0; first < keys.length; first += LEDGER_KEYS_MAX) {
        const rows = await ownRows(ledgerSql(place, target, keys.slice(first, first + LEDGER_KEYS_MAX)));
        for (const row of rows) found.set(String(row[0]), ledgerEntry(target, row));
      }
      return found;
    },
    quarantine: (target, object, reason) =>
      changeSurely(
        context,
        quarantineSteps(place, target, object, reason),
        `The object ${object.key} was not put into quarantine`,
      ),
    summary: async (target, newest) => {
      const [sums, entries, quarantined] = await Promise.all([
        ownRows(sumsSql(place, target)),
        newest === 0 ? [] : ownRows(newestSql(place, target, newest)),
        ownRows(quarantinedSql(place, target)),
      ]);
      const [loadedRows = 0, dedupedRows = 0, replacedRows = 0, deadLetters = 0] = (sums[0] ?? []).map(Number);
      return {
        loadedRows,
        dedupedRows,
        replacedRows,
        deadLetters,
        quarantined: quarantined.map((row) => ledgerEntry(target, row)),
        newest: entries.map((row) => ledgerEntry(target, row)),
      };
    },
    deadLetters: (choice) => readDeadLetters({ rows: ownRows, lastRows }, lake, place, choice),
    query: async (sql, { timeoutMs, rowsMax, signal } = {}) => {
      const startedAtMs = clock.monotonic();
      const { changed, ...found } = await context.api.query(sql, context.limit(timeoutMs, signal), rowsMax ?? ROWS_MAX);
      return { ...found, ...(changed === undefined ? {} : { changed }), tookMs: clock.monotonic() - startedAtMs };
    },
    // The client is its owner's to close.
    close: async () => undefined,
  };
}

/** Where the caller names no limit: enough for a page or a script, little enough for any memory. */
const ROWS_MAX = 100_000;
