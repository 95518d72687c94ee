/** REGEXP_* functions: RE2's regular expressions, which cover POSIX's but for back references. */
import type { BoundExpression } from "../binder/bound.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { textLiteral } from "../sql-text.js";
import { type FunctionEntry, familyOf, INTEGER, overload, TEXT, textAsFirst } from "./entry.js";

const { scalar } = familyOf("regular expression");
const NOTE = "Patterns are RE2's: no back references and no look-around inside a pattern, also with the parameter p.";

export const REGEXP_FUNCTIONS: readonly FunctionEntry[] = [
  ...scalar(
    "regexp_count",
    overload("text, text, int?, text?", INTEGER, (args) => {
      const [text, pattern, position, parameters] = args;
      return `CAST(len(regexp_extract_all(${from(text!, position)}, ${withFlags(pattern!, parameters)})) AS INTEGER)`;
    }),
    { status: "partly", note: NOTE },
  ),
  ...scalar(
    "regexp_substr",
    overload("text, text, int?, int?, text?", textAsFirst, (args) => {
      const [text, pattern, position, occurrence, parameters] = args;
      const group = flags(parameters).includes("e") ? ", 1" : "";
      const source = from(text!, position);
      const expression = withFlags(pattern!, parameters);
      if (occurrence === undefined || literal(occurrence) === "1")
        return `regexp_extract(${source}, ${expression}${group})`;
      const found = `regexp_extract_all(${source}, ${expression}${group})[${occurrence.sql}]`;
      return `(CASE WHEN ${source} IS NOT NULL THEN coalesce(${found}, '') END)`;
    }),
    { status: "partly", note: NOTE },
  ),
  ...scalar(
    "regexp_replace",
    overload("text, text, text?, int?, text?", TEXT, (args) => {
      const [text, pattern, replacement, position, parameters] = args;
      const by = replacement === undefined ? "''" : replacementText(replacement);
      const replaced = `regexp_replace(${from(text!, position)}, ${withFlags(pattern!, parameters)}, ${by}, 'g')`;
      return position === undefined || literal(position) === "1"
        ? replaced
        : `(left(${text!.sql}, ${position.sql} - 1) || ${replaced})`;
    }),
    { status: "partly", note: NOTE },
  ),
  ...scalar(
    "regexp_instr",
    overload("text, text, int?, int?, int?, text?", INTEGER, (args) => {
      const [text, pattern, position, occurrence, option, parameters] = args;
      const nth = occurrence === undefined ? 1 : Number(literal(occurrence) ?? Number.NaN);
      if (!Number.isInteger(nth) || nth < 1) {
        throw new SqlError(SQL_STATE.featureNotSupported, "REGEXP_INSTR takes its occurrence as a literal from 1 on", {
          at: occurrence!.at,
        });
      }
      const source = from(text!, position);
      const expression = withFlags(pattern!, parameters);
      const skipped = nth === 1 ? "" : `(?:.*?(?:' || ${expression} || ')){${nth - 1}}`;
      const before = `length(regexp_extract(${source}, '(?s)^(${skipped}.*?)(?:' || ${expression} || ')', 1))`;
      const there = `len(regexp_extract_all(${source}, ${expression})) >= ${nth}`;
      const start = position === undefined ? "1" : position.sql;
      const behind =
        option !== undefined && literal(option) === "1"
          ? ` + length(regexp_extract_all(${source}, ${expression})[${nth}])`
          : "";
      return `CAST(CASE WHEN ${there} THEN ${before} + ${start}${behind} WHEN ${source} IS NOT NULL THEN 0 END AS INTEGER)`;
    }),
    { status: "partly", note: NOTE },
  ),
];

function literal(arg: BoundExpression): string | undefined {
  return arg.origin?.kind === "number" || arg.origin?.kind === "text" ? arg.origin.text : undefined;
}

function from(text: BoundExpression, position: BoundExpression | undefined): string {
  return position === undefined || literal(position) === "1" ? text.sql : `substring(${text.sql}, ${position.sql})`;
}

function flags(parameters: BoundExpression | undefined): string {
  if (parameters === undefined) return "";
  const text = literal(parameters);
  if (text === undefined)
    throw new SqlError(SQL_STATE.featureNotSupported, "the parameters of a REGEXP function must be a literal", {
      at: parameters.at,
    });
  return text;
}

/** `i` ignores case; the dot takes newlines, as POSIX's does. The flags go into the pattern, which all of DuckDB's functions read. */
function withFlags(pattern: BoundExpression, parameters: BoundExpression | undefined): string {
  const lead = flags(parameters).includes("i") ? "(?is)" : "(?s)";
  const text = literal(pattern);
  return text === undefined ? `('${lead}' || ${pattern.sql})` : textLiteral(lead + text);
}

/** `$1` and `\1` both name a group. */
function replacementText(replacement: BoundExpression): string {
  const text = literal(replacement);
  if (text === undefined) return `regexp_replace(${replacement.sql}, '\\$(\\d)', '\\\\\\1', 'g')`;
  return textLiteral(text.replace(/\$(\d)/g, "\\$1"));
}
