/** Columns, and the ways into a SUPER value: `t.a.b[0].c`. What is not there is NULL, as Redshift's lax navigation has it. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { textLiteral } from "../../sql-text.js";
import type { Expression } from "../../syntax/ast.js";
import { typeName } from "../../types.js";
import type { BoundExpression, Scope } from "../bound.js";
import type { Bind } from "./bind.js";
import { coerce } from "./coerce.js";
import { derived } from "./derived.js";
import { isInteger } from "./type-groups.js";

/** A name, or an index: a literal's digits, or a bound expression. */
type Step = { readonly name: string } | { readonly index: BoundExpression };

export function bindPath(expression: Expression, scope: Scope, bind: Bind): BoundExpression {
  const steps: Step[] = [];
  let root = expression;
  while (root.kind === "subscript" || root.kind === "path") {
    steps.unshift(root.kind === "path" ? { name: root.name } : { index: bind(root.index, scope) });
    root = root.operand;
  }
  let start: BoundExpression;
  if (root.kind === "column") {
    const { column, rest } = scope.column(root.parts, root.at);
    start = { ...column, at: root.at };
    steps.unshift(...rest.map((name) => ({ name })));
  } else {
    start = bind(root, scope);
  }
  return steps.length === 0 ? start : walk(start, steps, expression.at, scope);
}

function walk(start: BoundExpression, steps: readonly Step[], at: number, scope: Scope): BoundExpression {
  if (start.type.kind === "array") return element(start, steps, at, scope);
  if (start.type.kind !== "super") {
    const [first] = steps;
    const message =
      first !== undefined && "name" in first
        ? `column notation .${first.name} applied to type ${typeName(start.type)}, which is not a composite type`
        : `cannot subscript type ${typeName(start.type)} because it is not an array`;
    throw new SqlError(SQL_STATE.wrongObjectType, message, {
      at,
      hint: "Only a SUPER value can be navigated; JSON_PARSE makes one of a text.",
    });
  }
  const parts = [start];
  let literal = "$";
  const path: string[] = [];
  for (const step of steps) {
    if ("name" in step) {
      literal += `."${step.name.replaceAll('"', '\\"')}"`;
      continue;
    }
    const { origin } = step.index;
    if (origin?.kind === "number" && /^\d+$/.test(origin.text)) {
      literal += `[${origin.text}]`;
    } else {
      const index = isInteger(step.index.type)
        ? step.index
        : coerce(step.index, { kind: "integer" }, "implicit", scope.context);
      parts.push(index);
      path.push(textLiteral(`${literal}[`), `CAST(${index.sql} AS VARCHAR)`);
      literal = "]";
    }
  }
  path.push(textLiteral(literal));
  const sql = `json_extract(${start.sql}, ${path.length === 1 ? path[0] : `(${path.join(" || ")})`})`;
  return derived(parts, sql, { kind: "super" }, at, { nullable: true });
}

/** PostgreSQL's arrays count from 1, as DuckDB's lists do; its vectors from 0. */
function element(start: BoundExpression, steps: readonly Step[], at: number, scope: Scope): BoundExpression {
  const [first, ...others] = steps;
  if (start.type.kind !== "array" || first === undefined || !("index" in first) || others.length > 0) {
    throw new SqlError(SQL_STATE.wrongObjectType, "an array takes one subscript", { at });
  }
  const index = coerce(first.index, { kind: "integer" }, "assignment", scope.context);
  const place = start.type.vector === true ? `${index.sql} + 1` : index.sql;
  return derived([start, index], `(${start.sql})[${place}]`, start.type.of, at, { nullable: true });
}
