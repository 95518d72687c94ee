/** Rows as the Data API answers them: a list of Fields in JSON, or a line of CSV. */
import type { SqlColumn, SqlValue } from "../../redshift/database.js";
import type { SqlType } from "../../redshift/types.js";

/** `[{"longValue":1},{"isNull":true}]` as text: written once, answered as it is. */
export function jsonRow(columns: readonly SqlColumn[], row: readonly SqlValue[]): string {
  return `[${row.map((value, index) => field(columns[index]!.type, value)).join(",")}]`;
}

function field(type: SqlType, value: SqlValue): string {
  if (value === null) return '{"isNull":true}';
  switch (typeof value) {
    case "boolean":
      return `{"booleanValue":${value}}`;
    // A long of 64 bits is written in its digits, which JavaScript's own JSON would not.
    case "bigint":
      return `{"longValue":${value}}`;
    case "number":
      if (type.kind !== "real" && type.kind !== "double") return `{"longValue":${value}}`;
      return `{"doubleValue":${Number.isFinite(value) ? value : JSON.stringify(String(value))}}`;
    default:
      return `{"stringValue":${JSON.stringify(valueText(value))}}`;
  }
}

export function csvRow(row: readonly SqlValue[]): string {
  return row.map(csvField).join(",");
}

/** NULL is nothing at all, an empty text two quotes. */
function csvField(value: SqlValue): string {
  if (value === null) return "";
  const text = valueText(value);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvHeader(columns: readonly SqlColumn[]): string {
  return csvRow(columns.map(({ name }) => name));
}

function valueText(value: SqlValue): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return `{${value.map((one) => (one === null ? "NULL" : valueText(one))).join(",")}}`;
  return String(value);
}
