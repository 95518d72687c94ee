import type { Chart } from "./chart.js";

/** One benchmark: measures, and answers its table. */
export interface Suite {
  readonly name: string;
  /** What is measured and how, one or two sentences; stands above its table. */
  readonly about: string;
  run(options: SuiteOptions): Promise<SuiteResult>;
}

export interface SuiteOptions {
  /** An empty folder on the disk that is to be measured; removed afterwards. */
  readonly folder: string;
  /** Less of everything: to see that a suite runs, not for figures. */
  readonly quick: boolean;
  /** Rows or records, where the suite's own number is not wanted. */
  readonly scale?: number;
  readonly say: (text: string) => void;
  /** How far it is, from 0 to 1. */
  readonly progress: (share: number) => void;
}

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export interface Finding {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** In words. */
  readonly target?: string;
}

export interface SuiteResult extends Table {
  /** The figures that matter, ratios first. */
  readonly findings: readonly Finding[];
  /** What was held against it, with its settings; what was left out, and why. */
  readonly notes?: readonly string[];
  readonly more?: readonly (Table & { readonly title: string })[];
  readonly charts?: readonly Chart[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const thousands = (value: number) => Math.round(value).toLocaleString("en-US");
export const mebibytes = (bytes: number) => Math.round(bytes / 1024 / 1024);

export async function waitUntil(done: () => Promise<boolean>, everyMs: number, atMostMs: number): Promise<void> {
  const end = performance.now() + atMostMs;
  while (!(await done())) {
    if (performance.now() > end) throw new Error(`Nothing came of it within ${atMostMs} ms.`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** How many rows or records a suite works with. */
export function scaleOf({ quick, scale }: SuiteOptions, full: number, little: number): number {
  return scale ?? (quick ? little : full);
}

export async function timed<T>(work: () => Promise<T>): Promise<{ readonly ms: number; readonly value: T }> {
  const start = performance.now();
  const value = await work();
  return { ms: performance.now() - start, value };
}
