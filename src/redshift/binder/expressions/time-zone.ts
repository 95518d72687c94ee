import { SQL_STATE, SqlError } from "../../sql-error.js";
import { textLiteral } from "../../sql-text.js";
import type { BindContext } from "../bound.js";

/** PostgreSQL's abbreviations have one offset the year round, in minutes. */
const ABBREVIATIONS: Readonly<Record<string, number>> = {
  utc: 0,
  gmt: 0,
  zulu: 0,
  z: 0,
  wet: 0,
  bst: 60,
  cet: 60,
  met: 60,
  west: 60,
  cest: 120,
  eet: 120,
  eest: 180,
  msk: 180,
  ist: 330,
  jst: 540,
  kst: 540,
  aest: 600,
  aedt: 660,
  nzst: 720,
  nzdt: 780,
  ast: -240,
  adt: -180,
  edt: -240,
  est: -300,
  cdt: -300,
  cst: -360,
  mdt: -360,
  mst: -420,
  pdt: -420,
  pst: -480,
  akst: -540,
  hst: -600,
};

/** The zone as DuckDB knows it. Throws SqlError 22023 for one that nobody knows. */
export function zoneName(zone: string, at?: number): string {
  const trimmed = zone.trim();
  const offset = ABBREVIATIONS[trimmed.toLowerCase()];
  if (offset !== undefined) return fixedZone(offset);
  // POSIX counts westward: `UTC+3`, `GMT-8`; a bare sign counts eastward, as ISO does.
  const posix = /^(?:utc|gmt|[a-z]{3,})?([+-])(\d{1,2})(?::?(\d{2}))?$/i.exec(trimmed);
  if (posix !== null && !/^etc\//i.test(trimmed)) {
    const minutes = Number(posix[2]) * 60 + Number(posix[3] ?? 0);
    const west = /^[a-z]/i.test(trimmed);
    return fixedZone((posix[1] === "+") === west ? -minutes : minutes);
  }
  try {
    return new Intl.DateTimeFormat("en", { timeZone: trimmed }).resolvedOptions().timeZone === "UTC" ? "UTC" : trimmed;
  } catch (cause) {
    throw new SqlError(SQL_STATE.invalidParameterValue, `time zone "${zone}" not recognized`, {
      cause,
      hint: "Name it like America/New_York, UTC or EST; SELECT pg_timezone_names() lists them.",
      ...(at === undefined ? {} : { at }),
    });
  }
}

/** Zones of half hours that keep their offset the year round. */
const HALF_HOURS: Readonly<Record<number, string>> = {
  210: "Asia/Tehran",
  270: "Asia/Kabul",
  330: "Asia/Kolkata",
  345: "Asia/Kathmandu",
  390: "Asia/Yangon",
  570: "Australia/Darwin",
  [-570]: "Pacific/Marquesas",
};

function fixedZone(minutes: number): string {
  if (minutes === 0) return "UTC";
  // The names below Etc/ count westward.
  if (minutes % 60 === 0 && minutes >= -720 && minutes <= 840) {
    return `Etc/GMT${minutes > 0 ? "-" : "+"}${Math.abs(minutes) / 60}`;
  }
  const name = HALF_HOURS[minutes];
  if (name !== undefined) return name;
  throw new SqlError(SQL_STATE.featureNotSupported, `a time zone of ${minutes} minutes from UTC is not supported`, {
    hint: "Name a place's zone, as Asia/Kolkata.",
  });
}

/** The session's time zone. */
export function sessionZone(context: BindContext): string {
  return zoneName(context.setting("timezone") ?? "UTC");
}

/** TIMESTAMP to TIMESTAMPTZ, read in the zone, or the other way round. DuckDB's `AT TIME ZONE` does both. */
export function inZone(sql: string, zone: string): string {
  return `(${sql} AT TIME ZONE ${textLiteral(zone)})`;
}
