/** `penstock errors redrive --aws` of tables that the loader does not load as they are: by another way to load, or through a function of the definition's. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel } from "../../src/definition/model.js";
import {
  day,
  integer,
  json,
  type LoadMode,
  pipeline,
  stream,
  superType,
  table,
  time,
  timestamptz,
  varchar,
} from "../../src/index.js";
import { openS3ObjectStore } from "../../src/lake/s3.js";
import { loadModeDdl, MODE_PLACE } from "../../src/lambda/load-mode-ddl.js";
import { prepareOwnSteps } from "../../src/warehouse/redshift/statements.js";
import { LAKE_BUCKET, LEDGER_SCHEMA } from "../warehouse/redshift-under-test.js";
import { awsEnvironment, buried, deployed } from "./deployed-stack.js";

awsEnvironment();

const columns = {
  symbol: varchar(12),
  size: integer(),
  at: timestamptz(),
  opens: time(),
  more: superType(),
};
const modelOf = (load: LoadMode, deliver = {}) =>
  draftOf<PipelineModel>(
    pipeline("desk", {
      tables: [table("trades", { from: stream("ticks"), format: json(), columns, load, deliver })],
    }),
    PIPELINE,
  )!;
const bad = '{"symbol":"SPY","size":"many"}';
const mended = '{"symbol":"SPY","size":7,"at":"2026-11-22T09:30:00+02:00","opens":"09:30:00","more":{"a":[1,2.5]}}';
const place = { schema: LEDGER_SCHEMA, tables: "public", sequence: "service" } as const;
const number = `4966${"0".repeat(52)}`;

describe("errors redrive --aws", () => {
  it("loads a letter of an auto-copied table into what its COPY JOB fills, once", async () => {
    const model = modelOf("auto-copy");
    const { aws, door, directory } = await deployed(model);
    const [trades] = model.tables;
    const warehouse = await buried(door, trades!, [bad]);
    for (const { sql } of prepareOwnSteps("trades_landing", place)) await warehouse.query(sql);
    const resources = {
      glueDatabase: "glue",
      lakeBucket: LAKE_BUCKET,
      roleArn: "arn:aws:iam::123456789012:role/reads",
    };
    const made = loadModeDdl(model, resources, { ...MODE_PLACE, schema: LEDGER_SCHEMA });
    // All but the job itself, which is nobody's concern here, and what alters a table that is as it should be.
    for (const { sql, unless } of made) {
      if (!/ JOB CREATE |EXTERNAL SCHEMA/.test(sql) && unless === undefined) await warehouse.query(sql);
    }
    const file = join(directory, "record");
    await writeFile(file, mended);
    const id = `trades/shardId-000000000000/${number}/0`;
    const dry = JSON.parse((await aws("errors", "redrive", id, "--with", file, "--dry-run", "--json")).stdout);
    expect(dry).toMatchObject({ chosen: 1, loaded: 1, dryRun: true });
    const rows = async () =>
      (
        await warehouse.query(
          "select symbol, size, cast(at as varchar), cast(opens as varchar), json_serialize(more), _sequence_number from trades",
        )
      ).rows;
    expect(await rows()).toEqual([]);
    const done = await aws("errors", "redrive", id, "--with", file, "--json");
    expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(done.stdout)).toMatchObject({ chosen: 1, loaded: 1, failed: [] });
    const again = await aws("errors", "redrive", id, "--with", file, "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ chosen: 0, loaded: 0, alreadyRedriven: 1 });
    expect(await rows()).toEqual([["SPY", 7, "2026-11-22 07:30:00+00", "09:30:00", '{"a":[1,2.5]}', number]]);
    const letters = await warehouse.query(`select redriven_as from ${LEDGER_SCHEMA}.dead_letters`);
    expect(letters.rows).toEqual([["loaded"]]);

    // The lake as its external schema would show it: that row's, and one that the job has not brought.
    await warehouse.query("create schema lake");
    await warehouse.query(
      `create table lake.trades as select _shard_id, _sequence_number, _row_index, _arrived_at from ${LEDGER_SCHEMA}.trades_landing`,
    );
    const audit = async () => JSON.parse((await aws("audit", "--json")).stdout);
    const counted = { load: "auto-copy", rowsLoaded: 1, deadLetters: 0, redriven: 1, rowsRedriven: 1, duplicated: 0 };
    expect(await audit()).toMatchObject({ missing: 0, duplicated: 0, tables: [{ ...counted, missing: 0 }] });
    await warehouse.query("insert into lake.trades select _shard_id, '4967', _row_index, _arrived_at from lake.trades");
    expect(await audit()).toMatchObject({ missing: 1, tables: [{ ...counted, missing: 1 }] });
    const text = await aws("audit");
    expect(text).toMatchObject({ code: 1, stdout: expect.stringContaining("trades lacks 1 row that the lake has") });
    expect(await aws("replay", "trades")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('"trades" is not filled by the loader: its load is "auto-copy"'),
    });
  });

  it("writes the rows of an external table as an object of its lake, where a query finds them", async () => {
    const model = modelOf("external", {
      partitionBy: day("at"),
      prefix: "tables/trades/day=!{partitionKeyFromQuery:day}/",
    });
    const { aws, door, directory } = await deployed(model);
    const warehouse = await buried(door, model.tables[0]!, [bad, "no json"]);
    const file = join(directory, "record");
    await writeFile(file, mended);
    const id = `trades/shardId-000000000000/${number}/0`;
    const objects = () => openS3ObjectStore({ client: door.s3, bucket: LAKE_BUCKET }).list("tables/");
    const dry = JSON.parse((await aws("errors", "redrive", id, "--with", file, "--dry-run", "--json")).stdout);
    expect(dry).toMatchObject({ loaded: 1, dryRun: true });
    expect(await objects()).toEqual([]);
    const done = await aws("errors", "redrive", id, "--with", file, "--json");
    expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: "" });
    const again = await aws("errors", "redrive", id, "--with", file, "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ loaded: 0, alreadyRedriven: 1 });
    const [object, ...others] = await objects();
    expect(others).toEqual([]);
    expect(object?.key).toMatch(/^tables\/trades\/day=2026-11-22\/trades-redriven-[0-9a-f]{32}\.parquet$/);
    await warehouse.query(
      "create table seen (_shard_id varchar(256), _sequence_number varchar(128), _row_index bigint, _arrived_at timestamp, symbol varchar(12), size integer, at timestamp, opens varchar(32), more varchar(65535))",
    );
    await warehouse.query(`copy seen from 's3://${LAKE_BUCKET}/${object?.key}' iam_role default format as parquet`);
    const { rows } = await warehouse.query("select _sequence_number, size, cast(at as varchar), opens, more from seen");
    expect(rows).toEqual([[number, 7, "2026-11-22 07:30:00", "09:30:00", '{"a":[1,2.5]}']]);
    const marks = await warehouse.query(`select redriven_as from ${LEDGER_SCHEMA}.dead_letters order by id`);
    expect(marks.rows).toEqual([["loaded"], [null]]);
  });

  it("loads a record that Firehose itself failed at, once, and leaves what it could not convert", async () => {
    const model = modelOf("copy");
    const [trades] = model.tables;
    const { aws, door } = await deployed(model);
    const warehouse = await buried(door, trades!, []);
    const failure = (code: string, raw: string) =>
      `${JSON.stringify({ attemptsMade: 4, arrivalTimestamp: 1_763_800_000_000, errorCode: code, errorMessage: "", attemptEndingTimestamp: 1_763_800_000_900, rawData: Buffer.from(raw).toString("base64"), lambdaArn: "arn" })}\n`;
    const key = "errors/trades/processing-failed/one";
    const lines = [
      failure("Lambda.FunctionTimedOut", '{"symbol":"SPY","size":7}'),
      failure(
        "DataFormatConversion.ParquetSerde",
        '{"_shard_id":"shardId-000000000000","_sequence_number":"1","size":7}',
      ),
    ];
    const { sizeBytes } = await door.lake.put(key, Buffer.from(lines.join("")));
    const object = { key, kind: "dead" as const, table: "trades", flush: 0, schemaVersion: 1, rows: 2, sizeBytes };
    await warehouse.load({ table: trades!, target: "trades", objects: [object], deadlineMs: 30_000 });
    const done = await aws("errors", "redrive", "--all", "--json");
    expect(JSON.parse(done.stdout)).toMatchObject({
      chosen: 2,
      loaded: 1,
      failed: [{ message: expect.stringContaining("Firehose could not convert") }],
    });
    const again = await aws("errors", "redrive", "--all", "--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ chosen: 1, loaded: 0 });
    expect((await warehouse.query("select symbol, size, _shard_id from trades")).rows).toEqual([
      ["SPY", 7, "firehose"],
    ]);
  });

  it("says of a streamed table that its records must be put again", async () => {
    const model = modelOf("streaming");
    const { aws, door } = await deployed(model);
    await buried(door, model.tables[0]!, [bad]);
    const refused = await aws("errors", "redrive", "--all");
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain("Redshift reads the stream ticks by itself");
    expect(refused.stdout).toContain("put the record again");
  });

  it("takes a table's function from the definition that was deployed, and from no other", async () => {
    const source = (doubled: number, more = "") => `
      import { integer, json, pipeline, stream, table, varchar } from "penstock";
      export default pipeline("desk", { tables: [table("trades", {
        from: stream("ticks"), format: json(), columns: { symbol: varchar(12), size: integer()${more} },
        transform: (record) => ({ ...record, size: Number(record.size) * ${doubled} }),
      })] });`;
    const model = draftOf<PipelineModel>(
      pipeline("desk", {
        tables: [
          table("trades", {
            from: stream("ticks"),
            format: json(),
            columns: { symbol: varchar(12), size: integer() },
            transform: (record) => {
              throw new Error(`not yet: ${record.symbol}`);
            },
          }),
        ],
      }),
      PIPELINE,
    )!;
    const { aws, door, directory } = await deployed(model);
    const warehouse = await buried(door, model.tables[0]!, ['{"symbol":"SPY","size":21}']);
    const nothing = await aws("errors", "redrive", "--all");
    expect(nothing).toMatchObject({ code: 1, stdout: expect.stringContaining("--definition FILE") });
    const [other, own] = [join(directory, "other.ts"), join(directory, "own.ts")];
    await writeFile(other, source(2, ", venue: varchar(4)"));
    const wrong = await aws("errors", "redrive", "--all", "--definition", other);
    expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining("not the definition that penstock-desk") });
    await writeFile(own, source(2));
    const done = await aws("errors", "redrive", "--all", "--definition", own, "--json");
    expect({ code: done.code, stderr: done.stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(done.stdout)).toMatchObject({ chosen: 1, loaded: 1, failed: [] });
    expect((await warehouse.query("select symbol, size from trades")).rows).toEqual([["SPY", 42]]);
  });
});
