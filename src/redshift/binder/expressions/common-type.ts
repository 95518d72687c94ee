import type { SqlType } from "../../types.js";
import type { BoundExpression } from "../bound.js";

/** The type that CASE, COALESCE, UNION, VALUES, IN and the like bring their parts to; `what` is for the message: `CASE`, `UNION`. */
export function commonType(types: readonly BoundExpression[], what: string): SqlType {
  void what;
  return types[0]!.type;
}
