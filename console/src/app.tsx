import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ModelAnswer } from "../../src/api/control/contract.ts";
import { get } from "./api.ts";
import { Audit } from "./audit.tsx";
import { Chart } from "./chart.tsx";
import { DeadLetters } from "./dead-letters.tsx";
import { Flow } from "./flow.tsx";
import { type Live, useLive } from "./live.ts";
import { NewestLoads, NewestObjects } from "./newest.tsx";
import { bytes, clockTime, duration } from "./text.ts";

export function App(): JSX.Element {
  const live = useLive();
  const model = useModel(live.status?.startedAtMs);
  const { status, connected, rates } = live;
  useEffect(() => {
    document.title = status === undefined ? "Penstock" : `${status.pipeline} · Penstock`;
  }, [status?.pipeline]);
  return (
    <>
      <Header live={live} />
      <main class={connected ? "" : "stale"}>
        {status === undefined ? (
          <p class="quiet waiting">{connected ? "" : "Waiting for the instance…"}</p>
        ) : (
          <>
            <Flow status={status} rates={rates} />
            <Audit status={status} connected={connected} />
            {model?.charts.map((chart) => (
              <Chart key={chart.title} chart={chart} />
            ))}
            <div class="panels">
              <NewestObjects status={status} />
              <NewestLoads status={status} />
              <DeadLetters status={status} />
            </div>
          </>
        )}
      </main>
    </>
  );
}

function Header({ live: { status, connected } }: { live: Live }): JSX.Element {
  return (
    <header class="top">
      <h1>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="7" />
          <path d="M7 8h7a4 4 0 0 1 4 4v8a4 4 0 0 0 4 4h3" />
        </svg>
        {status?.pipeline ?? "Penstock"}
      </h1>
      <p class={`connection ${connected ? "ok" : "bad"}`} role="status">
        {connected
          ? "● live"
          : status === undefined
            ? "○ connecting"
            : `■ not connected; this is how it was at ${clockTime(status.atMs)}. Trying again…`}
      </p>
      {status !== undefined && (
        <p class="about quiet">
          <span>
            AWS endpoint <code>{status.addresses.aws}</code>
          </span>
          <span>up {duration(status.atMs - status.startedAtMs)}</span>
          <span>{bytes(status.memoryBytes)} of memory</span>
          <span>Penstock {status.version}</span>
        </p>
      )}
    </header>
  );
}

/** The definition changes only when the instance is started again, which its start time tells. */
function useModel(startedAtMs: number | undefined): ModelAnswer | undefined {
  const [model, setModel] = useState<ModelAnswer>();
  useEffect(() => {
    if (startedAtMs === undefined) return;
    const leaving = new AbortController();
    get<ModelAnswer>("model", leaving.signal).then(setModel, () => {});
    return () => leaving.abort();
  }, [startedAtMs]);
  return model;
}
