/**
 * Redshift's DATEFORMAT and TIMEFORMAT strings: dateparts between separators.
 *
 *     YYYY YY MM MON DD   HH24 HH (24 hours)   HH12 with AM or PM   MI SS
 *
 * In these formats HH means HH24 (in TO_CHAR it means HH12). SS takes a fraction, down to microseconds. A zone cannot be written.
 */
type TimePart = "YYYY" | "YY" | "MM" | "MON" | "DD" | "HH24" | "HH12" | "MI" | "SS" | "AM";

type TimeToken = { readonly part: TimePart } | { readonly literal: string };

export interface TimeFormat {
  readonly tokens: readonly TimeToken[];
  /** The text for a point in time, in UTC. */
  format(epochMs: number): string;
  /** Microseconds since the epoch, the text taken as UTC; undefined when it does not fit. Parts that the format lacks are 0 (a day: 1). */
  parse(text: string): bigint | undefined;
}

const PARTS: readonly [text: string, part: TimePart][] = [
  ["YYYY", "YYYY"],
  ["HH24", "HH24"],
  ["HH12", "HH12"],
  ["MON", "MON"],
  ["YY", "YY"],
  ["MM", "MM"],
  ["DD", "DD"],
  ["HH", "HH24"],
  ["MI", "MI"],
  ["SS", "SS"],
  ["AM", "AM"],
  ["PM", "AM"],
];
const TIME_PARTS_TEXT = "YYYY, YY, MM, MON, DD, HH24 (or HH), HH12 with AM or PM, MI, SS";

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH_NAMES =
  "january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec";

const PATTERNS: Record<TimePart, string> = {
  YYYY: "(\\d{4})",
  YY: "(\\d{2})",
  MM: "(\\d{1,2})",
  MON: `(${MONTH_NAMES})`,
  DD: "(\\d{1,2})",
  HH24: "(\\d{1,2})",
  HH12: "(\\d{1,2})",
  MI: "(\\d{1,2})",
  SS: "(\\d{1,2}(?:\\.\\d{1,6})?)",
  AM: "([ap]\\.?m\\.?)",
};

/** The format, or what is wrong with it. `of` a date leaves no room for a time of day. */
export function readTimeFormat(text: string): TimeFormat | { readonly wrong: string } {
  const tokens: TimeToken[] = [];
  for (let rest = text; rest !== ""; ) {
    const upper = rest.toUpperCase();
    const found = PARTS.find(([name]) => upper.startsWith(name));
    if (found) {
      tokens.push({ part: found[1] });
      rest = rest.slice(found[0].length);
      continue;
    }
    const first = rest[0]!;
    // T and Z are what ISO 8601 puts between and behind; any other letter is a part that does not exist.
    if (/[A-Za-z]/.test(first) && !/[TZ]/.test(first)) {
      return { wrong: `has ${JSON.stringify(rest)}, where no datepart begins; there are ${TIME_PARTS_TEXT}` };
    }
    if (/\d/.test(first)) return { wrong: `has the digit ${first}, which no datepart is` };
    tokens.push({ literal: first });
    rest = rest.slice(1);
  }
  const parts = tokens.flatMap((token) => ("part" in token ? [token.part] : []));
  const twice = parts.find((part, index) => parts.indexOf(part) !== index);
  if (twice) return { wrong: `has ${twice} twice` };
  if (parts.includes("YYYY") && parts.includes("YY")) return { wrong: "has YYYY and YY" };
  if (parts.includes("MM") && parts.includes("MON")) return { wrong: "has MM and MON" };
  if (parts.includes("HH24") && parts.includes("HH12")) return { wrong: "has HH24 and HH12" };
  if (parts.includes("HH12") !== parts.includes("AM")) return { wrong: "must have HH12 and AM (or PM) together" };
  const has = (...wanted: TimePart[]) => wanted.some((part) => parts.includes(part));
  if (!has("YYYY", "YY") || !has("MM", "MON") || !has("DD")) return { wrong: "must have a year, a month and a day" };

  const pattern = new RegExp(
    `^${tokens.map((token) => ("part" in token ? PATTERNS[token.part] : escapeRegExp(token.literal))).join("")}$`,
    "i",
  );
  return {
    tokens,
    format: (epochMs) =>
      tokens.map((token) => ("part" in token ? formatPart(token.part, epochMs) : token.literal)).join(""),
    parse: (input) => {
      const match = pattern.exec(input);
      return match ? compose(parts, match.slice(1)) : undefined;
    },
  };
}

function escapeRegExp(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

function formatPart(part: TimePart, epochMs: number): string {
  const at = new Date(epochMs);
  const two = (value: number) => String(value).padStart(2, "0");
  switch (part) {
    case "YYYY":
      return String(at.getUTCFullYear()).padStart(4, "0");
    case "YY":
      return two(at.getUTCFullYear() % 100);
    case "MM":
      return two(at.getUTCMonth() + 1);
    case "MON": {
      const name = MONTHS[at.getUTCMonth()]!;
      return name[0]!.toUpperCase() + name.slice(1);
    }
    case "DD":
      return two(at.getUTCDate());
    case "HH24":
      return two(at.getUTCHours());
    case "HH12":
      return two(at.getUTCHours() % 12 || 12);
    case "MI":
      return two(at.getUTCMinutes());
    case "SS": {
      const fraction = at.getUTCMilliseconds();
      return two(at.getUTCSeconds()) + (fraction === 0 ? "" : `.${String(fraction).padStart(3, "0")}`);
    }
    case "AM":
      return at.getUTCHours() < 12 ? "AM" : "PM";
  }
}

function compose(parts: readonly TimePart[], texts: readonly string[]): bigint | undefined {
  const text = (part: TimePart) => texts[parts.indexOf(part)];
  const number = (part: TimePart) => Number(text(part) ?? 0);
  const shortYear = number("YY");
  // PostgreSQL's rule for two digits, which Redshift inherits: 70 to 99 are the last century's.
  const year = parts.includes("YY") ? shortYear + (shortYear < 70 ? 2000 : 1900) : number("YYYY");
  const monthName = text("MON");
  const month = monthName === undefined ? number("MM") : MONTHS.indexOf(monthName.slice(0, 3).toLowerCase()) + 1;
  let hour = number("HH24");
  if (parts.includes("HH12")) {
    hour = number("HH12");
    if (hour < 1 || hour > 12) return undefined;
    hour = (hour % 12) + (text("AM")!.toLowerCase().startsWith("p") ? 12 : 0);
  }
  const [second = "0", fraction = ""] = (text("SS") ?? "0").split(".");
  return microsOf(year, month, number("DD"), hour, number("MI"), Number(second), fraction);
}

/** Microseconds since the epoch of a wall time in UTC; undefined when the calendar or the clock has no such time. */
function microsOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  fraction: string,
): bigint | undefined {
  if (year < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  if (at.getUTCFullYear() !== year || at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) return undefined;
  at.setUTCHours(hour, minute, second);
  return BigInt(at.getTime()) * 1000n + BigInt(fraction.padEnd(6, "0"));
}

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

/** ISO 8601 text: `micros` since the epoch with the offset taken off; undefined when it is none. */
export function parseIso(
  text: string,
): { readonly micros: bigint; readonly zoned: boolean; readonly timed: boolean } | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute = "0", second = "0", fraction = "", zone] = match;
  const micros = microsOf(
    Number(year),
    Number(month),
    Number(day),
    Number(hour ?? 0),
    Number(minute),
    Number(second),
    fraction.slice(0, 6),
  );
  if (micros === undefined) return undefined;
  let offsetMinutes = 0;
  if (zone !== undefined && zone.toUpperCase() !== "Z") {
    const digits = zone.slice(1).replace(":", "");
    const minutes = Number(digits.slice(2) || 0);
    if (Number(digits.slice(0, 2)) > 15 || minutes > 59) return undefined;
    offsetMinutes = (Number(digits.slice(0, 2)) * 60 + minutes) * (zone.startsWith("-") ? -1 : 1);
  }
  return { micros: micros - BigInt(offsetMinutes) * 60_000_000n, zoned: zone !== undefined, timed: hour !== undefined };
}
