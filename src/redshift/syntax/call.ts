/** Function calls, aggregates and windows, and the functions whose arguments have words between them. */
import type { Call, Expression, FrameBound, OrderItem, QualifiedName, WindowSpec } from "./ast.js";
import type { Cursor } from "./cursor.js";
import { parseOrderItems } from "./order-items.js";
import { acceptStar } from "./star.js";

/** Behind the name, at the parenthesis. */
export function parseCall(cursor: Cursor, name: QualifiedName): Call {
  const { at } = name;
  cursor.expectSign("(");
  const distinct = cursor.accept("distinct");
  if (!distinct) cursor.accept("all");
  const given = cursor.isSign(")") ? [] : cursor.commas(() => acceptStar(cursor) ?? cursor.expression());
  const args = takesDatePart(name) ? withDatePart(given) : given;
  const transform = name.parts.at(-1) === "object_transform" ? parseTransform(cursor) : undefined;
  let nulls = nullTreatment(cursor);
  if (cursor.isWords("order", "by")) {
    cursor.refuse(`syntax error at or near "order"`, cursor.at, {
      hint: "Redshift orders an aggregate's values by WITHIN GROUP (ORDER BY ...) behind it.",
    });
  }
  cursor.expectSign(")");
  let withinGroup: readonly OrderItem[] | undefined;
  if (cursor.isWords("within", "group")) {
    cursor.expect("within", "group");
    cursor.expectSign("(");
    cursor.expect("order", "by");
    withinGroup = parseOrderItems(cursor);
    cursor.expectSign(")");
  }
  if (cursor.isWord("filter") && cursor.isSign("(", 1)) {
    cursor.refuse("FILTER is not supported by Redshift", cursor.at, {
      hint: "Use CASE WHEN ... END inside the aggregate.",
    });
  }
  nulls ??= nullTreatment(cursor);
  const over = cursor.isWord("over") ? parseWindow(cursor) : undefined;
  if (transform !== undefined) return { kind: "call", name, args, at, transform };
  if (!distinct && withinGroup === undefined && nulls === undefined && over === undefined) {
    return { kind: "call", name, args, at };
  }
  return {
    kind: "call",
    name,
    args,
    at,
    ...(distinct ? { distinct } : {}),
    ...(withinGroup === undefined ? {} : { withinGroup }),
    ...(nulls === undefined ? {} : { nulls }),
    ...(over === undefined ? {} : { over }),
  };
}

const DATE_PART_FIRST = new Set([
  "dateadd",
  "date_add",
  "datediff",
  "date_diff",
  "date_part",
  "pgdate_part",
  "date_trunc",
]);

function takesDatePart({ parts }: QualifiedName): boolean {
  return DATE_PART_FIRST.has(parts.at(-1)!);
}

/** `DATEADD(month, ...)`: a word, and no column, whatever columns there are. */
function withDatePart([first, ...others]: readonly Expression[]): Expression[] {
  if (first === undefined) return [];
  const word = first.kind === "column" && first.parts.length === 1 ? first.parts[0] : undefined;
  return [
    word === undefined ? first : { kind: "literal", value: { type: "string", text: word }, at: first.at },
    ...others,
  ];
}

function parseTransform(cursor: Cursor): NonNullable<Call["transform"]> {
  const keep = cursor.accept("keep") ? cursor.commas(() => cursor.expression()) : [];
  return { keep, set: cursor.accept("set") ? cursor.commas(() => cursor.expression()) : [] };
}

function nullTreatment(cursor: Cursor): "ignore" | "respect" | undefined {
  if (cursor.accept("ignore", "nulls")) return "ignore";
  return cursor.accept("respect", "nulls") ? "respect" : undefined;
}

function parseWindow(cursor: Cursor): WindowSpec {
  const { at } = cursor;
  cursor.expect("over");
  if (!cursor.isSign("(")) {
    return cursor.refuse("named windows are not supported by Redshift", cursor.at, {
      hint: "Write the window's specification in parentheses behind OVER.",
    });
  }
  cursor.expectSign("(");
  const partitionBy = cursor.accept("partition", "by") ? cursor.commas(() => cursor.expression()) : [];
  const orderBy = cursor.accept("order", "by") ? parseOrderItems(cursor) : [];
  const unit = cursor.acceptOne("rows", "range");
  const frame = unit === undefined ? undefined : { unit, ...parseFrame(cursor) };
  cursor.expectSign(")");
  return { partitionBy, orderBy, at, ...(frame === undefined ? {} : { frame }) };
}

function parseFrame(cursor: Cursor): { readonly start: FrameBound; readonly end?: FrameBound } {
  if (!cursor.accept("between")) return { start: parseBound(cursor) };
  const start = parseBound(cursor);
  cursor.expect("and");
  return { start, end: parseBound(cursor) };
}

function parseBound(cursor: Cursor): FrameBound {
  if (cursor.accept("unbounded", "preceding")) return { type: "unbounded-preceding" };
  if (cursor.accept("unbounded", "following")) return { type: "unbounded-following" };
  if (cursor.accept("current", "row")) return { type: "current-row" };
  const offset = cursor.expression();
  const type = cursor.acceptOne("preceding", "following");
  if (type === undefined) throw cursor.unexpected();
  return { type, offset };
}

/** Before a parenthesis: EXTRACT, TRIM, POSITION, SUBSTRING and OVERLAY in their forms with words, and COLLATE; undefined where none of them comes. */
export function parseKeywordCall(cursor: Cursor): Expression | undefined {
  switch (cursor.peek().text) {
    case "extract":
      return parseExtract(cursor);
    case "trim":
      return parseTrim(cursor);
    case "position":
      return parsePosition(cursor);
    case "substring":
      return parseSubstring(cursor);
    case "overlay":
      return parseOverlay(cursor);
    case "collate":
      return parseCollate(cursor);
    default:
      return undefined;
  }
}

function callOf(name: string, args: readonly Expression[], at: number, more: Partial<Call> = {}): Call {
  return { kind: "call", name: { parts: [name], at }, args, at, ...more };
}

/** A reserved word that is a function's name too. */
function parseCollate(cursor: Cursor): Expression {
  const { at } = cursor.next();
  return callOf(
    "collate",
    cursor.list(() => cursor.expression()),
    at,
  );
}

function parseExtract(cursor: Cursor): Expression {
  const { at } = cursor.next();
  cursor.expectSign("(");
  const part = cursor.peek().kind === "string" ? cursor.string().toLowerCase() : cursor.label();
  cursor.expect("from");
  const source = cursor.expression();
  cursor.expectSign(")");
  return { kind: "extract", part, source, at };
}

/** `TRIM([BOTH | LEADING | TRAILING] [characters] FROM text)`, `TRIM(text [, characters])`. */
function parseTrim(cursor: Cursor): Expression {
  const { at } = cursor.next();
  cursor.expectSign("(");
  const side = cursor.acceptOne("both", "leading", "trailing");
  const trim = side === undefined ? {} : { trim: side };
  if (cursor.accept("from")) {
    const text = cursor.expression();
    cursor.expectSign(")");
    return callOf("trim", [text], at, trim);
  }
  const first = cursor.expression();
  if (cursor.accept("from")) {
    const text = cursor.expression();
    cursor.expectSign(")");
    return callOf("trim", [text, first], at, trim);
  }
  const args = [first];
  while (cursor.acceptSign(",")) args.push(cursor.expression());
  cursor.expectSign(")");
  return callOf("trim", args, at, trim);
}

function parsePosition(cursor: Cursor): Expression {
  const { at } = cursor.next();
  cursor.expectSign("(");
  // IN separates here, so that what stands before it is an operand and no test.
  const part = cursor.operand();
  const args = [part];
  if (cursor.accept("in")) args.push(cursor.expression());
  else while (cursor.acceptSign(",")) args.push(cursor.expression());
  cursor.expectSign(")");
  return callOf("position", args, at);
}

function parseSubstring(cursor: Cursor): Expression {
  const { at } = cursor.next();
  cursor.expectSign("(");
  const args = [cursor.expression()];
  if (cursor.accept("from")) {
    args.push(cursor.expression());
    if (cursor.accept("for")) args.push(cursor.expression());
  } else {
    while (cursor.acceptSign(",")) args.push(cursor.expression());
  }
  cursor.expectSign(")");
  return callOf("substring", args, at);
}

function parseOverlay(cursor: Cursor): Expression {
  const { at } = cursor.next();
  cursor.expectSign("(");
  const args = [cursor.expression()];
  if (cursor.accept("placing")) {
    args.push(cursor.expression());
    cursor.expect("from");
    args.push(cursor.expression());
    if (cursor.accept("for")) args.push(cursor.expression());
  } else {
    while (cursor.acceptSign(",")) args.push(cursor.expression());
  }
  cursor.expectSign(")");
  return callOf("overlay", args, at);
}
