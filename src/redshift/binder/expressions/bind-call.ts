/** Calls: the overload that fits, aggregates and windows around it. */
import {
  argumentAs,
  argumentCost,
  type CallSite,
  type FunctionEntry,
  filledIn,
  noFunction,
  type Overload,
} from "../../functions/entry.js";
import { functionEntry } from "../../functions/registry.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Call, Expression } from "../../syntax/ast.js";
import type { BoundExpression, Scope } from "../bound.js";
import type { Bind } from "./bind.js";
import { derived } from "./derived.js";
import { bindUserFunction } from "./user-function.js";

export function bindCall(call: Call, scope: Scope, bind: Bind): BoundExpression {
  const parts = call.name.parts;
  const name = parts.at(-1)!.toLowerCase();
  const schema = parts.length > 1 ? parts.at(-2)! : undefined;
  const site: CallSite = {
    call,
    name,
    scope,
    at: call.at,
    bind: (expression, wanted) => bind(expression, scope, wanted),
  };
  const entry =
    schema === undefined || schema === "pg_catalog" || schema === "information_schema"
      ? functionEntry(name)
      : undefined;
  const own = entry === undefined ? (scope.context.functions?.(call.name) ?? []) : [];
  if (own.length > 0) return bindUserFunction(own, site, bind);
  if (entry === undefined)
    throw noFunction(
      site,
      parts.join("."),
      call.args.map((arg) => bindLoosely(site, arg)),
    );
  if (entry.status === "no") {
    throw new SqlError(SQL_STATE.featureNotSupported, `function ${name} is not supported`, {
      at: call.at,
      ...(entry.note === undefined ? {} : { hint: entry.note }),
    });
  }
  checkPlace(entry, site);
  if (entry.bind !== undefined) return entry.bind(site);
  if (call.distinct === true && entry.kind !== "aggregate") {
    throw new SqlError(SQL_STATE.wrongObjectType, `DISTINCT specified, but ${name} is not an aggregate function`, {
      at: call.at,
    });
  }
  return applyOverload(
    site,
    entry,
    call.args.map((arg) => site.bind(arg)),
  );
}

function bindLoosely(site: CallSite, arg: Expression): BoundExpression {
  if (arg.kind === "star") return derived([], "*", { kind: "unknown" }, arg.at);
  return site.bind(arg);
}

/** OVER belongs to windows and aggregates, and windows need it; nesting is refused as PostgreSQL words it. */
function checkPlace(entry: FunctionEntry, site: CallSite): void {
  const { call, scope, name } = site;
  const over = call.over !== undefined;
  if (over && entry.kind === "scalar") {
    throw new SqlError(
      SQL_STATE.wrongObjectType,
      `OVER specified, but ${name} is not a window function nor an aggregate function`,
      {
        at: call.at,
      },
    );
  }
  if (!over && entry.kind === "window") {
    throw new SqlError(SQL_STATE.syntaxError, `window function ${name} requires an OVER clause`, { at: call.at });
  }
  if (over && !scope.windowsAllowed) {
    throw new SqlError("42P20", `window functions are not allowed in ${scope.clause}`, {
      at: call.at,
      hint: "Compute it in a subquery, or use QUALIFY.",
    });
  }
  if (!over && entry.kind === "aggregate" && !scope.aggregatesAllowed) {
    throw new SqlError(SQL_STATE.groupingError, `aggregate functions are not allowed in ${scope.clause}`, {
      at: call.at,
      hint: scope.clause === "WHERE" ? "Use HAVING, or compute it in a subquery." : "Compute it in a subquery.",
    });
  }
}

export function applyOverload(site: CallSite, entry: FunctionEntry, args: readonly BoundExpression[]): BoundExpression {
  const found = bestOverload(entry.overloads, args);
  if (found === undefined) throw noFunction(site, site.name, args);
  const coerced = args.map((arg, index) => argumentAs(arg, kindAt(found, index), site.scope));
  const sql =
    typeof found.sql === "string"
      ? filledIn(
          found.sql,
          coerced.map((arg) => arg.sql),
        )
      : found.sql(coerced, site);
  const type = typeof found.result === "function" ? found.result(coerced) : found.result;
  const nullable = found.nullable ?? true;
  return derived(
    coerced,
    sql,
    type,
    site.at,
    found.nullable === undefined && args.every((arg) => !arg.nullable) ? {} : { nullable },
  );
}

function kindAt(one: Overload, index: number) {
  return one.args[Math.min(index, one.args.length - 1)]!;
}

function bestOverload(overloads: readonly Overload[], args: readonly BoundExpression[]): Overload | undefined {
  let best: { readonly one: Overload; readonly cost: number } | undefined;
  for (const one of overloads) {
    if (args.length < one.least || (!one.variadic && args.length > one.args.length)) continue;
    let cost = 0;
    for (const [index, arg] of args.entries()) {
      const each = argumentCost(arg, kindAt(one, index));
      cost = each === undefined ? Number.POSITIVE_INFINITY : cost + each;
    }
    if (cost < (best?.cost ?? Number.POSITIVE_INFINITY)) best = { one, cost };
  }
  return best?.one;
}
