import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Delete, Insert, Merge, Update } from "../../syntax/ast.js";
import type { BindContext, BoundChange } from "../bound.js";

function notYet(at: number, context: BindContext): SqlError {
  void context;
  return new SqlError(SQL_STATE.featureNotSupported, "changes are not bound yet", { at });
}

export function bindInsert(statement: Insert, context: BindContext): BoundChange {
  throw notYet(statement.at, context);
}

export function bindUpdate(statement: Update, context: BindContext): BoundChange {
  throw notYet(statement.at, context);
}

export function bindDelete(statement: Delete, context: BindContext): BoundChange {
  throw notYet(statement.at, context);
}

export function bindMerge(statement: Merge, context: BindContext): BoundChange {
  throw notYet(statement.at, context);
}
