import { describe } from "vitest";
import { expressionTable } from "../support/evaluate.js";

describe("numbers", () => {
  expressionTable(`
    1 + 1 => 2 ## integer
    7 / 2 => 3 ## integer
    -7 / 2 => -3 ## integer
    7 % 3 => 1 ## integer
    -7 % 3 => -1 ## integer
    2147483647 => 2147483647 ## integer
    2147483648 => 2147483648 ## bigint
    -2147483648 => -2147483648 ## integer
    9223372036854775808 => 9223372036854775808 ## numeric(19,0)
    1.50 => 1.50 ## numeric(3,2)
    .05 => 0.05 ## numeric(2,2)
    1e3 => 1000 ## numeric(4,0)
    1.5e-2 => 0.015 ## numeric(3,3)
    2147483647 + 1 !! 22003 integer out of range
    9223372036854775807 + 1 !! 22003 bigint out of range
    32767::smallint + 1 => 32768 ## integer
    32767::smallint + 1::smallint !! 22003 smallint out of range
    1 / 0 !! 22012 Divide by zero
    1 % 0 !! 22012 Divide by zero
    1.0 / 0 !! 22012 Divide by zero
    1::float / 0 !! 22012 Divide by zero
    1.5 + 1.25 => 2.75 ## numeric(4,2)
    1.50::decimal(8,2) + 1 => 2.50 ## numeric(13,2)
    1.1::decimal(8,2) * 1.1::decimal(8,2) => 1.2100 ## numeric(17,4)
    9.9::decimal(2,1) * 9.9::decimal(2,1) => 98.01 ## numeric(5,2)
    20.00::decimal(8,2) / 3.00::decimal(8,2) => 6.666666666 ## numeric(17,9)
    1::decimal(19,0) / 3::decimal(19,0) => 0.3333333333333333333 ## numeric(38,19)
    1000000.0000::decimal(18,4) * 1000000.0000::decimal(18,4) => 1000000000000.00000000 ## numeric(37,8)
    -20.00::decimal(8,2) / 3 => -6.6666666666666 ## numeric(19,13)
    5.5 % 2 => 1.5
    1::real + 1::real => 2 ## real
    1::real + 1 => 2 ## double precision
    1.5::float * 2 => 3 ## double precision
    7::float / 2 => 3.5 ## double precision
    2 ^ 10 => 1024 ## double precision
    |/ 25.0 => 5 ## double precision
    ||/ 27.0 => 3
    @ -5 => 5 ## integer
    6 & 3 => 2 ## integer
    6 | 3 => 7
    6 # 3 => 5
    ~ 1 => -2
    1 << 4 => 16
    16 >> 2 => 4
    - (2 + 3) => -5
    '5' + 1 => 6 ## integer
    '1' + '2' !! 42725 operator is not unique: unknown + unknown
    NULL + 1 => NULL ## integer
    1 + true !! 42883 operator does not exist: integer + boolean
    'a'::varchar + 'b' => ab
    'a'::varchar + 1 !! 42883
    0.1::float + 0.2::float => 0.3
    1e20::float => 1e+20 ## double precision
    'NaN'::float => NaN
    'Infinity'::float => Infinity
  `);
});

describe("texts", () => {
  expressionTable(`
    'a' || 'b' => ab ## character varying(2)
    'a' || NULL => NULL
    'a' || 1 => a1
    'a' || 1.50 => a1.50
    'it''s' => it's ## character varying(4)
    'a' = 'a  ' => true ## boolean
    'a'::char(5) = 'a' => true
    'a  '::varchar(5) = 'a'::char(5) => true
    'abc' < 'abd' => true
    'abc' LIKE 'a%' => true
    'abc' LIKE '_b_' => true
    'abc' NOT LIKE 'b%' => true
    'a%c' LIKE 'a\\\\%c' => true
    'abc' LIKE 'a\\\\%c' => false
    'a%c' LIKE 'a^%c' ESCAPE '^' => true
    'ABC' ILIKE 'a%' => true
    'abc' SIMILAR TO '%(b|d)%' => true
    'abc' SIMILAR TO '(b|c)%' => false
    'a.c' SIMILAR TO 'a.c' => true
    'abc' SIMILAR TO 'a.c' => false
    'abc' SIMILAR TO 'a[a-c]c' => true
    'abc' ~ '^a.c$' => true
    'abc' ~ '^[[:alpha:]]+$' => true
    'ABC' ~* 'b' => true
    'abc' !~ 'd' => true
    'abc' !~* 'B' => false
  `);
});

describe("tests", () => {
  expressionTable(`
    1 = 1.0 => true
    1 <> 2 => true
    1 != 2 => true
    NULL = NULL => NULL
    NULL IS NULL => true
    1 IS NOT NULL => true
    true IS TRUE => true
    (NULL::boolean) IS NOT TRUE => true
    (NULL::boolean) IS UNKNOWN => true
    false IS NOT FALSE => false
    1 IS DISTINCT FROM NULL => true
    5 BETWEEN 1 AND 10 => true
    5 NOT BETWEEN 1 AND 10 => false
    '2024-01-15'::date BETWEEN '2024-01-01' AND '2024-01-31' => true
    2 IN (1, 2, 3) => true
    2 NOT IN (1, 3) => true
    2 NOT IN (1, NULL) => NULL
    'a' IN ('a ', 'b') => true
    (1, 2) = (1, 2) => true
    (1, 2) < (1, 3) => true
    (2, 1) < (1, 3) => false
    (1, 2) IN ((1, 2), (3, 4)) => true
    true AND NULL => NULL
    false AND NULL => false
    true OR NULL => true
    NOT false => true
    1 AND true => true
    1 + 1 AND true !! 42804 argument of AND must be type boolean, not type integer
    1 = 'x' !! 22P02 invalid input syntax for integer: "x"
    1 = true !! 42883 operator does not exist: integer = boolean
    '12'::varchar = 12 => true
    CASE WHEN 1 = 2 THEN 'a' ELSE 'bc' END => bc ## character varying(2)
    CASE 2 WHEN 1 THEN 'one' WHEN 2 THEN 'two' END => two
    CASE WHEN true THEN 1 ELSE 2.5 END => 1.0
    CASE WHEN true THEN 1 ELSE 'x' END !! 22P02 invalid input syntax for integer: "x"
    CASE WHEN true THEN 1 ELSE now() END !! 42804
    CASE WHEN false THEN 1 END => NULL ## integer
    2 = ANY ('{1,2}') => true
    'r' = ANY (ARRAY['r', 'v']) => true
    3 <> ALL (ARRAY[1, 2]) => true
    (current_schemas(true))[1] => pg_catalog
    nosuch(1, 'a'::varchar(3)) !! 42883 function nosuch(integer, character varying) does not exist
    read_csv('/etc/passwd') !! 42883 function read_csv(unknown) does not exist
    pg_catalog.current_database() => penstock ## name
    st_point(1, 2) !! 0A000 function st_point is not supported
  `);
});
