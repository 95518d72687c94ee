import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { draftOf, PIPELINE } from "../../src/definition/brand.js";
import type { PipelineModel } from "../../src/definition/model.js";
import { integer, json, pipeline, stream, table } from "../../src/index.js";
import { awsEnvironment, cloudFormation } from "../../test/cli/deployed-stack.js";
import { type Stage, stage } from "../../test/cli/stage.js";
import { diffTemplates } from "../src/plan/diff.js";
import { resourceType } from "../src/plan/resource-types.js";

const definition = (parts: { retention?: number; columns?: string; deliver?: string; name?: string } = {}) => `
import { bigint, day, integer, json, pipeline, stream, table, timestamptz, varchar } from "penstock";
const events = table("events", {
  from: stream("${parts.name ?? "events"}", { shards: 1, retentionHours: ${parts.retention ?? 48} }),
  format: json(),
  columns: { ${parts.columns ?? "page: varchar(100), at: timestamptz().notNull()"} },
  deliver: { ${parts.deliver ?? "bufferSeconds: 60"} },
});
export default pipeline("clicks", { tables: [events] });
`;

awsEnvironment();
let here: Stage;
beforeEach(async () => {
  here = await stage();
});

/** Synthesizes the first, then plans the second against it. */
async function planned(first: string, second: string, ...flags: string[]) {
  const file = join(here.directory, "penstock.ts");
  await writeFile(file, first);
  expect(await here.run(["synth", ".", "--out", "before"])).toMatchObject({ code: 0, stderr: "" });
  // Another name: a module that was loaded once is not read again.
  const changed = join(here.directory, "changed.ts");
  await writeFile(changed, second);
  return await here.run(["plan", "changed.ts", "--against", "before/penstock-clicks.template.json", ...flags]);
}

describe("penstock plan", () => {
  it("of a first deployment lists everything by stage, and what a month costs with its assumptions and prices", async () => {
    await writeFile(join(here.directory, "penstock.ts"), definition());
    const { code, stdout } = await here.run(["plan", "--against", "none", "--records-per-second", "1000"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nstream\n {2}\+ Kinesis Stream: events\n/);
    expect(stdout).toMatch(/\nwarehouse\n[\s\S]*\+ RedshiftServerless Workgroup: penstock-clicks\n/);
    expect(stdout).toMatch(/Estimated bill, a month: \$[\d,.]+\nat 1,000 records\/s of 500 bytes/);
    expect(stdout).toContain("each record rounded up to 5 KB");
    expect(stdout).toContain("https://aws.amazon.com/kinesis/data-streams/pricing/");
    expect(stdout).not.toContain("LOSES");
  });

  it("of the same definition says that nothing changes", async () => {
    const { code, stdout } = await planned(definition(), definition());
    expect(code).toBe(0);
    expect(stdout).toMatch(/Nothing changes: 0 to add, 0 to change, 0 to replace, 0 to remove, \d+ unchanged\./);
  });

  it("shows a changed buffer and an added column in the stages that they touch", async () => {
    const columns = "page: varchar(100), at: timestamptz().notNull(), visits: bigint()";
    const { code, stdout } = await planned(
      definition(),
      definition({ columns, deliver: "bufferSeconds: 300, bufferMiB: 100" }),
    );
    expect(code).toBe(0);
    expect(stdout).toContain("ExtendedS3DestinationConfiguration.BufferingHints.SizeInMBs: 64 -> 100");
    expect(stdout).toMatch(/\ncatalog\n {2}~ Glue Table events\n/);
    expect(stdout).toContain("+ tables.events.columns.visits: bigint");
    expect(stdout).not.toContain("LOSES");
  });

  it("marks loudly what loses records: a stream that is replaced by another, a shorter retention", async () => {
    const renamed = await planned(definition(), definition({ name: "clicks" }));
    expect(renamed.stdout).toMatch(/± Kinesis Stream clicks IS REPLACED|- Kinesis Stream events IS REMOVED/);
    expect(renamed.stdout).toContain("!!! THIS LOSES DATA");
    expect(renamed.stdout).toContain("the records that are not delivered yet");
    const shorter = await planned(definition(), definition({ retention: 24 }));
    expect(shorter.stdout).toContain("RetentionPeriodHours: 48 -> 24");
    expect(shorter.stdout).toContain("records older than the new retention");
  });

  it("refuses a change that the tables cannot take, with exit code 4 and the way out", async () => {
    const { code, stdout } = await planned(
      definition(),
      definition({ columns: "page: integer(), at: timestamptz().notNull()" }),
    );
    expect(code).toBe(4);
    expect(stdout).toMatch(/✗ tables\.events\.columns\.page[^\n]* REFUSED/);
    expect(stdout).toContain("REFUSED: 1 change of the definition cannot be applied");
  });

  it("another warehouse says that the old one leaves the stack and stays", async () => {
    const { stdout } = await planned(definition(), definition(), "--ra3");
    expect(stdout).toContain("+ Redshift Cluster");
    expect(stdout).toMatch(/· RedshiftServerless Namespace penstock-clicks is left\n {6}it stays in the account/);
    expect(stdout).toContain("node hour of ra3.large");
    expect(stdout).toContain("!!! LEFT BEHIND, with data that the pipeline does not see any more");
    // The tables have to be made in the new one.
    expect(stdout).toMatch(/~ Custom[^\n]*PenstockSchema Schema\n {6}Warehouse/);
  });

  it("an option that was forgotten removes the cluster: a loss, with the way back", async () => {
    await writeFile(join(here.directory, "penstock.ts"), definition());
    expect(await here.run(["synth", ".", "--out", "before", "--ra3"])).toMatchObject({ code: 0 });
    const { stdout } = await here.run(["plan", "--against", "before/penstock-clicks.template.json"]);
    expect(stdout).toMatch(/- Redshift Cluster [^\n]*IS REMOVED !!! LOSES the warehouse: every table, user and grant/);
    expect(stdout).toMatch(/!!! THIS LOSES DATA in/);
    expect(stdout).toMatch(/!!! {2,}If it should stay, plan with the options that it was deployed with \(--ra3/);
  });

  it("leaves alone what Terraform made, as apply and destroy do", async () => {
    const rows = table("rows", { from: stream("rows"), format: json(), columns: { id: integer() } });
    const model = draftOf<PipelineModel>(pipeline("desk", { tables: [rows] }), PIPELINE)!;
    const url = await cloudFormation(model, "terraform");
    Object.assign(process.env, { AWS_ENDPOINT_URL_CLOUDFORMATION: url, AWS_ENDPOINT_URL_STS: url });
    await writeFile(join(here.directory, "penstock.ts"), definition().replace('"clicks"', '"desk"'));
    for (const command of ["plan", "apply", "destroy"]) {
      const { code, stderr } = await here.run([command, ".", ...(command === "plan" ? [] : ["--yes"])]);
      expect([command, code, stderr]).toEqual([command, 4, expect.stringContaining("put on AWS by Terraform")]);
      expect(stderr).toContain("penstock synth --terraform DIR");
    }
  });

  it("as JSON has the changes with their properties, and the bill", async () => {
    const { stdout } = await planned(definition(), definition({ retention: 24 }), "--json");
    const { plan, estimate } = JSON.parse(stdout);
    expect(plan.resources).toContainEqual(
      expect.objectContaining({
        stage: "stream",
        type: "AWS::Kinesis::Stream",
        action: "change",
        loses: "records older than the new retention",
        properties: [{ path: "RetentionPeriodHours", before: 48, after: 24, replaces: "no" }],
      }),
    );
    expect(plan.schema[0]).toMatchObject({ path: "streams.events.retentionHours" });
    expect(estimate.totalUsd).toBeGreaterThan(0);
  });

  it("names a template that cannot be read, and one that is not Penstock's", async () => {
    await writeFile(join(here.directory, "penstock.ts"), definition());
    await copyFile(join(here.directory, "penstock.ts"), join(here.directory, "no-template.json"));
    const broken = await here.run(["plan", "--against", "no-template.json"]);
    expect(broken).toMatchObject({ code: 2 });
    expect(broken.stderr).toContain("--against no-template.json is no template");
    await writeFile(join(here.directory, "other.json"), JSON.stringify({ Resources: {} }));
    const other = await here.run(["plan", "--against", "other.json"]);
    expect(other).toMatchObject({ code: 4 });
    expect(other.stderr).toContain("does not hold a definition of Penstock's");
  });
});

describe("what an update does", () => {
  const bucket = { Type: "AWS::S3::Bucket", DeletionPolicy: "Delete", Properties: { BucketName: "a" } };

  it("knows the identity and the replacing properties of every type that is deployed", async () => {
    await writeFile(join(here.directory, "penstock.ts"), definition());
    await here.run(["synth", ".", "--out", "out"]);
    const { Resources } = JSON.parse(await readFile(join(here.directory, "out/penstock-clicks.template.json"), "utf8"));
    // A custom resource is ours, and in nobody's database.
    const types = new Set(
      Object.values<{ Type: string }>(Resources).flatMap(({ Type }) => (Type.startsWith("Custom::") ? [] : [Type])),
    );
    for (const type of types) expect([type, resourceType(type).identity.length > 0]).toEqual([type, true]);
    expect(resourceType("AWS::Kinesis::Stream").replacing.get("Name")).toBe("yes");
  });

  it("a replaced resource replaces those that name it in a property that replaces", () => {
    const before = {
      Resources: {
        Lake: bucket,
        LakePolicy: { Type: "AWS::S3::BucketPolicy", Properties: { Bucket: { Ref: "Lake" }, PolicyDocument: {} } },
      },
    };
    const after = { Resources: { ...before.Resources, Lake: { ...bucket, Properties: { BucketName: "b" } } } };
    expect(diffTemplates(before, after)).toMatchObject([
      { logicalId: "Lake", action: "replace", loses: "every object in it" },
      { logicalId: "LakePolicy", action: "replace" },
    ]);
  });

  it("a replacement under the same fixed name is foretold as refused", () => {
    const workgroup = (capacity: string) => ({
      Resources: {
        Group: { Type: "AWS::Glue::Database", Properties: { DatabaseName: "one", CatalogId: capacity } },
      },
    });
    expect(diffTemplates(workgroup("1"), workgroup("2"))).toMatchObject([
      { action: "replace", remark: expect.stringContaining("CloudFormation will refuse") },
    ]);
  });

  describe("to what holds data", () => {
    const HOLDERS = {
      "AWS::Redshift::Cluster": ["DBName", "the warehouse"],
      "AWS::RedshiftServerless::Namespace": ["NamespaceName", "the warehouse"],
      "AWS::RedshiftServerless::Workgroup": ["WorkgroupName", "running queries"],
      "AWS::Kinesis::Stream": ["Name", "not delivered yet"],
      "AWS::KinesisFirehose::DeliveryStream": ["DeliveryStreamName", "its buffer"],
      "AWS::S3::Bucket": ["BucketName", "every object"],
      "AWS::KMS::Key": [undefined, "everything that it encrypts"],
      "AWS::Glue::Database": ["DatabaseName", "the catalog's tables"],
      "AWS::Glue::Table": ["DatabaseName", "its partitions"],
      "AWS::SQS::Queue": ["QueueName", "not loaded yet"],
      "AWS::SNS::Topic": ["TopicName", "its subscriptions"],
      "AWS::Logs::LogGroup": ["LogGroupName", "its logs"],
    } as const;
    const pair = (Type: string, policy: string, name: string | undefined, value: string) => ({
      Resources: {
        One: {
          Type,
          DeletionPolicy: policy,
          UpdateReplacePolicy: policy,
          Properties: name === undefined ? {} : { [name]: value },
        },
      },
    });

    it.each(Object.entries(HOLDERS))("%s: removed, replaced, kept, snapshotted", (type, [name, holds]) => {
      const of = (policy: string, value = "a") => pair(type, policy, name, value);
      const nothing = { Resources: {} };
      const lost = { loses: expect.stringContaining(holds), advice: expect.stringMatching(/\w{3}/) };
      expect(diffTemplates(of("Delete"), nothing)).toMatchObject([{ action: "remove", ...lost }]);
      expect(diffTemplates(of("Snapshot"), nothing)).toMatchObject([
        { action: "remove", ...lost, remark: expect.stringContaining("last snapshot") },
      ]);
      const [kept] = diffTemplates(of("Retain"), nothing);
      expect(kept).toMatchObject({ action: "keep", remark: expect.stringContaining(holds), advice: lost.advice });
      expect(kept?.loses).toBeUndefined();
      if (name === undefined) return;
      const [replaced] = diffTemplates(of("Delete"), of("Delete", "b"));
      expect([type, replaced?.action]).toEqual([type, "replace"]);
      expect(replaced).toMatchObject(lost);
      const [left] = diffTemplates(of("Retain"), of("Retain", "b"));
      expect(left?.loses).toBeUndefined();
      expect(left).toMatchObject({ remark: expect.stringContaining("stays in the account"), advice: lost.advice });
    });
  });
});
