/** MERGE with Redshift's rules. Source: "MERGE", usage notes. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { quotedName } from "../../sql-text.js";
import type { Merge } from "../../syntax/ast.js";
import type { BindContext, BoundChange, RelationColumn, RelationNeed, Scope } from "../bound.js";
import { bindExpression } from "../expressions/bind-expression.js";
import { type Binding, newBinding } from "./binding.js";
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
import { bindCondition } from "./condition.js";
import { type FromItem, refuseRepeatedNames, relationSource } from "./from-item.js";
import { boundColumn, newLevel } from "./level.js";
import { missingRelation } from "./name-errors.js";
import { nestedScope } from "./nested.js";
import { bindNested } from "./query.js";
import { refuseUnsupported } from "./unsupported.js";
import { assignments } from "./update.js";

interface MergeParts {
  readonly statement: Merge;
  readonly target: ChangeTarget;
  readonly alias: string;
  readonly own: FromItem;
  readonly source: FromItem;
  readonly sourceRow: string;
  readonly binding: Binding;
  readonly on: string;
}

export function bindMerge(statement: Merge, context: BindContext): BoundChange {
  const binding = newBinding(context);
  const target = changeTarget(statement.target, "merge into", context.relation(statement.target));
  for (const need of needsOf(statement)) context.relation(statement.target, need);
  const { item: source, row: sourceRow } = bindSource(statement, target, binding);
  const alias = binding.alias("r");
  const { relation } = target;
  const own = relationSource(relation, `${target.from} AS ${alias}`, alias, {
    alias: undefined,
    name: relation.name,
    schema: relation.schema,
    at: statement.target.at,
  });
  refuseRepeatedNames([own, source], statement.source);
  const on = bindCondition(statement.on, scopeOver([own, source], binding, "MERGE/ON"));
  const parts: MergeParts = { statement, target, alias, own, source, sourceRow, binding, on };
  const sql = statement.removeDuplicates ? replaceText(parts) : mergeText(parts);
  refuseUnsupported(binding, true);
  return { sql, checks: [onlyOneMatch(parts)], target: relation, reads: [...binding.reads] };
}

/** Source: "MERGE": beside reading both tables, whatever its actions do to the target. */
function needsOf({ removeDuplicates, matched, notMatched }: Merge): readonly RelationNeed[] {
  if (removeDuplicates) return ["delete", "insert"];
  return [
    ...(matched === undefined ? [] : [matched.action]),
    ...(notMatched === undefined ? [] : (["insert"] as const)),
  ];
}

interface MergeSource {
  readonly item: FromItem;
  /** What tells its rows apart. */
  readonly row: string;
}

function bindSource(statement: Merge, target: ChangeTarget, binding: Binding): MergeSource {
  const { source } = statement;
  if (source.kind !== "table") throw noTable(source.at);
  const relation = binding.context.relation(source.name);
  if (relation === undefined) throw missingRelation(source.name);
  if (relation.from === undefined) throw noTable(source.at);
  if (relation.schema === target.relation.schema && relation.name === target.relation.name) {
    throw new SqlError(SQL_STATE.featureNotSupported, "source and target of MERGE cannot be the same table", {
      at: source.at,
    });
  }
  binding.reads.add(relation);
  const alias = binding.alias("r");
  const named = { alias: source.alias, name: relation.name, schema: relation.schema, at: source.at };
  const item = relationSource(relation, `${relation.from} AS ${alias}`, alias, named);
  // Only DuckDB's own tables number their rows; rows of objects are told apart by all that they hold.
  const row =
    relation.kind === "external-table" ? item.columns.map((column) => column.sql).join(", ") : `${alias}.rowid`;
  return { item, row };
}

function noTable(at: number): SqlError {
  return new SqlError(SQL_STATE.featureNotSupported, "the source of MERGE must be a table", {
    at,
    hint: "Put the rows of the view or the query into a temporary table, and merge that.",
  });
}

function scopeOver(items: readonly FromItem[], binding: Binding, clause: string): Scope {
  const level = newLevel({
    sources: items.flatMap((item) => item.sources),
    columns: items.flatMap((item) => item.columns),
    outer: undefined,
    commonTables: new Map(),
  });
  const scope = nestedScope(level, { binding, bindNested }, { clause });
  return {
    ...scope,
    column(parts, at) {
      const found = scope.column(parts, at);
      if (found.rest.length === 0) return found;
      throw new SqlError(
        SQL_STATE.featureNotSupported,
        "Partial reference of SUPER column is not supported in MERGE statement.",
        {
          at,
          hint: "Take the part out in a temporary table first, and merge that.",
        },
      );
    },
  };
}

function mergeText(parts: MergeParts): string {
  const { statement, target, own, source, binding, on } = parts;
  const { matched, notMatched } = statement;
  if (matched === undefined || notMatched === undefined) {
    throw new SqlError(SQL_STATE.syntaxError, "MERGE needs both WHEN MATCHED and WHEN NOT MATCHED", {
      at: statement.at,
      hint: "WHEN MATCHED THEN UPDATE SET ... | DELETE, then WHEN NOT MATCHED THEN INSERT ...; or REMOVE DUPLICATES instead of both.",
    });
  }
  const action =
    matched.action === "delete"
      ? "DELETE"
      : `UPDATE SET ${assignments(matched.set, target.relation, scopeOver([own, source], binding, "UPDATE"))}`;
  const scope = scopeOver([source], binding, "VALUES");
  const columns =
    notMatched.columns === undefined
      ? targetColumns(target.relation).slice(0, notMatched.values.length)
      : namedColumns(target.relation, notMatched.columns, statement.at);
  if (notMatched.values.length !== columns.length) {
    const more =
      notMatched.values.length > columns.length ? "expressions than target columns" : "target columns than expressions";
    throw new SqlError(SQL_STATE.syntaxError, `INSERT has more ${more}`, { at: statement.at });
  }
  const values = notMatched.values.map((value, index) => {
    const column = columns[index]!;
    if (value.kind === "default") return defaultValue(column, scope);
    refuseIdentityValue(column, value.at);
    return assigned(column, bindExpression(value, scope), scope).sql;
  });
  const insert = insertText(parts, columns, values, scope);
  return `MERGE INTO ${own.sql} USING ${source.sql} ON ${on} WHEN MATCHED THEN ${action} WHEN NOT MATCHED THEN ${insert}`;
}

function insertText(
  parts: MergeParts,
  columns: readonly RelationColumn[],
  values: readonly string[],
  scope: Scope,
): string {
  const defaults = columnsWithDefaults(parts.target.relation, columns);
  const all = [...columns, ...defaults].map((column) => column.sql ?? quotedName(column.name));
  return `INSERT (${all.join(", ")}) VALUES (${[...values, ...defaults.map((column) => defaultValue(column, scope))].join(", ")})`;
}

/**
 * REMOVE DUPLICATES: rows of the target that match a row of the source become one, with the source's values; the source's others are added.
 * Each pair is numbered, so that the first is updated and the rest are deleted in one statement.
 */
function replaceText(parts: MergeParts): string {
  const { statement, target, alias, own, source, sourceRow, binding, on } = parts;
  const columns = targetColumns(target.relation);
  const given = source.columns.filter((column) => column.hidden !== true);
  if (columns.length !== given.length) {
    throw new SqlError(
      SQL_STATE.syntaxError,
      "source and target of MERGE ... REMOVE DUPLICATES must have the same columns",
      {
        at: statement.at,
        detail: `${target.relation.name} has ${columns.length} columns, the source has ${given.length}.`,
      },
    );
  }
  const scope = scopeOver([source], binding, "MERGE");
  const values = columns.map((column, index) => {
    refuseIdentityValue(column, statement.at);
    return assigned(column, boundColumn(given[index]!, statement.at), scope).sql;
  });
  const pairs = binding.alias("r");
  const changed = binding.alias("r");
  const names = columns.map((column) => column.sql ?? quotedName(column.name));
  const cells = values.map((_, index) => `${pairs}.c${index + 1}`);
  const pairText =
    `SELECT ${values.map((value, index) => `${value} AS c${index + 1}`).join(", ")}, ${alias}.rowid AS target_row, ` +
    `row_number() OVER (PARTITION BY ${sourceRow} ORDER BY ${alias}.rowid) AS pair_number ` +
    `FROM ${source.sql} LEFT JOIN ${own.sql} ON ${on}`;
  return (
    `MERGE INTO ${target.from} AS ${changed} USING (${pairText}) AS ${pairs} ON ${changed}.rowid = ${pairs}.target_row ` +
    `WHEN MATCHED AND ${pairs}.pair_number = 1 THEN UPDATE SET ${names.map((name, index) => `${name} = ${cells[index]!}`).join(", ")} ` +
    `WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (${names.join(", ")}) VALUES (${cells.join(", ")})`
  );
}

/** Two rows of the source for one of the target: which of them would be its new self is nobody's to say. */
function onlyOneMatch(parts: MergeParts): BoundChange["checks"][number] {
  const { own, source, alias, on, statement } = parts;
  return {
    sql:
      "SELECT count(*) > 0 FROM " +
      `(SELECT ${alias}.rowid FROM ${own.sql} INNER JOIN ${source.sql} ON ${on} GROUP BY ${alias}.rowid HAVING count(*) > 1)`,
    error: () =>
      new SqlError(SQL_STATE.cardinalityViolation, "Found multiple matches to update the same tuple.", {
        at: statement.source.at,
        hint: "Let at most one row of the source match each row of the target: take the newest of them, say, by ROW_NUMBER().",
      }),
  };
}
