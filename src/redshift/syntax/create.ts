/** CREATE, DROP and REFRESH. */
import type { CreateExternalTable, Drop, Query, Statement } from "./ast.js";
import type { Cursor, Told } from "./cursor.js";
import { parseCreateFunction, parseDropFunction } from "./function.js";
import { parseAttributes, parseElements } from "./table-definition.js";
import { parseType } from "./type-name.js";
import { unsupported } from "./unsupported.js";
import { parseUserStatement } from "./user-statement.js";

export function parseCreate(cursor: Cursor): Told {
  if (cursor.isWord("drop")) return parseDrop(cursor);
  if (cursor.isWord("refresh")) return parseRefresh(cursor);
  const { at } = cursor;
  cursor.expect("create");
  const orReplace = cursor.accept("or", "replace");
  if (cursor.isWord("user", "group", "role")) return parseUserStatement(cursor, "create", at);
  if (cursor.accept("view")) return parseView(cursor, orReplace, at);
  if (cursor.isWord("function")) return parseCreateFunction(cursor, orReplace, at);
  if (orReplace) return parseReplace(cursor, at);
  if (cursor.accept("materialized", "view")) return parseMaterializedView(cursor, at);
  if (cursor.accept("external", "schema")) return parseExternalSchema(cursor, at);
  if (cursor.accept("external", "table")) return parseExternalTable(cursor, at);
  if (cursor.accept("schema")) return parseSchema(cursor, at);
  const begin = cursor.position();
  const scoped = cursor.acceptOne("local", "global") !== undefined;
  const temporary = cursor.acceptOne("temporary", "temp") !== undefined;
  if (cursor.accept("table")) {
    if (!scoped || temporary) return parseTable(cursor, temporary, at);
    cursor.reset(begin);
  }
  if (temporary && cursor.isWord("view")) {
    cursor.refuse("temporary views are not supported by Redshift", cursor.at, { state: "0A000" });
  }
  return unsupported(cursor, "CREATE", at);
}

/** Tables, schemas and materialized views cannot be replaced. */
function parseReplace(cursor: Cursor, at: number): Told {
  const isCode = cursor.isWord("procedure", "library") || cursor.isWords("external", "function");
  if (!isCode) throw cursor.unexpected();
  return unsupported(cursor, "CREATE OR REPLACE", at);
}

function acceptIfNotExists(cursor: Cursor): boolean {
  return cursor.accept("if", "not", "exists");
}

function parseTable(cursor: Cursor, temporaryWord: boolean, at: number): Told {
  const ifNotExists = acceptIfNotExists(cursor);
  const name = cursor.qualifiedName();
  const temporary = temporaryWord || name.parts.at(-1)!.startsWith("#");
  const base = { name, temporary, ifNotExists, at };
  // `t (a, b) as select`, `t (a int)`: a type behind the first name tells.
  const begin = cursor.position();
  if (cursor.isSign("(") && cursor.isName(1) && (cursor.isSign(",", 2) || cursor.isSign(")", 2))) {
    const columns = cursor.list(() => cursor.name());
    return parseTableAs(cursor, { ...base, columns });
  }
  cursor.reset(begin);
  if (!cursor.isSign("(")) return parseTableAs(cursor, base);
  const elements = cursor.list(() => parseElements(cursor));
  if (cursor.isWord("inherits")) cursor.refuse("INHERITS is not supported by Redshift", cursor.at);
  const attributes = parseAttributes(cursor);
  if (cursor.isWord("partition")) {
    cursor.refuse("PARTITION BY is not supported on Redshift tables", cursor.at, {
      hint: "External tables have partitions; tables have sort keys.",
    });
  }
  return { statement: { kind: "create-table", ...base, elements, attributes }, verb: "CREATE TABLE" };
}

function parseTableAs(
  cursor: Cursor,
  base: {
    name: ReturnType<Cursor["qualifiedName"]>;
    temporary: boolean;
    ifNotExists: boolean;
    at: number;
    columns?: string[];
  },
): Told {
  const attributes = parseAttributes(cursor);
  cursor.expect("as");
  const query = cursor.query();
  return { statement: { kind: "create-table-as", ...base, attributes, query }, verb: "CREATE TABLE AS" };
}

function queryWithText(cursor: Cursor): { readonly query: Query; readonly queryText: string } {
  const { at } = cursor;
  const query = cursor.query();
  return { query, queryText: cursor.sql.slice(at, cursor.lastEnd) };
}

function parseView(cursor: Cursor, orReplace: boolean, at: number): Told {
  const name = cursor.qualifiedName();
  const columns = cursor.isSign("(") ? cursor.list(() => cursor.name()) : undefined;
  cursor.expect("as");
  const query = queryWithText(cursor);
  const lateBinding = cursor.accept("with", "no", "schema", "binding");
  return {
    statement: {
      kind: "create-view",
      name,
      orReplace,
      ...query,
      lateBinding,
      at,
      ...(columns === undefined ? {} : { columns }),
    },
    verb: "CREATE VIEW",
  };
}

function parseMaterializedView(cursor: Cursor, at: number): Told {
  const name = cursor.qualifiedName();
  let attributes = {};
  let autoRefresh = false;
  for (;;) {
    if (cursor.accept("auto", "refresh")) autoRefresh = cursor.acceptOne("yes", "no") === "yes";
    else {
      const before = cursor.position();
      attributes = { ...attributes, ...parseAttributes(cursor) };
      if (cursor.position() === before) break;
    }
  }
  cursor.expect("as");
  const query = queryWithText(cursor);
  return {
    statement: { kind: "create-materialized-view", name, attributes, autoRefresh, ...query, at },
    verb: "CREATE MATERIALIZED VIEW",
  };
}

function parseRefresh(cursor: Cursor): Told {
  const { at } = cursor;
  cursor.expect("refresh", "materialized", "view");
  const name = cursor.qualifiedName();
  const restrict = cursor.acceptOne("restrict", "cascade");
  return {
    statement: { kind: "refresh-materialized-view", name, at, ...(restrict === undefined ? {} : { restrict }) },
    verb: "REFRESH MATERIALIZED VIEW",
  };
}

function parseSchema(cursor: Cursor, at: number): Told {
  const ifNotExists = acceptIfNotExists(cursor);
  let authorization: string | undefined;
  let name: string | undefined;
  if (!cursor.isWord("authorization")) name = cursor.name();
  if (cursor.accept("authorization")) authorization = cursor.name();
  let quota: string | undefined;
  if (cursor.accept("quota")) {
    quota = cursor.accept("unlimited") ? "unlimited" : `${cursor.integer()} ${cursor.label()}`;
  }
  return {
    statement: {
      kind: "create-schema",
      name: name ?? authorization!,
      ifNotExists,
      at,
      ...(authorization === undefined ? {} : { authorization }),
      ...(quota === undefined ? {} : { quota }),
    },
    verb: "CREATE SCHEMA",
  };
}

const SOURCES = [
  ["data", "catalog"],
  ["hive", "metastore"],
  ["kinesis"],
  ["postgres"],
  ["mysql"],
  ["redshift"],
  ["kafka"],
  ["msk"],
] as const;

function parseExternalSchema(cursor: Cursor, at: number): Told {
  const ifNotExists = acceptIfNotExists(cursor);
  const name = cursor.name();
  cursor.expect("from");
  const source = SOURCES.find((words) => cursor.accept(...words));
  if (source === undefined) throw cursor.unexpected();
  const options: Record<string, string> = {};
  let createDatabase = false;
  while (cursor.peek().kind === "word") {
    if (cursor.accept("create", "external", "database", "if", "not", "exists")) {
      createDatabase = true;
      continue;
    }
    const option = cursor.label().toUpperCase();
    const { kind } = cursor.peek();
    options[option] =
      kind === "string" ? cursor.string() : kind === "number" ? String(cursor.integer()) : cursor.label();
  }
  return {
    statement: {
      kind: "create-external-schema",
      name,
      ifNotExists,
      from: source.join(" "),
      options,
      createDatabase,
      at,
    },
    verb: "CREATE EXTERNAL SCHEMA",
  };
}

function parseExternalTable(cursor: Cursor, at: number): Told {
  const name = cursor.qualifiedName();
  const typed = () => ({ name: cursor.name(), type: parseType(cursor) });
  const columns = cursor.isSign("(") ? cursor.list(typed) : [];
  const partitionedBy: CreateExternalTable["partitionedBy"][number][] = [];
  if (cursor.accept("partitioned", "by")) {
    partitionedBy.push(
      ...cursor.list(() =>
        cursor.isSign(",", 1) || cursor.isSign(")", 1)
          ? { name: cursor.name(), type: { at: cursor.at, name: "", args: [] } }
          : typed(),
      ),
    );
  }
  let rowFormat: string | undefined;
  if (cursor.isWords("row", "format")) {
    const begin = cursor.at;
    while (!cursor.isWord("stored", "location") && !isTextEnd(cursor)) cursor.next();
    rowFormat = cursor.sql.slice(begin, cursor.lastEnd);
  }
  let storedAs: string | undefined;
  if (cursor.accept("stored")) {
    if (!cursor.accept("as") && !cursor.isWord("by")) throw cursor.unexpected();
    const begin = cursor.at;
    while (!cursor.isWord("location") && !isTextEnd(cursor)) cursor.next();
    storedAs = cursor.sql.slice(begin, cursor.lastEnd).toLowerCase();
  }
  cursor.expect("location");
  const location = cursor.string();
  const properties = cursor.accept("table", "properties") ? parseProperties(cursor) : {};
  const query = cursor.accept("as") ? cursor.query() : undefined;
  return {
    statement: {
      kind: "create-external-table",
      name,
      columns,
      partitionedBy,
      location,
      properties,
      at,
      ...(rowFormat === undefined ? {} : { rowFormat }),
      ...(storedAs === undefined ? {} : { storedAs }),
      ...(query === undefined ? {} : { query }),
    },
    verb: "CREATE EXTERNAL TABLE",
  };
}

function isTextEnd(cursor: Cursor): boolean {
  return cursor.peek().kind === "end" || cursor.isSign(";");
}

export function parseProperties(cursor: Cursor): Record<string, string> {
  return Object.fromEntries(
    cursor.list(() => {
      const key = cursor.string();
      cursor.expectSign("=");
      return [key, cursor.string()];
    }),
  );
}

const OBJECTS = [
  ["table", ["table"]],
  ["view", ["view"]],
  ["materialized-view", ["materialized", "view"]],
  ["schema", ["schema"]],
] as const;

function parseDrop(cursor: Cursor): Told {
  const { at } = cursor;
  cursor.expect("drop");
  if (cursor.isWord("user", "group", "role")) return parseUserStatement(cursor, "drop", at);
  if (cursor.isWord("function")) return parseDropFunction(cursor, at);
  cursor.accept("external");
  const found = OBJECTS.find(([, words]) => cursor.accept(...words));
  if (found === undefined) return unsupported(cursor, "DROP", at);
  const [object, words] = found;
  const ifExists = cursor.accept("if", "exists");
  const names = cursor.commas(() => cursor.qualifiedName());
  let behavior: Drop["behavior"];
  let externalDatabase = false;
  for (;;) {
    if (cursor.accept("drop", "external", "database")) externalDatabase = true;
    else if (behavior === undefined && cursor.isWord("restrict", "cascade"))
      behavior = cursor.acceptOne("restrict", "cascade");
    else break;
  }
  const statement: Statement = {
    kind: "drop",
    object,
    names,
    ifExists,
    at,
    ...(behavior === undefined ? {} : { behavior }),
    ...(externalDatabase ? { externalDatabase } : {}),
  };
  return { statement, verb: `DROP ${words.join(" ").toUpperCase()}` };
}
