import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ModelAnswer } from "../../src/api/control/contract.ts";
import { get } from "./api.ts";
import { type Live, useLive } from "./live.ts";
import { DashboardPage } from "./pages/dashboard/page.tsx";
import { DeadLettersPage } from "./pages/dead-letters/page.tsx";
import { PipelinePage, type PipelinePageProps } from "./pages/pipeline/page.tsx";
import { TablesPage } from "./pages/tables/page.tsx";
import type { RecordName } from "./pages/trace/find-record.tsx";
import { TracePage } from "./pages/trace/page.tsx";
import { Navigation, type PageName } from "./shell/navigation.tsx";
import { type Route, useRoute } from "./shell/route.ts";
import { ThemeSwitch } from "./shell/theme.tsx";
import { bytes, clockTime, duration } from "./text.ts";

const PAGES: readonly PageName[] = [
  { path: "", name: "Pipeline", key: "p" },
  { path: "sql", name: "SQL", key: "s" },
  { path: "dashboard", name: "Dashboard", key: "b" },
  { path: "dead-letters", name: "Dead letters", key: "d" },
  { path: "trace", name: "Trace", key: "t" },
  { path: "tables", name: "Tables", key: "a" },
];

export function App(): JSX.Element {
  const live = useLive();
  const model = useModel(live.status?.startedAtMs);
  const { status, connected } = live;
  useEffect(() => {
    document.title = status === undefined ? "Penstock" : `${status.pipeline} · Penstock`;
  }, [status?.pipeline]);
  const route = useRoute();
  return (
    <>
      <Header live={live} />
      <Navigation pages={PAGES} current={route.page} />
      <main class={connected ? "" : "stale"}>
        {status === undefined ? (
          <p class="quiet waiting">{connected ? "" : "Waiting for the instance…"}</p>
        ) : (
          <Page route={route} status={status} model={model} live={live} />
        )}
      </main>
    </>
  );
}

function Page({ route, ...shown }: PipelinePageProps & { route: Route }): JSX.Element {
  const { status, model } = shown;
  switch (route.page) {
    case "":
      return <PipelinePage {...shown} />;
    case "sql":
      return <Later load={loadSqlPage} />;
    case "dashboard":
      return <DashboardPage model={model} />;
    case "dead-letters":
      return <DeadLettersPage status={status} model={model} />;
    case "trace":
      return <TracePage status={status} model={model} {...namedRecord(route)} />;
    case "tables":
      return (
        <TablesPage
          status={status}
          {...(route.parameters.table === undefined ? {} : { table: route.parameters.table })}
        />
      );
    default:
      return <p class="panel empty">There is no page “{route.page}”. The pages are named above.</p>;
  }
}

/** The editor is most of the console's code, and is fetched when it is wanted. */
const loadSqlPage = () => import("./pages/sql/page.tsx");

function Later({ load }: { load: () => Promise<{ default: () => JSX.Element }> }): JSX.Element {
  const [Loaded, setLoaded] = useState<{ page: () => JSX.Element }>();
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    load().then(
      ({ default: page }) => setLoaded({ page }),
      (error: unknown) => setFailure(`The page could not be loaded: ${String(error)}`),
    );
  }, [load]);
  if (failure !== undefined) return <p class="panel bad">{failure}</p>;
  return Loaded === undefined ? <p class="quiet waiting">Loading…</p> : <Loaded.page />;
}

function namedRecord({ parameters: { sequence, stream, shard } }: Route): { named?: RecordName } {
  if (sequence === undefined) return {};
  return {
    named: { sequence, ...(stream === undefined ? {} : { stream }), ...(shard === undefined ? {} : { shard }) },
  };
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
      <ThemeSwitch />
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
