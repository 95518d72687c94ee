import { describe, expect, test } from "vitest";
import type { SqlType } from "../../../src/redshift/types.js";
import { evaluator, expressionTable, type TestTable } from "../support/evaluate.js";

const columns: Readonly<Record<string, SqlType>> = {
  i: { kind: "integer" },
  b: { kind: "bigint" },
  s: { kind: "smallint" },
  d: { kind: "decimal", precision: 8, scale: 2 },
  f: { kind: "double" },
  r: { kind: "real" },
  t: { kind: "varchar", length: 10 },
  g: { kind: "varchar", length: 10 },
  o: { kind: "boolean" },
  day: { kind: "date" },
};
const table: TestTable = {
  columns,
  from: `(VALUES
    (1, 10::BIGINT, 1::SMALLINT, 1.10::DECIMAL(8,2), 1.5::DOUBLE, 1.5::FLOAT, 'b', 'x', TRUE, DATE '2024-01-01'),
    (2, 20::BIGINT, 2::SMALLINT, 2.25::DECIMAL(8,2), 2.5::DOUBLE, 2.5::FLOAT, 'a', 'x', FALSE, DATE '2024-01-02'),
    (2, 30::BIGINT, 2::SMALLINT, 3.35::DECIMAL(8,2), 4.0::DOUBLE, 4.0::FLOAT, 'c', 'y', TRUE, DATE '2024-01-04'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'y', NULL, NULL)
  ) v(i, b, s, d, f, r, t, g, o, day)`,
};

describe("aggregates", () => {
  expressionTable(
    `
    count(*) => 4 ## bigint
    count(i) => 3 ## bigint
    count(DISTINCT i) => 2
    APPROXIMATE count(DISTINCT i) => 2 ## bigint
    sum(i) => 5 ## bigint
    sum(s) => 5 ## bigint
    sum(b) => 60 ## numeric(38,0)
    sum(d) => 6.70 ## numeric(38,2)
    sum(f) => 8 ## double precision
    sum(r) => 8 ## double precision
    sum(DISTINCT i) => 3
    avg(i) => 1 ## bigint
    avg(b) => 20 ## bigint
    avg(d) => 2.23 ## numeric(38,2)
    avg(f) => 2.66666666666667 ## double precision
    avg(DISTINCT i) => 1
    min(t) => a ## character varying(10)
    max(day) => 2024-01-04 ## date
    any_value(g) IN ('x', 'y') => true
    stddev(i) => 0.577350269189626 ## double precision
    stddev_pop(i) => 0.471404520791032
    variance(i) => 0.333333333333333
    var_pop(i) => 0.222222222222222
    bool_and(o) => false ## boolean
    bool_or(o) => true
    bit_and(i) => 0 ## integer
    bit_or(i) => 3
    listagg(t, ', ') WITHIN GROUP (ORDER BY t) => a, b, c ## character varying(65535)
    listagg(t) WITHIN GROUP (ORDER BY t DESC) => cba
    listagg(DISTINCT i, '|') WITHIN GROUP (ORDER BY i) => 1|2
    listagg(i, '|') WITHIN GROUP (ORDER BY i DESC) => 2|2|1
    median(i) => 2.0 ## numeric(38,1)
    median(f) => 2.5 ## double precision
    median(d) => 2.250
    percentile_cont(0.5) WITHIN GROUP (ORDER BY f) => 2.5 ## double precision
    percentile_cont(0.25) WITHIN GROUP (ORDER BY f DESC) => 3.25
    percentile_disc(0.5) WITHIN GROUP (ORDER BY i) => 2 ## integer
    APPROXIMATE percentile_disc(0.5) WITHIN GROUP (ORDER BY i) => 2
    sum(i) + 1 => 6
    sum(CASE WHEN i = 2 THEN 1 ELSE 0 END) => 2
    sum(i) / count(*) => 1 ## bigint
    sum(d) / count(*) => 1.6750 ## numeric(38,4)
    count(*) = 4 AND max(i) > 1 => true
    sum(sum(i)) !! 42803 aggregate function calls may not be nested
    sum(t) !! 42883 function sum(character varying) does not exist
    bool_and(i) !! 42883 function bool_and(integer) does not exist
    upper(DISTINCT t) !! 42809
    sum(i, 2) !! 42883
    percentile_cont(2) WITHIN GROUP (ORDER BY f) !! 22023
    row_number() !! 42601 window function row_number requires an OVER clause
    upper(t) OVER () !! 42809
  `,
    evaluator({}, table),
  );
});

describe("windows", () => {
  expressionTable(
    `
    row_number() OVER (ORDER BY i) => 1 ## bigint
    rank() OVER (ORDER BY i DESC) => 1 ## bigint
    sum(i) OVER () => 5 ## bigint
    sum(i) OVER (ORDER BY b ROWS UNBOUNDED PRECEDING) => 1
    sum(i) OVER (ORDER BY b) !! 0A000 Aggregate window functions with an ORDER BY clause require a frame clause
    first_value(t) OVER (ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) => b
    last_value(t IGNORE NULLS) OVER (PARTITION BY g ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) IN ('a', 'c') => true
    first_value(t) OVER (ORDER BY b) !! 0A000
    nth_value(t, 2) OVER (ORDER BY b ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) => a
    lag(i, 1) OVER (ORDER BY b) => NULL ## integer
    lead(i) OVER (ORDER BY b) => 2
    lead(i, 1, 0) IGNORE NULLS OVER (ORDER BY b) => 2
    ntile(2) OVER (ORDER BY b) => 1
    cume_dist() OVER (ORDER BY b) => 0.25 ## double precision
    percent_rank() OVER (ORDER BY b) => 0
    dense_rank() OVER (ORDER BY i) => 1
    ratio_to_report(f) OVER () => 0.1875 ## double precision
    avg(i) OVER () => 1 ## bigint
    avg(d) OVER () => 2.23 ## numeric(38,2)
    median(f) OVER () => 2.5
    percentile_cont(0.5) WITHIN GROUP (ORDER BY f) OVER (PARTITION BY 1) => 2.5
    listagg(t, ',') WITHIN GROUP (ORDER BY t) OVER () => a,b,c
    count(DISTINCT i) OVER () !! 0A000 DISTINCT is not implemented for window functions
  `,
    evaluator({}, table),
  );
});

describe("what an expression holds", () => {
  const { bind } = evaluator({}, table);
  test("an aggregate outside a window is told", () => {
    expect(bind("sum(i) + 1")).toMatchObject({ aggregate: true, window: false });
    expect(bind("sum(i) OVER ()")).toMatchObject({ aggregate: false, window: true });
    expect(bind("sum(sum(i)) OVER ()")).toMatchObject({ aggregate: true, window: true });
    expect(bind("avg(i) + length(t)")).toMatchObject({ aggregate: true, window: false });
    expect(bind("i + 1")).toMatchObject({ aggregate: false, window: false });
  });

  test("columns beside columns and literals stay plain for the engine's filters", () => {
    expect(bind("i = 5").sql).toBe('("i" = 5)');
    expect(bind("b >= 5").sql).toBe('("b" >= 5)');
    expect(bind("s = i").sql).toBe('("s" = "i")');
    expect(bind("d > 1.5").sql).toBe('("d" > 1.5)');
    expect(bind("t = 'a '").sql).toBe(`("t" = 'a')`);
    expect(bind("t LIKE 'a%'").sql).toBe(`("t" LIKE 'a%')`);
    expect(bind("day >= '2024-01-01'").sql).toBe(`("day" >= DATE '2024-01-01')`);
    expect(bind("day BETWEEN '2024-01-01' AND '2024-01-31'").sql).toBe(
      `("day" BETWEEN DATE '2024-01-01' AND DATE '2024-01-31')`,
    );
    expect(bind("i IN (1, 2)").sql).toBe('("i" IN (1, 2))');
    expect(bind("f * 2").sql).toBe('("f" * 2)');
    expect(bind("i / 2").sql).toBe('("i" // 2)');
    expect(bind("sum(f)").sql).toBe('sum("f")');
    expect(bind("sum(i)").sql).toBe('CAST(sum("i") AS BIGINT)');
  });
});
