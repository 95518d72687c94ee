import { SQL_STATE, SqlError } from "../../sql-error.js";
import { quotedName } from "../../sql-text.js";
import type { Insert, Query, Values } from "../../syntax/ast.js";
import type { BindContext, BoundChange, RelationColumn, Scope } from "../bound.js";
import { bindExpression } from "../expressions/bind-expression.js";
import { newBinding } from "./binding.js";
import type { Finish, QueryScope } from "./body.js";
import {
  assigned,
  type ChangeTarget,
  changeTarget,
  columnsWithDefaults,
  defaultValue,
  namedColumns,
  refuseIdentityValue,
  targetColumns,
} from "./change-target.js";
import { newLevel } from "./level.js";
import { nestedScope } from "./nested.js";
import { bindBody, outermost } from "./query.js";
import { quickRows } from "./quick-rows.js";
import { refuseUnsupported } from "./unsupported.js";

/** INSERT of a query, of rows of values, or of nothing but defaults. Columns that it does not name get their default, identity or NULL. */
export function bindInsert(statement: Insert, context: BindContext): BoundChange {
  const binding = newBinding(context);
  const target = changeTarget(statement.table, "insert into", context.relation(statement.table, "insert"));
  const how = outermost(binding);
  const scope = nestedScope(newLevel({ sources: [], columns: [], outer: undefined, commonTables: new Map() }), how, {
    clause: "VALUES",
  });
  const sql = insertText(statement, target, how, scope);
  refuseUnsupported(binding, true);
  return { sql, checks: [], target: target.relation, reads: [...binding.reads] };
}

function insertText(statement: Insert, target: ChangeTarget, how: QueryScope, scope: Scope): string {
  const { source } = statement;
  if (source === undefined) {
    const columns = targetColumns(target.relation);
    return `${into(target, columns)} VALUES (${columns.map((column) => defaultValue(column, scope)).join(", ")})`;
  }
  const values = valuesOf(source);
  if (values !== undefined) return insertValues(statement, values, target, scope);
  const body = bindBody(source, how);
  const columns = receivingColumns(statement, target, body.items.length);
  columns.forEach((column, index) => {
    refuseIdentityValue(column, body.items[index]!.bound.at);
  });
  const finish: Finish = (bound, index) => assigned(columns[index]!, bound, scope);
  const rows = body.render(finish);
  const defaults = columnsWithDefaults(target.relation, columns);
  if (defaults.length === 0) return `${into(target, columns)} ${rows}`;
  const alias = how.binding.alias("q");
  const items = [
    ...columns.map((_, index) => `${alias}.c${index + 1}`),
    ...defaults.map((column) => defaultValue(column, scope)),
  ];
  return `${into(target, [...columns, ...defaults])} SELECT ${items.join(", ")} FROM (${rows}) AS ${alias}`;
}

function into(target: ChangeTarget, columns: readonly RelationColumn[]): string {
  return `INSERT INTO ${target.from} (${columns.map((column) => column.sql ?? quotedName(column.name)).join(", ")})`;
}

/** Rows of values by themselves, as INSERT alone may have them. */
function valuesOf(query: Query): Values | undefined {
  const bare =
    query.with.length === 0 && query.orderBy.length === 0 && query.limit === undefined && query.offset === undefined;
  return bare && query.body.kind === "values" ? query.body : undefined;
}

/** By the list, or else the first columns of the table, as many as there are values. */
function receivingColumns(statement: Insert, target: ChangeTarget, count: number): readonly RelationColumn[] {
  if (statement.columns === undefined) {
    const all = targetColumns(target.relation);
    if (count > all.length) {
      throw new SqlError(SQL_STATE.syntaxError, "INSERT has more expressions than target columns", {
        at: statement.at,
        detail: `${target.relation.name} has ${all.length} columns, the rows have ${count} values.`,
      });
    }
    return all.slice(0, count);
  }
  const named = namedColumns(target.relation, statement.columns, statement.table.at);
  if (count !== named.length) {
    const more = count > named.length ? "expressions than target columns" : "target columns than expressions";
    throw new SqlError(SQL_STATE.syntaxError, `INSERT has more ${more}`, {
      at: statement.at,
      detail: `${named.length} columns are named, the rows have ${count} values.`,
    });
  }
  return named;
}

function insertValues(statement: Insert, values: Values, target: ChangeTarget, scope: Scope): string {
  const [first] = values.rows;
  const count = first?.length ?? 0;
  if (values.rows.some((row) => row.length !== count)) {
    throw new SqlError(SQL_STATE.syntaxError, "VALUES lists must all be the same length", { at: values.at });
  }
  const columns = receivingColumns(statement, target, count);
  const defaults = columnsWithDefaults(target.relation, columns);
  const missing = defaults.map((column) => defaultValue(column, scope));
  columns.forEach((column, index) => {
    const given = values.rows.find((row) => row[index]?.kind !== "default");
    if (given !== undefined) refuseIdentityValue(column, given[index]!.at);
  });
  const quick = quickRows(values.rows, columns, missing);
  if (quick !== undefined) return `${into(target, [...columns, ...defaults])} ${quick}`;
  const rows = values.rows.map((row) => {
    const cells = row.map((cell, index) => {
      const column = columns[index]!;
      if (cell.kind === "default") return defaultValue(column, scope);
      return assigned(column, bindExpression(cell, scope), scope).sql;
    });
    return `(${[...cells, ...missing].join(", ")})`;
  });
  return `${into(target, [...columns, ...defaults])} VALUES ${rows.join(", ")}`;
}
