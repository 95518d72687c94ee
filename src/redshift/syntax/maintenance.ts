/** ANALYZE, VACUUM, LOCK, COMMENT, GRANT, CANCEL, CALL and their like. */
import type { Comment, Vacuum } from "./ast.js";
import type { Cursor, Told } from "./cursor.js";
import { parseGrant } from "./grant.js";
import { skipStatement, unsupportedStatement } from "./unsupported.js";

/** Undefined where the next word begins none of them. */
export function parseMaintenance(cursor: Cursor): Told | undefined {
  const { at, text } = cursor.peek();
  switch (text) {
    case "analyze":
    case "analyse":
      return parseAnalyze(cursor);
    case "vacuum":
      return parseVacuum(cursor);
    case "lock": {
      cursor.next();
      cursor.accept("table");
      const tables = cursor.commas(() => cursor.qualifiedName());
      if (cursor.accept("in")) skipStatement(cursor);
      return { statement: { kind: "lock", tables, at }, verb: "LOCK TABLE" };
    }
    case "comment":
      return parseComment(cursor);
    case "grant":
    case "revoke":
      return parseGrant(cursor);
    case "cancel": {
      cursor.next();
      const processId = cursor.integer();
      if (cursor.peek().kind === "string") cursor.string();
      return { statement: { kind: "cancel", processId, at }, verb: "CANCEL" };
    }
    case "call": {
      cursor.next();
      const name = cursor.qualifiedName();
      cursor.expectSign("(");
      const args = cursor.isSign(")") ? [] : cursor.commas(() => cursor.expression());
      cursor.expectSign(")");
      return { statement: { kind: "call-procedure", name, args, at }, verb: "CALL" };
    }
    case "attach":
    case "desc":
    case "detach":
    case "use":
      return unsupportedStatement(cursor, text.toUpperCase(), at);
    case "do":
    case "listen":
    case "notify":
    case "unlisten":
    case "reindex":
    case "cluster":
    case "load":
    case "checkpoint":
    case "discard":
      return cursor.refuse(`SQL command "${text.toUpperCase()}" not supported.`, at, { state: "0A000" });
    default:
      return undefined;
  }
}

function parseAnalyze(cursor: Cursor): Told {
  const { at } = cursor.next();
  if (cursor.accept("compression")) {
    const table = cursor.isName() && !cursor.isWord("comprows") ? cursor.qualifiedName() : undefined;
    const columns = cursor.isSign("(") ? cursor.list(() => cursor.name()) : undefined;
    const compRows = cursor.accept("comprows") ? cursor.integer() : undefined;
    return {
      statement: {
        kind: "analyze-compression",
        at,
        ...(table === undefined ? {} : { table }),
        ...(columns === undefined ? {} : { columns }),
        ...(compRows === undefined ? {} : { compRows }),
      },
      verb: "ANALYZE COMPRESSION",
    };
  }
  cursor.accept("verbose");
  const table = cursor.isName() && !cursor.isWord("predicate") ? cursor.qualifiedName() : undefined;
  const columns = cursor.isSign("(") ? cursor.list(() => cursor.name()) : undefined;
  if (!cursor.accept("predicate", "columns")) cursor.accept("all", "columns");
  return {
    statement: {
      kind: "analyze",
      at,
      ...(table === undefined ? {} : { table }),
      ...(columns === undefined ? {} : { columns }),
    },
    verb: "ANALYZE",
  };
}

const MODES = [["full"], ["sort", "only"], ["delete", "only"], ["reindex"], ["recluster"]] as const;

function parseVacuum(cursor: Cursor): Told {
  const { at } = cursor.next();
  const words = MODES.find((one) => cursor.accept(...one)) ?? ["full"];
  const table = cursor.isName() && !cursor.isWord("boost") ? cursor.qualifiedName() : undefined;
  if (cursor.accept("to")) {
    cursor.next();
    cursor.accept("percent");
  }
  const boost = cursor.accept("boost");
  return {
    statement: {
      kind: "vacuum",
      mode: words.join(" ") as Vacuum["mode"],
      boost,
      at,
      ...(table === undefined ? {} : { table }),
    },
    verb: "VACUUM",
  };
}

const COMMENTED = ["table", "view", "column", "schema", "database", "constraint"] as const;

function parseComment(cursor: Cursor): Told {
  const { at } = cursor;
  cursor.expect("comment", "on");
  const object: Comment["object"] | undefined = cursor.acceptOne(...COMMENTED);
  if (object === undefined) throw cursor.unexpected();
  let name = cursor.qualifiedName(object === "column" ? 4 : 3);
  if (object === "constraint" && cursor.accept("on")) {
    const { parts } = cursor.qualifiedName();
    name = { parts: [...parts, ...name.parts], at: name.at };
  }
  cursor.expect("is");
  const text = cursor.accept("null") ? undefined : cursor.string();
  return { statement: { kind: "comment", object, name, text, at }, verb: "COMMENT" };
}
