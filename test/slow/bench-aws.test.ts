import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import { s3Client } from "../../src/bench/support/target.js";
import { ROOT, startPenstock } from "../support/penstock-process.js";

test("penstock bench --aws asks a Redshift through the Data API: here our own", async () => {
  const folder = await mkdtemp(join(tmpdir(), "penstock-bench-aws-"));
  const definition = join(ROOT, "dist", "bench", "definitions", "quiet.js");
  const redshift = await startPenstock({ definition, data: join(folder, "data") });
  onTestFinished(async () => {
    await redshift.kill();
    await rm(folder, { recursive: true, force: true });
  });
  const s3 = await s3Client({ endpoint: redshift.aws.href });
  await s3.send(new CreateBucketCommand({ Bucket: "mine" }));
  const where = ["--workgroup", "default-workgroup", "--bucket", "mine/bench", "--database", "penstock"];
  const child = spawn(
    process.execPath,
    ["bin/penstock.cjs", "bench", "--aws", ...where, "--quick", "--folder", folder, "--out", join(folder, "out")],
    {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        ...process.env,
        AWS_ENDPOINT_URL: redshift.aws.origin,
        AWS_REGION: "us-east-1",
        AWS_ACCESS_KEY_ID: "local",
        AWS_SECRET_ACCESS_KEY: "local",
      },
    },
  );
  expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
  const report = JSON.parse(await readFile(join(folder, "out", "report.json"), "utf8")) as {
    readonly suites: readonly { readonly suite: string; readonly result: { readonly rows: readonly unknown[] } }[];
  };
  expect(report.suites).toMatchObject([{ suite: "redshift" }]);
  expect(report.suites[0]!.result.rows).toHaveLength(10);
  const left = await redshift.query("select count(*) from svv_tables where table_name like 'penstock_bench%'");
  expect(Number(left.rows[0]![0])).toBe(0);
}, 600_000);
