/** Redshift's SQL as a tree: the way into the parser. */
import type { Expression, Query, Statement, TypeName } from "./ast.js";
import { type Cursor, type Grammar, openCursor } from "./cursor.js";
import { parseExpression as expression, parseOperand as operand } from "./expression.js";
import { parseQuery as query } from "./query.js";
import { parseStatement as statement } from "./statement.js";
import { parseType } from "./type-name.js";

const GRAMMAR: Grammar = { expression, operand, query, statement };

export interface ParsedStatement {
  readonly statement: Statement;
  /** Its own text, without the semicolon. */
  readonly sql: string;
  /** Where that begins in the whole text. */
  readonly at: number;
  /** `SELECT`, `CREATE TABLE`, `COPY`: see SqlStatement. */
  readonly verb: string;
  /** The highest `$n` in it. */
  readonly parameters: number;
}

/** Every statement of a text; [] for blanks and comments alone. Throws SqlError 42601 with the place. */
export function parseStatements(sql: string): readonly ParsedStatement[] {
  const cursor = openCursor(sql, GRAMMAR);
  const statements: ParsedStatement[] = [];
  for (;;) {
    while (cursor.acceptSign(";"));
    const first = cursor.peek();
    if (first.kind === "end") return statements;
    cursor.parameters = 0;
    const told = cursor.statement();
    if (!cursor.isSign(";") && cursor.peek().kind !== "end") throw cursor.unexpected();
    statements.push({
      statement: told.statement,
      sql: sql.slice(first.at, cursor.lastEnd),
      at: first.at,
      verb: told.verb,
      parameters: cursor.parameters,
    });
  }
}

export function parseExpression(sql: string): Expression {
  return whole(sql, expression);
}

export function parseQuery(sql: string): Query {
  return whole(sql, query);
}

export function parseTypeName(sql: string): TypeName {
  return whole(sql, parseType);
}

function whole<T>(sql: string, parse: (cursor: Cursor) => T): T {
  const cursor = openCursor(sql, GRAMMAR);
  const parsed = parse(cursor);
  if (cursor.peek().kind !== "end") throw cursor.unexpected();
  return parsed;
}
