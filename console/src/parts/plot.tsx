import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import type { PlotData, PlotSpec } from "./result-plot.ts";

const HEIGHT = 260;
/** Lines differ by their strokes as well as by colour. */
export const DASHES: readonly number[][] = [[], [6, 4], [2, 3], [10, 4, 2, 4]];
const WORD_CHARS_MAX = 16;

/** A picture of a result. What it says in words is its caller's business. */
export function Plot(props: {
  readonly title: string;
  readonly spec: PlotSpec;
  readonly data: PlotData | undefined;
}): JSX.Element {
  const { title, spec, data } = props;
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const words = useRef<readonly string[]>([]);
  const dark = useDark();
  const scale = data?.scale ?? "time";
  const shape = JSON.stringify([spec.kind, spec.x, spec.y, scale]);
  words.current = data?.words ?? [];

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const made = new uPlot(plotOptions(spec, element, scale, words), [[], ...spec.y.map(() => [])], element);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
    };
    // Colours are read when the plot is made, so a change of scheme makes another.
  }, [shape, dark]);
  useEffect(() => {
    if (data !== undefined) plot.current?.setData(data.columns as uPlot.AlignedData);
  }, [data, shape, dark]);

  const points = data?.columns[0]?.length ?? 0;
  return (
    <div
      ref={holder}
      class={points === 0 ? "plot none" : "plot"}
      role="img"
      aria-label={`${title}, ${points} points`}
    />
  );
}

function plotOptions(
  { kind, y }: PlotSpec,
  element: HTMLElement,
  scale: PlotData["scale"],
  words: { readonly current: readonly string[] },
): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour("--quiet"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line"), width: 1, size: 4 },
    font: `12px ${style.fontFamily}`,
  };
  const bottom: uPlot.Axis = { ...axis, space: 90, size: 34 };
  const labels = {
    time: { ...bottom, values: timeLabels },
    // Years have no thousands.
    number: { ...bottom, values: (_plot: uPlot, values: number[]) => values.map((value) => String(value)) },
    words: {
      ...bottom,
      values: (_plot: uPlot, places: number[]) =>
        places.map((place) => (words.current[place] ?? "").slice(0, WORD_CHARS_MAX)),
      incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
    },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    // Room for half of the last label, which stands under its place.
    padding: [null, 36, null, null],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: {
      x: {
        time: scale === "time",
        // Room for the first and the last bar.
        ...(scale === "words" || kind === "bar"
          ? {
              range: (plot, min, max) => {
                const beside = 0.6 * (scale === "words" ? 1 : meanStep(plot.data[0], min ?? 0, max ?? 0));
                return [(min ?? 0) - beside, (max ?? 0) + beside];
              },
            }
          : {}),
      },
      // The length of a bar is its value, so bars begin at zero.
      y:
        kind === "bar"
          ? { range: (_plot, min, max) => [Math.min(0, (min ?? 0) * 1.05), Math.max(0, (max ?? 0) * 1.05)] }
          : {},
    },
    axes: [
      labels[scale],
      {
        ...axis,
        size: 64,
        values: (_plot, values) => values.map((value) => value.toLocaleString("en-US", { maximumFractionDigits: 4 })),
      },
    ],
    series: [{}, ...y.map((label, index) => seriesOf(kind, label, index, colour(`--line-${index % DASHES.length}`)))],
  };
}

/** How far points of an axis of times are from one another; a lone one has a second to itself. */
function meanStep(points: ArrayLike<number>, min: number, max: number): number {
  return points.length < 2 || max === min ? 1 : (max - min) / (points.length - 1);
}

function seriesOf(kind: PlotSpec["kind"], label: string, index: number, stroke: string): uPlot.Series {
  if (kind === "bar") {
    return {
      label,
      stroke,
      fill: `${stroke}66`,
      width: 1.5,
      paths: uPlot.paths.bars!({ size: [0.7, 80] }),
      points: { show: false },
    };
  }
  if (kind === "scatter") {
    return { label, stroke, fill: stroke, width: 0, paths: () => null, points: { show: true, size: 4 + index * 2 } };
  }
  return { label, stroke, width: 1.75, dash: [...DASHES[index % DASHES.length]!], points: { show: false } };
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
    if (stepSeconds >= 60) return minute;
    const second = `${minute}:${pad(at.getSeconds())}`;
    return stepSeconds >= 1 ? second : `${second}.${String(at.getMilliseconds()).padStart(3, "0")}`;
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
