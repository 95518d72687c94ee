/** Comparisons of values and of rows, IS, BETWEEN, IN (list). */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Between, Binary, Expression, InList, IsTest, RowValue } from "../../syntax/ast.js";
import type { SqlType } from "../../types.js";
import type { BindContext, BoundExpression, Scope } from "../bound.js";
import type { Bind } from "./bind.js";
import { coerce, settled } from "./coerce.js";
import { commonType } from "./common-type.js";
import { aligned, alignedWithAll, comparison } from "./comparison.js";
import { derived } from "./derived.js";

const BOOLEAN: SqlType = { kind: "boolean" };

export function bindComparison(expression: Binary, scope: Scope, bind: Bind): BoundExpression {
  const { operator, left, right, at } = expression;
  if (left.kind === "row" || right.kind === "row") return compareRows(operator, left, right, at, scope, bind);
  return comparison({ operator, at, context: scope.context }, bind(left, scope), bind(right, scope));
}

function compareRows(
  operator: string,
  left: Expression,
  right: Expression,
  at: number,
  scope: Scope,
  bind: Bind,
): BoundExpression {
  if (left.kind !== "row" || right.kind !== "row" || left.items.length !== right.items.length) {
    throw new SqlError(SQL_STATE.syntaxError, "unequal number of entries in row expressions", { at });
  }
  const pairs = left.items.map((item, index) => [bind(item, scope), bind(right.items[index]!, scope)] as const);
  const each = (word: string, [a, b]: readonly [BoundExpression, BoundExpression]) =>
    comparison({ operator: word, at, context: scope.context }, a, b);
  if (operator === "=" || operator === "<>") {
    const parts = pairs.map((pair) => each(operator, pair));
    return derived(parts, `(${parts.map((part) => part.sql).join(operator === "=" ? " AND " : " OR ")})`, BOOLEAN, at);
  }
  // In the order of a dictionary: the first pair that differs decides.
  const strict = operator.slice(0, 1);
  const last = each(operator, pairs.at(-1)!);
  return pairs.slice(0, -1).reduceRight((rest, pair) => {
    const [less, same] = [each(strict, pair), each("=", pair)];
    return derived([less, same, rest], `(${less.sql} OR (${same.sql} AND ${rest.sql}))`, BOOLEAN, at);
  }, last);
}

export function bindIs(expression: IsTest, scope: Scope, bind: Bind): BoundExpression {
  const { test, negated, at } = expression;
  const not = negated ? " NOT" : "";
  if (test.type === "null" && expression.operand.kind === "row") {
    const parts = expression.operand.items.map((item) => nullTest(bind(item, scope), negated, at, scope.context));
    return derived(parts, `(${parts.map((part) => part.sql).join(" AND ")})`, BOOLEAN, at, { nullable: false });
  }
  const operand = bind(expression.operand, scope);
  switch (test.type) {
    case "null":
      return nullTest(operand, negated, at, scope.context);
    case "distinct": {
      const [a, b] = aligned({ operator: "=", at, context: scope.context }, operand, bind(test.from, scope));
      return derived([a, b], `(${a.sql} IS${not} DISTINCT FROM ${b.sql})`, BOOLEAN, at, { nullable: false });
    }
    default: {
      const one = operand.type.kind === "boolean" ? operand : coerce(operand, BOOLEAN, "implicit", scope.context);
      const value = test.type === "unknown" ? "NULL" : test.type.toUpperCase();
      if (value === "NULL") return derived([one], `(${one.sql} IS${not} NULL)`, BOOLEAN, at, { nullable: false });
      return derived([one], `(${one.sql} IS${negated ? "" : " NOT"} DISTINCT FROM ${value})`, BOOLEAN, at, {
        nullable: false,
      });
    }
  }
}

/** JSON's null in a SUPER is no value either. */
function nullTest(operand: BoundExpression, negated: boolean, at: number, context: BindContext): BoundExpression {
  const one = operand.origin?.kind === "parameter" ? settled(operand, context) : operand;
  const isSuper = one.type.kind === "super";
  const sql = isSuper
    ? `(nullif(json_type(${one.sql}), 'NULL') IS${negated ? " NOT" : ""} NULL)`
    : `(${one.sql} IS${negated ? " NOT" : ""} NULL)`;
  return derived([one], sql, BOOLEAN, at, { nullable: false });
}

export function bindBetween(expression: Between, scope: Scope, bind: Bind): BoundExpression {
  const { at, negated } = expression;
  const { context } = scope;
  let operand = bind(expression.operand, scope);
  const [low, high] = [bind(expression.low, scope), bind(expression.high, scope)];
  if (operand.type.kind === "unknown") {
    const type = commonType([operand, low, high], "BETWEEN");
    operand = type.kind === "unknown" ? settled(operand, context) : coerce(operand, type, "implicit", context);
  }
  const all = alignedWithAll({ operator: "BETWEEN", at, context }, operand, [low, high]);
  if (all !== undefined) {
    const [from, to] = all.others as [BoundExpression, BoundExpression];
    const sql = `(${all.operand.sql}${negated ? " NOT" : ""} BETWEEN ${from.sql} AND ${to.sql})`;
    return derived([all.operand, from, to], sql, BOOLEAN, at);
  }
  const from = comparison({ operator: ">=", at, context }, operand, low);
  const to = comparison({ operator: "<=", at, context }, operand, high);
  return derived([from, to], `(${negated ? "NOT " : ""}(${from.sql} AND ${to.sql}))`, BOOLEAN, at);
}

export function bindInList(expression: InList, scope: Scope, bind: Bind): BoundExpression {
  const { at, negated, items } = expression;
  const { context } = scope;
  const not = negated ? "NOT " : "";
  if (expression.operand.kind === "row") {
    const operand: RowValue = expression.operand;
    const each = items.map((item) => compareRows("=", operand, item, item.at, scope, bind));
    return derived(each, `(${not}(${each.map((one) => one.sql).join(" OR ")}))`, BOOLEAN, at);
  }
  let operand = bind(expression.operand, scope);
  const others = items.map((item) => bind(item, scope));
  if (operand.type.kind === "unknown") {
    const type = commonType([operand, ...others], "IN");
    operand = type.kind === "unknown" ? settled(operand, context) : coerce(operand, type, "implicit", context);
  }
  const all = alignedWithAll({ operator: "=", at, context }, operand, others);
  if (all === undefined) {
    const each = others.map((other) => comparison({ operator: "=", at, context }, operand, other));
    return derived(each, `(${not}(${each.map((one) => one.sql).join(" OR ")}))`, BOOLEAN, at);
  }
  const sql = `(${all.operand.sql} ${not}IN (${all.others.map((other) => other.sql).join(", ")}))`;
  return derived([all.operand, ...all.others], sql, BOOLEAN, at);
}
