/** The allow-list: what is not here cannot be called. */
import { AGGREGATE_FUNCTIONS } from "./aggregate.js";
import { CATALOG_OBJECT_FUNCTIONS } from "./catalog-objects.js";
import { CONDITIONAL_FUNCTIONS } from "./conditional.js";
import { DATE_TIME_FUNCTIONS } from "./date-time.js";
import type { Family, FunctionEntry, SupportStatus } from "./entry.js";
import { FORMATTING_FUNCTIONS } from "./formatting.js";
import { HASH_FUNCTIONS } from "./hash.js";
import { JSON_FUNCTIONS } from "./json.js";
import { MATH_FUNCTIONS } from "./math.js";
import { MISSING_FUNCTIONS } from "./missing.js";
import { OBJECT_TRANSFORM } from "./object-transform.js";
import { REGEXP_FUNCTIONS } from "./regexp.js";
import { STRING_FUNCTIONS } from "./string.js";
import { SUPER_FUNCTIONS } from "./super.js";
import { SUPER_ARRAY_FUNCTIONS } from "./super-arrays.js";
import { SYSTEM_FUNCTIONS } from "./system.js";
import { VARBYTE_FUNCTIONS } from "./varbyte.js";
import { WINDOW_FUNCTIONS } from "./window.js";

const ENTRIES: ReadonlyMap<string, FunctionEntry> = new Map(
  [
    AGGREGATE_FUNCTIONS,
    WINDOW_FUNCTIONS,
    CONDITIONAL_FUNCTIONS,
    DATE_TIME_FUNCTIONS,
    STRING_FUNCTIONS,
    REGEXP_FUNCTIONS,
    MATH_FUNCTIONS,
    JSON_FUNCTIONS,
    SUPER_FUNCTIONS,
    SUPER_ARRAY_FUNCTIONS,
    OBJECT_TRANSFORM,
    HASH_FUNCTIONS,
    VARBYTE_FUNCTIONS,
    FORMATTING_FUNCTIONS,
    SYSTEM_FUNCTIONS,
    CATALOG_OBJECT_FUNCTIONS,
    MISSING_FUNCTIONS,
  ]
    .flat()
    .map((entry) => [entry.name, entry]),
);

/** By its name in lower case. */
export function functionEntry(name: string): FunctionEntry | undefined {
  return ENTRIES.get(name);
}

export interface ListedFunction {
  readonly name: string;
  readonly family: Family;
  readonly kind: FunctionEntry["kind"];
  readonly status: SupportStatus;
  readonly note?: string;
}

/** Every function that is known, by family and name: for the published table, and for completion in the console. */
export function listFunctions(): readonly ListedFunction[] {
  return [...ENTRIES.values()]
    .map(({ name, family, kind, status, note }) => ({
      name,
      family,
      kind,
      status,
      ...(note === undefined ? {} : { note }),
    }))
    .sort((a, b) => (a.family === b.family ? (a.name < b.name ? -1 : 1) : a.family < b.family ? -1 : 1));
}
