import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Query } from "../../syntax/ast.js";
import type { BindContext } from "../bound.js";

/** A view's text with its stars written out, so that columns that its tables get later do not appear in it. */
export function freezeView(query: Query, queryText: string, context: BindContext): string {
  void context;
  void queryText;
  throw new SqlError(SQL_STATE.featureNotSupported, "views are not frozen yet", { at: query.at });
}
