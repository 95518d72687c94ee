import { SQL_STATE, SqlError } from "../../sql-error.js";
import { textLiteral } from "../../sql-text.js";
import { DECIMAL_DIGITS_MAX, type SqlType, typeText, VARCHAR_BYTES_MAX } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";
import type { BindContext, BoundExpression } from "../bound.js";
import { type CastKind, castAllowed } from "./cast-rules.js";
import { castSql } from "./cast-sql.js";
import { recast } from "./derived.js";
import { textAs } from "./literal.js";
import { groupOf, sameType, textBytes, varcharType } from "./type-groups.js";

export type { CastKind } from "./cast-rules.js";

/**
 * The expression as the other type; itself where nothing is to be done. Throws SqlError 42804 (assignment) or 42846 where Redshift has no such
 * cast. `context` has the session's time zone, which TIMESTAMP and TIMESTAMPTZ differ by.
 */
export function coerce(
  bound: BoundExpression,
  to: SqlType,
  kind: CastKind,
  context: BindContext,
  how: { readonly try?: boolean } = {},
): BoundExpression {
  const { origin, type: from } = bound;
  if (to.kind === "unknown") return bound;
  if (bound.untyped === true && origin?.kind === "parameter" && context.parameters[origin.number - 1] === undefined) {
    return coerce(settleParameter(bound, origin.number, to, context), to, kind, context, how);
  }
  if (from.kind === "unknown" && origin !== undefined) {
    if (origin.kind === "null") return recast(bound, `CAST(NULL AS ${duckDbType(to)})`, to);
    if (origin.kind === "text") return ofText(bound, origin.text, to, kind, context, how.try === true);
  }
  if (sameType(from, to)) return bound;
  if (!castAllowed(from, to, kind)) throw refused(bound, to, kind);
  const sql = castSql(bound, to, { kind, context, try: how.try === true });
  return recast(bound, sql, to);
}

/** As wide as the type goes, so that the value is not cut before it is looked at. */
function settleParameter(bound: BoundExpression, number: number, to: SqlType, context: BindContext): BoundExpression {
  const type = parameterType(to);
  context.parameters[number - 1] = type;
  return parameterAs(bound, number, type);
}

export function parameterAs(bound: BoundExpression, number: number, type: SqlType): BoundExpression {
  return { ...recast(bound, `CAST($${number} AS ${duckDbType(type)})`, type), origin: { kind: "parameter", number } };
}

function parameterType(to: SqlType): SqlType {
  if (to.kind === "decimal") return { kind: "decimal", precision: DECIMAL_DIGITS_MAX, scale: Math.max(to.scale, 10) };
  if (to.kind === "varbyte") return { kind: "varbyte", length: 1_024_000 };
  return groupOf(to) === "text" ? varcharType(VARCHAR_BYTES_MAX) : to;
}

/** A text literal becomes the other type's literal, so that what it says is checked now and the engine sees a constant. */
function ofText(
  bound: BoundExpression,
  text: string,
  to: SqlType,
  kind: CastKind,
  context: BindContext,
  trying: boolean,
): BoundExpression {
  if (to.kind === "char" || to.kind === "varchar") {
    const fitted = fittedText(bound, to.kind === "char" ? text.replace(/ +$/, "") : text, to, kind);
    return { ...recast(bound, textLiteral(fitted), to), origin: { kind: "text", text: fitted } };
  }
  const group = groupOf(to);
  if (group === "text" || group === "catalog") {
    return { ...recast(bound, textLiteral(text), to), origin: { kind: "text", text } };
  }
  try {
    return recast(bound, textAs(text, to, context, bound.at), to);
  } catch (error) {
    if (trying && error instanceof SqlError) return recast(bound, `CAST(NULL AS ${duckDbType(to)})`, to);
    throw error;
  }
}

function fittedText(
  bound: BoundExpression,
  text: string,
  to: SqlType & { readonly length: number },
  kind: CastKind,
): string {
  if (kind === "implicit" || Buffer.byteLength(text) <= to.length) return text;
  const cut = cutText(text, to.length);
  if (kind === "explicit" || /^ *$/.test(text.slice(cut.length))) return cut;
  throw new SqlError(SQL_STATE.stringDataRightTruncation, `value too long for type ${typeText(to)}`, { at: bound.at });
}

function cutText(text: string, bytes: number): string {
  let used = 0;
  let kept = "";
  for (const character of text) {
    used += Buffer.byteLength(character);
    if (used > bytes) break;
    kept += character;
  }
  return kept;
}

function refused(bound: BoundExpression, to: SqlType, kind: CastKind): SqlError {
  const from = typeText(bound.type).replace(/\(.*\)/, "");
  const wanted = typeText(to).replace(/\(.*\)/, "");
  if (kind === "explicit") {
    return new SqlError("42846", `cannot cast type ${from} to ${wanted}`, { at: bound.at });
  }
  return new SqlError(SQL_STATE.datatypeMismatch, `the expression is of type ${from} where ${wanted} is needed`, {
    at: bound.at,
    hint: "You will need to rewrite or cast the expression.",
  });
}

/** A type for what nothing has settled: VARCHAR, as Redshift answers for a text literal. */
export function settled(bound: BoundExpression, context: BindContext): BoundExpression {
  if (bound.type.kind !== "unknown") return bound;
  const { origin } = bound;
  if (origin?.kind === "text") return coerce(bound, varcharType(Buffer.byteLength(origin.text)), "implicit", context);
  if (origin?.kind === "null") return coerce(bound, varcharType(1), "implicit", context);
  return coerce(bound, varcharType(VARCHAR_BYTES_MAX), "implicit", context);
}

/** As a text of whatever length it needs: what the text functions and `||` ask for. */
export function toText(bound: BoundExpression, context: BindContext): BoundExpression {
  if (groupOf(bound.type) === "text") return bound;
  if (bound.type.kind === "unknown") return settled(bound, context);
  return coerce(bound, varcharType(textBytes(bound.type)), "explicit", context);
}
