/** The parts of dates and times, and the many names that Redshift has for each. Source: "Date parts for date or timestamp functions". */
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { Expression } from "../syntax/ast.js";

export type DatePart =
  | "millennium"
  | "century"
  | "decade"
  | "epoch"
  | "year"
  | "quarter"
  | "month"
  | "week"
  | "dayofweek"
  | "dayofyear"
  | "day"
  | "hour"
  | "minute"
  | "second"
  | "millisecond"
  | "microsecond"
  | "timezone"
  | "timezone_hour"
  | "timezone_minute";

const NAMES: Readonly<Record<DatePart, string>> = {
  millennium: "millennium millennia mil mils",
  century: "century centuries c cent cents",
  decade: "decade decades dec decs",
  epoch: "epoch",
  year: "year years y yr yrs",
  quarter: "quarter quarters qtr qtrs",
  month: "month months mon mons",
  week: "week weeks w",
  dayofweek: "dayofweek dow dw weekday",
  dayofyear: "dayofyear doy dy yearday",
  day: "day days d",
  hour: "hour hours h hr hrs",
  minute: "minute minutes m min mins",
  second: "second seconds s sec secs",
  millisecond: "millisecond milliseconds ms msec msecs msecond mseconds millisec millisecs millisecon",
  microsecond: "microsecond microseconds microsec microsecs usecond useconds us usec usecs",
  timezone: "timezone",
  timezone_hour: "timezone_hour",
  timezone_minute: "timezone_minute",
};

const PARTS = new Map(
  Object.entries(NAMES).flatMap(([part, names]) => names.split(" ").map((name) => [name, part as DatePart] as const)),
);

/** Throws SqlError 22023. */
export function datePart(word: string, at: number): DatePart {
  const part = PARTS.get(word.trim().toLowerCase());
  if (part !== undefined) return part;
  throw new SqlError(SQL_STATE.invalidParameterValue, `timestamp units "${word}" not recognized`, {
    at,
    hint: `The parts are ${Object.keys(NAMES).join(", ")}, and their abbreviations.`,
  });
}

/** DATEADD(month, ...) and DATE_TRUNC('month', ...): the word arrives as a text either way. */
export function partArgument(expression: Expression | undefined, at: number): DatePart {
  if (expression?.kind === "literal" && expression.value.type === "string")
    return datePart(expression.value.text, expression.at);
  if (expression?.kind === "cast") return partArgument(expression.operand, at);
  throw new SqlError(SQL_STATE.invalidParameterValue, "the date part must be a word, as in DATEADD(month, 1, day)", {
    at: expression?.at ?? at,
  });
}
