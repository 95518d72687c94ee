import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { openLoadWorld } from "../copy/fixture.js";

const ROWS =
  "SELECT 1 AS id, 'a|b' AS name, TRUE AS ok, DATE '2024-01-02' AS d, 1.50::decimal(5,2) AS n UNION ALL SELECT 2, NULL, FALSE, NULL, NULL ORDER BY 1";
const unload = (to: string, options: string, query = ROWS) =>
  `UNLOAD ($$${query}$$) TO 's3://data/${to}' IAM_ROLE default ${options}`;

test("text has a delimiter, quotes and escapes as they are asked for", async () => {
  const world = await openLoadWorld();
  await world.run(unload("a/", ""));
  expect(await world.text("a/0000_part_00")).toBe("1|a|b|t|2024-01-02|1.50\n2||f||\n");
  expect(world.notices.at(-1)).toEqual({
    severity: "INFO",
    message: "UNLOAD completed, 2 record(s) unloaded successfully.",
  });
  await world.run(unload("b/", "ADDQUOTES ESCAPE HEADER NULL AS '~' PARALLEL OFF"));
  expect(await world.text("b/000")).toBe(
    '"id"|"name"|"ok"|"d"|"n"\n"1"|"a\\|b"|"t"|"2024-01-02"|"1.50"\n"2"|~|"f"|~|~\n',
  );
  await world.run(unload("c/", "FIXEDWIDTH '0:3,1:4'", "SELECT 7, 'abcdef'"));
  expect(await world.text("c/0000_part_00")).toBe("7  abcd\n");
  expect(world.unloads[0]).toMatchObject({
    rows: 2,
    format: "text",
    files: [{ url: "s3://data/a/0000_part_00", rows: 2 }],
  });
});

test("CSV and JSON", async () => {
  const world = await openLoadWorld();
  await world.run(unload("a/", "CSV HEADER GZIP"));
  expect(gunzipSync(await buffer(await world.bucket.get("a/0000_part_00.gz"))).toString()).toBe(
    "id,name,ok,d,n\n1,a|b,t,2024-01-02,1.50\n2,,f,,\n",
  );
  await world.run(unload("b/", "JSON"));
  expect(
    (await world.text("b/0000_part_00.json"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { id: 1, name: "a|b", ok: true, d: "2024-01-02", n: 1.5 },
    { id: 2, name: null, ok: false, d: null, n: null },
  ]);
  await world.run(unload("parts/", "JSON PARTITION BY (id)"));
  expect(await world.text("parts/id=1/0000_part_00.json")).toBe('{"name":"a|b","ok":true,"d":"2024-01-02","n":1.5}\n');
  expect(JSON.parse(await world.text("parts/id=2/0000_part_00.json"))).toEqual({
    name: null,
    ok: false,
    d: null,
    n: null,
  });
});

test("Parquet in partitions with a manifest is what COPY reads again", async () => {
  const world = await openLoadWorld();
  await world.run(unload("p/", "FORMAT AS PARQUET PARTITION BY (id) MANIFEST VERBOSE"));
  expect((await world.bucket.list("p/")).map(({ key }) => key)).toEqual([
    "p/id=1/0000_part_00.parquet",
    "p/id=2/0000_part_00.parquet",
    "p/manifest",
  ]);
  const manifest = JSON.parse(await world.text("p/manifest"));
  expect(manifest.entries[0]).toMatchObject({
    url: "s3://data/p/id=1/0000_part_00.parquet",
    meta: { record_count: 1 },
  });
  await world.run(
    "CREATE TABLE t (name varchar(5), ok boolean, d date, n decimal(5,2)); COPY t FROM 's3://data/p/manifest' IAM_ROLE default PARQUET MANIFEST",
  );
  expect(await world.rows("SELECT * FROM t ORDER BY name")).toEqual([
    "a|b|true|2024-01-02|1.50",
    "NULL|false|NULL|NULL",
  ]);
  await world.run(unload("q/", "PARQUET PARTITION BY (id) INCLUDE"));
  await world.run(
    "CREATE TABLE u (id int, name varchar(5), ok boolean, d date, n decimal(5,2)); COPY u FROM 's3://data/q/' IAM_ROLE default PARQUET",
  );
  expect(await world.rows("SELECT id, name FROM u ORDER BY 1")).toEqual(["1|a|b", "2|NULL"]);
});

test("what is there is not written over unless it is asked for", async () => {
  const world = await openLoadWorld();
  await world.run(unload("a/x", "CSV"));
  expect(await world.error(unload("a/", "CSV"))).toContain("Specified unload destination on S3 is not empty");
  await world.run(unload("a/x", "CSV ALLOWOVERWRITE", "SELECT 5"));
  expect(await world.text("a/x0000_part_00")).toBe("5\n");
  await world.run(unload("a/", "CSV CLEANPATH", "SELECT 6"));
  expect((await world.bucket.list("a/")).map(({ key }) => key)).toEqual(["a/0000_part_00"]);
});

test("what cannot be is refused", async () => {
  const world = await openLoadWorld();
  expect(await world.error(unload("a/", "CSV", "SELECT 1 LIMIT 1"))).toContain("0A000 Limit clause is not supported");
  expect(await world.error("UNLOAD ('SELECT 1') TO 's3://data/a/' CSV")).toContain("CREDENTIALS argument is required");
  expect(await world.error("UNLOAD ('SELECT 1') TO 's3://p-lake/tables/t/' IAM_ROLE default")).toContain("42501");
  expect(await world.error("UNLOAD ('SELECT 1') TO 's3://none/a' IAM_ROLE default")).toContain("does not exist");
  expect(await world.error(unload("a/", "PARQUET DELIMITER ','"))).toContain("cannot be used with PARQUET");
  expect(await world.error(unload("a/", "CSV MAXFILESIZE 1 MB"))).toContain("between 5 MB and 6.2 GB");
  expect(await world.error(unload("a/", "PARQUET", "SELECT 1 AS x, 2 AS x"))).toContain("duplicated");
});

test("large rows are cut into files of the size that is asked for", async () => {
  const world = await openLoadWorld();
  await world.run(
    unload("a/", "CSV MAXFILESIZE AS 5 MB", "SELECT n, repeat('x', 200) FROM generate_series(1, 100000) AS g(n)"),
  );
  const files = await world.bucket.list("a/");
  expect(files.length).toBeGreaterThan(2);
  expect(world.unloads[0]?.rows).toBe(100_000);
});
