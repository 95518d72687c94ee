import { expect, test } from "vitest";
import type { Expression } from "../../../src/redshift/syntax/ast.js";
import { parseExpression } from "../../../src/redshift/syntax/parse.js";

/** The tree in one line: every operator with its operands in parentheses. */
function shown(expression: Expression): string {
  const list = (items: readonly Expression[]) => items.map(shown).join(", ");
  switch (expression.kind) {
    case "literal":
      return expression.value.type === "string"
        ? `'${expression.value.text}'`
        : expression.value.type === "number"
          ? expression.value.text
          : expression.value.type === "boolean"
            ? String(expression.value.value)
            : "null";
    case "parameter":
      return `$${expression.number}`;
    case "column":
      return expression.parts.join(".");
    case "star":
      return expression.qualifier === undefined ? "*" : `${expression.qualifier.parts.join(".")}.*`;
    case "unary":
      return `(${expression.operator} ${shown(expression.operand)})`;
    case "binary":
      return `(${shown(expression.left)} ${expression.operator} ${shown(expression.right)})`;
    case "and":
    case "or":
      return `(${expression.operands.map(shown).join(` ${expression.kind} `)})`;
    case "is":
      return `(${shown(expression.operand)} is${expression.negated ? " not" : ""} ${expression.test.type}${expression.test.type === "distinct" ? ` ${shown(expression.test.from)}` : ""})`;
    case "between":
      return `(${shown(expression.operand)}${expression.negated ? " not" : ""} between ${shown(expression.low)} and ${shown(expression.high)})`;
    case "in-list":
      return `(${shown(expression.operand)}${expression.negated ? " not" : ""} in [${list(expression.items)}])`;
    case "in-query":
      return `(${shown(expression.operand)} in query)`;
    case "like":
      return `(${shown(expression.operand)}${expression.negated ? " not" : ""} ${expression.operator} ${shown(expression.pattern)}${expression.escape === undefined ? "" : ` escape ${shown(expression.escape)}`})`;
    case "quantified":
      return `(${shown(expression.operand)} ${expression.operator} ${expression.quantifier} ${"query" in expression.over ? "query" : shown(expression.over.array)})`;
    case "exists":
      return "exists";
    case "query":
      return "query";
    case "row":
      return `row[${list(expression.items)}]`;
    case "cast":
      return `${expression.try ? "try_" : ""}cast(${shown(expression.operand)} as ${expression.type.name}${expression.type.args.length > 0 ? `(${expression.type.args.join(",")})` : ""}${expression.type.max ? "(max)" : ""}${expression.type.array ? "[]" : ""})`;
    case "case":
      return `case ${expression.operand === undefined ? "" : `${shown(expression.operand)} `}${expression.branches.map((one) => `${shown(one.when)}:${shown(one.then)}`).join(" ")}${expression.otherwise === undefined ? "" : ` else ${shown(expression.otherwise)}`}`;
    case "call":
      return `${expression.approximate ? "approximate " : ""}${expression.name.parts.join(".")}${expression.bare ? "" : `(${expression.distinct ? "distinct " : ""}${list(expression.args)})`}${expression.trim === undefined ? "" : ` ${expression.trim}`}${expression.withinGroup === undefined ? "" : ` within [${expression.withinGroup.map((one) => shown(one.expression)).join(", ")}]`}${expression.nulls === undefined ? "" : ` ${expression.nulls}`}${expression.over === undefined ? "" : ` over [${list(expression.over.partitionBy)} | ${expression.over.orderBy.map((one) => `${shown(one.expression)}${one.descending ? " desc" : ""}`).join(", ")}${expression.over.frame === undefined ? "" : ` | ${expression.over.frame.unit} ${expression.over.frame.start.type} ${expression.over.frame.end?.type}`}]`}`;
    case "extract":
      return `extract(${expression.part} ${shown(expression.source)})`;
    case "subscript":
      return `${shown(expression.operand)}[${shown(expression.index)}]`;
    case "path":
      return `${shown(expression.operand)}->${expression.name}`;
    case "at-time-zone":
      return `(${shown(expression.operand)} at ${shown(expression.zone)})`;
    case "interval":
      return `interval('${expression.text}' ${expression.qualifier})`;
    case "collate":
      return `collate(${shown(expression.operand)} ${expression.collation})`;
    case "array":
      return "body" in expression.items ? "array(query)" : `array[${list(expression.items)}]`;
  }
}

test.for([
  ["1 + 2 * 3 ^ 4 ^ 5", "(1 + (2 * ((3 ^ 4) ^ 5)))"],
  ["a - b - c", "((a - b) - c)"],
  ["a = 1 and b = 2 or not c", "(((a = 1) and (b = 2)) or (not c))"],
  ["not a = b", "(not (a = b))"],
  ["a and b and c", "(a and b and c)"],
  ["-a + b", "((- a) + b)"],
  ["-5", "-5"],
  ["- -5", "(- -5)"],
  ["a-1", "(a - 1)"],
  ["a -1", "(a - 1)"],
  ["-2::int", "(- cast(2 as int))"],
  ["2 * -3", "(2 * -3)"],
  ["a || b || 'c'", "((a || b) || 'c')"],
  ["a || b = c", "((a || b) = c)"],
  ["a + 1 || b", "((a + 1) || b)"],
  ["a <> b", "(a <> b)"],
  ["a like 'x' || '%'", "(a like ('x' || '%'))"],
  ["a || 'x' like b", "((a || 'x') like b)"],
  ["a between 'x' || 'y' and b + 1 and c", "((a between ('x' || 'y') and (b + 1)) and c)"],
  ["a || b in (1)", "((a || b) in [1])"],
  ["a = b = c", "(a = (b = c))"],
  ["a = b like c", "(a = (b like c))"],
  ["a = b <> c", "(a = (b <> c))"],
  ["a || b is null", "(a || (b is null))"],
  ["a + b is null", "((a + b) is null)"],
  ["a = not b and c", "((a = (not b)) and c)"],
  ["- a ^ 2", "((- a) ^ 2)"],
  ["@ a - 1", "(@ (a - 1))"],
  ["a <= any (array[1])", "(a <= any array[1])"],
  ["a not like any (array['x'])", "(a !~~ any array['x'])"],
  ["operator(pg_catalog.-) a", "(- a)"],
  ["(a, b) overlaps (c, d)", "overlaps(a, b, c, d)"],
  ["numeric(10, 2) '1.5'", "cast('1.5' as numeric(10,2))"],
  ["double precision '1'", "cast('1' as double precision)"],
  ["super '1'", "cast('1' as super)"],
  ["timestamp(3) with time zone 'x'", "cast('x' as timestamp with time zone(3))"],
  ["convert(varchar(10), a)", "cast(a as varchar(10))"],
  ["convert(timestamp, a || b)", "cast((a || b) as timestamp)"],
  ["current_timestamp(3)", "current_timestamp"],
  ["approximate", "approximate"],
  ["a#b", "(a # b)"],
  ["'\\303\\251'", "'é'"],
  ["E'\\x41\\u00e9'", "'Aé'"],
  ["array(with x as (select 1) select 1)", "array(query)"],
  ["a != b", "(a <> b)"],
  ["a<=b", "(a <= b)"],
  ["a like 'x%' escape '!' and b", "((a like 'x%' escape '!') and b)"],
  ["a not ilike b + '%'", "(a not ilike (b + '%'))"],
  ["a similar to 'x' or a ~ 'y' or a !~* 'z'", "((a similar 'x') or (a ~ 'y') or (a !~* 'z'))"],
  ["a ~~ 'x'", "(a like 'x')"],
  ["a between 1 and 2 and b", "((a between 1 and 2) and b)"],
  ["a not between b + 1 and c", "(a not between (b + 1) and c)"],
  ["a in (1, 2, 3)", "(a in [1, 2, 3])"],
  ["a not in ('x')", "(a not in ['x'])"],
  ["a in (select 1)", "(a in query)"],
  ["(a, b) = (1, 2)", "(row[a, b] = row[1, 2])"],
  ["a is null", "(a is null)"],
  ["a is not true", "(a is not true)"],
  ["a isnull or b notnull", "((a is null) or (b is not null))"],
  ["a = b is null", "(a = (b is null))"],
  ["a is distinct from b", "(a is distinct b)"],
  ["a = any (array[1, 2])", "(a = any array[1, 2])"],
  ["a <> all (select 1)", "(a <> all query)"],
  ["a operator(pg_catalog.~) '^x$'", "(a ~ '^x$')"],
  ["a operator(pg_catalog.=) any (b)", "(a = any b)"],
  ["a::varchar(12)::date", "cast(cast(a as varchar(12)) as date)"],
  ["a::varchar(max)", "cast(a as varchar(max))"],
  ["a::double precision", "cast(a as double precision)"],
  ["a::timestamp with time zone", "cast(a as timestamp with time zone)"],
  ["a::timestamp(6) without time zone", "cast(a as timestamp without time zone(6))"],
  ["cast(a as decimal(10, 2))", "cast(a as decimal(10,2))"],
  ["try_cast(a as int)", "try_cast(a as int)"],
  ["a::int[]", "cast(a as int[])"],
  ["a::int < 5", "(cast(a as int) < 5)"],
  ["a::timestamp <> b::date", "(cast(a as timestamp) <> cast(b as date))"],
  ["'x'::pg_catalog.regclass", "cast('x' as regclass)"],
  ["date '2026-01-31'", "cast('2026-01-31' as date)"],
  ["timestamp with time zone 'x'", "cast('x' as timestamp with time zone)"],
  ["date", "date"],
  ["interval '3' year to month", "interval('3' year to month)"],
  ["interval '1 day'", "interval('1 day' undefined)"],
  ["a at time zone 'UTC' + b", "((a at 'UTC') + b)"],
  ["case when a then 1 when b then 2 else 3 end", "case a:1 b:2 else 3"],
  ["case a when 1 then 'x' end", "case a 1:'x'"],
  ["a.b.c", "a.b.c"],
  ["a.b[0].c", "a.b[0]->c"],
  ["(a).b", "a->b"],
  ["(current_schemas(true))[1]", "current_schemas(true)[1]"],
  ["array(select 1)", "array(query)"],
  ["array(1, 2)", "array(1, 2)"],
  ["(select 1) + 1", "(query + 1)"],
  ["exists (select 1)", "exists"],
  ["((a))", "a"],
  ["$1 = $2", "($1 = $2)"],
  ["count(*)", "count(*)"],
  ["count(distinct a)", "count(distinct a)"],
  ["approximate count(distinct a)", "approximate count(distinct a)"],
  ["pg_catalog.version()", "pg_catalog.version()"],
  ["left(a, 1)", "left(a, 1)"],
  ["current_date", "current_date"],
  ["sysdate", "sysdate"],
  ["extract(epoch from a)", "extract(epoch a)"],
  ["extract('year' from a)", "extract(year a)"],
  ["trim(both 'x' from a)", "trim(a, 'x') both"],
  ["trim(a)", "trim(a)"],
  ["trim(leading from a)", "trim(a) leading"],
  ["position('a' in b || c)", "position('a', (b || c))"],
  ["substring(a from 2 for 3)", "substring(a, 2, 3)"],
  ["substring(a, 2)", "substring(a, 2)"],
  ["dateadd(day, 1, a)", "dateadd('day', 1, a)"],
  ["listagg(a, ',') within group (order by b) over (partition by c)", "listagg(a, ',') within [b] over [c | ]"],
  [
    "sum(a) over (order by b desc rows between unbounded preceding and current row)",
    "sum(a) over [ | b desc | rows unbounded-preceding current-row]",
  ],
  ["lag(a) ignore nulls over (order by b)", "lag(a) ignore over [ | b]"],
  [
    "first_value(a ignore nulls) over (order by b rows unbounded preceding)",
    "first_value(a) ignore over [ | b | rows unbounded-preceding undefined]",
  ],
  ["a collate pg_catalog.default", "a"],
  ["a collate 'case_insensitive' = b", "(collate(a case_insensitive) = b)"],
  ["'it''s'", "'it's'"],
  ["E'a\\nb'", "'a\nb'"],
  ["'a\\'b'", "'a'b'"],
  ["'C:\\\\dir'", "'C:\\dir'"],
  ["'\\d\\n\\101'", "'d\nA'"],
  ["'a'\n 'b'", "'ab'"],
  ["$$it's$$", "'it's'"],
  ["$tag$x$$y$tag$", "'x$$y'"],
  ['"A ""B"""', 'a "b"'],
  ["1.5e-3 + .5 + 2.", "((1.5e-3 + .5) + 2.)"],
  ["a /* b /* c */ d */ + -- e\n 1", "(a + 1)"],
  ["a # b", "(a # b)"],
  ["größe", "größe"],
] as const)("%s", ([text, tree]) => {
  expect(shown(parseExpression(text))).toBe(tree);
});

test("many texts joined make a tree that is low", () => {
  const height = (tree: Expression): number =>
    tree.kind === "binary" ? 1 + Math.max(height(tree.left), height(tree.right)) : 0;
  const names = Array.from({ length: 5_000 }, (_, n) => `a${n}`);
  const tree = parseExpression(names.join(" || "));
  expect(height(tree)).toBeLessThan(20);
  expect(shown(tree).replace(/[()]/g, "")).toBe(names.join(" || "));
});

test("where a node begins is where it stands in the text", () => {
  const text = "a +   foo(b, 'x')";
  const tree = parseExpression(text);
  expect(tree).toMatchObject({ at: 0, right: { at: 6, args: [{ at: 10 }, { at: 13 }] } });
});
