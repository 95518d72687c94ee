import { PIPELINE } from "./brand.js";
import { checkPipeline } from "./check-pipeline.js";
import type { PipelineModel } from "./model.js";
import type { AnyTable } from "./table.js";

export interface Pipeline {
  readonly [PIPELINE]: PipelineModel;
}

export interface PipelineOptions {
  readonly tables: readonly AnyTable[];
  /** What the console draws. */
  readonly charts?: readonly ChartOptions[];
}

export interface ChartOptions {
  readonly title: string;
  /** Asked again every second or two: read little, by a LIMIT or a range of time. */
  readonly sql: string;
  /** The result's column along the bottom: a time or a number. */
  readonly x: string;
  /** The result's columns to draw as lines. */
  readonly y: string | readonly string[];
  /** What the lines measure, such as "USD". */
  readonly unit?: string;
}

/**
 * A whole pipeline, the default export of a definition's file.
 *
 * Everything is checked here. A mistake is a PenstockError `invalid-definition` that lists every mistake of the definition, each with the path to
 * it, its value and what is allowed.
 */
export function pipeline(name: string, options: PipelineOptions): Pipeline {
  return Object.freeze({ [PIPELINE]: checkPipeline(name, options) });
}
