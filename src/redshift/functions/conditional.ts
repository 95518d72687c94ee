/** Conditional expressions. Source: Redshift's "Conditional expressions". */

import type { BoundExpression } from "../binder/bound.js";
import { coerce, settled } from "../binder/expressions/coerce.js";
import { commonType } from "../binder/expressions/common-type.js";
import { aligned } from "../binder/expressions/comparison.js";
import { derived } from "../binder/expressions/derived.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { SqlType } from "../types.js";
import { type CallSite, type FunctionEntry, familyOf } from "./entry.js";

const { special } = familyOf("conditional");

export const CONDITIONAL_FUNCTIONS: readonly FunctionEntry[] = [
  ...special("coalesce nvl isnull", (site) => {
    const { args, type } = unified(
      site,
      site.call.args.map((arg) => site.bind(arg)),
    );
    if (args.length === 0) throw tooFew(site, 1);
    const nullable = args.every((arg) => arg.nullable);
    return derived(args, args.length === 1 ? args[0]!.sql : `COALESCE(${list(args)})`, type, site.at, { nullable });
  }),
  ...special("nvl2", (site) => {
    if (site.call.args.length !== 3) throw tooFew(site, 3);
    const test = settled(site.bind(site.call.args[0]!), site.scope.context);
    const { args, type } = unified(
      site,
      site.call.args.slice(1).map((arg) => site.bind(arg)),
    );
    return derived(
      [test, ...args],
      `(CASE WHEN ${test.sql} IS NOT NULL THEN ${args[0]!.sql} ELSE ${args[1]!.sql} END)`,
      type,
      site.at,
      { nullable: true },
    );
  }),
  ...special("nullif", (site) => {
    if (site.call.args.length !== 2) throw tooFew(site, 2);
    const [left, right] = site.call.args.map((arg) => site.bind(arg)) as [BoundExpression, BoundExpression];
    const [a, b] = aligned({ operator: "=", at: site.at, context: site.scope.context }, left, right);
    const value = left.type.kind === "unknown" ? a : left;
    const sql =
      a.sql === value.sql
        ? `nullif(${a.sql}, ${b.sql})`
        : `(CASE WHEN ${a.sql} = ${b.sql} THEN NULL ELSE ${value.sql} END)`;
    // DuckDB's NULLIF answers in the type that both meet in; the first one's is wanted.
    const same = a.type.kind === b.type.kind;
    return derived(
      [a, b],
      same ? sql : `(CASE WHEN ${a.sql} = ${b.sql} THEN NULL ELSE ${value.sql} END)`,
      value.type,
      site.at,
      { nullable: true },
    );
  }),
  ...special("greatest", (site) => extreme(site, "greatest")),
  ...special("least", (site) => extreme(site, "least")),
  ...special("decode", decode),
];

/** NULLs are passed over, in DuckDB as in Redshift. */
function extreme(site: CallSite, name: string): BoundExpression {
  const { args, type } = unified(
    site,
    site.call.args.map((arg) => site.bind(arg)),
  );
  if (args.length === 0) throw tooFew(site, 1);
  return derived(args, `${name}(${list(args)})`, type, site.at, { nullable: args.every((arg) => arg.nullable) });
}

/** DECODE(value, search, result, ..., default): a NULL finds a NULL. */
function decode(site: CallSite): BoundExpression {
  const { args } = site.call;
  if (args.length < 3) throw tooFew(site, 3);
  const { context } = site.scope;
  const bound = args.map((arg) => site.bind(arg));
  const searches = bound.filter((_, index) => index % 2 === 1 && index + 1 < bound.length);
  const results = bound.filter((_, index) => index > 0 && (index % 2 === 0 || index === bound.length - 1));
  let value = bound[0]!;
  if (value.type.kind === "unknown") {
    const type = commonType([value, ...searches], "DECODE");
    value = type.kind === "unknown" ? settled(value, context) : coerce(value, type, "implicit", context);
  }
  const unifiedResults = unified(site, results);
  const branches = searches.map((search, index) => {
    const then = unifiedResults.args[index]!.sql;
    if (search.origin?.kind === "null") return `WHEN ${value.sql} IS NULL THEN ${then}`;
    const [a, b] = aligned({ operator: "=", at: search.at, context }, value, search);
    return `WHEN ${a.sql} ${search.nullable ? "IS NOT DISTINCT FROM" : "="} ${b.sql} THEN ${then}`;
  });
  const otherwise = unifiedResults.args.length > searches.length ? ` ELSE ${unifiedResults.args.at(-1)!.sql}` : "";
  return derived(
    [value, ...searches, ...unifiedResults.args],
    `(CASE ${branches.join(" ")}${otherwise} END)`,
    unifiedResults.type,
    site.at,
    { nullable: true },
  );
}

function unified(
  site: CallSite,
  bound: readonly BoundExpression[],
): { readonly args: readonly BoundExpression[]; readonly type: SqlType } {
  const { context } = site.scope;
  const type = commonType(bound, site.name.toUpperCase());
  if (type.kind === "unknown") {
    const args = bound.map((arg) => settled(arg, context));
    return { args, type: args[0]?.type ?? type };
  }
  return { args: bound.map((arg) => coerce(arg, type, "implicit", context)), type };
}

function list(args: readonly BoundExpression[]): string {
  return args.map((arg) => arg.sql).join(", ");
}

function tooFew(site: CallSite, least: number): SqlError {
  return new SqlError(
    SQL_STATE.syntaxError,
    `${site.name.toUpperCase()} needs ${least === 1 ? "an argument" : `${least} arguments`}`,
    { at: site.at },
  );
}
