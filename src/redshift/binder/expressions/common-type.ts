import { SQL_STATE, SqlError } from "../../sql-error.js";
import { type SqlType, typeName } from "../../types.js";
import type { BoundExpression } from "../bound.js";
import { leastKind } from "./cast-rules.js";
import { asDecimal, decimalType, groupOf, numberRank, sameType, textBytes, varcharType } from "./type-groups.js";

/** The type that CASE, COALESCE, UNION, VALUES, IN and the like bring their parts to; `what` is for the message: `CASE`, `UNION`. */
export function commonType(parts: readonly BoundExpression[], what: string): SqlType {
  let found: SqlType | undefined;
  for (const part of parts) {
    if (part.type.kind === "unknown") continue;
    if (found === undefined) {
      found = part.type;
      continue;
    }
    const both = joinedType(found, part.type);
    if (both === undefined) {
      throw new SqlError(
        SQL_STATE.datatypeMismatch,
        `${what} types ${typeName(found)} and ${typeName(part.type)} cannot be matched`,
        { at: part.at, hint: "Cast one of them to the other's type." },
      );
    }
    found = both;
  }
  const texts = parts.filter((part) => part.origin?.kind === "text" && part.type.kind === "unknown");
  const longest = Math.max(
    1,
    ...texts.map((part) => (part.origin?.kind === "text" ? Buffer.byteLength(part.origin.text) : 0)),
  );
  // Text literals alone are VARCHAR; beside a text they may make it longer.
  if (found === undefined) return texts.length === 0 ? { kind: "unknown" } : varcharType(longest);
  if ((found.kind === "varchar" || found.kind === "char") && longest > found.length && texts.length > 0) {
    return varcharType(longest);
  }
  return found;
}

/** The type that two types meet in; undefined where they do not. Source: "Computations with numeric values", set operators and functions. */
export function joinedType(a: SqlType, b: SqlType): SqlType | undefined {
  if (sameType(a, b)) return a;
  const [left, right] = [groupOf(a), groupOf(b)];
  if (left === "number" && right === "number") return joinedNumber(a, b);
  if (left === "text" && right === "text") {
    if (a.kind === "char" && b.kind === "char") return a.length >= b.length ? a : b;
    return varcharType(Math.max(textBytes(a), textBytes(b)));
  }
  if (left === "super" || right === "super") return { kind: "super" };
  if (left === right) return leastKind(a, b) === "implicit" ? b : leastKind(b, a) === "implicit" ? a : undefined;
  if (left === "catalog" && right === "number") return b;
  if (right === "catalog" && left === "number") return a;
  if (left === "catalog" && right === "text") return b;
  if (right === "catalog" && left === "text") return a;
  return undefined;
}

function joinedNumber(a: SqlType, b: SqlType): SqlType {
  if (a.kind === "decimal" || b.kind === "decimal") {
    const other = a.kind === "decimal" ? b : a;
    if (numberRank(other) > numberRank({ kind: "decimal", precision: 1, scale: 0 })) return { kind: "double" };
    const [left, right] = [asDecimal(a), asDecimal(b)];
    const scale = Math.max(left.scale, right.scale);
    return decimalType(Math.max(left.precision - left.scale, right.precision - right.scale) + scale, scale);
  }
  const wider = numberRank(a) >= numberRank(b) ? a : b;
  // A REAL beside anything else is a DOUBLE, as in arithmetic.
  return wider.kind === "real" ? { kind: "double" } : wider;
}
