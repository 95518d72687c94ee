/**
 * Dates and times as text: what a column accepts, and the one form that everything behind the codec sees.
 *
 *     date         YYYY-MM-DD                       years 0001 to 9999
 *     time         HH:MM:SS[.ffffff]
 *     timestamp    YYYY-MM-DD HH:MM:SS[.ffffff]     no trailing zeros in the fraction; in UTC where the text had an offset
 *
 * Fractions beyond the microsecond are rounded, half up.
 */
export interface Moment {
  /** Since 1970-01-01; in UTC where an offset was given. */
  readonly epochSeconds: number;
  readonly micros: number;
}

const SECONDS_A_DAY = 86_400;
const YEAR_MIN = 1;
const YEAR_MAX = 9999;

const ISO = new RegExp(
  "^(\\d{4})-(\\d{1,2})-(\\d{1,2})" +
    "(?:[T ](\\d{1,2}):(\\d{2})(?::(\\d{2})(?:\\.(\\d{1,12}))?)?)?" +
    " ?(Z|UTC|[+-]\\d{2}(?::?\\d{2})?)?$",
  "i",
);
const ISO_TIME = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,12}))?)?$/;

/** ISO 8601: a date, and if you like a time (T or a blank between), a fraction, and an offset (Z, +hh, +hhmm, +hh:mm). */
export function parseIso(text: string): (Moment & { readonly timed: boolean }) | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", zone = ""] = match;
  if (zone !== "" && match[4] === undefined) return undefined;
  const moment = momentOf(+year!, +month!, +day!, +hour, +minute, +second, microsOf(fraction), offsetSeconds(zone));
  return moment && { ...moment, timed: match[4] !== undefined };
}

export function parseTimeOfDay(text: string): string | undefined {
  const match = ISO_TIME.exec(text);
  if (match === null) return undefined;
  const [, hour, minute, second = "0", fraction = ""] = match;
  const micros = microsOf(fraction);
  if (+hour! > 23 || +minute! > 59 || +second > 59) return undefined;
  const total = +hour! * 3600 + +minute! * 60 + +second + (micros === 1_000_000 ? 1 : 0);
  return total < SECONDS_A_DAY ? timeText(total, micros % 1_000_000) : undefined;
}

/** Seconds or milliseconds since the epoch, as a decimal number; undefined for what is none, or is beyond the years 1 to 9999. */
export function parseEpoch(text: string, unit: "epochsecs" | "epochmillisecs"): Moment | undefined {
  const match = /^([+-]?)(\d{1,18})(?:\.(\d{1,12}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole, fraction = ""] = match;
  const picos = BigInt(whole!) * 1_000_000_000_000n + BigInt(fraction.padEnd(12, "0"));
  // In picoseconds: twelve digits of a second, or of a millisecond.
  const perMicro = unit === "epochsecs" ? 1_000_000n : 1_000_000_000n;
  const magnitude = (picos + perMicro / 2n) / perMicro;
  return momentOfMicros(sign === "-" ? -magnitude : magnitude);
}

export function dateText(moment: Moment): string {
  const { year, month, day } = civil(Math.floor(moment.epochSeconds / SECONDS_A_DAY));
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

export function timestampText(moment: Moment): string {
  const seconds = ((moment.epochSeconds % SECONDS_A_DAY) + SECONDS_A_DAY) % SECONDS_A_DAY;
  return `${dateText(moment)} ${timeText(seconds, moment.micros)}`;
}

export function momentOfMicros(micros: bigint): Moment | undefined {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return inRange(Number((micros - fraction) / 1_000_000n), Number(fraction));
}

function timeText(secondsOfDay: number, micros: number): string {
  const fraction = micros === 0 ? "" : `.${pad(micros, 6).replace(/0+$/, "")}`;
  const hour = Math.floor(secondsOfDay / 3600);
  const minute = Math.floor(secondsOfDay / 60) % 60;
  return `${pad(hour, 2)}:${pad(minute, 2)}:${pad(secondsOfDay % 60, 2)}${fraction}`;
}

/** undefined where a field is out of its bounds (31 April, 24:00, second 60) or the year is. */
function momentOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
  micros: number,
  offset: number | undefined,
): Moment | undefined {
  if (offset === undefined || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (year < YEAR_MIN || year > YEAR_MAX || hour > 23 || minute > 59 || second > 59) return undefined;
  const seconds = daysFromCivil(year, month, day) * SECONDS_A_DAY + hour * 3600 + minute * 60 + second - offset;
  return inRange(seconds + Math.floor(micros / 1_000_000), micros % 1_000_000);
}

function inRange(epochSeconds: number, micros: number): Moment | undefined {
  const first = daysFromCivil(YEAR_MIN, 1, 1) * SECONDS_A_DAY;
  const end = daysFromCivil(YEAR_MAX + 1, 1, 1) * SECONDS_A_DAY;
  return epochSeconds >= first && epochSeconds < end ? { epochSeconds, micros } : undefined;
}

/** Digits after the point as microseconds, rounded: 1,000,000 when they round up to a whole second. */
function microsOf(fraction: string): number {
  const micros = Number(fraction.slice(0, 6).padEnd(6, "0"));
  return fraction.length > 6 && fraction.charCodeAt(6) >= 0x35 ? micros + 1 : micros;
}

/** Seconds east of Greenwich; 0 for none; undefined beyond 15:59. */
function offsetSeconds(zone: string): number | undefined {
  if (zone === "" || /^(z|utc)$/i.test(zone)) return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(3).replace(":", "") || 0);
  if (hours > 15 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 3600 + minutes * 60);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days since 1970-01-01 of a date of the proleptic Gregorian calendar; years begin in March, so that leap days come last. */
function daysFromCivil(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civil(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1,
  };
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
