/** ALTER of tables, views, schemas and users. */
import type { AlterTableAction } from "./ast.js";
import { parseProperties } from "./create.js";
import type { Cursor, Told } from "./cursor.js";
import { parseDefaultPrivileges } from "./grant.js";
import { parseAttributes, parseColumn, parseConstraint, parseEncoding, parseSortKey } from "./table-definition.js";
import { parseType } from "./type-name.js";
import { unsupported, unsupportedStatement } from "./unsupported.js";
import { parseUserStatement } from "./user-statement.js";

export function parseAlter(cursor: Cursor): Told {
  const { at } = cursor;
  cursor.expect("alter");
  if (cursor.isWord("user", "group", "role")) return parseUserStatement(cursor, "alter", at);
  if (cursor.accept("default", "privileges")) return parseDefaultPrivileges(cursor, at);
  if (cursor.accept("schema")) return parseAlterSchema(cursor, at);
  if (cursor.accept("materialized", "view")) {
    const name = cursor.qualifiedName();
    if (cursor.accept("auto", "refresh")) {
      const on = cursor.acceptOne("yes", "no") === "yes";
      return {
        statement: { kind: "alter-materialized-view", name, action: { type: "auto-refresh", on }, at },
        verb: "ALTER MATERIALIZED VIEW",
      };
    }
    return {
      statement: { kind: "alter-materialized-view", name, action: parseAction(cursor), at },
      verb: "ALTER MATERIALIZED VIEW",
    };
  }
  const view = cursor.isWord("view");
  if (!view && !cursor.isWord("table")) return unsupported(cursor, "ALTER", at);
  cursor.next();
  const name = cursor.qualifiedName();
  const verb = view ? "ALTER VIEW" : "ALTER TABLE";
  const lacking = LACKING.find((words) => cursor.isWords(...words));
  if (lacking !== undefined) return unsupportedStatement(cursor, `${verb} ${lacking.join(" ").toUpperCase()}`, at);
  return { statement: { kind: "alter-table", name, view, action: parseAction(cursor), at }, verb };
}

/** Actions of Redshift's that Penstock does not carry out. */
const LACKING = [
  ["set", "location"],
  ["set", "file", "format"],
  ["partition"],
  ["row", "level", "security"],
  ["masking"],
] as const;

function parseAlterSchema(cursor: Cursor, at: number): Told {
  const name = cursor.name();
  const verb = "ALTER SCHEMA";
  if (cursor.accept("rename", "to"))
    return { statement: { kind: "alter-schema", name, action: { type: "rename", to: cursor.name() }, at }, verb };
  if (cursor.accept("owner", "to"))
    return { statement: { kind: "alter-schema", name, action: { type: "owner", to: cursor.label() }, at }, verb };
  cursor.expect("quota");
  const to = cursor.accept("unlimited") ? "unlimited" : `${cursor.integer()} ${cursor.label()}`;
  return { statement: { kind: "alter-schema", name, action: { type: "quota", to }, at }, verb };
}

function parseAction(cursor: Cursor): AlterTableAction {
  if (cursor.accept("add")) return parseAdd(cursor);
  if (cursor.accept("drop")) return parseDropAction(cursor);
  if (cursor.accept("rename")) {
    if (cursor.accept("to")) return { type: "rename-table", to: cursor.name() };
    cursor.accept("column");
    const column = cursor.name();
    cursor.expect("to");
    return { type: "rename-column", column, to: cursor.name() };
  }
  if (cursor.accept("owner", "to")) return { type: "owner", to: cursor.label() };
  if (cursor.accept("set", "schema")) return { type: "set-schema", to: cursor.name() };
  if (cursor.accept("set", "table", "properties")) return { type: "set-property", properties: parseProperties(cursor) };
  if (cursor.accept("append", "from")) return parseAppend(cursor);
  if (cursor.isWord("alter")) return parseAlterings(cursor);
  throw cursor.unexpected();
}

function parseAdd(cursor: Cursor): AlterTableAction {
  const ifNotExists = cursor.accept("if", "not", "exists");
  if (cursor.isWord("partition")) {
    const [first, ...more] = parsePartitions(cursor);
    return { type: "add-partition", ifNotExists, ...first!, ...(more.length === 0 ? {} : { more }) };
  }
  const constraint = parseConstraint(cursor);
  if (constraint !== undefined) return { type: "add-constraint", constraint };
  cursor.accept("column");
  return { type: "add-column", column: parseColumn(cursor) };
}

function parsePartitions(cursor: Cursor) {
  const partitions: { values: Record<string, string>; location: string }[] = [];
  do {
    cursor.expect("partition");
    const values = parsePartition(cursor);
    cursor.expect("location");
    partitions.push({ values, location: cursor.string() });
  } while (cursor.acceptSign(",") || cursor.isWord("partition"));
  return partitions;
}

function parsePartition(cursor: Cursor): Record<string, string> {
  return Object.fromEntries(
    cursor.list(() => {
      const name = cursor.name();
      cursor.expectSign("=");
      return [name, cursor.peek().kind === "string" ? cursor.string() : cursor.next().text];
    }),
  );
}

function parseDropAction(cursor: Cursor): AlterTableAction {
  if (cursor.accept("partition")) return { type: "drop-partition", values: parsePartition(cursor) };
  const isConstraint = cursor.accept("constraint");
  if (!isConstraint) cursor.accept("column");
  const name = cursor.name();
  const behavior = cursor.acceptOne("restrict", "cascade");
  const how = behavior === undefined ? {} : { behavior };
  return isConstraint ? { type: "drop-constraint", name, ...how } : { type: "drop-column", column: name, ...how };
}

function parseAppend(cursor: Cursor): AlterTableAction {
  const from = cursor.qualifiedName();
  let ignoreExtra = false;
  let fillTarget = false;
  for (;;) {
    if (cursor.accept("ignoreextra")) ignoreExtra = true;
    else if (cursor.accept("filltarget")) fillTarget = true;
    else return { type: "append", from, ignoreExtra, fillTarget };
  }
}

/** ALTER COLUMN c TYPE t | ENCODE e, several encodings at once; ALTER DISTKEY, DISTSTYLE, SORTKEY, ENCODE AUTO. */
function parseAlterings(cursor: Cursor): AlterTableAction {
  cursor.expect("alter");
  if (cursor.accept("column")) {
    const column = cursor.name();
    if (cursor.accept("type")) return { type: "alter-type", column, to: parseType(cursor) };
    cursor.expect("encode");
    const columns = [{ column, encode: parseEncoding(cursor) }];
    while (cursor.acceptSign(",")) {
      cursor.expect("alter", "column");
      const next = cursor.name();
      cursor.expect("encode");
      columns.push({ column: next, encode: parseEncoding(cursor) });
    }
    return { type: "alter-encode", columns };
  }
  if (cursor.isWords("encode", "auto")) return { type: "alter-attributes", attributes: parseAttributes(cursor) };
  let attributes = {};
  do {
    cursor.accept("alter");
    const one = cursor.isWord("compound", "interleaved", "sortkey")
      ? { sortKey: parseSortKey(cursor) }
      : parseAttributes(cursor);
    if (Object.keys(one).length === 0) throw cursor.unexpected();
    attributes = { ...attributes, ...one };
  } while (cursor.acceptSign(","));
  return { type: "alter-attributes", attributes };
}
