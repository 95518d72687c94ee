import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Expression } from "../../syntax/ast.js";
import { typeName } from "../../types.js";
import type { Scope } from "../bound.js";
import { bindExpression, coerce, isWholeLiteral } from "../expressions/bind-expression.js";

const BOOLEAN = { kind: "boolean" } as const;

/** A condition of WHERE, ON, HAVING, QUALIFY: a BOOLEAN, or a SUPER that is taken for one. */
export function bindCondition(expression: Expression, scope: Scope): string {
  const bound = bindExpression(expression, scope, BOOLEAN);
  if (bound.type.kind === "boolean") return bound.sql;
  if (isWholeLiteral(bound)) return coerce(bound, BOOLEAN, "assignment", scope.context).sql;
  if (bound.type.kind !== "unknown" && bound.type.kind !== "super") {
    throw new SqlError(
      SQL_STATE.datatypeMismatch,
      `argument of ${scope.clause} must be type boolean, not type ${typeName(bound.type)}`,
      { at: expression.at, hint: "Compare it with something, or cast it." },
    );
  }
  return coerce(bound, BOOLEAN, bound.type.kind === "super" ? "explicit" : "implicit", scope.context).sql;
}
