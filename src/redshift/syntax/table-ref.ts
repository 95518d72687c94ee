/** What stands in FROM: tables, subqueries, functions, joins, pivots. */
import type {
  Call,
  Expression,
  Join,
  SelectItem,
  TableAlias,
  TableFunction,
  TableName,
  TableQuery,
  TableRef,
} from "./ast.js";
import { parseCall } from "./call.js";
import type { Cursor } from "./cursor.js";
import { isQueryNext } from "./query-ahead.js";
import { parseItem } from "./select-item.js";
import { parseType } from "./type-name.js";

export function parseTableRef(cursor: Cursor): TableRef {
  const { at } = cursor;
  let left = parsePivots(cursor, parseTablePrimary(cursor));
  for (let links = 0; ; links++) {
    cursor.checkChain(links);
    const natural = cursor.accept("natural");
    const type = parseJoinType(cursor);
    if (type === undefined) {
      if (natural) throw cursor.unexpected();
      return left;
    }
    const right = parsePivots(cursor, parseTablePrimary(cursor));
    left = { kind: "join", type, natural, left, right, at, ...joinCondition(cursor, type, natural) };
  }
}

function parseJoinType(cursor: Cursor): Join["type"] | undefined {
  if (cursor.accept("join") || cursor.accept("inner", "join")) return "inner";
  if (cursor.accept("cross", "join")) return "cross";
  for (const type of ["left", "right", "full"] as const) {
    if (cursor.isWords(type, "join") || cursor.isWords(type, "outer", "join")) {
      cursor.next();
      cursor.accept("outer");
      cursor.expect("join");
      return type;
    }
  }
  return undefined;
}

function joinCondition(cursor: Cursor, type: Join["type"], natural: boolean): Pick<Join, "on" | "using"> {
  if (type === "cross" || natural) return {};
  if (cursor.accept("using")) return { using: cursor.list(() => cursor.name()) };
  cursor.expect("on");
  return { on: cursor.expression() };
}

export function parseTablePrimary(cursor: Cursor): TableRef {
  const { at } = cursor;
  if (cursor.isWord("lateral")) {
    return cursor.refuse("LATERAL is not supported by Redshift", at, {
      hint: "Use a join, or a subquery in the select list.",
    });
  }
  if (cursor.isWord("unpivot")) return parseObjectUnpivot(cursor);
  if (cursor.isSign("(")) return parseParenthesized(cursor);
  cursor.accept("only");
  const name = cursor.accept("unnest") ? { at, parts: ["unnest"] } : cursor.qualifiedName();
  if (cursor.isSign("(")) return parseFunction(cursor, parseCall(cursor, name));
  if (cursor.isSign("[")) return parsePath(cursor, name.parts, at);
  const alias = parseAlias(cursor);
  const atAlias = cursor.accept("at") ? cursor.name() : undefined;
  return {
    kind: "table",
    name,
    at,
    ...(alias === undefined ? {} : { alias }),
    ...(atAlias === undefined ? {} : { atAlias }),
  };
}

/** `o.lines[0].items AS i AT n`: a path into a SUPER value. */
function parsePath(cursor: Cursor, parts: readonly string[], at: number): TableName {
  let path: Expression = { kind: "column", parts, at };
  for (;;) {
    if (cursor.acceptSign("[")) {
      const index = cursor.expression();
      cursor.expectSign("]");
      path = { kind: "subscript", operand: path, index, at };
    } else if (cursor.acceptSign(".")) {
      path = { kind: "path", operand: path, name: cursor.label(), at };
    } else {
      break;
    }
  }
  const alias = parseAlias(cursor);
  const atAlias = cursor.accept("at") ? cursor.name() : undefined;
  return {
    kind: "table",
    name: { parts, at },
    path,
    at,
    ...(alias === undefined ? {} : { alias }),
    ...(atAlias === undefined ? {} : { atAlias }),
  };
}

function parseObjectUnpivot(cursor: Cursor): TableRef {
  const { at } = cursor;
  cursor.expect("unpivot");
  const expression = cursor.expression();
  cursor.accept("as");
  const valueAlias = cursor.name();
  const nameAlias = cursor.accept("at") ? cursor.name() : undefined;
  return { kind: "object-unpivot", expression, valueAlias, at, ...(nameAlias === undefined ? {} : { nameAlias }) };
}

/** A subquery, or a join in parentheses. */
function parseParenthesized(cursor: Cursor): TableRef {
  const { at } = cursor;
  cursor.expectSign("(");
  if (cursor.isWord("values")) {
    return cursor.refuse("VALUES in FROM is not supported by Redshift", cursor.at, {
      hint: "Use SELECT ... UNION ALL SELECT ..., or a temporary table.",
    });
  }
  if (isQueryNext(cursor)) {
    const query = cursor.query();
    cursor.expectSign(")");
    const alias = parseAlias(cursor);
    const found: TableQuery = {
      kind: "table-query",
      query,
      lateral: false,
      at,
      ...(alias === undefined ? {} : { alias }),
    };
    return found;
  }
  const inner = cursor.deeper(() => parseTableRef(cursor));
  cursor.expectSign(")");
  if (cursor.isAlias() || cursor.isWord("as")) {
    const alias = parseAlias(cursor)!;
    if (inner.kind === "table" && inner.alias === undefined) return { ...inner, alias };
    throw cursor.unexpected();
  }
  return inner;
}

function parseFunction(cursor: Cursor, call: Call): TableFunction {
  const { at } = call;
  // `f() AS (a int)` and `f() AS t(a int, b text)` say what the columns are.
  const typed = cursor.isWord("as") && cursor.isSign("(", 1) ? "" : undefined;
  if (typed !== undefined) {
    cursor.expect("as");
    return { kind: "table-function", call, columns: typedColumns(cursor), at };
  }
  const begin = cursor.position();
  const named = cursor.accept("as") || cursor.isAlias();
  if (!named) return { kind: "table-function", call, at };
  const name = cursor.name();
  if (cursor.isSign("(") && !cursor.isSign(",", 2) && !cursor.isSign(")", 2)) {
    return { kind: "table-function", call, alias: { name }, columns: typedColumns(cursor), at };
  }
  cursor.reset(begin);
  return { kind: "table-function", call, alias: parseAlias(cursor)!, at };
}

function typedColumns(cursor: Cursor) {
  return cursor.list(() => ({ name: cursor.name(), type: parseType(cursor) }));
}

export function parseAlias(cursor: Cursor): TableAlias | undefined {
  const as = cursor.accept("as");
  if (!as && !cursor.isAlias()) return undefined;
  const name = cursor.name();
  return cursor.isSign("(") ? { name, columns: cursor.list(() => cursor.name()) } : { name };
}

function parsePivots(cursor: Cursor, first: TableRef): TableRef {
  let source = first;
  for (;;) {
    if (cursor.isWord("pivot") && cursor.isSign("(", 1)) source = parsePivot(cursor, source);
    else if (cursor.isWord("unpivot")) source = parseUnpivot(cursor, source);
    else return source;
  }
}

function parsePivot(cursor: Cursor, source: TableRef): TableRef {
  const { at } = cursor;
  cursor.expect("pivot");
  cursor.expectSign("(");
  const aggregates = cursor.commas(() => parseItem(cursor));
  cursor.expect("for");
  const { parts, at: columnAt } = cursor.qualifiedName();
  const column: Expression = { kind: "column", parts, at: columnAt };
  cursor.expect("in");
  const values = cursor.list(() => parseItem(cursor));
  cursor.expectSign(")");
  const alias = parseAlias(cursor);
  return { kind: "pivot", source, aggregates, column, values, at, ...(alias === undefined ? {} : { alias }) };
}

function parseUnpivot(cursor: Cursor, source: TableRef): TableRef {
  const { at } = cursor;
  cursor.expect("unpivot");
  const includeNulls = cursor.accept("include", "nulls");
  if (!includeNulls) cursor.accept("exclude", "nulls");
  cursor.expectSign("(");
  const valueColumn = cursor.name();
  cursor.expect("for");
  const nameColumn = cursor.name();
  cursor.expect("in");
  const columns: SelectItem[] = cursor.list(() => parseItem(cursor));
  cursor.expectSign(")");
  const alias = parseAlias(cursor);
  return {
    kind: "unpivot",
    source,
    includeNulls,
    valueColumn,
    nameColumn,
    columns,
    at,
    ...(alias === undefined ? {} : { alias }),
  };
}
