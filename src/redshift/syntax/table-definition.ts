/** What stands in and behind the parentheses of CREATE TABLE. */
import type { ColumnDefinition, CreateTable, ForeignKeyTarget, TableAttributes, TableConstraint } from "./ast.js";
import type { Cursor } from "./cursor.js";
import { parseType } from "./type-name.js";

export function parseElements(cursor: Cursor): CreateTable["elements"][number] {
  const { at } = cursor;
  if (cursor.isWord("like")) {
    cursor.expect("like");
    const table = cursor.qualifiedName();
    let includingDefaults = false;
    for (;;) {
      if (cursor.accept("including", "defaults")) includingDefaults = true;
      else if (!cursor.accept("excluding", "defaults")) break;
    }
    return { element: "like", table, includingDefaults, at };
  }
  const constraint = parseConstraint(cursor);
  if (constraint !== undefined) return { element: "constraint", constraint, at };
  return { element: "column", ...parseColumn(cursor) };
}

export function parseConstraint(cursor: Cursor): TableConstraint | undefined {
  const name = cursor.accept("constraint") ? cursor.name() : undefined;
  const named = name === undefined ? {} : { name };
  if (cursor.accept("primary", "key"))
    return { type: "primary-key", columns: cursor.list(() => cursor.name()), ...named };
  if (cursor.isWord("unique") && cursor.isSign("(", 1)) {
    cursor.next();
    return { type: "unique", columns: cursor.list(() => cursor.name()), ...named };
  }
  if (cursor.accept("foreign", "key")) {
    const columns = cursor.list(() => cursor.name());
    cursor.expect("references");
    return { type: "foreign-key", columns, references: parseForeignTarget(cursor), ...named };
  }
  if (cursor.isWord("check")) return refuseCheck(cursor);
  if (name !== undefined) throw cursor.unexpected();
  return undefined;
}

function refuseCheck(cursor: Cursor): never {
  return cursor.refuse("CHECK constraints are not supported by Redshift", cursor.at);
}

function parseForeignTarget(cursor: Cursor): ForeignKeyTarget {
  const table = cursor.qualifiedName();
  return cursor.isSign("(") ? { table, columns: cursor.list(() => cursor.name()) } : { table };
}

/** The mutable twin of a column, while its attributes come in. */
type Draft = { -readonly [K in keyof ColumnDefinition]: ColumnDefinition[K] };

export function parseColumn(cursor: Cursor): ColumnDefinition {
  const { at } = cursor;
  const name = cursor.name();
  if (cursor.isWord("serial", "bigserial", "smallserial", "serial4", "serial8")) {
    cursor.refuse(`type "${cursor.peek().text}" is not supported by Redshift`, cursor.at, {
      hint: "Use IDENTITY(seed, step).",
      state: "0A000",
    });
  }
  const type = parseType(cursor);
  if (type.array) {
    cursor.refuse("columns of array types are not supported by Redshift", type.at, {
      hint: "Use SUPER.",
      state: "0A000",
    });
  }
  const column: Draft = { name, type, at, distKey: false, sortKey: false, unique: false, primaryKey: false };
  while (parseColumnAttribute(cursor, column));
  return column;
}

function parseColumnAttribute(cursor: Cursor, column: Draft): boolean {
  if (cursor.accept("default")) {
    const { at } = cursor;
    column.default = cursor.expression();
    column.defaultText = cursor.sql.slice(at, cursor.lastEnd);
  } else if (cursor.isWord("identity")) {
    cursor.next();
    column.identity = { ...parseSeed(cursor), byDefault: false };
  } else if (cursor.accept("generated", "by", "default", "as", "identity")) {
    column.identity = { ...parseSeed(cursor), byDefault: true };
  } else if (cursor.accept("generated", "always", "as", "identity")) {
    column.identity = { ...parseSeed(cursor), byDefault: false };
  } else if (cursor.accept("encode")) column.encode = parseEncoding(cursor);
  else if (cursor.accept("distkey")) column.distKey = true;
  else if (cursor.accept("sortkey")) column.sortKey = true;
  else if (cursor.accept("not", "null")) column.notNull = true;
  else if (cursor.accept("null")) column.notNull = false;
  else if (cursor.accept("unique")) column.unique = true;
  else if (cursor.accept("primary", "key")) column.primaryKey = true;
  else if (cursor.accept("references")) column.references = parseForeignTarget(cursor);
  else if (cursor.accept("collate"))
    column.collate = cursor.peek().kind === "string" ? cursor.string() : cursor.label();
  else if (cursor.isWord("check")) refuseCheck(cursor);
  else return false;
  return true;
}

function parseSeed(cursor: Cursor): { readonly seed: number; readonly step: number } {
  if (!cursor.isSign("(")) return { seed: 1, step: 1 };
  const { at } = cursor;
  const [seed = 1, step = 1, ...more] = cursor.list(() => cursor.integer());
  if (more.length > 0) cursor.refuse("IDENTITY takes a seed and a step", at);
  return { seed, step };
}

export function parseEncoding(cursor: Cursor): string {
  return cursor.peek().kind === "string" ? cursor.string().toLowerCase() : cursor.label();
}

type AttributesDraft = { -readonly [K in keyof TableAttributes]: TableAttributes[K] };

/** In any order, up to what is none. */
export function parseAttributes(cursor: Cursor): TableAttributes {
  const attributes: AttributesDraft = {};
  for (;;) {
    const { at } = cursor;
    if (cursor.accept("diststyle")) {
      const style = cursor.acceptOne("auto", "even", "key", "all");
      if (style === undefined) throw cursor.unexpected();
      attributes.distStyle = style;
    } else if (cursor.accept("distkey")) {
      const [column, ...more] = cursor.isSign("(") ? cursor.list(() => cursor.name()) : [cursor.name()];
      if (more.length > 0) cursor.refuse("a table has one distribution key", at);
      attributes.distKey = column!;
    } else if (
      cursor.isWords("compound", "sortkey") ||
      cursor.isWords("interleaved", "sortkey") ||
      cursor.isWord("sortkey")
    ) {
      attributes.sortKey = parseSortKey(cursor);
    } else if (cursor.accept("encode", "auto")) attributes.encodeAuto = true;
    else if (cursor.accept("backup")) {
      const word = cursor.acceptOne("yes", "no");
      if (word === undefined) throw cursor.unexpected();
      attributes.backup = word === "yes";
    } else return attributes;
  }
}

export function parseSortKey(cursor: Cursor): NonNullable<TableAttributes["sortKey"]> {
  const style = cursor.acceptOne("compound", "interleaved") ?? "compound";
  cursor.expect("sortkey");
  if (cursor.accept("auto")) return { style: "auto" };
  if (cursor.accept("none")) return { style: "none" };
  return { style, columns: cursor.isSign("(") ? cursor.list(() => cursor.name()) : [cursor.name()] };
}
