/** One payload (JSON or CSV text) into rows. */
import type { CsvFormat } from "../../definition/model.js";
import { type Cell, cellOfJson, cellOfText } from "./cell.js";
import { type CsvField, readCsv } from "./csv-text.js";
import type { RowFault } from "./dead-letter.js";
import { type JsonObject, JsonSyntaxError, type JsonValue, readJson, skipWhitespace } from "./json-text.js";
import { textOfField } from "./predicate.js";
import type { ColumnPlan, RowPlan } from "./row-plan.js";
import { recordOfFields, recordOfJson, resultsOfTransform } from "./transform.js";

/** What became of one row: canonical texts in the order of the columns; turned away by `where` or `transform`; or a fault. */
export type RowOutcome =
  | { readonly kind: "row"; readonly cells: readonly (string | null)[] }
  | { readonly kind: "filtered" }
  | { readonly kind: "dead"; readonly fault: RowFault };

const FILTERED: RowOutcome = { kind: "filtered" };

/** Never empty: a text without a single row is one dead letter. */
export function* decodeText(plan: RowPlan, text: string): Generator<RowOutcome> {
  let rows = 0;
  for (const outcome of plan.table.format.kind === "json"
    ? decodeJson(plan, text)
    : decodeCsv(plan, plan.table.format, text)) {
    rows++;
    yield outcome;
  }
  if (rows === 0) yield dead("empty-record", null, "the record holds no row");
}

/**
 * Documents one after another, with or without whitespace between. After a fault reading goes on with the next line that begins with an
 * opening brace: the sender of newline-delimited rows loses one of them, not the rest.
 */
function* decodeJson(plan: RowPlan, text: string): Generator<RowOutcome> {
  let at = skipWhitespace(text, 0);
  while (at < text.length) {
    let value: JsonValue;
    try {
      const read = readJson(text, at);
      value = read.value;
      at = skipWhitespace(text, read.end);
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      yield dead("invalid-json", null, `no JSON: ${error.message}`);
      const next = text.indexOf("\n{", at);
      if (next === -1) return;
      at = next + 1;
      continue;
    }
    if (value.kind === "object") yield* fromObject(plan, value);
    else yield dead("not-an-object", null, `a row must be a JSON object; this is ${nameOf(value)}`);
  }
}

function* fromObject(plan: RowPlan, object: JsonObject): Generator<RowOutcome> {
  if (plan.where !== undefined) {
    const text = textOfField(object.fields.get(plan.where.field));
    if (text === undefined || !plan.where.accepted.has(text)) {
      yield FILTERED;
      return;
    }
  }
  const { transform } = plan.table;
  if (transform === undefined) {
    yield rowOfObject(plan, object);
    return;
  }
  yield* transformed(plan, () => resultsOfTransform(transform(recordOfJson(object))));
}

function* transformed(plan: RowPlan, run: () => readonly JsonObject[]): Generator<RowOutcome> {
  let results: readonly JsonObject[];
  try {
    results = run();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    yield dead("transform-failed", null, `transform failed: ${reason}`);
    return;
  }
  if (results.length === 0) yield FILTERED;
  for (const result of results) yield rowOfObject(plan, result);
}

function rowOfObject(plan: RowPlan, object: JsonObject): RowOutcome {
  const { format } = plan.table;
  const cells: (string | null)[] = [];
  for (const [index, { column, fallback }] of plan.columns.entries()) {
    if (index === plan.keepIndex) {
      cells.push(null);
      continue;
    }
    const value = valueAt(object, column.path);
    const cell = value === undefined ? fallback : value.kind === "null" ? null : cellOfJson(column, value);
    const fault = accept(cells, plan.columns[index]!, cell);
    if (fault !== undefined) return fault;
  }
  if (format.kind !== "json" || format.unknownFields === "ignore") return { kind: "row", cells };
  const unknown = [...object.fields].filter(([name]) => !plan.knownFields.has(name));
  if (unknown.length === 0) return { kind: "row", cells };
  if (format.unknownFields === "reject") {
    const names = unknown.map(([name]) => JSON.stringify(name)).join(", ");
    return dead("unknown-field", null, `no column takes ${names}`);
  }
  const kept = plan.columns[plan.keepIndex]!;
  const raw = `{${unknown.map(([name, value]) => `${JSON.stringify(name)}:${value.raw}`).join(",")}}`;
  const cell = cellOfText(kept.column, raw);
  const fault = accept([], kept, cell);
  if (fault !== undefined) return fault;
  cells[plan.keepIndex] = cell as string;
  return { kind: "row", cells };
}

/** Adds the cell; answers the dead letter when it is a fault, or NULL where there must be none. */
function accept(cells: (string | null)[], { column }: ColumnPlan, cell: Cell): RowOutcome | undefined {
  if (cell === null) {
    if (!column.nullable) return dead("missing-value", column.name, `${column.name} is missing, and it is NOT NULL`);
    cells.push(null);
    return undefined;
  }
  if (typeof cell === "string") {
    cells.push(cell);
    return undefined;
  }
  return dead(cell.code, column.name, `${column.name}: ${cell.message}`);
}

/** undefined when a step of the way is absent, or is no object. */
function valueAt(object: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const name of path) value = value?.kind === "object" ? value.fields.get(name) : undefined;
  return value;
}

function* decodeCsv(plan: RowPlan, format: CsvFormat, text: string): Generator<RowOutcome> {
  let names: readonly string[] | undefined =
    format.header === "none" ? plan.columns.map(({ column }) => column.name) : undefined;
  for (const { fields, fault } of readCsv(text, format)) {
    if (fault !== undefined) {
      yield dead("invalid-csv", null, fault);
      if (names === undefined) return;
    } else if (names === undefined) {
      names = fields.map((field) => field.text.trim());
      const missing = plan.columns.find(
        ({ column, fallback }) => !column.nullable && fallback === null && !names!.includes(column.name),
      );
      if (missing === undefined || plan.table.transform !== undefined) continue;
      yield dead("csv-header", missing.column.name, `the header has no ${missing.column.name}, which is NOT NULL`);
      return;
    } else if (fields.length !== names.length) {
      yield dead("csv-field-count", null, `${fields.length} fields, and there are ${names.length} columns`);
    } else {
      yield* fromFields(plan, format, names, fields);
    }
  }
}

function* fromFields(
  plan: RowPlan,
  format: CsvFormat,
  names: readonly string[],
  fields: readonly CsvField[],
): Generator<RowOutcome> {
  const textOf = (name: string): string | null | undefined => {
    const field = fields[names.indexOf(name)];
    return field === undefined ? undefined : !field.quoted && field.text === format.nullAs ? null : field.text;
  };
  if (plan.where !== undefined) {
    const text = textOf(plan.where.field);
    if (typeof text !== "string" || !plan.where.accepted.has(text)) {
      yield FILTERED;
      return;
    }
  }
  const { transform } = plan.table;
  if (transform !== undefined) {
    const record = recordOfFields(names, textOf);
    yield* transformed(plan, () => resultsOfTransform(transform(record)));
    return;
  }
  const cells: (string | null)[] = [];
  for (const columnPlan of plan.columns) {
    const { column, fallback } = columnPlan;
    const text = textOf(column.name);
    const isText = column.type.kind === "varchar" || column.type.kind === "char";
    const empty = text === undefined || text === null || (text === "" && (!isText || fallback !== null));
    const fault = accept(cells, columnPlan, empty ? fallback : cellOfText(column, text));
    if (fault !== undefined) {
      yield fault;
      return;
    }
  }
  yield { kind: "row", cells };
}

function dead(code: RowFault["code"], column: string | null, message: string): RowOutcome {
  return { kind: "dead", fault: { code, column, message } };
}

function nameOf(value: JsonValue): string {
  return value.kind === "array" || value.kind === "string" || value.kind === "number" ? `a ${value.kind}` : value.kind;
}
