/** A warehouse that speaks Redshift's SQL, with a bucket that it reads: Penstock in a process of its own, or a real Redshift. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { S3Client } from "@aws-sdk/client-s3";
import { type PenstockProcess, startPenstock } from "./penstock-process.js";
import { timed } from "./suite.js";
import { wireClient } from "./wire-client.js";

export interface Target {
  readonly name: string;
  /** How its times are taken, and with which settings. */
  readonly about: string;
  run(sql: string): Promise<{ readonly ms: number; readonly rows: readonly (readonly (string | null)[])[] }>;
  put(key: string, path: string): Promise<void>;
  /** For COPY and UNLOAD: `s3://...`. */
  url(key: string): string;
  /** `IAM_ROLE ...`. */
  readonly role: string;
  /** Before the name of each table, so that nobody else's is met. */
  readonly prefix: string;
  close(): Promise<void>;
}

export interface PenstockTarget extends Target {
  readonly instance: PenstockProcess;
}

const BUCKET = "bench";

export async function penstockTarget(folder: string, flags: readonly string[] = []): Promise<PenstockTarget> {
  const definition = fileURLToPath(new URL("../definitions/quiet.js", import.meta.url));
  const instance = await startPenstock({ definition, data: join(folder, "penstock"), flags });
  const s3 = await s3Client({ endpoint: instance.aws.href });
  const { CreateBucketCommand } = await import("@aws-sdk/client-s3");
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const client = await wireClient({ port: Number(instance.sql.port), user: "penstock", database: "penstock" });
  return {
    name: "penstock",
    about: "Penstock: as it comes, over PostgreSQL's wire; from sending the statement to its last row.",
    instance,
    run: async (sql) => {
      const { ms, value } = await timed(() => client.query(sql));
      return { ms, rows: value.rows };
    },
    put: (key, path) => putFile(s3, BUCKET, key, path),
    url: (key) => `s3://${BUCKET}/${key}`,
    role: "IAM_ROLE default",
    prefix: "",
    async close() {
      client.close();
      s3.destroy();
      await instance.kill();
    },
  };
}

export async function s3Client({ endpoint }: { readonly endpoint: string }): Promise<S3Client> {
  const { S3Client: Client } = await import("@aws-sdk/client-s3");
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  return new Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials });
}

export async function putFile(s3: S3Client, bucket: string, key: string, path: string): Promise<void> {
  const { PutObjectCommand } = await import("@aws-sdk/client-s3");
  const { size } = await stat(path);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: createReadStream(path), ContentLength: size }));
}
