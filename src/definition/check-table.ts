import { draftOf, FORMAT, SORT_KEY } from "./brand.js";
import { checkColumns } from "./check-column.js";
import { checkDeliver, unknownColumn } from "./check-deliver.js";
import { checkLoadWord } from "./check-load.js";
import type { FormatDraft } from "./format.js";
import { readIdentifier } from "./identifiers.js";
import type { ColumnModel, CsvFormat, FormatModel, JsonFormat, Predicate, TableModel } from "./model.js";
import { type Problems, readOptions, readWord, show } from "./problems.js";
import type { TableDraft } from "./table.js";

const OPTIONS = [
  "from",
  "format",
  "columns",
  "where",
  "distStyle",
  "distKey",
  "sortKey",
  "dedupe",
  "deliver",
  "load",
  "transform",
];
/** Redshift: up to 400 columns in a compound sort key, up to 8 in an interleaved one. */
const COMPOUND_COUNT_MAX = 400;
const INTERLEAVED_COUNT_MAX = 8;
/** Firehose evaluates a filter a record: a list that long belongs in the data. */
const PREDICATE_COUNT_MAX = 1000;

/** The table but for its sources, which are checked with the pipeline's. */
type TableCore = Omit<TableModel, "sources">;

export interface CheckedTable {
  readonly core: TableCore;
  /** As given. */
  readonly from: unknown;
  readonly path: string;
}

export function checkTable(path: string, draft: TableDraft, problems: Problems): CheckedTable | undefined {
  const name = readIdentifier(path, draft.name, "table", problems) ?? String(draft.name);
  const options = readOptions(path, draft.options, OPTIONS, problems);
  if (!options) return undefined;
  const kind = draftOf<FormatDraft>(options.format, FORMAT)?.kind ?? "json";
  const columns = checkColumns(`${path}.columns`, options.columns, kind, problems);
  const format = checkFormat(`${path}.format`, options.format, columns, problems);
  const where =
    options.where === undefined ? undefined : checkWhere(`${path}.where`, options.where, format, columns, problems);
  const dedupe =
    options.dedupe === undefined ? undefined : checkDedupe(`${path}.dedupe`, options.dedupe, columns, problems);
  const sortKey =
    options.sortKey === undefined ? undefined : checkSortKey(`${path}.sortKey`, options.sortKey, columns, problems);
  const load = checkLoadWord(`${path}.load`, options.load, problems);
  const { transform } = options;
  if (transform !== undefined && typeof transform !== "function") {
    problems.add(`${path}.transform`, `is ${show(transform)}; it must be a function of one record.`);
  }
  const core = Object.freeze<TableCore>({
    name,
    ...(where === undefined ? {} : { where }),
    format,
    columns: Object.freeze(columns),
    ...checkDistribution(path, options, columns, problems),
    ...(sortKey === undefined ? {} : { sortKey }),
    ...(dedupe === undefined ? {} : { dedupe }),
    deliver: checkDeliver(`${path}.deliver`, options.deliver, { name, columns }, problems),
    ...(load === undefined ? {} : { load }),
    ...(typeof transform === "function"
      ? { transform: transform as (record: Record<string, unknown>) => unknown }
      : {}),
  });
  return { core, from: options.from, path };
}

function checkFormat(path: string, given: unknown, columns: readonly ColumnModel[], problems: Problems): FormatModel {
  if (given === undefined) return Object.freeze<JsonFormat>({ kind: "json", unknownFields: "ignore" });
  const draft = draftOf<FormatDraft>(given, FORMAT);
  if (!draft) {
    problems.add(path, `is ${show(given)}; it must be json() or csv().`);
    return { kind: "json", unknownFields: "ignore" };
  }
  return draft.kind === "json"
    ? checkJson(path, draft.options, columns, problems)
    : checkCsv(path, draft.options, columns, problems);
}

function checkJson(path: string, given: unknown, columns: readonly ColumnModel[], problems: Problems): JsonFormat {
  const options = readOptions(path, given, ["unknownFields", "keepIn"], problems) ?? {};
  const unknownFields =
    options.unknownFields === undefined
      ? "ignore"
      : (readWord(`${path}.unknownFields`, options.unknownFields, ["ignore", "reject", "keep"], problems) ?? "ignore");
  const { keepIn } = options;
  if (keepIn === undefined) {
    if (unknownFields === "keep")
      problems.add(`${path}.keepIn`, 'is not given; unknownFields "keep" needs the name of a SUPER or VARCHAR column.');
    return Object.freeze<JsonFormat>({ kind: "json", unknownFields });
  }
  if (unknownFields !== "keep")
    problems.add(
      `${path}.keepIn`,
      `is ${show(keepIn)}, and unknownFields is ${show(unknownFields)}; it is for unknownFields "keep".`,
    );
  const column = columns.find(({ name }) => name === keepIn);
  if (!column) problems.add(`${path}.keepIn`, unknownColumn(keepIn, columns));
  else if (column.type.kind !== "super" && column.type.kind !== "varchar") {
    problems.add(
      `${path}.keepIn`,
      `is ${show(keepIn)}, a ${column.type.kind}; it must be a SUPER or a VARCHAR column.`,
    );
  } else if (!column.nullable || column.default !== undefined || column.path.join() !== column.name) {
    problems.add(
      `${path}.keepIn`,
      `is ${show(keepIn)}; that column gets what no other takes, so it can have neither .notNull() nor .default() nor .path().`,
    );
  }
  return Object.freeze<JsonFormat>({ kind: "json", unknownFields, keepIn: String(keepIn) });
}

function checkCsv(path: string, given: unknown, columns: readonly ColumnModel[], problems: Problems): CsvFormat {
  const options = readOptions(path, given, ["header", "delimiter", "quote", "escape", "nullAs"], problems) ?? {};
  const header =
    options.header === undefined
      ? "none"
      : (readWord(`${path}.header`, options.header, ["none", "each"], problems) ?? "none");
  const character = (name: string, fallback: string) => {
    const value = options[name];
    if (value === undefined) return fallback;
    if (typeof value === "string" && value.length === 1 && /[\t -~]/.test(value)) return value;
    problems.add(`${path}.${name}`, `is ${show(value)}; it must be one ASCII character (a tab, or one that prints).`);
    return fallback;
  };
  const delimiter = character("delimiter", ",");
  const quote = character("quote", '"');
  const escapeMark = character("escape", quote);
  if (delimiter === quote)
    problems.add(`${path}.quote`, `is ${show(quote)}, and so is the delimiter; they must differ.`);
  if (delimiter === escapeMark && escapeMark !== quote)
    problems.add(`${path}.escape`, `is ${show(escapeMark)}, and so is the delimiter; they must differ.`);
  const nullAs = options.nullAs ?? "";
  if (typeof nullAs !== "string") {
    problems.add(`${path}.nullAs`, `is ${show(nullAs)}; it must be text, such as "" or "\\\\N".`);
  } else if ([delimiter, quote, "\n", "\r"].some((part) => nullAs.includes(part))) {
    problems.add(`${path}.nullAs`, `is ${show(nullAs)}; it must not hold the delimiter, the quote or a line's end.`);
  }
  const ambiguous = columns.length === 1 && header === "none" && nullAs === "" && columns[0]?.nullable;
  if (ambiguous)
    problems.add(
      path,
      `is CSV of one nullable column, where an empty line could be a NULL or no row; give nullAs a text, or make the column .notNull().`,
    );
  return Object.freeze<CsvFormat>({
    kind: "csv",
    header,
    delimiter,
    quote,
    escape: escapeMark,
    nullAs: String(nullAs),
  });
}

function checkWhere(
  path: string,
  given: unknown,
  format: FormatModel,
  columns: readonly ColumnModel[],
  problems: Problems,
): Predicate | undefined {
  const entries = typeof given === "object" && given !== null && !Array.isArray(given) ? Object.entries(given) : [];
  if (entries.length !== 1) {
    problems.add(
      path,
      `is ${show(given)}; it must have exactly one field, such as { type: "trade" } or { type: ["trade", "quote"] }.`,
    );
    return undefined;
  }
  const [field, value] = entries[0]!;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const scalar = (one: unknown) =>
    ["string", "boolean"].includes(typeof one) || (typeof one === "number" && Number.isFinite(one));
  if (values.length === 0 || values.length > PREDICATE_COUNT_MAX || !values.every(scalar)) {
    problems.add(
      `${path}.${field}`,
      `is ${show(value)}; it must be text, a number, a boolean, or a list of 1 to ${PREDICATE_COUNT_MAX} of them.`,
    );
    return undefined;
  }
  if (new Set(values).size !== values.length)
    problems.add(`${path}.${field}`, `is ${show(value)}, which names a value twice.`);
  if (format.kind === "csv" && format.header === "none" && !columns.some(({ name }) => name === field)) {
    problems.add(`${path}.${field}`, unknownColumn(field, columns));
  }
  return Object.freeze<Predicate>({ field, in: Object.freeze(values as (string | number | boolean)[]) });
}

function checkDistribution(
  path: string,
  options: Readonly<Record<string, unknown>>,
  columns: readonly ColumnModel[],
  problems: Problems,
): Pick<TableModel, "distStyle" | "distKey"> {
  const { distKey } = options;
  const style =
    options.distStyle === undefined
      ? undefined
      : readWord(`${path}.distStyle`, options.distStyle, ["auto", "even", "all", "key"], problems);
  if (distKey === undefined) {
    if (style === "key") problems.add(`${path}.distStyle`, 'is "key", and there is no distKey; name the column.');
    return { distStyle: style ?? "auto" };
  }
  if (style !== undefined && style !== "key") {
    problems.add(`${path}.distStyle`, `is ${show(style)}, and there is a distKey; leave one of them out.`);
  }
  checkKeyColumn(`${path}.distKey`, distKey, columns, problems);
  return { distStyle: "key", distKey: String(distKey) };
}

function checkSortKey(
  path: string,
  given: unknown,
  columns: readonly ColumnModel[],
  problems: Problems,
): TableModel["sortKey"] {
  const interleaved = draftOf<{ columns: unknown }>(given, SORT_KEY);
  const style = interleaved ? "interleaved" : "compound";
  const names = checkKeyColumns(path, interleaved ? interleaved.columns : given, columns, problems);
  const max = interleaved ? INTERLEAVED_COUNT_MAX : COMPOUND_COUNT_MAX;
  if (names.length > max)
    problems.add(path, `has ${names.length} columns; Redshift allows ${max} in a key that is ${style}.`);
  return names.length === 0 ? undefined : Object.freeze({ style, columns: names });
}

function checkDedupe(
  path: string,
  given: unknown,
  columns: readonly ColumnModel[],
  problems: Problems,
): TableModel["dedupe"] {
  const options = readOptions(path, given, ["by", "keep"], problems);
  if (!options) return undefined;
  const by = checkKeyColumns(`${path}.by`, options.by, columns, problems);
  for (const name of by) {
    if (columns.find((column) => column.name === name)?.nullable) {
      problems.add(
        `${path}.by`,
        `has ${show(name)}, which may be NULL; NULL equals nothing, so make the column .notNull().`,
      );
    }
  }
  const keep =
    options.keep === undefined
      ? "latest"
      : (readWord(`${path}.keep`, options.keep, ["first", "latest"], problems) ?? "latest");
  return Object.freeze({ by, keep });
}

function checkKeyColumns(
  path: string,
  given: unknown,
  columns: readonly ColumnModel[],
  problems: Problems,
): readonly string[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0) problems.add(path, "is an empty list; name at least one column, or leave it out.");
  for (const [index, name] of list.entries()) {
    const at = Array.isArray(given) ? `${path}[${index}]` : path;
    checkKeyColumn(at, name, columns, problems);
    if (list.indexOf(name) !== index) problems.add(at, `is ${show(name)} for the second time.`);
  }
  return Object.freeze(list.map(String));
}

function checkKeyColumn(path: string, name: unknown, columns: readonly ColumnModel[], problems: Problems): void {
  const column = columns.find((one) => one.name === name);
  if (!column) problems.add(path, unknownColumn(name, columns));
  else if (column.type.kind === "super")
    problems.add(path, `is ${show(name)}, a SUPER column, which can be in no key.`);
}
