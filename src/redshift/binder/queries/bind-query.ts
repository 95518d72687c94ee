import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Query } from "../../syntax/ast.js";
import type { BindContext, BoundQuery } from "../bound.js";

/** A query as one statement of DuckDB's, its columns named and typed. Throws SqlError for what Redshift would refuse. */
export function bindQuery(query: Query, context: BindContext): BoundQuery {
  void context;
  throw new SqlError(SQL_STATE.featureNotSupported, "queries are not bound yet", { at: query.at });
}
