import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Expression, Join } from "../../syntax/ast.js";
import type { BoundExpression } from "../bound.js";
import { bindExpression } from "../expressions/bind-expression.js";
import { bindCondition } from "./condition.js";
import { hasEquality } from "./equijoin.js";
import { type FromItem, type FromScope, madeNullable, refuseRepeatedNames } from "./from-item.js";
import { boundColumn, newLevel } from "./level.js";
import { ambiguousColumn } from "./name-errors.js";
import type { Level, SourceColumn } from "./names.js";
import { nestedScope } from "./nested.js";
import { notePattern } from "./unsupported.js";

const WORDS = {
  inner: "INNER JOIN",
  left: "LEFT JOIN",
  right: "RIGHT JOIN",
  full: "FULL JOIN",
  cross: "CROSS JOIN",
} as const;

export function bindJoin(join: Join, scope: FromScope): FromItem {
  const left = scope.bindTableRef(join.left, scope);
  const right = scope.bindTableRef(join.right, { ...scope, before: [...scope.before, left] });
  refuseRepeatedNames([left, right], join.right);
  const names = join.using ?? (join.natural ? commonNames(left, right) : undefined);
  const visibleLeft = join.type === "right" || join.type === "full" ? madeNullable(left) : left;
  const visibleRight = join.type === "left" || join.type === "full" ? madeNullable(right) : right;
  const sources = [...visibleLeft.sources, ...visibleRight.sources];
  if (names === undefined || names.length === 0) {
    const columns = [...visibleLeft.columns, ...visibleRight.columns];
    if (join.type === "cross" || names !== undefined) {
      return { sql: `(${left.sql} ${WORDS.cross} ${right.sql})`, sources, columns };
    }
    const level = newLevel({ sources, columns, ...around(scope) });
    const on =
      join.on === undefined ? "TRUE" : bindCondition(join.on, nestedScope(level, scope, { clause: "JOIN/ON" }));
    if (join.type === "full") refuseUnequalFullJoin(join, left, level);
    if (join.type !== "inner") notePattern(scope.binding, "outer join", level.correlation.insideAt);
    return { sql: `(${left.sql} ${WORDS[join.type]} ${right.sql} ON ${on})`, sources, columns };
  }
  return joinUsing(join, names, scope, { left, right, visibleLeft, visibleRight });
}

function refuseUnequalFullJoin(join: Join, left: FromItem, level: Level): void {
  const own = new Set(left.columns.map((column) => column.sql));
  if (hasEquality(join.on === undefined ? [] : [join.on], level, (sql) => own.has(sql))) return;
  throw new SqlError(SQL_STATE.featureNotSupported, "FULL JOIN is only supported with merge-joinable join conditions", {
    at: join.at,
    hint: "Let ON compare a column of the left side with one of the right by =.",
  });
}

function around(scope: FromScope): {
  outer: FromScope["surroundings"]["outer"];
  commonTables: FromScope["surroundings"]["commonTables"];
} {
  return { outer: scope.surroundings.outer, commonTables: scope.surroundings.commonTables };
}

interface Sides {
  readonly left: FromItem;
  readonly right: FromItem;
  readonly visibleLeft: FromItem;
  readonly visibleRight: FromItem;
}

/** USING and NATURAL: equal columns become one, which a star shows first. */
function joinUsing(join: Join, names: readonly string[], scope: FromScope, sides: Sides): FromItem {
  const conditions: string[] = [];
  const merged: SourceColumn[] = [];
  const gone = new Set<SourceColumn>();
  for (const name of names) {
    const pair = {
      left: onlyColumn(sides.visibleLeft, name, "left", join),
      right: onlyColumn(sides.visibleRight, name, "right", join),
    };
    conditions.push(
      combined({ kind: "binary", operator: "=", left: LEFT, right: RIGHT, at: join.at }, pair, scope, join.at).sql,
    );
    merged.push(mergedColumn(join, pair, scope));
    gone.add(pair.left).add(pair.right);
  }
  const rest = [...sides.visibleLeft.columns, ...sides.visibleRight.columns].filter((column) => !gone.has(column));
  return {
    sql: `(${sides.left.sql} ${WORDS[join.type]} ${sides.right.sql} ON ${conditions.join(" AND ")})`,
    sources: [...sides.visibleLeft.sources, ...sides.visibleRight.sources],
    columns: [...merged, ...rest],
  };
}

interface Pair {
  readonly left: SourceColumn;
  readonly right: SourceColumn;
}

function mergedColumn(join: Join, pair: Pair, scope: FromScope): SourceColumn {
  if (join.type === "right") return pair.right;
  if (join.type !== "full") return pair.left;
  const call: Expression = {
    kind: "call",
    name: { parts: ["coalesce"], at: join.at },
    args: [LEFT, RIGHT],
    at: join.at,
  };
  const bound = combined(call, pair, scope, join.at);
  return { name: pair.left.name, sql: bound.sql, type: bound.type, nullable: true };
}

const LEFT: Expression = { kind: "column", parts: ["left"], at: 0 };
const RIGHT: Expression = { kind: "column", parts: ["right"], at: 0 };

/** An expression over the two columns alone, whatever else is called as they are. */
function combined(expression: Expression, pair: Pair, scope: FromScope, at: number): BoundExpression {
  const level = newLevel({
    sources: [],
    columns: [
      { ...pair.left, name: "left" },
      { ...pair.right, name: "right" },
    ],
    ...around(scope),
  });
  const inner = nestedScope(level, scope, { clause: "JOIN/USING" });
  return bindExpression(expression, {
    ...inner,
    column: (parts) => ({ column: boundColumn(parts[0] === "left" ? pair.left : pair.right, at), rest: [] }),
  });
}

function onlyColumn(item: FromItem, name: string, side: "left" | "right", join: Join): SourceColumn {
  const found = item.columns.filter((column) => column.name === name);
  const [column] = found;
  if (column === undefined) {
    throw new SqlError(
      SQL_STATE.undefinedColumn,
      `column "${name}" specified in USING clause does not exist in ${side} table`,
      {
        at: join.at,
      },
    );
  }
  if (found.length > 1) throw ambiguousColumn(name, join.at);
  return column;
}

function commonNames(left: FromItem, right: FromItem): readonly string[] {
  const rightNames = new Set(right.columns.filter((column) => column.hidden !== true).map((column) => column.name));
  const shown = left.columns.filter((column) => column.hidden !== true && rightNames.has(column.name));
  return [...new Set(shown.map((column) => column.name))];
}
