import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import type { ChartModel } from "../../../src/definition/model.ts";
import type { QueryResult } from "../../../src/warehouse/warehouse.ts";
import { ApiError, post } from "../api.ts";

const ASK_MS = 1000;
const ROWS_MAX = 5000;
const HEIGHT = 260;
/** Lines differ by their strokes as well as by colour. */
const DASHES: readonly number[][] = [[], [6, 4], [2, 3], [10, 4, 2, 4]];

interface ChartData {
  /** x, ascending, then each y. */
  readonly columns: readonly (number | null)[][];
  readonly isTime: boolean;
}

/** A chart of the definition: its SQL asked again every second, one question at a time, and not while the page is out of sight. */
export function Chart({ chart }: { chart: ChartModel }): JSX.Element {
  const holder = useRef<HTMLDivElement>(null);
  const [data, setData] = useState<ChartData>();
  const [failure, setFailure] = useState<string>();

  useEffect(() => {
    const leaving = new AbortController();
    let timer: number | undefined;
    const ask = async () => {
      if (!document.hidden) {
        try {
          const result = await post<QueryResult>(
            "query",
            { sql: chart.sql, rowsMax: ROWS_MAX, timeoutMs: 10_000 },
            leaving.signal,
          );
          setData(chartData(result, chart));
          setFailure(undefined);
        } catch (error) {
          if (leaving.signal.aborted) return;
          setFailure(error instanceof ApiError ? error.message : String(error));
        }
      }
      timer = window.setTimeout(ask, ASK_MS);
    };
    void ask();
    return () => {
      leaving.abort();
      window.clearTimeout(timer);
    };
  }, [chart]);
  usePlot(holder, chart, data);

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
              {name} <strong>{amount(newest[index])}</strong>
              {chart.unit !== undefined && <small> {chart.unit}</small>}
            </li>
          ))}
        </ul>
      </header>
      {failure !== undefined && (
        <p class="notice bad" role="alert">
          {failure}
        </p>
      )}
      {failure === undefined && rows === 0 && (
        <p class="quiet empty">No rows yet: the line begins with the first load.</p>
      )}
      <div
        ref={holder}
        class={rows === 0 ? "plot none" : "plot"}
        role="img"
        aria-label={`${chart.title}, ${rows} points`}
      />
    </section>
  );
}

function chartData(result: QueryResult, chart: ChartModel): ChartData {
  const indexOf = (name: string) => {
    const index = result.columns.findIndex((column) => column.name === name);
    if (index === -1) throw new ApiError(`The chart's SQL answers no column ${name}.`);
    return index;
  };
  const xIndex = indexOf(chart.x);
  const yIndexes = chart.y.map(indexOf);
  const isTime = result.rows.some((row) => typeof row[xIndex] === "string");
  const points = result.rows
    .map((row) => [xOf(row[xIndex]), ...yIndexes.map((index) => yOf(row[index]))] as const)
    .filter((point): point is readonly [number, ...(number | null)[]] => point[0] !== null)
    .sort((a, b) => a[0] - b[0]);
  return { columns: [0, ...yIndexes].map((_, column) => points.map((point) => point[column] ?? null)), isTime };
}

/** Seconds for times, as uPlot counts them. A time without a zone is UTC: that is what the warehouse keeps. */
function xOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return null;
  const zoned = /(Z|[+-]\d\d(:?\d\d)?)$/i.test(value) || !/\d:\d/.test(value) ? value : `${value}Z`;
  const parsed = Date.parse(zoned.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00"));
  return Number.isNaN(parsed) ? null : parsed / 1000;
}

function yOf(value: unknown): number | null {
  if (value === null || value === undefined || value === "") return null;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : null;
}

function amount(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  return value.toLocaleString("en-US", {
    maximumFractionDigits: 4,
    minimumFractionDigits: Number.isInteger(value) ? 0 : 2,
  });
}

function usePlot(
  holder: { readonly current: HTMLDivElement | null },
  chart: ChartModel,
  data: ChartData | undefined,
): void {
  const plot = useRef<uPlot | null>(null);
  const dark = useDark();
  const isTime = data?.isTime ?? true;

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const made = new uPlot(plotOptions(chart, element, isTime), [[], ...chart.y.map(() => [])], element);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
    };
    // Colours are read when the plot is made, so a change of scheme makes another.
  }, [chart, isTime, dark]);

  useEffect(() => {
    if (data !== undefined) plot.current?.setData(data.columns as uPlot.AlignedData);
  }, [data, dark]);
}

function plotOptions(chart: ChartModel, element: HTMLElement, isTime: boolean): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour("--quiet"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line"), width: 1, size: 4 },
    font: `12px ${style.fontFamily}`,
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: isTime } },
    axes: [
      isTime ? { ...axis, space: 90, size: 34, values: timeLabels } : { ...axis, space: 90, size: 34 },
      {
        ...axis,
        size: 64,
        values: (_plot, values) => values.map((value) => value.toLocaleString("en-US", { maximumFractionDigits: 4 })),
      },
    ],
    series: [
      {},
      ...chart.y.map((label, index) => ({
        label,
        stroke: colour(`--line-${index % DASHES.length}`),
        width: 1.75,
        dash: [...DASHES[index % DASHES.length]!],
        points: { show: false },
      })),
    ],
  };
}

/** As much of the time as tells two labels apart; a day is named where it begins. */
function timeLabels(_plot: uPlot, splits: number[], _axis: number, _space: number, stepSeconds: number): string[] {
  const pad = (value: number) => String(value).padStart(2, "0");
  return splits.map((seconds) => {
    const at = new Date(seconds * 1000);
    const day = `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
    if (stepSeconds >= 86_400) return day;
    const minute = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
    if (minute === "00:00" && at.getSeconds() === 0) return day;
    return stepSeconds >= 60 ? minute : `${minute}:${pad(at.getSeconds())}`;
  });
}

/** As the page is shown: by the system, or as somebody chose against it. */
function useDark(): boolean {
  const [query] = useState(() => matchMedia("(prefers-color-scheme: dark)"));
  const [dark, setDark] = useState(() => isDark(query));
  useEffect(() => {
    const onChange = () => setDark(isDark(query));
    query.addEventListener("change", onChange);
    const chosen = new MutationObserver(onChange);
    chosen.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      query.removeEventListener("change", onChange);
      chosen.disconnect();
    };
  }, [query]);
  return dark;
}

function isDark(query: MediaQueryList): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen === undefined ? query.matches : chosen === "dark";
}
