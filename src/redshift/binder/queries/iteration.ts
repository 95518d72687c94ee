/** Iterations over SUPER values in FROM: arrays (`FROM t, t.items i AT n`, `UNNEST(t.items)`) and objects (`UNPIVOT t.data AS v AT k`). */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Expression, ObjectUnpivot, TableName } from "../../syntax/ast.js";
import { typeName, VARCHAR_BYTES_MAX } from "../../types.js";
import type { BoundExpression } from "../bound.js";
import { bindExpression } from "../expressions/bind-expression.js";
import type { FromItem, FromScope } from "./from-item.js";
import { newLevel } from "./level.js";
import type { Source, SourceColumn } from "./names.js";
import { nestedScope } from "./nested.js";

export function bindArrayIteration(ref: TableName, scope: FromScope): FromItem {
  const path = ref.path ?? { kind: "column" as const, parts: ref.name.parts, at: ref.name.at };
  return iterated(path, scope, ref.alias?.name ?? ref.name.parts.at(-1) ?? "element", ref.atAlias);
}

/** Each element of the array is a row, its position counted from 0. What is no array has no elements. */
export function iterated(path: Expression, scope: FromScope, name: string, indexName: string | undefined): FromItem {
  const value = bindIterable(path, scope);
  const alias = scope.binding.alias("r");
  if (value.type.kind === "array") {
    // PostgreSQL's unnest, over the catalog's arrays.
    const item: SourceColumn = { name, sql: `${alias}.c1`, type: value.type.of, nullable: true };
    return sourceOf(`LATERAL (SELECT unnest(${value.sql}) AS c1) AS ${alias}`, name, item);
  }
  const list = scope.binding.alias("r");
  const element: SourceColumn = { name, sql: `${alias}.c1`, type: { kind: "super" }, nullable: true };
  if (indexName === undefined) {
    const sql = `LATERAL (SELECT unnest(json_extract(${value.sql}, '$[*]')) AS c1) AS ${alias}`;
    return iterationItem(sql, name, element, []);
  }
  const sql =
    `LATERAL (SELECT unnest(${list}.l) AS c1, unnest(range(len(${list}.l))) AS c2 ` +
    `FROM (SELECT json_extract(${value.sql}, '$[*]') AS l) AS ${list}) AS ${alias}`;
  return iterationItem(sql, name, element, [
    { name: indexName, sql: `${alias}.c2`, type: { kind: "bigint" }, nullable: false },
  ]);
}

export function bindObjectIteration(ref: ObjectUnpivot, scope: FromScope): FromItem {
  const value = bindSuper(ref.expression, scope);
  const alias = scope.binding.alias("r");
  const element: SourceColumn = { name: ref.valueAlias, sql: `${alias}.c1`, type: { kind: "super" }, nullable: true };
  const sql = `LATERAL (SELECT unnest(json_extract(${value.sql}, '$.*')) AS c1, unnest(json_keys(${value.sql})) AS c2) AS ${alias}`;
  const key: SourceColumn | undefined =
    ref.nameAlias === undefined
      ? undefined
      : {
          name: ref.nameAlias,
          sql: `${alias}.c2`,
          type: { kind: "varchar", length: VARCHAR_BYTES_MAX },
          nullable: false,
        };
  return iterationItem(sql, ref.valueAlias, element, key === undefined ? [] : [key]);
}

/** As a table of one column. */
function sourceOf(sql: string, name: string, column: SourceColumn): FromItem {
  return { sql, sources: [{ name, columns: [column] }], columns: [column] };
}

function iterationItem(sql: string, name: string, element: SourceColumn, others: readonly SourceColumn[]): FromItem {
  const sources: Source[] = [{ name, columns: [element], element }];
  if (others.length > 0) sources.push({ name: undefined, columns: others });
  return { sql, sources, columns: [element, ...others] };
}

function bindSuper(path: Expression, scope: FromScope): BoundExpression {
  const bound = bindIterable(path, scope);
  if (bound.type.kind === "array") throw notIterable(bound);
  return bound;
}

/** A SUPER value or an array. */
function bindIterable(path: Expression, scope: FromScope): BoundExpression {
  const level = newLevel({
    sources: scope.before.flatMap((item) => item.sources),
    columns: scope.before.flatMap((item) => item.columns),
    outer: scope.surroundings.outer,
    commonTables: scope.surroundings.commonTables,
  });
  const bound = bindExpression(path, nestedScope(level, scope, { clause: "FROM" }));
  if (bound.type.kind !== "super" && bound.type.kind !== "array") throw notIterable(bound);
  return bound;
}

function notIterable(bound: BoundExpression): SqlError {
  return new SqlError(
    SQL_STATE.datatypeMismatch,
    `only a SUPER value can be iterated over in FROM, not ${typeName(bound.type)}`,
    { at: bound.at, hint: "A text that holds JSON becomes one by JSON_PARSE." },
  );
}
