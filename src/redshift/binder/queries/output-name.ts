import type { Call, Expression, TypeName } from "../../syntax/ast.js";

export const UNNAMED = "?column?";

/** The name of a select item without an alias, by PostgreSQL 8's rules and with Redshift's names for the functions that it rewrites. */
export function outputName(expression: Expression): string {
  return named(expression)?.name ?? UNNAMED;
}

/** `weak` gives way to a better name around it: `x::int` is `x`, but `1::int` is `int4`. */
function named(expression: Expression): { readonly name: string; readonly weak: boolean } | undefined {
  switch (expression.kind) {
    case "column":
      return strong(expression.parts.at(-1));
    case "path":
      return strong(expression.name);
    case "subscript":
      return named(expression.operand);
    case "collate":
      return named(expression.operand);
    case "call":
      return strong(callName(expression));
    case "extract":
      return strong("date_part");
    case "at-time-zone":
      return strong("timezone");
    case "cast": {
      const inner = named(expression.operand);
      return inner !== undefined && !inner.weak ? inner : weak(typeLabel(expression.type));
    }
    case "case": {
      const inner = expression.otherwise === undefined ? undefined : named(expression.otherwise);
      return inner !== undefined && !inner.weak ? inner : weak("case");
    }
    case "literal":
      return expression.value.type === "boolean" ? weak("bool") : undefined;
    case "interval":
      return weak("interval");
    case "array":
      return strong("array");
    default:
      return undefined;
  }
}

function strong(name: string | undefined): { readonly name: string; readonly weak: boolean } | undefined {
  return name === undefined ? undefined : { name, weak: false };
}

function weak(name: string): { readonly name: string; readonly weak: boolean } {
  return { name, weak: true };
}

function callName(call: Call): string | undefined {
  const name = call.name.parts.at(-1);
  if (call.trim !== undefined) return TRIMS[call.trim];
  if (call.bare === true) return BARE[name ?? ""] ?? name;
  return REWRITTEN[name ?? ""] ?? name;
}

const TRIMS = { both: "btrim", leading: "ltrim", trailing: "rtrim" } as const;

/** Keywords that PostgreSQL 8 reads as a cast of the moment, and that are named by the type. */
const BARE: Readonly<Record<string, string>> = {
  current_date: "date",
  current_time: "timetz",
  localtime: "time",
  current_timestamp: "timestamptz",
  localtimestamp: "timestamp",
  sysdate: "timestamp",
};

const REWRITTEN: Readonly<Record<string, string>> = {
  nvl: "coalesce",
  trim: "btrim",
  ifnull: "coalesce",
  decode: "case",
  dateadd: "date_add",
  datediff: "date_diff",
  datepart: "date_part",
};

function typeLabel(type: TypeName): string {
  return TYPE_LABELS[type.name] ?? type.name;
}

const TYPE_LABELS: Readonly<Record<string, string>> = {
  int: "int4",
  integer: "int4",
  bigint: "int8",
  smallint: "int2",
  decimal: "numeric",
  real: "float4",
  float: "float8",
  "double precision": "float8",
  "character varying": "varchar",
  nvarchar: "varchar",
  character: "bpchar",
  char: "bpchar",
  nchar: "bpchar",
  boolean: "bool",
  "timestamp without time zone": "timestamp",
  "timestamp with time zone": "timestamptz",
  "time without time zone": "time",
  "time with time zone": "timetz",
  "binary varying": "varbyte",
  varbinary: "varbyte",
};
