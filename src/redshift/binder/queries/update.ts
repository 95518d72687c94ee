import { SQL_STATE, SqlError } from "../../sql-error.js";
import { quotedName } from "../../sql-text.js";
import type { Update } from "../../syntax/ast.js";
import type { BindContext, BoundChange, RelationInfo, Scope } from "../bound.js";
import { bindExpression } from "../expressions/bind-expression.js";
import { newBinding } from "./binding.js";
import { bindChangeFrom } from "./change-from.js";
import { assigned, changeTarget, defaultValue, refuseIdentityValue, targetColumn } from "./change-target.js";
import { checkEquijoin } from "./equijoin.js";
import { refuseUnsupported } from "./unsupported.js";

/** UPDATE ... SET ... FROM ... WHERE. Where several rows of FROM match one of the table, one of them is taken, as Redshift does. */
export function bindUpdate(statement: Update, context: BindContext): BoundChange {
  const binding = newBinding(context);
  const target = changeTarget(statement.table, "update", context.relation(statement.table, "update"));
  // Rows are chosen, or values worked out, by what is read of them.
  const reads =
    statement.where !== undefined ||
    statement.from.length > 0 ||
    statement.set.some(
      ({ value }) => value.kind !== "literal" && value.kind !== "parameter" && value.kind !== "default",
    );
  if (reads) context.relation(statement.table);
  const bound = bindChangeFrom(statement, target, statement.from, binding);
  const isTarget = (sql: string): boolean => sql.startsWith(`${bound.alias}.`);
  checkEquijoin(statement.from, statement.where, bound.level, isTarget, statement.at);
  const set = assignments(statement.set, target.relation, bound.scope("UPDATE"));
  const from = bound.from === "" ? "" : ` FROM ${bound.from}`;
  const sql = `${bound.with}UPDATE ${target.from} AS ${bound.alias} SET ${set}${from}${bound.where}`;
  refuseUnsupported(binding, true);
  return { sql, checks: [], target: target.relation, reads: [...binding.reads] };
}

export function assignments(set: Update["set"], relation: RelationInfo, scope: Scope): string {
  const seen = new Set<string>();
  const texts = set.map(({ column: name, value, at }) => {
    const column = targetColumn(relation, name, at);
    if (seen.has(name))
      throw new SqlError(SQL_STATE.syntaxError, `multiple assignments to same column "${name}"`, { at });
    seen.add(name);
    refuseIdentityValue(column, at);
    const sql =
      value.kind === "default"
        ? defaultValue(column, scope)
        : assigned(column, bindExpression(value, scope), scope).sql;
    return `${column.sql ?? quotedName(name)} = ${sql}`;
  });
  return texts.join(", ");
}
