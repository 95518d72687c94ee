import type {
  ColumnAdvice,
  DistributionOption,
  ShadowReport,
  SortKeyCandidate,
  TableAdvice,
} from "../../api/control/contract.js";
import type { textTable } from "../support/table.js";
import { count, duration, plain } from "../support/text.js";

type TextTable = typeof textTable;

/** As the heads of narrow columns. */
const SHORT: Readonly<Record<string, string>> = {
  az64: "AZ64*",
  bytedict: "BYTED",
  delta: "DELTA",
  delta32k: "D32K",
  lzo: "LZO*",
  mostly8: "M8",
  mostly16: "M16",
  mostly32: "M32",
  runlength: "RUNL",
  text255: "T255",
  text32k: "T32K",
  zstd: "ZSTD",
};

export function adviceText(advice: TableAdvice, textTable: TextTable): string {
  const { sample, queries } = advice;
  const sources = { lake: "the lake's objects", table: "the warehouse's table", file: "the file" };
  return [
    `${advice.table}: ${count(sample.rows)} rows sampled from ${sources[sample.from]} (${count(sample.rowsTotal)} rows in all); ${count(queries.statements)} logged statements read it.`,
    "",
    encodings(advice.columns, textTable),
    "Sizes in % of RAW, by 1 MB blocks. * modelled (docs/advisor.md); ZSTD is the compressor itself, the others are encoded as Redshift's documentation describes them.",
    "",
    ...keys(advice, textTable),
    ...distribution(advice, textTable),
    ...advice.reasons,
    "",
    advice.ddl,
    ...(advice.alter.length === 0 ? [] : ["", "-- or, for the table that is there:", ...advice.alter]),
    ...(advice.patch === "" ? [] : ["", advice.patch]),
  ].join("\n");
}

function encodings(columns: readonly ColumnAdvice[], textTable: TextTable): string {
  const names = Object.keys(SHORT);
  const rows = columns.map(({ name, current, best, reductionPercent, sizes }) => {
    const raw = sizes.find(({ encoding }) => encoding === "raw")?.sizeBytes ?? 0;
    const share = (encoding: string) => {
      const size = sizes.find((one) => one.encoding === encoding)?.sizeBytes;
      return size === undefined || raw === 0 ? "" : ((100 * size) / raw).toFixed(0);
    };
    return [name, current ?? "auto", best, `${reductionPercent.toFixed(1)}%`, ...names.map(share)];
  });
  const table = textTable(["COLUMN", "NOW", "BEST", "LESS", ...names.map((name) => SHORT[name]!)], rows, [
    false,
    false,
    false,
    true,
    ...names.map(() => true),
  ]);
  const notes = columns.filter(({ note }) => note !== undefined).map(({ name, note }) => `${name}: ${note}.`);
  return [table, ...notes.map(plain)].join("\n");
}

function keys({ sortKey }: TableAdvice, textTable: TextTable): string[] {
  if (sortKey.predicates.length === 0) return [];
  const rows = [sortKey.current, ...sortKey.candidates].map((candidate, index) => [
    `${keyText(candidate)}${index === 0 ? " (now)" : ""}`,
    `${(100 * candidate.skipped).toFixed(1)}%`,
  ]);
  const asked = sortKey.predicates.map(
    ({ column, equality, range, join }) =>
      `${column} (${[`= ${count(equality)}`, `range ${count(range)}`, `join ${count(join)}`].filter((one) => !one.endsWith(" 0")).join(", ")})`,
  );
  return [`Asked by: ${asked.join("; ")}`, "", textTable(["SORT KEY", "PASSED BY"], rows, [false, true]), ""];
}

export function keyText({ style, columns }: SortKeyCandidate): string {
  return style === "none" || columns.length === 0 ? "as they arrive" : `${style} (${columns.join(", ")})`;
}

function distribution({ distribution: { options } }: TableAdvice, textTable: TextTable): string[] {
  const text = ({ style, column }: DistributionOption) => (style === "key" ? `KEY (${column})` : style.toUpperCase());
  const rows = options.map((option) => [
    text(option),
    count(option.rowsMax),
    option.skew.toFixed(2),
    option.collocated === undefined ? "-" : `${(100 * option.collocated).toFixed(0)}%`,
  ]);
  return [
    textTable(["DISTRIBUTION", "ROWS ON THE FULLEST SLICE", "SKEW", "JOINS IN PLACE"], rows, [false, true, true, true]),
    "",
  ];
}

export function shadowText(report: ShadowReport, textTable: TextTable): string {
  const rows = report.queries.map(({ sql, count: times, beforeMs, afterMs, ratio }) => [
    `${ratio.toFixed(2)} x`,
    count(times),
    duration(beforeMs),
    duration(afterMs),
    shortened(sql),
  ]);
  return [
    `${report.table}: ${count(report.rows)} rows copied into ${report.shadow}, sorted by ${keyText(report.sortKey)}, in ${duration(report.buildMs)}.`,
    "",
    textTable(["BEFORE/AFTER", "ASKED", "BEFORE", "AFTER", "QUERY"], rows, [true, true, true, true, false]),
    ...report.skipped.map(({ sql, reason }) => `Not repeated: ${plain(shortened(sql))} (${plain(reason)}).`),
    "",
    report.ratio === undefined
      ? "There was no query to repeat."
      : `Together, by how often each was asked: ${report.ratio.toFixed(2)} times as quick on the shadow.`,
    distributionText(report.distribution),
    "Measured here, where blocks hold 122,880 rows and everything may be in memory: a table of many times the size, on Redshift, gains more.",
    report.kept
      ? `The shadow stays: DROP TABLE ${report.shadow} removes it.`
      : "The shadow has been removed (--keep leaves it).",
  ].join("\n");
}

/** Its figures are in the advice: rows on the fullest slice, joins in place. */
function distributionText({ style, column }: ShadowReport["distribution"]): string {
  const declared = style === "key" && column !== undefined ? `DISTKEY (${column})` : `DISTSTYLE ${style.toUpperCase()}`;
  return `It is declared ${declared}, as advised; what that is worth shows only where rows lie on several slices, so the times above say nothing of it.`;
}

function shortened(sql: string): string {
  const text = sql.replace(/\s+/g, " ").trim();
  return text.length > 90 ? `${text.slice(0, 87)}...` : text;
}
