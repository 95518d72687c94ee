/** One change to the texts of many records: find, and put something else in its place. */
import type { DeadLetter } from "../../../../src/api/control/contract.ts";
import { base64Of, bytesOf, textOf } from "./raw.ts";

export interface Replacement {
  readonly find: string;
  readonly with: string;
  /** `find` is a regular expression, and `with` may hold $1, $2, … */
  readonly regular: boolean;
}

export interface Edited {
  /** Bytes in base64, by a letter's id; letters that it does not change are left out. */
  readonly edits: Readonly<Record<string, string>>;
  readonly count: number;
  readonly first: { readonly before: string; readonly after: string } | undefined;
}

/** Throws a SyntaxError where the expression is none. */
export function replaceInAll(letters: readonly DeadLetter[], replacement: Replacement): Edited {
  const edits: Record<string, string> = {};
  let first: Edited["first"];
  const expression = replacement.regular ? new RegExp(replacement.find, "gu") : undefined;
  for (const letter of letters) {
    const before = textOf(bytesOf(letter.rawBase64));
    if (before === undefined || letter.redriven) continue;
    const after =
      expression === undefined
        ? before.split(replacement.find).join(replacement.with)
        : before.replace(expression, replacement.with);
    if (after === before) continue;
    edits[letter.id] = base64Of(after);
    first ??= { before, after };
  }
  return { edits, count: Object.keys(edits).length, first };
}
