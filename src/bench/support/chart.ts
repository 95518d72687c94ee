/** Charts as SVG that stand by themselves, in light and in dark, and say their figures in words besides. */

export type Chart = BarChart | LineChart;

export interface BarChart {
  readonly kind: "bars";
  readonly title: string;
  readonly unit: string;
  readonly series: readonly string[];
  /** A value a series; undefined where there is none. */
  readonly groups: readonly { readonly label: string; readonly values: readonly (number | undefined)[] }[];
  /** Where the values are far apart. */
  readonly logarithmic?: boolean;
}

export interface LineChart {
  readonly kind: "lines";
  readonly title: string;
  readonly unit: string;
  readonly xUnit: string;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly { readonly x: number; readonly y: number }[];
  }[];
}

const WIDTH = 760;
const LABELS = 230;
const VALUES = 90;
const BAR = 15;
const GAP = 12;
const HEAD = 58;
const PLOT_HEIGHT = 260;
/** Of Okabe and Ito, told apart without seeing red and green. */
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"];

export function chartSvg(chart: Chart): string {
  return chart.kind === "bars" ? barSvg(chart) : lineSvg(chart);
}

function barSvg({ title, unit, series, groups, logarithmic = false }: BarChart): string {
  const values = groups.flatMap((group) => group.values.filter((value) => value !== undefined));
  const most = Math.max(...values, Number.MIN_VALUE);
  const least = Math.min(...values.filter((value) => value > 0), most);
  // A decade below the least one, so that it has a bar too.
  const floor = least / 10;
  const share = (value: number) => (logarithmic ? Math.log(value / floor) / Math.log(most / floor) : value / most);
  const groupHeight = series.length * BAR + GAP;
  const parts = groups.flatMap(({ label, values: own }, at) => {
    const top = HEAD + at * groupHeight;
    const middle = top + (series.length * BAR) / 2 + 4;
    const bars = own.map((value, index) => {
      if (value === undefined) return "";
      const length = Math.max(1, share(value) * (WIDTH - LABELS - VALUES));
      const y = top + index * BAR;
      return (
        `<rect x="${LABELS}" y="${y}" width="${length.toFixed(1)}" height="${BAR - 3}" fill="${COLOURS[index % COLOURS.length]}"><title>${escaped(`${label}, ${series[index]}: ${shown(value)} ${unit}`)}</title></rect>` +
        `<text x="${(LABELS + length + 6).toFixed(1)}" y="${y + BAR - 5}">${shown(value)}</text>`
      );
    });
    return [`<text x="${LABELS - 8}" y="${middle}" text-anchor="end">${escaped(label)}</text>`, ...bars];
  });
  const scale = logarithmic ? `${unit}, logarithmic` : unit;
  return svg(HEAD + groups.length * groupHeight + 4, title, scale, series, parts);
}

function lineSvg({ title, unit, xUnit, series }: LineChart): string {
  const points = series.flatMap((one) => one.points);
  const xs = points.map(({ x }) => x);
  const [from, to] = [Math.min(...xs), Math.max(...xs)];
  const most = Math.max(...points.map(({ y }) => y), Number.MIN_VALUE);
  const left = 70;
  const right = WIDTH - 30;
  const px = (x: number) => left + ((x - from) / (to - from || 1)) * (right - left);
  const py = (y: number) => HEAD + PLOT_HEIGHT - (y / most) * PLOT_HEIGHT;
  const grid = [0, 0.25, 0.5, 0.75, 1].map((part) => {
    const y = py(most * part);
    return `<line x1="${left}" x2="${right}" y1="${y}" y2="${y}" class="grid"/><text x="${left - 6}" y="${y + 4}" text-anchor="end">${shown(most * part)}</text>`;
  });
  const ticks = [...new Set(xs)].map(
    (x) =>
      `<text x="${px(x).toFixed(1)}" y="${HEAD + PLOT_HEIGHT + 18}" text-anchor="middle">${escaped(shown(x))}</text>`,
  );
  const lines = series.map(({ name, points: own }, index) => {
    const colour = COLOURS[index % COLOURS.length];
    const path = own.map(({ x, y }) => `${px(x).toFixed(1)},${py(y).toFixed(1)}`).join(" ");
    const dots = own.map(
      ({ x, y }) =>
        `<circle cx="${px(x).toFixed(1)}" cy="${py(y).toFixed(1)}" r="3.5" fill="${colour}"><title>${escaped(`${name}: ${shown(x)} ${xUnit}, ${shown(y)} ${unit}`)}</title></circle>`,
    );
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join("")}`;
  });
  const names = series.map(({ name }) => name);
  return svg(HEAD + PLOT_HEIGHT + 28, title, `${unit} by ${xUnit}`, names, [...grid, ...ticks, ...lines]);
}

function svg(height: number, title: string, unit: string, series: readonly string[], parts: readonly string[]): string {
  let x = 12;
  const legend = series.map((name, index) => {
    const at = x;
    x += 30 + name.length * 7;
    return `<rect x="${at}" y="33" width="11" height="11" fill="${COLOURS[index % COLOURS.length]}"/><text x="${at + 16}" y="43">${escaped(name)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(title)}">
<style>text{font:12px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:14px}.grid{stroke:#8886;stroke-width:1}@media(prefers-color-scheme:dark){text{fill:#e6edf3}}</style>
<text x="12" y="20" class="title">${escaped(title)} (${escaped(unit)})</text>
${legend.join("\n")}
${parts.filter((part) => part !== "").join("\n")}
</svg>
`;
}

function shown(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString("en-US");
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
