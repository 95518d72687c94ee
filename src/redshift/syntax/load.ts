/** COPY in its three forms, COPY JOB, and UNLOAD, with their options. */
import type { Copy, CopyJob, LoadOption, Query } from "./ast.js";
import { type Cursor, openCursor, type Told } from "./cursor.js";
import { innerTokens } from "./lexer.js";

export function parseLoad(cursor: Cursor): Told {
  if (cursor.isWord("unload")) return parseUnload(cursor);
  const { at } = cursor;
  cursor.expect("copy");
  if (cursor.isWord("job") && cursor.peek(1).kind === "word" && JOB_ACTIONS.has(cursor.peek(1).text))
    return parseJob(cursor, at);
  if (cursor.acceptSign("(")) {
    const query = cursor.query();
    cursor.expectSign(")");
    cursor.expect("to", "stdout");
    return {
      statement: { kind: "copy-stdio", direction: "out", query, options: parseStdioOptions(cursor), at },
      verb: "COPY",
    };
  }
  const table = cursor.qualifiedName();
  const columns = cursor.isSign("(") ? { columns: cursor.list(() => cursor.name()) } : {};
  const direction = cursor.acceptOne("from", "to");
  if (direction === undefined) throw cursor.unexpected();
  if (cursor.isWord("stdin", "stdout")) {
    cursor.expect(direction === "from" ? "stdin" : "stdout");
    const options = parseStdioOptions(cursor);
    return {
      statement: { kind: "copy-stdio", direction: direction === "from" ? "in" : "out", table, ...columns, options, at },
      verb: "COPY",
    };
  }
  if (direction === "to") cursor.refuse("COPY TO a file is not supported by Redshift", at, { hint: "Use UNLOAD." });
  const copy: Copy = { kind: "copy", table, ...columns, from: cursor.string(), options: parseOptions(cursor), at };
  if (!cursor.isWords("job", "create")) return { statement: copy, verb: "COPY" };
  cursor.expect("job", "create");
  const name = cursor.name();
  const auto = parseAuto(cursor) ?? true;
  return { statement: { kind: "copy-job", action: "create", name, copy, auto, at }, verb: "COPY JOB CREATE" };
}

const JOB_ACTIONS: ReadonlySet<string> = new Set(["run", "drop", "alter", "show", "list"]);

function parseJob(cursor: Cursor, at: number): Told {
  cursor.expect("job");
  const action = cursor.next().text as CopyJob["action"];
  const verb = `COPY JOB ${action.toUpperCase()}`;
  if (action === "list") return { statement: { kind: "copy-job", action, at }, verb };
  const name = cursor.name();
  const auto = parseAuto(cursor);
  return { statement: { kind: "copy-job", action, name, at, ...(auto === undefined ? {} : { auto }) }, verb };
}

function parseAuto(cursor: Cursor): boolean | undefined {
  if (!cursor.accept("auto")) return undefined;
  const word = cursor.acceptOne("on", "off", "true", "false");
  if (word === undefined) throw cursor.unexpected();
  return word === "on" || word === "true";
}

function parseUnload(cursor: Cursor): Told {
  const { at } = cursor;
  cursor.expect("unload");
  cursor.expectSign("(");
  const { query, queryText } = parseInner(cursor);
  cursor.expectSign(")");
  cursor.expect("to");
  const to = cursor.string();
  const options = parseOptions(cursor);
  return { statement: { kind: "unload", query, queryText, to, options, at }, verb: "UNLOAD" };
}

/** The query in the text, with every place in it told as that of the whole statement. */
function parseInner(cursor: Cursor): { readonly query: Query; readonly queryText: string } {
  const token = cursor.peek();
  const queryText = cursor.string();
  const inner = openCursor(cursor.sql, cursor.grammar, innerTokens(cursor.sql, token));
  const query = inner.query();
  inner.acceptSign(";");
  if (inner.peek().kind !== "end") throw inner.unexpected();
  cursor.parameters = Math.max(cursor.parameters, inner.parameters);
  return { query, queryText };
}

/** Options of several words, the longest first. */
const PHRASES = [
  ["format", "as"],
  ["null", "as"],
  ["partition", "by"],
] as const;

/** Options that are followed by nothing. */
const BARE: ReadonlySet<string> = new Set([
  "acceptanydate",
  "allowoverwrite",
  "cleanpath",
  "blanksasnull",
  "bzip2",
  "emptyasnull",
  "encrypted",
  "escape",
  "explicit_ids",
  "fillrecord",
  "gzip",
  "header",
  "ignoreallerrors",
  "ignoreblanklines",
  "lzop",
  "manifest",
  "noload",
  "parquet",
  "orc",
  "avro",
  "csv",
  "json",
  "shapefile",
  "removequotes",
  "roundec",
  "ssh",
  "triggers",
  "trimblanks",
  "truncatecolumns",
  "verbose",
  "zstd",
  "addquotes",
  "extension",
]);

/** What may follow an option of that kind all the same. */
const WITH_VALUE: ReadonlySet<string> = new Set([
  "json",
  "avro",
  "shapefile",
  "manifest",
  "extension",
  "acceptinvchars",
]);

function parseOptions(cursor: Cursor): LoadOption[] {
  const options: LoadOption[] = [];
  for (;;) {
    if (cursor.peek().kind !== "word" || cursor.isWord("job")) return options;
    options.push(...parseOption(cursor));
    cursor.acceptSign(",");
  }
}

/** Texts are left with their backslashes: COPY and UNLOAD undo those themselves, since `\N` is not `N` to them. */
function parseOption(cursor: Cursor): LoadOption[] {
  const { at } = cursor;
  const phrase = PHRASES.find((words) => cursor.isWords(...words));
  if (phrase !== undefined) for (const word of phrase) cursor.expect(word);
  const name = phrase?.join(" ") ?? cursor.label();
  if (name === "format as" || (name === "format" && cursor.peek().kind === "word")) {
    cursor.accept("as");
    // The format's own word comes next, and is read as the option that it is too.
    return [{ name: "format", values: [cursor.peek().text], at }, ...parseOption(cursor)];
  }
  if (name === "null as" || name === "null") return [{ name: "null", values: [cursor.rawString()], at }];
  if (name === "partition by") {
    const columns = cursor.list(() => cursor.name());
    return [{ name, values: [...columns, ...(cursor.accept("include") ? [true] : [])], at }];
  }
  if (name === "csv") return [{ name, values: [], at }, ...parseQuote(cursor)];
  if (name === "iam_role" && cursor.accept("default")) return [{ name, values: ["default"], at }];
  if (name === "encrypted" && cursor.accept("auto")) return [{ name, values: ["auto"], at }];
  if (BARE.has(name) && !WITH_VALUE.has(name)) return [{ name, values: [], at }];
  acceptAs(cursor);
  const values: (string | number | boolean)[] = [];
  for (;;) {
    const token = cursor.peek();
    if (token.kind === "string") values.push(cursor.rawString());
    else if (token.kind === "number") values.push(numberOf(cursor));
    else if (cursor.isWord("on", "true", "yes")) {
      cursor.next();
      values.push(true);
    } else if (cursor.isWord("off", "false", "no")) {
      cursor.next();
      values.push(false);
    } else if (values.length === 1 && cursor.isWord("mb", "gb")) values.push(cursor.label());
    else break;
  }
  const isBareWord = name === "encoding" ? cursor.peek().kind === "word" : cursor.isWord("auto", "default", "preset");
  if (values.length === 0 && isBareWord) values.push(cursor.label());
  return [{ name, values, at }];
}

function parseQuote(cursor: Cursor): LoadOption[] {
  const { at } = cursor;
  if (!cursor.accept("quote")) return [];
  cursor.accept("as");
  return [{ name: "quote", values: [cursor.rawString()], at }];
}

function acceptAs(cursor: Cursor): void {
  cursor.accept("as");
  cursor.acceptSign("=");
}

function numberOf(cursor: Cursor): number {
  return Number(cursor.next().text);
}

/** PostgreSQL's options, with parentheses and without: `(FORMAT csv, HEADER true)`, `WITH CSV HEADER DELIMITER ','`. */
function parseStdioOptions(cursor: Cursor): LoadOption[] {
  cursor.accept("with");
  if (cursor.isSign("(")) return cursor.list(() => parseStdioOption(cursor));
  const options: LoadOption[] = [];
  while (cursor.peek().kind === "word") options.push(parseStdioOption(cursor));
  return options;
}

function parseStdioOption(cursor: Cursor): LoadOption {
  const { at } = cursor;
  const name = cursor.label();
  if (name === "force") {
    const rest = cursor.accept("not", "null") ? "not null" : "quote";
    if (rest === "quote") cursor.expect("quote");
    const values = cursor.acceptSign("*") ? ["*"] : cursor.commas(() => cursor.name());
    return { name: `force ${rest}`, values, at };
  }
  if (name === "force_quote" || name === "force_not_null") {
    return { name, values: cursor.acceptSign("*") ? ["*"] : cursor.list(() => cursor.name()), at };
  }
  cursor.accept("as");
  const token = cursor.peek();
  if (token.kind === "string") return { name, values: [cursor.string()], at };
  if (token.kind === "number") return { name, values: [Number(cursor.next().text)], at };
  if (name === "format") return { name, values: [cursor.label()], at };
  if (cursor.isWord("true", "on")) {
    cursor.next();
    return { name, values: [true], at };
  }
  if (cursor.isWord("false", "off")) {
    cursor.next();
    return { name, values: [false], at };
  }
  return { name, values: [], at };
}
