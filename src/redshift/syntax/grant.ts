/** GRANT and REVOKE. */
import type { Grant, QualifiedName } from "./ast.js";
import type { Cursor, Told } from "./cursor.js";
import { skipParentheses } from "./unsupported.js";

/** Objects that privileges are granted on. */
const OBJECTS = [
  "table",
  "schema",
  "database",
  "function",
  "procedure",
  "language",
  "datashare",
  "model",
  "copy job",
  "template",
  "external table",
].map((words) => words.split(" "));

export function parseGrant(cursor: Cursor): Told {
  const { at, text } = cursor.next();
  const kind = text as Grant["kind"];
  if (!cursor.accept("grant", "option", "for")) cursor.accept("admin", "option", "for");
  const privileges = parsePrivileges(cursor);
  const object = cursor.accept("on") ? parseObject(cursor) : cursor.accept("for") ? parseScope(cursor) : undefined;
  cursor.expect(kind === "grant" ? "to" : "from");
  const grantees = cursor.commas(() => parseGrantee(cursor));
  // What a role may be assumed for: COPY, UNLOAD, ...
  if (cursor.accept("for")) cursor.commas(() => (cursor.accept("all") ? "all" : parseWords(cursor)));
  cursor.acceptOne("restrict", "cascade");
  return {
    statement: { kind, privileges, grantees, at, ...(object === undefined ? {} : { object }) },
    verb: kind.toUpperCase(),
  };
}

/** `SELECT, INSERT (a, b)`, `ALL PRIVILEGES`, `ROLE name`, `CREATE TABLE`: as words, joined. */
function parsePrivileges(cursor: Cursor): string[] {
  return cursor.commas(() => parseWords(cursor));
}

function parseWords(cursor: Cursor): string {
  const words = [cursor.label()];
  for (;;) {
    if (cursor.isSign("(")) cursor.list(() => cursor.name());
    else if (cursor.isWord("on", "to", "from", "for") || !isWordNext(cursor)) return words.join(" ");
    else words.push(cursor.label());
  }
}

function isWordNext(cursor: Cursor): boolean {
  const { kind } = cursor.peek();
  return kind === "word" || kind === "quoted";
}

function parseObject(cursor: Cursor): NonNullable<Grant["object"]> {
  if (cursor.accept("all")) {
    cursor.acceptOne("tables", "functions", "procedures", "copy");
    cursor.accept("jobs");
    return inSchema(cursor);
  }
  if (cursor.peek().kind === "string") {
    return { type: "iam role", names: cursor.commas(() => ({ at: cursor.at, parts: [cursor.string()] })) };
  }
  const words = OBJECTS.find((one) => cursor.accept(...one)) ?? ["table"];
  return {
    type: words.join(" "),
    names: cursor.commas((): QualifiedName => {
      const name = cursor.qualifiedName();
      if (cursor.isSign("(")) skipParentheses(cursor);
      return name;
    }),
  };
}

/** `FOR TABLES IN SCHEMA s`, `FOR SCHEMAS IN DATABASE d`. */
function parseScope(cursor: Cursor): NonNullable<Grant["object"]> {
  cursor.label();
  return inSchema(cursor);
}

function inSchema(cursor: Cursor): NonNullable<Grant["object"]> {
  cursor.expect("in");
  if (cursor.accept("database")) return { type: "database", names: cursor.commas(() => cursor.qualifiedName()) };
  cursor.expect("schema");
  const names = cursor.commas(() => cursor.qualifiedName());
  if (cursor.accept("database")) cursor.name();
  return { type: "schema", names };
}

function parseGrantee(cursor: Cursor): Grant["grantees"][number] {
  const grantee = parseGranteeName(cursor);
  if (!cursor.accept("with", "grant", "option")) cursor.accept("with", "admin", "option");
  return grantee;
}

function parseGranteeName(cursor: Cursor): Grant["grantees"][number] {
  if (cursor.accept("public")) return { type: "public", name: "public" };
  const type = cursor.acceptOne("group", "role", "user") ?? "user";
  return { type, name: cursor.name() };
}
