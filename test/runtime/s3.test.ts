import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import { run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

const DEFINITION = `export default pipeline("p", { tables: [ table("t", { from: stream("s"), columns: { id: integer().notNull() } }) ] });`;

function s3Of(endpoint: string): S3Client {
  const client = new S3Client({
    endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "anyone", secretAccessKey: "anything" },
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  return client;
}

test("what a pipeline delivered can be read as a bucket, beside the buckets of others, after a restart too", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const first = await run(folder);
  await first.put("s", [{ id: 1 }, { id: 2 }, { id: "bad" }]);
  await first.instance.flush();
  const { lakeBucket, addresses } = first.instance.status();
  expect(lakeBucket).toBe("p-lake");
  const s3 = s3Of(addresses.aws);
  await s3.send(new CreateBucketCommand({ Bucket: "own-data" }));
  await s3.send(new PutObjectCommand({ Bucket: "own-data", Key: "k.csv", Body: "1,2\n" }));
  await s3.send(new PutObjectCommand({ Bucket: lakeBucket, Key: "reference/k.csv", Body: "3,4\n" }));
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: lakeBucket }));
  const keys = Contents?.map(({ Key }) => Key!) ?? [];
  expect(keys).toEqual([
    expect.stringMatching(/^errors\/t\/.*\.json$/),
    "reference/k.csv",
    expect.stringMatching(/^tables\/t\/.*\.parquet$/),
  ]);
  const parquet = await s3.send(new GetObjectCommand({ Bucket: lakeBucket, Key: keys[2], Range: "bytes=-4" }));
  expect(await parquet.Body!.transformToString()).toBe("PAR1");
  await expect(
    s3.send(new PutObjectCommand({ Bucket: lakeBucket, Key: "tables/t/mine", Body: "" })),
  ).rejects.toMatchObject({ name: "AccessDenied" });
  const audit = await first.instance.audit();
  expect(audit.ok).toBe(true);
  await first.close();

  // Table t is gone from the definition; what it delivered is Penstock's own still.
  await writeDefinition(folder, DEFINITION.replace('table("t"', 'table("u"'));
  const second = await run(folder);
  const again = s3Of(second.instance.status().addresses.aws);
  const { Buckets } = await again.send(new ListBucketsCommand({}));
  expect(Buckets?.map(({ Name }) => Name)).toEqual(["own-data", "p-lake"]);
  const { Body } = await again.send(new GetObjectCommand({ Bucket: "own-data", Key: "k.csv" }));
  expect(await Body!.transformToString()).toBe("1,2\n");
  await expect(
    again.send(new PutObjectCommand({ Bucket: lakeBucket, Key: "tables/t/mine", Body: "" })),
  ).rejects.toMatchObject({ name: "AccessDenied" });
});
