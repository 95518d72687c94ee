/** A view's text follows its tables when these are renamed, as PostgreSQL's views do, which know them by number. */
import type { StoredRelation } from "../../catalog/stored.js";
import { quotedName } from "../../sql-text.js";
import type { QualifiedName, TableName } from "../../syntax/ast.js";
import { type Token, tokensOf } from "../../syntax/lexer.js";
import { parseQuery } from "../../syntax/parse.js";

/** What stands for the relation from now on: a name, or a query in parentheses. */
export interface Successor {
  readonly text: string;
}

/** Every place in a FROM that means the relation gets the new text, under the name that the rest of the query knows it by. */
export function viewTextAfter(
  definition: string,
  means: (name: QualifiedName) => StoredRelation | undefined,
  relation: StoredRelation,
  successor: Successor,
): string {
  const tokens = tokensOf(definition);
  const places = tableNames(parseQuery(definition))
    .filter(({ name }) => means(name)?.oid === relation.oid)
    .sort((a, b) => b.name.at - a.name.at);
  let text = definition;
  for (const { name, alias } of places) {
    const end = endOfName(name, tokens);
    const as = alias === undefined ? ` AS ${quotedName(name.parts.at(-1) ?? relation.name)}` : "";
    text = `${text.slice(0, name.at)}${successor.text}${as}${text.slice(end)}`;
  }
  return text;
}

function tableNames(value: unknown): readonly TableName[] {
  if (Array.isArray(value)) return value.flatMap(tableNames);
  if (typeof value !== "object" || value === null) return [];
  const node = value as { readonly kind?: unknown };
  const own = node.kind === "table" ? [value as TableName] : [];
  return [...own, ...Object.values(value).flatMap(tableNames)];
}

/** `schema.name` is as many tokens as it has parts and dots. */
function endOfName(name: QualifiedName, tokens: readonly Token[]): number {
  const first = tokens.findIndex(({ at }) => at === name.at);
  return tokens[first + (name.parts.length - 1) * 2]?.end ?? name.at;
}
