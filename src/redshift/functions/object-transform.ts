/**
 * OBJECT_TRANSFORM(value KEEP path, ... SET path, value, ...): of an object what KEEP names and what SET says; what is no object as it is.
 * Paths are literals, so that the shape of the answer is known: the JSON's text is put together along it.
 */
import type { BoundExpression } from "../binder/bound.js";
import { coerce } from "../binder/expressions/coerce.js";
import { derived } from "../binder/expressions/derived.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { textLiteral } from "../sql-text.js";
import type { Expression } from "../syntax/ast.js";
import { type CallSite, type FunctionEntry, familyOf, noFunction, SUPER } from "./entry.js";

/** A step of the paths. */
interface Step {
  readonly members: Map<string, Step>;
  kept: boolean;
  /** DuckDB's text of the JSON text that it is set to. */
  value?: string;
}

export const OBJECT_TRANSFORM: readonly FunctionEntry[] = familyOf("super").special("object_transform", transform);

function transform(site: CallSite): BoundExpression {
  const { args, transform: { keep, set } = { keep: [], set: [] } } = site.call;
  const asSuper = (expression: Expression) => coerce(site.bind(expression), SUPER, "implicit", site.scope.context);
  if (args.length !== 1)
    throw noFunction(
      site,
      site.name,
      args.map((arg) => site.bind(arg)),
    );
  const value = asSuper(args[0]!);
  if (keep.length === 0 && set.length === 0) return value;
  if (set.length % 2 === 1) {
    throw new SqlError(SQL_STATE.syntaxError, "OBJECT_TRANSFORM: SET takes pairs of a path and a value", {
      at: set.at(-1)!.at,
    });
  }
  const root = newStep();
  for (const path of keep) stepAt(root, path).kept = true;
  const values: BoundExpression[] = [];
  for (let index = 0; index < set.length; index += 2) {
    const to = asSuper(set[index + 1]!);
    values.push(to);
    const step = stepAt(root, set[index]!);
    step.value = `coalesce(CAST(${to.sql} AS VARCHAR), 'null')`;
    step.members.clear();
  }
  const made = `list_transform([${value.sql}], whole -> CAST(${objectText("whole", root)} AS JSON))[1]`;
  const sql = `(CASE WHEN json_type(${value.sql}) = 'OBJECT' THEN ${made} ELSE ${value.sql} END)`;
  return derived([value, ...values], sql, SUPER, site.at, { nullable: value.nullable });
}

function newStep(): Step {
  return { members: new Map(), kept: false };
}

function stepAt(root: Step, path: Expression): Step {
  let step = root;
  for (const name of pathOf(path)) {
    const next = step.members.get(name) ?? newStep();
    step.members.set(name, next);
    step = next;
  }
  return step;
}

/** `"a"."b"`: each name in double quotes. */
function pathOf(path: Expression): readonly string[] {
  const text = path.kind === "literal" && path.value.type === "string" ? path.value.text : undefined;
  const names = text === undefined ? [] : [...text.matchAll(/(?:^|\.)"((?:[^"\\]|\\.)*)"/g)];
  if (text === undefined || names.length === 0 || names.map(([whole]) => whole).join("") !== text) {
    throw new SqlError(SQL_STATE.invalidParameterValue, 'OBJECT_TRANSFORM: a path must be a literal like \'"a"."b"\'', {
      at: path.at,
    });
  }
  return names.map(([, name]) => JSON.parse(`"${name}"`) as string);
}

/** DuckDB's text of the object's JSON text. `from` is text of the JSON that is there now: a lambda's parameter, or a path into it. */
function objectText(from: string, { members, kept }: Step): string {
  const parts = [...members].map(([name, step]) => memberText(from, name, step));
  const names = [...members.keys()].map(textLiteral).join(", ");
  const label = "CAST(to_json(name) AS VARCHAR) || ':'";
  const others = `list_transform(list_filter(json_keys(${from}), name -> name NOT IN (${names})), name -> ${label} || CAST(json_extract(${from}, '$."' || name || '"') AS VARCHAR))`;
  const all = kept ? `list_concat(coalesce(${others}, []), [${parts.join(", ")}])` : `[${parts.join(", ")}]`;
  return `('{' || array_to_string(list_filter(${all}, part -> part IS NOT NULL), ',') || '}')`;
}

/** NULL where there is nothing to tell. */
function memberText(from: string, name: string, step: Step): string {
  const label = textLiteral(`${JSON.stringify(name)}:`);
  if (step.value !== undefined) return `${label} || ${step.value}`;
  const there = `json_extract(${from}, ${textLiteral(`$.${JSON.stringify(name)}`)})`;
  if (step.members.size === 0) return `${label} || CAST(${there} AS VARCHAR)`;
  const made = `${label} || ${objectText(there, step)}`;
  return sets(step) ? made : `CASE WHEN json_type(${there}) = 'OBJECT' THEN ${made} END`;
}

function sets({ members }: Step): boolean {
  return [...members.values()].some((step) => step.value !== undefined || sets(step));
}
