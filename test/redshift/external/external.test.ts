import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { PipelineModel } from "../../../src/definition/model.js";
import { alterExternal, externalHandlers } from "../../../src/redshift/external/handlers.js";
import { lakeCatalog } from "../../../src/redshift/external/lake-tables.js";
import { externalRelation } from "../../../src/redshift/external/read-external.js";
import { column, tableModel } from "../../loader/fixtures.js";
import { type LoadWorld, openLoadWorld } from "../copy/fixture.js";
import { WITH_SYSTEM } from "../support/database.js";

const QUOTES = tableModel({
  columns: [
    column("symbol", { kind: "varchar", length: 12 }),
    column("bid", { kind: "decimal", precision: 12, scale: 4 }),
    column("size", { kind: "integer" }),
  ],
  deliver: {
    ...tableModel().deliver,
    prefix: "tables/quotes/day=!{partitionKeyFromQuery:day}/",
    partitionBy: [{ name: "day", column: "at", unit: "day" }],
  },
});

async function openWorld(): Promise<LoadWorld> {
  const model = { name: "market", tables: [QUOTES] } as unknown as PipelineModel;
  return openLoadWorld((services, { engine }) => ({
    ...WITH_SYSTEM,
    handlers: externalHandlers(lakeCatalog(model, "p-lake"), services),
    alterExternal,
    external: (relation) =>
      externalRelation(relation, {
        buckets: services.buckets,
        fileColumns: async (path) => {
          const connection = await engine.instance.connect();
          const rows = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet('${path}')`)).getRowsJS();
          connection.closeSync();
          return new Map(rows.map(([name]) => [String(name).toLowerCase(), String(name)]));
        },
      }),
  }));
}

/** Delivers as the lake has it: an object of rows under a partition. */
async function deliver(world: LoadWorld, key: string, query: string): Promise<void> {
  await world.parquet(
    "made",
    `SELECT 'shardId-0' AS _shard_id, 1::BIGINT AS _sequence_number, 0::INTEGER AS _row_index, TIMESTAMPTZ '2026-01-05 10:00:00+00' AS _arrived_at, * FROM (${query})`,
  );
  await world.lake.put(key, await readFile((await world.bucket.localPath("made"))!));
}

test("a table of the pipeline is read from the lake without being loaded, older objects too", async () => {
  const world = await openWorld();
  await deliver(
    world,
    "tables/quotes/day=2026-01-05/quotes-000000001-v1-abc.parquet",
    "SELECT 'A' AS symbol, 1.5::DECIMAL(12,4) AS bid",
  );
  await deliver(
    world,
    "tables/quotes/day=2026-01-06/quotes-000000002-v2-def.parquet",
    "SELECT 'B' AS symbol, 2.5::DECIMAL(12,4) AS bid, 7 AS size",
  );
  await world.lake.put("tables/quotes/day=2026-01-06/note.txt", Buffer.from("no rows"));
  await world.run("CREATE EXTERNAL SCHEMA spectrum FROM DATA CATALOG DATABASE 'market' IAM_ROLE default");
  expect(await world.rows("SELECT symbol, bid, size, day FROM spectrum.quotes ORDER BY symbol")).toEqual([
    "A|1.5000|NULL|2026-01-05",
    "B|2.5000|7|2026-01-06",
  ]);
  expect(await world.rows('SELECT "$path", "$size" > 100 FROM spectrum.quotes WHERE day = \'2026-01-06\'')).toEqual([
    "s3://p-lake/tables/quotes/day=2026-01-06/quotes-000000002-v2-def.parquet|true",
  ]);
  expect((await world.run("SELECT * FROM spectrum.quotes")).columns).toEqual([
    "_shard_id",
    "_sequence_number",
    "_row_index",
    "_arrived_at",
    "symbol",
    "bid",
    "size",
    "day",
  ]);
  expect(await world.error("INSERT INTO spectrum.quotes SELECT * FROM spectrum.quotes")).toContain("external table");
  await deliver(
    world,
    "tables/quotes/day=2026-01-07/quotes-000000003-v2-ghi.parquet",
    "SELECT 'C' AS symbol, 3::DECIMAL(12,4) AS bid, 9 AS size",
  );
  expect(await world.rows("SELECT count(*) FROM spectrum.quotes")).toEqual(["3"]);
});

test("a partition that a condition leaves out is not read", async () => {
  const world = await openWorld();
  await deliver(
    world,
    "tables/quotes/day=2026-01-05/quotes-000000001-v1-abc.parquet",
    "SELECT 'A' AS symbol, 1.5::DECIMAL(12,4) AS bid, 1 AS size",
  );
  await deliver(
    world,
    "tables/quotes/day=2026-01-06/quotes-000000002-v1-def.parquet",
    "SELECT 'B' AS symbol, 2.5::DECIMAL(12,4) AS bid, 1 AS size",
  );
  await world.run("CREATE EXTERNAL SCHEMA spectrum FROM DATA CATALOG DATABASE 'market' IAM_ROLE default");
  await world.run("SELECT symbol FROM spectrum.quotes");
  // Its bytes are damaged behind the footer's back: reading it would fail.
  const { writeFile } = await import("node:fs/promises");
  const path = join(world.directory, "lake", "tables/quotes/day=2026-01-06/quotes-000000002-v1-def.parquet");
  const bytes = await readFile(path);
  await writeFile(path, Buffer.concat([Buffer.alloc(200, 0xff), bytes.subarray(200)]));
  expect(await world.rows("SELECT symbol, bid FROM spectrum.quotes WHERE day = '2026-01-05'")).toEqual(["A|1.5000"]);
  const plan = await world.rows("EXPLAIN ANALYZE SELECT symbol FROM spectrum.quotes WHERE day = '2026-01-05'");
  expect(plan).toContain("Objects read: 1 of 2; 1 passed by, in partitions that the conditions exclude");
  expect(plan).toContain("Partitions read: 1 of 2; 1 passed by, which the conditions exclude");
  expect(await world.rows("EXPLAIN SELECT symbol FROM spectrum.quotes WHERE day = '2026-01-05'")).toContain(
    "Partitions to read: 1 of 2 (2 objects in all); 1 passed by, which the conditions exclude",
  );
  expect(await world.rows("EXPLAIN SELECT symbol FROM spectrum.quotes WHERE day > '2030-01-01'")).toContain(
    "Partitions to read: 0 of 2 (2 objects in all); 2 passed by, which the conditions exclude",
  );
  const joined = await world.rows(
    "EXPLAIN SELECT a.symbol FROM spectrum.quotes a JOIN spectrum.quotes b ON a.symbol = b.symbol WHERE a.day = '2026-01-05'",
  );
  expect(joined.at(-1)).toBe(
    "Partitions to read: 3 of 4 (4 objects in all); 1 passed by, which the conditions exclude",
  );
});

test("users' own prefixes become tables, with partitions that are told", async () => {
  const world = await openWorld();
  await world.run(
    "CREATE EXTERNAL SCHEMA mine FROM DATA CATALOG DATABASE 'own' IAM_ROLE default CREATE EXTERNAL DATABASE IF NOT EXISTS",
  );
  await world.parquet("sales/m=1/a", "SELECT 1 AS id, 'one' AS name");
  await world.parquet("sales/m=2/a", "SELECT 'two' AS \"NAME\", 2 AS id");
  await world.run(
    "CREATE EXTERNAL TABLE mine.sales (id int, name varchar(10)) PARTITIONED BY (m int) STORED AS PARQUET LOCATION 's3://data/sales/'",
  );
  await world.run("ALTER TABLE mine.sales ADD IF NOT EXISTS PARTITION (m='1') LOCATION 's3://data/sales/m=1/'");
  await world.run("ALTER TABLE mine.sales ADD PARTITION (m='2') LOCATION 's3://data/sales/m=2/'");
  expect(await world.rows("SELECT id, name, m FROM mine.sales WHERE m > 1")).toEqual(["2|two|2"]);
  expect(await world.rows("SELECT sum(id) FROM mine.sales")).toEqual(["3"]);
  expect(await world.rows("SELECT tablename, values, location FROM svv_external_partitions ORDER BY values")).toEqual([
    'sales|["1"]|s3://data/sales/m=1/',
    'sales|["2"]|s3://data/sales/m=2/',
  ]);
  await world.run("ALTER TABLE mine.sales DROP PARTITION (m='1')");
  expect(await world.rows("SELECT sum(id) FROM mine.sales")).toEqual(["2"]);
  await world.put("logs/a.csv", "id|at\n1|2024-01-02 03:04:05\nx|nothing\n");
  await world.run(
    "CREATE EXTERNAL TABLE mine.logs (id int, at timestamp) ROW FORMAT DELIMITED FIELDS TERMINATED BY '|' STORED AS TEXTFILE LOCATION 's3://data/logs/' TABLE PROPERTIES ('skip.header.line.count'='1')",
  );
  expect(await world.rows("SELECT * FROM mine.logs ORDER BY id")).toEqual(["1|2024-01-02 03:04:05", "NULL|NULL"]);
  await world.put("json/a.json", '{"id": 1, "tags": ["x"]}\n{"id": 2}\n');
  await world.run(
    "CREATE EXTERNAL TABLE mine.j (id int, tags super) ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://data/json/'",
  );
  expect(await world.rows("SELECT id, tags FROM mine.j ORDER BY id")).toEqual(['1|["x"]', "2|NULL"]);
  await world.run("DROP TABLE mine.j; DROP SCHEMA mine");
  expect(await world.error("SELECT * FROM mine.sales")).toContain("mine");
});

test("what is no source of an external schema is refused", async () => {
  const world = await openWorld();
  expect(await world.error("CREATE EXTERNAL SCHEMA k FROM KINESIS IAM_ROLE default")).toContain("0A000");
  expect(await world.error("CREATE EXTERNAL SCHEMA x FROM DATA CATALOG DATABASE 'other' IAM_ROLE default")).toContain(
    "3D000",
  );
  expect(await world.error("CREATE EXTERNAL SCHEMA x FROM DATA CATALOG DATABASE 'market'")).toContain("IAM_ROLE");
  expect(
    await world.error("CREATE EXTERNAL TABLE public.t (a int) STORED AS PARQUET LOCATION 's3://data/x/'"),
  ).toContain("external schemas");
});

test("the rows of a query become an external table, in partitions", async () => {
  const world = await openWorld();
  await world.run(
    "CREATE EXTERNAL SCHEMA mine FROM DATA CATALOG DATABASE 'own' IAM_ROLE default CREATE EXTERNAL DATABASE IF NOT EXISTS",
  );
  await world.run(
    "CREATE TABLE sold (id int, at date, area varchar(20), price decimal(8,2), more super); INSERT INTO sold VALUES (1, '2024-01-01', 'north', 1.5, json_parse('{\"a\":1}')), (2, '2024-01-02', 'a/b c', 2, NULL), (3, '2024-01-01', NULL, NULL, NULL)",
  );
  const made = await world.run(
    "CREATE EXTERNAL TABLE mine.sold PARTITIONED BY (area, at) STORED AS PARQUET LOCATION 's3://data/sold' AS SELECT area, id, price, at, more FROM sold",
  );
  expect(made.tag).toBe("CREATE EXTERNAL TABLE");
  expect(await world.rows("SELECT * FROM mine.sold ORDER BY id")).toEqual([
    '1|1.50|{"a":1}|north|2024-01-01',
    "2|2.00|NULL|a/b c|2024-01-02",
    "3|NULL|NULL|NULL|2024-01-01",
  ]);
  expect(await world.rows("SELECT id FROM mine.sold WHERE at = '2024-01-02'")).toEqual(["2"]);
  expect(await world.rows("SELECT count(*) FROM svv_external_partitions WHERE tablename = 'sold'")).toEqual(["3"]);
  expect(
    await world.rows(
      "SELECT columnname, external_type, part_key FROM svv_external_columns WHERE tablename = 'sold' ORDER BY columnnum",
    ),
  ).toEqual(["id|int|0", "price|decimal(8,2)|0", expect.stringMatching(/^more\|/), "area|varchar(20)|1", "at|date|2"]);
  await world.run(
    "CREATE EXTERNAL TABLE mine.texts ROW FORMAT DELIMITED FIELDS TERMINATED BY '|' STORED AS TEXTFILE LOCATION 's3://data/texts/' AS SELECT id, area FROM sold WHERE id <> 2",
  );
  expect(await world.rows("SELECT * FROM mine.texts ORDER BY 1")).toEqual(["1|north", "3|NULL"]);
  const refused = (rest: string) => world.error(`CREATE EXTERNAL TABLE mine.${rest} AS SELECT id FROM sold`);
  expect(await refused("sold STORED AS PARQUET LOCATION 's3://data/again/'")).toContain(
    '42P07 Relation "sold" already exists',
  );
  expect(await refused("more STORED AS PARQUET LOCATION 's3://data/sold/'")).toContain("is not empty");
  expect(await refused("more (id int) STORED AS PARQUET LOCATION 's3://data/again/'")).toContain("42601");
  expect(await refused("more STORED AS PARQUET LOCATION 's3://p-lake/tables/more/'")).toContain("42501");
  expect(
    await refused("more ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://data/again/'"),
  ).toContain("0A000 CREATE EXTERNAL TABLE AS writes Parquet or delimited text");
});
