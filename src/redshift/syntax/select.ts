/** SELECT and all of its clauses but those that belong to the query around it. */
import type { Expression, GroupItem, Select } from "./ast.js";
import type { Cursor } from "./cursor.js";
import { parseItem } from "./select-item.js";
import { parseTableRef } from "./table-ref.js";

/** Each more of them doubles the grouping sets. */
const MOST_CUBED = 10;

export function parseSelect(cursor: Cursor): Select {
  const { at } = cursor;
  cursor.expect("select");
  let top = parseTop(cursor);
  const distinct = cursor.accept("distinct");
  if (!distinct) cursor.accept("all");
  if (distinct && cursor.isWord("on") && cursor.isSign("(", 1)) {
    cursor.refuse("SELECT DISTINCT ON is not supported", cursor.at, {
      hint: "Use ROW_NUMBER() and QUALIFY, or GROUP BY.",
      state: "0A000",
    });
  }
  top ??= parseTop(cursor);
  const items = cursor.commas(() => parseItem(cursor));
  const into = parseInto(cursor);
  const from = cursor.accept("from") ? cursor.commas(() => parseTableRef(cursor)) : [];
  const where = cursor.accept("where") ? cursor.expression() : undefined;
  const connectBy = parseConnectBy(cursor);
  const group = parseGroupBy(cursor);
  const having = cursor.accept("having") ? cursor.expression() : undefined;
  const qualify = cursor.accept("qualify") ? cursor.expression() : undefined;
  return {
    kind: "select",
    distinct,
    items,
    from,
    at,
    ...group,
    ...(top === undefined ? {} : { top }),
    ...(into === undefined ? {} : { into }),
    ...(where === undefined ? {} : { where }),
    ...(connectBy === undefined ? {} : { connectBy }),
    ...(having === undefined ? {} : { having }),
    ...(qualify === undefined ? {} : { qualify }),
  };
}

/** `TOP 10`, `TOP (10)`; a column called top is quoted, since the word is reserved. */
function parseTop(cursor: Cursor): Expression | undefined {
  const { kind } = cursor.peek(1);
  if (!cursor.isWord("top") || (kind !== "number" && kind !== "parameter" && !cursor.isSign("(", 1))) return undefined;
  cursor.next();
  if (cursor.acceptSign("(")) {
    const count = cursor.expression();
    cursor.expectSign(")");
    return count;
  }
  const { at, text, kind: what } = cursor.next();
  return what === "parameter"
    ? { kind: "parameter", number: Number(text), at }
    : { kind: "literal", value: { type: "number", text }, at };
}

function parseInto(cursor: Cursor): Select["into"] {
  if (!cursor.accept("into")) return undefined;
  const temporary = cursor.acceptOne("temporary", "temp") !== undefined;
  cursor.accept("table");
  const name = cursor.qualifiedName();
  return { name, temporary: temporary || name.parts.at(-1)!.startsWith("#") };
}

function parseConnectBy(cursor: Cursor): Select["connectBy"] {
  const startFirst = cursor.accept("start", "with") ? cursor.expression() : undefined;
  if (!cursor.accept("connect", "by")) {
    if (startFirst !== undefined) throw cursor.unexpected();
    return undefined;
  }
  cursor.priorAllowed = true;
  const condition = cursor.expression();
  cursor.priorAllowed = false;
  const startWith = startFirst ?? (cursor.accept("start", "with") ? cursor.expression() : undefined);
  return { condition, ...(startWith === undefined ? {} : { startWith }) };
}

function parseGroupBy(cursor: Cursor): { readonly groupBy: readonly GroupItem[]; readonly groupByAll?: boolean } {
  if (!cursor.accept("group", "by")) return { groupBy: [] };
  if (cursor.accept("all")) return { groupBy: [], groupByAll: true };
  return { groupBy: cursor.commas(() => parseGroupItem(cursor)) };
}

function parseGroupItem(cursor: Cursor): GroupItem {
  return parseGroupSets(cursor) ?? { type: "expression", expression: cursor.expression() };
}

type GroupSets = Exclude<GroupItem, { readonly type: "expression" }>;

function parseGroupSets(cursor: Cursor): GroupSets | undefined {
  const type = cursor.isSign("(", 1) ? cursor.acceptOne("rollup", "cube") : undefined;
  if (type !== undefined) return { type, sets: cursor.list(() => parseSet(cursor)) };
  if (!cursor.accept("grouping", "sets")) return undefined;
  // What stands in GROUPING SETS itself is the sets that it stands for.
  return { type: "sets", sets: cursor.list(() => nestedSets(cursor)).flat() };
}

type GroupSet = readonly Expression[];

function nestedSets(cursor: Cursor): readonly GroupSet[] {
  const { at } = cursor;
  const nested = cursor.deeper(() => parseGroupSets(cursor));
  if (nested === undefined) return [parseSet(cursor)];
  const { type, sets } = nested;
  if (type === "sets") return sets;
  if (type === "rollup")
    return Array.from({ length: sets.length + 1 }, (_, less) => sets.slice(0, sets.length - less).flat());
  if (sets.length > MOST_CUBED) {
    cursor.refuse(`CUBE in GROUPING SETS may have ${MOST_CUBED} elements, not ${sets.length}`, at, { state: "54001" });
  }
  return subsets(sets);
}

/** Of the elements of a CUBE, the fullest first. */
function subsets([first, ...rest]: readonly GroupSet[]): readonly GroupSet[] {
  if (first === undefined) return [[]];
  const without = subsets(rest);
  return [...without.map((one) => [...first, ...one]), ...without];
}

/** One expression, or several in parentheses, or none. */
function parseSet(cursor: Cursor): readonly Expression[] {
  if (cursor.isSign("(") && cursor.isSign(")", 1)) {
    cursor.next();
    cursor.next();
    return [];
  }
  const one = cursor.expression();
  return one.kind === "row" ? one.items : [one];
}
