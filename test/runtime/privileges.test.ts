import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  DescribeStatementCommand,
  ExecuteStatementCommand,
  GetStatementResultCommand,
  ListStatementsCommand,
  ListTablesCommand,
  RedshiftDataClient,
} from "@aws-sdk/client-redshift-data";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

const DEFINITION = `const s = stream("s");
export default pipeline("p", { tables: [table("t", { from: s, columns: { id: integer() } })] });`;

const SECRETS = { boss: "the secret of boss", reader: "the secret of reader" } as const;
type User = keyof typeof SECRETS;

async function start() {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const credentials = join(folder, "users.txt");
  await writeFile(
    credentials,
    Object.entries(SECRETS)
      .map((entry) => `${entry.join(":")}\n`)
      .join(""),
  );
  const running = await run(folder, { credentials });
  await running.put("s", [{ id: 1 }, { id: 2 }, { id: "bad" }]);
  await running.instance.flush();
  const { addresses, lakeBucket } = running.instance.status();
  const keys = (user: User) => ({
    endpoint: addresses.aws,
    region: "us-east-1",
    credentials: { accessKeyId: user, secretAccessKey: SECRETS[user] },
    maxAttempts: 1,
  });
  const closing = <T extends { destroy(): void }>(client: T): T => {
    onTestFinished(() => client.destroy());
    return client;
  };
  return {
    running,
    lakeBucket,
    async psql(user: User) {
      const url = new URL(addresses.sql);
      const client = new pg.Client({
        host: url.hostname,
        port: Number(url.port),
        database: "penstock",
        user,
        password: SECRETS[user],
      });
      await client.connect();
      onTestFinished(() => client.end());
      return client;
    },
    data: (user: User) => closing(new RedshiftDataClient(keys(user))),
    s3: (user: User) => closing(new S3Client({ ...keys(user), forcePathStyle: true })),
    async http(user: User, path: string, body?: object) {
      const response = await fetch(`${addresses.console}${path}`, {
        headers: {
          authorization: `Basic ${Buffer.from(`${user}:${SECRETS[user]}`).toString("base64")}`,
          "content-type": "application/json",
        },
        ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      });
      return { status: response.status, text: await response.text() };
    },
  };
}

test("a second credential may do by any door what it was granted, and no more", async () => {
  const { running, psql, data, s3, http, lakeBucket } = await start();
  const [boss, reader] = [await psql("boss"), await psql("reader")];
  const refused = { code: "42501", message: "permission denied for relation t" };

  // PostgreSQL's wire.
  await expect(reader.query("select id from t")).rejects.toMatchObject(refused);
  await expect(reader.query("select * from penstock.dead_letters")).rejects.toMatchObject({ code: "42501" });
  await expect(reader.query("select id from lake.t")).rejects.toMatchObject({
    message: "permission denied for schema lake",
  });
  await expect(reader.query("truncate t")).rejects.toMatchObject({ message: "must be owner of relation t" });
  await reader.query("create table mine (line varchar(65535))");
  const copy = `copy mine from 's3://${lakeBucket}/' iam_role default delimiter '\\t'`;
  await expect(reader.query(copy)).rejects.toMatchObject({ message: "permission denied for schema lake" });
  await expect(
    reader.query(`unload ('select * from t') to 's3://${lakeBucket}/mine/' iam_role default`),
  ).rejects.toMatchObject(refused);

  // The console's and the command line's.
  const query = { sql: "select id from t" };
  expect(await http("reader", "/api/query", query)).toMatchObject({
    status: 409,
    text: expect.stringContaining("permission denied for relation t"),
  });
  expect(await http("boss", "/api/query", query)).toMatchObject({ status: 200 });
  for (const path of ["/api/dead-letters", "/api/records?stream=s", "/api/audit"])
    expect([path, (await http("reader", path)).status]).toEqual([path, 403]);
  expect((await http("reader", "/api/flush", {})).status).toBe(403);
  expect((await http("reader", "/api/status")).status).toBe(200);
  expect((await http("boss", "/api/dead-letters")).status).toBe(200);

  // The Data API.
  const target = { WorkgroupName: "penstock", Database: "penstock" };
  const send = async (user: User, sql: string, more: object = {}) => {
    const client = data(user);
    const { Id } = await client.send(
      new ExecuteStatementCommand({ ...target, Sql: sql, WaitTimeSeconds: 10, ...more }),
    );
    const { Status, Error: error } = await client.send(new DescribeStatementCommand({ Id }));
    return { id: Id, status: Status, error };
  };
  expect(await send("reader", "select id from t")).toMatchObject({
    status: "FAILED",
    error: expect.stringContaining("permission denied for relation t"),
  });
  const clusters = { WorkgroupName: undefined, ClusterIdentifier: "penstock" };
  expect(await send("reader", "select 1", { ...clusters, DbUser: "boss" })).toMatchObject({
    status: "FAILED",
    error: expect.stringContaining('permission denied to connect as user "boss"'),
  });
  const own = await send("boss", "select id from t", { SessionKeepAliveSeconds: 60 });
  expect(own.status).toBe("FINISHED");
  const asReader = data("reader");
  await expect(asReader.send(new GetStatementResultCommand({ Id: own.id }))).rejects.toMatchObject({
    name: "ResourceNotFoundException",
  });
  const { Statements = [] } = await asReader.send(new ListStatementsCommand({ Status: "ALL" }));
  expect(Statements.map(({ QueryString }) => QueryString)).not.toContain("select id from t where false");
  expect(Statements.every(({ Id }) => Id !== own.id)).toBe(true);
  await expect(
    asReader.send(
      new ListTablesCommand({ ...target, WorkgroupName: undefined, ClusterIdentifier: "p", DbUser: "boss" }),
    ),
  ).rejects.toMatchObject({ message: expect.stringContaining("permission denied to connect") });

  // S3's.
  const list = new ListObjectsV2Command({ Bucket: lakeBucket });
  await expect(s3("reader").send(list)).rejects.toMatchObject({ name: "AccessDenied" });
  const { Contents = [] } = await s3("boss").send(list);
  const object = new GetObjectCommand({ Bucket: lakeBucket, Key: Contents[0]!.Key! });
  await expect(s3("reader").send(object)).rejects.toMatchObject({ name: "AccessDenied" });
  await expect(
    s3("reader").send(new PutObjectCommand({ Bucket: lakeBucket, Key: "mine", Body: "x" })),
  ).rejects.toMatchObject({ name: "AccessDenied" });

  // Granted, all of them answer.
  await boss.query("grant select on t to reader; grant usage on schema lake to reader");
  expect((await reader.query("select id from t order by 1")).rows).toEqual([{ id: 1 }, { id: 2 }]);
  expect((await reader.query("select id from lake.t order by 1")).rowCount).toBe(2);
  expect((await http("reader", "/api/query", query)).status).toBe(200);
  expect((await send("reader", "select id from t")).status).toBe("FINISHED");
  expect((await send("boss", "select current_user", { ...clusters, DbUser: "reader" })).status).toBe("FINISHED");
  expect((await s3("reader").send(object)).$metadata.httpStatusCode).toBe(200);

  // Loads go on whatever is granted.
  await running.put("s", [{ id: 3 }]);
  await running.instance.flush();
  expect((await reader.query("select count(*)::int as n from t")).rows).toEqual([{ n: 3 }]);
});

test("the catalog tells each user of its own rights", async () => {
  const { psql } = await start();
  const [boss, reader] = [await psql("boss"), await psql("reader")];
  const rights = async (client: pg.Client) =>
    (
      await client.query(
        `select has_table_privilege('t', 'select') as t, has_table_privilege(current_user, 'public.t', 'INSERT') as i, has_schema_privilege('lake', 'usage') as l,
           has_schema_privilege('public', 'create') as c, has_database_privilege('penstock', 'create') as d, has_database_privilege('penstock', 'temp') as e`,
      )
    ).rows[0];
  expect(await rights(boss)).toEqual({ t: true, i: true, l: true, c: true, d: true, e: true });
  expect(await rights(reader)).toEqual({ t: false, i: false, l: false, c: true, d: false, e: true });
  await boss.query("grant select on t to reader; grant usage on schema lake to public");
  expect(await rights(reader)).toEqual({ t: true, i: false, l: true, c: true, d: false, e: true });
  const of = await boss.query(
    "select has_table_privilege('reader', 't', 'select') as s, has_table_privilege('reader', 't', 'select, insert') as e, has_table_privilege('reader', oid, 'delete') as d from pg_class where relname = 't'",
  );
  expect(of.rows).toEqual([{ s: true, e: true, d: false }]);
  // One row of the catalog at a time, as tools ask for all tables there are.
  const each = await reader.query(
    "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname in ('public', 'penstock') and relkind = 'r' and has_table_privilege(c.oid, 'select') order by 1",
  );
  expect(each.rows).toEqual([{ relname: "t" }]);
  const listed = await boss.query(
    "select privilege_type from svv_relation_privileges where relation_name = 't' and identity_name = 'reader'",
  );
  expect(listed.rows).toEqual([{ privilege_type: "SELECT" }]);
  const users = await boss.query(
    "select usename, usesuper from pg_user where usename in ('boss', 'reader') order by 1",
  );
  expect(users.rows).toEqual([
    { usename: "boss", usesuper: true },
    { usename: "reader", usesuper: false },
  ]);
});
