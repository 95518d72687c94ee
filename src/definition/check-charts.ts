import type { ChartModel } from "./model.js";
import { type Problems, readOptions, show } from "./problems.js";

const LINES_MAX = 8;

export function checkCharts(path: string, given: unknown, problems: Problems): ChartModel[] {
  if (!Array.isArray(given)) {
    problems.add(path, `is ${show(given)}; it must be a list of charts, such as { title, sql, x, y }.`);
    return [];
  }
  return given.flatMap((chart, index) => checkChart(`${path}[${index}]`, chart, problems) ?? []);
}

function checkChart(path: string, given: unknown, problems: Problems): ChartModel | undefined {
  const options = readOptions(path, given, ["title", "sql", "x", "y", "unit"], problems);
  if (!options) return undefined;
  const text = (name: string, what: string) => {
    const value = options[name];
    if (typeof value === "string" && value.trim() !== "") return value;
    problems.add(`${path}.${name}`, `is ${show(value)}; it must be ${what}.`);
    return "";
  };
  const title = text("title", "the chart's title");
  const sql = text("sql", "a SELECT");
  // A chart is asked again and again by every open console: nothing that changes the warehouse belongs there.
  if (sql !== "" && !/^\s*(select|with)\b/i.test(sql))
    problems.add(`${path}.sql`, `is ${show(sql)}; it must begin with SELECT or WITH.`);
  const x = text("x", "the name of a column of the result");
  const y: readonly unknown[] = Array.isArray(options.y) ? options.y : [options.y];
  if (y.length === 0 || y.length > LINES_MAX || !y.every((name) => typeof name === "string" && name !== "")) {
    problems.add(
      `${path}.y`,
      `is ${show(options.y)}; it must be the name of a column of the result, or a list of 1 to ${LINES_MAX}.`,
    );
  }
  return Object.freeze<ChartModel>({
    title,
    sql,
    x,
    y: Object.freeze(y.map(String)),
    ...(options.unit === undefined ? {} : { unit: text("unit", "text, such as USD") }),
  });
}
