/** A real Redshift, through the Data API, as a target of the suites. Credentials and region are those of the environment. */
import type { RedshiftDataClient } from "@aws-sdk/client-redshift-data";
import { putFile, type Target } from "./target.js";

export interface RedshiftOptions {
  readonly bucket: string;
  readonly keyPrefix: string;
  readonly database: string;
  readonly role: string | undefined;
  readonly workgroup: string | undefined;
  readonly cluster: string | undefined;
  readonly dbUser: string | undefined;
  readonly secretArn: string | undefined;
}

/** Between two looks at a statement; its time is Redshift's own, so that this adds nothing to it. */
const POLL_MS = 250;

export async function redshiftTarget(options: RedshiftOptions): Promise<Target> {
  const { RedshiftDataClient: Client } = await import("@aws-sdk/client-redshift-data");
  const { S3Client } = await import("@aws-sdk/client-s3");
  const client = new Client({});
  // Only where one's own endpoint is given are names of buckets no names of hosts.
  const s3 = new S3Client({ forcePathStyle: (await client.config.endpoint?.()) !== undefined });
  const key = (name: string) => (options.keyPrefix === "" ? name : `${options.keyPrefix}/${name}`);
  return {
    name: "redshift",
    about:
      "Redshift, through the Data API: each statement's own duration as DescribeStatement tells it, without the way there and back. enable_result_cache_for_session is off.",
    run: (sql) => runStatement(client, options, sql),
    put: (name, path) => putFile(s3, options.bucket, key(name), path),
    url: (name) => `s3://${options.bucket}/${key(name)}`,
    role: options.role === undefined ? "IAM_ROLE default" : `IAM_ROLE '${options.role.replaceAll("'", "''")}'`,
    prefix: "penstock_bench_",
    async close() {
      client.destroy();
      s3.destroy();
    },
  };
}

async function runStatement(client: RedshiftDataClient, options: RedshiftOptions, sql: string) {
  const { BatchExecuteStatementCommand, DescribeStatementCommand, GetStatementResultCommand } = await import(
    "@aws-sdk/client-redshift-data"
  );
  const { Id } = await client.send(
    new BatchExecuteStatementCommand({
      Database: options.database,
      // Its answers to what was asked before are not what is measured.
      Sqls: ["SET enable_result_cache_for_session TO off", sql],
      ...(options.workgroup === undefined ? {} : { WorkgroupName: options.workgroup }),
      ...(options.cluster === undefined ? {} : { ClusterIdentifier: options.cluster }),
      ...(options.dbUser === undefined ? {} : { DbUser: options.dbUser }),
      ...(options.secretArn === undefined ? {} : { SecretArn: options.secretArn }),
    }),
  );
  for (;;) {
    const told = await client.send(new DescribeStatementCommand({ Id }));
    const own = told.SubStatements?.[1];
    if (told.Status === "FAILED" || told.Status === "ABORTED")
      throw new Error(`Redshift: ${own?.Error ?? told.Error ?? told.Status}\n${sql}`);
    if (told.Status !== "FINISHED") {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      continue;
    }
    const ms = (own?.Duration ?? told.Duration ?? 0) / 1e6;
    if (own?.HasResultSet !== true) return { ms, rows: [] };
    const { Records = [] } = await client.send(new GetStatementResultCommand({ Id: own.Id }));
    const rows = Records.map((row) =>
      row.map((field) =>
        field.isNull === true
          ? null
          : String(field.stringValue ?? field.longValue ?? field.doubleValue ?? field.booleanValue),
      ),
    );
    return { ms, rows };
  }
}
