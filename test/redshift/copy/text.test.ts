import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openLoadWorld } from "./fixture.js";

const TABLE = "CREATE TABLE t (id int not null, name varchar(5), at timestamp, d date, price decimal(8,2), ok boolean)";

test("CSV with quotes, line breaks in them and empty fields is loaded", async () => {
  const world = await openLoadWorld();
  await world.put(
    "in/a.csv",
    'id,name,at,d,price,ok\n1,"a,b",2024-01-02 03:04:05.5,2024-01-02,1.239,t\n2,"x\ny""z",,,,\r\n3,,2024-01-02 00:00:00,2024-02-29,-7,false\n',
  );
  await world.run(TABLE);
  const { tag } = await world.run("COPY t FROM 's3://data/in/' IAM_ROLE default CSV IGNOREHEADER 1");
  expect(tag).toBe("COPY");
  expect(world.notices.at(-1)).toEqual({
    severity: "INFO",
    message: "Load into table 't' completed, 3 record(s) loaded successfully.",
  });
  expect(await world.rows("SELECT id, name, at, d, price, ok FROM t ORDER BY id")).toEqual([
    "1|a,b|2024-01-02 03:04:05.5|2024-01-02|1.23|true",
    '2|x\ny"z|NULL|NULL|NULL|NULL',
    "3||2024-01-02 00:00:00|2024-02-29|-7.00|false",
  ]);
});

test("a bad line fails the whole COPY and is told with its place", async () => {
  const world = await openLoadWorld();
  await world.put("in/a.csv", "1,a\n2,toolong\nx,b\n");
  await world.run("CREATE TABLE t (id int, name varchar(5))");
  expect(await world.error("COPY t FROM 's3://data/in/a.csv' IAM_ROLE default CSV")).toBe(
    "XX000 Load into table 't' failed.  Check 'stl_load_errors' system table for details.",
  );
  expect(await world.rows("SELECT count(*) FROM t")).toEqual(["0"]);
  expect(world.loads[0]?.errors).toMatchObject([
    {
      url: "s3://data/in/a.csv",
      line: 2,
      column: "name",
      type: "varchar",
      length: "5",
      position: 2,
      rawLine: "2,toolong",
      rawField: "toolong",
      code: 1204,
    },
  ]);
});

test("MAXERROR lets so many lines go, each with what is wrong with it", async () => {
  const world = await openLoadWorld();
  await world.put(
    "in/a.txt",
    "1|a|2024-01-01\n|b|2024-01-01\n12a|c|2024-01-01\n4|d|2024-13-01\n5|e\n6|f|2024-01-01|x|y\n7\n99999999999|g|2024-01-01\n9|h|1/2\n10|i|2024-01-10\n",
  );
  await world.put("in/b.txt", Buffer.from("11|\xa4|2024-01-01\n12|k|2024-01-12|\n", "latin1"));
  await world.run("CREATE TABLE t (id int not null, name varchar(5), d date)");
  await world.run("COPY t FROM 's3://data/in/' IAM_ROLE default MAXERROR 100");
  expect(await world.rows("SELECT id FROM t ORDER BY 1")).toEqual(["1", "10", "12"]);
  expect(
    world.loads[0]?.errors.map(
      ({ url, line, column, code, reason }) => `${url.slice(10)} ${line} ${column} ${code} ${reason}`,
    ),
  ).toEqual([
    "in/a.txt 2 id 1213 Missing data for not-null field",
    "in/a.txt 3 id 1207 Invalid digit, Value 'a', Pos 2, Type: Integer",
    "in/a.txt 4 d 1205 Invalid Date Format",
    "in/a.txt 5  1203 Delimiter not found",
    "in/a.txt 6  1202 Extra column(s) found",
    "in/a.txt 7  1214 Delimiter not found",
    "in/a.txt 8 id 1204 Overflow, Value '99999999999', Type: Integer",
    "in/a.txt 9 d 1205 Invalid Date Format - length must be 10 or more",
    "in/b.txt 1 name 1220 String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: a4 (error 3)",
  ]);
  expect(world.notices.map(({ message }) => message)).toEqual([
    "Load into table 't' completed, 3 record(s) loaded successfully.",
    "Load into table 't' completed, 9 record(s) could not be loaded.  Check 'stl_load_errors' system table for details.",
  ]);
  await world.run("DELETE FROM t");
  expect(await world.error("COPY t FROM 's3://data/in/' IAM_ROLE default MAXERROR 8")).toContain("failed");
});

test("of many bad lines the first ones are told, whether by their shape or by their values", async () => {
  const world = await openLoadWorld();
  await world.put("in/a.txt", "1|a\nx|b\ny|c\n4|d|more\nz|e\n");
  await world.run("CREATE TABLE t (id int, name varchar(5))");
  const told = async (options: string) => {
    await world.error(`COPY t FROM 's3://data/in/a.txt' IAM_ROLE default ${options}`);
    return world.loads.at(-1)?.errors.map(({ line, code }) => `${line} ${code}`);
  };
  expect(await told("")).toEqual(["2 1207"]);
  expect(await told("MAXERROR 1")).toEqual(["2 1207", "3 1207"]);
  expect(await told("MAXERROR 2")).toEqual(["2 1207", "3 1207", "4 1202"]);
});

test("each option of texts does what it says", async () => {
  const world = await openLoadWorld();
  const load = async (body: string | Uint8Array, columns: string, options: string) => {
    await world.put("one", body);
    await world.run(
      `DROP TABLE IF EXISTS o; CREATE TABLE o (${columns}); COPY o FROM 's3://data/one' IAM_ROLE default ${options}`,
    );
    return world.rows("SELECT * FROM o");
  };
  const two = "a varchar(4), b varchar(4)";
  expect(await load("x\\|y|z\n1\\\n2|\\N\n", two, "ESCAPE")).toEqual(["x|y|z", "1\n2|NULL"]);
  expect(await load("\"x|y\"|'z'\n", two, "REMOVEQUOTES")).toEqual(["x|y|z"]);
  expect(await load("ab 12\ncd 3\n", "a varchar(4), b int", "FIXEDWIDTH '0:3,1:2'")).toEqual(["ab|12", "cd|3"]);
  expect(await load("|  \n", two, "EMPTYASNULL BLANKSASNULL")).toEqual(["NULL|NULL"]);
  expect(await load("a  |b \n", two, "TRIMBLANKS")).toEqual(["a|b"]);
  expect(await load("a\n\n", two, "FILLRECORD IGNOREBLANKLINES")).toEqual(["a|NULL"]);
  expect(await load("abcdef|ééé\n", two, "TRUNCATECOLUMNS")).toEqual(["abcd|éé"]);
  expect(await load(Buffer.from("a\xffb|c\n", "latin1"), two, "ACCEPTINVCHARS AS '^'")).toEqual(["a^b|c"]);
  expect(await load("nil|b\n", two, "NULL AS 'nil'")).toEqual(["NULL|b"]);
  expect(await load("1.259\n", "n decimal(8,2)", "ROUNDEC")).toEqual(["1.26"]);
  expect(await load("1.259\n", "n decimal(8,2)", "")).toEqual(["1.25"]);
  expect(await load("31.12.2024\n", "d date", "DATEFORMAT 'DD.MM.YYYY'")).toEqual(["2024-12-31"]);
  expect(await load("Jan 5, 2024\n", "d date", "DELIMITER '|' DATEFORMAT 'auto'")).toEqual(["2024-01-05"]);
  expect(await load("00/00/00\n", "d date", "ACCEPTANYDATE DATEFORMAT 'auto'")).toEqual(["NULL"]);
  expect(await load("1704164645123\n", "t timestamp", "TIMEFORMAT 'epochmillisecs'")).toEqual([
    "2024-01-02 03:04:05.123",
  ]);
  expect(await load("1704164645\n", "t timestamptz", "TIMEFORMAT 'epochsecs'")).toEqual(["2024-01-02 03:04:05+00"]);
  expect(await load("2024-01-02T03:04:05Z\n", "t timestamp", "TIMEFORMAT 'auto'")).toEqual(["2024-01-02 03:04:05"]);
  expect(await load("2024-01-02 03:04:05+02\n", "t timestamptz", "")).toEqual(["2024-01-02 01:04:05+00"]);
  expect(await load("01/02/2024 03:04:05\n", "t timestamp", "TIMEFORMAT 'MM/DD/YYYY HH:MI:SS'")).toEqual([
    "2024-01-02 03:04:05",
  ]);
  expect(await load(Buffer.from("\ufeffä|b\n", "utf16le"), two, "ENCODING UTF16")).toEqual(["ä|b"]);
  expect(await load("a\tb\n", two, "DELIMITER '\\t'")).toEqual(["a|b"]);
  expect(await load("a|~|b\n", two, "DELIMITER '|~|'")).toEqual(["a|b"]);
  expect(await load("%a%%%,b\n", two, "CSV QUOTE '%'")).toEqual(["a%|b"]);
  expect(await load(gzipSync("a|b\n"), two, "GZIP")).toEqual(["a|b"]);
  expect(await load(BZIP2, two, "BZIP2")).toEqual(["a|b"]);
  expect(await load('{"a":1}|b\n', "a super, b char(3)", "")).toEqual(['{"a":1}|b']);
  expect(await load("5|x\n", "id int identity(1,1), b varchar(4)", "EXPLICIT_IDS")).toEqual(["5|x"]);
});

/** `a|b` and a line's end. */
const BZIP2 = Buffer.from(
  "425a683931415926535968e2d350000000c1800010300000042000219a68334d30bc5dc914e14241a38b4d40",
  "hex",
);

test("zstd is read by the engine", async () => {
  const world = await openLoadWorld();
  const path = `${world.services.stagingDirectory}/z.csv.zst`;
  await world.parquet("warm", "SELECT 1");
  await world.duck(
    `COPY (SELECT range, 'n' || range FROM range(5000)) TO '${path}' (FORMAT csv, HEADER false, COMPRESSION zstd)`,
  );
  const whole = await readFile(path);
  await world.bucket.adopt(path, "z.csv.zst");
  await world.run("CREATE TABLE t (a int, b varchar(10)); COPY t FROM 's3://data/z.csv.zst' IAM_ROLE default CSV ZSTD");
  expect(await world.rows("SELECT count(*), sum(a), max(b) FROM t")).toEqual(["5000|12497500|n999"]);
  // What is none, or was cut short, or has bytes that the engine does not take, is told as such.
  const raw = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, 4, 0x21, 0, 0, 0x31, 0x2c, 0xe9, 0x0a]);
  const told: string[] = [];
  for (const body of [
    Buffer.from("1,a\n"),
    whole.subarray(0, whole.length - 1),
    Buffer.concat([whole, whole.subarray(0, 3)]),
    raw,
  ]) {
    await world.put("bad.zst", body);
    told.push(await world.error("COPY t FROM 's3://data/bad.zst' IAM_ROLE default CSV ZSTD MAXERROR 9"));
  }
  expect(told).toEqual([
    "XX000 The object s3://data/bad.zst is not zstd: it does not begin with a frame",
    "XX000 The object s3://data/bad.zst is not zstd: it ends in the middle of a frame",
    "XX000 The object s3://data/bad.zst is not zstd: it ends in the middle of a frame",
    "XX000 The object s3://data/bad.zst has a line that ZSTD cannot be read with: no UTF-8, longer than 4 MB, or with the characters 1 or 2 in it",
  ]);
});
