/** Lines of COPY's text and CSV as PostgreSQL has them: cut into fields where NULL is told from the empty text, and written. */
import type { StdioOptions } from "./stdio-options.js";

/** Undefined for a line that is malformed. */
export function stdioFields(line: string, options: StdioOptions): (string | null)[] | undefined {
  return options.format === "csv" ? csvFields(line, options) : textFields(line, options);
}

function textFields(line: string, { delimiter, nullText }: StdioOptions): (string | null)[] {
  const raw: string[] = [];
  let start = 0;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === "\\") at++;
    else if (line[at] === delimiter) {
      raw.push(line.slice(start, at));
      start = at + 1;
    }
  }
  raw.push(line.slice(start));
  return raw.map((field) => (field === nullText ? null : field.includes("\\") ? unescapedField(field) : field));
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

function unescapedField(field: string): string {
  return field.replace(/\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|[\s\S])/g, (_, code: string) => {
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    if (/^x[0-9a-f]/i.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return ESCAPES[code] ?? code;
  });
}

function csvFields(
  line: string,
  { delimiter, quote, escape: escapeMark, nullText }: StdioOptions,
): (string | null)[] | undefined {
  const fields: (string | null)[] = [];
  let value = "";
  let quoted = false;
  let inside = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (inside) {
      if (character === escapeMark && (line[at + 1] === quote || line[at + 1] === escapeMark)) {
        value += line[++at];
      } else if (character === quote) inside = false;
      else value += character;
    } else if (character === quote) {
      inside = true;
      quoted = true;
    } else if (character === delimiter) {
      fields.push(!quoted && value === nullText ? null : value);
      value = "";
      quoted = false;
    } else value += character;
  }
  if (inside) return undefined;
  fields.push(!quoted && value === nullText ? null : value);
  return fields;
}

/** One row's line, without its end. */
export function stdioLine(
  values: readonly (string | null)[],
  options: StdioOptions,
  forced: readonly boolean[],
): string {
  const { delimiter, nullText } = options;
  if (options.format === "text")
    return values.map((value) => (value === null ? nullText : escapedText(value, delimiter))).join(delimiter);
  const { quote, escape: escapeMark } = options;
  const cells = values.map((value, index) => {
    if (value === null) return nullText;
    const needs =
      forced[index] === true ||
      value === nullText ||
      value === "\\." ||
      value.includes(delimiter) ||
      value.includes(quote) ||
      /[\r\n]/.test(value);
    if (!needs) return value;
    const inner = value.replaceAll(escapeMark, escapeMark + escapeMark);
    return `${quote}${escapeMark === quote ? inner : inner.replaceAll(quote, escapeMark + quote)}${quote}`;
  });
  return cells.join(delimiter);
}

const NAMES: Readonly<Record<string, string>> = { "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v" };

function escapedText(value: string, delimiter: string): string {
  if (!/[\\\b\f\n\r\t\v]/.test(value) && !value.includes(delimiter)) return value;
  return [...value]
    .map((character) =>
      NAMES[character] !== undefined
        ? `\\${NAMES[character]}`
        : character === "\\" || character === delimiter
          ? `\\${character}`
          : character,
    )
    .join("");
}
