/** Times as the port's canonical text, from DuckDB's counts of days and microseconds. */

const MICROS_A_SECOND = 1_000_000;
const MICROS_A_DAY = 86_400 * MICROS_A_SECOND;
const MS_A_DAY = 86_400_000;
/** Days either side of 1970 that a Date can hold. */
const DATE_DAYS_MAX = 100_000_000;
/** DuckDB's counts for infinity. */
const INFINITE_DAYS = 2_147_483_647;
const INFINITE_MICROS = 2n ** 63n - 1n;
/** Of texts kept, so that a column of a few thousand days is written once each. */
const KEPT_MAX = 20_000;

const keptDates = new Map<number, string>();

export function dateText(days: number): string {
  const kept = keptDates.get(days);
  if (kept !== undefined) return kept;
  if (days === INFINITE_DAYS) return "infinity";
  if (days === -INFINITE_DAYS) return "-infinity";
  const { text, era } = dayParts(days);
  if (keptDates.size >= KEPT_MAX) keptDates.clear();
  keptDates.set(days, text + era);
  return text + era;
}

export function timeText(micros: number): string {
  const seconds = Math.floor(micros / MICROS_A_SECOND);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return `${two(hours)}:${two(minutes)}:${two(seconds % 60)}${fractionText(micros - seconds * MICROS_A_SECOND)}`;
}

/** `zone` says how many seconds east of Greenwich an instant (in seconds) is; absent for a timestamp without time zone. */
export function timestampText(micros: bigint, zone?: (seconds: number) => number): string {
  if (micros === INFINITE_MICROS) return "infinity";
  if (micros === -INFINITE_MICROS) return "-infinity";
  const seconds = zone === undefined ? 0 : zone(Number(micros / 1_000_000n));
  const local = seconds === 0 ? micros : micros + BigInt(seconds) * 1_000_000n;
  const asNumber = Number(local);
  let days: number;
  let rest: number;
  if (Number.isSafeInteger(asNumber)) {
    days = Math.floor(asNumber / MICROS_A_DAY);
    rest = asNumber - days * MICROS_A_DAY;
  } else {
    const aDay = BigInt(MICROS_A_DAY);
    const part = ((local % aDay) + aDay) % aDay;
    days = Number((local - part) / aDay);
    rest = Number(part);
  }
  const { text, era } = plainDay(days);
  const offset = zone === undefined ? "" : offsetText(seconds);
  return `${text} ${timeText(rest)}${offset}${era}`;
}

/** `+00`, `-03:30`, `+01:02:03`. */
export function offsetText(seconds: number): string {
  const size = Math.abs(seconds);
  const minutes = Math.floor(size / 60) % 60;
  const text = `${seconds < 0 ? "-" : "+"}${two(Math.floor(size / 3600))}`;
  if (size % 60 !== 0) return `${text}:${two(minutes)}:${two(size % 60)}`;
  return minutes === 0 ? text : `${text}:${two(minutes)}`;
}

/** As PostgreSQL writes it: `1 year 2 mons 3 days 04:05:06`. */
export function intervalText(months: number, days: number, micros: bigint): string {
  const parts: string[] = [];
  let negative = false;
  const add = (count: number, word: string) => {
    if (count === 0) return;
    parts.push(`${negative && count > 0 ? "+" : ""}${count} ${word}${count === 1 ? "" : "s"}`);
    negative = count < 0;
  };
  add(Math.trunc(months / 12), "year");
  add(months % 12, "mon");
  add(days, "day");
  if (micros !== 0n || parts.length === 0) {
    const size = micros < 0n ? -micros : micros;
    const hours = size / 3_600_000_000n;
    const rest = timeText(Number(size % 3_600_000_000n)).slice(2);
    const sign = micros < 0n ? "-" : negative ? "+" : "";
    parts.push(`${sign}${hours.toString().padStart(2, "0")}${rest}`);
  }
  return parts.join(" ");
}

interface Day {
  readonly text: string;
  readonly era: "" | " BC";
}

function plainDay(days: number): Day {
  const kept = keptDates.get(days);
  if (kept !== undefined && !kept.endsWith(" BC")) return { text: kept, era: "" };
  const day = dayParts(days);
  if (keptDates.size >= KEPT_MAX) keptDates.clear();
  keptDates.set(days, day.text + day.era);
  return day;
}

function dayParts(days: number): Day {
  // The calendar repeats every 400 years, so that days beyond a Date's reach are moved within it.
  const cycles = Math.abs(days) > DATE_DAYS_MAX ? Math.trunc(days / 146_097) : 0;
  const date = new Date((days - cycles * 146_097) * MS_A_DAY);
  const year = date.getUTCFullYear() + cycles * 400;
  const shown = year > 0 ? year : 1 - year;
  const text = `${String(shown).padStart(4, "0")}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  return { text, era: year > 0 ? "" : " BC" };
}

function fractionText(micros: number): string {
  if (micros === 0) return "";
  return `.${String(micros).padStart(6, "0").replace(/0+$/, "")}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
