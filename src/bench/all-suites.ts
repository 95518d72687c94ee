import { copy } from "./suites/copy.js";
import { freshness } from "./suites/freshness.js";
import { growth } from "./suites/growth.js";
import { ingest } from "./suites/ingest.js";
import { layout } from "./suites/layout.js";
import { memory } from "./suites/memory.js";
import { putRecords } from "./suites/put-records.js";
import { queries } from "./suites/queries.js";
import { results } from "./suites/results.js";
import { startup } from "./suites/startup.js";
import type { Suite } from "./support/suite.js";

export const SUITES: readonly Suite[] = [
  putRecords,
  ingest,
  freshness,
  startup,
  memory,
  copy,
  queries,
  layout,
  results,
  growth,
];
