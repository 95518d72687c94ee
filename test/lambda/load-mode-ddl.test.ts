import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { day, integer, pipeline, stream, superType, table, time, timestamptz, varchar } from "penstock";
import { describe, expect, it, onTestFinished } from "vitest";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel } from "../../src/definition/model.js";
import {
  loadModeDdl,
  MODE_PLACE,
  type ModeStatement,
  redriveFileSql,
  skippedFilesSql,
} from "../../src/lambda/load-mode-ddl.js";
import { run, temporaryFolder, writeDefinition } from "../runtime/running-pipeline.js";

const columns = {
  id: integer().notNull(),
  kind: varchar(10).path("$.meta.kind"),
  at: timestamptz(),
  opens: time(),
  rest: superType(),
};
const model = draftOf<PipelineModel>(
  pipeline("clicks", {
    tables: [
      table("copied", { from: stream("s"), columns }),
      table("jobbed", {
        from: stream("s"),
        columns,
        load: "auto-copy",
        distKey: "id",
        deliver: { format: "json", compression: "none" },
      }),
      table("streamed", { from: stream("s"), columns, load: "streaming", where: { type: ["a", "it's"] } }),
      table("outside", { from: stream("s"), columns, load: "external", deliver: { partitionBy: day("at") } }),
    ],
  }),
  PIPELINE,
) as PipelineModel;
const resources = {
  glueDatabase: "clicks",
  lakeBucket: "the-lake",
  roleArn: "arn:aws:iam::123456789012:role/reads",
};

describe("the statements of the ways to load", () => {
  const statements = loadModeDdl(model, resources);
  const about = (text: string) => statements.filter(({ sql }) => sql.includes(text)).map(({ sql }) => sql);

  it("show the lake for every pipeline, and Kinesis only where a table is streamed", () => {
    const copied = { ...model, tables: model.tables.filter(({ name }) => name === "copied") };
    expect(loadModeDdl(copied, resources).map(({ sql }) => sql)).toEqual([
      'CREATE SCHEMA IF NOT EXISTS "penstock"',
      `CREATE EXTERNAL SCHEMA IF NOT EXISTS "lake" FROM DATA CATALOG DATABASE 'clicks' IAM_ROLE 'arn:aws:iam::123456789012:role/reads'`,
    ]);
    expect(about("FROM KINESIS")).toHaveLength(1);
    expect(about('"copied"')).toEqual([]);
  });

  it("keep whole records of the stream, and cast them in a view that leaves out what cannot be read", () => {
    const [base, shown, unreadable] = about("streamed");
    expect(base).toMatch(/MATERIALIZED VIEW "penstock"\."streamed_stream" AUTO REFRESH YES/);
    expect(base).toContain('FROM "penstock_streams"."s"');
    expect(shown).toContain('CAST(payload."meta"."kind" AS VARCHAR(10)) AS "kind"');
    expect(shown).toContain(
      `WHERE IS_OBJECT(payload) AND CAST(payload."id" AS INTEGER) IS NOT NULL AND payload."type" IN ('a', 'it''s')`,
    );
    expect(unreadable).toContain('"streamed_unreadable"');
  });

  it("give the job the folder of its table and a role by name", () => {
    expect(about("JOB CREATE")).toEqual([
      expect.stringMatching(
        /^COPY "penstock"\."jobbed_landing" FROM 's3:\/\/the-lake\/tables\/jobbed\/' IAM_ROLE 'arn:\S+' FORMAT AS JSON 'auto' JOB CREATE "penstock_jobbed_[0-9a-f]{8}" AUTO ON$/,
      ),
    ]);
  });
});

it("a COPY JOB fills its table, views cast what is under them, and all of it can be done again", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(
    folder,
    `const outside = table("outside", { from: stream("s"), load: "external", deliver: { bufferSeconds: 0, partitionBy: day("at") },
       columns: { id: integer().notNull(), kind: varchar(10).path("$.meta.kind"), at: timestamptz(), opens: varchar(20), rest: superType() } });
     export default pipeline("clicks", { tables: [outside] });`,
  );
  const here = await run(folder);
  const s3 = new S3Client({
    endpoint: here.instance.status().addresses.aws,
    region: "us-east-1",
    credentials: { accessKeyId: "anyone", secretAccessKey: "anything" },
    forcePathStyle: true,
  });
  onTestFinished(() => s3.destroy());
  await s3.send(new CreateBucketCommand({ Bucket: "the-lake" }));
  const place = { ...MODE_PLACE, schema: "ps", tables: "shown" };
  const jobbed = { ...model, tables: model.tables.filter(({ name }) => name === "jobbed") };
  await here.rows("CREATE SCHEMA shown");
  const apply = async (statements: readonly ModeStatement[]) => {
    for (const { sql, unless } of statements) {
      if (unless !== undefined && (await here.rows(unless))[0]?.[0] !== 0) continue;
      await here.rows(sql);
    }
  };
  await apply(loadModeDdl(jobbed, resources, place));
  await apply(loadModeDdl(jobbed, resources, place));

  const row = { _shard_id: "s-0", _sequence_number: "4961", _row_index: 0, _arrived_at: "2026-11-23 10:00:00" };
  const put = (key: string, rows: readonly object[]) =>
    s3.send(
      new PutObjectCommand({ Bucket: "the-lake", Key: key, Body: rows.map((one) => JSON.stringify(one)).join("\n") }),
    );
  await put("tables/jobbed/2026/one.json", [
    { ...row, id: 1, kind: "a", at: "2026-11-23 09:30:00", opens: "09:30:00", rest: '{"x":1}' },
  ]);
  await expect
    .poll(() => here.rows("SELECT id, CAST(rest.x AS INTEGER) FROM shown.jobbed"), { timeout: 20_000 })
    .toEqual([[1, 1]]);
  expect(await here.rows("SELECT at, opens FROM shown.jobbed")).toEqual([
    [expect.stringMatching(/^2026-11-23[ T]09:30:00/), "09:30:00"],
  ]);

  // A file that the job gave up is found, and loaded when it can be.
  const skipped = skippedFilesSql(jobbed.tables[0]!, place);
  await put("tables/jobbed/2026/two.json", [{ ...row, _row_index: "many", id: 2 }]);
  await expect.poll(() => here.rows(skipped), { timeout: 20_000 }).toEqual([["tables/jobbed/2026/two.json"]]);
  await put("tables/jobbed/2026/two.json", [{ ...row, _row_index: 1, id: 2 }]);
  for (const sql of redriveFileSql(jobbed.tables[0]!, resources, "tables/jobbed/2026/two.json", place))
    await here.rows(sql);
  expect(await here.rows(skipped)).toEqual([]);
  expect(await here.rows("SELECT id FROM shown.jobbed ORDER BY id")).toEqual([[1], [2]]);

  await here.put("s", [{ id: 7, meta: { kind: "b" }, at: "2026-11-23T10:00:00Z" }]);
  await here.instance.flush();
  expect(await here.rows("SELECT id, kind, day FROM outside WHERE day = '2026-11-23'")).toEqual([
    [7, "b", "2026-11-23"],
  ]);
});
