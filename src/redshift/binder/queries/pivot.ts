/** PIVOT and UNPIVOT: rows to columns by aggregates over CASE, columns to rows by unnesting a list of them. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { textLiteral } from "../../sql-text.js";
import type { Call, Expression, Pivot, SelectItem, TableAlias, Unpivot } from "../../syntax/ast.js";
import type { Scope } from "../bound.js";
import { bindExpression, coerce, commonType } from "../expressions/bind-expression.js";
import { settled } from "../expressions/coerce.js";
import type { NestedQuery } from "./binding.js";
import { type FromItem, type FromScope, sourceItem } from "./from-item.js";
import { newLevel } from "./level.js";
import type { Level, SourceColumn } from "./names.js";
import { nestedScope } from "./nested.js";
import { outputName } from "./output-name.js";

const AGGREGATES = new Set(["count", "sum", "min", "max", "avg"]);

/** Columns that the clause does not name group the rows. Source: "PIVOT and UNPIVOT examples", usage notes. */
export function bindPivot(pivot: Pivot, scope: FromScope): FromItem {
  const source = bindSource(pivot, scope);
  const level = levelOf(source, scope);
  const used = new Set<string>();
  const inner = watched(nestedScope(level, scope, { clause: "PIVOT", aggregates: true }), used);
  bindExpression(pivot.column, inner);
  const columns: { name: string; sql: string; type: SourceColumn["type"]; nullable: boolean }[] = [];
  for (const value of pivot.values) {
    if (value.expression.kind === "column" || value.expression.kind === "query") {
      throw new SqlError(
        SQL_STATE.featureNotSupported,
        "PIVOT IN list values cannot be column references or subqueries",
        {
          at: value.at,
        },
      );
    }
    for (const aggregate of pivot.aggregates) {
      const bound = bindExpression(onlyWhere(aggregate, pivot.column, value.expression), inner);
      const name = value.alias ?? valueName(value.expression);
      columns.push({
        name: aggregate.alias === undefined ? name : `${name}_${aggregate.alias}`,
        sql: bound.sql,
        type: bound.type,
        nullable: bound.nullable,
      });
    }
  }
  const groups = source.columns.filter((column) => column.hidden !== true && !used.has(column.sql));
  const all: readonly SourceColumn[] = [...groups, ...columns];
  const items = all.map((column, index) => `${column.sql} AS c${index + 1}`);
  const groupBy = groups.length === 0 ? "" : ` GROUP BY ${groups.map((column) => column.sql).join(", ")}`;
  return rotated(`SELECT ${items.join(", ")} FROM ${source.sql}${groupBy}`, all, pivot, scope, source);
}

/** `sum(x)` as `sum(CASE WHEN column = value THEN x END)`. */
function onlyWhere(aggregate: SelectItem, column: Expression, value: Expression): Call {
  const { expression: call, at } = aggregate;
  if (
    call.kind !== "call" ||
    !AGGREGATES.has(call.name.parts.at(-1) ?? "") ||
    call.over !== undefined ||
    call.args.length !== 1
  ) {
    throw new SqlError(
      SQL_STATE.featureNotSupported,
      "PIVOT takes a call of COUNT, SUM, MIN, MAX or AVG with one argument",
      {
        at,
        hint: "Compute anything else in a subquery before or behind the PIVOT.",
      },
    );
  }
  const [arg] = call.args;
  const counted: Expression =
    arg!.kind === "star" ? { kind: "literal", value: { type: "number", text: "1" }, at } : arg!;
  const isNull = value.kind === "literal" && value.value.type === "null";
  const when: Expression = isNull
    ? { kind: "is", operand: column, negated: false, test: { type: "null" }, at }
    : { kind: "binary", operator: "=", left: column, right: value, at };
  // biome-ignore lint/suspicious/noThenProperty: the tree's own word for what follows THEN; nothing awaits it.
  const branch = { when, then: counted };
  return { ...call, args: [{ kind: "case", branches: [branch], at }] };
}

function valueName(expression: Expression): string {
  if (expression.kind === "unary" && expression.operator === "-") return `-${valueName(expression.operand)}`;
  if (expression.kind !== "literal") return outputName(expression);
  const { value } = expression;
  switch (value.type) {
    case "null":
      return "null";
    case "boolean":
      return String(value.value);
    default:
      return value.text.toLowerCase();
  }
}

export function bindUnpivot(unpivot: Unpivot, scope: FromScope): FromItem {
  const source = bindSource(unpivot, scope);
  const used = new Set<string>();
  const inner = watched(nestedScope(levelOf(source, scope), scope, { clause: "UNPIVOT" }), used);
  const values = unpivot.columns.map((item) => {
    if (item.expression.kind !== "column") {
      throw new SqlError(SQL_STATE.featureNotSupported, "UNPIVOT IN list must contain only column references", {
        at: item.at,
      });
    }
    return bindExpression(item.expression, inner);
  });
  const { context } = scope.binding;
  const type = commonType(values, "UNPIVOT");
  const same = values.map((value) => coerce(settled(value, context), type, "implicit", context).sql);
  const names = unpivot.columns.map((item) => item.alias ?? outputName(item.expression));
  const nameBytes = Math.max(1, ...names.map((name) => Buffer.byteLength(name)));
  const kept = source.columns.filter((column) => column.hidden !== true && !used.has(column.sql));
  const all: SourceColumn[] = [
    ...kept,
    {
      name: unpivot.nameColumn,
      sql: `unnest([${names.map(textLiteral).join(", ")}])`,
      type: { kind: "varchar", length: nameBytes },
      nullable: false,
    },
    { name: unpivot.valueColumn, sql: `unnest([${same.join(", ")}])`, type, nullable: unpivot.includeNulls },
  ];
  const items = all.map((column, index) => `${column.sql} AS c${index + 1}`);
  const unnested = `SELECT ${items.join(", ")} FROM ${source.sql}`;
  const alias = scope.binding.alias("r");
  const sql = unpivot.includeNulls
    ? unnested
    : `SELECT ${all.map((_, index) => `${alias}.c${index + 1}`).join(", ")} FROM (${unnested}) AS ${alias} WHERE ${alias}.c${all.length} IS NOT NULL`;
  return rotated(sql, all, unpivot, scope, source);
}

function bindSource(ref: Pivot | Unpivot, scope: FromScope): FromItem {
  const { kind } = ref.source;
  if (kind === "join" || kind === "pivot" || kind === "unpivot" || kind === "object-unpivot") {
    throw new SqlError(
      SQL_STATE.featureNotSupported,
      `${ref.kind.toUpperCase()} cannot be applied to ${kind === "join" ? "a join" : "this"}`,
      {
        at: ref.at,
        hint: "Put what it is applied to in a subquery.",
      },
    );
  }
  return scope.bindTableRef(ref.source, scope);
}

function levelOf(source: FromItem, scope: FromScope): Level {
  return newLevel({
    sources: source.sources,
    columns: source.columns,
    outer: undefined,
    commonTables: scope.surroundings.commonTables,
  });
}

/** Notes which columns the clause names. */
function watched(scope: Scope, used: Set<string>): Scope {
  return {
    ...scope,
    column(parts, at) {
      const found = scope.column(parts, at);
      used.add(found.column.sql);
      return found;
    },
  };
}

function rotated(
  sql: string,
  columns: NestedQuery["columns"],
  ref: Pivot | Unpivot,
  scope: FromScope,
  source: FromItem,
): FromItem {
  const alias = scope.binding.alias("r");
  const shown = columns.map(({ name, type, nullable }) => ({ name, type, nullable }));
  const named: TableAlias | undefined = ref.alias;
  return sourceItem(`(${sql}) AS ${alias}`, alias, shown, { alias: named, name: source.sources[0]?.name, at: ref.at });
}
