import { functionEntry } from "../../functions/registry.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Call, TableFunction } from "../../syntax/ast.js";
import { type SqlType, typeName } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";
import type { BoundExpression, Scope } from "../bound.js";
import { bindExpression, coerce } from "../expressions/bind-expression.js";
import { typeOfName } from "../expressions/type-of-name.js";
import type { NestedQuery } from "./binding.js";
import { type FromItem, type FromScope, sourceItem } from "./from-item.js";
import { iterated } from "./iteration.js";
import { newLevel } from "./level.js";
import { nestedScope } from "./nested.js";
import { bindRelation } from "./relation.js";
import { noteLeaderOnly } from "./unsupported.js";

/**
 * Functions in FROM: generate_series, UNNEST, those of a single value (one row of it), and the catalog's, whose rows are a relation of the function's own name in pg_catalog
 * (pg_get_late_binding_view_cols, ...).
 */
export function bindTableFunction(ref: TableFunction, scope: FromScope): FromItem {
  const name = ref.call.name.parts.at(-1) ?? "";
  if (name === "unnest" && ref.call.args.length === 1) {
    const alias = ref.alias;
    return iterated(ref.call.args[0]!, scope, alias?.columns?.[0] ?? alias?.name ?? "unnest", alias?.columns?.[1]);
  }
  const level = newLevel({
    sources: scope.before.flatMap((item) => item.sources),
    columns: scope.before.flatMap((item) => item.columns),
    outer: scope.surroundings.outer,
    commonTables: scope.surroundings.commonTables,
  });
  if (name === "generate_series") {
    noteLeaderOnly(scope.binding, "generate_series", ref.at);
    const series = generateSeries(ref.call, nestedScope(level, scope, { clause: "FROM" }));
    const alias = scope.binding.alias("r");
    // A function's only column is called as the function's alias.
    const column = ref.alias?.columns?.[0] ?? ref.alias?.name ?? name;
    const columns: NestedQuery["columns"] = [{ name: column, type: series.type, nullable: false }];
    return sourceItem(`(${seriesRows(series, ref.call, scope)}) AS ${alias}`, alias, columns, {
      alias: { name: ref.alias?.name ?? name },
      name: undefined,
      at: ref.at,
    });
  }
  if (functionEntry(name)?.kind === "scalar") {
    const value = bindExpression(ref.call, nestedScope(level, scope, { clause: "FROM" }));
    const alias = scope.binding.alias("r");
    const column = { name: ref.alias?.columns?.[0] ?? ref.alias?.name ?? name, type: value.type, nullable: true };
    const lateral = scope.before.length > 0 && holdsColumn(ref.call.args) ? "LATERAL " : "";
    return sourceItem(`${lateral}(SELECT ${value.sql} AS c1) AS ${alias}`, alias, [column], {
      alias: { name: ref.alias?.name ?? name },
      name: undefined,
      at: ref.at,
    });
  }
  const relation = scope.binding.context.relation({ parts: ["pg_catalog", name], at: ref.at });
  if (relation === undefined || ref.call.args.length > 0) {
    const types = ref.call.args.map((arg) =>
      typeName(bindExpression(arg, nestedScope(level, scope, { clause: "FROM" })).type),
    );
    throw new SqlError(
      SQL_STATE.undefinedFunction,
      `function ${ref.call.name.parts.join(".")}(${types.join(", ")}) does not exist`,
      {
        at: ref.at,
        hint: "Functions that stand in FROM: generate_series, UNNEST over a SUPER value, and the catalog's own.",
      },
    );
  }
  const item = bindRelation(relation, { alias: ref.alias ?? { name }, at: ref.at }, scope);
  return ref.columns === undefined ? item : castColumns(item, ref, ref.columns);
}

/** `AS t(a int, b text)`: names and types are the caller's. */
function castColumns(item: FromItem, ref: TableFunction, wanted: NonNullable<TableFunction["columns"]>): FromItem {
  if (wanted.length !== item.columns.length) {
    throw new SqlError(SQL_STATE.datatypeMismatch, "function return row and query-specified return row do not match", {
      at: ref.at,
      detail: `Returned row contains ${item.columns.length} attributes, but query expects ${wanted.length}.`,
    });
  }
  const columns = item.columns.map((column, index) => {
    const { name, type } = wanted[index]!;
    const to = typeOfName(type);
    const same = duckDbType(to) === duckDbType(column.type);
    return { ...column, name, type: to, sql: same ? column.sql : `CAST(${column.sql} AS ${duckDbType(to)})` };
  });
  return { sql: item.sql, sources: item.sources.map((source) => ({ ...source, columns })), columns };
}

export interface Series extends BoundExpression {
  /** The function's arguments in DuckDB's text. */
  readonly args: string;
}

/** A series by itself is made row by row; one that begins or ends where a row to its left says is a list for each. */
function seriesRows(series: Series, call: Call, scope: FromScope): string {
  if (scope.before.length > 0 || holdsColumn(call.args)) return `SELECT ${series.sql} AS c1`;
  const alias = scope.binding.alias("r");
  return `SELECT CAST(${alias}.generate_series AS ${duckDbType(series.type)}) AS c1 FROM generate_series(${series.args}) AS ${alias}`;
}

function holdsColumn(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsColumn);
  if (typeof value !== "object" || value === null) return false;
  const { kind } = value as { readonly kind?: unknown };
  return kind === "column" || kind === "select-query" || Object.values(value).some(holdsColumn);
}

/** The series as rows: PostgreSQL's generate_series over integers or timestamps. DuckDB's `unnest` makes them of its list. */
export function generateSeries(call: Call, scope: Scope): Series {
  const [start, stop, step] = call.args;
  if (start === undefined || stop === undefined || call.args.length > 3) {
    throw new SqlError(SQL_STATE.undefinedFunction, "generate_series takes a start, a stop and, if need be, a step", {
      at: call.at,
    });
  }
  const bounds = [start, stop].map((arg) => bindExpression(arg, scope, { kind: "integer" }));
  const type = seriesType(bounds, call.at);
  const args = bounds.map((bound) => coerce(bound, type, "implicit", scope.context));
  if (step !== undefined) {
    const numeric = type.kind === "integer" || type.kind === "bigint";
    const bound = bindExpression(step, scope, numeric ? type : { kind: "interval-day-second" });
    args.push(numeric ? coerce(bound, type, "implicit", scope.context) : bound);
  } else if (type.kind !== "integer" && type.kind !== "bigint") {
    throw new SqlError(
      SQL_STATE.undefinedFunction,
      `function generate_series(${typeName(type)}, ${typeName(type)}) does not exist`,
      {
        at: call.at,
        hint: "A series of timestamps needs a step: generate_series(start, stop, interval '1 day').",
      },
    );
  }
  const list = args.map((arg) => arg.sql).join(", ");
  return {
    args: list,
    sql: `unnest(CAST(generate_series(${list}) AS ${duckDbType(type)}[]))`,
    type,
    at: call.at,
    aggregate: args.some((arg) => arg.aggregate),
    window: args.some((arg) => arg.window),
    nullable: false,
  };
}

function seriesType(bounds: readonly BoundExpression[], at: number): SqlType {
  const kinds = new Set(bounds.map((bound) => bound.type.kind));
  if (kinds.has("timestamptz")) return { kind: "timestamptz" };
  if (kinds.has("timestamp") || kinds.has("date")) return { kind: "timestamp" };
  if ([...kinds].every((kind) => kind === "integer" || kind === "smallint" || kind === "unknown" || kind === "oid"))
    return { kind: "integer" };
  if (kinds.has("bigint")) return { kind: "bigint" };
  const types = bounds.map((bound) => typeName(bound.type)).join(", ");
  throw new SqlError(SQL_STATE.undefinedFunction, `function generate_series(${types}) does not exist`, { at });
}
