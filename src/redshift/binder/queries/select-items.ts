import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Expression, Select, SelectItem, Star } from "../../syntax/ast.js";
import type { BoundExpression, Scope } from "../bound.js";
import { bindExpression } from "../expressions/bind-expression.js";
import type { Binding, ExpandedColumn } from "./binding.js";
import type { BodyItem } from "./body.js";
import { expressionKey } from "./expression-key.js";
import { boundColumn } from "./level.js";
import { missingTable } from "./name-errors.js";
import type { Level, Source } from "./names.js";
import { outputName } from "./output-name.js";
import { generateSeries } from "./table-function.js";
import { noteLeaderOnly } from "./unsupported.js";

export interface BoundItem extends BodyItem {
  readonly at: number;
  /** Undefined for a column of a star. */
  readonly expression: Expression | undefined;
  /** Where a subquery in it names a column of this query. */
  readonly correlatedAt: number | undefined;
  /** What GROUP BY and ORDER BY know it by. */
  readonly key: string;
}

/** The select list, its stars expanded. Each item with an alias is known to those behind it. */
export function bindItems(select: Select, level: Level, scope: Scope, binding: Binding): readonly BoundItem[] {
  const bound: BoundItem[] = [];
  for (const item of select.items) {
    if (item.expression.kind === "star") {
      if (select.from.length === 0) {
        throw new SqlError(SQL_STATE.syntaxError, "SELECT * with no tables specified is not valid", { at: item.at });
      }
      bound.push(...starItems(item.expression, level, binding));
      continue;
    }
    if (isSeries(item.expression)) noteLeaderOnly(binding, "generate_series", item.at);
    bound.push(oneItem(item, item.expression, level, scope));
  }
  return bound;
}

function oneItem(item: SelectItem, expression: Expression, level: Level, scope: Scope): BoundItem {
  delete level.correlation.insideAt;
  const bound = isSeries(expression) ? generateSeries(expression, scope) : bindExpression(expression, scope);
  const key = expressionKey(expression, level);
  if (item.alias !== undefined) level.aliases.set(item.alias, { bound, expression });
  const correlatedAt = level.correlation.insideAt;
  return { name: item.alias ?? outputName(expression), bound, key, expression, correlatedAt, at: item.at };
}

function isSeries(expression: Expression): expression is Expression & { readonly kind: "call" } {
  return expression.kind === "call" && expression.name.parts.at(-1) === "generate_series";
}

function starItems(star: Star, level: Level, binding: Binding): readonly BoundItem[] {
  const columns = expandedColumns(star, level);
  const excluded = new Set(star.exclude);
  for (const name of excluded) {
    if (!columns.some(({ column }) => column.name === name)) {
      throw new SqlError(SQL_STATE.undefinedColumn, `column "${name}" does not exist`, {
        at: star.at,
        hint: "EXCLUDE names columns of the star that it follows.",
      });
    }
  }
  const kept = columns.filter(({ column }) => !excluded.has(column.name));
  binding.watcher?.star(star, kept);
  return kept.map(({ column }) => {
    const bound: BoundExpression = boundColumn(column, star.at);
    const key = JSON.stringify({ kind: "column", sql: column.sql, rest: [] });
    return { name: column.name, bound, key, expression: undefined, correlatedAt: undefined, at: star.at };
  });
}

function expandedColumns(star: Star, level: Level): readonly ExpandedColumn[] {
  if (star.qualifier === undefined) {
    return level.columns
      .filter((column) => column.hidden !== true)
      .map((column) => ({ column, source: level.sources.find((source) => source.columns.includes(column)) }));
  }
  const source = starSource(star.qualifier.parts, level);
  if (source === undefined) throw missingTable(star.qualifier.parts.join("."), level.sources, star.at);
  return source.columns.filter((column) => column.hidden !== true).map((column) => ({ column, source }));
}

function starSource(parts: readonly string[], level: Level): Source | undefined {
  const name = parts.at(-1);
  const schema = parts.at(-2);
  for (let here: Level | undefined = level; here !== undefined; here = here.outer) {
    const found = here.sources.find(
      (source) => source.name === name && (schema === undefined || source.schema === schema),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}
