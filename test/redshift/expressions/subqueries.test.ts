import { describe } from "vitest";
import { expressionTable } from "../support/evaluate.js";

describe("subqueries in expressions", () => {
  expressionTable(`
    (SELECT 1) => 1 ## integer
    (SELECT 1) + 1 => 2
    (SELECT 1, 2) !! 42601 subquery must return only one column
    EXISTS (SELECT 1) => true ## boolean
    NOT EXISTS (SELECT 1) => false
    1 IN (SELECT 1 UNION ALL SELECT 2) => true
    3 NOT IN (SELECT 1 UNION ALL SELECT 2) => true
    3 NOT IN (SELECT 1 UNION ALL SELECT NULL) => NULL
    'a ' IN (SELECT 'a') => true
    '2024-01-31' IN (SELECT '2024-01-31'::date) => true
    1.0 IN (SELECT 1) => true
    (1, 'a') IN (SELECT 1, 'a') => true
    (1, 'b') IN (SELECT 1, 'a') => false
    (1, 2) IN (SELECT 1) !! 42601 subquery has too few columns
    1 IN (SELECT 1, 2) !! 42601 subquery has too many columns
    2 > ALL (SELECT 1) => true
    2 = ANY (SELECT 1 UNION ALL SELECT 2) => true
    2 <> ALL (SELECT 2) => false
    true IN (SELECT 1) !! 42883 operator does not exist: boolean = integer
    (ARRAY(SELECT 5))[1] => 5
    CASE WHEN EXISTS (SELECT 1) THEN 'yes' ELSE 'no' END => yes
    coalesce((SELECT NULL::int), 7) => 7
  `);
});
