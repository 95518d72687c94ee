// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Terraform writes expressions so.
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stage } from "../../test/cli/stage.js";
import { attributeName, resourceTypeName } from "../src/terraform/names.js";
import { type CloudFormationTemplate, terraformOf } from "../src/terraform/translate.js";
import { terraformProblems } from "./terraform-check.js";

const terraform = (cloud: object, assets: { hash: string; folder: string }[] = []) =>
  terraformOf(cloud as CloudFormationTemplate, { stackName: "penstock-test", assets }) as Record<string, never>;

describe("a CloudFormation template as Terraform", () => {
  it("spells types and attributes as the awscc provider does", () => {
    expect(
      [
        "SizeInMBs",
        "AWSKMSKeyARN",
        "HiveJsonSerDe",
        "OpenXJsonSerDe",
        "CloudWatchLoggingOptions",
        "S3BackupMode",
        "VpcId",
        "Ipv6CidrBlock",
        "CodeSha256",
        "FSxLustre",
      ].map(attributeName),
    ).toEqual([
      "size_in_m_bs",
      "awskms_key_arn",
      "hive_json_ser_de",
      "open_x_json_ser_de",
      "cloudwatch_logging_options",
      "s3_backup_mode",
      "vpc_id",
      "ipv_6_cidr_block",
      "code_sha_256",
      "fsx_lustre",
    ]);
    expect(
      ["AWS::EC2::VPCEndpoint", "AWS::RedshiftServerless::Namespace", "AWS::QuickSight::VPCConnection"].map(
        resourceTypeName,
      ),
    ).toEqual(["awscc_ec2_vpc_endpoint", "awscc_redshiftserverless_namespace", "awscc_quicksight_vpc_connection"]);
  });

  it("turns references, joins, substitutions and documents into expressions, and leaves what only looks like one", () => {
    const made = terraform({
      Parameters: { Who: { Type: "String", Default: "jo" } },
      Resources: {
        Key: {
          Type: "AWS::KMS::Key",
          DeletionPolicy: "Retain",
          Properties: { KeyPolicy: { a: ["${aws:userid}", { Ref: "AWS::AccountId" }] } },
        },
        Queue: {
          Type: "AWS::SQS::Queue",
          DependsOn: ["Key"],
          Properties: {
            QueueName: { "Fn::Join": ["-", ["q", { Ref: "Who" }, 'a "b"\\c']] },
            KmsMasterKeyId: { "Fn::GetAtt": ["Key", "Arn"] },
            Tags: [{ Key: "of", Value: { "Fn::Sub": "${AWS::Region}/${Key.Arn}/${!not}" } }],
          },
        },
        Subnet: {
          Type: "AWS::EC2::Subnet",
          Properties: { VpcId: "vpc-1", AvailabilityZone: { "Fn::Select": [1, { "Fn::GetAZs": "" }] } },
        },
      },
      Outputs: { Url12AB34CD: { Value: { Ref: "Queue" } } },
    });
    expect(made.resource).toEqual({
      awscc_kms_key: {
        Key: {
          key_policy: '${jsonencode({ "a" = ["$${aws:userid}", data.aws_caller_identity.current.account_id] })}',
          lifecycle: { prevent_destroy: true },
        },
      },
      awscc_sqs_queue: {
        Queue: {
          queue_name: 'q-${var.Who}-a "b"\\c',
          kms_master_key_id: "${awscc_kms_key.Key.arn}",
          tags: [{ key: "of", value: "${data.aws_region.current.region}/${awscc_kms_key.Key.arn}/$${not}" }],
          depends_on: ["awscc_kms_key.Key"],
        },
      },
      awscc_ec2_subnet: {
        Subnet: { vpc_id: "vpc-1", availability_zone: "${data.aws_availability_zones.available.names[1]}" },
      },
    });
    expect(made.output).toEqual({ Url: { value: "${awscc_sqs_queue.Queue.queue_url}" } });
  });

  it("names an alarm as CloudFormation would, by its stack", () => {
    const made = terraform({ Resources: { Late: { Type: "AWS::CloudWatch::Alarm", Properties: { Threshold: 1 } } } });
    expect(made.resource).toEqual({
      awscc_cloudwatch_alarm: { Late: { alarm_name: "${var.stack_name}-Late", threshold: 1 } },
    });
  });

  it("takes what awscc lacks from the aws provider, and leaves a custom resource to a stack of its own", () => {
    const made = terraform({
      Resources: {
        Role: { Type: "AWS::IAM::Role", Properties: { AssumeRolePolicyDocument: {} } },
        Policy: {
          Type: "AWS::IAM::Policy",
          Properties: { PolicyName: "p", Roles: [{ Ref: "Role" }], PolicyDocument: { Version: "2012-10-17" } },
        },
        Thing: { Type: "Custom::Thing", Properties: { ServiceToken: { Ref: "Role" }, Text: "x" }, DependsOn: "Policy" },
      },
      Outputs: { PenstockRole: { Value: { Ref: "Role" }, Description: "who" } },
      Metadata: { Penstock: { columns: [{ Ref: "${no}" }] } },
    });
    expect(made.resource).toMatchObject({
      aws_iam_role_policy: {
        Policy: { role: "${awscc_iam_role.Role.role_name}", policy: '${jsonencode({ "Version" = "2012-10-17" })}' },
      },
      aws_cloudformation_stack: {
        Thing: {
          name: "${var.stack_name}",
          template_url: "https://${aws_s3_bucket.code.bucket_regional_domain_name}/${aws_s3_object.stack_template.key}",
          depends_on: ["aws_iam_role_policy.Policy"],
        },
      },
      aws_s3_object: {
        stack_template: { key: "${sha256(local.stack_template)}.json", content: "${local.stack_template}" },
      },
    });
    expect(made.locals).toEqual({
      stack_template:
        '${jsonencode({ "AWSTemplateFormatVersion" = "2010-09-09", "Description" = "Made by Terraform, with what is around it", ' +
        '"Resources" = { "Thing" = { "Type" = "Custom::Thing", "Properties" = { "ServiceToken" = awscc_iam_role.Role.role_name, "Text" = "x" } } }, ' +
        '"Outputs" = { "PenstockRole" = { "Value" = awscc_iam_role.Role.role_name, "Description" = "who" } }, ' +
        '"Metadata" = jsondecode("{\\"Penstock\\":{\\"columns\\":[{\\"Ref\\":\\"$${no}\\"}],\\"madeBy\\":\\"terraform\\"}}") })}',
    });
  });

  it.each([
    [{ A: { Type: "AWS::Nowhere::Thing" } }, "AWS::Nowhere::Thing is known neither"],
    [{ A: { Type: "AWS::SQS::Queue", Properties: { Colour: "red" } } }, "has no property Colour"],
    [{ A: { Type: "AWS::SQS::Queue", Properties: { QueueName: { "Fn::ImportValue": "x" } } } }, "Fn::ImportValue"],
    [{ A: { Type: "AWS::SQS::Queue", Properties: { QueueName: { Ref: "B" } } } }, "names B"],
    [{ A: { Type: "AWS::SQS::Queue", Condition: "Big" } }, "condition Big"],
    [{ A: { Type: "Custom::A" }, B: { Type: "Custom::B" } }, "one at most"],
    [
      { A: { Type: "AWS::IAM::Policy", Properties: { PolicyName: "p", Roles: ["a", "b"], PolicyDocument: {} } } },
      "not of exactly one role",
    ],
  ])("refuses by name what it cannot translate: %o", (Resources, said) => {
    expect(() => terraform({ Resources })).toThrow(said);
  });
});

describe("the check", () => {
  const types = new Map([["awscc_sqs_queue", "AWS::SQS::Queue"]]);
  const problems = (values: object) =>
    terraformProblems({ resource: { awscc_sqs_queue: { A: values } }, data: {}, variable: {}, output: {} }, types);

  it.each([
    [{ queue_name: "${awscc_sqs_queue.B.arn}" }, "awscc_sqs_queue.B.arn is no resource"],
    [{ queue_name: "${awscc_sqs_queue.A.colour}" }, "is no attribute"],
    [{ queue_name: '${jsonencode({ "a" = var.x })}' }, "var.x is no variable"],
    [{ queue_name: "${join(var.x}" }, "not balanced"],
    [{ name: "a" }, "no attribute name"],
    [{ queue_name: { Ref: "B" } }, "Ref is left"],
    [{ delay_seconds: "soon" }, "is no number"],
    [{ depends_on: ["awscc_sqs_queue.C"] }, "awscc_sqs_queue.C is no resource"],
  ])("finds %o", (values, said) => {
    expect(problems(values).join("\n")).toContain(said);
  });
});

it("penstock synth --terraform writes a configuration with the code of its Lambdas", async () => {
  const here = await stage();
  const definition = join(import.meta.dirname, "../../examples/market");
  // What an earlier synthesis left goes, and nothing else.
  const code = join(here.directory, "infra/code");
  await mkdir(join(code, "0".repeat(64)), { recursive: true });
  await writeFile(join(code, "own.txt"), "");
  const ran = await here.run(["synth", definition, "--terraform", "infra", "--json"]);
  expect(ran.code).toBe(0);
  const { terraform: made } = JSON.parse(ran.stdout);
  const configuration = JSON.parse(await readFile(made.file, "utf8"));
  expect(configuration.terraform.required_providers.awscc.source).toBe("hashicorp/awscc");
  const archives = Object.values<{ source_dir: string }>(configuration.data.archive_file);
  // Functions may share their code.
  const functions = Object.values<{ code: unknown }>(configuration.resource.awscc_lambda_function);
  expect(archives.length).toBe(new Set(functions.map(({ code }) => JSON.stringify(code))).size);
  expect(archives.length).toBeGreaterThan(3);
  for (const { source_dir } of archives) {
    const folder = source_dir.replace("${path.module}", join(here.directory, "infra"));
    expect((await stat(join(folder, "index.js"))).size).toBeGreaterThan(10_000);
  }
  const left = await readdir(code);
  expect(left).toContain("own.txt");
  expect(left).not.toContain("0".repeat(64));
  const readme = await readFile(join(here.directory, "infra/README.md"), "utf8");
  for (const [type, named] of Object.entries<Record<string, { lifecycle?: object }>>(configuration.resource))
    for (const [name, { lifecycle }] of Object.entries(named))
      expect([name, readme.includes(`  ${type}.${name}`)]).toEqual([name, lifecycle !== undefined]);
  await rm(join(here.directory, "infra"), { recursive: true });
  expect(await here.run(["synth", definition])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--terraform"),
  });
});
