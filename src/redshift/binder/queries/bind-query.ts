import type { Query } from "../../syntax/ast.js";
import type { BindContext, BoundQuery } from "../bound.js";
import { type BindingWatcher, newBinding } from "./binding.js";
import { nestedOf } from "./body.js";
import { visible } from "./nested.js";
import { bindBody, outermost } from "./query.js";
import { refuseUnsupported } from "./unsupported.js";

/**
 * A query as one statement of DuckDB's, its columns named and typed. A SELECT's INTO is the caller's to carry out. Throws SqlError for what
 * Redshift would refuse.
 */
export function bindQuery(query: Query, context: BindContext): BoundQuery {
  return bindWatched(query, context, undefined);
}

export function bindWatched(query: Query, context: BindContext, watcher: BindingWatcher | undefined): BoundQuery {
  const binding = newBinding(context, watcher);
  const body = bindBody(query, outermost(binding));
  const nested = nestedOf(body, binding);
  refuseUnsupported(binding);
  return { sql: nested.sql, columns: nested.columns.map(visible), reads: [...binding.reads] };
}
