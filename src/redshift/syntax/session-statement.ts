/** Statements about the session: transactions, settings, cursors, prepared statements, EXPLAIN. */
import type { SetVariable, Transaction } from "./ast.js";
import type { Cursor, Told } from "./cursor.js";
import { parseShow } from "./show.js";
import { parseType } from "./type-name.js";

/** Undefined where the next word begins none of them. */
export function parseSessionStatement(cursor: Cursor): Told | undefined {
  const { at, text } = cursor.peek();
  switch (text) {
    case "begin":
    case "start":
    case "commit":
    case "end":
    case "rollback":
    case "abort":
      return parseTransaction(cursor);
    case "savepoint":
    case "release":
      return cursor.refuse('SQL command "SAVEPOINT" not supported.', at, { state: "0A000" });
    case "set":
      return parseSet(cursor);
    case "reset":
      cursor.next();
      return {
        statement: { kind: "reset", name: cursor.accept("all") ? undefined : settingName(cursor), at },
        verb: "RESET",
      };
    case "show":
      return parseShow(cursor);
    case "declare":
      return parseDeclare(cursor);
    case "fetch":
      return parseFetch(cursor);
    case "close":
      cursor.next();
      return {
        statement: { kind: "close", name: cursor.accept("all") ? undefined : cursor.name(), at },
        verb: "CLOSE",
      };
    case "prepare":
      return parsePrepare(cursor);
    case "execute": {
      cursor.next();
      const name = cursor.name();
      const args = cursor.isSign("(") ? cursor.list(() => cursor.expression()) : [];
      return { statement: { kind: "execute", name, args, at }, verb: "EXECUTE" };
    }
    case "deallocate":
      cursor.next();
      cursor.accept("prepare");
      return {
        statement: { kind: "deallocate", name: cursor.accept("all") ? undefined : cursor.name(), at },
        verb: "DEALLOCATE",
      };
    case "explain":
      return parseExplain(cursor);
    default:
      return undefined;
  }
}

function parseTransaction(cursor: Cursor): Told {
  const { at, text } = cursor.next();
  if (text === "start") cursor.expect("transaction");
  else if (cursor.acceptOne("work", "transaction") === undefined && text === "rollback" && cursor.isWord("to")) {
    cursor.refuse('SQL command "ROLLBACK TO SAVEPOINT" not supported.', at, { state: "0A000" });
  }
  if (text === "begin" || text === "start") {
    return { statement: { kind: "transaction", action: "begin", at, ...parseModes(cursor) }, verb: "BEGIN" };
  }
  const action = text === "commit" || text === "end" ? "commit" : "rollback";
  return { statement: { kind: "transaction", action, at }, verb: action.toUpperCase() };
}

/** ISOLATION LEVEL ..., READ ONLY, READ WRITE, in any order, with commas or without. */
function parseModes(cursor: Cursor): Pick<Transaction, "isolation" | "readOnly"> {
  let isolation: string | undefined;
  let readOnly: boolean | undefined;
  for (;;) {
    if (cursor.accept("isolation", "level")) {
      if (cursor.accept("read", "committed")) isolation = "read committed";
      else if (cursor.accept("read", "uncommitted")) isolation = "read uncommitted";
      else if (cursor.accept("repeatable", "read")) isolation = "repeatable read";
      else if (cursor.accept("snapshot")) isolation = "snapshot";
      else {
        cursor.expect("serializable");
        isolation = "serializable";
      }
    } else if (cursor.accept("read", "only")) readOnly = true;
    else if (cursor.accept("read", "write")) readOnly = false;
    else if (!cursor.acceptSign(",")) break;
  }
  return { ...(isolation === undefined ? {} : { isolation }), ...(readOnly === undefined ? {} : { readOnly }) };
}

function parseSet(cursor: Cursor): Told {
  const { at } = cursor;
  cursor.expect("set");
  const verb = "SET";
  const told = (name: string, values: SetVariable["values"], local = false): Told => ({
    statement: { kind: "set", name, local, values, at },
    verb,
  });
  if (cursor.accept("session", "characteristics", "as", "transaction")) {
    const { isolation = "serializable", readOnly } = parseModes(cursor);
    if (readOnly !== undefined) return told("default_transaction_read_only", [readOnly ? "on" : "off"]);
    return told("default_transaction_isolation", [isolation]);
  }
  if (cursor.accept("transaction")) {
    const { isolation = "serializable", readOnly } = parseModes(cursor);
    if (readOnly !== undefined) return told("transaction_read_only", [readOnly ? "on" : "off"], true);
    return told("transaction_isolation", [isolation], true);
  }
  if (cursor.accept("session", "authorization") || cursor.accept("local", "session", "authorization")) {
    return told("session_authorization", cursor.accept("default") ? undefined : [nameOrString(cursor)]);
  }
  const local = cursor.accept("local");
  if (!local && cursor.isWord("session") && cursor.peek(1).kind === "word") cursor.accept("session");
  if (cursor.accept("time", "zone")) return told("timezone", zoneValues(cursor), local);
  if (cursor.accept("role")) return told("role", [nameOrString(cursor)], local);
  if (cursor.accept("names")) return told("client_encoding", [nameOrString(cursor)], local);
  const name = settingName(cursor);
  if (!cursor.acceptSign("=")) cursor.expect("to");
  if (cursor.accept("default")) return told(name, undefined, local);
  return told(
    name,
    cursor.commas(() => settingValue(cursor)),
    local,
  );
}

function zoneValues(cursor: Cursor): SetVariable["values"] {
  if (cursor.acceptOne("local", "default") !== undefined) return undefined;
  if (cursor.accept("interval")) return [cursor.string()];
  return [settingValue(cursor)];
}

function nameOrString(cursor: Cursor): string {
  return cursor.peek().kind === "string" ? cursor.string() : cursor.label();
}

function settingName(cursor: Cursor): string {
  let name = cursor.label();
  while (cursor.acceptSign(".")) name += `.${cursor.label()}`;
  return name;
}

function settingValue(cursor: Cursor): string {
  const token = cursor.peek();
  if (token.kind === "string") return cursor.string();
  if (token.kind === "operator" && (token.text === "-" || token.text === "+")) {
    cursor.next();
    if (cursor.peek().kind !== "number") throw cursor.unexpected();
    return `${token.text === "-" ? "-" : ""}${cursor.next().text}`;
  }
  if (token.kind === "number") return cursor.next().text;
  return settingName(cursor);
}

function parseDeclare(cursor: Cursor): Told {
  const { at } = cursor;
  cursor.expect("declare");
  const name = cursor.name();
  for (;;) {
    if (cursor.accept("no", "scroll") || cursor.accept("insensitive") || cursor.accept("binary")) continue;
    if (cursor.isWord("scroll")) cursor.refuse("DECLARE SCROLL CURSOR is not supported", cursor.at, { state: "0A000" });
    break;
  }
  cursor.expect("cursor");
  if (cursor.isWords("with", "hold"))
    cursor.refuse("DECLARE CURSOR WITH HOLD is not supported", cursor.at, { state: "0A000" });
  cursor.accept("without", "hold");
  cursor.expect("for");
  return { statement: { kind: "declare", name, query: cursor.query(), at }, verb: "DECLARE CURSOR" };
}

function parseFetch(cursor: Cursor): Told {
  const { at } = cursor;
  cursor.expect("fetch");
  if (cursor.isWord("prior", "first", "last", "absolute", "relative", "backward")) {
    cursor.refuse("cursor can only scan forward", cursor.at, {
      state: "55000",
      hint: "FETCH NEXT, ALL, FORWARD n or FORWARD ALL.",
    });
  }
  let count: number | "all" = 1;
  if (cursor.accept("next")) count = 1;
  else if (cursor.accept("forward"))
    count = cursor.accept("all") ? "all" : cursor.peek().kind === "number" ? cursor.integer() : 1;
  else if (cursor.accept("all")) count = "all";
  else if (cursor.peek().kind === "number") count = cursor.integer();
  cursor.acceptOne("from", "in");
  return { statement: { kind: "fetch", name: cursor.name(), count, at }, verb: "FETCH" };
}

function parsePrepare(cursor: Cursor): Told {
  const { at } = cursor;
  cursor.expect("prepare");
  const name = cursor.name();
  const types = cursor.isSign("(") ? cursor.list(() => parseType(cursor)) : [];
  cursor.expect("as");
  const { at: begin } = cursor;
  if (!cursor.isWord("select", "with", "insert", "update", "delete") && !cursor.isSign("(")) throw cursor.unexpected();
  const { statement } = cursor.statement();
  return {
    statement: { kind: "prepare", name, types, statement, statementText: cursor.sql.slice(begin, cursor.lastEnd), at },
    verb: "PREPARE",
  };
}

/** What EXPLAIN can stand before. */
const EXPLAINED = ["select", "with", "insert", "update", "delete", "merge", "create", "declare", "execute"] as const;

function parseExplain(cursor: Cursor): Told {
  const { at } = cursor;
  cursor.expect("explain");
  const analyze = cursor.accept("analyze");
  const verbose = cursor.accept("verbose");
  if (!cursor.isWord(...EXPLAINED) && !cursor.isSign("(")) throw cursor.unexpected();
  const { statement } = cursor.statement();
  return { statement: { kind: "explain", analyze, verbose, statement, at }, verb: "EXPLAIN" };
}
