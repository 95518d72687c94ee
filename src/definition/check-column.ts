import { COLUMN, draftOf } from "./brand.js";
import type { ColumnDraft } from "./column.js";
import { readIdentifier } from "./identifiers.js";
import type { ColumnModel, ColumnType } from "./model.js";
import { METADATA_COLUMNS } from "./model.js";
import { meant, type Problems, show } from "./problems.js";
import { readTimeFormat } from "./time-format.js";
import { ENCODING_TYPES, typeText } from "./types.js";
import { storedDefault, wrongWithValue } from "./values.js";

/** Redshift: 1,600 columns a table, of which Penstock takes its own. */
const COLUMN_COUNT_MAX = 1600 - METADATA_COLUMNS.length;
/** Redshift: VARCHAR up to 65,535 bytes, CHAR up to 4,096. */
const VARCHAR_BYTES_MAX = 65_535;
const CHAR_BYTES_MAX = 4096;
/** Redshift: DECIMAL(38, 37) at most. */
const PRECISION_MAX = 38;
const SCALE_MAX = 37;

export function checkColumns(
  path: string,
  columns: unknown,
  format: "json" | "csv",
  problems: Problems,
): ColumnModel[] {
  if (typeof columns !== "object" || columns === null || Array.isArray(columns)) {
    problems.add(
      path,
      `is ${show(columns)}; it must be an object with a column for each name, such as { symbol: varchar(12) }.`,
    );
    return [];
  }
  const entries = Object.entries(columns);
  if (entries.length === 0) problems.add(path, "has no columns; a table must have at least one.");
  if (entries.length > COLUMN_COUNT_MAX) {
    problems.add(
      path,
      `has ${entries.length} columns; Redshift allows ${COLUMN_COUNT_MAX} beside Penstock's own ${METADATA_COLUMNS.length}.`,
    );
    return [];
  }
  const models: ColumnModel[] = [];
  for (const [name, value] of entries) {
    const model = checkColumn(`${path}.${name}`, name, value, format, problems);
    if (model) models.push(model);
  }
  return models;
}

function checkColumn(
  path: string,
  name: string,
  value: unknown,
  format: "json" | "csv",
  problems: Problems,
): ColumnModel | undefined {
  readIdentifier(path, name, "column", problems);
  const draft = draftOf<ColumnDraft>(value, COLUMN);
  if (!draft) {
    const called = typeof value === "function" ? "; a type is a call: boolean(), not boolean" : "";
    problems.add(
      path,
      `is ${show(value)}; it must be a column such as varchar(12) or timestamptz().notNull()${called}.`,
    );
    return undefined;
  }
  const { type } = draft;
  const typed = checkType(path, type, problems);
  const timeFormat =
    draft.timeFormat === undefined ? undefined : checkTimeFormat(path, type, draft.timeFormat, problems);
  const encode = draft.encode === undefined ? undefined : checkEncoding(path, type, draft.encode, problems);
  let fallback: string | number | boolean | undefined;
  if ("default" in draft) {
    const wrong =
      draft.default === undefined || draft.default === null
        ? `is ${show(draft.default)}; leave .default() out for NULL`
        : typed && wrongWithValue(type, draft.default);
    if (wrong) problems.add(`${path}.default`, `${wrong}.`);
    else if (typed) fallback = storedDefault(type, draft.default);
  }
  return Object.freeze<ColumnModel>({
    name,
    type: Object.freeze(type),
    nullable: draft.nullable,
    path: Object.freeze(draft.path === undefined ? [name] : (checkPath(path, draft.path, format, problems) ?? [name])),
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(timeFormat === undefined ? {} : { timeFormat }),
    ...(encode === undefined ? {} : { encode }),
  });
}

/** Whether the type's own numbers are right. */
function checkType(path: string, type: ColumnType, problems: Problems): boolean {
  const whole = (value: unknown, min: number, max: number) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
  if (type.kind === "varchar" || type.kind === "char") {
    const max = type.kind === "varchar" ? VARCHAR_BYTES_MAX : CHAR_BYTES_MAX;
    if (whole(type.length, 1, max)) return true;
    problems.add(path, `is ${type.kind}(${show(type.length)}); the length must be 1 to ${max} bytes.`);
    return false;
  }
  if (type.kind !== "decimal") return true;
  const text = `decimal(${show(type.precision)}, ${show(type.scale)})`;
  if (!whole(type.precision, 1, PRECISION_MAX)) {
    problems.add(path, `is ${text}; the precision must be 1 to ${PRECISION_MAX} digits.`);
    return false;
  }
  const scaleMax = Math.min(type.precision, SCALE_MAX);
  if (whole(type.scale, 0, scaleMax)) return true;
  problems.add(path, `is ${text}; the scale must be 0 to ${scaleMax}, no more than the precision.`);
  return false;
}

function checkTimeFormat(path: string, type: ColumnType, format: unknown, problems: Problems): string | undefined {
  const at = `${path}.format`;
  if (type.kind !== "date" && type.kind !== "timestamp" && type.kind !== "timestamptz") {
    problems.add(
      at,
      `is ${show(format)}; only date, timestamp and timestamptz have one, and the column is ${typeText(type)}.`,
    );
    return undefined;
  }
  if (format === "auto") return undefined;
  if (format === "epochsecs" || format === "epochmillisecs") {
    if (type.kind !== "date") return format;
    problems.add(at, `is ${show(format)}; that is for timestamp and timestamptz, and the column is a date.`);
    return undefined;
  }
  if (typeof format !== "string" || format === "") {
    problems.add(
      at,
      `is ${show(format)}; it must be "auto", "epochsecs", "epochmillisecs" or dateparts such as "YYYY-MM-DD HH24:MI:SS".`,
    );
    return undefined;
  }
  const read = readTimeFormat(format);
  if (!("wrong" in read)) return format;
  const word = /^[a-z]+$/i.test(format) ? meant(format, ["auto", "epochsecs", "epochmillisecs"]) : "";
  problems.add(at, `is ${show(format)}${word}; it ${read.wrong}.`);
  return undefined;
}

function checkEncoding(path: string, type: ColumnType, encode: unknown, problems: Problems): string | undefined {
  const fitting = Object.keys(ENCODING_TYPES).filter((name) => ENCODING_TYPES[name]!.includes(type.kind));
  if (typeof encode === "string" && fitting.includes(encode)) return encode;
  const hint = typeof encode === "string" && !(encode in ENCODING_TYPES) ? meant(encode, fitting) : "";
  problems.add(
    `${path}.encode`,
    `is ${show(encode)}${hint}; for ${typeText(type)} it must be one of ${fitting.join(", ")}.`,
  );
  return undefined;
}

/** The segments of `$.a.b`, `$['a']['b']` or a list; the `$` may be left out. */
function checkPath(
  path: string,
  given: unknown,
  format: "json" | "csv",
  problems: Problems,
): readonly string[] | undefined {
  const at = `${path}.path`;
  if (format === "csv") {
    problems.add(at, `is ${show(given)}; CSV has no paths: columns are found by position, or by the header's names.`);
    return undefined;
  }
  if (Array.isArray(given) && given.length > 0 && given.every((part) => typeof part === "string")) return [...given];
  const segments = typeof given === "string" ? segmentsOf(given) : undefined;
  if (segments) return segments;
  const indexed = typeof given === "string" && /\[\d+\]/.test(given) ? " An element of a list needs a transform." : "";
  problems.add(
    at,
    `is ${show(given)}; it must be like "$.quote.bid", or a list of names such as ["quote", "bid"].${indexed}`,
  );
  return undefined;
}

function segmentsOf(text: string): string[] | undefined {
  const rest = text.startsWith("$") ? text.slice(1) : `.${text}`;
  const segment = /\.([^.[\]'"\s]+)|\['([^']+)'\]|\["([^"]+)"\]/y;
  const segments: string[] = [];
  while (segment.lastIndex < rest.length) {
    const match = segment.exec(rest);
    if (!match) return undefined;
    segments.push((match[1] ?? match[2] ?? match[3])!);
  }
  return segments.length > 0 ? segments : undefined;
}
