/** Statements that Redshift has and Penstock does not carry out: named, and skipped to their end. */
import type { Cursor, Told } from "./cursor.js";

/** What may stand behind CREATE, ALTER and DROP, by its words. */
const OBJECTS = [
  "function",
  "external function",
  "procedure",
  "model",
  "external model",
  "datashare",
  "library",
  "rls policy",
  "masking policy",
  "identity provider",
  "database",
  "trigger",
  "sequence",
  "type",
  "domain",
  "aggregate",
  "operator",
  "extension",
  "language",
  "rule",
  "conversion",
  "cast",
  "tablespace",
  "default privileges",
  "system",
  "view",
  "table",
  "template",
  "warehouse",
  "external view",
  "external database",
].map((words) => words.split(" "));

export function unsupported(cursor: Cursor, verb: string, at: number): Told {
  const words = OBJECTS.find((one) => cursor.isWords(...one));
  if (words === undefined) throw cursor.unexpected();
  const what = `${verb} ${words.join(" ").toUpperCase()}`;
  skipStatement(cursor);
  return { statement: { kind: "unsupported", what, at }, verb: what };
}

/** To the semicolon at this depth, or the end. */
export function skipStatement(cursor: Cursor): void {
  let depth = 0;
  for (;;) {
    const token = cursor.peek();
    if (token.kind === "end" || (depth === 0 && cursor.isSign(";"))) return;
    if (cursor.isSign("(")) depth++;
    if (cursor.isSign(")")) depth--;
    cursor.next();
  }
}
