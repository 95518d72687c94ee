/** Refreshes the materialized views that are AUTO REFRESH YES after what they read has changed: one at a time, each as its owner. */
import type { Clock } from "../../core/clock.js";
import { quotedName } from "../sql-text.js";
import type { SqlEngine } from "./open.js";

export interface AutoRefreshOptions {
  readonly database: SqlEngine;
  readonly clock: Clock;
  readonly intervalMs?: number;
  onError(error: unknown, view: string): void;
}

const INTERVAL_MS = 2_000;
/** A view is computed whole each time: one that took a second rests for ten, so that refreshing never takes more than a tenth of the engine. */
const REST_TIMES = 10;
/** What failed will most likely fail again. */
const REST_MS_AFTER_FAILURE = 60_000;

export interface AutoRefresh {
  /** One look at all views; for tests, and for whoever will not wait. */
  runOnce(): Promise<void>;
  close(): Promise<void>;
}

export function startAutoRefresh(options: AutoRefreshOptions): AutoRefresh {
  const { database, clock, intervalMs = INTERVAL_MS } = options;
  const stop = new AbortController();
  /** By oid: not before this time, on the monotonic clock. */
  const restsUntil = new Map<number, number>();
  let turn: Promise<void> = Promise.resolve();

  async function look(): Promise<void> {
    for (const view of database.staleViews()) {
      if (stop.signal.aborted) return;
      const began = clock.monotonic();
      if (began < (restsUntil.get(view.oid) ?? 0)) continue;
      const name = `${quotedName(view.schema)}.${quotedName(view.name)}`;
      try {
        await refresh(name, view.owner);
        restsUntil.set(view.oid, clock.monotonic() + (clock.monotonic() - began) * REST_TIMES);
      } catch (error) {
        restsUntil.set(view.oid, clock.monotonic() + REST_MS_AFTER_FAILURE);
        if (!stop.signal.aborted) options.onError(error, name);
      }
    }
  }

  async function refresh(name: string, owner: string): Promise<void> {
    const session = await database.connect({ user: owner, database: database.name, applicationName: "auto refresh" });
    try {
      const [statement] = session.parse(`REFRESH MATERIALIZED VIEW ${name}`);
      await session.execute(await session.prepare(statement!));
    } finally {
      await session.close();
    }
  }

  const runOnce = () => {
    turn = turn.then(look, look);
    return turn;
  };

  async function watch(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await clock.sleep(intervalMs, stop.signal);
      } catch {
        return;
      }
      await runOnce();
    }
  }
  const watching = watch();

  return {
    runOnce,
    async close() {
      stop.abort(new Error("closing"));
      await watching;
      await turn;
    },
  };
}
