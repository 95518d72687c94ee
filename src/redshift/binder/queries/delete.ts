import type { Delete } from "../../syntax/ast.js";
import type { BindContext, BoundChange } from "../bound.js";
import { newBinding } from "./binding.js";
import { bindChangeFrom } from "./change-from.js";
import { changeTarget } from "./change-target.js";
import { refuseUnsupported } from "./unsupported.js";

export function bindDelete(statement: Delete, context: BindContext): BoundChange {
  const binding = newBinding(context);
  const target = changeTarget(statement.table, "delete from", context.relation(statement.table, "delete"));
  if (statement.where !== undefined || statement.using.length > 0) context.relation(statement.table);
  const bound = bindChangeFrom(statement, target, statement.using, binding);
  const using = bound.from === "" ? "" : ` USING ${bound.from}`;
  const sql = `${bound.with}DELETE FROM ${target.from} AS ${bound.alias}${using}${bound.where}`;
  refuseUnsupported(binding, true);
  return { sql, checks: [], target: target.relation, reads: [...binding.reads] };
}
