/** Why, in one sentence each, with the numbers. */
import type { SortKeyCandidate, TableAdvice } from "../api/control/contract.js";
import type { TableUse } from "./query-uses.js";

type Found = Pick<TableAdvice, "sample" | "queries" | "columns" | "sortKey" | "distribution">;

const WORTH_SAYING = 0.01;
const COUNT = new Intl.NumberFormat("en-US");

export function reasonsFor(found: Found, uses: readonly TableUse[]): string[] {
  return [encodings(found), sortKey(found), distribution(found, uses)];
}

function encodings({ columns, sample }: Found): string {
  const sizeOf = (of: (sizes: ReadonlyMap<string, number>, best: string) => number) =>
    columns.reduce(
      (sum, { sizes, best }) => sum + of(new Map(sizes.map((one) => [one.encoding, one.sizeBytes])), best),
      0,
    );
  const raw = sizeOf((sizes) => sizes.get("raw") ?? 0);
  const best = sizeOf((sizes, name) => sizes.get(name) ?? 0);
  if (sample.rows === 0 || raw === 0) return "Encodings: there are no rows to measure.";
  return `Encodings: ${COUNT.format(sample.rows)} rows take ${bytes(best)} instead of ${bytes(raw)} raw, ${percent(1 - best / raw)} less.`;
}

function sortKey({ sortKey: { best, current, candidates, predicates }, queries, sample }: Found): string {
  const filtered = predicates.filter(({ equality, range }) => equality + range > 0);
  if (filtered.length === 0) {
    return queries.statements === 0
      ? "Sort key: no statement of the log reads the table, so there is nothing to choose one by; give some with --queries."
      : `Sort key: none of the ${COUNT.format(queries.statements)} logged statements filters by a column, so no order would pass anything by.`;
  }
  const scale = `of ${COUNT.format(sample.expectedRows)} rows in ${COUNT.format((best ?? current).zones)} ${(best ?? current).zones === 1 ? "block" : "blocks"} a slice`;
  if (best === undefined) {
    return `Sort key: none; no order lets the logged queries pass by noticeably more than the order of arrival does (${percent(current.skipped)} ${scale}).`;
  }
  if (sameKey(best, current)) {
    return `Sort key: ${keyText(best)} as it is; the logged queries pass by ${percent(best.skipped)} ${scale}, and nothing that was tried does noticeably better.`;
  }
  const before = current.style === "none" ? "in the order of arrival" : `by ${keyText(current)}`;
  const other = candidates.find(
    ({ style, skipped }) => style === "interleaved" && skipped > best.skipped + WORTH_SAYING,
  );
  const more =
    other === undefined
      ? ""
      : `; ${keyText(other)} would pass by ${percent(other.skipped)}, too little more for the VACUUM REINDEX that it needs`;
  return `Sort key: ${keyText(best)} lets the logged queries pass by ${percent(best.skipped)} ${scale}, against ${percent(current.skipped)} ${before}${more}.`;
}

function distribution({ distribution: { best, options, slices }, sample }: Found, uses: readonly TableUse[]): string {
  const chosen = options.find(({ style, column }) => style === best.style && column === best.column);
  const key = options.find(({ style }) => style === "key");
  if (chosen === undefined) return "";
  if (key?.collocated === undefined) {
    const now =
      key === undefined
        ? ""
        : `; by ${key.column}, its key now, the fullest would hold ${COUNT.format(key.rowsMax)}, ${key.skew.toFixed(2)} times the mean`;
    return `Distribution: EVEN; no logged query joins the table, so that only an even load counts: ${COUNT.format(chosen.rowsMax)} rows on each of ${slices} slices${now}.`;
  }
  const each = `the fullest of ${slices} slices would hold ${COUNT.format(chosen.rowsMax)} rows, ${chosen.skew.toFixed(2)} times the mean`;
  if (best.style === "key") {
    const partners = [
      ...new Set(
        uses.flatMap(({ joins }) => joins.filter((join) => join.column === best.column).map((join) => join.with)),
      ),
    ].filter((name) => name !== undefined);
    const other = partners.length === 0 ? "" : ` (with ${partners.join(", ")} as the other's key)`;
    return `Distribution: KEY (${best.column}) makes ${percent(chosen.collocated ?? 0)} of the logged joins where the rows lie${other}, and ${each}.`;
  }
  if (best.style === "all") {
    return `Distribution: ALL; with ${COUNT.format(sample.expectedRows)} rows every node can keep the whole table, and every join is made where the rows lie.`;
  }
  return `Distribution: EVEN; by ${key.column}, which most joins use, the fullest slice would hold ${key.skew.toFixed(2)} times the mean (${COUNT.format(key.rowsMax)} rows).`;
}

function sameKey(a: SortKeyCandidate, b: SortKeyCandidate): boolean {
  return a.style === b.style && a.columns.join("\0") === b.columns.join("\0");
}

function keyText({ style, columns }: SortKeyCandidate): string {
  return `${style} (${columns.join(", ")})`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

function bytes(value: number): string {
  return value < 1024 * 1024 ? `${(value / 1024).toFixed(1)} KiB` : `${(value / 1024 / 1024).toFixed(1)} MiB`;
}
