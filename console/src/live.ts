import { useEffect, useState } from "preact/hooks";
import type { PipelineStatus } from "../../src/api/control/contract.ts";

export interface Live {
  /** The newest status; kept when the connection is gone, so that the page still says how it was. */
  readonly status: PipelineStatus | undefined;
  readonly connected: boolean;
  /** The last minute of each stream's and each table's rate, oldest first, by `stream:<name>` and `table:<name>`. */
  readonly rates: ReadonlyMap<string, readonly number[]>;
}

const RATES_KEPT = 60;
const AGAIN_MS = 2000;
/** Events come once a second; so long without one, nobody is there, whatever the socket says. */
const SILENT_MS = 5000;

/** Follows the instance's status for as long as the page is open, and connects again by itself. */
export function useLive(): Live {
  const [live, setLive] = useState<Live>({ status: undefined, connected: false, rates: new Map() });

  useEffect(() => {
    let source: EventSource | undefined;
    let silence: number | undefined;
    let again: number | undefined;
    const lost = () => setLive((before) => (before.connected ? { ...before, connected: false } : before));
    const open = () => {
      source?.close();
      source = new EventSource("/api/events");
      source.addEventListener("status", (event) => {
        const status = JSON.parse(event.data) as PipelineStatus;
        window.clearTimeout(silence);
        silence = window.setTimeout(lose, SILENT_MS);
        setLive((before) => ({ status, connected: true, rates: withRates(before.rates, status) }));
      });
      source.onerror = lose;
    };
    const lose = () => {
      lost();
      // The browser tries again by itself after a broken connection, and not after a refusal: so the page does both.
      window.clearTimeout(again);
      again = window.setTimeout(open, AGAIN_MS);
    };
    open();
    return () => {
      window.clearTimeout(silence);
      window.clearTimeout(again);
      source?.close();
    };
  }, []);
  return live;
}

function withRates(before: Live["rates"], status: PipelineStatus): Live["rates"] {
  const now = new Map<string, number>();
  for (const stream of status.streams) now.set(`stream:${stream.name}`, stream.recordsPerSecond);
  for (const table of status.tables) now.set(`table:${table.name}`, table.rowsPerSecond);
  return new Map([...now].map(([name, value]) => [name, [...(before.get(name) ?? []), value].slice(-RATES_KEPT)]));
}
