import { textLiteral } from "../sql-text.js";

export type Cell = string | number | boolean | null | readonly (number | string)[];

/** Rows in DuckDB's text as one literal of JSON, which the engine takes apart much faster than as many VALUES. `shape`: DuckDB's types by name. */
export function jsonRows(
  rows: readonly Readonly<Record<string, Cell>>[],
  shape: Readonly<Record<string, string | readonly string[]>>,
): string {
  // U+0000 is no character of a text.
  const json = JSON.stringify(rows).replaceAll("\\u0000", "");
  const items = Object.keys(shape).map((name) => `item."${name}"`);
  return `SELECT ${items.join(", ")} FROM (SELECT unnest(from_json(${textLiteral(json)}, ${textLiteral(JSON.stringify([shape]))})) AS item)`;
}
