/** How far a time zone is from Greenwich at an instant, for the texts of TIMESTAMPTZ. */
export type ZoneOffset = (epochSeconds: number) => number;

/** Zones change at whole quarters of an hour; within one the answer is the same. */
const STEP_SECONDS = 900;
const KEPT_MAX = 50_000;

export const GREENWICH: ZoneOffset = () => 0;

/** Undefined for a name that is no time zone. Takes IANA names, `EST`-like ones that the platform knows, and `+05:30`. */
export function zoneOffset(name: string): ZoneOffset | undefined {
  const trimmed = name.trim();
  if (/^(utc|gmt|z|zulu|etc\/utc|universal)$/i.test(trimmed)) return GREENWICH;
  const fixed = /^([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(trimmed);
  if (fixed !== null) {
    const size = Number(fixed[2]) * 3600 + Number(fixed[3] ?? 0) * 60;
    return size > 14 * 3600 ? undefined : () => (fixed[1] === "-" ? -size : size);
  }
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", { timeZone: trimmed, timeZoneName: "longOffset" });
  } catch {
    return undefined;
  }
  const kept = new Map<number, number>();
  return (epochSeconds) => {
    const step = Math.floor(epochSeconds / STEP_SECONDS);
    const known = kept.get(step);
    if (known !== undefined) return known;
    const offset = offsetAt(format, step * STEP_SECONDS);
    if (kept.size >= KEPT_MAX) kept.clear();
    kept.set(step, offset);
    return offset;
  };
}

function offsetAt(format: Intl.DateTimeFormat, epochSeconds: number): number {
  const date = new Date(epochSeconds * 1000);
  if (Number.isNaN(date.getTime())) return 0;
  const name = format.formatToParts(date).find(({ type }) => type === "timeZoneName")?.value ?? "GMT";
  const found = /^GMT([+-])(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(name);
  if (found === null) return 0;
  const size = Number(found[2]) * 3600 + Number(found[3]) * 60 + Number(found[4] ?? 0);
  return found[1] === "-" ? -size : size;
}
