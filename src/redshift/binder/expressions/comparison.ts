/** `= <> < <= > >=`, and all that compares: BETWEEN, IN, CASE, NULLIF, IS DISTINCT FROM. */
import { textLiteral } from "../../sql-text.js";
import { type SqlType, VARCHAR_BYTES_MAX } from "../../types.js";
import type { BindContext, BoundExpression } from "../bound.js";
import { coerce, settled } from "./coerce.js";
import { joinedType } from "./common-type.js";
import { derived, recast } from "./derived.js";
import { noOperator, type OperatorSite } from "./operator-site.js";
import { groupOf, sameType, textBytes, varcharType } from "./type-groups.js";

export function comparison(site: OperatorSite, left: BoundExpression, right: BoundExpression): BoundExpression {
  const [a, b] = aligned(site, left, right);
  return derived([left, right], `(${a.sql} ${site.operator} ${b.sql})`, { kind: "boolean" }, site.at);
}

/**
 * Two sides as they can be compared by DuckDB. Numbers of different types, dates and timestamps stay as they are, since the engine brings them
 * together itself and its filters on columns stay simple.
 *
 * Blanks at the end mean nothing when Redshift compares texts: CHAR values never have them here, a literal loses them, and a VARCHAR beside a
 * CHAR loses them too. A stored VARCHAR that ends in blanks is compared with other VARCHARs byte for byte: that difference remains, for the sake
 * of filters and joins that the engine can do fast.
 */
export function aligned(
  site: OperatorSite,
  left: BoundExpression,
  right: BoundExpression,
): readonly [BoundExpression, BoundExpression] {
  const { context } = site;
  if (loose(left) && loose(right)) return [trimmed(settled(left, context)), trimmed(settled(right, context))];
  if (loose(left)) {
    if (right.type.kind === "super") return aligned(site, trimmed(settled(left, context)), right);
    return [bent(left, right.type, context), right];
  }
  if (loose(right)) {
    if (left.type.kind === "super") return aligned(site, left, trimmed(settled(right, context)));
    return [left, bent(right, left.type, context)];
  }
  const [a, b] = [left.type, right.type];
  const [aGroup, bGroup] = [groupOf(a), groupOf(b)];
  if (aGroup === "super" || bGroup === "super") return supers(site, left, right);
  if (aGroup === "number" && bGroup === "number") return [left, right];
  if (aGroup === "text" && bGroup === "text") return texts(left, right);
  if (aGroup === "date-time" && bGroup === "date-time") {
    if (a.kind !== "timestamptz" && b.kind !== "timestamptz") return [left, right];
    const zoned: SqlType = { kind: "timestamptz" };
    return [coerce(left, zoned, "implicit", context), coerce(right, zoned, "implicit", context)];
  }
  if (aGroup === "catalog" && bGroup === "number") return [coerce(left, { kind: "oid" }, "implicit", context), right];
  if (aGroup === "number" && bGroup === "catalog") return [left, coerce(right, { kind: "oid" }, "implicit", context)];
  // PostgreSQL 8.0 turns everything into a text that is compared with one.
  if (aGroup === "text" && convertible(bGroup)) return [left, asText(right, context)];
  if (bGroup === "text" && convertible(aGroup)) return [asText(left, context), right];
  const type = joinedType(a, b);
  if (type === undefined) throw noOperator(site, a, b);
  return [coerce(left, type, "implicit", context), coerce(right, type, "implicit", context)];
}

function convertible(group: ReturnType<typeof groupOf>): boolean {
  return group === "number" || group === "date-time" || group === "time" || group === "catalog";
}

function asText(bound: BoundExpression, context: BindContext): BoundExpression {
  return coerce(bound, varcharType(textBytes(bound.type)), "implicit", context);
}

function loose(one: BoundExpression): boolean {
  return one.type.kind === "unknown";
}

function bent(one: BoundExpression, type: SqlType, context: BindContext): BoundExpression {
  if (groupOf(type) === "text") return trimmed(coerce(one, varcharType(VARCHAR_BYTES_MAX), "implicit", context));
  if (type.kind === "decimal" && one.origin?.kind === "text") {
    // More digits than the column has must not be rounded away: 1.005 is not 1.01.
    const digits = /^\s*[+-]?\d*\.?(\d*)\s*$/.exec(one.origin.text)?.[1]?.length ?? 0;
    if (digits > type.scale)
      return coerce(one, { kind: "decimal", precision: 38, scale: Math.min(digits, 37) }, "implicit", context);
  }
  return coerce(one, type, "implicit", context);
}

function trimmed(one: BoundExpression): BoundExpression {
  if (one.origin?.kind !== "text") return one;
  if (!one.origin.text.endsWith(" ")) return one;
  const text = one.origin.text.replace(/ +$/, "");
  return { ...one, sql: textLiteral(text), origin: { kind: "text", text } };
}

function texts(left: BoundExpression, right: BoundExpression): readonly [BoundExpression, BoundExpression] {
  const [a, b] = [left.type.kind, right.type.kind];
  const isChar = (kind: string) => kind === "char";
  if (isChar(a) === isChar(b)) return [trimmed(left), trimmed(right)];
  const blankless = (one: BoundExpression) =>
    isChar(one.type.kind) || one.origin?.kind === "text"
      ? trimmed(one)
      : recast(one, `rtrim(${one.sql}, ' ')`, one.type);
  return [blankless(left), blankless(right)];
}

/**
 * A SUPER beside a scalar is compared as that scalar, NULL where it is of another kind. Two of them are compared as numbers where both are, else
 * by their texts.
 */
function supers(
  site: OperatorSite,
  left: BoundExpression,
  right: BoundExpression,
): readonly [BoundExpression, BoundExpression] {
  const { context } = site;
  const [a, b] = [left.type.kind, right.type.kind];
  if (a === "super" && b === "super") {
    const comparable = (one: BoundExpression, other: BoundExpression) =>
      recast(
        one,
        `(CASE WHEN json_type(${one.sql}) IN (${NUMBERS}) AND json_type(${other.sql}) IN (${NUMBERS}) THEN lpad(CAST(CAST(${one.sql} ->> '$' AS DECIMAL(38,6)) + 10000000000000000000000 AS VARCHAR), 32, '0') WHEN json_type(${one.sql}) <> 'NULL' THEN CAST(${one.sql} AS VARCHAR) END)`,
        varcharType(VARCHAR_BYTES_MAX),
      );
    return [comparable(left, right), comparable(right, left)];
  }
  const scalar = (type: SqlType): SqlType =>
    groupOf(type) === "number" && type.kind !== "decimal" ? { kind: "double" } : type;
  if (a === "super") return [coerce(left, scalar(right.type), "implicit", context), right];
  return [left, coerce(right, scalar(left.type), "implicit", context)];
}

const NUMBERS = "'BIGINT', 'UBIGINT', 'HUGEINT', 'DOUBLE'";

/** One operand against several, of which it may be compared with each as it is. Undefined where they need different forms of it. */
export function alignedWithAll(
  site: OperatorSite,
  operand: BoundExpression,
  others: readonly BoundExpression[],
): { readonly operand: BoundExpression; readonly others: readonly BoundExpression[] } | undefined {
  const pairs = others.map((other) => aligned(site, operand, other));
  const first = pairs[0];
  if (first === undefined) return undefined;
  const alike = pairs.every(([one]) => one.sql === first[0].sql && sameType(one.type, first[0].type));
  return alike ? { operand: first[0], others: pairs.map(([, other]) => other) } : undefined;
}
