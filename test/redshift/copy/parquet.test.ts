import { expect, test } from "vitest";
import { openLoadWorld } from "./fixture.js";

test("columns are taken by their position from every object of the prefix", async () => {
  const world = await openLoadWorld();
  await world.parquet("p/day=1/a.parquet", "SELECT 1::INTEGER x, 'one' y, 1.50::DECIMAL(5,2) z");
  await world.parquet("p/day=2/b.parquet", "SELECT 2::BIGINT q, NULL::VARCHAR r, 2.5::DECIMAL(9,1) s");
  await world.parquet("q/other.parquet", "SELECT 9, 'nine', 9.0");
  await world.run("CREATE TABLE t (a int, b varchar(10), c decimal(8,2), d int default 7)");
  expect(
    (
      await world.run(
        "COPY t (a, b, c) FROM 's3://data/p/' IAM_ROLE 'arn:aws:iam::123456789012:role/load' FORMAT AS PARQUET",
      )
    ).changed,
  ).toBe(2);
  expect(await world.rows("SELECT * FROM t ORDER BY a")).toEqual(["1|one|1.50|7", "2|NULL|2.50|7"]);
  expect(world.notices.at(-1)?.message).toBe("Load into table 't' completed, 2 record(s) loaded successfully.");
  expect(world.loads[0]).toMatchObject({
    status: "completed",
    rowsLoaded: 2,
    files: [
      { url: "s3://data/p/day=1/a.parquet", rowsRead: 1, rowsLoaded: 1 },
      { url: "s3://data/p/day=2/b.parquet", rowsRead: 1, rowsLoaded: 1 },
    ],
  });
});

test("what does not fit is refused with both sides named", async () => {
  const world = await openLoadWorld();
  await world.parquet("p.parquet", "SELECT 1::INTEGER id, 'a long name' AS name");
  const refusal = async (columns: string, options = "FORMAT AS PARQUET") => {
    await world.run(`DROP TABLE IF EXISTS t; CREATE TABLE t (${columns})`);
    return world.error(`COPY t FROM 's3://data/p.parquet' IAM_ROLE default ${options}`);
  };
  expect(await refusal("id int")).toBe(
    "XX000 Spectrum Scan Error: Unmatched number of columns between table and file. Table columns: 1, Data columns: 2, File name: s3://data/p.parquet",
  );
  expect(await refusal("id int, name varchar(20), more int")).toContain("Table columns: 3, Data columns: 2");
  expect(await refusal("id int, name int")).toBe(
    "XX000 Spectrum Scan Error: File 's3://data/p.parquet' has an incompatible Parquet schema for column 'name'. Column type: INTEGER, Parquet schema: VARCHAR name",
  );
  expect(await refusal("id int, name varchar(5)")).toBe(
    "XX000 Spectrum Scan Error: The length of the data column name is longer than the length defined in the table. Table: 5, Data: 11",
  );
  expect(await refusal("id int, name varchar(20)", "PARQUET MAXERROR 5")).toBe(
    "0A000 MAXERROR argument is not supported for PARQUET based COPY",
  );
  expect(await refusal("id int, name varchar(20)", "FORMAT PARQUET NOLOAD")).toBe(
    "0A000 NOLOAD argument is not supported for PARQUET based COPY",
  );
  expect(world.loads.map(({ status }) => status)).toEqual(["failed", "failed", "failed", "failed"]);
  await world.put("p.parquet", "no parquet");
  expect(await refusal("id int")).toBe(
    "XX000 Spectrum Scan Error: File 's3://data/p.parquet' is not a valid Parquet file",
  );
});

test("FILLRECORD fills the columns that a file lacks; nested values need SERIALIZETOJSON", async () => {
  const world = await openLoadWorld();
  await world.parquet("p.parquet", "SELECT 1::INTEGER id, {'a': [1, 2]} AS s");
  await world.run("CREATE TABLE t (id int, s super, x varchar(3))");
  expect(await world.error("COPY t FROM 's3://data/p.parquet' IAM_ROLE default PARQUET FILLRECORD")).toContain(
    "is nested: COPY it with SERIALIZETOJSON",
  );
  await world.run("COPY t FROM 's3://data/p.parquet' IAM_ROLE default PARQUET FILLRECORD SERIALIZETOJSON");
  expect(await world.rows("SELECT id, s.a[1], x FROM t")).toEqual(["1|2|NULL"]);
});

test("a manifest names the objects, and their lengths for Parquet", async () => {
  const world = await openLoadWorld();
  await world.parquet("p/a.parquet", "SELECT 1::INTEGER id");
  const length = (await world.bucket.head("p/a.parquet"))!.sizeBytes;
  const manifest = (entries: object[]) => world.put("m.json", JSON.stringify({ entries }));
  const copy = "COPY t FROM 's3://data/m.json' IAM_ROLE default PARQUET MANIFEST";
  await world.run("CREATE TABLE t (id int)");
  await manifest([
    { url: "s3://data/p/a.parquet", mandatory: true, meta: { content_length: length } },
    { url: "s3://data/p/none", mandatory: false, meta: { content_length: 1 } },
  ]);
  await world.run(copy);
  expect(await world.rows("SELECT * FROM t")).toEqual(["1"]);
  await manifest([{ url: "s3://data/p/a.parquet", mandatory: true }]);
  expect(await world.error(copy)).toContain('has no "meta"');
  await manifest([{ url: "s3://data/p/none", mandatory: true, meta: { content_length: 1 } }]);
  expect(await world.error(copy)).toBe(
    "XX000 Problem reading manifest file - S3 object 's3://data/p/none' is mandatory and was not found",
  );
});

test("what a COPY names must be there, and be somebody's to fill", async () => {
  const world = await openLoadWorld();
  await world.run("CREATE TABLE t (id int not null, n int); CREATE TABLE i (id int identity(1,1), n int)");
  await world.parquet("a", "SELECT 1");
  expect(await world.error("COPY t FROM 's3://nowhere/a' IAM_ROLE default PARQUET")).toBe(
    "XX000 The S3 bucket 'nowhere' specified in the statement does not exist",
  );
  expect(await world.error("COPY t FROM 's3://data/none' IAM_ROLE default CSV")).toBe(
    "XX000 The specified S3 prefix 'none' does not exist",
  );
  expect(await world.error("COPY nothing FROM 's3://data/a' IAM_ROLE default")).toContain("42P01");
  expect(await world.error("COPY penstock.loads FROM 's3://data/a' IAM_ROLE default")).toContain("42501");
  expect(await world.error("COPY t FROM 's3://data/a' CSV")).toContain("CREDENTIALS argument is required");
  expect(await world.error("COPY t (n) FROM 's3://data/a' IAM_ROLE default")).toContain('column "id" is NOT NULL');
  expect(await world.error("COPY i (id) FROM 's3://data/a' IAM_ROLE default")).toContain(
    "cannot set an identity column",
  );
  expect(await world.error("COPY t FROM 's3://data/a' IAM_ROLE default CSV MAXERROR 100001")).toBe(
    "22023 MAXERROR must be between 0 and 100000",
  );
  expect(await world.error("COPY t FROM 's3://data/a' IAM_ROLE default ORC")).toContain("ORC is not supported");
});

test("in a transaction that is rolled back nothing was loaded", async () => {
  const world = await openLoadWorld();
  await world.parquet("a", "SELECT range::INTEGER FROM range(10)");
  await world.run("CREATE TABLE t (id int); BEGIN; COPY t FROM 's3://data/a' IAM_ROLE default PARQUET");
  expect(await world.rows("SELECT count(*) FROM t")).toEqual(["10"]);
  await world.run("ROLLBACK");
  expect(await world.rows("SELECT count(*) FROM t")).toEqual(["0"]);
});
