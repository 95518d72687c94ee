import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Expression } from "../../syntax/ast.js";
import type { SqlType } from "../../types.js";
import type { BoundExpression, Scope } from "../bound.js";

export { coerce } from "./coerce.js";
export { commonType } from "./common-type.js";

/**
 * An expression as DuckDB's text with Redshift's type. `wanted` bends a literal or a parameter that nothing else has settled; it casts
 * nothing that has a type.
 */
export function bindExpression(expression: Expression, scope: Scope, wanted?: SqlType): BoundExpression {
  void scope;
  void wanted;
  throw new SqlError(SQL_STATE.featureNotSupported, `${expression.kind} is not bound yet`, { at: expression.at });
}
