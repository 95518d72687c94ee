import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KinesisClient, ListStreamsCommand, PutRecordCommand } from "@aws-sdk/client-kinesis";
import { expect, onTestFinished, test } from "vitest";
import { runPenstock, startPenstock } from "../support/penstock-process.js";
import { bytesOf, run, temporaryFolder, writeDefinition } from "./running-pipeline.js";

const DEFINITION = `export default pipeline("p", { tables: [ table("t", { from: stream("s"), columns: { id: integer().notNull() } }) ] });`;

test("metrics and health are told over HTTP, and the metrics move with the records", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const running = await run(folder);
  const { console } = running.instance.status().addresses;
  const health = await fetch(new URL("/healthz", console));
  expect(health.status).toBe(200);
  expect(await health.json()).toEqual({ ok: true, reasons: [] });
  await running.put("s", [{ id: 1 }, { id: 2 }, { id: "bad" }]);
  await running.instance.flush();
  const text = await (await fetch(new URL("/metrics", console))).text();
  const value = (name: string) => Number(new RegExp(`^${name}\\{[^}]*\\} (.+)$`, "m").exec(text)?.[1]);
  expect(value("penstock_delivery_rows")).toBe(2);
  expect(value("penstock_delivery_dead_letters")).toBe(1);
  expect(value("penstock_loader_rows")).toBe(2);
  expect(value("penstock_delivery_lag_records")).toBe(0);
  expect(value("penstock_loader_healthy")).toBe(1);
  expect(text).toMatch(/PutRecords/);
});

test("an address that others can reach is refused without credentials", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  await expect(run(folder, { host: "0.0.0.0" })).rejects.toMatchObject({
    code: "refused",
    message: expect.stringContaining("0.0.0.0"),
    hint: expect.stringContaining("--credentials"),
  });
});

test("with credentials, requests that are signed with them are answered, and no others", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const credentials = join(folder, "users.txt");
  await writeFile(credentials, "# who may come in\nana:a secret of hers\nben:another-secret\n");
  const running = await run(folder, { host: "0.0.0.0", credentials });
  const addresses = running.instance.status().addresses;
  const aws = addresses.aws.replace("0.0.0.0", "127.0.0.1");
  const page = addresses.console.replace("0.0.0.0", "127.0.0.1");

  await running.put("s", [{ id: 1 }]);
  await running.instance.flush();
  expect(await running.rows("select id from t")).toEqual([[1]]);

  const by = (accessKeyId: string, secretAccessKey: string) =>
    new KinesisClient({
      endpoint: aws,
      region: "us-east-1",
      credentials: { accessKeyId, secretAccessKey },
      maxAttempts: 1,
    });
  const put = new PutRecordCommand({ StreamName: "s", Data: bytesOf({ id: 2 }), PartitionKey: "k" });
  await expect(by("ana", "not her secret").send(put)).rejects.toMatchObject({ name: "InvalidSignatureException" });
  await expect(by("bob", "a secret of hers").send(put)).rejects.toMatchObject({ name: "UnrecognizedClientException" });
  expect((await by("ana", "a secret of hers").send(new ListStreamsCommand({}))).StreamNames).toEqual(["s"]);
  const unsigned = await fetch(aws, {
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": "Kinesis_20131202.ListStreams" },
    body: "{}",
  });
  expect(unsigned.status).toBe(400);
  expect(await unsigned.json()).toMatchObject({ __type: "MissingAuthenticationTokenException" });

  expect((await fetch(`${page}/api/status`)).status).toBe(401);
  const bearer = (secret: string) => fetch(`${page}/api/status`, { headers: { authorization: `Bearer ${secret}` } });
  expect((await bearer("guessed")).status).toBe(401);
  expect((await bearer("another-secret")).status).toBe(200);
  const basic = Buffer.from("ana:a secret of hers").toString("base64");
  expect((await fetch(`${page}/api/status`, { headers: { authorization: `Basic ${basic}` } })).status).toBe(200);
  await running.instance.flush();
  expect(await running.rows("select id from t")).toEqual([[1]]);
});

test("commands on the same machine find the credentials of an instance, whatever is in its secret", async () => {
  const folder = await temporaryFolder();
  await writeDefinition(folder, DEFINITION);
  const credentials = join(folder, "users.txt");
  await writeFile(credentials, "ana:blanks and umlauts: äöü\n");
  const data = join(folder, "data");
  const instance = await startPenstock({ definition: folder, data, flags: ["--credentials", credentials] });
  onTestFinished(() => instance.kill());
  const asked = await runPenstock("query", "--data", data, "select 41 + 1 as answer", "--json");
  expect(asked.code, asked.stderr).toBe(0);
  expect(asked.stdout).toContain("42");
});
