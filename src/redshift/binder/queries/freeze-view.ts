import { SQL_STATE, SqlError } from "../../sql-error.js";
import { quotedName } from "../../sql-text.js";
import type { QualifiedName, Query, Star } from "../../syntax/ast.js";
import { type Token, tokensOf } from "../../syntax/lexer.js";
import { parseQuery } from "../../syntax/parse.js";
import type { BindContext, RelationInfo } from "../bound.js";
import { bindWatched } from "./bind-query.js";
import type { ExpandedColumn } from "./binding.js";
import { relationNamesOfQuery } from "./relation-names.js";

interface Replacement {
  readonly at: number;
  readonly end: number;
  readonly text: string;
}

/**
 * A view's text as it is kept: stars written out, so that columns that its tables get later do not appear in it, and relations named with their
 * schema, so that it means the same on every search path. Positions of errors are those in `queryText`. Throws what binding the query throws.
 */
export function freezeView(query: Query, queryText: string, context: BindContext): string {
  void query;
  const tokens = tokensOf(queryText);
  const replacements = new Map<number, Replacement>();
  bindWatched(parseQuery(queryText), context, {
    star(star, columns) {
      replacements.set(star.at, starReplacement(star, columns, tokens));
    },
    relation(name, relation) {
      const replacement = nameReplacement(name, relation, tokens);
      if (replacement !== undefined) replacements.set(name.at, replacement);
    },
  });
  const inOrder = [...replacements.values()].sort((a, b) => b.at - a.at);
  return inOrder.reduce((text, { at, end, text: now }) => text.slice(0, at) + now + text.slice(end), queryText);
}

/** Throws unless every relation is named with its schema, as WITH NO SCHEMA BINDING demands. */
export function checkLateBinding(query: Query): void {
  for (const name of relationNamesOfQuery(query)) {
    if (name.parts.length > 1) continue;
    throw new SqlError(
      SQL_STATE.invalidTableDefinition,
      `relation "${name.parts[0]}" must be qualified with a schema in a late-binding view`,
      {
        at: name.at,
        hint: `WITH NO SCHEMA BINDING needs schema-qualified names: write public.${name.parts[0]}, say.`,
      },
    );
  }
}

function starReplacement(star: Star, columns: readonly ExpandedColumn[], tokens: readonly Token[]): Replacement {
  const from = tokens.findIndex((token) => token.at === star.at);
  let last = from;
  while (!isOperator(tokens[last], "*")) last += 1;
  if (star.exclude !== undefined) {
    // EXCLUDE column, or EXCLUDE (column, ...).
    last += 2;
    if (isOperator(tokens[last], "(")) while (!isOperator(tokens[last], ")")) last += 1;
  }
  const names = columns.map(({ column, source }) => {
    const own = quotedName(column.name);
    const isElement = source?.element === column;
    return source?.name === undefined || isElement ? own : `${quotedName(source.name)}.${own}`;
  });
  return { at: star.at, end: tokens[last]!.end, text: names.join(", ") };
}

function nameReplacement(
  name: QualifiedName,
  relation: RelationInfo,
  tokens: readonly Token[],
): Replacement | undefined {
  if (name.parts.length > 1) return undefined;
  const token = tokens.find((one) => one.at === name.at);
  if (token === undefined) return undefined;
  return { at: token.at, end: token.end, text: `${quotedName(relation.schema)}.${quotedName(relation.name)}` };
}

function isOperator(token: Token | undefined, text: string): boolean {
  if (token === undefined)
    throw new SqlError(SQL_STATE.internalError, `the view's text has no "${text}" where its tree has one`);
  return token.kind === "operator" && token.text === text;
}
