/** LIKE, ILIKE, SIMILAR TO and POSIX's `~`. Patterns that are literals are translated now, so that the engine sees a constant. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { textLiteral } from "../../sql-text.js";
import type { Binary, Like } from "../../syntax/ast.js";
import type { SqlType } from "../../types.js";
import type { BoundExpression, Scope } from "../bound.js";
import type { Bind } from "./bind.js";
import { toText } from "./coerce.js";
import { derived } from "./derived.js";

const BOOLEAN: SqlType = { kind: "boolean" };

export function bindLike(expression: Like, scope: Scope, bind: Bind): BoundExpression {
  const { at, negated } = expression;
  const operand = toText(bind(expression.operand, scope), scope.context);
  const pattern = toText(bind(expression.pattern, scope), scope.context);
  const escapeWith = escapeOf(expression, scope, bind);
  const not = negated ? "NOT " : "";
  const sql =
    expression.operator === "similar"
      ? similar(operand, pattern, escapeWith, not)
      : like(operand, pattern, escapeWith, not, expression.operator);
  return derived([operand, pattern], sql, BOOLEAN, at);
}

/** Redshift's is the backslash where none is given; an empty one switches escapes off. */
function escapeOf(expression: Like, scope: Scope, bind: Bind): string {
  if (expression.escape === undefined) return "\\";
  const { origin, at } = bind(expression.escape, scope);
  if (origin?.kind !== "text" || [...origin.text].length > 1) {
    throw new SqlError(SQL_STATE.invalidParameterValue, "invalid escape string", {
      at,
      hint: "Escape string must be empty or one character, given as a literal.",
    });
  }
  return origin.text;
}

function like(
  operand: BoundExpression,
  pattern: BoundExpression,
  escapeWith: string,
  not: string,
  operator: "like" | "ilike",
): string {
  const word = operator.toUpperCase();
  const { origin } = pattern;
  if (origin?.kind === "text" && (escapeWith === "" || !origin.text.includes(escapeWith))) {
    return `(${operand.sql} ${not}${word} ${pattern.sql})`;
  }
  if (escapeWith === "") return `(${operand.sql} ${not}${word} ${pattern.sql})`;
  return `(${operand.sql} ${not}${word} ${pattern.sql} ESCAPE ${textLiteral(escapeWith)})`;
}

function similar(operand: BoundExpression, pattern: BoundExpression, escapeWith: string, not: string): string {
  const { origin } = pattern;
  const expression =
    origin?.kind === "text"
      ? textLiteral(similarPattern(origin.text, escapeWith, pattern.at))
      : `replace(replace(regexp_replace(${pattern.sql}, '([.^$\\\\])', '\\\\\\1', 'g'), '%', '.*'), '_', '.')`;
  return `(${not}regexp_full_match(${operand.sql}, ${expression}, 's'))`;
}

/** SQL's pattern as a regular expression: `%` and `_` are wild, `| * + ? { } ( ) [ ]` mean what they do there, all else stands for itself. */
export function similarPattern(pattern: string, escapeWith: string, at?: number): string {
  let out = "";
  let inBrackets = false;
  const characters = [...pattern];
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index]!;
    if (character === escapeWith && escapeWith !== "") {
      const next = characters[++index];
      if (next === undefined) {
        throw new SqlError(
          SQL_STATE.invalidParameterValue,
          "the pattern ends in its escape character",
          at === undefined ? {} : { at },
        );
      }
      out += quotedCharacter(next);
    } else if (inBrackets) {
      out += character === "\\" ? "\\\\" : character;
      if (character === "]") inBrackets = false;
    } else if (character === "[") {
      inBrackets = true;
      out += "[";
    } else if (character === "%") out += ".*";
    else if (character === "_") out += ".";
    else out += /[.^$\\]/.test(character) ? `\\${character}` : character;
  }
  return out;
}

function quotedCharacter(character: string): string {
  return /[\\.^$|?*+()[\]{}]/.test(character) ? `\\${character}` : character;
}

/** `~`, `~*`, `!~`, `!~*`: a match anywhere in the text. */
export function bindRegularExpression(expression: Binary, scope: Scope, bind: Bind): BoundExpression {
  const { operator, at } = expression;
  const operand = toText(bind(expression.left, scope), scope.context);
  const pattern = toText(bind(expression.right, scope), scope.context);
  const options = operator.endsWith("*") ? "is" : "s";
  const not = operator.startsWith("!") ? "NOT " : "";
  return derived(
    [operand, pattern],
    `(${not}regexp_matches(${operand.sql}, ${pattern.sql}, '${options}'))`,
    BOOLEAN,
    at,
  );
}
