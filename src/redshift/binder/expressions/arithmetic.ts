/** `+ - * / % ^`, bit operators and `||`. */
import { raise } from "../../functions/raise.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { SqlType } from "../../types.js";
import { duckDbType } from "../../types-duckdb.js";
import type { BoundExpression } from "../bound.js";
import { coerce, toText } from "./coerce.js";
import { dateArithmetic } from "./date-arithmetic.js";
import { decimalDivision, FAST_DIGITS } from "./decimal-division.js";
import { derived, recast } from "./derived.js";
import { noOperator, type OperatorSite } from "./operator-site.js";
import {
  asDecimal,
  decimalType,
  groupOf,
  isFloat,
  isInteger,
  numberRank,
  textBytes,
  varcharType,
} from "./type-groups.js";

export function arithmetic(site: OperatorSite, left: BoundExpression, right: BoundExpression): BoundExpression {
  if (site.operator === "||") return concatenation(site, left, right);
  const [a, b] = bentToEachOther(site, left, right);
  const [leftGroup, rightGroup] = [groupOf(a.type), groupOf(b.type)];
  if (leftGroup === "number" && rightGroup === "number") return numbers(site, a, b);
  // Redshift takes + between texts for ||; scripts of its own administrators are full of it.
  if (site.operator === "+" && leftGroup === "text" && rightGroup === "text") return concatenation(site, left, right);
  if (leftGroup === "super" || rightGroup === "super") return superNumbers(site, a, b);
  const found = dateArithmetic(site, a, b);
  if (found !== undefined) return found;
  throw noOperator(site, left.type, right.type);
}

/** A literal or a parameter takes its neighbour's type; beside a date it may be a number of days or an interval. */
function bentToEachOther(
  site: OperatorSite,
  left: BoundExpression,
  right: BoundExpression,
): readonly [BoundExpression, BoundExpression] {
  const { context } = site;
  const loose = (one: BoundExpression) =>
    one.type.kind === "unknown" && (one.origin !== undefined || one.untyped === true);
  if (loose(left) && loose(right)) {
    if (left.origin?.kind === "null" || right.origin?.kind === "null") {
      const integer: SqlType = { kind: "integer" };
      return [coerce(left, integer, "implicit", context), coerce(right, integer, "implicit", context)];
    }
    throw new SqlError(SQL_STATE.ambiguousFunction, `operator is not unique: unknown ${site.operator} unknown`, {
      at: site.at,
      hint: "Could not choose a best candidate operator. You may need to add explicit type casts.",
    });
  }
  if (loose(left)) return [bent(site, left, right.type, true), right];
  if (loose(right)) return [left, bent(site, right, left.type, false)];
  return [left, right];
}

function bent(site: OperatorSite, one: BoundExpression, neighbour: SqlType, isLeft: boolean): BoundExpression {
  const as = (type: SqlType) => coerce(one, type, "implicit", site.context);
  const text = one.origin?.kind === "text" ? one.origin.text.trim() : "";
  switch (groupOf(neighbour)) {
    case "date-time":
      if (site.operator === "-" && isLeft) return as(neighbour);
      if (site.operator === "-" && /^\d{4}-|^\d{1,2}\/|^\d{8}$/.test(text)) return as(neighbour);
      if (neighbour.kind === "date" && (text === "" || /^[+-]?\d+$/.test(text))) return as({ kind: "integer" });
      return as({ kind: "interval-day-second" });
    case "interval":
      if (site.operator === "*" || site.operator === "/") return as({ kind: "double" });
      return isLeft && /^\d{4}-/.test(text) ? as({ kind: "timestamp" }) : as({ kind: "interval-day-second" });
    case "time":
      return as({ kind: "interval-day-second" });
    default:
      return as(neighbour.kind === "decimal" ? decimalOf(text, neighbour) : neighbour);
  }
}

/** A literal beside a decimal keeps its own digits. */
function decimalOf(text: string, neighbour: SqlType): SqlType {
  const found = /^[+-]?(\d*)\.?(\d*)$/.exec(text);
  if (found === null || text === "") return neighbour;
  return decimalType(Math.max(1, found[1]!.length + found[2]!.length), found[2]!.length);
}

const BIT_OPERATORS: Readonly<Record<string, (a: string, b: string) => string>> = {
  "&": (a, b) => `(${a} & ${b})`,
  "|": (a, b) => `(${a} | ${b})`,
  "#": (a, b) => `xor(${a}, ${b})`,
  "<<": (a, b) => `(${a} << ${b})`,
  ">>": (a, b) => `(${a} >> ${b})`,
};

function numbers(site: OperatorSite, left: BoundExpression, right: BoundExpression): BoundExpression {
  const { operator, at, context } = site;
  const bits = BIT_OPERATORS[operator];
  if (bits !== undefined) {
    if (!isInteger(left.type) || !isInteger(right.type)) throw noOperator(site, left.type, right.type);
    const type = widerInteger(left.type, right.type);
    return derived([left, right], bits(typed(left, type), typed(right, type)), type, at);
  }
  if (operator === "^") {
    const double: SqlType = { kind: "double" };
    const [a, b] = [coerce(left, double, "implicit", context), coerce(right, double, "implicit", context)];
    return derived([left, right], `pow(${a.sql}, ${b.sql})`, double, at);
  }
  if (isFloat(left.type) || isFloat(right.type)) return floats(site, left, right);
  if (left.type.kind === "decimal" || right.type.kind === "decimal") return decimals(site, left, right);
  const type = widerInteger(left.type, right.type);
  const divisor = operator === "/" || operator === "%";
  const word = operator === "/" ? "//" : operator;
  const rightSql = divisor ? notZero(typed(right, type), right) : typed(right, type);
  return derived([left, right], `(${typed(left, type)} ${word} ${rightSql})`, type, at);
}

function widerInteger(a: SqlType, b: SqlType): SqlType {
  const type = numberRank(a) >= numberRank(b) ? a : b;
  return type.kind === "oid" || type.kind === "xid" ? { kind: "integer" } : type;
}

/**
 * DuckDB takes an integer literal for as small as its neighbour: a SMALLINT plus 1 would overflow where Redshift has an INTEGER. Elsewhere the
 * bare operands come to the right type by themselves, which keeps the engine's filters on columns simple.
 */
function typed(one: BoundExpression, type: SqlType): string {
  return one.type.kind === "smallint" && type.kind !== "smallint" ? `CAST(${one.sql} AS ${duckDbType(type)})` : one.sql;
}

/** DuckDB answers NULL or an infinity for a division by zero. A literal is looked at now. */
export function notZero(sql: string, bound: BoundExpression): string {
  const { origin } = bound;
  if (origin?.kind === "number" && Number(origin.text) !== 0) return sql;
  return `(CASE WHEN ${sql} = 0 THEN ${raise(SQL_STATE.divisionByZero, "Divide by zero")} ELSE ${sql} END)`;
}

function floats(site: OperatorSite, left: BoundExpression, right: BoundExpression): BoundExpression {
  const { operator, at, context } = site;
  const real = left.type.kind === "real" && right.type.kind === "real";
  const type: SqlType = { kind: real ? "real" : "double" };
  // Two operands of which one is a DOUBLE meet there by themselves.
  const bare =
    real ||
    ((left.type.kind === "double" || right.type.kind === "double") &&
      (operator === "+" || operator === "-" || operator === "*"));
  const [a, b] = bare
    ? [left, right]
    : [coerce(left, type, "implicit", context), coerce(right, type, "implicit", context)];
  if (operator === "%") {
    // PostgreSQL has no % of floating-point numbers; Redshift's MOD takes whole ones.
    throw noOperator(site, left.type, right.type);
  }
  const rightSql = operator === "/" ? notZero(b.sql, right) : b.sql;
  return derived([left, right], `(${a.sql} ${operator} ${rightSql})`, type, at);
}

/** Source: "Computations with numeric values". */
export function decimalResult(operator: string, a: SqlType, b: SqlType): SqlType & { readonly kind: "decimal" } {
  const [{ precision: p1, scale: s1 }, { precision: p2, scale: s2 }] = [asDecimal(a), asDecimal(b)];
  switch (operator) {
    case "*":
      return decimalType(p1 + p2 + 1, s1 + s2);
    case "/": {
      const scale = Math.max(4, s1 + p2 - s2 + 1);
      const precision = p1 - s1 + s2 + scale;
      return precision <= 38 ? decimalType(precision, scale) : decimalType(38, Math.max(38 + scale - precision, 4));
    }
    case "%": {
      const scale = Math.max(s1, s2);
      return decimalType(Math.min(p1 - s1, p2 - s2) + scale, scale);
    }
    default: {
      const scale = Math.max(s1, s2);
      return decimalType(Math.max(p1 - s1, p2 - s2) + 1 + scale, scale);
    }
  }
}

function decimals(site: OperatorSite, left: BoundExpression, right: BoundExpression): BoundExpression {
  const { operator, at } = site;
  const type = decimalResult(operator, left.type, right.type);
  const asDecimalSql = (one: BoundExpression, wide: boolean) => {
    const own = asDecimal(one.type);
    if (wide)
      return `CAST(${one.sql} AS DECIMAL(${Math.min(38, Math.max(own.precision, FAST_DIGITS + 1))},${own.scale}))`;
    return one.type.kind === "decimal" ? one.sql : `CAST(${one.sql} AS DECIMAL(${own.precision},0))`;
  };
  let sql: string;
  if (operator === "/") {
    const operand = (one: BoundExpression, text: string) => ({ ...asDecimal(one.type), sql: text });
    sql = decimalDivision(
      operand(left, asDecimalSql(left, false)),
      operand(right, notZero(asDecimalSql(right, false), right)),
      type,
    );
  } else if (operator === "%") {
    sql = `CAST((${asDecimalSql(left, false)} % ${notZero(asDecimalSql(right, false), right)}) AS ${duckDbType(type)})`;
  } else {
    // DuckDB stays within 64 bits while both operands do, and fails where the result does not fit: one operand is made wide where it may not.
    const wide = operator === "*" && type.precision > FAST_DIGITS + 1;
    sql = `(${asDecimalSql(left, wide)} ${operator} ${asDecimalSql(right, false)})`;
    const scales = asDecimal(left.type).scale + asDecimal(right.type).scale;
    if (operator === "*" && scales > type.scale) sql = `CAST(${sql} AS ${duckDbType(type)})`;
  }
  return derived([left, right], sql, type, at);
}

/** Whole numbers stay whole; anything else is a DOUBLE; what is no number is NULL, as Redshift's dynamic typing has it. */
function superNumbers(site: OperatorSite, left: BoundExpression, right: BoundExpression): BoundExpression {
  const { operator, at, context } = site;
  const lax = (one: BoundExpression, type: SqlType) => {
    if (groupOf(one.type) !== "super" && groupOf(one.type) !== "number") throw noOperator(site, left.type, right.type);
    return groupOf(one.type) === "super"
      ? coerce(one, type, "implicit", context).sql
      : `CAST(${one.sql} AS ${duckDbType(type)})`;
  };
  const isWhole = (one: BoundExpression) =>
    groupOf(one.type) === "super"
      ? `json_type(${one.sql}) IN ('BIGINT', 'UBIGINT')`
      : isInteger(one.type)
        ? "TRUE"
        : "FALSE";
  const double: SqlType = { kind: "double" };
  const bigint: SqlType = { kind: "bigint" };
  const whole =
    operator === "/"
      ? `${lax(left, bigint)} // ${notZero(lax(right, bigint), right)}`
      : `${lax(left, bigint)} ${operator} ${lax(right, bigint)}`;
  const doubles =
    operator === "/"
      ? `${lax(left, double)} / ${notZero(lax(right, double), right)}`
      : `${lax(left, double)} ${operator} ${lax(right, double)}`;
  const sql = `(CASE WHEN ${isWhole(left)} AND ${isWhole(right)} THEN to_json(${whole}) ELSE to_json(${doubles}) END)`;
  return derived([left, right], sql, { kind: "super" }, at, { nullable: true });
}

function concatenation(site: OperatorSite, left: BoundExpression, right: BoundExpression): BoundExpression {
  const { at, context } = site;
  if (left.type.kind === "varbyte" || right.type.kind === "varbyte") {
    const type: SqlType = { kind: "varbyte", length: 1_024_000 };
    const [a, b] = [coerce(left, type, "assignment", context), coerce(right, type, "assignment", context)];
    return derived([left, right], `(${a.sql} || ${b.sql})`, type, at);
  }
  if (left.type.kind === "array" || right.type.kind === "array") {
    const type = left.type.kind === "array" ? left.type : right.type;
    const of = type.kind === "array" ? type.of : type;
    const part = (one: BoundExpression) =>
      one.type.kind === "array" ? one.sql : `[${coerce(one, of, "implicit", context).sql}]`;
    return derived([left, right], `list_concat(${part(left)}, ${part(right)})`, type, at);
  }
  const [a, b] = [toText(left, context), toText(right, context)];
  const bytes = textBytes(a.type) + textBytes(b.type);
  return derived([left, right], `(${a.sql} || ${b.sql})`, varcharType(bytes), at);
}

/** `-`, `+`, `~`, `@`, `|/`, `||/`. NOT is logic's. */
export function unaryArithmetic(site: OperatorSite, operand: BoundExpression): BoundExpression {
  const { operator, at, context } = site;
  const double: SqlType = { kind: "double" };
  let one = operand;
  if (one.type.kind === "unknown")
    one = coerce(one, operator === "~" ? { kind: "integer" } : double, "implicit", context);
  const group = groupOf(one.type);
  if (operator === "-" && (group === "number" || group === "interval"))
    return derived([one], `(-${one.sql})`, one.type, at);
  if (operator === "+" && (group === "number" || group === "interval")) return recast(one, one.sql, one.type);
  if (operator === "-" && group === "super") {
    return superNumbers({ ...site, operator: "-" }, derived([], "0", { kind: "integer" }, at), one);
  }
  if (operator === "~" && isInteger(one.type)) return derived([one], `(~${one.sql})`, one.type, at);
  if (operator === "@" && group === "number") return derived([one], `abs(${one.sql})`, one.type, at);
  if ((operator === "|/" || operator === "||/") && group === "number") {
    const name = operator === "|/" ? "sqrt" : "cbrt";
    return derived([one], `${name}(${coerce(one, double, "implicit", context).sql})`, double, at);
  }
  throw noOperator({ operator, at }, operand.type);
}
