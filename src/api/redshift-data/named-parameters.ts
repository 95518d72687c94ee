/** The Data API's parameters: `:name` in the statement, with texts for values. */
import type { SqlValue } from "../../redshift/database.js";
import { tokensOf } from "../../redshift/syntax/lexer.js";
import type { SqlType } from "../../redshift/types.js";
import { valueOfText } from "../../redshift/value-text.js";
import { invalid } from "./errors.js";
import type { NamedValue } from "./statement.js";

export interface Numbered {
  /** With `$1`, `$2`, ... in the places of the names. */
  readonly sql: string;
  /** The value of each, in their order. */
  readonly values: readonly string[];
}

/** A name that stands for no parameter of the request stays as it is, and the parser says what it thinks of it. */
export function numberParameters(sql: string, parameters: readonly NamedValue[]): Numbered {
  if (parameters.length === 0) return { sql, values: [] };
  const values: string[] = [];
  const numbers = new Map<string, number>();
  let numbered = "";
  let taken = 0;
  for (const { name, at, end } of namesIn(sql)) {
    const parameter = parameters.find((one) => one.name.toLowerCase() === name);
    if (parameter === undefined) continue;
    const number = numbers.get(name) ?? values.push(parameter.value);
    numbers.set(name, number);
    numbered += `${sql.slice(taken, at)}$${number}`;
    taken = end;
  }
  return { sql: numbered + sql.slice(taken), values };
}

/** Refuses a request with a parameter that none of its statements names. */
export function checkNamed(sqls: readonly string[], parameters: readonly NamedValue[]): void {
  if (parameters.length === 0) return;
  const names = new Set<string>();
  for (const { name } of parameters) {
    if (names.has(name.toLowerCase())) throw invalid(`The parameter ${name} is given twice.`);
    names.add(name.toLowerCase());
  }
  for (const sql of sqls) for (const { name } of namesIn(sql)) names.delete(name);
  if (names.size > 0) {
    throw invalid(`Parameters list contains unused parameters. Unused parameters: [${[...names].join(", ")}]`);
  }
}

/** Each `:name` outside of texts, quoted names and comments. */
function namesIn(sql: string): { readonly name: string; readonly at: number; readonly end: number }[] {
  let tokens: ReturnType<typeof tokensOf>;
  try {
    tokens = tokensOf(sql);
  } catch {
    // What cannot even be cut into words fails when it is run, with its place.
    return [];
  }
  return tokens.flatMap((token, index) => {
    const next = tokens[index + 1];
    if (token.text !== ":" || token.kind !== "operator" || next === undefined || next.at !== token.end) return [];
    if (next.kind !== "word" && next.kind !== "number") return [];
    return [{ name: next.text, at: token.at, end: next.end }];
  });
}

/** The texts as values of the types that the statement settled on. Throws SqlError where one is none. */
export function bindNamed(types: readonly SqlType[], values: readonly string[]): SqlValue[] {
  return types.map((type, index) => valueOfText(type, values[index] ?? ""));
}
