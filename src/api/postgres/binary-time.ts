/** Times between the port's text and PostgreSQL's binary form: days and microseconds from 2000-01-01 on. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const DAY_MS = 86_400_000;
const DAY_MICROS = DAY_MS * 1000;
const INFINITE_MICROS = 2n ** 63n - 1n;
const INFINITE_DAYS = 2 ** 31 - 1;

/** Of `2024-01-31`, `0044-03-15 BC`, the infinities. */
export function dateDays(text: string): number {
  if (text.length === 10) return daysOf(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10));
  if (text.endsWith("infinity")) return text.startsWith("-") ? -INFINITE_DAYS - 1 : INFINITE_DAYS;
  const found = /^(\d+)-(\d\d)-(\d\d)(?: \d\d:.*?)?( BC)?$/.exec(text);
  if (found === null) return 0;
  const year = found[4] === undefined ? Number(found[1]) : 1 - Number(found[1]);
  return daysOf(year, Number(found[2]), Number(found[3]));
}

/** Of `2024-01-31 10:00:00.5+02`; a number where that is exact, as for all but the far past and future. */
export function timestampMicros(text: string): number | bigint {
  if (text.charCodeAt(10) === 32 && !text.endsWith("C")) {
    const days = daysOf(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10));
    const micros = days * DAY_MICROS + microsAt(text, 11) - zoneAt(text, 19) * 1e6;
    if (Number.isSafeInteger(micros)) return micros;
  }
  if (text.endsWith("infinity")) return text.startsWith("-") ? -INFINITE_MICROS - 1n : INFINITE_MICROS;
  const space = text.indexOf(" ");
  const inDay = microsAt(text, space + 1) - zoneAt(text, space + 9) * 1e6;
  return BigInt(dateDays(text)) * BigInt(DAY_MICROS) + BigInt(inDay);
}

/** Of `10:00:00.123456`, with or without a zone behind it. */
export function timeMicros(text: string): number {
  return microsAt(text, 0);
}

/** East of Greenwich, of a text that ends with a zone. */
export function zoneSeconds(text: string): number {
  return zoneAt(text, 8);
}

/** Of `1 year 2 mons 3 days 04:05:06.7`. */
export function intervalParts(text: string): { readonly months: number; readonly micros: bigint } {
  const count = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0);
  const clock = /([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d+))?/.exec(text);
  let micros = BigInt(count(/([+-]?\d+) days?/)) * BigInt(DAY_MICROS);
  if (clock !== null) {
    const [, sign, hours = "0", minutes, seconds, fraction = ""] = clock;
    const size =
      (BigInt(hours) * 3600n + BigInt(Number(minutes) * 60 + Number(seconds))) * 1_000_000n +
      BigInt(fraction.padEnd(6, "0").slice(0, 6));
    micros += sign === "-" ? -size : size;
  }
  return { months: count(/([+-]?\d+) years?/) * 12 + count(/([+-]?\d+) mons?/), micros };
}

export function dateText(days: number): string {
  if (days === INFINITE_DAYS) return "infinity";
  if (days === -INFINITE_DAYS - 1) return "-infinity";
  // The calendar repeats every 400 years; a Date reaches no further than 270,000 years.
  const cycles = Math.trunc(days / 146_097);
  const date = new Date(EPOCH_MS + (days - cycles * 146_097) * DAY_MS);
  const year = date.getUTCFullYear() + cycles * 400;
  const shown = String(year > 0 ? year : 1 - year).padStart(4, "0");
  return `${shown}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}${year > 0 ? "" : " BC"}`;
}

export function timestampText(micros: bigint, zone = ""): string {
  if (micros === INFINITE_MICROS) return "infinity";
  if (micros === -INFINITE_MICROS - 1n) return "-infinity";
  const aDay = BigInt(DAY_MICROS);
  const inDay = ((micros % aDay) + aDay) % aDay;
  const [date = "", era] = dateText(Number((micros - inDay) / aDay)).split(" ");
  return `${date} ${timeText(Number(inDay))}${zone}${era === undefined ? "" : ` ${era}`}`;
}

export function timeText(micros: number): string {
  const seconds = Math.floor(micros / 1e6);
  const rest = micros - seconds * 1e6;
  const fraction = rest === 0 ? "" : `.${String(rest).padStart(6, "0").replace(/0+$/, "")}`;
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${fraction}`;
}

/** `-05:30` for seconds east of Greenwich. */
export function zoneText(seconds: number): string {
  const size = Math.abs(seconds);
  const text = `${seconds < 0 ? "-" : "+"}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}`;
  return size % 60 === 0 ? text : `${text}:${two(size % 60)}`;
}

/** Days from 2000-01-01 on, in the calendar that was never reformed. Months are moved so that the leap day is the year's last. */
function daysOf(year: number, month: number, day: number): number {
  const moved = month > 2 ? year : year - 1;
  const era = Math.floor(moved / 400);
  const yearOfEra = moved - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 730_425;
}

function microsAt(text: string, at: number): number {
  const seconds = digits(text, at, at + 2) * 3600 + digits(text, at + 3, at + 5) * 60 + digits(text, at + 6, at + 8);
  if (text.charCodeAt(at + 8) !== 46) return seconds * 1e6;
  let fraction = 0;
  let end = at + 9;
  for (; end < text.length && isDigit(text.charCodeAt(end)); end++)
    fraction = fraction * 10 + text.charCodeAt(end) - 48;
  return seconds * 1e6 + fraction * 10 ** (6 - (end - at - 9));
}

/** Looked for from `at` on, behind the fraction if there is one. */
function zoneAt(text: string, at: number): number {
  let from = at;
  if (text.charCodeAt(from) === 46) from++;
  while (isDigit(text.charCodeAt(from))) from++;
  const sign = text.charCodeAt(from);
  if (sign !== 43 && sign !== 45) return 0;
  const part = (offset: number) =>
    text.charCodeAt(from + offset - 1) === 58 ? digits(text, from + offset, from + offset + 2) : 0;
  const seconds = digits(text, from + 1, from + 3) * 3600 + part(4) * 60 + part(7);
  return sign === 45 ? -seconds : seconds;
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let index = from; index < to; index++) value = value * 10 + text.charCodeAt(index) - 48;
  return value;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
