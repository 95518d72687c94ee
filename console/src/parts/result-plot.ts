/** A result's columns as points that can be drawn: numbers, times, or places for words. */
import type { QueryResult } from "../../../src/warehouse/warehouse.ts";
import { ApiError } from "../api.ts";

export type PlotKind = "line" | "bar" | "scatter";

export interface PlotSpec {
  readonly kind: PlotKind;
  readonly x: string;
  readonly y: readonly string[];
}

export interface PlotData {
  /** x, ascending, then each y. */
  readonly columns: readonly (readonly (number | null)[])[];
  readonly scale: "time" | "number" | "words";
  /** Where the scale is of words: what stands at 0, 1, 2, … */
  readonly words: readonly string[];
}

export function plotData(result: QueryResult, { kind, x, y }: PlotSpec): PlotData {
  const indexOf = (name: string) => {
    const index = result.columns.findIndex((column) => column.name === name);
    if (index === -1) throw new ApiError(`The chart's SQL answers no column ${name}.`);
    return index;
  };
  const xIndex = indexOf(x);
  const yIndexes = y.map(indexOf);
  const given = result.rows.map((row) => row[xIndex]).filter((value) => value !== null && value !== undefined);
  const areNumbers = given.every((value) => Number.isFinite(numberOf(value)));
  const areTimes = !areNumbers && given.every((value) => Number.isFinite(secondsOf(value)));
  // A bar stands on a place of its own, also where the places are numbers.
  const scale = areTimes ? "time" : areNumbers && kind !== "bar" ? "number" : "words";
  const inOrder = areNumbers ? given.toSorted((a, b) => numberOf(a) - numberOf(b)) : given;
  const words = scale === "words" ? [...new Set(inOrder.map(String))] : [];
  const place = new Map(words.map((word, index) => [word, index]));
  const xOf = (value: unknown) =>
    scale === "words" ? place.get(String(value)) : scale === "time" ? secondsOf(value) : numberOf(value);
  const points = result.rows
    .map((row) => [xOf(row[xIndex]) ?? Number.NaN, ...yIndexes.map((index) => amountOf(row[index]))] as const)
    .filter(([at]) => Number.isFinite(at))
    .sort((a, b) => a[0] - b[0]);
  return { columns: [0, ...yIndexes].map((_, column) => points.map((point) => point[column] ?? null)), scale, words };
}

/** NaN for what is none. */
function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && value.trim() !== "" ? Number(value) : Number.NaN;
}

/** Seconds, as uPlot counts times. One without a zone is UTC: that is what the warehouse keeps. */
function secondsOf(value: unknown): number {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d/.test(value)) return Number.NaN;
  const zoned = /(Z|[+-]\d\d(:?\d\d)?)$/i.test(value) || !/\d:\d/.test(value) ? value : `${value}Z`;
  return Date.parse(zoned.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00")) / 1000;
}

function amountOf(value: unknown): number | null {
  if (value === null || value === undefined || value === "") return null;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : null;
}
