import { createHash } from "node:crypto";
import { describe } from "vitest";
import { evaluator, expressionTable } from "../support/evaluate.js";

const hashOf = (name: string) => createHash(name).update("Amazon Redshift").digest("hex");

describe("date and time", () => {
  expressionTable(`
    dateadd(month, 18, '2008-02-28') => 2009-08-28 00:00:00 ## timestamp without time zone
    dateadd(month, 1, '2008-01-31'::date) => 2008-02-29 00:00:00
    dateadd(minute, 30, '2008-01-01 00:00:00'::timestamp) => 2008-01-01 00:30:00
    dateadd('qtr', 2, '2008-01-01'::date) => 2008-07-01 00:00:00
    dateadd(w, -1, '2008-01-08'::date) => 2008-01-01 00:00:00
    dateadd(ms, 5, '2008-01-01'::timestamp) => 2008-01-01 00:00:00.005
    dateadd(hour, 36, '10:00:00'::time) => 22:00:00 ## time without time zone
    dateadd(fortnight, 1, '2008-01-01') !! 22023 timestamp units "fortnight" not recognized
    datediff(week, '2009-01-01', '2009-12-31') => 52 ## bigint
    datediff(week, '2024-01-06'::date, '2024-01-07'::date) => 1
    datediff(week, '2024-01-07'::date, '2024-01-08'::date) => 0
    datediff(qtr, '1998-07-01', '2009-03-31') => 42
    datediff(day, '2008-12-31 23:59:59'::timestamp, '2009-01-01 00:00:00'::timestamp) => 1
    datediff(year, '2008-12-31'::date, '2009-01-01'::date) => 1
    datediff(months, '2009-01-31'::date, '2009-02-01'::date) => 1
    datediff(hour, '2009-01-01'::date, '2008-12-31'::date) => -24
    datediff(second, '10:00:00'::time, '10:01:05'::time) => 65
    date_part(year, '2008-06-17'::date) => 2008 ## double precision
    date_part(w, timestamp '2008-06-17 09:44:54') => 25
    date_part(dow, timestamp '2008-06-17 09:44:54') => 2
    date_part(minute, timestamp '2008-06-17 09:44:54') => 44
    date_part('epoch', timestamp '2008-06-17 09:44:54') => 1213695894
    date_part(century, '2008-06-17'::date) => 21
    date_part_year('2008-06-17'::date) => 2008 ## integer
    extract(quarter from timestamp '2008-06-17 09:44:54') => 2 ## integer
    extract(ms from timestamp '2009-09-09 12:08:43.101') => 101
    extract(microsecond from timestamp '2009-09-09 12:08:43.101') => 101000
    extract(second from timestamp '2009-09-09 12:08:43.9') => 43
    extract(doy from date '2024-12-31') => 366
    extract(epoch from timestamp '2008-06-17 09:44:54') => 1213695894 ## bigint
    extract(hour from time '20:15:00') => 20
    extract(day from interval '3 days 04:00') => 3
    extract(month from 5) !! 42883
    date_trunc('week', timestamp '2008-06-19 09:44:54') => 2008-06-16 00:00:00 ## timestamp without time zone
    date_trunc('month', '2008-06-19'::date) => 2008-06-01 00:00:00 ## timestamp without time zone
    date_trunc('hour', '2008-06-19 09:44:54') => 2008-06-19 09:00:00
    add_months('2008-03-31', 1) => 2008-04-30 00:00:00
    add_months('2008-04-30', 1) => 2008-05-31 00:00:00
    add_months('2008-04-15'::date, -2) => 2008-02-15 00:00:00
    months_between('1969-01-18', '1969-03-18') => -2 ## double precision
    months_between('2024-03-31', '2024-02-29') => 1
    round(months_between('2024-03-15', '2024-02-29')::decimal(10,4), 4) => 0.5484
    last_day('2004-01-31'::date) => 2004-01-31 ## date
    last_day('2024-02-10') => 2024-02-29
    next_day('2014-08-20', 'Tuesday') => 2014-08-26 ## date
    next_day('2014-08-19'::date, 'tu') => 2014-08-26
    next_day('2014-08-19'::date, 'xx') !! 22023
    trunc('2011-07-21 10:32:38.248109'::timestamp) => 2011-07-21 ## date
    convert_timezone('US/Eastern', '2008-08-21 07:23:54'::timestamp) => 2008-08-21 03:23:54 ## timestamp without time zone
    convert_timezone('US/Pacific', 'US/Eastern', '2008-08-21 07:23:54'::timestamp) => 2008-08-21 10:23:54
    convert_timezone('EST', 'PST', '20080305 12:25:29') => 2008-03-05 09:25:29
    convert_timezone('GMT+2', '2008-08-21 12:00:00'::timestamp) => 2008-08-21 10:00:00
    convert_timezone('nowhere', '2008-08-21 12:00:00'::timestamp) !! 22023 time zone "nowhere" not recognized
    timezone('US/Pacific', '2008-06-17 12:00:00'::timestamp) => 2008-06-17 19:00:00+00 ## timestamp with time zone
    '2008-06-17 12:00:00'::timestamp AT TIME ZONE 'US/Pacific' => 2008-06-17 19:00:00+00
    '2008-06-17 12:00:00+00'::timestamptz AT TIME ZONE 'EST' => 2008-06-17 07:00:00 ## timestamp without time zone
    date_cmp('2008-01-01'::date, '2008-01-02'::date) => -1 ## integer
    timestamp_cmp('2008-01-02', '2008-01-02') => 0
    timestamptz_cmp('2008-01-02 00:00+00'::timestamptz, '2008-01-01'::date) => 1
    interval_cmp('3 days', '1 year') => -1
    '2024-01-31'::date + 1 => 2024-02-01 ## date
    '2024-01-31'::date - 1 => 2024-01-30
    '2024-03-01'::date - '2024-02-01'::date => 29 ## integer
    '2024-03-01'::date - '2024-02-01' => 29
    '2024-01-31'::date + interval '1 month' => 2024-02-29 00:00:00 ## timestamp without time zone
    '2024-01-31 10:00'::timestamp - '2024-01-30 09:00'::timestamp => 1 day 01:00:00 ## interval day to second
    '2024-01-31 10:00'::timestamp - interval '2 hours' => 2024-01-31 08:00:00
    interval '1 day' + '2024-01-31'::date => 2024-02-01 00:00:00
    '10:00:00'::time + interval '90 minutes' => 11:30:00
    interval '1 hour' * 2.5 => 02:30:00
    interval '1 day' / 2 => 12:00:00
    interval '1-2' year to month => 1 year 2 mons ## interval year to month
    interval '3' month => 3 mons
    interval '1 12:00:00' => 1 day 12:00:00
    interval '52' hour => 52:00:00
    interval 'soon' !! 22007 invalid input syntax for type interval: "soon"
    getdate() = getdate() => true
    sysdate::date = current_date => true
    getdate() <= sysdate => true
  `);
});

describe("formats", () => {
  expressionTable(`
    to_char(timestamp '2009-12-31 23:15:59', 'MONTH-DY-DD-YYYY HH12:MIPM') => DECEMBER -THU-31-2009 11:15PM ## character varying(65535)
    to_char(timestamp '2009-12-31 23:15:59', 'YYYY-MM-DD HH24:MI:SS') => 2009-12-31 23:15:59
    to_char(timestamp '2009-01-05 03:04:05.678', 'Mon D, DDD, FMDD FMMonth Q IW W CC MS US') => Jan 2, 005, 5 January 1 02 1 21 678 678000
    to_char(timestamp '2009-01-05', 'FMDay, FMDDth') => Monday, 5th
    to_char(timestamp '2009-01-05', '"Today is" day') => 'Today is monday   '
    to_char(timestamp '2009-01-05', 'YY Y J SSSS am rm') => '09 9 2454837 0 am i   '
    to_char('2009-01-05'::date, 'DD') => 05
    to_char(NULL::timestamp, 'DD') => NULL
    to_char(125.8, '999.99') => ' 125.80'
    to_char(-125.8, '999D99S') => 125.80-
    to_char(-125.8, '999.99') => -125.80
    to_char(-12, '999') => ' -12'
    to_char(12, '0999') => ' 0012'
    to_char(1234567.891, '9,999,999.99') => ' 1,234,567.89'
    to_char(567.89, '9,999,999.99') => '       567.89'
    to_char(1234.5, 'FM999,999.99') => 1,234.5
    to_char(22, 'FM000') => 022
    to_char(485, '999MI') => '485 '
    to_char(-485, '999MI') => 485-
    to_char(-485, '999PR') => <485>
    to_char(1234, '99') => ' ##'
    to_char(22.88, '$99.99') => ' $22.88'
    to_char(0.5, '99.99') => '   .50'
    to_char(0, '99') => '  0'
    to_char(12, 'EEEE') !! 0A000
    to_date('02 Oct 2001', 'DD Mon YYYY') => 2001-10-02 ## date
    to_date('20010631', 'YYYYMMDD', true) !! 22007
    to_date('2024-01-31 10:20:30', 'YYYY-MM-DD') => 2024-01-31
    to_date('31/01/2024', 'DD/MM/YYYY') => 2024-01-31
    to_timestamp('05 Dec 2000 10:20', 'DD Mon YYYY HH24:MI') => 2000-12-05 10:20:00+00 ## timestamp with time zone
    to_timestamp('2011-12-18 11:38:15 PM', 'YYYY-MM-DD HH12:MI:SS PM') => 2011-12-18 23:38:15+00
    to_number('12,454.8-', '99G999D9S') => -12454.8
    to_number('$ 12,454.88', 'L 99G999D99') => 12454.88
  `);
});

describe("strings", () => {
  expressionTable(`
    len('cat') => 3 ## integer
    length('français') => 8
    octet_length('français') => 9
    len('cat  '::char(10)) => 3
    upper('abc') => ABC ## character varying(3)
    lower('ABC'::varchar(10)) => abc ## character varying(10)
    initcap('o''reilly ET-al 2nd') => O'Reilly Et-Al 2nd
    substring('caterpillar', 6, 4) => pill
    substring('caterpillar', 6) => pillar
    substring('caterpillar', 0, 4) => cat
    substring('caterpillar', -2, 4) => c
    substring('caterpillar' from 6 for 4) => pill
    left('Chicago', 5) => Chica
    right('Chicago', 3) => ago
    left('abc', -1) => ''
    lpad('abc', 5, '*') => **abc
    lpad('abc', 2) => ab
    rpad('abc', 5) || '|' => abc  |
    trim('  ab ') => ab
    trim(both '"' from '"dog"') => dog
    trim(leading 'x' from 'xxdogx') => dogx
    btrim('xyzaxyzbxyzcxyz', 'xyz') => axyzbxyzc
    ltrim('2008-01-01', '2008-') => 1-01
    rtrim('abcxyz', 'xyz') => abc
    replace('high school', 'high', 'low') => low school
    translate('mint tea', 'inea', 'osin') => most tin
    split_part('abc$def$ghi', '$', 2) => def
    split_part('abc$def$ghi', '$', 9) => ''
    split_part('a', '$', 0) !! 22023 field position must be greater than zero
    strpos('dogfish', 'fish') => 4 ## integer
    charindex('fish', 'dogfish') => 4
    position('fish' in 'dogfish') => 4
    charindex('x', 'dog') => 0
    reverse('frog') => gorf
    repeat('ab', 3) => ababab
    replicate('ab', -1) => ''
    chr(65) => A
    ascii('amazon') => 97
    concat('December 25, ', '2008') => December 25, 2008
    concat('a', NULL) => NULL
    concat('a', 'b', 'c') !! 42883
    quote_ident('"CAT"') => '"""CAT"""'
    quote_ident('cat') => cat
    quote_literal('''CAT''') => ''''CAT''''
    strtol('abcd1234', 16) => 2882343476 ## bigint
    strtol('1234567', 10) => 1234567
    strtol('-ff', 16) => -255
    strtol('12', 2) !! 22023
    soundex('Amazon') => A525
    soundex('Robert') => R163
    soundex('Rupert') => R163
    soundex('Pfister') => P236
    difference('AC', 'AC') => 4
    crc32('alpha') => 3504355690 ## bigint
    upper(12) => 12
    regexp_count('abcdefghijklmnopqrstuvwxyz', '[a-z]{3}') => 8
    regexp_substr('the fox', 'fox') => fox
    regexp_substr('the Fox', 'fox', 1, 1, 'i') => Fox
    regexp_substr('a1b2c3', '[0-9]', 1, 2) => 2
    regexp_substr('a1', '[x-z]') => ''
    regexp_substr('key=value', '(.*)=(.*)', 1, 1, 'e') => key
    regexp_replace('the fox', 'FOX', 'quick brown fox', 1, 'i') => the quick brown fox
    regexp_replace('Etiam@example.com', '@.*\\\\.(org|gov|com|edu|ca)') => Etiam
    regexp_replace('john smith', '(\\\\w+) (\\\\w+)', '$2 $1') => smith john
    regexp_instr('The quick brown fox', 'fox') => 17
    regexp_instr('abcabc', 'b', 1, 2) => 5
    regexp_instr('abcabc', 'bc', 1, 1, 1) => 4
    regexp_instr('abc', 'x') => 0
  `);
});

describe("conditions", () => {
  expressionTable(`
    nvl(NULL, 'x') => x
    coalesce(NULL, 2, 3.5) => 2.0 ## numeric(11,1)
    coalesce(NULL, NULL) => NULL
    nvl2(NULL, 'a', 'b') => b
    nvl2(1, 'a', 'b') => a
    nullif('a', 'b') => a
    nullif(1, 1.0) => NULL ## integer
    greatest(1, NULL, 3) => 3
    least('b', 'a', NULL) => a
    decode(2, 1, 'one', 2, 'two', 'other') => two
    decode(NULL, NULL, 'nothing', 'other') => nothing
    decode(3, 1, 'one') => NULL
    decode(2.0, 2, 'two') => two
    greatest(1, 'x') !! 22P02
  `);
});

describe("mathematics", () => {
  expressionTable(`
    abs(-38) => 38 ## integer
    ceiling(28.05::decimal(8,2)) => 29 ## numeric(8,0)
    ceil(-1.5::float) => -1 ## double precision
    floor(-1.5::decimal(5,2)) => -2
    round(28.05::decimal(8,2), 1) => 28.1 ## numeric(8,1)
    round(28.05::decimal(8,2)) => 28
    round(-2.5) => -3
    round(1234, -2) => 1200 ## integer
    round(2.567::float, 2) => 2.57
    trunc(111.86::decimal(8,2)) => 111
    trunc(111.867::decimal(8,3), 1) => 111.8 ## numeric(8,1)
    trunc(-111.86, 1) => -111.8
    mod(10, 4) => 2
    mod(-7, 3) => -1
    mod(1, 0) !! 22012 Divide by zero
    sign(-5.5) => -1.0
    power(2, 10) => 1024 ## double precision
    sqrt(16) => 4
    sqrt(-1) !! 2201F cannot take square root of a negative number
    cbrt(27) => 3
    exp(0) => 1
    ln(1) => 0
    ln(0) !! 2201E
    log(100) => 2
    dlog1(1) => 0
    dlog10(1000) => 3
    pi() => 3.14159265358979
    degrees(pi()) => 180
    radians(180) => 3.14159265358979
    sin(0) => 0
    atan2(2, 2) => 0.785398163397448
    random() < 1 => true
    to_hex(2147676847) => 8002f2af
    width_bucket(5.35, 0.024, 10.06, 5) => 3
    factorial(5) => 120
  `);
});

describe("JSON and SUPER", () => {
  expressionTable(`
    json_extract_path_text('{"f2":{"f3":1},"f4":{"f5":99,"f6":"star"}}', 'f4', 'f6') => star ## character varying(65535)
    json_extract_path_text('{"f2":{"f3":1}}', 'f2') => '{"f3":1}'
    json_extract_path_text('{"a":null}', 'a') => NULL
    json_extract_path_text('{"a":1}', 'b') => NULL
    json_extract_path_text('{"a":1', 'a', true) => NULL
    json_extract_path_text('{"a":1', 'a') !! 22P02
    json_extract_array_element_text('[111,112,113]', 2) => 113
    json_extract_array_element_text('["a",["b",1,["c",2,3,null]]]', 1) => ["b",1,["c",2,3,null]]
    json_extract_array_element_text('[1', 0, true) => NULL
    json_array_length('[11,12,13,{"f1":1,"f2":[5,6]},14]') => 5 ## integer
    json_array_length('[11,12', true) => NULL
    is_valid_json('{"a":2}') => true
    is_valid_json('{"a":2') => false
    is_valid_json_array('["a","b"]') => true
    is_valid_json_array('{"a":1}') => false
    json_parse('[10001,  10002,"abc"]') => [10001,10002,"abc"] ## super
    json_parse('{') !! 22P02 JSON parsing error: the text is no valid JSON
    can_json_parse('[1, 2') => false
    json_serialize(json_parse('[1, "a"]')) => [1,"a"] ## character varying(65535)
    json_typeof(array(1, 2)) => array
    json_typeof(json_parse('"a"')) => string
    json_typeof(json_parse('null')) => null
    is_array(json_parse('[1]')) => true
    is_object(json_parse('[1]')) => false
    is_integer(json_parse('5')) => true
    is_varchar(json_parse('"5"')) => true
    array(1, 'a', NULL, 2.5) => [1,"a",null,2.5]
    array(array(1), 'x') => [[1],"x"]
    array_concat(array(1, 2), array('a')) => [1,2,"a"]
    array_flatten(array(array(1, 2), 3)) => [1,2,3]
    subarray(array('a', 'b', 'c', 'd'), 1, 2) => ["b","c"]
    subarray(array('a', 'b', 'c', 'd'), 2) => ["c","d"]
    get_array_length(array(1, 2, 3)) => 3
    get_array_length(json_parse('5')) => NULL
    split_to_array('12|345|6', '|') => ["12","345","6"]
    object('a', 1, 'b', array(2)) => {"a":1,"b":[2]}
    (json_parse('{"a":{"b":[10,20]}}')).a.b[1] => 20 ## super
    (json_parse('{"a":1}')).x.y => NULL
    (json_parse('{"a":5}')).a = 5 => true
    (json_parse('{"a":5}')).a = '5' => NULL
    (json_parse('{"a":"x"}')).a = 'x' => true
    (json_parse('{"a":5}')).a::int + 1 => 6 ## integer
    (json_parse('{"a":5}')).a + 1 => 6 ## super
    (json_parse('{"a":"5"}')).a::int => 5
    (json_parse('{"a":[1]}')).a::int => NULL
    (json_parse('{"a":null}')).a IS NULL => true
    (json_parse('{"a":"2024-01-31"}')).a::date => 2024-01-31
    upper((json_parse('{"a":"x"}')).a) => X
  `);
});

describe("hashes and bytes", () => {
  expressionTable(`
    md5('Amazon Redshift') => f7415e33f972c03abd4f3fed36748f7a
    sha1('Amazon Redshift') => ${hashOf("sha1")} ## character varying(40)
    sha2('Amazon Redshift', 256) => ${hashOf("sha256")}
    sha2('a', 512) !! 0A000
    fnv_hash('Amazon Redshift') => 7783490368944507294 ## bigint
    fnv_hash(1) => -5968735742475085980
    fnv_hash('') => -3750763034362895579
    to_hex(to_varbyte('abc', 'utf8')) => 616263
    from_varbyte(from_hex('616263'), 'utf-8') => abc
    from_varbyte(to_varbyte('abc', 'utf8'), 'binary') => 011000010110001001100011
    from_hex('6') !! 22023
    to_varbyte('YWJj', 'base64') => abc
    substring('abc'::varbyte, 2, 1) => b
    octet_length('é'::varbyte) => 2
    getbit('a'::varbyte, 0) => 1
    getbit('a'::varbyte, 1) => 0
  `);
});

describe("the session", () => {
  expressionTable(
    `
    current_user => penstock ## name
    current_schema() => sales ## name
    current_schemas(true)[2] => sales
    current_database() => penstock
    pg_backend_pid() => 4711 ## integer
    current_setting('my.thing') => 5
    current_setting('nothing') !! 42704 unrecognized configuration parameter "nothing"
    pg_typeof(1.5) => numeric
    version() LIKE 'PostgreSQL 8.0.2 %Redshift%' => true
    array_upper(current_schemas(true), 1) => 3
    pg_terminate_backend(1) !! 0A000
  `,
    evaluator({ search_path: "sales, public", "my.thing": "5" }),
  );
});
