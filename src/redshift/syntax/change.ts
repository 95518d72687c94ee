/** INSERT, UPDATE, DELETE, MERGE, TRUNCATE. */
import type { Merge, TableName, TableQuery, Update } from "./ast.js";
import type { Cursor, Told } from "./cursor.js";
import { parseExpressionOrDefault, type WithClause } from "./query.js";
import { parseTablePrimary, parseTableRef } from "./table-ref.js";

const NONE: WithClause = { with: [], recursive: false };

export function parseChange(cursor: Cursor, common: WithClause = NONE): Told {
  const { at, text } = cursor.peek();
  switch (text) {
    case "insert":
      return parseInsert(cursor);
    case "update":
      return parseUpdate(cursor, common);
    case "delete":
      return parseDelete(cursor, common);
    case "merge":
      return parseMerge(cursor);
    default: {
      cursor.expect("truncate");
      cursor.accept("table");
      const table = cursor.qualifiedName();
      if (cursor.isSign(",")) cursor.refuse("TRUNCATE takes one table", cursor.at);
      return { statement: { kind: "truncate", table, at }, verb: "TRUNCATE" };
    }
  }
}

function parseInsert(cursor: Cursor): Told {
  const { at } = cursor;
  cursor.expect("insert", "into");
  const table = cursor.qualifiedName();
  const columns = isColumnList(cursor) ? cursor.list(() => cursor.name()) : undefined;
  const list = columns === undefined ? {} : { columns };
  if (cursor.accept("default", "values")) {
    return { statement: { kind: "insert", table, ...list, source: undefined, at }, verb: "INSERT" };
  }
  const source = cursor.query();
  refuseClauses(cursor);
  return { statement: { kind: "insert", table, ...list, source, at }, verb: "INSERT" };
}

/** `(a, b)` are columns, `(select ...)` is the source. */
function isColumnList(cursor: Cursor): boolean {
  return cursor.isSign("(") && cursor.isName(1) && (cursor.isSign(",", 2) || cursor.isSign(")", 2));
}

/** What PostgreSQL's statements may end with. */
function refuseClauses(cursor: Cursor): void {
  if (cursor.isWords("on", "conflict")) {
    cursor.refuse("ON CONFLICT is not supported by Redshift", cursor.at, { hint: "Use MERGE." });
  }
  if (cursor.isWord("returning")) cursor.refuse("RETURNING is not supported by Redshift", cursor.at);
}

function parseUpdate(cursor: Cursor, common: WithClause): Told {
  const { at } = cursor;
  cursor.expect("update");
  cursor.accept("only");
  const table = cursor.qualifiedName();
  const alias = parseTargetAlias(cursor);
  cursor.expect("set");
  const set = parseAssignments(cursor);
  const from = cursor.accept("from") ? cursor.commas(() => parseTableRef(cursor)) : [];
  const where = cursor.accept("where") ? cursor.expression() : undefined;
  refuseClauses(cursor);
  return {
    statement: { kind: "update", ...common, table, set, from, at, ...alias, ...(where === undefined ? {} : { where }) },
    verb: "UPDATE",
  };
}

function parseTargetAlias(cursor: Cursor): { readonly alias?: string } {
  if (cursor.accept("as")) return { alias: cursor.name() };
  if (cursor.isWord("set")) return {};
  return cursor.isAlias() ? { alias: cursor.name() } : {};
}

function parseAssignments(cursor: Cursor): Update["set"] {
  return cursor.commas(() => {
    const { at } = cursor;
    // A column may be named with its table before it.
    const { parts } = cursor.qualifiedName();
    cursor.expectSign("=");
    return { column: parts.at(-1)!, value: parseExpressionOrDefault(cursor), at };
  });
}

function parseDelete(cursor: Cursor, common: WithClause): Told {
  const { at } = cursor;
  cursor.expect("delete");
  cursor.accept("from");
  cursor.accept("only");
  const table = cursor.qualifiedName();
  const alias = parseTargetAlias(cursor);
  const using = cursor.accept("using") ? cursor.commas(() => parseTableRef(cursor)) : [];
  const where = cursor.accept("where") ? cursor.expression() : undefined;
  refuseClauses(cursor);
  return {
    statement: { kind: "delete", ...common, table, using, at, ...alias, ...(where === undefined ? {} : { where }) },
    verb: "DELETE",
  };
}

function parseMerge(cursor: Cursor): Told {
  const { at } = cursor;
  cursor.expect("merge", "into");
  const target = cursor.qualifiedName();
  if (!cursor.isWord("using")) {
    cursor.refuse("the target table of MERGE takes no alias", cursor.at, {
      hint: "Name its columns by the table's own name.",
    });
  }
  cursor.expect("using");
  const source = parseTablePrimary(cursor);
  if (source.kind !== "table" && source.kind !== "table-query") {
    return cursor.refuse("the source of MERGE is a table, a view or a subquery", source.at);
  }
  cursor.expect("on");
  const on = cursor.expression();
  const base = { kind: "merge", target, source: source as TableName | TableQuery, on, at } as const;
  if (cursor.accept("remove", "duplicates")) {
    return { statement: { ...base, removeDuplicates: true }, verb: "MERGE" };
  }
  const clauses = parseMergeClauses(cursor);
  return { statement: { ...base, ...clauses, removeDuplicates: false }, verb: "MERGE" };
}

function parseMergeClauses(cursor: Cursor): Pick<Merge, "matched" | "notMatched"> {
  let matched: Merge["matched"];
  let notMatched: Merge["notMatched"];
  while (cursor.isWord("when")) {
    const { at } = cursor;
    cursor.expect("when");
    const not = cursor.accept("not");
    cursor.expect("matched");
    if (cursor.isWord("and")) {
      cursor.refuse("WHEN MATCHED takes no further condition in Redshift", cursor.at, {
        hint: "Put the condition into the source's query.",
      });
    }
    cursor.expect("then");
    if (not ? notMatched !== undefined : matched !== undefined) {
      cursor.refuse(`MERGE takes one WHEN ${not ? "NOT " : ""}MATCHED clause`, at);
    }
    if (not) notMatched = parseMergeInsert(cursor);
    else matched = parseMergeMatched(cursor);
  }
  if (matched === undefined || notMatched === undefined) {
    // Redshift wants both; the short form is REMOVE DUPLICATES.
    throw cursor.unexpected();
  }
  return { matched, notMatched };
}

function parseMergeMatched(cursor: Cursor): NonNullable<Merge["matched"]> {
  if (cursor.accept("delete")) return { action: "delete" };
  cursor.expect("update", "set");
  return { action: "update", set: parseAssignments(cursor) };
}

function parseMergeInsert(cursor: Cursor): NonNullable<Merge["notMatched"]> {
  cursor.expect("insert");
  const columns = cursor.isSign("(") ? cursor.list(() => cursor.name()) : undefined;
  cursor.expect("values");
  const values = cursor.list(() => parseExpressionOrDefault(cursor));
  return { values, ...(columns === undefined ? {} : { columns }) };
}
