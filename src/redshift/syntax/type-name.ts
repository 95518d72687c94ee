/** Types as written: `varchar(12)`, `double precision`, `timestamp with time zone`, `interval day to second`. */
import type { TypeName } from "./ast.js";
import type { Cursor } from "./cursor.js";

export function parseType(cursor: Cursor): TypeName {
  const { at } = cursor;
  let schema: string | undefined;
  if (cursor.isSign(".", 1)) {
    schema = cursor.name();
    cursor.expectSign(".");
  }
  const words = typeWords(cursor);
  // `a::int < 5` is a comparison.
  if (NESTING.has(words) && cursor.isSign("<")) return { at, name: words, args: [], nested: nestedTypes(cursor) };
  const { args, max } = typeArguments(cursor, words);
  let name = words;
  // Behind the precision: `timestamp(6) with time zone`.
  if (name === "timestamp" || name === "time") name += zoneOf(cursor);
  const array = cursor.isSign("[") && (cursor.isSign("]", 1) || cursor.isSign("]", 2));
  if (array) {
    cursor.next();
    if (cursor.peek().kind === "number") cursor.next();
    cursor.expectSign("]");
  }
  return {
    at,
    name,
    args,
    ...(schema === undefined ? {} : { schema }),
    ...(max ? { max } : {}),
    ...(array ? { array } : {}),
  };
}

const NESTING: ReadonlySet<string> = new Set(["array", "map", "struct"]);

/** `<a:int, b:array<varchar(10)>>` of an external table's column, as written. */
function nestedTypes(cursor: Cursor): string {
  const begin = cursor.at;
  let depth = 0;
  do {
    const { kind, text } = cursor.peek();
    if (kind === "end") throw cursor.unexpected();
    // `>>` is one token.
    if (kind === "operator" && /^[<>]+$/.test(text)) for (const sign of text) depth += sign === "<" ? 1 : -1;
    if (depth < 0) throw cursor.unexpected();
    cursor.next();
  } while (depth > 0);
  return cursor.sql.slice(begin, cursor.lastEnd);
}

/** Names of several words are one name, as the SQL standard has them. */
function typeWords(cursor: Cursor): string {
  if (cursor.accept("double", "precision")) return "double precision";
  if (cursor.accept("character", "varying")) return "character varying";
  if (cursor.accept("char", "varying")) return "character varying";
  if (cursor.accept("national", "character", "varying")) return "nvarchar";
  if (cursor.accept("national", "character") || cursor.accept("national", "char")) return "nchar";
  if (cursor.accept("binary", "varying")) return "varbyte";
  if (cursor.accept("bit", "varying")) return "bit varying";
  if (cursor.isWord("interval")) {
    cursor.next();
    const qualifier = intervalQualifier(cursor);
    return qualifier === undefined ? "interval" : `interval ${qualifier}`;
  }
  if (cursor.acceptOne("timestamp") !== undefined) return "timestamp";
  if (cursor.isWord("binary")) {
    cursor.next();
    return "binary";
  }
  if (cursor.isWord("oid", "array", "timestamp", "identity")) return cursor.label();
  return cursor.name();
}

function typeArguments(cursor: Cursor, name: string): { readonly args: readonly number[]; readonly max: boolean } {
  if (!cursor.isSign("(") || name === "interval") return { args: [], max: false };
  if (cursor.peek(1).kind === "word" && cursor.peek(1).text === "max") {
    cursor.next();
    cursor.next();
    cursor.expectSign(")");
    return { args: [], max: true };
  }
  return { args: cursor.list(() => cursor.integer()), max: false };
}

function zoneOf(cursor: Cursor): string {
  if (cursor.accept("with", "time", "zone")) return " with time zone";
  if (cursor.accept("without", "time", "zone")) return " without time zone";
  return "";
}

/** Without the abbreviations, which stand in the text alone: `interval '1 day' d` has an alias. */
const FIELDS = [
  "year",
  "years",
  "month",
  "months",
  "week",
  "weeks",
  "day",
  "days",
  "hour",
  "hours",
  "minute",
  "minutes",
  "second",
  "seconds",
  "millisecond",
  "milliseconds",
  "microsecond",
  "microseconds",
] as const;

/** `day`, `year to month`, with precisions in parentheses left out. */
export function intervalQualifier(cursor: Cursor): string | undefined {
  const from = cursor.acceptOne(...FIELDS);
  if (from === undefined) return undefined;
  skipPrecision(cursor);
  if (!cursor.accept("to")) return from;
  const to = cursor.acceptOne(...FIELDS);
  if (to === undefined) throw cursor.unexpected();
  skipPrecision(cursor);
  return `${from} to ${to}`;
}

function skipPrecision(cursor: Cursor): void {
  if (cursor.isSign("(") && cursor.peek(1).kind === "number") cursor.list(() => cursor.integer());
}
