import { PenstockError } from "../core/errors.js";
import type { ColumnModel, CsvFormat, TableModel } from "../definition/model.js";
import { meant, show } from "../definition/problems.js";
import { timeFormatOf, wrongWithValue } from "../definition/values.js";

export interface RowEncoder {
  /** The record's bytes; `invalid-argument` with everything that is wrong with the row. */
  encode(row: Readonly<Record<string, unknown>>): Uint8Array;
}

/** Writes rows of a table as its delivery reads them: JSON or CSV, after a check against the columns. */
export function rowEncoder(table: TableModel): RowEncoder {
  const names = new Set(table.columns.map(({ name }) => name));
  const write = table.format.kind === "json" ? jsonWriter(table) : csvWriter(table, table.format);
  return {
    encode: (row) => {
      const wrong = wrongWithRow(table, names, row);
      if (wrong.length > 0) {
        throw new PenstockError(
          "invalid-argument",
          `A row for table ${show(table.name)} is refused: ${wrong.join("; ")}.`,
          {
            hint: "Nothing was sent. The columns are those of the table's definition.",
          },
        );
      }
      return Buffer.from(write(row));
    },
  };
}

function wrongWithRow(table: TableModel, names: ReadonlySet<string>, row: unknown): string[] {
  if (typeof row !== "object" || row === null || Array.isArray(row))
    return [`it is ${show(row)}, and must be an object`];
  const values = row as Readonly<Record<string, unknown>>;
  const wrong: string[] = [];
  for (const name of Object.keys(values)) {
    if (!names.has(name)) wrong.push(`there is no column ${show(name)}${meant(name, names)}`);
  }
  for (const column of table.columns) {
    const value = values[column.name];
    if (value === undefined) {
      if (!column.nullable && column.default === undefined) wrong.push(`${column.name} is missing, and is NOT NULL`);
    } else if (value === null) {
      if (!column.nullable) wrong.push(`${column.name} is null, and is NOT NULL`);
      else if (table.format.kind === "csv" && column.default !== undefined)
        wrong.push(`${column.name} is null${CSV_DEFAULT}`);
    } else {
      const problem = wrongWithValue(column.type, value, column.timeFormat) ?? tooLarge(column, value);
      if (problem !== undefined) wrong.push(`${column.name} ${problem}`);
      else if (value === "" && table.format.kind === "csv" && column.default !== undefined) {
        wrong.push(`${column.name} is ""${CSV_DEFAULT}`);
      }
    }
  }
  return wrong;
}

const CSV_DEFAULT =
  ", in whose place delivery would put the column's default: CSV cannot tell it from a field that is not there";

/** Delivery's staging takes a SUPER as text, so its JSON is as long as a VARCHAR at most. */
function tooLarge(column: ColumnModel, value: unknown): string | undefined {
  if (column.type.kind !== "super") return undefined;
  const bytes = Buffer.byteLength(jsonText(value));
  return bytes <= SUPER_BYTES_MAX ? undefined : `has ${bytes} bytes of JSON; a SUPER column takes ${SUPER_BYTES_MAX}`;
}

const SUPER_BYTES_MAX = 65_535;

type Writer = (row: Readonly<Record<string, unknown>>) => string;

/** Where the columns' values stand in the record: an object of objects, with columns as leaves. */
type Tree = Map<string, Tree | ColumnModel>;

function jsonWriter(table: TableModel): Writer {
  const keepIn = table.format.kind === "json" ? table.format.keepIn : undefined;
  const tree: Tree = new Map();
  for (const column of table.columns) if (column.name !== keepIn) plant(table, tree, column);
  const kept = table.columns.find(({ name }) => name === keepIn);
  return (row) => {
    const members = treeMembers(tree, row);
    if (kept && row[kept.name] != null) members.push(...keptMembers(table, tree, kept, row[kept.name]));
    return `{${members.join(",")}}`;
  };
}

function plant(table: TableModel, tree: Tree, column: ColumnModel): void {
  let at = tree;
  for (const segment of column.path.slice(0, -1)) {
    const below = at.get(segment) ?? new Map<string, Tree | ColumnModel>();
    if (!(below instanceof Map)) throw overlap(table, below, column);
    at.set(segment, below);
    at = below;
  }
  const last = column.path.at(-1)!;
  const there = at.get(last);
  if (there !== undefined) throw overlap(table, there instanceof Map ? undefined : there, column);
  at.set(last, column);
}

function overlap(table: TableModel, other: ColumnModel | undefined, column: ColumnModel): PenstockError {
  const both = [other?.name ?? "another column", column.name].join(" and ");
  return new PenstockError(
    "invalid-argument",
    `Rows of table ${show(table.name)} cannot be put: ${both} are read from one place of the record (${column.path.join(".")}).`,
    {
      hint: "Such a table can be delivered, but a row does not tell what its record was: put the records themselves with putBytes().",
    },
  );
}

function treeMembers(tree: Tree, row: Readonly<Record<string, unknown>>): string[] {
  const members: string[] = [];
  for (const [name, node] of tree) {
    if (node instanceof Map) {
      const inner = treeMembers(node, row);
      if (inner.length > 0) members.push(`${JSON.stringify(name)}:{${inner.join(",")}}`);
      continue;
    }
    const value = row[node.name];
    // What is undefined is left out, so that a default can take its place.
    if (value !== undefined) members.push(`${JSON.stringify(name)}:${jsonOf(node, value)}`);
  }
  return members;
}

/** The fields that no column takes go back to where delivery finds them: beside the others. */
function keptMembers(table: TableModel, tree: Tree, kept: ColumnModel, value: unknown): string[] {
  const fields: unknown = typeof value === "string" ? parsed(value) : value;
  const clash =
    typeof fields === "object" && fields !== null ? Object.keys(fields).find((name) => tree.has(name)) : undefined;
  if (typeof fields !== "object" || fields === null || Array.isArray(fields) || clash !== undefined) {
    const why =
      clash === undefined
        ? `is ${show(value)}; it must be an object, whose fields stand beside the columns'`
        : `has the field ${show(clash)}, which a column takes`;
    throw new PenstockError(
      "invalid-argument",
      `A row for table ${show(table.name)} is refused: ${kept.name} ${why}.`,
      {
        hint: "The column holds the unknown fields of a record (keepIn).",
      },
    );
  }
  return Object.entries(fields).map(([name, inner]) => `${JSON.stringify(name)}:${jsonText(inner)}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

function jsonOf(column: ColumnModel, value: unknown): string {
  if (value === null) return "null";
  if (column.type.kind === "super") return jsonText(value);
  // A decimal's text becomes a JSON number digit by digit; delivery reads the digits, not a double.
  if (column.type.kind === "decimal" && typeof value === "string" && JSON_NUMBER.test(value)) return value;
  const scalar = scalarOf(column, value);
  return typeof scalar === "bigint" || typeof scalar === "number" ? String(scalar) : JSON.stringify(scalar);
}

/** JSON of anything, with bigints as whole numbers, which JSON.stringify refuses. */
function jsonText(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if ("toJSON" in value && typeof value.toJSON === "function") return jsonText(value.toJSON());
  if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
  const members = Object.entries(value).filter(([, inner]) => inner !== undefined && typeof inner !== "function");
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${jsonText(inner)}`).join(",")}}`;
}

/** A Date as the column's format has it; anything else as it is. */
function scalarOf({ type, timeFormat }: ColumnModel, value: unknown): unknown {
  // Seconds since 1970 have no exponent: 1e-7 is 0.0000001, which is 0 to the microsecond.
  if (typeof value === "number" && timeFormat?.startsWith("epoch") && Math.abs(value) < 1e-6) return 0;
  if (!(value instanceof Date)) return value;
  const ms = value.getTime();
  if (timeFormat === "epochsecs") return ms / 1000;
  if (timeFormat === "epochmillisecs") return ms;
  if (timeFormat !== undefined) return timeFormatOf(timeFormat)!.format(ms);
  const iso = value.toISOString();
  if (type.kind === "date") return iso.slice(0, 10);
  return type.kind === "timestamp" ? iso.slice(0, -1) : iso;
}

function csvWriter(table: TableModel, format: CsvFormat): Writer {
  const { delimiter, quote, escape: mark, nullAs } = format;
  const escaped = (text: string) => {
    const marked = mark === quote ? text : text.replaceAll(mark, mark + mark);
    return `${quote}${marked.replaceAll(quote, mark + quote)}${quote}`;
  };
  const special = [delimiter, quote, mark, "\n", "\r"];
  const field = (text: string) =>
    text === nullAs || text === "" || text.trim() !== text || special.some((part) => text.includes(part))
      ? escaped(text)
      : text;
  const header = format.header === "each" ? `${table.columns.map(({ name }) => field(name)).join(delimiter)}\n` : "";
  return (row) =>
    header +
    table.columns
      .map((column) => {
        const value = row[column.name];
        // Nothing at all is what a default takes the place of; without one it would be NULL's text.
        if (value === undefined) return column.default === undefined ? nullAs : "";
        if (value === null) return nullAs;
        return field(column.type.kind === "super" ? jsonText(value) : String(scalarOf(column, value)));
      })
      .join(delimiter);
}
