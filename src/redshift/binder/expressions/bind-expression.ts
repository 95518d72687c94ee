import { bindExtract } from "../../functions/extract.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Case, Expression, Interval, Parameter } from "../../syntax/ast.js";
import { type SqlType, typeName } from "../../types.js";
import type { BoundExpression, Scope } from "../bound.js";
import { arithmetic, unaryArithmetic } from "./arithmetic.js";
import { bindCall } from "./bind-call.js";
import { bindArray, bindCaseOperand } from "./bind-parts.js";
import { bindBetween, bindComparison, bindInList, bindIs } from "./bind-tests.js";
import { coerce, parameterAs, settled } from "./coerce.js";
import { commonType } from "./common-type.js";
import { derived } from "./derived.js";
import { intervalLiteral, intervalOfText, intervalType } from "./interval-text.js";
import { bindLiteral, numberLiteral } from "./literal.js";
import { bindLike, bindRegularExpression } from "./pattern.js";
import { bindExists, bindInQuery, bindQuantified, bindScalarQuery } from "./subquery.js";
import { bindPath } from "./super-path.js";
import { inZone, sessionZone, zoneName } from "./time-zone.js";
import { isInteger } from "./type-groups.js";
import { typeOfName } from "./type-of-name.js";

export { coerce, settled } from "./coerce.js";
export { commonType } from "./common-type.js";

/**
 * An expression as DuckDB's text with Redshift's type. `wanted` bends a literal or a parameter that nothing else has settled; it casts
 * nothing that has a type.
 */
export function bindExpression(expression: Expression, scope: Scope, wanted?: SqlType): BoundExpression {
  const bound = bindAny(expression, scope);
  return wanted !== undefined && bound.type.kind === "unknown"
    ? coerce(bound, wanted, "implicit", scope.context)
    : bound;
}

function bindAny(expression: Expression, scope: Scope): BoundExpression {
  const { context } = scope;
  const { at } = expression;
  switch (expression.kind) {
    case "literal":
      return bindLiteral(expression);
    case "parameter":
      return bindParameter(expression, scope);
    case "column":
    case "subscript":
    case "path":
      return bindPath(expression, scope, bindExpression);
    case "unary": {
      if (expression.operator === "not") return negated(expression.operand, scope, at);
      const { operand } = expression;
      // The sign belongs to the number: -2147483648 is an integer.
      if (expression.operator === "-" && operand.kind === "literal" && operand.value.type === "number") {
        const { text } = operand.value;
        return numberLiteral(text.startsWith("-") ? text.slice(1) : `-${text}`, at);
      }
      return unaryArithmetic({ operator: expression.operator, at, context }, bindExpression(operand, scope));
    }
    case "binary": {
      const { operator } = expression;
      if (COMPARISONS.has(operator)) return bindComparison(expression, scope, bindExpression);
      if (operator.includes("~")) return bindRegularExpression(expression, scope, bindExpression);
      return arithmetic(
        { operator, at, context },
        bindExpression(expression.left, scope),
        bindExpression(expression.right, scope),
      );
    }
    case "and":
    case "or": {
      const word = expression.kind === "and" ? "AND" : "OR";
      const operands = expression.operands.map((operand) => condition(bindExpression(operand, scope), scope, word));
      return derived(operands, `(${operands.map((one) => one.sql).join(` ${word} `)})`, { kind: "boolean" }, at);
    }
    case "is":
      return bindIs(expression, scope, bindExpression);
    case "between":
      return bindBetween(expression, scope, bindExpression);
    case "in-list":
      return bindInList(expression, scope, bindExpression);
    case "in-query":
      return bindInQuery(expression, scope, bindExpression);
    case "like":
      return bindLike(expression, scope, bindExpression);
    case "quantified":
      return bindQuantified(expression, scope, bindExpression);
    case "exists":
      return bindExists(expression, scope);
    case "query":
      return bindScalarQuery(expression, scope);
    case "cast": {
      const to = typeOfName(expression.type);
      const operand = bindExpression(expression.operand, scope);
      return coerce({ ...operand, at }, to, "explicit", context, { try: expression.try === true });
    }
    case "case":
      return bindCase(expression, scope);
    case "call":
      return bindCall(expression, scope, bindExpression);
    case "extract":
      return bindExtract(expression, scope, bindExpression);
    case "at-time-zone":
      return atTimeZone(expression.operand, expression.zone, scope, at);
    case "interval":
      return interval(expression);
    case "collate":
      return bindExpression(expression.operand, scope);
    case "array":
      return bindArray(expression, scope, bindExpression);
    case "row":
      throw new SqlError(
        SQL_STATE.featureNotSupported,
        "a row value can only be compared with another, or be in a list or a subquery",
        {
          at,
        },
      );
    case "star":
      throw new SqlError(SQL_STATE.syntaxError, "* is only allowed in a select list and in COUNT(*)", { at });
  }
}

const COMPARISONS: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">="]);

function bindParameter(parameter: Parameter, scope: Scope): BoundExpression {
  const { number, at } = parameter;
  if (scope.argument !== undefined) return scope.argument(number, at);
  const base: BoundExpression = {
    sql: `$${number}`,
    type: { kind: "unknown" },
    at,
    aggregate: false,
    window: false,
    nullable: true,
    untyped: true,
    origin: { kind: "parameter", number },
  };
  const settledType = scope.context.parameters[number - 1];
  return settledType === undefined || settledType.kind === "unknown" ? base : parameterAs(base, number, settledType);
}

/** A condition, as WHERE, HAVING, ON, AND and the like need one. Throws SqlError 42804. */
export function condition(bound: BoundExpression, scope: Scope, where: string): BoundExpression {
  const boolean: SqlType = { kind: "boolean" };
  if (bound.type.kind === "boolean") return bound;
  if (bound.type.kind === "unknown" || bound.type.kind === "super")
    return coerce(bound, boolean, "implicit", scope.context);
  if (isWholeLiteral(bound)) return coerce(bound, boolean, "assignment", scope.context);
  throw new SqlError(
    SQL_STATE.datatypeMismatch,
    `argument of ${where} must be type boolean, not type ${typeName(bound.type)}`,
    {
      at: bound.at,
    },
  );
}

/** Tools build their conditions up from `WHERE 1`, which Redshift takes. */
export function isWholeLiteral({ origin, type }: BoundExpression): boolean {
  return origin?.kind === "number" && isInteger(type);
}

function negated(operand: Expression, scope: Scope, at: number): BoundExpression {
  const one = condition(bindExpression(operand, scope), scope, "NOT");
  return derived([one], `(NOT ${one.sql})`, { kind: "boolean" }, at);
}

function bindCase(expression: Case, scope: Scope): BoundExpression {
  const { context } = scope;
  const whens =
    expression.operand === undefined
      ? expression.branches.map(({ when }) => condition(bindExpression(when, scope), scope, "CASE/WHEN"))
      : bindCaseOperand(expression, expression.operand, scope, bindExpression);
  const values = [
    ...expression.branches.map(({ then }) => then),
    ...(expression.otherwise === undefined ? [] : [expression.otherwise]),
  ];
  const bound = values.map((value) => bindExpression(value, scope));
  const type = commonType(bound, "CASE");
  const thens = bound.map((value) =>
    type.kind === "unknown" ? settled(value, context) : coerce(value, type, "implicit", context),
  );
  const branches = whens.map((when, index) => `WHEN ${when.sql} THEN ${thens[index]!.sql}`);
  const otherwise = expression.otherwise === undefined ? "" : ` ELSE ${thens.at(-1)!.sql}`;
  const nullable = expression.otherwise === undefined || thens.some((value) => value.nullable);
  const answered = type.kind === "unknown" ? thens[0]!.type : type;
  return derived([...whens, ...thens], `(CASE ${branches.join(" ")}${otherwise} END)`, answered, expression.at, {
    nullable,
  });
}

function atTimeZone(operand: Expression, zone: Expression, scope: Scope, at: number): BoundExpression {
  const { context } = scope;
  let moment = bindExpression(operand, scope, { kind: "timestamp" });
  if (moment.type.kind === "date") moment = coerce(moment, { kind: "timestamp" }, "implicit", context);
  if (moment.type.kind === "time" || moment.type.kind === "timetz") return timeInZone(moment, zone, scope, at);
  if (moment.type.kind !== "timestamp" && moment.type.kind !== "timestamptz") {
    throw new SqlError(
      SQL_STATE.undefinedFunction,
      `function timezone(character varying, ${typeName(moment.type)}) does not exist`,
      { at },
    );
  }
  const type: SqlType = { kind: moment.type.kind === "timestamp" ? "timestamptz" : "timestamp" };
  const name = bindExpression(zone, scope, { kind: "text" });
  const sql =
    name.origin?.kind === "text"
      ? inZone(moment.sql, zoneName(name.origin.text, name.at))
      : `timezone(${name.sql}, ${moment.sql})`;
  return derived([moment, name], sql, type, at);
}

/** The same moment of a day, seen in the zone as its offset is today. */
function timeInZone(time: BoundExpression, zone: Expression, scope: Scope, at: number): BoundExpression {
  const name = bindExpression(zone, scope, { kind: "text" });
  if (name.origin?.kind !== "text") {
    throw new SqlError(SQL_STATE.featureNotSupported, "the time zone of a TIME must be a literal", { at });
  }
  const own = time.type.kind === "time" ? sessionZone(scope.context) : "UTC";
  const local =
    time.type.kind === "time" ? time.sql : `CAST(${time.sql} AS TIME) - to_seconds(date_part('timezone', ${time.sql}))`;
  const moment = inZone(inZone(`(CURRENT_DATE + (${local}))`, own), zoneName(name.origin.text, name.at));
  return derived([time], `CAST(CAST(${moment} AS TIME) AS TIMETZ)`, { kind: "timetz" }, at);
}

function interval(expression: Interval): BoundExpression {
  const parts = intervalOfText(expression.text, expression.qualifier, expression.at);
  return derived([], intervalLiteral(parts), intervalType(expression.qualifier, parts), expression.at);
}
