/** Templates of numbers: `999,999.99`, `FM0000`, `S999`, `9.99EEEE`. */

import type { BoundExpression } from "../binder/bound.js";
import { asDecimal, isFloat } from "../binder/expressions/type-groups.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { textLiteral } from "../sql-text.js";

interface Template {
  /** Characters before and after the point: `9`, `0`, `,` or a literal. */
  readonly whole: readonly string[];
  readonly fraction: readonly string[];
  readonly point: boolean;
  readonly fill: boolean;
  readonly sign: "before" | "leading-s" | "trailing-s" | "trailing-mi" | "brackets" | "leading-mi" | "plus";
  readonly currency: boolean;
  /** `TH` or `th`: 1ST, 2nd. */
  readonly ordinal: string | undefined;
}

/** DuckDB text for the number, which may be of any numeric type. NULL stays NULL. */
export function numberTemplate(value: BoundExpression, written: string): string {
  const roman = /^(fm)?rn$/i.exec(written);
  if (roman !== null) return romanNumber(value.sql, written.endsWith("rn"), roman[1] === undefined);
  const template = parse(written, value.at);
  const scale = template.fraction.filter(isDigit).length;
  const wholeDigits = template.whole.filter(isDigit).length;
  const own = asDecimal(value.type);
  const sql = isFloat(value.type) ? value.sql : `CAST(${value.sql} AS DECIMAL(38,${own.scale}))`;
  const rounded = `CAST(round(abs(${sql}), ${scale}) AS DECIMAL(38,${scale}))`;
  const digits = `CAST(${rounded} AS VARCHAR)`;
  const integer = `split_part(${digits}, '.', 1)`;
  const negative = `(${value.sql} < 0)`;

  // A zero before the point is a blank where the template has only nines and a fraction.
  const zeroFrom = template.whole.indexOf("0");
  const shown = zeroFrom === -1 && scale > 0 ? `CASE WHEN ${integer} = '0' THEN '' ELSE ${integer} END` : integer;
  const firstZero = zeroFrom === -1 ? wholeDigits : template.whole.slice(0, zeroFrom).filter(isDigit).length;
  const least = wholeDigits - firstZero;
  const padded = `lpad(${least > 0 ? `CASE WHEN length(${shown}) < ${least} THEN lpad(${shown}, ${least}, '0') ELSE ${shown} END` : `(${shown})`}, ${Math.max(1, wholeDigits)}, ' ')`;

  const pieces: string[] = [];
  let position = 0;
  for (const one of template.whole) {
    if (isDigit(one)) {
      position++;
      pieces.push(`substring(${padded}, ${position}, 1)`);
    } else if (one === ",") {
      pieces.push(`CASE WHEN trim(substring(${padded}, 1, ${position})) = '' THEN ' ' ELSE ',' END`);
    } else {
      pieces.push(textLiteral(one));
    }
  }
  const body = pieces.length === 0 ? "''" : pieces.join(" || ");
  const fractionDigits = scale === 0 ? "''" : `split_part(${digits}, '.', 2)`;
  const nines = template.fraction.filter(isDigit).join("");
  const keep = nines.lastIndexOf("0") + 1;
  const fraction =
    template.fill || scale === 0
      ? fractionDigits
      : `(left(${fractionDigits}, ${keep}) || rtrim(substring(${fractionDigits}, ${keep + 1}), '0'))`;
  const number = `${body}${template.point ? ` || '.' || ${fraction}` : ""}`;
  const tooLong = `length(${integer}) > ${wholeDigits} AND NOT (${integer} = '0')`;
  const hashes = `${wholeDigits > 0 ? `'${"#".repeat(wholeDigits)}'` : "''"}${template.point ? ` || '.${"#".repeat(scale)}'` : ""}`;
  const text = `(CASE WHEN ${tooLong} THEN ${hashes} ELSE ${number} END)`;
  return signed(text, negative, template, value);
}

function signed(text: string, negative: string, template: Template, value: BoundExpression): string {
  const bare = `ltrim(${text}, ' ')`;
  const currency = template.currency ? "'$' || " : "";
  const width = (more: number) => `CAST(length(${text}) + ${1 + more} AS INTEGER)`;
  const minus = (other: string) => `CASE WHEN ${negative} THEN '-' ELSE ${other} END`;
  let sql: string;
  switch (template.sign) {
    case "trailing-mi":
      sql = `(${currency}${text} || ${minus("' '")})`;
      break;
    case "leading-mi":
      sql = `(${minus("' '")} || ${currency}${text})`;
      break;
    case "trailing-s":
      sql = `(${currency}${text} || ${minus("'+'")})`;
      break;
    case "leading-s":
    case "plus":
      sql = `lpad(${minus("'+'")} || ${currency}${bare}, ${width(currency === "" ? 0 : 1)}, ' ')`;
      break;
    case "brackets":
      sql = `(lpad(CASE WHEN ${negative} THEN '<' ELSE ' ' END || ${currency}${bare}, ${width(currency === "" ? 0 : 1)}, ' ') || CASE WHEN ${negative} THEN '>' ELSE ' ' END)`;
      break;
    default:
      sql =
        currency === ""
          ? `lpad(${minus("' '")} || ${bare}, ${width(0)}, ' ')`
          : `(${minus("' '")} || ${currency}${text})`;
  }
  const filled = template.fill ? sql : `replace(trim(${sql}), ' ', '')`;
  const whole = template.ordinal === undefined ? filled : `(${filled} || ${ordinalEnding(value.sql, template)})`;
  return `(CASE WHEN ${value.sql} IS NOT NULL THEN ${whole} END)`;
}

function isDigit(one: string): boolean {
  return one === "9" || one === "0";
}

function parse(written: string, at: number): Template {
  const whole: string[] = [];
  const fraction: string[] = [];
  let point = false;
  let fill = true;
  let currency = false;
  let ordinal: string | undefined;
  let sign: Template["sign"] = "before";
  const token = /"([^"]*)"|FM|MI|PR|SG|PL|EEEE|RN|TH|[90.,DGSLV$BC]|./giy;
  for (let found = token.exec(written); found !== null; found = token.exec(written)) {
    const word = found[0].toUpperCase();
    const target = point ? fraction : whole;
    const before = whole.every((one) => !isDigit(one)) && !point;
    if (found[1] !== undefined) target.push(found[1]);
    else if (word === "9" || word === "0") target.push(word);
    else if (word === "." || word === "D") point = true;
    else if (word === "," || word === "G") target.push(",");
    else if (word === "FM") fill = false;
    else if (word === "MI") sign = before ? "leading-mi" : "trailing-mi";
    else if (word === "S") sign = before ? "leading-s" : "trailing-s";
    else if (word === "SG" || word === "PL") sign = before ? "plus" : "trailing-s";
    else if (word === "PR") sign = "brackets";
    else if (word === "$" || word === "L") currency = true;
    else if (word === "C") target.push("USD");
    else if (word === "B") continue;
    else if (word === "TH") ordinal = found[0];
    else if (word === "EEEE" || word === "RN" || word === "V") {
      throw new SqlError(
        SQL_STATE.featureNotSupported,
        `TO_CHAR: "${found[0]}" in a number's template is not supported`,
        { at },
      );
    } else target.push(found[0]);
  }
  return { whole, fraction, point, fill, sign, currency, ordinal };
}

/** As PostgreSQL has it: none behind a fraction or a negative number. */
function ordinalEnding(value: string, { ordinal, point }: Template): string {
  if (point) return "''";
  const number = `CAST(round(abs(${value})) AS HUGEINT)`;
  const ending = `CASE WHEN ${value} < 0 THEN '' WHEN ${number} % 100 BETWEEN 11 AND 13 THEN 'th' ELSE ['th', 'st', 'nd', 'rd', 'th', 'th', 'th', 'th', 'th', 'th'][CAST(${number} % 10 AS BIGINT) + 1] END`;
  return ordinal === "TH" ? `upper(${ending})` : `(${ending})`;
}

/** From 1 to 3999, to the right of fifteen places. */
function romanNumber(value: string, lower: boolean, fill: boolean): string {
  const number = `CAST(round(${value}) AS BIGINT)`;
  const digits = (one: string, five: string, ten: string) =>
    [
      "",
      one,
      one + one,
      one + one + one,
      one + five,
      five,
      five + one,
      five + one + one,
      five + one + one + one,
      one + ten,
    ]
      .map(textLiteral)
      .join(", ");
  const text = `(repeat('M', ${number} // 1000) || [${digits("C", "D", "M")}][${number} // 100 % 10 + 1] || [${digits("X", "L", "C")}][${number} // 10 % 10 + 1] || [${digits("I", "V", "X")}][${number} % 10 + 1])`;
  const shown = lower ? `lower(${text})` : text;
  return `(CASE WHEN ${value} IS NULL THEN NULL WHEN ${value} >= 0.5 AND ${value} < 3999.5 THEN ${fill ? `lpad(${shown}, 15, ' ')` : shown} ELSE repeat('#', 15) END)`;
}
