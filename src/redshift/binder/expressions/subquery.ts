/** Subqueries in expressions. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Exists, Expression, InQuery, Quantified, Query, ScalarQuery } from "../../syntax/ast.js";
import type { SqlType } from "../../types.js";
import type { BoundExpression, BoundQuery, Scope } from "../bound.js";
import type { Bind } from "./bind.js";
import { coerce } from "./coerce.js";
import { aligned, comparison } from "./comparison.js";
import { derived } from "./derived.js";
import { sameType } from "./type-groups.js";

const BOOLEAN: SqlType = { kind: "boolean" };

export function bindExists(expression: Exists, scope: Scope): BoundExpression {
  return derived([], `EXISTS (${scope.query(expression.query).sql})`, BOOLEAN, expression.at, { nullable: false });
}

export function bindScalarQuery(expression: ScalarQuery, scope: Scope): BoundExpression {
  const query = oneColumn(expression.query, scope);
  return derived([], `(${query.sql})`, query.columns[0]!.type, expression.at, { nullable: true });
}

function oneColumn(query: Query, scope: Scope): BoundQuery {
  const bound = scope.query(query);
  if (bound.columns.length !== 1) {
    throw new SqlError(SQL_STATE.syntaxError, "subquery must return only one column", { at: query.at });
  }
  return bound;
}

/** A subquery's column as an expression, so that it can be aligned with what it is compared with. */
function columnOf(query: BoundQuery, index: number, at: number): BoundExpression {
  return derived([], `q.c${index + 1}`, query.columns[index]!.type, at, { nullable: true });
}

export function bindInQuery(expression: InQuery, scope: Scope, bind: Bind): BoundExpression {
  const { at } = expression;
  const not = expression.negated ? "NOT " : "";
  const operands: readonly Expression[] =
    expression.operand.kind === "row" ? expression.operand.items : [expression.operand];
  const query = scope.query(expression.query);
  if (query.columns.length !== operands.length) {
    const few = query.columns.length < operands.length;
    throw new SqlError(SQL_STATE.syntaxError, `subquery has too ${few ? "few" : "many"} columns`, {
      at: expression.query.at,
    });
  }
  const pairs = operands.map((operand, index) =>
    aligned({ operator: "=", at, context: scope.context }, bind(operand, scope), columnOf(query, index, at)),
  );
  const left = pairs.map(([one]) => one.sql);
  const plain = pairs.every(([, column], index) => column.sql === `q.c${index + 1}`);
  const rows = plain ? query.sql : `SELECT ${pairs.map(([, column]) => column.sql).join(", ")} FROM (${query.sql}) q`;
  const sql = `(${left.length === 1 ? left[0] : `(${left.join(", ")})`} ${not}IN (${rows}))`;
  return derived(
    pairs.map(([one]) => one),
    sql,
    BOOLEAN,
    at,
    { nullable: true },
  );
}

export function bindQuantified(expression: Quantified, scope: Scope, bind: Bind): BoundExpression {
  const { at, operator, quantifier } = expression;
  const { context } = scope;
  if ("query" in expression.over) {
    const query = oneColumn(expression.over.query, scope);
    const [left, column] = aligned({ operator, at, context }, bind(expression.operand, scope), columnOf(query, 0, at));
    const rows = column.sql === "q.c1" ? query.sql : `SELECT ${column.sql} FROM (${query.sql}) q`;
    return derived([left], `(${left.sql} ${operator} ${quantifier.toUpperCase()} (${rows}))`, BOOLEAN, at, {
      nullable: true,
    });
  }
  const operand = bind(expression.operand, scope);
  let array = bind(expression.over.array, scope);
  if (array.type.kind === "unknown") {
    const of: SqlType = operand.type.kind === "unknown" ? { kind: "text" } : operand.type;
    array = coerce(array, { kind: "array", of }, "implicit", context);
  }
  if (array.type.kind !== "array") {
    throw new SqlError(SQL_STATE.wrongObjectType, "op ANY/ALL (array) requires array on right side", { at });
  }
  const item = derived([], "item", array.type.of, at, { nullable: true });
  const pair = aligned({ operator, at, context }, operand, item);
  const plain = sameType(pair[1].type, item.type) && pair[1].sql === "item";
  if (operator === "=" && quantifier === "any" && plain) {
    return derived([pair[0], array], `list_contains(${array.sql}, ${pair[0].sql})`, BOOLEAN, at, { nullable: true });
  }
  const test = comparison({ operator, at, context }, operand, item).sql;
  const hits = `len(list_filter(${array.sql}, item -> ${test}))`;
  const sql = quantifier === "any" ? `(${hits} > 0)` : `(${hits} = len(${array.sql}))`;
  return derived([operand, array], sql, BOOLEAN, at, { nullable: true });
}
