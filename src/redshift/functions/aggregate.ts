/** Aggregates, which are window functions too where OVER follows. Source: Redshift's "Aggregate functions". */

import type { BoundExpression } from "../binder/bound.js";
import { coerce, settled, toText } from "../binder/expressions/coerce.js";
import { decimalDivision } from "../binder/expressions/decimal-division.js";
import { groupedSql } from "../binder/expressions/derived.js";
import { decimalType, groupOf, isInteger } from "../binder/expressions/type-groups.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { type SqlType, typeName } from "../types.js";
import { duckDbType } from "../types-duckdb.js";
import {
  BIGINT,
  BOOLEAN,
  type CallSite,
  DOUBLE,
  type EntryOptions,
  type FunctionEntry,
  familyOf,
  TEXT,
} from "./entry.js";
import { raise } from "./raise.js";
import { type BoundText, orderText, overText } from "./window-text.js";

const { special, missing } = familyOf("aggregate");
const aggregate = (names: string, bind: (site: CallSite) => BoundExpression, options: EntryOptions = {}) =>
  special(names, bind, { ...options, kind: "aggregate" });

export const AGGREGATE_FUNCTIONS: readonly FunctionEntry[] = [
  ...aggregate("count", count),
  ...aggregate("sum", (site) => overNumber(site, sum)),
  ...aggregate("avg", (site) => overNumber(site, average)),
  ...aggregate("min", (site) => extreme(site, "min")),
  ...aggregate("max", (site) => extreme(site, "max")),
  ...aggregate("any_value", (site) => extreme(site, "any_value")),
  ...aggregate("stddev stddev_samp", (site) => statistic(site, "stddev_samp")),
  ...aggregate("stddev_pop", (site) => statistic(site, "stddev_pop")),
  ...aggregate("variance var_samp", (site) => statistic(site, "var_samp")),
  ...aggregate("var_pop", (site) => statistic(site, "var_pop")),
  ...aggregate("bool_and every", (site) => logical(site, "bool_and")),
  ...aggregate("bool_or", (site) => logical(site, "bool_or")),
  ...aggregate("bit_and", (site) => bits(site, "bit_and")),
  ...aggregate("bit_or", (site) => bits(site, "bit_or")),
  ...aggregate("bit_xor", (site) => bits(site, "bit_xor")),
  ...aggregate("listagg", listAgg),
  ...aggregate("median", (site) => percentile(site, "median")),
  ...aggregate("percentile_cont", (site) => percentile(site, "cont")),
  ...aggregate("percentile_disc", (site) => percentile(site, "disc")),
  ...aggregate("grouping grouping_id", groupingSet),
  ...missing("group_concat", "LISTAGG joins texts in Redshift."),
];

/** Which of its arguments the row's grouping set leaves out, a bit each; that they are grouped by is looked at with the query's GROUP BY. */
function groupingSet(site: CallSite): BoundExpression {
  const { args, over, distinct } = site.call;
  if (args.length === 0 || over !== undefined || distinct === true) {
    throw new SqlError(
      SQL_STATE.syntaxError,
      `${site.name} takes expressions of GROUP BY, and neither OVER nor DISTINCT`,
      {
        at: site.at,
      },
    );
  }
  const bound = args.map((arg) => site.bind(arg));
  refuseNesting(bound, site);
  const sql = `CAST(GROUPING(${bound.map(groupedSql).join(", ")}) AS INTEGER)`;
  return { sql, type: { kind: "integer" }, at: site.at, aggregate: true, window: false, nullable: false };
}

type Frames = "needed" | "none";

/** The aggregate's text with what goes around it: DISTINCT, its own order, OVER. */
function applied(
  site: CallSite,
  args: readonly BoundExpression[],
  name: string,
  type: SqlType,
  own: {
    readonly order?: BoundText;
    readonly frames?: Frames;
    readonly sql?: string;
    readonly distinct?: boolean;
  } = {},
): BoundExpression {
  const over = site.call.over === undefined ? undefined : overText(site.call.over, site, own.frames ?? "needed");
  const inside = [...args, ...(own.order?.parts ?? [])];
  if (over === undefined) refuseNesting(inside, site);
  const distinct = (own.distinct ?? site.call.distinct === true) ? "DISTINCT " : "";
  // Source: "LISTAGG window function": it alone takes DISTINCT.
  if (distinct !== "" && over !== undefined && site.name !== "listagg") {
    throw new SqlError(SQL_STATE.featureNotSupported, "DISTINCT is not implemented for window functions", {
      at: site.at,
    });
  }
  const order = own.order === undefined || own.order.sql === "" ? "" : ` ORDER BY ${own.order.sql}`;
  const values = own.sql ?? args.map((arg) => arg.sql).join(", ");
  const all = [...inside, ...(over?.parts ?? [])];
  return {
    sql: `${name}(${distinct}${values}${order})${over?.sql ?? ""}`,
    type,
    at: site.at,
    aggregate: over === undefined || all.some((part) => part.aggregate),
    window: over !== undefined || all.some((part) => part.window),
    nullable: true,
  };
}

function refuseNesting(parts: readonly BoundExpression[], site: CallSite): void {
  const nested = parts.find((part) => part.aggregate);
  if (nested !== undefined)
    throw new SqlError(SQL_STATE.groupingError, "aggregate function calls may not be nested", { at: nested.at });
  const window = parts.find((part) => part.window);
  if (window !== undefined) {
    throw new SqlError(SQL_STATE.groupingError, "aggregate function calls may not contain window function calls", {
      at: window.at,
      hint: `Compute the window in a subquery, then ${site.name} over it.`,
    });
  }
}

function wrapped(bound: BoundExpression, sql: string, type: SqlType): BoundExpression {
  return { ...bound, sql, type };
}

function oneArgument(site: CallSite): BoundExpression {
  const { args } = site.call;
  const [arg] = args;
  if (arg === undefined || args.length > 1) {
    throw new SqlError(
      SQL_STATE.undefinedFunction,
      `function ${site.name} takes one argument, ${args.length} were given`,
      { at: site.at },
    );
  }
  return site.bind(arg);
}

function noSuch(site: CallSite, type: SqlType): SqlError {
  return new SqlError(SQL_STATE.undefinedFunction, `function ${site.name}(${typeName(type)}) does not exist`, {
    at: site.at,
    hint: "No function matches the given name and argument types. You may need to add explicit type casts.",
  });
}

function count(site: CallSite): BoundExpression {
  const [arg] = site.call.args;
  const never = { nullable: false };
  if (arg === undefined || arg.kind === "star")
    return { ...applied(site, [], "count", BIGINT, { sql: "*" }), ...never };
  const bound = settled(oneArgument(site), site.scope.context);
  if (site.call.approximate === true) {
    return { ...applied(site, [bound], "approx_count_distinct", BIGINT, { distinct: false }), ...never };
  }
  return { ...applied(site, [bound], "count", BIGINT), ...never };
}

function overNumber(site: CallSite, apply: (site: CallSite, arg: BoundExpression) => BoundExpression): BoundExpression {
  let arg = oneArgument(site);
  const group = groupOf(arg.type);
  if (group === "unknown" || group === "super") arg = coerce(arg, DOUBLE, "implicit", site.scope.context);
  if (groupOf(arg.type) !== "number") throw noSuch(site, arg.type);
  return apply(site, arg);
}

function sum(site: CallSite, arg: BoundExpression): BoundExpression {
  const { type } = arg;
  if (type.kind === "real" || type.kind === "double") return applied(site, [arg], "sum", DOUBLE);
  if (type.kind === "decimal") {
    const answer = decimalType(38, type.scale);
    return applied(site, [arg], "sum", answer);
  }
  const total = applied(site, [arg], "sum", BIGINT);
  if (type.kind !== "bigint") return wrapped(total, `CAST(${total.sql} AS BIGINT)`, BIGINT);
  return wrapped(total, `CAST(${total.sql} AS DECIMAL(38,0))`, decimalType(38, 0));
}

/** Of integers a BIGINT, what is behind the point cut off; of decimals with the argument's scale. DuckDB's own is a DOUBLE. */
function average(site: CallSite, arg: BoundExpression): BoundExpression {
  const { type } = arg;
  if (type.kind === "real" || type.kind === "double") return applied(site, [arg], "avg", DOUBLE);
  const total = applied(site, [arg], "sum", BIGINT);
  const values = applied(site, [arg], "count", BIGINT);
  if (type.kind !== "decimal") return wrapped(total, `CAST(${total.sql} // ${values.sql} AS BIGINT)`, BIGINT);
  const answer = decimalType(38, type.scale);
  if (type.scale === 0)
    return wrapped(total, `CAST(CAST(${total.sql} AS HUGEINT) // ${values.sql} AS DECIMAL(38,0))`, answer);
  // DuckDB's // gives NULL for the sum of nothing divided by nothing, as it should be.
  const divided = decimalDivision(
    { sql: total.sql, precision: 38, scale: type.scale },
    { sql: values.sql, precision: 19, scale: 0 },
    answer,
  );
  return wrapped(total, divided, answer);
}

function extreme(site: CallSite, name: string): BoundExpression {
  const arg = settled(oneArgument(site), site.scope.context);
  return applied(site, [arg], name, arg.type, { distinct: false });
}

function statistic(site: CallSite, name: string): BoundExpression {
  return overNumber(site, (_, arg) =>
    applied(site, [coerce(arg, DOUBLE, "implicit", site.scope.context)], name, DOUBLE),
  );
}

function logical(site: CallSite, name: string): BoundExpression {
  const arg = oneArgument(site);
  if (groupOf(arg.type) !== "boolean" && groupOf(arg.type) !== "unknown") throw noSuch(site, arg.type);
  return applied(site, [coerce(arg, BOOLEAN, "implicit", site.scope.context)], name, BOOLEAN);
}

function bits(site: CallSite, name: string): BoundExpression {
  const arg = oneArgument(site);
  if (arg.type.kind === "boolean") return applied(site, [arg], name === "bit_or" ? "bool_or" : "bool_and", BOOLEAN);
  if (!isInteger(arg.type)) throw noSuch(site, arg.type);
  return applied(site, [arg], name, arg.type);
}

function listAgg(site: CallSite): BoundExpression {
  const { args, withinGroup } = site.call;
  const [value, delimiter] = args;
  if (value === undefined || args.length > 2)
    throw new SqlError(SQL_STATE.undefinedFunction, "LISTAGG takes a value and a delimiter", { at: site.at });
  const { context } = site.scope;
  const bound = site.bind(value);
  const text = toText(bound, context);
  const separator = delimiter === undefined ? undefined : toText(site.bind(delimiter), context);
  if (separator !== undefined && separator.origin?.kind !== "text") {
    throw new SqlError(SQL_STATE.featureNotSupported, "LISTAGG needs its delimiter as a literal", { at: separator.at });
  }
  const between = separator?.sql ?? "''";
  const order = withinGroup === undefined ? undefined : orderText(withinGroup, site);
  const own = { frames: "none" as const, sql: `${text.sql}, ${between}`, ...(order === undefined ? {} : { order }) };
  // DuckDB orders distinct values by themselves alone: numbers are collected as numbers, and become texts then.
  const asNumbers = site.call.distinct === true && text.sql !== bound.sql && order?.parts[0]?.sql === bound.sql;
  const joined = asNumbers ? joinedList(site, bound, between, order) : applied(site, [text], "string_agg", TEXT, own);
  if (joined.window) return joined;
  const tooLong = raise("22001", "Result size exceeds LISTAGG limit");
  return wrapped(joined, `(CASE WHEN strlen(${joined.sql}) > 65535 THEN ${tooLong} ELSE ${joined.sql} END)`, TEXT);
}

function joinedList(site: CallSite, value: BoundExpression, between: string, order: BoundText): BoundExpression {
  const collected = applied(site, [value], "list", TEXT, { frames: "none", order });
  const item = toText({ ...value, sql: "item" }, site.scope.context).sql;
  const texts = `list_transform(list_filter(${collected.sql}, item -> item IS NOT NULL), item -> ${item})`;
  return wrapped(collected, `nullif(array_to_string(${texts}, ${between}), '')`, TEXT);
}

/** MEDIAN(x), PERCENTILE_CONT(p) and PERCENTILE_DISC(p) WITHIN GROUP (ORDER BY x), and the approximate one. */
function percentile(site: CallSite, form: "median" | "cont" | "disc"): BoundExpression {
  const { context } = site.scope;
  const order = site.call.withinGroup?.[0];
  if (form !== "median" && order === undefined) {
    throw new SqlError(SQL_STATE.syntaxError, `${site.name.toUpperCase()} needs WITHIN GROUP (ORDER BY ...)`, {
      at: site.at,
    });
  }
  const value = form === "median" ? oneArgument(site) : settled(site.bind(order!.expression), context);
  const fraction = form === "median" ? "0.5" : fractionOf(site, order!.descending);
  const approximate = site.call.approximate === true && groupOf(value.type) === "number";
  if (form === "disc") {
    const name = approximate ? "approx_quantile" : "quantile_disc";
    const found = applied(site, [value], name, value.type, {
      frames: "none",
      sql: `${value.sql}, ${fraction}`,
      distinct: false,
    });
    return found;
  }
  const type = interpolatedType(site, value.type, form);
  if (value.type.kind === "smallint" || value.type.kind === "integer") {
    // What lies between two such numbers is exact to the last place as the double that DuckDB makes of it, several times as fast as by wide decimals.
    const found = applied(site, [value], "quantile_cont", type, {
      frames: "none",
      distinct: false,
      sql: `${value.sql}, ${fraction}`,
    });
    return wrapped(found, `CAST(${found.sql} AS ${duckDbType(type)})`, type);
  }
  const argument = groupOf(type) === "number" ? coerce(value, type, "assignment", context) : value;
  return applied(site, [argument], "quantile_cont", type, {
    frames: "none",
    sql: `${argument.sql}, ${fraction}`,
    distinct: false,
  });
}

/** Between integers lies a decimal: halves for the median, six digits else. */
function interpolatedType(site: CallSite, type: SqlType, form: "median" | "cont"): SqlType {
  if (isInteger(type)) return decimalType(38, form === "median" ? 1 : 6);
  if (type.kind === "decimal") return decimalType(38, form === "median" ? type.scale + 1 : type.scale + 6);
  if (groupOf(type) === "number") return DOUBLE;
  if (groupOf(type) === "date-time") return type.kind === "date" ? { kind: "timestamp" } : type;
  throw noSuch(site, type);
}

function fractionOf(site: CallSite, descending: boolean): string {
  const [arg] = site.call.args;
  const bound = arg === undefined ? undefined : site.bind(arg);
  const value = bound?.origin?.kind === "number" ? Number(bound.origin.text) : Number.NaN;
  if (!(value >= 0 && value <= 1)) {
    throw new SqlError(SQL_STATE.invalidParameterValue, `${site.name.toUpperCase()} needs a literal between 0 and 1`, {
      at: bound?.at ?? site.at,
    });
  }
  return String(descending ? Number((1 - value).toPrecision(15)) : value);
}
