/**
 * The whole life of a deployment, by the command line and the unmodified SDK and CDK, in moto: what that is and what it is not, is in emulator/server.py.
 * Without moto (`pip install "moto[server]"`) it is skipped, and says so.
 */
import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GetObjectCommand, HeadBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const hasMoto = spawnSync("python3", ["-c", "import moto.server, flask"]).status === 0;
if (!hasMoto) console.warn("SKIPPED: the emulator's suite needs moto (pip install 'moto[server]').");

const REGION = "us-east-1";
const ACCOUNT = "123456789012";
let environment: NodeJS.ProcessEnv;
let s3: S3Client;
let directory: string;
let stop: () => void = () => {};

beforeAll(async () => {
  if (!hasMoto) return;
  directory = await mkdtemp(join(tmpdir(), "penstock-emulator-"));
  const port = await freePort();
  const server = spawn("python3", [here("./emulator/server.py"), String(port)], { stdio: "ignore" });
  stop = () => server.kill();
  const endpoint = `http://localhost:${port}`;
  const { AWS_PROFILE: _, ...own } = process.env;
  environment = {
    ...own,
    AWS_ENDPOINT_URL: endpoint,
    // Where CloudFormation is to read the template: moto takes the bucket from Amazon's own address.
    AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION: `https://s3.${REGION}.amazonaws.com`,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: "true",
    NODE_NO_WARNINGS: "1",
  };
  s3 = new S3Client({
    endpoint,
    region: REGION,
    forcePathStyle: true,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  await untilAnswering(endpoint);
});

afterAll(async () => {
  stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, argv: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, ...argv],
      { cwd: directory, env: { ...environment, ...more }, maxBuffer: 1 << 26 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

const penstock = (...argv: string[]) => run(here("../../bin/penstock.cjs"), argv);
const market = here("../../examples/market");

describe.skipIf(!hasMoto)("a deployment's life in an emulator of AWS", () => {
  it("apply says that the account is not bootstrapped, and how to do it", async () => {
    const { code, stderr } = await penstock("apply", market, "--yes");
    expect(stderr).toContain(`error: The account ${ACCOUNT} has no CDK bootstrap in ${REGION}.`);
    expect(stderr).toContain(`cdk bootstrap aws://${ACCOUNT}/${REGION}`);
    expect(code).toBe(4);
  });

  it("is applied, applied again without a change, destroyed, and applied again with what was kept", async () => {
    const cdk = here("../node_modules/aws-cdk/bin/cdk");
    const bootstrapped = await run(cdk, ["bootstrap", `aws://${ACCOUNT}/${REGION}`, "--no-notices"]);
    expect(bootstrapped.code).toBe(0);

    const other = await penstock("apply", market, "--yes", "--account", "999999999999");
    expect(other).toMatchObject({ code: 4 });
    expect(other.stderr).toContain(`credentials of the account ${ACCOUNT}, and 999999999999 is meant`);

    const asked = await penstock("apply", market);
    expect(asked).toMatchObject({ code: 2 });
    expect(asked.stderr).toContain("This asks first, and there is no terminal to ask on.");

    const first = await penstock("apply", market, "--yes", "--json");
    expect(first).toMatchObject({ code: 0 });
    const made = JSON.parse(first.stdout);
    expect(made).toMatchObject({ stackName: "penstock-market", account: ACCOUNT, region: REGION });
    expect(made.changed).toBeGreaterThan(80);
    expect(made.outputs).toMatchObject({ PenstockPipeline: "market", PenstockWorkgroup: "penstock-market" });
    const lake: string = made.outputs.PenstockLakeBucket;

    const unchanged = await penstock("plan", market);
    expect(unchanged.stdout).toContain("Nothing changes: 0 to add");
    const again = await penstock("apply", market, "--yes", "--json");
    expect(again).toMatchObject({ code: 0 });
    expect(JSON.parse(again.stdout)).toMatchObject({ changed: 0, outputs: made.outputs });

    await s3.send(
      new PutObjectCommand({ Bucket: lake, Key: "tables/quotes/day=2026-11-22/one.parquet", Body: "rows" }),
    );
    const destroyed = await penstock("destroy", market, "--yes", "--json");
    expect(destroyed).toMatchObject({ code: 0 });
    expect(destroyed.stderr).toContain("!!! LOST with AWS::Kinesis::Stream quotes: records that are not delivered yet");
    const { kept } = JSON.parse(destroyed.stdout);
    const types = kept.map(({ type }: { type: string }) => type);
    expect(types).toEqual(
      expect.arrayContaining(["AWS::S3::Bucket", "AWS::KMS::Key", "AWS::RedshiftServerless::Namespace"]),
    );
    const nothing = await penstock("destroy", market, "--yes");
    expect(nothing).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to destroy") });

    const adopted = await penstock("apply", market, "--yes", "--json");
    expect(adopted).toMatchObject({ code: 0 });
    expect(adopted.stderr).toContain(`${kept.length} resources of an earlier deployment will be adopted`);
    const after = JSON.parse(adopted.stdout);
    expect(after.outputs.PenstockLakeBucket).toBe(lake);
    expect(after.outputs.FoundationKeyArn195138F5).toBe(made.outputs.FoundationKeyArn195138F5);
    const object = await s3.send(
      new GetObjectCommand({ Bucket: lake, Key: "tables/quotes/day=2026-11-22/one.parquet" }),
    );
    expect(await object.Body?.transformToString()).toBe("rows");

    // What stands in the lake is handed to the loader again: its queue has it, and `status` counts it.
    const replayed = await penstock("replay", "quotes", "--aws", "--stack", "penstock-market", "--json");
    expect(JSON.parse(replayed.stdout)).toMatchObject({ table: "quotes", objects: 1, state: "done" });
    const status = await penstock("status", "--aws", "--stack", "penstock-market", "--json");
    const told = JSON.parse(status.stdout);
    expect(told).toMatchObject({
      stackName: "penstock-market",
      status: "UPDATE_COMPLETE",
      queue: { givenUp: 0 },
      alarms: [],
    });
    expect(told.queue.waiting).toBe(1);
    expect(told.streams.map(({ name }: { name: string }) => name)).toEqual(["daily-prices", "quotes"]);

    const gone = await penstock("destroy", market, "--yes", "--delete-data", "--json");
    expect(gone).toMatchObject({ code: 0 });
    expect(gone.stderr).toContain(`!!! LOST with AWS::S3::Bucket ${lake}: every object`);
    expect(JSON.parse(gone.stdout)).toMatchObject({ deleted: true, kept: [] });
    await expect(s3.send(new HeadBucketCommand({ Bucket: lake }))).rejects.toMatchObject({ name: "NotFound" });
  }, 900_000);

  it("destroy refuses a stack that is not Penstock's", async () => {
    const { code, stderr } = await penstock("destroy", "--stack", "CDKToolkit", "--yes");
    expect(code).toBe(4);
    expect(stderr).toMatch(/CDKToolkit (is|does|'s)|is no JSON|does not hold a definition/);
  });

  it("without credentials, or a region, each command says the one thing that is missing", async () => {
    await writeFile(join(directory, "none"), "");
    const files = { AWS_CONFIG_FILE: join(directory, "none"), AWS_SHARED_CREDENTIALS_FILE: join(directory, "none") };
    const cli = here("../../bin/penstock.cjs");
    const anonymous = await run(cli, ["apply", market], { ...files, AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" });
    expect(anonymous).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("error: There are no AWS credentials."),
    });
    const nowhere = await run(cli, ["apply", market], { ...files, AWS_REGION: "" });
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining("error: No AWS region is named.") });
    const silent = await run(cli, ["plan", market], { AWS_ENDPOINT_URL: "http://127.0.0.1:1" });
    expect(silent).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("error: No answer from AWS (ECONNREFUSED)"),
    });
    expect(silent.stderr).toContain("--against none");
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

async function untilAnswering(endpoint: string): Promise<void> {
  for (;;) {
    const answered = await fetch(`${endpoint}/moto-api/`).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
