/** What a function of the allow-list is: its overloads, its types, and DuckDB's text for it. */

import type { BoundExpression, Scope } from "../binder/bound.js";
import { coerce, settled } from "../binder/expressions/coerce.js";
import { groupOf, isInteger, varcharType } from "../binder/expressions/type-groups.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { Call, Expression } from "../syntax/ast.js";
import { type SqlType, typeName, VARCHAR_BYTES_MAX } from "../types.js";

export type Family =
  | "aggregate"
  | "window"
  | "conditional"
  | "date and time"
  | "string"
  | "regular expression"
  | "math"
  | "json"
  | "super"
  | "hash"
  | "varbyte"
  | "formatting"
  | "system"
  | "spatial"
  | "hyperloglog"
  | "machine learning";

export type SupportStatus = "full" | "partly" | "no";

/** What an argument must be, or be made. `int` and `number` keep the argument's own type; `any` takes everything. */
export type ArgumentKind =
  | "text"
  | "int"
  | "integer"
  | "bigint"
  | "number"
  | "double"
  | "decimal"
  | "boolean"
  | "date"
  | "timestamp"
  | "timestamptz"
  | "time"
  | "timetz"
  | "interval"
  | "super"
  | "varbyte"
  | "oid"
  | "array"
  | "any";

/** A call being bound. */
export interface CallSite {
  readonly call: Call;
  readonly name: string;
  readonly scope: Scope;
  readonly at: number;
  bind(expression: Expression, wanted?: SqlType): BoundExpression;
}

export type ResultType = SqlType | ((args: readonly BoundExpression[]) => SqlType);

export interface Overload {
  readonly args: readonly ArgumentKind[];
  /** How many must be there. */
  readonly least: number;
  readonly variadic: boolean;
  readonly result: ResultType;
  /** `$1` ... the arguments, `$*` all of them with commas. */
  readonly sql: string | ((args: readonly BoundExpression[], site: CallSite) => string);
  readonly nullable?: boolean;
}

export interface FunctionEntry {
  readonly name: string;
  readonly family: Family;
  readonly kind: "scalar" | "aggregate" | "window";
  readonly status: SupportStatus;
  readonly note?: string;
  readonly overloads: readonly Overload[];
  /** For what types alone do not tell: does all of the binding. */
  readonly bind?: (site: CallSite) => BoundExpression;
  /** Each call gives another value. */
  readonly volatile?: boolean;
}

export interface EntryOptions {
  readonly status?: SupportStatus;
  readonly note?: string;
  readonly volatile?: boolean;
  readonly kind?: FunctionEntry["kind"];
}

/** `"text, int?, text..."` with a result and DuckDB's text. */
export function overload(
  args: string,
  result: ResultType,
  sql: Overload["sql"],
  own: { readonly nullable?: boolean } = {},
): Overload {
  const words = args
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  const kinds = words.map((word) => word.replace(/\?|\.\.\./g, "") as ArgumentKind);
  const variadic = words.at(-1)?.endsWith("...") === true;
  const least = words.filter((word) => !word.endsWith("?") && !word.endsWith("...")).length;
  return { args: kinds, least, variadic, result, sql, ...own };
}

/** One file's family: makes its entries. */
export function familyOf(family: Family) {
  return {
    scalar: (names: string, overloads: Overload | readonly Overload[], options: EntryOptions = {}): FunctionEntry[] =>
      named(names).map((name) => ({
        name,
        family,
        kind: "scalar",
        status: "full",
        ...options,
        overloads: Array.isArray(overloads) ? (overloads as readonly Overload[]) : [overloads as Overload],
      })),
    special: (names: string, bind: (site: CallSite) => BoundExpression, options: EntryOptions = {}): FunctionEntry[] =>
      named(names).map((name) => ({ name, family, kind: "scalar", status: "full", ...options, overloads: [], bind })),
    /** Known, and not there. */
    missing: (names: string, note: string): FunctionEntry[] =>
      named(names).map((name) => ({ name, family, kind: "scalar", status: "no", note, overloads: [] })),
  };
}

function named(names: string): string[] {
  return names.split(/[\s,]+/).filter((name) => name !== "");
}

export const TEXT: SqlType = { kind: "varchar", length: VARCHAR_BYTES_MAX };
export const INTEGER: SqlType = { kind: "integer" };
export const BIGINT: SqlType = { kind: "bigint" };
export const DOUBLE: SqlType = { kind: "double" };
export const BOOLEAN: SqlType = { kind: "boolean" };
export const DATE: SqlType = { kind: "date" };
export const TIMESTAMP: SqlType = { kind: "timestamp" };
export const TIMESTAMPTZ: SqlType = { kind: "timestamptz" };
export const SUPER: SqlType = { kind: "super" };
export const VARBYTE: SqlType = { kind: "varbyte", length: 1_024_000 };

export const sameAsFirst = (args: readonly BoundExpression[]): SqlType => args[0]?.type ?? TEXT;

/** A text as long as the first argument's. */
export const textAsFirst = (args: readonly BoundExpression[]): SqlType => {
  const type = args[0]?.type;
  return type !== undefined && "length" in type && groupOf(type) === "text" ? varcharType(type.length) : TEXT;
};

/** What it costs to take the expression for the kind; undefined where it cannot be. Lower fits better. */
export function argumentCost(bound: BoundExpression, kind: ArgumentKind): number | undefined {
  const { type } = bound;
  const group = groupOf(type);
  const costs = COSTS[kind];
  if (kind === "int" || kind === "integer" || kind === "bigint" || kind === "oid") {
    if (isInteger(type)) return kind === "integer" && type.kind === "bigint" ? 2 : 0;
    if (type.kind === "unknown")
      return bound.origin?.kind === "text" && !/^\s*[+-]?\d+\s*$/.test(bound.origin.text) ? undefined : 3;
    if (group === "super") return 5;
    return kind === "oid" && group === "catalog" ? 1 : undefined;
  }
  return costs?.[type.kind] ?? costs?.[group];
}

const COSTS: Readonly<Partial<Record<ArgumentKind, Readonly<Record<string, number>>>>> = {
  text: { text: 0, unknown: 1, catalog: 2, super: 5, number: 6, "date-time": 6, time: 6 },
  number: { number: 0, unknown: 4, super: 5 },
  double: { double: 0, real: 0, number: 1, unknown: 3, super: 5 },
  decimal: { decimal: 0, smallint: 1, integer: 1, bigint: 1, unknown: 4, super: 5 },
  boolean: { boolean: 0, unknown: 3, super: 5 },
  date: { date: 0, unknown: 3, timestamp: 4, timestamptz: 5 },
  timestamp: { timestamp: 0, date: 1, unknown: 2, timestamptz: 4 },
  timestamptz: { timestamptz: 0, timestamp: 2, date: 3, unknown: 4 },
  time: { time: 0, unknown: 5, timetz: 2 },
  timetz: { timetz: 0, unknown: 6, time: 2 },
  interval: { interval: 0, unknown: 5 },
  super: { super: 0, unknown: 4 },
  varbyte: { varbyte: 0, text: 4, unknown: 4 },
  array: { array: 0, unknown: 5 },
  any: {
    number: 0,
    text: 0,
    boolean: 0,
    "date-time": 0,
    time: 0,
    interval: 0,
    super: 0,
    varbyte: 0,
    catalog: 0,
    array: 0,
    unknown: 1,
  },
};

/** The argument as its kind asks for it. */
export function argumentAs(bound: BoundExpression, kind: ArgumentKind, scope: Scope): BoundExpression {
  const { context } = scope;
  const as = (type: SqlType) =>
    coerce(bound, type, groupOf(bound.type) === "super" ? "implicit" : "assignment", context);
  switch (kind) {
    case "any":
      return settled(bound, context);
    case "text":
      if (groupOf(bound.type) === "text") return bound;
      return bound.type.kind === "unknown" ? settled(bound, context) : as(TEXT);
    case "int":
      return isInteger(bound.type) ? bound : as(BIGINT);
    case "number":
      return groupOf(bound.type) === "number" ? bound : as(DOUBLE);
    case "decimal":
      if (bound.type.kind === "decimal") return bound;
      return as(
        isInteger(bound.type)
          ? { kind: "decimal", precision: 19, scale: 0 }
          : { kind: "decimal", precision: 38, scale: 10 },
      );
    case "interval":
      return groupOf(bound.type) === "interval" ? bound : as({ kind: "interval-day-second" });
    case "varbyte":
      return as(VARBYTE);
    case "array":
      return bound.type.kind === "array" ? bound : as({ kind: "array", of: { kind: "text" } });
    default:
      return as({ kind });
  }
}

/** Puts the arguments into the overload's text. One pass, so that a `$1` of the statement's own stays what it is. */
export function filledIn(template: string, args: readonly string[]): string {
  return template.replace(/\$(\d|\*)/g, (_, which: string) =>
    which === "*" ? args.join(", ") : (args[Number(which) - 1] ?? "NULL"),
  );
}

export function noFunction(site: { readonly at: number }, name: string, args: readonly BoundExpression[]): SqlError {
  const types = args.map((arg) => (arg.sql === "*" ? "*" : typeName(arg.type))).join(", ");
  return new SqlError(SQL_STATE.undefinedFunction, `function ${name}(${types}) does not exist`, {
    at: site.at,
    hint: "No function matches the given name and argument types. You may need to add explicit type casts; docs/redshift-functions.md lists the functions that are there.",
  });
}
