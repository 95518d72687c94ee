/** TO_CHAR, TO_DATE, TO_TIMESTAMP, TO_NUMBER. Source: Redshift's "Data type formatting functions". */

import type { BoundExpression } from "../binder/bound.js";
import { coerce, toText } from "../binder/expressions/coerce.js";
import { derived } from "../binder/expressions/derived.js";
import { inZone, sessionZone } from "../binder/expressions/time-zone.js";
import { decimalType, groupOf } from "../binder/expressions/type-groups.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { textLiteral } from "../sql-text.js";
import { duckDbType } from "../types-duckdb.js";
import { dateTimeTemplate, readingFields, readingFormat } from "./date-template.js";
import { type CallSite, DATE, type FunctionEntry, familyOf, TEXT, TIMESTAMP, TIMESTAMPTZ } from "./entry.js";
import { temporal } from "./extract.js";
import { numberTemplate } from "./number-template.js";
import { raiseWith } from "./raise.js";

const { special } = familyOf("formatting");
const CONSTANT = "The template must be a literal.";

export const FORMATTING_FUNCTIONS: readonly FunctionEntry[] = [
  ...special("to_char", toChar, { status: "partly", note: CONSTANT }),
  ...special("to_date", (site) => reading(site, "date"), { status: "partly", note: CONSTANT }),
  ...special("to_timestamp", (site) => reading(site, "timestamptz"), { status: "partly", note: CONSTANT }),
  ...special("to_number", toNumber, { status: "partly", note: CONSTANT }),
];

function template(site: CallSite, argumentsMax = 2): string {
  const [, second] = site.call.args;
  if (site.call.args.length < 2 || site.call.args.length > argumentsMax) {
    throw new SqlError(SQL_STATE.undefinedFunction, `function ${site.name} takes a value and a template`, {
      at: site.at,
    });
  }
  const bound = second === undefined ? undefined : site.bind(second);
  if (bound?.origin?.kind === "text") return bound.origin.text;
  throw new SqlError(SQL_STATE.featureNotSupported, `${site.name.toUpperCase()} needs its template as a literal`, {
    at: bound?.at ?? site.at,
  });
}

function toChar(site: CallSite): BoundExpression {
  const { context } = site.scope;
  const format = template(site);
  let value = site.bind(site.call.args[0]!);
  if (groupOf(value.type) === "unknown" || groupOf(value.type) === "text")
    value = coerce(value, TIMESTAMP, "explicit", context);
  if (groupOf(value.type) === "super") value = coerce(value, { kind: "double" }, "implicit", context);
  if (groupOf(value.type) === "number") return derived([value], numberTemplate(value, format), TEXT, site.at);
  const source = temporal(value, context);
  const zone = sessionZone(context);
  const local =
    source.type.kind === "timestamptz"
      ? inZone(source.sql, zone)
      : groupOf(source.type) === "time"
        ? `(DATE '2000-01-01' + CAST(${source.sql} AS TIME))`
        : groupOf(source.type) === "interval"
          ? `(TIMESTAMP '2000-01-01 00:00:00' + ${source.sql})`
          : `CAST(${source.sql} AS TIMESTAMP)`;
  const offset =
    source.type.kind === "timestamptz" ? `date_diff('minute', ${inZone(source.sql, "UTC")}, ${local})` : undefined;
  return derived([source], dateTimeTemplate(local, format, offset, zone), TEXT, site.at);
}

/**
 * The text up to where the template ends is read; what is behind it is passed over. Source: "TO_DATE function", is_strict: unless it is told to be
 * strict, the 31st of June is the 1st of July and 24 o'clock is tomorrow; here where each field has a width of its own.
 */
function reading(site: CallSite, to: "date" | "timestamptz"): BoundExpression {
  const { context } = site.scope;
  const { formats, width } = readingFormat(template(site, 3), site.at);
  const text = toText(site.bind(site.call.args[0]!), context);
  const sql = text.sql;
  const all = formats.map(textLiteral).join(", ");
  const whole = `try_strptime(trim(${sql}), [${all}])`;
  const cut = width === undefined ? [] : [`try_strptime(left(trim(${sql}), ${width}), [${all}])`];
  const wrong = raiseWith(
    SQL_STATE.invalidDatetimeFormat,
    `${site.name.toUpperCase()}: the text does not match the template: "`,
    sql,
    '"',
  );
  const over = isStrict(site) ? undefined : overflowing(`trim(${sql})`, template(site, 3));
  const found = `COALESCE(${[whole, ...cut, ...(over === undefined ? [] : [over])].join(", ")}, CASE WHEN ${sql} IS NOT NULL THEN ${wrong} END)`;
  if (to === "date") return derived([text], `CAST(${found} AS DATE)`, DATE, site.at);
  return derived([text], inZone(`CAST(${found} AS TIMESTAMP)`, sessionZone(context)), TIMESTAMPTZ, site.at);
}

function isStrict(site: CallSite): boolean {
  const [, , strict] = site.call.args;
  if (strict === undefined) return false;
  if (strict.kind === "literal" && strict.value.type === "boolean") return strict.value.value;
  throw new SqlError(SQL_STATE.featureNotSupported, `${site.name.toUpperCase()} needs is_strict as TRUE or FALSE`, {
    at: strict.at,
  });
}

/** The fields added up, however large they are; NULL where one is no number, undefined where the template has others than of numbers. */
function overflowing(text: string, format: string): string | undefined {
  const fields = readingFields(format);
  if (fields === undefined) return undefined;
  const field = (name: string) => {
    const found = fields.get(name);
    return found === undefined ? undefined : `TRY_CAST(substring(${text}, ${found.from}, ${found.width}) AS INTEGER)`;
  };
  const year = field("YYYY");
  if (year === undefined) return undefined;
  const more = [
    ["MM", "to_months", 1],
    ["DD", "to_days", 1],
    ["HH24", "to_hours", 0],
    ["MI", "to_minutes", 0],
    ["SS", "to_seconds", 0],
  ] as const;
  const steps = more.flatMap(([name, step, first]) => {
    const value = field(name);
    return value === undefined ? [] : [` + ${step}(${value} - ${first})`];
  });
  return `(CAST(make_date(${year}, 1, 1) AS TIMESTAMP)${steps.join("")})`;
}

/** Digits, the point and the sign count; the template says how many digits there are. */
function toNumber(site: CallSite): BoundExpression {
  const format = template(site).toUpperCase();
  const text = toText(site.bind(site.call.args[0]!), site.scope.context);
  const [whole = "", fraction = ""] = format.replace(/FM|[^09.D]/g, "").split(/[.D]/);
  const type = decimalType(Math.max(1, whole.length + fraction.length), fraction.length);
  const wide = duckDbType(decimalType(38, fraction.length));
  const digits = `regexp_replace(${text.sql}, '[^0-9.]', '', 'g')`;
  const negative = `(contains(${text.sql}, '-') OR contains(${text.sql}, '<'))`;
  return derived(
    [text],
    `CAST(CASE WHEN ${negative} THEN -CAST(${digits} AS ${wide}) ELSE CAST(${digits} AS ${wide}) END AS ${duckDbType(decimalType(38, type.scale))})`,
    decimalType(38, type.scale),
    site.at,
  );
}
