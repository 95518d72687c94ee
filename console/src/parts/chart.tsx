import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Pin } from "../../../src/api/control/contract.ts";
import type { ChartModel } from "../../../src/definition/model.ts";
import type { QueryResult } from "../../../src/warehouse/warehouse.ts";
import { ApiError, post } from "../api.ts";
import { DASHES, Plot } from "./plot.tsx";
import { type PlotData, plotData } from "./result-plot.ts";

const ASK_MS = 1000;
/** A question that takes long is asked so much less often. */
const PAUSE_FACTOR = 5;
const ROWS_MAX = 5000;

/**
 * A chart of the definition, or one that was pinned: its SQL asked again and again, one question at a time, and not while the page is out of sight.
 */
export function Chart({ chart, children }: { chart: ChartModel | Pin; children?: JSX.Element }): JSX.Element {
  const [data, setData] = useState<PlotData>();
  const [failure, setFailure] = useState<string>();
  const spec = { kind: "kind" in chart ? chart.kind : ("line" as const), x: chart.x, y: chart.y };

  useEffect(() => {
    const leaving = new AbortController();
    let timer: number | undefined;
    const ask = async () => {
      let pauseMs = ASK_MS;
      if (!document.hidden) {
        try {
          const result = await post<QueryResult>(
            "query",
            { sql: chart.sql, rowsMax: ROWS_MAX, timeoutMs: 10_000 },
            leaving.signal,
          );
          pauseMs = Math.max(ASK_MS, result.tookMs * PAUSE_FACTOR);
          setData(plotData(result, spec));
          setFailure(undefined);
        } catch (error) {
          if (leaving.signal.aborted) return;
          setFailure(error instanceof ApiError ? error.message : String(error));
        }
      }
      timer = window.setTimeout(ask, pauseMs);
    };
    void ask();
    return () => {
      leaving.abort();
      window.clearTimeout(timer);
    };
  }, [chart]);

  const rows = data?.columns[0]?.length ?? 0;
  const newest = chart.y.map((_, index) => data?.columns[index + 1]?.at(-1));
  return (
    <section class="panel chart" aria-label={chart.title}>
      <header>
        <h2>{chart.title}</h2>
        <ul class="legend">
          {chart.y.map((name, index) => (
            <li key={name}>
              <svg viewBox="0 0 22 8" aria-hidden="true" class={`legend-line line-${index % DASHES.length}`}>
                <line x1="0" y1="4" x2="22" y2="4" stroke-dasharray={DASHES[index % DASHES.length]!.join(" ")} />
              </svg>
              {name} {spec.kind === "line" && <strong>{amount(newest[index])}</strong>}
              {chart.unit !== undefined && <small> {chart.unit}</small>}
            </li>
          ))}
        </ul>
        {children}
      </header>
      {failure !== undefined && (
        <p class="notice bad" role="alert">
          {failure}
        </p>
      )}
      {failure === undefined && rows === 0 && (
        <p class="quiet empty">No rows yet: the line begins with the first load.</p>
      )}
      <Plot title={chart.title} spec={spec} data={data} />
    </section>
  );
}

function amount(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  return value.toLocaleString("en-US", {
    maximumFractionDigits: 4,
    minimumFractionDigits: Number.isInteger(value) ? 0 : 2,
  });
}
