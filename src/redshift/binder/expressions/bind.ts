import type { Expression } from "../../syntax/ast.js";
import type { SqlType } from "../../types.js";
import type { BoundExpression, Scope } from "../bound.js";

/** `bindExpression`, as it is handed to those that it calls. */
export type Bind = (expression: Expression, scope: Scope, wanted?: SqlType) => BoundExpression;
