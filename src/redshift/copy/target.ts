/** The table and the columns that a COPY fills, and what the others get. */
import type { BindContext, RelationColumn, Scope } from "../binder/bound.js";
import { newBinding } from "../binder/queries/binding.js";
import {
  type ChangeTarget,
  changeTarget,
  columnsWithDefaults,
  defaultValue,
  namedColumns,
  targetColumns,
} from "../binder/queries/change-target.js";
import { newLevel } from "../binder/queries/level.js";
import { nestedScope } from "../binder/queries/nested.js";
import { outermost } from "../binder/queries/query.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { quotedName } from "../sql-text.js";
import type { QualifiedName } from "../syntax/ast.js";

export interface LoadTarget extends ChangeTarget {
  /** In the order of the fields. */
  readonly columns: readonly RelationColumn[];
  /** `INSERT INTO t (a, b, other)`. */
  readonly into: string;
  /** For the columns behind `columns` in `into`. */
  readonly defaults: readonly string[];
}

export interface TargetOptions {
  readonly explicitIds: boolean;
}

export function loadTarget(
  table: QualifiedName,
  names: readonly string[] | undefined,
  context: BindContext,
  { explicitIds }: TargetOptions,
): LoadTarget {
  const target = copyTarget(table, context);
  const columns =
    names === undefined
      ? targetColumns(target.relation).filter((column) => column.identity === undefined || explicitIds)
      : namedColumns(target.relation, names, table.at);
  checkIdentities(columns, names, explicitIds, table.at);
  const others = columnsWithDefaults(target.relation, columns).filter((column) => !columns.includes(column));
  const missing = targetColumns(target.relation).find(
    (column) => !column.nullable && !columns.includes(column) && !others.includes(column),
  );
  if (missing !== undefined) {
    throw new SqlError(
      SQL_STATE.notNullViolation,
      `COPY: column "${missing.name}" is NOT NULL and not in the column list`,
      {
        at: table.at,
        hint: "Name it in the column list, or give it a default.",
      },
    );
  }
  const scope = valuesScope(context);
  return {
    ...target,
    columns,
    into: `INSERT INTO ${target.from} (${[...columns, ...others].map((column) => column.sql ?? quotedName(column.name)).join(", ")})`,
    defaults: others.map((column) => defaultValue(column, scope)),
  };
}

function copyTarget(table: QualifiedName, context: BindContext): ChangeTarget {
  const relation = context.relation(table, "insert");
  if (relation?.kind === "view" || relation?.kind === "materialized-view" || relation?.kind === "external-table") {
    const what = { view: "view", "materialized-view": "materialized view", "external-table": "external table" }[
      relation.kind
    ];
    throw new SqlError(SQL_STATE.wrongObjectType, `cannot copy into ${what} "${relation.name}"`, {
      at: table.at,
      hint: "COPY fills tables.",
    });
  }
  return changeTarget(table, "insert into", relation);
}

function checkIdentities(
  columns: readonly RelationColumn[],
  names: readonly string[] | undefined,
  explicitIds: boolean,
  at: number,
): void {
  if (names === undefined) return;
  const identity = columns.find((column) => column.identity !== undefined && !column.identity.byDefault);
  if (identity !== undefined && !explicitIds) {
    throw new SqlError(SQL_STATE.featureNotSupported, `cannot set an identity column to a value`, {
      at,
      detail: `"${identity.name}" is in the column list.`,
      hint: "Add EXPLICIT_IDS, or leave the column out of the list.",
    });
  }
}

function valuesScope(context: BindContext): Scope {
  const level = newLevel({ sources: [], columns: [], outer: undefined, commonTables: new Map() });
  return nestedScope(level, outermost(newBinding(context)), { clause: "DEFAULT" });
}
