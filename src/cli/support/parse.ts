import { InvalidArgumentError } from "commander";

/** Parsers of option values. They throw what commander prints as a usage error, with what is allowed. */

export function wholeNumber(name: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`${name} takes a whole number from ${min} to ${max}.`);
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time: ISO 8601 (UTC unless it says otherwise), or how long ago, such as `90s`, `15m`, `2h`, `3d`. */
export function pointInTime(name: string, now: () => number): (text: string) => number {
  return (text) => {
    const [, amount, unit] = /^(\d+)\s*(s|m|min|h|d)$/.exec(text) ?? [];
    if (amount !== undefined && unit !== undefined) return now() - Number(amount) * UNIT_MS[unit]!;
    if (/^\d{4}-\d\d-\d\d/.test(text)) {
      const dated = /T|\s/.test(text) && !/(Z|[+-]\d\d:?\d\d)$/i.test(text) ? `${text.replace(" ", "T")}Z` : text;
      const value = Date.parse(dated);
      if (!Number.isNaN(value)) return value;
    }
    throw new InvalidArgumentError(
      `${name} takes a time such as 2026-03-01T09:30:00Z, or how long ago, such as 15m or 2h.`,
    );
  };
}
