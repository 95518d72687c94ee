/** Dates and times as texts, in the forms that Redshift reads (DateStyle ISO, MDY), made into the one form that DuckDB reads. */

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

interface DateParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** `2024-01-31`; undefined for a text that is no date. A time behind it is passed over, as a cast to DATE does. */
export function dateOfText(text: string): string | undefined {
  const trimmed = text.trim();
  const special = SPECIAL[trimmed.toLowerCase()];
  if (special !== undefined) return special;
  const cut = splitDateTime(trimmed);
  if (cut === undefined || (cut.time !== "" && timeOfText(cut.time) === undefined)) return undefined;
  return isoDate(cut.date);
}

const SPECIAL: Readonly<Record<string, string>> = { epoch: "1970-01-01" };

/** `2024-01-31 10:00:00.5` and the zone behind it as it was written; undefined for a text that is no timestamp. */
export function timestampOfText(
  text: string,
): { readonly local: string; readonly zone: string | undefined } | undefined {
  const trimmed = text.trim();
  if (trimmed.toLowerCase() === "epoch") return { local: "1970-01-01 00:00:00", zone: "UTC" };
  const cut = splitDateTime(trimmed);
  if (cut === undefined) return undefined;
  const date = isoDate(cut.date);
  if (date === undefined) return undefined;
  if (cut.time === "") return { local: `${date} 00:00:00`, zone: undefined };
  const time = timeOfText(cut.time);
  if (time === undefined) return undefined;
  return { local: `${date} ${time.local}`, zone: time.zone };
}

/** `10:00:00.5` and its zone. */
export function timeOfText(text: string): { readonly local: string; readonly zone: string | undefined } | undefined {
  const form =
    /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.:](\d{1,9}))?)?\s*(am(?![a-z])|pm(?![a-z])|a\.m\.|p\.m\.)?\s*(z|[+-]\d{1,2}(?::?\d{2})?|[a-z]+(?:\/[a-z_]+)*)?$/i;
  const compact = /^(\d{2})(\d{2})(\d{2})(?:\.(\d{1,9}))?\s*()(z|[+-]\d{1,2}(?::?\d{2})?)?$/i;
  const found = form.exec(text) ?? compact.exec(text);
  if (found === null) return undefined;
  let hour = Number(found[1]);
  const minute = Number(found[2]);
  const second = Number(found[3] ?? 0);
  const half = found[5]?.toLowerCase();
  if (half !== undefined && half !== "") {
    if (hour < 1 || hour > 12) return undefined;
    hour = (hour % 12) + (half.startsWith("p") ? 12 : 0);
  }
  if (hour > 24 || minute > 59 || second > 60 || (hour === 24 && (minute > 0 || second > 0))) return undefined;
  const fraction = (found[4] ?? "").slice(0, 6).replace(/0+$/, "");
  return {
    local: `${two(hour)}:${two(minute)}:${two(second)}${fraction === "" ? "" : `.${fraction}`}`,
    zone: found[6] === undefined || found[6] === "" ? undefined : found[6],
  };
}

function splitDateTime(text: string): { readonly date: string; readonly time: string } | undefined {
  const found =
    /^(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{8}|\d{6}|\d{1,2}[- ][a-z]{3,9}[- ]\d{2,4}|\d{4}[- ][a-z]{3,9}[- ]\d{1,2}|[a-z]{3,9}[- ]\d{1,2},?[- ]\d{2,4})(?:(?:\s+|t)(.+))?$/i.exec(
      text,
    );
  return found === null ? undefined : { date: found[1]!, time: (found[2] ?? "").trim() };
}

function isoDate(text: string): string | undefined {
  const parts = dateParts(text);
  if (parts === undefined) return undefined;
  const { year, month, day } = parts;
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month) || year < 1) return undefined;
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

function dateParts(text: string): DateParts | undefined {
  const pieces = text.split(/[-/., ]+/).filter((piece) => piece !== "");
  if (pieces.length === 1) {
    const [digits] = pieces as [string];
    if (digits.length === 8) {
      return { year: Number(digits.slice(0, 4)), month: Number(digits.slice(4, 6)), day: Number(digits.slice(6)) };
    }
    return { year: century(digits.slice(0, 2)), month: Number(digits.slice(2, 4)), day: Number(digits.slice(4)) };
  }
  const [a, b, c] = pieces as [string, string, string];
  if (/^[a-z]/i.test(a)) return withMonth(c, a, b);
  if (/^[a-z]/i.test(b)) return a.length === 4 ? withMonth(a, b, c) : withMonth(c, b, a);
  if (a.length === 4) return { year: Number(a), month: Number(b), day: Number(c) };
  return { year: century(c), month: Number(a), day: Number(b) };
}

function withMonth(year: string, month: string, day: string): DateParts | undefined {
  const index = MONTHS.indexOf(month.slice(0, 3).toLowerCase());
  return index === -1 ? undefined : { year: century(year), month: index + 1, day: Number(day) };
}

/** Two digits are of 1970 to 2069, as in PostgreSQL. */
function century(year: string): number {
  const value = Number(year);
  if (year.length > 2) return value;
  return value < 70 ? 2000 + value : 1900 + value;
}

function daysOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
