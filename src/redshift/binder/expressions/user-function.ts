/** Calls of users' functions: the function's expression in the call's place, with the arguments where its parameters stand. */
import { type CallSite, noFunction } from "../../functions/entry.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { SqlType } from "../../types.js";
import type { BindContext, BoundExpression, Scope, UserFunction } from "../bound.js";
import type { Bind } from "./bind.js";
import { coerce, settled } from "./coerce.js";
import { recast } from "./derived.js";

/** Functions that call one another: each is written out in the other, so that they cannot go round in a circle. */
const DEPTH_MAX = 16;
/** Written out: one that names its argument ten times, called in another that does, ... */
const CHARS_MAX = 65_536;

export function bindUserFunction(functions: readonly UserFunction[], site: CallSite, bind: Bind): BoundExpression {
  const { call, scope, at } = site;
  const args = call.args.map((arg) => site.bind(arg));
  const depth = (scope.functionDepth ?? 0) + 1;
  if (depth > DEPTH_MAX) throw new SqlError("54001", `functions are nested more than ${DEPTH_MAX} deep`, { at });
  const fitting = functions.flatMap((one) => {
    const given = argumentsFor(one, args, scope.context);
    return given === undefined ? [] : [{ one, given, same: sameTypes(one, args) }];
  });
  const [best] = fitting.sort((a, b) => b.same - a.same);
  if (best === undefined) throw noFunction(site, call.name.parts.join("."), args);
  try {
    const bound = bindBody(best.one, best.given, { ...scope, functionDepth: depth }, bind);
    if (bound.sql.length <= CHARS_MAX) return { ...bound, at };
    throw new SqlError("54001", "statement too complex: its functions, written out, are too long", { at });
  } catch (error) {
    // Places inside the function are none in the statement.
    if (!(error instanceof SqlError)) throw error;
    throw new SqlError(error.state, error.message, { at, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
}

export function bindBody(
  { name, body, returns }: UserFunction,
  given: readonly BoundExpression[],
  scope: Pick<Scope, "context" | "functionDepth">,
  bind: Bind,
): BoundExpression {
  const inside: Scope = {
    ...(scope.functionDepth === undefined ? {} : { functionDepth: scope.functionDepth }),
    context: { ...scope.context, parameters: [] },
    clause: `the function ${name}`,
    aggregatesAllowed: false,
    windowsAllowed: false,
    column(parts, at) {
      throw new SqlError(SQL_STATE.undefinedColumn, `column "${parts.join(".")}" does not exist in ${name}`, { at });
    },
    query(query) {
      throw new SqlError(SQL_STATE.featureNotSupported, `a function in SQL cannot hold a query`, { at: query.at });
    },
    argument(number, at) {
      const found = given[number - 1];
      if (found !== undefined) return { ...found, at };
      throw new SqlError(SQL_STATE.undefinedParameter, `there is no parameter $${number}`, { at });
    },
  };
  return recastAs(bind(body, inside), returns, scope.context, "assignment");
}

function argumentsFor(
  one: UserFunction,
  args: readonly BoundExpression[],
  context: BindContext,
): readonly BoundExpression[] | undefined {
  if (args.length !== one.arguments.length) return undefined;
  try {
    return args.map((arg, index) => recastAs(arg, one.arguments[index]!, context, "implicit"));
  } catch (error) {
    if (error instanceof SqlError) return undefined;
    throw error;
  }
}

/** Lengths and digits of an argument's type count for nothing. */
function recastAs(
  bound: BoundExpression,
  to: SqlType,
  context: BindContext,
  how: "implicit" | "assignment",
): BoundExpression {
  const made = bound.type.kind === to.kind ? settled(bound, context) : coerce(bound, to, how, context);
  return recast(made, made.sql, made.type);
}

function sameTypes(one: UserFunction, args: readonly BoundExpression[]): number {
  return args.filter((arg, index) => arg.type.kind === one.arguments[index]?.kind).length;
}
