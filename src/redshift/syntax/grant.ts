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
  const optionFor = cursor.accept("grant", "option", "for") || cursor.accept("admin", "option", "for");
  const { privileges, onColumns } = parsePrivileges(cursor);
  const ofRoles = privileges.includes("assumerole");
  const object = cursor.accept("on")
    ? ofRoles
      ? parseRoles(cursor)
      : parseObject(cursor)
    : cursor.accept("for")
      ? parseScope(cursor)
      : undefined;
  cursor.expect(kind === "grant" ? "to" : "from");
  const { grantees, withOption } = parseGrantees(cursor);
  // What a role may be assumed for: COPY, UNLOAD, ...
  const commands = cursor.accept("for")
    ? cursor.commas(() => (cursor.accept("all") ? "all" : parseWords(cursor).words))
    : undefined;
  cursor.acceptOne("restrict", "cascade");
  return {
    statement: {
      kind,
      privileges,
      onColumns,
      grantees,
      grantOption: optionFor || withOption,
      at,
      ...(object === undefined ? {} : { object }),
      ...(commands === undefined ? {} : { commands }),
    },
    verb: kind.toUpperCase(),
  };
}

/** Behind ALTER DEFAULT PRIVILEGES: `[FOR USER u, ...] [IN SCHEMA s, ...] GRANT SELECT ON TABLES TO ...`. */
export function parseDefaultPrivileges(cursor: Cursor, at: number): Told {
  const users = cursor.accept("for", "user") ? cursor.commas(() => cursor.name()) : [];
  const schemas = cursor.accept("in", "schema") ? cursor.commas(() => cursor.qualifiedName()) : [];
  const kind = cursor.acceptOne("grant", "revoke");
  if (kind === undefined) throw cursor.unexpected();
  const optionFor = cursor.accept("grant", "option", "for");
  const { privileges, onColumns } = parsePrivileges(cursor);
  cursor.expect("on");
  const type = cursor.label();
  cursor.expect(kind === "grant" ? "to" : "from");
  const { grantees, withOption } = parseGrantees(cursor);
  cursor.acceptOne("restrict", "cascade");
  return {
    statement: {
      kind,
      privileges,
      onColumns,
      grantees,
      grantOption: optionFor || withOption,
      object: { type, names: [] },
      defaults: { users, schemas },
      at,
    },
    verb: "ALTER DEFAULT PRIVILEGES",
  };
}

/** `SELECT, INSERT (a, b)`, `ALL PRIVILEGES`, `ROLE name`, `CREATE TABLE`: as words, joined. */
function parsePrivileges(cursor: Cursor): Pick<Grant, "privileges" | "onColumns"> {
  const parsed = cursor.commas(() => parseWords(cursor));
  return { privileges: parsed.map(({ words }) => words), onColumns: parsed.some(({ columns }) => columns) };
}

function parseWords(cursor: Cursor): { readonly words: string; readonly columns: boolean } {
  const words = [cursor.label()];
  let columns = false;
  for (;;) {
    if (cursor.isSign("(")) {
      cursor.list(() => cursor.name());
      columns = true;
    } else if (cursor.isWord("on", "to", "from", "for") || !isWordNext(cursor))
      return { words: words.join(" "), columns };
    else words.push(cursor.label());
  }
}

function isWordNext(cursor: Cursor): boolean {
  const { kind } = cursor.peek();
  return kind === "word" || kind === "quoted";
}

function parseObject(cursor: Cursor): NonNullable<Grant["object"]> {
  if (cursor.accept("all")) {
    const what = cursor.acceptOne("tables", "functions", "procedures", "copy") ?? "tables";
    cursor.accept("jobs");
    return { ...inSchema(cursor), every: { of: "all", what } };
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

/** ASSUMEROLE ON 'arn:...', DEFAULT or ALL. */
function parseRoles(cursor: Cursor): NonNullable<Grant["object"]> {
  const names = cursor.commas(() => {
    const { at } = cursor;
    return { at, parts: [cursor.acceptOne("default", "all") ?? cursor.string()] };
  });
  return { type: "iam role", names };
}

/** `FOR TABLES IN SCHEMA s`, `FOR SCHEMAS IN DATABASE d`. */
function parseScope(cursor: Cursor): NonNullable<Grant["object"]> {
  const what = cursor.label();
  return { ...inSchema(cursor), every: { of: "scope", what } };
}

function inSchema(cursor: Cursor): NonNullable<Grant["object"]> {
  cursor.expect("in");
  if (cursor.accept("database")) return { type: "database", names: cursor.commas(() => cursor.qualifiedName()) };
  cursor.expect("schema");
  const names = cursor.commas(() => cursor.qualifiedName());
  if (cursor.accept("database")) cursor.name();
  return { type: "schema", names };
}

function parseGrantees(cursor: Cursor): { readonly grantees: Grant["grantees"]; readonly withOption: boolean } {
  let withOption = false;
  const grantees = cursor.commas(() => {
    const grantee = parseGranteeName(cursor);
    if (cursor.accept("with", "grant", "option") || cursor.accept("with", "admin", "option")) withOption = true;
    return grantee;
  });
  return { grantees, withOption };
}

function parseGranteeName(cursor: Cursor): Grant["grantees"][number] {
  if (cursor.accept("public")) return { type: "public", name: "public" };
  const type = cursor.acceptOne("group", "role", "user") ?? "user";
  return { type, name: cursor.name() };
}
