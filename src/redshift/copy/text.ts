/** COPY of text and JSON: read into texts, checked, typed. */
import { SQL_STATE, SqlError } from "../sql-error.js";
import { type ColumnConversion, conversionOf, loadErrorType, wrongOf } from "./convert.js";
import type { LoadError } from "./load-log.js";
import type { CopyOptions } from "./options.js";
import { plainJson } from "./plain-json.js";
import { type PlainText, plainText } from "./plain-text.js";
import type { LoadRun } from "./services.js";
import type { SourceObject } from "./source.js";
import { type RecordFormat, rawLineOf, rawRecords, type Stage, type StageOptions, stageRecords } from "./staging.js";
import type { LoadTarget } from "./target.js";

export interface TextLoad {
  readonly rows: number;
  readonly errors: readonly LoadError[];
  /** Rows read of each object, and how many of them were bad. */
  readonly read: readonly { readonly object: SourceObject; readonly rowsRead: number; readonly bad: number }[];
  readonly failed: boolean;
}

/** Loads the rows unless there are more bad ones than allowed: then nothing was changed that stays, and `failed` is said. */
export async function loadText(
  run: LoadRun,
  target: LoadTarget,
  objects: readonly SourceObject[],
  format: RecordFormat,
  options: CopyOptions,
  referenceOnly = false,
): Promise<TextLoad> {
  const plain = referenceOnly ? undefined : await plainRelation(run, target, objects, format, options);
  if (plain === undefined) return loadByReference(run, target, objects, format, options);
  const checks = checksOf(target, format, options);
  const { relation: from, rows: expected } = plain;
  const rows = options.noLoad
    ? await countGood(run, from, checks)
    : (await run.connection.run(insertText(target, checks, from, true), run.limit)).rowsChanged;
  if (rows === expected) {
    const read = objects.map((object) => ({ object, rowsRead: plain.rowsOf.get(object) ?? 0, bad: 0 }));
    return { rows: options.noLoad ? 0 : rows, errors: [], read, failed: false };
  }
  // The good ones are in. What is wrong with the others the reference tells, and whether they are too many.
  const told = await loadByReference(run, target, objects, format, { ...options, noLoad: true });
  if (!told.failed && expected - rows !== told.errors.length) {
    throw new SqlError(
      SQL_STATE.internalError,
      `COPY has read ${rows} of ${expected} rows, and found ${told.errors.length} to be wrong`,
    );
  }
  return { ...told, rows: told.failed || options.noLoad ? 0 : rows };
}

function plainRelation(
  run: LoadRun,
  { columns }: LoadTarget,
  objects: readonly SourceObject[],
  format: RecordFormat,
  options: CopyOptions,
): Promise<PlainText | undefined> {
  return "text" in format
    ? plainText(run, objects, format.text, columns.length, options)
    : plainJson(run, objects, format.json, columns, options);
}

interface Checks {
  readonly conversions: readonly ColumnConversion[];
  readonly checked: readonly { readonly bad: string; readonly index: number }[];
  /** Never NULL. */
  readonly anyBad: string;
}

function checksOf(target: LoadTarget, format: RecordFormat, options: CopyOptions): Checks {
  const conversions = target.columns.map((column, index) =>
    conversionOf(column, `c${index + 1}`, options.conversion, "json" in format),
  );
  const checked = conversions.map(({ bad }, index) => ({ bad, index })).filter(({ bad }) => bad !== "FALSE");
  return { conversions, checked, anyBad: checked.length === 0 ? "FALSE" : checked.map(({ bad }) => bad).join(" OR ") };
}

function insertText(target: LoadTarget, { conversions, anyBad }: Checks, from: string, anyMayBeBad: boolean): string {
  const items = [...conversions.map(({ value }) => value), ...target.defaults].join(", ");
  const kept = anyMayBeBad && anyBad !== "FALSE" ? ` WHERE NOT (${anyBad})` : "";
  return `${target.into} SELECT ${items} FROM ${from}${kept}`;
}

async function countGood(run: LoadRun, from: string, { anyBad }: Checks): Promise<number> {
  const [row] = await run.connection.rows(`SELECT count(*)::DOUBLE FROM ${from} WHERE NOT (${anyBad})`, run.limit);
  return Number(row?.[0] ?? 0);
}

async function loadByReference(
  run: LoadRun,
  target: LoadTarget,
  objects: readonly SourceObject[],
  format: RecordFormat,
  options: CopyOptions,
): Promise<TextLoad> {
  const stageOptions: StageOptions = { format, fields: target.columns.length, options, maxErrors: options.maxErrors };
  const stage = await stageRecords(run, objects, stageOptions);
  const checks = checksOf(target, format, options);
  const enough = options.maxErrors + 1;
  const badRows = checks.checked.length === 0 ? [] : await findBad(run, stage, checks.checked, checks.anyBad, enough);
  // Reading ends at the line that is one too many, yet a line before it may be bad by its values: the first ones count.
  const found = [...stage.errors, ...badRows].sort((a, b) => a.object - b.object || a.line - b.line).slice(0, enough);
  const lines = await rawLines(
    run,
    objects,
    stageOptions,
    found.filter((one) => "text" in one),
  );
  const errors = found.map((one) => {
    if ("code" in one) return loadErrorOf(target, objects, one);
    const { object, line, field, text } = one;
    const rawLine = lines.get(`${object}:${line}`) ?? "";
    const wrong = wrongOf(target.columns[field]!, text, options.conversion);
    return loadErrorOf(target, objects, { object, line, field, ...wrong, rawLine, rawField: text ?? "" });
  });
  const failed = errors.length > options.maxErrors;
  let rows = 0;
  if (!failed && !options.noLoad) {
    const sql = insertText(target, checks, stage.name, badRows.length > 0);
    rows = (await run.connection.run(sql, run.limit)).rowsChanged;
  }
  await stage.drop();
  const badOf = countBy(found);
  const read = stage.sources.map(({ object, rowsRead }, index) => ({ object, rowsRead, bad: badOf.get(index) ?? 0 }));
  errors.sort((a, b) => (a.url === b.url ? a.line - b.line : a.url < b.url ? -1 : 1));
  return { rows, errors, read, failed };
}

interface BadRow {
  readonly object: number;
  readonly line: number;
  readonly field: number;
  readonly text: string | null;
}

async function findBad(
  run: LoadRun,
  stage: Stage,
  checked: readonly { readonly bad: string; readonly index: number }[],
  anyBad: string,
  limit: number,
): Promise<BadRow[]> {
  const place = checked.map(({ bad, index }) => `WHEN ${bad} THEN ${index}`).join(" ");
  const text = checked.map(({ index }) => `WHEN ${index} THEN c${index + 1}`).join(" ");
  const rows = await run.connection.rows(
    `SELECT f, l::DOUBLE, k, CASE k ${text} END FROM (SELECT *, CASE ${place} END AS k FROM ${stage.name} WHERE ${anyBad}) ORDER BY f, l LIMIT ${limit}`,
    run.limit,
  );
  return rows.map(([f, l, k, field]) => ({
    object: Number(f),
    line: Number(l),
    field: Number(k),
    text: field === null ? null : String(field),
  }));
}

/** The lines that bad fields stand in, read once more. */
async function rawLines(
  run: LoadRun,
  objects: readonly SourceObject[],
  options: StageOptions,
  bad: readonly BadRow[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [index, object] of objects.entries()) {
    const wanted = new Set(bad.filter((one) => one.object === index).map(({ line }) => line));
    if (wanted.size === 0) continue;
    for await (const records of rawRecords(run, object, options)) {
      for (const record of records)
        if (wanted.delete(record.line)) found.set(`${index}:${record.line}`, rawLineOf(record));
      if (wanted.size === 0) break;
    }
  }
  return found;
}

interface FoundError {
  readonly object: number;
  readonly line: number;
  readonly field?: number;
  readonly code: number;
  readonly reason: string;
  readonly rawLine: string;
  readonly rawField?: string;
}

function loadErrorOf(target: LoadTarget, objects: readonly SourceObject[], error: FoundError): LoadError {
  const column = error.field === undefined ? undefined : target.columns[error.field];
  const rawField = error.rawField ?? "";
  return {
    url: objects[error.object]!.url,
    line: error.line,
    column: column?.name ?? "",
    ...(column === undefined ? { type: "", length: "" } : loadErrorType(column.type)),
    position: rawField === "" ? 0 : Math.max(0, error.rawLine.indexOf(rawField)),
    rawLine: error.rawLine,
    rawField,
    code: error.code,
    reason: error.reason,
  };
}

function countBy(rows: readonly { readonly object: number }[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { object } of rows) counts.set(object, (counts.get(object) ?? 0) + 1);
  return counts;
}
