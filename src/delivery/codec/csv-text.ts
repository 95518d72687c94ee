/**
 * A CSV reader for records: RFC 4180 with the delimiter, quote and escape of the format. Lines end in LF, CRLF or CR. A quote
 * counts only where a field begins; after a closing quote nothing but a delimiter or the line's end may stand. Lines
 * without a single character are skipped. A fault costs its own line, or, in a quote that never ends, all that is left.
 */
import type { CsvFormat } from "../../definition/model.js";

export interface CsvLine {
  readonly fields: readonly CsvField[];
  /** Why the line could not be read; then `fields` is empty. */
  readonly fault?: string;
}

export interface CsvField {
  readonly text: string;
  readonly quoted: boolean;
}

export function* readCsv(text: string, format: CsvFormat): Generator<CsvLine> {
  const { delimiter, quote } = format;
  let at = 0;
  while (at < text.length) {
    const unit = text[at];
    if (unit === "\n" || unit === "\r") {
      at++;
      continue;
    }
    const fields: CsvField[] = [];
    let fault: string | undefined;
    for (;;) {
      if (quote !== "" && text[at] === quote) {
        const read = readQuoted(text, at + 1, quote, format.escape);
        if (read === undefined) {
          fault = `the quote at character ${at} is not closed`;
          at = text.length;
          break;
        }
        fields.push({ text: read.text, quoted: true });
        at = read.end;
        if (at < text.length && text[at] !== delimiter && !isLineEnd(text[at])) {
          fault = `expected the delimiter or the line's end at character ${at}, after a closing quote`;
          at = lineEnd(text, at);
          break;
        }
      } else {
        const end = fieldEnd(text, at, delimiter);
        fields.push({ text: text.slice(at, end), quoted: false });
        at = end;
      }
      if (text[at] !== delimiter) break;
      at++;
    }
    yield fault === undefined ? { fields } : { fields: [], fault };
    if (text[at] === "\r" && text[at + 1] === "\n") at += 2;
    else at++;
  }
}

function readQuoted(
  text: string,
  start: number,
  quote: string,
  escapeMark: string,
): { readonly text: string; readonly end: number } | undefined {
  let value = "";
  let from = start;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === escapeMark && (text[at + 1] === quote || text[at + 1] === escapeMark)) {
      value += text.slice(from, at);
      at++;
      from = at;
    } else if (character === quote) {
      return { text: value + text.slice(from, at), end: at + 1 };
    }
  }
  return undefined;
}

function fieldEnd(text: string, start: number, delimiter: string): number {
  let at = start;
  while (at < text.length && text[at] !== delimiter && !isLineEnd(text[at])) at++;
  return at;
}

function lineEnd(text: string, start: number): number {
  let at = start;
  while (at < text.length && !isLineEnd(text[at])) at++;
  return at;
}

function isLineEnd(character: string | undefined): boolean {
  return character === "\n" || character === "\r";
}
