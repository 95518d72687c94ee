import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { resourceTypeName } from "../src/terraform/names.js";
import { type CloudFormationTemplate, terraformOf } from "../src/terraform/translate.js";
import { CFN_LINT, cfnLint } from "./cfn-lint.js";
import { redshiftFindings } from "./redshift-rules.js";
import { OPEN_ENDS, starRights, WITHOUT_RESOURCE } from "./star-rights.js";
import type { Synthesis } from "./synthesis.js";
import { differences } from "./terraform/differences.js";
import { MISSING, terraformTool, typesIn } from "./terraform/tool.js";
import { terraformProblems } from "./terraform-check.js";
import { allVariants } from "./variants.js";

let made: ReadonlyMap<string, Synthesis>;
beforeAll(async () => {
  vi.stubEnv("CDK_VALIDATION", "true");
  made = await allVariants();
});
const of = (name: string) => made.get(name) as Synthesis;

/** Each is a quarter of a minute's work: these two have all ways to load and both warehouses. */
const APPLIED = ["market", "everything-provisioned"];

function inTerraform(name: string, cloud: CloudFormationTemplate) {
  const hashes = Object.values(cloud.Resources)
    .filter(({ Type }) => Type === "AWS::Lambda::Function")
    .map(({ Properties }) => String((Properties as { Code: { S3Key: string } }).Code.S3Key).replace(/\.zip$/, ""));
  const assets = [...new Set(hashes)].map((hash) => ({ hash, folder: `code/${hash}` }));
  return terraformOf(cloud, { stackName: `penstock-${name}`, assets });
}

describe("every example, way to load and option", () => {
  it("leaves no finding of the four packs, and of the construct library's own rules, without a reason", () => {
    expect([...made].flatMap(([name, { findings }]) => findings.map((finding) => `${name}: ${finding}`))).toEqual([]);
  });

  it("keeps the rules for Redshift", () => {
    for (const { template } of made.values()) expect(Object.keys(template.Resources).length).toBeGreaterThan(50);
    for (const [name, { template }] of made) expect([name, redshiftFindings(template)]).toEqual([name, []]);
  });

  it.skipIf(CFN_LINT === undefined)("has nothing that cfn-lint finds", async () => {
    const templates = Object.fromEntries([...made].map(([name, { template }]) => [name, template]));
    expect(await cfnLint(templates)).toEqual([]);
  });
  if (CFN_LINT === undefined) console.warn("SKIPPED: cfn-lint is not installed (pip install cfn-lint).");

  it("is the same in Terraform: every resource, property and reference, and nothing of CloudFormation left", () => {
    for (const [name, { template }] of made) {
      const cloud = template as unknown as CloudFormationTemplate;
      const configuration = inTerraform(name, cloud);
      const types = new Map(Object.values(cloud.Resources).map(({ Type }) => [resourceTypeName(Type), Type]));
      expect([name, terraformProblems(configuration, types)]).toEqual([name, []]);
      const written = Object.values(configuration.resource as Record<string, object>).flatMap((one) =>
        Object.keys(one),
      );
      expect(written).toEqual(expect.arrayContaining(Object.keys(cloud.Resources)));
    }
  });

  it.skipIf(MISSING.length > 0)(
    "is right to Terraform's own validate, and applied it is what the template says",
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "penstock-terraform-"));
      try {
        const tool = await terraformTool(folder, typesIn([...made.values()].map(({ template }) => template)));
        for (const [name, { template }] of made) {
          const into = join(folder, `in-${name}`);
          await mkdir(into);
          const cloud = template as unknown as CloudFormationTemplate;
          const configuration = inTerraform(name, cloud);
          await writeFile(join(into, "main.tf.json"), JSON.stringify(configuration));
          expect([name, await tool.validate(into)]).toEqual([name, []]);
          if (!APPLIED.includes(name)) continue;
          const state = await tool.apply(into);
          const world = {
            template: { ...template, Metadata: cloud.Metadata ?? {} },
            stackName: `penstock-${name}`,
            state,
          };
          expect([name, differences({ ...world, schemas: tool.schemas })]).toEqual([name, []]);
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );
  if (MISSING.length > 0) console.warn(`SKIPPED: Terraform's validate needs ${MISSING.join(" and ")}.`);

  it("tells the catalog of partitions where the folders are nothing else, and gives Glue the keys", () => {
    const keys = of("everything")
      .properties("AWS::Glue::Table")
      .map(({ TableInput }) => TableInput as { Name: string; PartitionKeys?: { Name: string }[] })
      .filter(({ PartitionKeys }) => PartitionKeys !== undefined)
      .map(({ Name, PartitionKeys }) => [Name, PartitionKeys?.map((key) => key.Name)]);
    // A key that is a column as well (outside's id) can be no second one of that name.
    expect(keys).toEqual([["jobbed", ["hour"]]]);
    const states = of("market")
      .properties("AWS::StepFunctions::StateMachine")
      .find(({ StateMachineType }) => StateMachineType === "EXPRESS");
    const asl = JSON.stringify(states?.DefinitionString);
    expect(asl).toContain(
      "States.Array(States.ArrayGetItem(States.StringSplit(States.ArrayGetItem($.parts, 2), '='), 1))",
    );
    expect(asl).toContain("glue:createPartition");
  });

  it("loads by the supervised loader what is copied, and nothing else", () => {
    const loads = of("everything")
      .properties("AWS::Events::Rule")
      .find(({ Description }) => Description === "New objects of the lake's tables, dead letters among them");
    const keys = JSON.stringify(loads?.EventPattern);
    for (const table of ["copied", "lines"]) expect(keys).toContain(`{"prefix":"tables/${table}/"}`);
    expect(keys).not.toMatch(/tables\/(?!copied|lines)/);
  });

  it("tells Redshift of new objects where a COPY JOB loads, and watches over what the job passes over", () => {
    for (const name of ["everything", "everything-provisioned"]) {
      expect(of(name).properties("AWS::Redshift::Integration")).toHaveLength(1);
      const rules = of(name).properties("AWS::Events::Rule");
      expect(rules).toContainEqual(expect.objectContaining({ ScheduleExpression: "rate(15 minutes)" }));
      const [holder] = [
        ...of(name).properties("AWS::RedshiftServerless::Namespace"),
        ...of(name).properties("AWS::Redshift::Cluster"),
      ];
      expect(JSON.stringify(holder?.NamespaceResourcePolicy)).toContain("redshift:AuthorizeInboundIntegration");
      const resources = Object.entries(of(name).template.Resources);
      const [integration] = resources.find(([, { Type }]) => Type === "AWS::Redshift::Integration")!;
      const [, schema] = resources.find(([, { Type }]) => Type === "Custom::PenstockSchema")!;
      expect((schema as { DependsOn?: string[] }).DependsOn).toContain(integration);
      const machines = of(name)
        .properties("AWS::StepFunctions::StateMachine")
        .map((one) => JSON.stringify(one));
      expect(machines.filter((text) => text.includes("sys_copy_job_detail"))).toHaveLength(1);
    }
    expect(of("market").properties("AWS::Redshift::Integration")).toEqual([]);
  });

  it("lets the warehouse read the streams of streamed tables, and no others", () => {
    const sids = (name: string) =>
      of(name)
        .properties("AWS::IAM::Policy")
        .filter(({ PolicyName }) => String(PolicyName).includes("CopyRole"))
        .flatMap(
          ({ PolicyDocument }) => (PolicyDocument as { Statement: { Sid: string; Resource: unknown }[] }).Statement,
        );
    expect(sids("market").map(({ Sid }) => Sid)).not.toContain("ReadStreams");
    const [read] = sids("everything").filter(({ Sid }) => Sid === "ReadStreams");
    expect(JSON.stringify(read?.Resource)).toMatch(/^\{"Fn::GetAtt":\["StreamStreamevents\w+","Arn"\]\}$/);
    expect(sids("market").map(({ Sid }) => Sid)).toContain("ReadCatalog");
  });

  it("draws the definition's charts in QuickSight: the bid price of SPY, asked of the warehouse itself", () => {
    const [set] = of("market").properties("AWS::QuickSight::DataSet");
    expect(JSON.stringify(set)).toContain("SPY");
    expect(set).toMatchObject({ ImportMode: "DIRECT_QUERY" });
    const [board] = of("market").properties("AWS::QuickSight::Dashboard");
    expect(JSON.stringify(board?.Definition)).toContain('"DateGranularity":"SECOND"');
    expect(of("everything").properties("AWS::QuickSight::DataSet")).toHaveLength(2);
    expect(of("flights-provisioned").properties("AWS::QuickSight::DataSource")).toEqual([]);
  });
});

describe("what only shows when it runs", () => {
  const text = (value: unknown) => JSON.stringify(value);
  const endpointsOf = (name: string) =>
    of(name)
      .properties("AWS::EC2::VPCEndpoint")
      .map(({ ServiceName }) => /\.([\w-]+)"\]\]/.exec(text(ServiceName))?.[1])
      .sort();

  it("each service that a Lambda calls has an endpoint in the VPC, and each endpoint is of a service that is called", () => {
    // What the SDK asks for credentials where it is not in a Lambda.
    const credentials = new Set(["SSO", "SSO OIDC", "STS", "Signin"]);
    const endpoints: Readonly<Record<string, string>> = { S3: "s3", SFN: "states" };
    for (const name of ["market", "flights-provisioned", "everything", "everything-provisioned"]) {
      const called = new Set<string>();
      for (const { name: bundle, code } of of(name).bundles) {
        const services = [...code.matchAll(/serviceId:\w+\?\.serviceId\?\?`([^`]+)`/g)].map(([, service]) => service!);
        const own = services.filter((service) => !credentials.has(service));
        expect([bundle, own.length > 0]).toEqual([bundle, true]);
        for (const service of own) called.add(endpoints[service] ?? `${service}, which has none`);
      }
      // By enhanced VPC routing the warehouse goes through the VPC: to the lake, its catalog and, where a table is streamed, the streams.
      const read = ["s3", "glue", ...(name.startsWith("everything") ? ["kinesis-streams"] : [])];
      expect([name, endpointsOf(name)]).toEqual([name, [...new Set([...called, ...read])].sort()]);
    }
  });

  it("has a reason for every star in a policy, and no reason without a star", () => {
    const stars = [...made.values()].flatMap(({ template }) => starRights(template));
    const unreasoned = stars.filter(({ action, resource }) =>
      resource === "*" ? !(action in WITHOUT_RESOURCE) : !OPEN_ENDS.some(({ end }) => end.test(resource)),
    );
    expect(unreasoned).toEqual([]);
    expect(
      stars.filter(({ action }) => action.includes("*") && !/^kms:(ReEncrypt|GenerateDataKey)\*$/.test(action)),
    ).toEqual([]);
    const used = new Set(stars.filter(({ resource }) => resource === "*").map(({ action }) => action));
    expect([...used].sort()).toEqual(Object.keys(WITHOUT_RESOURCE).sort());
    for (const { end } of OPEN_ENDS) expect(stars.some(({ resource }) => end.test(resource))).toBe(true);
    // Compared with the caller's whole id, a role would lose its statements with its session.
    for (const { action, conditions } of stars.filter(({ action }) => action.startsWith("redshift-data:")))
      expect([action, conditions]).toEqual([
        action,
        expect.stringMatching(/StringLike.*statement-owner-iam-userid.*RoleId/),
      ]);
  });

  it("lets alarms publish to their topic, and rings at the first of what is counted", () => {
    for (const name of ["market", "everything-provisioned"]) {
      const [policy] = of(name).properties("AWS::SNS::TopicPolicy");
      expect(text(policy)).toContain('"Action":"sns:Publish","Condition":{"StringEquals":{"aws:SourceAccount"');
      expect(text(policy)).toContain("cloudwatch.amazonaws.com");
      for (const { MetricName, Threshold, EvaluationPeriods } of of(name).properties("AWS::CloudWatch::Alarm")) {
        const counted = Threshold === 0 && MetricName !== "WriteProvisionedThroughputExceeded";
        expect([MetricName, EvaluationPeriods]).toEqual([MetricName, counted ? 1 : 2]);
      }
    }
  });

  it("gives the transform no longer a buffer than the destination, and Firehose what it takes", () => {
    for (const synthesis of made.values()) {
      for (const { ExtendedS3DestinationConfiguration: destination } of synthesis.properties(
        "AWS::KinesisFirehose::DeliveryStream",
      )) {
        const { BufferingHints, ProcessingConfiguration, DynamicPartitioningConfiguration } = destination as {
          BufferingHints: { SizeInMBs: number; IntervalInSeconds: number };
          ProcessingConfiguration: {
            Processors: { Parameters: { ParameterName: string; ParameterValue: string }[] }[];
          };
          DynamicPartitioningConfiguration?: object;
        };
        const parameters = new Map(
          ProcessingConfiguration.Processors[0]!.Parameters.map((one) => [one.ParameterName, one.ParameterValue]),
        );
        expect(Number(parameters.get("BufferIntervalInSeconds"))).toBeLessThanOrEqual(
          Math.min(60, BufferingHints.IntervalInSeconds),
        );
        if (DynamicPartitioningConfiguration === undefined) continue;
        expect(BufferingHints.SizeInMBs).toBeGreaterThanOrEqual(64);
        expect(BufferingHints.IntervalInSeconds).toBeGreaterThanOrEqual(60);
      }
    }
  });
});
