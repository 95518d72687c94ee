/** CASE with an operand, and ARRAY[...] of the catalog. */
import type { ArrayLiteral, Case, Expression } from "../../syntax/ast.js";
import type { SqlType } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";
import type { BoundExpression, Scope } from "../bound.js";
import type { Bind } from "./bind.js";
import { coerce, settled } from "./coerce.js";
import { commonType } from "./common-type.js";
import { comparison } from "./comparison.js";
import { derived } from "./derived.js";

/** `CASE a WHEN b` is `CASE WHEN a = b`. */
export function bindCaseOperand(expression: Case, operand: Expression, scope: Scope, bind: Bind): BoundExpression[] {
  const one = settledBy(expression, bind(operand, scope), scope, bind);
  return expression.branches.map(({ when }) =>
    comparison({ operator: "=", at: when.at, context: scope.context }, one, bind(when, scope)),
  );
}

/** An operand without a type takes it from the first WHEN that has one. */
function settledBy(expression: Case, operand: BoundExpression, scope: Scope, bind: Bind): BoundExpression {
  if (operand.type.kind !== "unknown") return operand;
  const type = commonType(
    expression.branches.map(({ when }) => bind(when, scope)),
    "CASE",
  );
  return type.kind === "unknown" ? settled(operand, scope.context) : coerce(operand, type, "implicit", scope.context);
}

export function bindArray(expression: ArrayLiteral, scope: Scope, bind: Bind): BoundExpression {
  if ("kind" in expression.items) {
    const query = scope.query(expression.items);
    const of: SqlType = query.columns[0]?.type ?? { kind: "text" };
    return derived([], `(SELECT coalesce(list(q.c1), []) FROM (${query.sql}) q)`, { kind: "array", of }, expression.at);
  }
  const items = expression.items.map((item) => bind(item, scope));
  const common = commonType(items, "ARRAY");
  const of: SqlType = common.kind === "unknown" ? { kind: "text" } : common;
  const sql = items.map((item) => coerce(item, of, "implicit", scope.context).sql).join(", ");
  return derived(items, `CAST([${sql}] AS ${duckDbType(of)}[])`, { kind: "array", of }, expression.at);
}
