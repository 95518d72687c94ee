/** Tells statements apart by their first words, and hands each to the file that reads it. */

import { parseAlter } from "./alter.js";
import { parseChange } from "./change.js";
import { parseCreate } from "./create.js";
import type { Cursor, Told } from "./cursor.js";
import { parseLoad } from "./load.js";
import { parseMaintenance } from "./maintenance.js";
import { parseQueryBehind, parseWith } from "./query.js";
import { parseSessionStatement } from "./session-statement.js";

export function parseStatement(cursor: Cursor): Told {
  const first = cursor.peek();
  if (first.kind === "operator" && first.text === "(") return parseQueryStatement(cursor);
  if (first.kind !== "word") throw cursor.unexpected();
  switch (first.text) {
    case "select":
      return parseQueryStatement(cursor);
    case "with":
      return parseWithStatement(cursor);
    case "values":
      return cursor.refuse("VALUES as a statement is not supported by Redshift", first.at, {
        hint: "Use SELECT ... UNION ALL SELECT ...",
      });
    case "table":
      return cursor.refuse(`syntax error at or near "table"`, first.at, { hint: "Use SELECT * FROM the table." });
    case "insert":
    case "update":
    case "delete":
    case "merge":
    case "truncate":
      return parseChange(cursor);
    case "create":
    case "drop":
    case "refresh":
      return parseCreate(cursor);
    case "alter":
      return parseAlter(cursor);
    case "copy":
    case "unload":
      return parseLoad(cursor);
    default:
      return parseSessionStatement(cursor) ?? parseMaintenance(cursor) ?? unknown(cursor);
  }
}

export function parseQueryStatement(cursor: Cursor): Told {
  const { at } = cursor;
  return { statement: { kind: "query-statement", query: cursor.query(), at }, verb: "SELECT" };
}

/** WITH stands before SELECT, and before UPDATE and DELETE too. */
function parseWithStatement(cursor: Cursor): Told {
  const { at } = cursor;
  const withClause = parseWith(cursor);
  if (cursor.isWord("update", "delete")) return parseChange(cursor, withClause);
  if (cursor.isWord("insert")) {
    cursor.refuse('syntax error at or near "insert"', cursor.at, { hint: "INSERT INTO t WITH ... SELECT ..." });
  }
  if (cursor.isWord("merge")) {
    cursor.refuse('syntax error at or near "merge"', cursor.at, { hint: "Put the WITH into a subquery behind USING." });
  }
  return {
    statement: { kind: "query-statement", query: parseQueryBehind(cursor, withClause, at), at },
    verb: "SELECT",
  };
}

function unknown(cursor: Cursor): never {
  throw cursor.unexpected();
}
