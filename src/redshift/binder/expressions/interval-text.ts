/** Interval literals: `1 day 2 hours`, `'3' month`, `1-2` year to month, `4 05:06:07.5`, PostgreSQL's abbreviations. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { SqlType } from "../../types.js";

export interface IntervalParts {
  readonly months: number;
  readonly days: number;
  readonly microseconds: bigint;
}

const MONTHS: Readonly<Record<string, number>> = {
  year: 12,
  yr: 12,
  y: 12,
  mon: 1,
  month: 1,
  quarter: 3,
  qtr: 3,
  decade: 120,
  dec: 120,
  century: 1200,
  cent: 1200,
  c: 1200,
  millennium: 12_000,
  mil: 12_000,
};
const DAYS: Readonly<Record<string, number>> = { day: 1, d: 1, week: 7, w: 7 };
const MICROSECONDS: Readonly<Record<string, number>> = {
  hour: 3_600_000_000,
  hr: 3_600_000_000,
  h: 3_600_000_000,
  minute: 60_000_000,
  min: 60_000_000,
  m: 60_000_000,
  second: 1_000_000,
  sec: 1_000_000,
  s: 1_000_000,
  millisecond: 1_000,
  msec: 1_000,
  ms: 1_000,
  microsecond: 1,
  usec: 1,
  us: 1,
};

/** Throws SqlError 22007. */
export function intervalOfText(text: string, qualifier: string | undefined, at?: number): IntervalParts {
  const refuse = () =>
    new SqlError(SQL_STATE.invalidDatetimeFormat, `invalid input syntax for type interval: "${text}"`, {
      hint: "Write it like INTERVAL '1 day 02:00:00', INTERVAL '3' MONTH or INTERVAL '1-2' YEAR TO MONTH.",
      ...(at === undefined ? {} : { at }),
    });
  let rest = text.trim().toLowerCase();
  let negate = 1;
  if (rest.endsWith(" ago")) {
    negate = -1;
    rest = rest.slice(0, -4);
  }
  if (rest.startsWith("@")) rest = rest.slice(1).trim();
  let months = 0;
  let days = 0;
  let micros = 0;
  let bare: number | undefined;
  if (rest === "") throw refuse();
  const token =
    /\s*,?\s*(?:([+-])?(\d+)-(\d+)(?!\S)|([+-])?(\d+):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?|([+-]?(?:\d+\.?\d*|\.\d+))\s*([a-z]+)?)/y;
  while (rest.slice(token.lastIndex).trim() !== "") {
    const found = token.exec(rest);
    if (found === null) throw refuse();
    if (found[2] !== undefined) {
      months += (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 12 + Number(found[3]));
    } else if (found[5] !== undefined) {
      const twoParts = found[7] === undefined && qualifier === "minute to second";
      const [hours, minutes, seconds] = twoParts
        ? [0, Number(found[5]), Number(found[6])]
        : [Number(found[5]), Number(found[6]), Number(found[7] ?? 0)];
      const fraction = Number((found[8] ?? "0").padEnd(6, "0").slice(0, 6));
      micros += (found[4] === "-" ? -1 : 1) * (((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction);
      if (bare !== undefined) {
        days += bare;
        bare = undefined;
      }
    } else {
      const amount = Number(found[9]);
      const unit = found[10];
      if (unit === undefined) {
        if (bare !== undefined) throw refuse();
        bare = amount;
        continue;
      }
      if (!add(amount, unit)) throw refuse();
    }
  }
  if (bare !== undefined && !add(bare, lastUnit(qualifier) ?? "second")) throw refuse();
  return { months: negate * months, days: negate * days, microseconds: BigInt(Math.round(negate * micros)) };

  function add(amount: number, unit: string): boolean {
    const word = unitOf(unit);
    if (word === undefined) return false;
    if (word in MONTHS) {
      const all = amount * MONTHS[word]!;
      months += Math.trunc(all);
      // A part of a month is days of a thirtieth, as in PostgreSQL.
      days += Math.trunc((all - Math.trunc(all)) * 30);
    } else if (word in DAYS) {
      const all = amount * DAYS[word]!;
      days += Math.trunc(all);
      micros += Math.round((all - Math.trunc(all)) * 86_400_000_000);
    } else {
      micros += Math.round(amount * MICROSECONDS[word]!);
    }
    return true;
  }
}

function unitOf(word: string): string | undefined {
  const plural: Readonly<Record<string, string>> = { centuries: "century", millennia: "millennium", mins: "minute" };
  const candidates = [word, plural[word] ?? "", word.replace(/s$/, "")];
  return candidates.find((one) => one in MONTHS || one in DAYS || one in MICROSECONDS);
}

function lastUnit(qualifier: string | undefined): string | undefined {
  return qualifier
    ?.replace(/\(\d+\)/, "")
    .trim()
    .split(" to ")
    .at(-1)
    ?.trim();
}

export function intervalLiteral({ months, days, microseconds }: IntervalParts): string {
  const parts: string[] = [];
  if (months !== 0) parts.push(`to_months(${months})`);
  if (days !== 0) parts.push(`to_days(${days})`);
  if (microseconds !== 0n || parts.length === 0) parts.push(`to_microseconds(${microseconds})`);
  return parts.length === 1 ? parts[0]! : `(${parts.join(" + ")})`;
}

/** A literal without a qualifier may hold both kinds; Redshift's INTERVAL of days and below stands for it then. */
export function intervalType(qualifier: string | undefined, parts: IntervalParts): SqlType {
  if (qualifier !== undefined && /year|month/.test(qualifier)) return { kind: "interval-year-month" };
  const monthsOnly = qualifier === undefined && parts.months !== 0 && parts.days === 0 && parts.microseconds === 0n;
  return { kind: monthsOnly ? "interval-year-month" : "interval-day-second" };
}
