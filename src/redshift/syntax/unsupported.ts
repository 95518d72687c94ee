/** Statements that Redshift has and Penstock does not carry out: named, and skipped to their end. PostgreSQL's that Redshift lacks: refused. */
import type { Cursor, Told } from "./cursor.js";

const words = (...phrases: readonly string[]) => phrases.map((phrase) => phrase.split(" "));

/** What may stand behind CREATE, ALTER and DROP. */
const OBJECTS = words(
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
  "external database",
  "system",
  "external view",
  "protected view",
  "external protected view",
  "template",
);

/** What PostgreSQL has and Redshift has not. */
const OF_POSTGRES = words(
  "aggregate",
  "access method",
  "cast",
  "collation",
  "constraint trigger",
  "conversion",
  "domain",
  "event trigger",
  "extension",
  "foreign data wrapper",
  "foreign table",
  "index",
  "language",
  "operator",
  "policy",
  "publication",
  "rule",
  "sequence",
  "server",
  "statistics",
  "subscription",
  "tablespace",
  "trigger",
  "type",
  "unique index",
  "unlogged table",
  "user mapping",
);

/** Behind `verb`, at the object's words. */
export function unsupported(cursor: Cursor, verb: string, at: number): Told {
  const lacking = OF_POSTGRES.find((phrase) => cursor.isWords(...phrase));
  if (lacking !== undefined) return refuseObject(cursor, `${verb} ${lacking.join(" ").toUpperCase()}`, at);
  const phrase = OBJECTS.find((one) => cursor.isWords(...one));
  if (phrase === undefined) throw cursor.unexpected();
  return unsupportedStatement(cursor, `${verb} ${phrase.join(" ").toUpperCase()}`, at);
}

/** To its end, whatever it holds. */
export function unsupportedStatement(cursor: Cursor, what: string, at: number): Told {
  skipStatement(cursor);
  return { statement: { kind: "unsupported", what, at }, verb: what };
}

const HINTS: Readonly<Record<string, string>> = {
  INDEX: "A sort key serves what an index would: SORTKEY of the table.",
  "UNIQUE INDEX": "A sort key serves what an index would: SORTKEY of the table.",
  SEQUENCE: "Use a column with IDENTITY(seed, step).",
};

/** Redshift puts the statement's own text into the message. */
function refuseObject(cursor: Cursor, what: string, at: number): never {
  skipStatement(cursor);
  const text = cursor.sql.slice(at, cursor.lastEnd);
  const shown = text.length > 120 ? `${text.slice(0, 120)}...` : text;
  const hint = HINTS[what.slice(what.indexOf(" ") + 1)];
  return cursor.refuse(`SQL command "${shown}" not supported on Redshift tables.`, at, {
    state: "0A000",
    ...(hint === undefined ? {} : { hint }),
  });
}

/** To the semicolon at this depth, or the end. */
export function skipStatement(cursor: Cursor): void {
  let depth = 0;
  for (;;) {
    const token = cursor.peek();
    if (token.kind === "end" || (depth <= 0 && cursor.isSign(";"))) return;
    if (cursor.isSign("(")) depth++;
    if (cursor.isSign(")")) depth--;
    cursor.next();
  }
}

/** From an opening parenthesis to its closing one: a function's argument types. */
export function skipParentheses(cursor: Cursor): void {
  let depth = 0;
  do {
    if (cursor.isSign("(")) depth++;
    if (cursor.isSign(")")) depth--;
    if (cursor.peek().kind === "end") throw cursor.unexpected();
    cursor.next();
  } while (depth > 0);
}
