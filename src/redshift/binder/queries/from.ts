import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { TableName, TableQuery, TableRef } from "../../syntax/ast.js";
import { type FromItem, type FromScope, refuseRepeatedNames, sourceItem } from "./from-item.js";
import { bindArrayIteration, bindObjectIteration } from "./iteration.js";
import { bindJoin } from "./join.js";
import { lookForColumn, newLevel } from "./level.js";
import { missingRelation } from "./name-errors.js";
import { refuseInnerRecursion } from "./nested.js";
import { bindPivot, bindUnpivot } from "./pivot.js";
import { bindRelation } from "./relation.js";
import { bindTableFunction } from "./table-function.js";

/** A whole FROM clause; `sql` is empty where there is none. */
export function bindFrom(refs: readonly TableRef[], scope: Omit<FromScope, "before" | "bindTableRef">): FromItem {
  const items: FromItem[] = [];
  for (const ref of refs) {
    const item = bindTableRef(ref, { ...scope, before: items, bindTableRef });
    refuseRepeatedNames([...items, item], ref);
    items.push(item);
  }
  return {
    sql: items.map((item) => item.sql).join(", "),
    sources: items.flatMap((item) => item.sources),
    columns: items.flatMap((item) => item.columns),
  };
}

function bindTableRef(ref: TableRef, scope: FromScope): FromItem {
  switch (ref.kind) {
    case "table":
      return bindTableName(ref, scope);
    case "table-query":
      return bindTableQuery(ref, scope);
    case "join":
      return bindJoin(ref, scope);
    case "table-function":
      return bindTableFunction(ref, scope);
    case "pivot":
      return bindPivot(ref, scope);
    case "unpivot":
      return bindUnpivot(ref, scope);
    case "object-unpivot":
      return bindObjectIteration(ref, scope);
  }
}

function bindTableName(ref: TableName, scope: FromScope): FromItem {
  const { parts } = ref.name;
  const [first = ""] = parts;
  const left = scope.before.flatMap((item) => item.sources);
  const isPath =
    ref.path !== undefined ||
    ref.atAlias !== undefined ||
    left.some((source) => source.name === first && (parts.length > 1 || source.element !== undefined));
  if (isPath) return bindArrayIteration(ref, scope);
  const common = parts.length === 1 ? scope.surroundings.commonTables.get(first) : undefined;
  if (common !== undefined) {
    const alias = scope.binding.alias("r");
    return sourceItem(`${common.sql} AS ${alias}`, alias, common.columns, {
      alias: ref.alias,
      name: first,
      at: ref.at,
    });
  }
  const relation = scope.binding.context.relation(ref.name);
  if (relation === undefined) {
    if (meansSuper(parts, scope)) return bindArrayIteration(ref, scope);
    throw missingRelation(ref.name);
  }
  scope.binding.watcher?.relation(ref.name, relation);
  return bindRelation(relation, ref, scope);
}

/** A path without the table's name before it, or one into a row of a query around this one. */
function meansSuper(parts: readonly string[], scope: FromScope): boolean {
  const level = newLevel({
    sources: scope.before.flatMap((item) => item.sources),
    columns: scope.before.flatMap((item) => item.columns),
    outer: scope.surroundings.outer,
    commonTables: scope.surroundings.commonTables,
  });
  return lookForColumn(level, parts, 0)?.column.type.kind === "super";
}

function bindTableQuery(ref: TableQuery, scope: FromScope): FromItem {
  if (ref.lateral) {
    throw new SqlError(SQL_STATE.featureNotSupported, "LATERAL is not supported", {
      at: ref.at,
      hint: "Join a subquery that does not name the tables beside it.",
    });
  }
  refuseInnerRecursion(ref.query);
  const bound = scope.bindNested(ref.query, scope.binding, scope.surroundings);
  const alias = scope.binding.alias("r");
  return sourceItem(`(${bound.sql}) AS ${alias}`, alias, bound.columns, {
    alias: ref.alias,
    name: undefined,
    at: ref.at,
  });
}
