/** The COPY JOB's watchdog, executed: its state machine as it is synthesized, against a running pipeline's jobs, Data API and S3. */
import { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { integer, pipeline, stream, table, varchar } from "penstock";
import { expect, it, onTestFinished } from "vitest";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel } from "../../src/definition/model.js";
import { copyJobName, loadModeDdl, MODE_PLACE } from "../../src/lambda/load-mode-ddl.js";
import { run, temporaryFolder, writeDefinition } from "../../test/runtime/running-pipeline.js";
import { type DataApiFault, type DataApiOperation, faultyDataApi } from "../../test/warehouse/faulty-data-api.js";
import { watchdogStates } from "../src/stages/watchdog-states.js";
import { runAsl } from "./support/asl.js";
import { dataApiTask } from "./support/data-api.js";

const jobbed = (name: string) =>
  table(name, {
    from: stream("s"),
    columns: { id: integer().notNull(), kind: varchar(10) },
    load: "auto-copy",
    deliver: { format: "json", compression: "none" },
  });
const model = draftOf<PipelineModel>(
  pipeline("clicks", { tables: [jobbed("jobbed"), jobbed("other")] }),
  PIPELINE,
) as PipelineModel;
const resources = {
  glueDatabase: "clicks",
  lakeBucket: "the-lake",
  roleArn: "arn:aws:iam::123456789012:role/reads",
};
// Penstock's own schema is read-only for SQL from outside.
const place = { ...MODE_PLACE, schema: "ps", tables: "shown" };

async function started() {
  const folder = await temporaryFolder();
  await writeDefinition(
    folder,
    `export default pipeline("clicks", { tables: [table("t", { from: stream("s"), columns: { id: integer() } })] });`,
  );
  const here = await run(folder);
  const access = {
    endpoint: here.instance.status().addresses.aws,
    region: "us-east-1",
    credentials: { accessKeyId: "anyone", secretAccessKey: "anything" },
    maxAttempts: 1,
  };
  const s3 = new S3Client({ ...access, forcePathStyle: true });
  const dataApi = new RedshiftDataClient(access);
  onTestFinished(() => {
    s3.destroy();
    dataApi.destroy();
  });
  await s3.send(new CreateBucketCommand({ Bucket: "the-lake" }));
  await here.rows("CREATE SCHEMA shown");
  for (const { sql, unless } of loadModeDdl(model, resources, place))
    if (unless === undefined || (await here.rows(unless))[0]?.[0] === 0) await here.rows(sql);

  const row = { _shard_id: "s-0", _sequence_number: "4961", _row_index: 0, _arrived_at: "2026-11-23 10:00:00" };
  const put = (key: string, ...ids: readonly unknown[]) =>
    s3.send(
      new PutObjectCommand({
        Bucket: "the-lake",
        Key: key,
        Body: ids.map((id) => JSON.stringify({ ...row, id })).join("\n"),
      }),
    );
  const passedOver = async (name: string) =>
    (
      await here.rows(
        `SELECT file_name FROM sys_copy_job_detail WHERE job_name = '${name}' AND status LIKE 'E%' ORDER BY 1`,
      )
    ).flat();
  const watch = (faults: Partial<Record<DataApiOperation, readonly DataApiFault[]>> = {}) => {
    const begun = new Map<string, number>();
    const client = faultyDataApi(dataApi, (operation) => {
      const count = begun.get(operation) ?? 0;
      begun.set(operation, count + 1);
      return faults[operation]?.[count] ?? "none";
    });
    return runAsl({
      definition: watchdogStates({
        tables: model.tables,
        resources,
        warehouse: {
          target: { WorkgroupName: "local" },
          database: "penstock",
          password: { namespaceName: "local", namespaceArn: "arn", secretArnPattern: "arn" },
        },
        place,
      }),
      input: {},
      executionId: "arn:watch",
      task: (resource, parameters) => dataApiTask(client, resource, parameters),
      wait: (seconds) => new Promise((resolve) => setTimeout(resolve, Math.min(seconds * 10, 100))),
    });
  };
  const ids = async (name: string) => (await here.rows(`SELECT id FROM shown.${name} ORDER BY id`)).flat();
  const [first = "", second = ""] = model.tables.map(copyJobName);
  return { put, passedOver, watch, ids, jobs: [first, second] as const };
}

it("loads each file that a job passed over, once, whatever becomes of the service's answers", async () => {
  const { put, passedOver, watch, ids, jobs } = await started();
  // Among them one whose name would end a text of SQL's.
  const bad = ["tables/jobbed/2026/kind=it's/one.json", "tables/jobbed/2026/two.json"];
  await put("tables/jobbed/2026/good.json", 1);
  for (const key of bad) await put(key, "no number");
  await put("tables/other/2026/three.json", "no number");
  await expect.poll(() => passedOver(jobs[0]), { timeout: 30_000 }).toEqual(bad);
  await expect.poll(() => passedOver(jobs[1]), { timeout: 30_000 }).toHaveLength(1);

  // Nothing was mended: all are tried, of both tables, and the execution says so.
  const first = await watch();
  expect(first).toMatchObject({ status: "FAILED", error: "FilesNotLoaded" });
  expect(first.visited.filter((state) => state === "FileFailed")).toHaveLength(3);
  expect(await ids("jobbed")).toEqual([1]);

  // One is mended; the other keeps neither it nor the other table back.
  await put(bad[0]!, 2, 3);
  await put("tables/other/2026/three.json", 4);
  expect(
    await watch({ BatchExecuteStatement: ["lost-answer", "throttled"], DescribeStatement: ["throttled"] }),
  ).toMatchObject({ status: "FAILED", error: "FilesNotLoaded" });
  expect([await ids("jobbed"), await ids("other")]).toEqual([[1, 2, 3], [4]]);

  // It is said to have failed, and has not: the next round does not load it again.
  await put(bad[1]!, 5);
  expect(await watch({ DescribeStatement: ["none", "said-aborted"] })).toMatchObject({ status: "FAILED" });
  expect(await watch()).toMatchObject({ status: "SUCCEEDED" });
  expect(await ids("jobbed")).toEqual([1, 2, 3, 5]);
});

it("a table that cannot be asked keeps no other table's files waiting", async () => {
  const { put, passedOver, watch, ids, jobs } = await started();
  await put("tables/other/2026/one.json", "no number");
  await expect.poll(() => passedOver(jobs[1]), { timeout: 30_000 }).toHaveLength(1);
  await put("tables/other/2026/one.json", 1);
  const refused = Array.from({ length: 7 }, () => "throttled" as const);
  expect(await watch({ ExecuteStatement: refused })).toMatchObject({ status: "FAILED", error: "FilesNotLoaded" });
  expect(await ids("other")).toEqual([1]);
});

it("two watchdogs that meet load a file once", async () => {
  const { put, passedOver, watch, ids, jobs } = await started();
  await put("tables/jobbed/2026/one.json", "no number");
  await expect.poll(() => passedOver(jobs[0]), { timeout: 30_000 }).toHaveLength(1);
  await put("tables/jobbed/2026/one.json", 1);
  await Promise.all([watch(), watch()]);
  expect(await ids("jobbed")).toEqual([1]);
  expect(await watch()).toMatchObject({ status: "SUCCEEDED" });
});
