/** Templates of dates and times: `YYYY-MM-DD HH24:MI:SS`, written out as a concatenation of DuckDB's. */
import { offsetText } from "../binder/expressions/cast-sql.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import { textLiteral } from "../sql-text.js";

/** Longest first, so that YYYY is not four times Y. */
const TOKENS = [
  "SSSSS",
  "SSSS",
  "HH24",
  "HH12",
  "YYYY",
  "Y,YYY",
  "IYYY",
  "MONTH",
  "A.M.",
  "P.M.",
  "A.D.",
  "B.C.",
  "YYY",
  "IYY",
  "MON",
  "DAY",
  "DDD",
  "IDDD",
  "HH",
  "MI",
  "SS",
  "MS",
  "US",
  "AM",
  "PM",
  "AD",
  "BC",
  "YY",
  "IY",
  "MM",
  "DY",
  "DD",
  "ID",
  "IW",
  "WW",
  "CC",
  "RM",
  "TZ",
  "OF",
  "FM",
  "Y",
  "I",
  "D",
  "W",
  "J",
  "Q",
].sort((a, b) => b.length - a.length);

interface Token {
  /** Undefined: `text` stands for itself. */
  readonly token: string | undefined;
  readonly text: string;
  readonly fill: boolean;
  readonly ordinal: boolean;
}

/** Far beyond any that is meant. */
const TEMPLATE_CHARS_MAX = 1_024;

function tokensOf(template: string): Token[] {
  if (template.length > TEMPLATE_CHARS_MAX) {
    throw new SqlError("54000", "the format is too long", { hint: `It may have ${TEMPLATE_CHARS_MAX} characters.` });
  }
  const out: Token[] = [];
  let at = 0;
  let fill = true;
  while (at < template.length) {
    const rest = template.slice(at);
    const quoted = /^"((?:[^"\\]|\\.)*)"?/.exec(rest);
    if (quoted !== null) {
      out.push({ token: undefined, text: quoted[1]!.replace(/\\(.)/g, "$1"), fill, ordinal: false });
      at += quoted[0].length;
      continue;
    }
    const upper = rest.toUpperCase();
    const token = TOKENS.find((one) => upper.startsWith(one));
    if (token === undefined) {
      out.push({ token: undefined, text: rest[0]!, fill, ordinal: false });
      at++;
      continue;
    }
    at += token.length;
    if (token === "FM") {
      fill = false;
      continue;
    }
    const ordinal = /^th/i.test(template.slice(at)) && /^[A-Z]*(Y|D|H|HH24|HH12|I|S|M|W|Q|C)+[A-Z0-9]*$/.test(token);
    out.push({ token, text: rest.slice(0, token.length), fill, ordinal });
    if (ordinal) at += 2;
    fill = true;
  }
  return out;
}

/** `moment` is DuckDB text of type TIMESTAMP; `offset` its distance from UTC in minutes, where it has one. */
export function dateTimeTemplate(moment: string, template: string, offset: string | undefined, zone: string): string {
  const pieces: string[] = [];
  let run = "";
  let runHasValue = false;
  // What stands side by side and is the engine's own goes into one format.
  const endRun = () => {
    if (run !== "")
      pieces.push(runHasValue ? `strftime(${moment}, ${textLiteral(run)})` : textLiteral(run.replaceAll("%%", "%")));
    run = "";
    runHasValue = false;
  };
  for (const { token, text, fill, ordinal } of tokensOf(template)) {
    const format =
      token === undefined ? text.replaceAll("%", "%%") : ordinal ? undefined : engineFormat(token, text, fill);
    if (format !== undefined) {
      run += format;
      runHasValue ||= token !== undefined;
      continue;
    }
    endRun();
    const piece = tokenText(token!, text, moment, fill, offset, zone);
    pieces.push(ordinal ? `(${piece} || ${suffix(piece)})` : piece);
  }
  endRun();
  if (pieces.length === 0) return `(CASE WHEN ${moment} IS NOT NULL THEN '' END)`;
  const nothing = pieces.every((piece) => piece.startsWith("'"));
  return nothing ? `(CASE WHEN ${moment} IS NOT NULL THEN ${pieces.join(" || ")} END)` : `(${pieces.join(" || ")})`;
}

const ENGINE: Readonly<Record<string, string>> = {
  YYYY: "%Y",
  MM: "%m",
  DD: "%d",
  DDD: "%j",
  HH24: "%H",
  HH12: "%I",
  HH: "%I",
  MI: "%M",
  SS: "%S",
  MS: "%g",
  US: "%f",
  AM: "%p",
  PM: "%p",
};

/** DuckDB's own format for a token, where it writes the same. */
function engineFormat(token: string, written: string, fill: boolean): string | undefined {
  const capital = /^[A-Z][a-z]*$/.test(written) && written !== written.toUpperCase();
  if (token === "MON" && capital) return "%b";
  if (token === "DY" && capital) return "%a";
  if (token === "MONTH" && capital && !fill) return "%B";
  if (token === "DAY" && capital && !fill) return "%A";
  if ((token === "AM" || token === "PM") && written !== written.toUpperCase()) return undefined;
  return fill ? ENGINE[token] : undefined;
}

function suffix(piece: string): string {
  const number = `CAST(${piece} AS BIGINT)`;
  return `CASE WHEN ${number} % 100 BETWEEN 11 AND 13 THEN 'th' WHEN ${number} % 10 = 1 THEN 'st' WHEN ${number} % 10 = 2 THEN 'nd' WHEN ${number} % 10 = 3 THEN 'rd' ELSE 'th' END`;
}

function tokenText(
  token: string,
  written: string,
  moment: string,
  fill: boolean,
  offset: string | undefined,
  zone: string,
): string {
  const strf = (format: string) => `strftime(${moment}, '${format}')`;
  const number = (sql: string, digits: number) =>
    fill ? `lpad(CAST(${sql} AS VARCHAR), ${digits}, '0')` : `CAST(${sql} AS VARCHAR)`;
  const part = (name: string, digits: number) => number(`date_part('${name}', ${moment})`, digits);
  const named = (format: string, width: number) => {
    const word = cased(strf(format), written);
    return fill && width > 0 ? `rpad(${word}, ${width}, ' ')` : word;
  };
  const year = (name: string, digits: number) => {
    const full = `lpad(CAST(date_part('${name}', ${moment}) AS VARCHAR), 4, '0')`;
    return digits === 4
      ? fill
        ? full
        : `CAST(date_part('${name}', ${moment}) AS VARCHAR)`
      : `right(${full}, ${digits})`;
  };
  const half = (am: string, pm: string) => {
    const lower = written[0] === written[0]!.toLowerCase();
    const word = (text: string) => textLiteral(lower ? text.toLowerCase() : text);
    return `CASE WHEN ${moment} IS NULL THEN NULL WHEN date_part('hour', ${moment}) < 12 THEN ${word(am)} ELSE ${word(pm)} END`;
  };
  switch (token) {
    case "YYYY":
      return year("year", 4);
    case "Y,YYY":
      return `(CAST(date_part('year', ${moment}) // 1000 AS VARCHAR) || ',' || lpad(CAST(date_part('year', ${moment}) % 1000 AS VARCHAR), 3, '0'))`;
    case "YYY":
      return year("year", 3);
    case "YY":
      return year("year", 2);
    case "Y":
      return year("year", 1);
    case "IYYY":
      return year("isoyear", 4);
    case "IYY":
      return year("isoyear", 3);
    case "IY":
      return year("isoyear", 2);
    case "I":
      return year("isoyear", 1);
    case "MONTH":
      return named("%B", 9);
    case "MON":
      return named("%b", 0);
    case "DAY":
      return named("%A", 9);
    case "DY":
      return named("%a", 0);
    case "MM":
      return part("month", 2);
    case "DDD":
      return part("doy", 3);
    case "DD":
      return part("day", 2);
    case "D":
      return `CAST(date_part('dow', ${moment}) + 1 AS VARCHAR)`;
    case "ID":
      return `CAST(date_part('isodow', ${moment}) AS VARCHAR)`;
    case "IDDD":
      return number(`((date_part('week', ${moment}) - 1) * 7 + date_part('isodow', ${moment}))`, 3);
    case "HH24":
      return part("hour", 2);
    case "HH12":
    case "HH":
      return number(`((date_part('hour', ${moment}) + 11) % 12 + 1)`, 2);
    case "MI":
      return part("minute", 2);
    case "SS":
      return part("second", 2);
    case "MS":
      return number(`((date_part('microsecond', ${moment}) % 1000000) // 1000)`, 3);
    case "US":
      return number(`(date_part('microsecond', ${moment}) % 1000000)`, 6);
    case "SSSS":
    case "SSSSS":
      return `CAST(date_diff('second', date_trunc('day', ${moment}), ${moment}) AS VARCHAR)`;
    case "AM":
    case "PM":
      return `(${half("AM", "PM")})`;
    case "A.M.":
    case "P.M.":
      return `(${half("A.M.", "P.M.")})`;
    case "AD":
    case "BC":
      return textLiteral(written[0] === "a" || written[0] === "b" ? "ad" : "AD");
    case "A.D.":
    case "B.C.":
      return textLiteral(written[0] === "a" || written[0] === "b" ? "a.d." : "A.D.");
    case "W":
      return `CAST((date_part('day', ${moment}) - 1) // 7 + 1 AS VARCHAR)`;
    case "WW":
      return number(`((date_part('doy', ${moment}) - 1) // 7 + 1)`, 2);
    case "IW":
      return part("week", 2);
    case "CC":
      return part("century", 2);
    case "Q":
      return `CAST(date_part('quarter', ${moment}) AS VARCHAR)`;
    case "J":
      return `CAST(date_diff('day', DATE '2000-01-01', CAST(${moment} AS DATE)) + 2451545 AS VARCHAR)`;
    case "RM": {
      const roman = `['I', 'II', 'III', 'IV', 'V', 'VI', 'VII', 'VIII', 'IX', 'X', 'XI', 'XII'][date_part('month', ${moment})]`;
      const word = written === written.toLowerCase() ? `lower(${roman})` : roman;
      return fill ? `rpad(${word}, 4, ' ')` : word;
    }
    case "TZ":
      return offset === undefined ? "''" : textLiteral(written === "tz" ? zone.toLowerCase() : zone);
    case "OF":
      return offset === undefined ? "'+00'" : offsetText(offset);
    default:
      return textLiteral(written);
  }
}

/** MONTH, Month, month: the name as the template is written. */
function cased(sql: string, written: string): string {
  if (written === written.toUpperCase()) return `upper(${sql})`;
  return written === written.toLowerCase() ? `lower(${sql})` : sql;
}

const READING: Readonly<Record<string, readonly [format: string, width: number | undefined]>> = {
  YYYY: ["%Y", 4],
  IYYY: ["%G", 4],
  YY: ["%y", 2],
  MM: ["%m", 2],
  DD: ["%d", 2],
  DDD: ["%j", 3],
  HH24: ["%H", 2],
  HH12: ["%I", 2],
  HH: ["%I", 2],
  MI: ["%M", 2],
  SS: ["%S", 2],
  MS: ["%g", 3],
  US: ["%f", 6],
  MON: ["%b", 3],
  MONTH: ["%B", undefined],
  DY: ["%a", 3],
  DAY: ["%A", undefined],
  AM: ["%p", 2],
  PM: ["%p", 2],
  IW: ["%V", 2],
  TZ: ["%Z", undefined],
  OF: ["%z", undefined],
};

/** The template as DuckDB's format for reading, and how long a text is that fills it; without a length where that varies. */
export function readingFormat(
  template: string,
  at: number,
): { readonly formats: readonly string[]; readonly width: number | undefined } {
  let format = "";
  let width: number | undefined = 0;
  const tokens = tokensOf(template);
  const halves = tokens.some(({ token }) => token !== undefined && /^[AP]M$/.test(token));
  for (const { token, text } of tokens) {
    if (token === undefined) {
      format += text.replaceAll("%", "%%");
      width = width === undefined ? undefined : width + [...text].length;
      continue;
    }
    const found = READING[token];
    if (found === undefined) {
      throw new SqlError(SQL_STATE.featureNotSupported, `the template's "${text}" cannot be read`, {
        at,
        hint: `These can: ${Object.keys(READING).join(", ")}.`,
      });
    }
    // HH without AM or PM is read as the hour that is written there.
    format += token.startsWith("HH") && token !== "HH24" && !halves ? "%H" : found[0];
    width = width === undefined || found[1] === undefined ? undefined : width + found[1];
  }
  return { formats: [format], width };
}

/** Where each field of a template of numbers alone stands in the text, from 1; undefined where one has no width, or is none of these. */
export function readingFields(
  template: string,
): ReadonlyMap<string, { readonly from: number; readonly width: number }> | undefined {
  const widths: Readonly<Record<string, number>> = { YYYY: 4, MM: 2, DD: 2, HH24: 2, MI: 2, SS: 2 };
  const fields = new Map<string, { from: number; width: number }>();
  let from = 1;
  for (const { token, text } of tokensOf(template)) {
    const width = token === undefined ? [...text].length : widths[token];
    if (width === undefined) return undefined;
    if (token !== undefined) fields.set(token, { from, width });
    from += width;
  }
  return fields;
}
