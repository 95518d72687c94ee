/** `DATE '2026-01-31'`, `NUMERIC(10, 2) '1.5'`, `INTERVAL '1' DAY`: a type's name before a text. */
import type { Expression } from "./ast.js";
import type { Cursor } from "./cursor.js";
import { intervalQualifier, parseType } from "./type-name.js";

/** Types whose names are followed by more than a text, each with the words that may belong to the name. */
const SECOND_WORDS: ReadonlyMap<string, string> = new Map([
  ["double", "precision"],
  ["character", "varying"],
  ["char", "varying"],
  ["binary", "varying"],
]);
const WITH_ARGUMENTS: ReadonlySet<string> = new Set(
  "binary bpchar char character dec decimal float nchar numeric nvarchar time timestamp timestamptz timetz varbinary varbyte varchar".split(
    " ",
  ),
);

/** How many tokens from `begin` on make a type's name. */
export function typeLength(cursor: Cursor, begin: number): number {
  const { kind, text } = cursor.peek(begin);
  if (kind !== "word" && kind !== "quoted") return 0;
  let length = 1;
  if (SECOND_WORDS.get(text) === cursor.peek(begin + 1).text) length = 2;
  if (WITH_ARGUMENTS.has(text) && cursor.isSign("(", begin + length)) {
    length++;
    while (cursor.peek(begin + length).kind === "number" || cursor.isSign(",", begin + length)) length++;
    if (cursor.peek(begin + length).text === "max") length++;
    if (!cursor.isSign(")", begin + length)) return 0;
    length++;
  }
  if (text === "time" || text === "timestamp") {
    const zone = cursor.peek(begin + length).text;
    if ((zone === "with" || zone === "without") && cursor.peek(begin + length + 1).text === "time") length += 3;
  }
  return length;
}

/** At a word that a text may follow; undefined where none does. */
export function parseTypedLiteral(cursor: Cursor): Expression | undefined {
  const { at, text: word } = cursor.peek();
  if (cursor.peek(typeLength(cursor, 0)).kind !== "string") return undefined;
  if (word === "interval") {
    cursor.next();
    const text = cursor.string();
    const qualifier = intervalQualifier(cursor);
    return { kind: "interval", text, at, ...(qualifier === undefined ? {} : { qualifier }) };
  }
  const type = parseType(cursor);
  const { at: textAt } = cursor;
  const text = cursor.string();
  return { kind: "cast", operand: { kind: "literal", value: { type: "string", text }, at: textAt }, type, at };
}
