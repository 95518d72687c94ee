/** Mathematical functions. Source: Redshift's "Math functions". */

import type { BoundExpression } from "../binder/bound.js";
import { arithmetic } from "../binder/expressions/arithmetic.js";
import { coerce } from "../binder/expressions/coerce.js";
import { decimalType, groupOf } from "../binder/expressions/type-groups.js";
import { SQL_STATE } from "../sql-error.js";
import type { SqlType } from "../types.js";
import { duckDbType } from "../types-duckdb.js";
import { DATE, DOUBLE, type FunctionEntry, familyOf, INTEGER, overload, sameAsFirst, TEXT } from "./entry.js";
import { raise } from "./raise.js";

const { scalar, special } = familyOf("math");
const doubles = (names: string, sql: string) => scalar(names, overload("double", DOUBLE, sql));
const positive = (what: string) =>
  `(CASE WHEN $1 <= 0 THEN ${raise("2201E", `cannot take logarithm of ${what}`)} ELSE CAST($1 AS DOUBLE) END)`;

export const MATH_FUNCTIONS: readonly FunctionEntry[] = [
  ...scalar("abs", overload("number", sameAsFirst, "abs($1)")),
  ...doubles("acos", "acos($1)"),
  ...doubles("asin", "asin($1)"),
  ...doubles("atan", "atan($1)"),
  ...scalar("atan2", overload("double, double", DOUBLE, "atan2($1, $2)")),
  ...doubles("cbrt", cubeRoot("CAST($1 AS DOUBLE)")),
  ...doubles("cos", "cos($1)"),
  ...doubles("cot", "cot($1)"),
  ...doubles("degrees", "degrees($1)"),
  ...doubles("exp dexp", "exp($1)"),
  ...doubles("ln dlog1", `ln(${positive("zero or a negative number")})`),
  ...doubles("dlog10", `log10(${positive("zero or a negative number")})`),
  ...scalar("log", [
    overload("double", DOUBLE, `log10(${positive("zero or a negative number")})`),
    overload("double, double", DOUBLE, "(ln($2) / ln($1))"),
  ]),
  ...scalar("pi", overload("", DOUBLE, "pi()", { nullable: false })),
  ...scalar("power pow dpow", overload("double, double", DOUBLE, "pow($1, $2)")),
  ...doubles("radians", "radians($1)"),
  ...scalar("random", overload("", DOUBLE, "random()", { nullable: false }), { volatile: true }),
  ...doubles("sin", "sin($1)"),
  ...doubles(
    "sqrt dsqrt",
    `sqrt(CASE WHEN $1 < 0 THEN ${raise("2201F", "cannot take square root of a negative number")} ELSE CAST($1 AS DOUBLE) END)`,
  ),
  ...doubles("tan", "tan($1)"),
  ...scalar("ceil ceiling", [overload("number", wholeType, (args) => whole("ceil", args))]),
  ...scalar("floor", [overload("number", wholeType, (args) => whole("floor", args))]),
  ...scalar(
    "sign",
    overload("number", sameAsFirst, (args) => `CAST(sign(${args[0]!.sql}) AS ${duckDbType(args[0]!.type)})`),
  ),
  ...scalar(
    "round",
    overload("number, int?", roundedType, (args) => rounded("round", args)),
  ),
  ...scalar("trunc", [
    overload("number, int?", roundedType, (args) => rounded("trunc", args)),
    overload("timestamp", DATE, "CAST($1 AS DATE)"),
    overload("timestamptz", DATE, (args, site) => coerce(args[0]!, DATE, "assignment", site.scope.context).sql),
  ]),
  ...special("mod", (site) => {
    const args = site.call.args.map((arg) => site.bind(arg));
    const [left, right] = [args[0] ?? site.bind({ kind: "literal", value: { type: "null" }, at: site.at }), args[1]];
    return arithmetic({ operator: "%", at: site.at, context: site.scope.context }, left, right ?? left);
  }),
  ...scalar(
    "factorial",
    overload(
      "int",
      { kind: "decimal", precision: 38, scale: 0 },
      "CAST(factorial(CAST($1 AS INTEGER)) AS DECIMAL(38,0))",
    ),
  ),
  ...scalar("bit_count", overload("int", INTEGER, "CAST(bit_count($1) AS INTEGER)")),
  ...scalar("width_bucket", overload("double, double, double, int", INTEGER, widthBucket)),
  ...scalar("to_hex", [
    overload("int", TEXT, "lower(to_hex(CAST($1 AS BIGINT)))"),
    overload("varbyte", TEXT, "lower(hex($1))"),
  ]),
];

function wholeType(args: readonly BoundExpression[]): SqlType {
  const type = args[0]!.type;
  return type.kind === "decimal" ? decimalType(type.precision, 0) : type;
}

function whole(name: string, args: readonly BoundExpression[]): string {
  const [arg] = args as [BoundExpression];
  return arg.type.kind === "decimal"
    ? `CAST(${name}(${arg.sql}) AS ${duckDbType(wholeType(args))})`
    : `CAST(${name}(${arg.sql}) AS ${duckDbType(arg.type)})`;
}

/** Decimals keep as many digits behind the point as they are asked for. */
function roundedType(args: readonly BoundExpression[]): SqlType {
  const [{ type }, digits] = args as [BoundExpression, BoundExpression | undefined];
  if (type.kind !== "decimal") return type;
  if (digits === undefined) return decimalType(type.precision, 0);
  if (digits.origin?.kind !== "number") return type;
  return decimalType(type.precision, Math.max(0, Math.min(type.scale, Number(digits.origin.text))));
}

function rounded(name: "round" | "trunc", args: readonly BoundExpression[]): string {
  const [arg, digits] = args as [BoundExpression, BoundExpression | undefined];
  const type = duckDbType(roundedType(args));
  if (digits === undefined) return `CAST(${name}(${arg.sql}) AS ${type})`;
  const places = `CAST(${digits.sql} AS INTEGER)`;
  const constant = digits.origin?.kind === "number";
  // DuckDB rounds a decimal only to a number of digits that it knows beforehand, and cuts integers not at all.
  if (arg.type.kind === "decimal" && constant) return `CAST(${name}(${arg.sql}, ${digits.sql}) AS ${type})`;
  if (groupOf(arg.type) === "number" && arg.type.kind !== "decimal" && name === "round")
    return `CAST(round(${arg.sql}, ${places}) AS ${type})`;
  const scale = `pow(CAST(10 AS DOUBLE), ${places})`;
  return `CAST(${name}(CAST(${arg.sql} AS DOUBLE) * ${scale}) / ${scale} AS ${type})`;
}

function widthBucket(args: readonly BoundExpression[]): string {
  const [value, low, high, count] = args.map((arg) => arg.sql) as [string, string, string, string];
  const wrong = raise(SQL_STATE.invalidParameterValue, "WIDTH_BUCKET: the bounds must differ");
  return `CAST(CASE WHEN ${low} = ${high} THEN ${wrong} WHEN ${value} < ${low} THEN 0 WHEN ${value} >= ${high} THEN ${count} + 1 ELSE floor((${value} - ${low}) / (${high} - ${low}) * ${count}) + 1 END AS INTEGER)`;
}

/** The engine's is off by its last digit, for 27 too: one more step of Newton's. */
function cubeRoot(value: string): string {
  const root = `cbrt(${value})`;
  return `(CASE WHEN ${value} = 0 OR NOT isfinite(${value}) THEN ${value} ELSE ${root} - (${root} * ${root} * ${root} - ${value}) / (3 * ${root} * ${root}) END)`;
}
