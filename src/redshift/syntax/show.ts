/** SHOW: of a setting, or of what the database has. */

import type { QualifiedName } from "./ast.js";
import type { Cursor, Told } from "./cursor.js";
import { skipParentheses } from "./unsupported.js";

/** What there is to show, each with the words that may stand before its name. */
const OBJECTS: readonly (readonly [words: readonly string[], from: readonly (readonly string[])[]])[] = [
  [["databases"], []],
  [["schemas"], [["from", "database"], ["from"]]],
  [["tables"], [["from", "schema"], ["from"]]],
  [["columns"], [["from", "table"], ["from"]]],
  [["constraints"], [["from", "table"], ["from"]]],
  [["constraints", "primary", "keys"], [["from", "table"]]],
  [["constraints", "foreign", "keys"], [["from", "table"]]],
  [["procedures"], [["from", "schema"], ["from"]]],
  [["functions"], [["from", "schema"], ["from"]]],
  [
    ["parameters"],
    [
      ["of", "procedure"],
      ["of", "function"],
    ],
  ],
  [["external", "table"], [[]]],
  [["table"], [[]]],
  [["view"], [[]]],
  [
    ["grants"],
    [
      ["on", "table"],
      ["on", "schema"],
      ["on", "database"],
      ["on", "function"],
      ["on", "procedure"],
      ["on"],
      ["for", "role"],
      ["for"],
    ],
  ],
  [["policies"], [["on"]]],
  [["datashares"], []],
  [["model"], [[]]],
  [["procedure"], [[]]],
  [["column", "grants"], [["on", "table"]]],
];

export function parseShow(cursor: Cursor): Told {
  const { at } = cursor;
  cursor.expect("show");
  if (cursor.accept("transaction", "isolation", "level")) return setting("transaction_isolation", at);
  if (cursor.accept("time", "zone")) return setting("timezone", at);
  if (cursor.accept("session", "authorization")) return setting("session_authorization", at);
  const found = [...OBJECTS].sort(([a], [b]) => b.length - a.length).find(([words]) => cursor.isWords(...words));
  if (found !== undefined) return parseObjects(cursor, found, at);
  let name = cursor.label();
  while (cursor.acceptSign(".")) name += `.${cursor.label()}`;
  return setting(name, at);
}

function setting(name: string, at: number): Told {
  return { statement: { kind: "show", name, at }, verb: "SHOW" };
}

function parseObjects(cursor: Cursor, [words, froms]: (typeof OBJECTS)[number], at: number): Told {
  cursor.expect(...words);
  const from = froms.find((one) => cursor.isWords(...one));
  let name: QualifiedName | undefined;
  if (from !== undefined) {
    if (from.length > 0) cursor.expect(...from);
    if (from.length > 0 || cursor.isName()) name = cursor.qualifiedName();
    if (cursor.isSign("(")) skipParentheses(cursor);
    // Whose grants on it: there is one user whose they can be.
    if (cursor.accept("for")) {
      cursor.accept("role");
      cursor.name();
    }
  }
  const like = cursor.accept("like") ? cursor.string() : undefined;
  const limit = cursor.accept("limit") ? cursor.integer() : undefined;
  return {
    statement: {
      kind: "show-objects",
      object: words.join(" "),
      at,
      ...(name === undefined ? {} : { from: name }),
      ...(like === undefined ? {} : { like }),
      ...(limit === undefined ? {} : { limit }),
    },
    verb: "SHOW",
  };
}
