import { expect, test } from "vitest";
import { bindExpression } from "../../../src/redshift/binder/expressions/bind-expression.js";
import { coerce } from "../../../src/redshift/binder/expressions/coerce.js";
import { parseExpression } from "../../../src/redshift/syntax/parse.js";
import type { SqlType } from "../../../src/redshift/types.js";
import { testContext, testScope } from "../support/evaluate.js";

const table = {
  from: "t",
  columns: {
    i: { kind: "integer" },
    d: { kind: "decimal", precision: 8, scale: 2 },
    t: { kind: "varchar", length: 10 },
    day: { kind: "date" },
  },
} as const;

function bound(expression: string, wanted?: SqlType) {
  const context = testContext();
  const result = bindExpression(parseExpression(expression), testScope(context, table), wanted);
  return { result, context };
}

test("a parameter takes its neighbour's type, as wide as that goes", () => {
  expect(bound("i = $1").context.parameters).toEqual([{ kind: "integer" }]);
  expect(bound("$1 + 1").context.parameters).toEqual([{ kind: "integer" }]);
  expect(bound("t = $1").context.parameters).toEqual([{ kind: "varchar", length: 65_535 }]);
  expect(bound("d = $1").context.parameters).toEqual([{ kind: "decimal", precision: 38, scale: 10 }]);
  expect(bound("day > $1").context.parameters).toEqual([{ kind: "date" }]);
  expect(bound("i IN ($1, $2)").context.parameters).toEqual([{ kind: "integer" }, { kind: "integer" }]);
  expect(bound("i BETWEEN $1 AND $2").context.parameters).toEqual([{ kind: "integer" }, { kind: "integer" }]);
  expect(bound("upper($1)").context.parameters).toEqual([{ kind: "varchar", length: 65_535 }]);
  expect(bound("dateadd(day, $1, day)").context.parameters).toEqual([{ kind: "bigint" }]);
  expect(bound("$1::date").context.parameters).toEqual([{ kind: "date" }]);
  expect(bound("$1", { kind: "timestamp" }).context.parameters).toEqual([{ kind: "timestamp" }]);
});

test("a parameter whose type the client insists on is cast from it", () => {
  const context = testContext();
  context.parameters[0] = { kind: "bigint" };
  const result = bindExpression(parseExpression("i = $1"), testScope(context, table));
  expect(result.sql).toBe('("i" = CAST($1 AS BIGINT))');
  expect(context.parameters).toEqual([{ kind: "bigint" }]);
});

test("what is assigned must fit, and be of a type that goes into the column", () => {
  const context = testContext();
  const scope = testScope(context, table);
  const assign = (expression: string, to: SqlType) =>
    coerce(bindExpression(parseExpression(expression), scope), to, "assignment", context);
  expect(() => assign("'abcdef'", { kind: "varchar", length: 3 })).toThrow(
    "value too long for type character varying(3)",
  );
  expect(assign("'abc   '", { kind: "varchar", length: 3 }).sql).toBe("'abc'");
  expect(assign("t", { kind: "varchar", length: 10 }).sql).toBe('"t"');
  expect(assign("t", { kind: "varchar", length: 20 }).sql).toBe('"t"');
  expect(() => assign("t", { kind: "integer" })).toThrow(/is of type character varying where integer is needed/);
  expect(assign("i", { kind: "smallint" }).sql).toBe('CAST("i" AS SMALLINT)');
  expect(assign("'x'", { kind: "super" }).type).toEqual({ kind: "super" });
});
