import type { AuditCounts } from "../api/control/contract.js";

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Takes a finding, in words. */
export type Say = (text: string) => void;

export const zero = (): Mutable<AuditCounts> => ({
  acked: 0,
  delivered: 0,
  deadLettered: 0,
  filtered: 0,
  deduped: 0,
  loaded: 0,
  pending: 0,
  lost: 0,
  duplicated: 0,
});

const COUNTS = Object.keys(zero()) as (keyof AuditCounts)[];

export function addTo(sum: Mutable<AuditCounts>, part: AuditCounts): void {
  for (const key of COUNTS) sum[key] += part[key];
}
