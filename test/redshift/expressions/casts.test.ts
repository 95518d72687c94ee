import { describe } from "vitest";
import { evaluator, expressionTable } from "../support/evaluate.js";

describe("casts of literals", () => {
  expressionTable(`
    '12'::int => 12 ## integer
    ' 12 '::int => 12
    'abc'::int !! 22P02 invalid input syntax for integer: "abc"
    '1.5'::int !! 22P02 invalid input syntax for integer: "1.5"
    '5000000000'::int !! 22003 value "5000000000" is out of range for type integer
    '1.255'::decimal(5,2) => 1.26 ## numeric(5,2)
    '12345.6'::decimal(5,2) !! 22003 numeric field overflow
    'x'::decimal(5,2) !! 22P02 invalid input syntax for type numeric: "x"
    '1e3'::float => 1000 ## double precision
    'yes'::boolean => true ## boolean
    'f'::bool => false
    'maybe'::boolean !! 22P02 invalid input syntax for boolean: "maybe"
    '2024-01-31'::date => 2024-01-31 ## date
    '20240131'::date => 2024-01-31
    '01/31/2024'::date => 2024-01-31
    'Jan 31, 2024'::date => 2024-01-31
    'January 31, 2024'::date => 2024-01-31
    '31-Jan-2024'::date => 2024-01-31
    '2024-02-30'::date !! 22008 date/time field value out of range: "2024-02-30"
    'soon'::date !! 22007 invalid input syntax for type date: "soon"
    '2024-01-31 10:20:30.5'::timestamp => 2024-01-31 10:20:30.5 ## timestamp without time zone
    '2024-01-31T10:20:30Z'::timestamp => 2024-01-31 10:20:30
    '2024-01-31 3:04 PM'::timestamp => 2024-01-31 15:04:00
    '2024-01-31'::timestamp => 2024-01-31 00:00:00
    '2024-01-31 10:00:00+02'::timestamptz => 2024-01-31 08:00:00+00 ## timestamp with time zone
    '2024-01-31 10:00:00 America/New_York'::timestamptz => 2024-01-31 15:00:00+00
    '10:20'::time => 10:20:00 ## time without time zone
    DATE '2024-01-31' => 2024-01-31
    TIMESTAMP '2024-01-31 10:00:00' => 2024-01-31 10:00:00
    CAST('abcdef' AS varchar(3)) => abc ## character varying(3)
    CAST('ab ' AS char(5)) => ab ## character(5)
    'é€'::varchar(4) => é
    NULL::int => NULL ## integer
    TRY_CAST('x' AS int) => NULL ## integer
    TRY_CAST('12' AS int) => 12
    '1'::nosuch !! 42704 type "nosuch" does not exist
  `);
});

describe("casts of values", () => {
  expressionTable(`
    12.5::int => 13 ## integer
    (-12.5)::int => -13
    5000000000::int !! 22003 integer out of range
    70000::smallint !! 22003 smallint out of range
    123.45::decimal(4,2) !! 22003 numeric field overflow
    1.005::decimal(5,2) => 1.01
    12::varchar => 12 ## character varying(256)
    12::varchar(1) => 1
    1.50::varchar => 1.50
    1.5::float::varchar => 1.5
    1::boolean => true
    0::boolean => false
    true::int => 1
    true::varchar => true
    ('12' || '')::int => 12
    ('a' || 'b')::int !! 22P02 invalid input syntax for integer: "ab"
    ('1' || '.5')::int !! 22P02 invalid input syntax for integer: "1.5"
    ('1' || '.5')::decimal(5,2) => 1.50
    ('1' || '.5')::float => 1.5
    ('x' || '')::boolean !! 22P02 invalid input syntax for type boolean: "x"
    ('ye' || 's')::boolean => true
    ('2024-01' || '-31')::date => 2024-01-31
    ('01/31' || '/2024')::date => 2024-01-31
    ('so' || 'on')::date !! 22007 invalid input syntax for type date: "soon"
    ('2024-01-31' || ' 10:00:00')::timestamp => 2024-01-31 10:00:00
    ('2024-01-31' || ' 10:00:00+02')::timestamptz => 2024-01-31 08:00:00+00
    ('é€' || 'a')::varchar(4) => é
    ('é€' || 'a')::varchar(5) => é€
    TRY_CAST('a' || 'b' AS int) => NULL
    TRY_CAST('a' || 'b' AS date) => NULL
    '2024-01-31'::date::timestamp => 2024-01-31 00:00:00
    '2024-01-31 10:00:00'::timestamp::date => 2024-01-31
    '2024-01-31 10:00:00'::timestamp::time => 10:00:00
    '2024-01-31 10:00:00'::timestamp::timestamptz => 2024-01-31 10:00:00+00
    '2024-01-31'::date::varchar => 2024-01-31
    true::date !! 42846 cannot cast type boolean to date
    1::super => 1 ## super
    'abc'::super => abc
    5::super::bool => true
    5.5::super::bool => NULL
    'x'::super::int => NULL
    '1.5'::super::int => NULL
    '12'::super::int => 12
    true::super::int => 1
    1.7::super::int => 2
    99999999999::super::int => NULL
    'maybe'::super::bool => NULL
    'yes'::super::bool => true
    'zz'::super::date => NULL
    '01/31/2024'::super::date => 2024-01-31
    JSON_PARSE('[1]')::int => NULL
    JSON_PARSE('{"a":"b"}').a::decimal(5,2) => NULL
    'abc'::varbyte => abc
  `);
});

describe("in another time zone", () => {
  expressionTable(
    `
    '2024-01-31 10:00:00'::timestamp::timestamptz => 2024-01-31 10:00:00-05
    '2024-07-31 10:00:00'::timestamp::timestamptz => 2024-07-31 10:00:00-04
    '2024-01-31 10:00:00+00'::timestamptz => 2024-01-31 05:00:00-05
    '2024-01-31 10:00:00+00'::timestamptz::timestamp => 2024-01-31 05:00:00
    '2024-01-31 02:00:00+00'::timestamptz::date => 2024-01-30
    extract(hour from '2024-01-31 10:00:00+00'::timestamptz) => 5 ## double precision
    date_trunc('day', '2024-01-31 02:00:00+00'::timestamptz) => 2024-01-30 00:00:00-05
    dateadd(day, 1, '2024-03-09 12:00:00'::timestamptz) => 2024-03-10 12:00:00-04
    '2024-01-31 10:00:00'::timestamp < '2024-01-31 14:59:59+00'::timestamptz => false
    to_char('2024-01-31 10:00:00+00'::timestamptz, 'HH24:MI OF') => 05:00 -05
  `,
    evaluator({ timezone: "America/New_York" }),
  );
});
