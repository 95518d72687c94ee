/** PostgreSQL's options of COPY ... FROM STDIN and TO STDOUT. */
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { CopyStdio, LoadOption } from "../syntax/ast.js";
import { unescaped } from "./options.js";

export interface StdioOptions {
  readonly format: "text" | "csv";
  readonly delimiter: string;
  readonly nullText: string;
  readonly header: boolean;
  readonly quote: string;
  readonly escape: string;
  readonly forceQuote: readonly string[];
  readonly forceNotNull: readonly string[];
}

export function stdioOptions(statement: CopyStdio): StdioOptions {
  const given = new Map<string, LoadOption>(statement.options.map((option) => [option.name, option]));
  for (const { name, at } of statement.options) {
    if (!KNOWN.has(name)) throw new SqlError(SQL_STATE.syntaxError, `option "${name}" not recognized`, { at });
  }
  const value = (name: string) => given.get(name)?.values[0];
  const format = given.has("csv") ? "csv" : String(value("format") ?? "text").toLowerCase();
  if (format !== "text" && format !== "csv") {
    throw new SqlError(SQL_STATE.featureNotSupported, `COPY format "${format}" is not supported`, {
      at: given.get("format")?.at ?? statement.at,
      hint: "text and csv are.",
    });
  }
  const isCsv = format === "csv";
  const character = (name: string, otherwise: string) => {
    const text = value(name) === undefined ? otherwise : isCsv ? String(value(name)) : unescaped(String(value(name)));
    if (text.length === 1) return text;
    throw new SqlError(SQL_STATE.featureNotSupported, `COPY ${name} must be a single one-byte character`, {
      at: given.get(name)?.at ?? statement.at,
    });
  };
  const isOn = (name: string) =>
    given.has(name) && value(name) !== false && value(name) !== "false" && value(name) !== "off";
  const quote = isCsv ? character("quote", '"') : '"';
  return {
    format,
    delimiter: character("delimiter", isCsv ? "," : "\t"),
    nullText: String(value("null") ?? (isCsv ? "" : "\\N")),
    header: isOn("header"),
    quote,
    escape: isCsv ? character("escape", quote) : "\\",
    forceQuote: (given.get("force quote") ?? given.get("force_quote"))?.values.map(String) ?? [],
    forceNotNull: (given.get("force not null") ?? given.get("force_not_null"))?.values.map(String) ?? [],
  };
}

const KNOWN: ReadonlySet<string> = new Set([
  "format",
  "csv",
  "text",
  "delimiter",
  "null",
  "header",
  "quote",
  "escape",
  "force quote",
  "force_quote",
  "force not null",
  "force_not_null",
  "encoding",
]);
