import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import type { BindContext, BoundExpression, Scope } from "../../../src/redshift/binder/bound.js";
import { bindExpression, settled } from "../../../src/redshift/binder/expressions/bind-expression.js";
import { toText } from "../../../src/redshift/binder/expressions/coerce.js";
import { bindQuery } from "../../../src/redshift/binder/queries/bind-query.js";
import { runtimeError } from "../../../src/redshift/functions/raise.js";
import { SqlError } from "../../../src/redshift/sql-error.js";
import { parseExpression } from "../../../src/redshift/syntax/parse.js";
import { type SqlType, typeText } from "../../../src/redshift/types.js";
import { duckDbType } from "../../../src/redshift/types-duckdb.js";

export interface TestTable {
  /** DuckDB's text: `(VALUES (1), (2)) t(x)`. */
  readonly from: string;
  readonly columns: Readonly<Record<string, SqlType>>;
}

export interface Evaluator {
  bind(expression: string): BoundExpression;
  /** The first row's value as text, NULL as `NULL`, and its type. */
  evaluate(expression: string): Promise<{ readonly text: string; readonly type: string }>;
  readonly context: BindContext;
}

export function testContext(settings: Readonly<Record<string, string>> = {}): BindContext {
  return {
    relation: () => undefined,
    parameters: [],
    setting: (name) => ({ timezone: "UTC", search_path: '"$user", public', datestyle: "ISO, MDY", ...settings })[name],
    user: "penstock",
    database: "penstock",
    processId: 4711,
    notice: () => undefined,
  };
}

/** A scope of one table, in which everything is allowed. */
export function testScope(context: BindContext, table?: TestTable): Scope {
  return {
    context,
    clause: "SELECT",
    aggregatesAllowed: true,
    windowsAllowed: true,
    column: (parts, at) => {
      const type = table?.columns[parts[0]!];
      if (type === undefined) throw new SqlError("42703", `column "${parts[0]}" does not exist`, { at });
      const column = { name: parts[0]!, type };
      return {
        column: { sql: `"${parts[0]}"`, type, at, aggregate: false, window: false, nullable: true, column },
        rest: parts.slice(1),
      };
    },
    // No correlation here: that is the query binder's own to test.
    query: (query) => bindQuery(query, context),
  };
}

let connection: Promise<DuckDBConnection> | undefined;

export function duckDb(): Promise<DuckDBConnection> {
  connection ??= (async () => {
    const opened = await (await DuckDBInstance.create(":memory:", { threads: "1" })).connect();
    await opened.run("SET TimeZone = 'UTC'");
    return opened;
  })();
  return connection;
}

export function evaluator(settings: Readonly<Record<string, string>> = {}, table?: TestTable): Evaluator {
  const context = testContext(settings);
  const bind = (expression: string) => bindExpression(parseExpression(expression), testScope(context, table));
  return {
    context,
    bind,
    evaluate: async (expression) => {
      const bound = settled(bind(expression), context);
      const from = table === undefined ? "" : ` FROM ${table.from}`;
      const shown = toText(bound, context).sql;
      const engine = await duckDb();
      try {
        const reader = await engine.runAndReadAll(`SELECT ${shown}, typeof(${bound.sql})${from} LIMIT 1`);
        const [row] = reader.getRows();
        sameFamily(String(row![1]), bound, expression);
        return { text: row![0] === null ? "NULL" : String(row![0]), type: typeText(bound.type) };
      } catch (error) {
        throw (
          runtimeError(error instanceof Error ? error.message : String(error), error) ??
          new Error(`${String(error)}\n${bound.sql}`)
        );
      }
    },
  };
}

/** What DuckDB makes of it is what the binder says: the same type, for decimals the same scale. */
function sameFamily(actual: string, bound: BoundExpression, expression: string): void {
  const expected = duckDbType(bound.type).replace(/^(TIME(?:STAMP)?)TZ$/, "$1 WITH TIME ZONE");
  if (actual === '"NULL"') return;
  const scale = (type: string) => /^DECIMAL\(\d+,(\d+)\)$/.exec(type)?.[1];
  const alike = scale(expected) === undefined ? expected === actual : scale(expected) === scale(actual);
  if (!alike) throw new Error(`${expression} is bound as ${expected}, but DuckDB has ${actual}: ${bound.sql}`);
}

/**
 * A table of expressions, one a line:
 *
 *     expression => text
 *     expression => text ## type
 *     expression !! SQLSTATE message
 *
 * A text in quotes keeps its blanks.
 */
export function expressionTable(table: string, given: Evaluator = evaluator()): void {
  for (const line of table.split("\n").map((one) => one.trim())) {
    if (line === "" || line.startsWith("-- ")) continue;
    const refused = /^(.*) !! (\w{5}) ?(.*)$/.exec(line);
    if (refused !== null) {
      test(line, async () => {
        const error = await given.evaluate(refused[1]!).then(
          ({ text }) => text,
          (reason: unknown) => reason,
        );
        if (!(error instanceof SqlError)) throw new Error(`expected an SqlError, got ${String(error)}`);
        expect({ state: error.state, message: error.message }).toEqual({
          state: refused[2],
          message: refused[3] === "" ? error.message : refused[3],
        });
      });
      continue;
    }
    const answered = /^(.*) => (.*?)(?: ## (.*))?$/.exec(line);
    if (answered === null) throw new Error(`no line of the table: ${line}`);
    test(line, async () => {
      const { text, type } = await given.evaluate(answered[1]!);
      const expected = answered[2]!;
      expect(text).toBe(/^'.*'$/.test(expected) ? expected.slice(1, -1) : expected);
      if (answered[3] !== undefined) expect(type).toBe(answered[3]);
    });
  }
}
