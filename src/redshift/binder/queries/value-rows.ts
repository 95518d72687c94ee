import type { DefaultValue, Expression } from "../../syntax/ast.js";
import type { RelationColumn, Scope } from "../bound.js";

/** Rows of bare literals as one text that is bound by column and not by cell; undefined where a cell is more than a literal. */
export function literalRows(
  rows: readonly (readonly (Expression | DefaultValue)[])[],
  columns: readonly RelationColumn[],
  scope: Scope,
): string | undefined {
  void rows;
  void columns;
  void scope;
  return undefined;
}
