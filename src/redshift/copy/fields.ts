/** A record's fields, as texts that still stand for values. */
import type { TextFormat } from "./options.js";

export interface FieldError {
  readonly code: number;
  readonly reason: string;
  /** Index of the field. */
  readonly field?: number;
}

export type Fields = readonly (string | null)[];

/** Cuts one record; answers as many fields as there are columns, or what is wrong. */
export function fieldCutter(format: TextFormat, columns: number): (text: string) => Fields | FieldError {
  const cut = cutterOf(format);
  const { fillRecord } = format;
  return (text) => {
    const fields = cut(text);
    if (!Array.isArray(fields)) return fields as FieldError;
    if (fields.length === columns) return fields as Fields;
    if (fields.length > columns) {
      // A delimiter may end the line.
      if (fields.length === columns + 1 && fields[columns] === "" && format.kind !== "csv")
        return fields.slice(0, columns) as Fields;
      return { code: 1202, reason: "Extra column(s) found" };
    }
    if (!fillRecord) {
      return fields.length === 1 && columns > 1
        ? { code: 1214, reason: "Delimiter not found" }
        : { code: 1203, reason: "Delimiter not found" };
    }
    const filled = fields as (string | null)[];
    while (filled.length < columns) filled.push(null);
    return filled;
  };
}

function cutterOf(format: TextFormat): (text: string) => string[] | FieldError {
  switch (format.kind) {
    case "csv":
      return (text) => csvFields(text, format.delimiter, format.quote);
    case "fixed-width":
      return (text) => fixedFields(text, format.widths);
    case "delimited":
      if (!format.escape && !format.removeQuotes) return (text) => text.split(format.delimiter);
      return (text) => delimitedFields(text, format.delimiter, format);
  }
}

const MISQUOTED: FieldError = { code: 1214, reason: "Invalid quote formatting for CSV" };

export function csvFields(text: string, delimiter: string, quote: string): string[] | FieldError {
  if (!text.includes(quote)) return text.split(delimiter);
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text.startsWith(quote, at)) {
      let value = "";
      let from = at + 1;
      for (;;) {
        const end = text.indexOf(quote, from);
        if (end === -1) return { ...MISQUOTED, field: fields.length };
        value += text.slice(from, end);
        if (text[end + 1] !== quote) {
          at = end + 1;
          break;
        }
        value += quote;
        from = end + 2;
      }
      fields.push(value);
      if (at === text.length) return fields;
      if (!text.startsWith(delimiter, at)) return { ...MISQUOTED, field: fields.length - 1 };
    } else {
      const end = text.indexOf(delimiter, at);
      const value = text.slice(at, end === -1 ? undefined : end);
      if (value.includes(quote)) return { ...MISQUOTED, field: fields.length };
      fields.push(value);
      if (end === -1) return fields;
      at = end;
    }
    at += delimiter.length;
  }
}

function delimitedFields(
  text: string,
  delimiter: string,
  { escape: escapes, removeQuotes }: { readonly escape: boolean; readonly removeQuotes: boolean },
): string[] | FieldError {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const mark = removeQuotes && (text[at] === '"' || text[at] === "'") ? text[at]! : undefined;
    let value = "";
    let closed = false;
    if (mark !== undefined) at++;
    while (at < text.length) {
      const character = text[at]!;
      // \N stays as it is: it stands for NULL.
      if (escapes && character === "\\" && at + 1 < text.length && text[at + 1] !== "N") {
        value += text[at + 1];
        at += 2;
      } else if (
        mark !== undefined &&
        character === mark &&
        (at + 1 === text.length || text.startsWith(delimiter, at + 1))
      ) {
        at++;
        closed = true;
        break;
      } else if (mark === undefined && text.startsWith(delimiter, at)) break;
      else {
        value += character;
        at++;
      }
    }
    if (mark !== undefined && !closed)
      return {
        code: 1214,
        reason: "Unbalanced quotes: REMOVEQUOTES found no end of a quoted string",
        field: fields.length,
      };
    fields.push(value);
    if (at >= text.length) return fields;
    at += delimiter.length;
    if (at === text.length) {
      fields.push("");
      return fields;
    }
  }
}

/** Widths are characters; blanks around a value are no part of it. */
function fixedFields(text: string, widths: readonly number[]): string[] | FieldError {
  const characters = /[\ud800-\udfff]/.test(text) ? [...text] : undefined;
  const total = widths.reduce((sum, width) => sum + width, 0);
  const length = characters?.length ?? text.length;
  if (length > total) return { code: 1202, reason: "Extra column(s) found" };
  const fields: string[] = [];
  let at = 0;
  for (const width of widths) {
    if (at >= length) break;
    const value = characters === undefined ? text.slice(at, at + width) : characters.slice(at, at + width).join("");
    fields.push(value.trimEnd());
    at += width;
  }
  return fields;
}
