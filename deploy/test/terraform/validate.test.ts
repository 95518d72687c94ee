// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Terraform writes expressions so.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CloudFormationTemplate, terraformOf } from "../../src/terraform/translate.js";
import { awsccSchemas } from "./awscc-schemas.js";
import { differences } from "./differences.js";
import { BUILD_TIMEOUT_MS, MISSING, type TerraformTool, terraformTool } from "./tool.js";

if (MISSING.length > 0) console.warn(`SKIPPED: Terraform's validate needs ${MISSING.join(" and ")}.`);

const TYPES = [
  "AWS::EC2::SecurityGroupIngress",
  "AWS::EC2::VPCEndpoint",
  "AWS::Events::Rule",
  "AWS::IAM::Role",
  "AWS::Lambda::Function",
  "AWS::SQS::Queue",
  "AWS::StepFunctions::StateMachine",
];

/** A queue, a role and a function. */
const TEMPLATE = {
  Parameters: { Who: { Type: "String", Default: "me" } },
  Resources: {
    Queue: { Type: "AWS::SQS::Queue", Properties: { DelaySeconds: 3, Tags: [{ Key: "a", Value: "b" }] } },
    Role: {
      Type: "AWS::IAM::Role",
      Properties: {
        RoleName: { "Fn::Join": ["-", [{ Ref: "AWS::Region" }, "me"]] },
        AssumeRolePolicyDocument: { Statement: [{ Resource: { "Fn::GetAtt": ["Queue", "Arn"] } }] },
      },
    },
    Function: {
      Type: "AWS::Lambda::Function",
      Properties: {
        Code: { S3Bucket: "b", S3Key: "h.zip" },
        Role: { "Fn::GetAtt": ["Role", "Arn"] },
        Environment: { Variables: { queue: { Ref: "Queue" } } },
      },
    },
    Policy: {
      Type: "AWS::IAM::Policy",
      Properties: { PolicyName: "p", PolicyDocument: { Version: "2012-10-17" }, Roles: [{ Ref: "Role" }] },
    },
  },
  Outputs: { Url: { Value: { Ref: "Queue" } } },
};

describe.skipIf(MISSING.length > 0)("Terraform's validate, by CloudFormation's schemas", () => {
  let folder: string;
  let tool: TerraformTool;
  let count = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "penstock-validate-"));
    tool = await terraformTool(folder, TYPES);
  }, BUILD_TIMEOUT_MS);
  afterAll(() => rm(folder, { recursive: true }));

  type Changed = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

  /** With a queue, a role and a function that are right, but for what is changed. */
  async function written(changed: Changed): Promise<string> {
    const configuration = terraformOf(TEMPLATE as unknown as CloudFormationTemplate, {
      stackName: "penstock-test",
      assets: [{ hash: "h", folder: "code/h" }],
    }) as Record<string, Record<string, Record<string, object>>>;
    for (const [address, values] of Object.entries(changed)) {
      const [type = "", name = ""] = address.split(".");
      configuration.resource![type] = {
        ...configuration.resource![type],
        [name]: { ...configuration.resource![type]?.[name], ...values },
      };
    }
    const into = join(folder, `in-${count++}`);
    await mkdir(into);
    await writeFile(join(into, "main.tf.json"), JSON.stringify(configuration));
    return into;
  }
  async function validated(changed: Changed): Promise<string> {
    const findings = await tool.validate(await written(changed));
    return findings.map(({ summary, detail }) => `${summary}: ${detail}`).join("\n");
  }

  // As the pages of awscc's documentation have them.
  it.each([
    ["awscc_ec2_security_group_ingress", "ip_protocol", { type: "string", required: true }],
    ["awscc_ec2_security_group_ingress", "cidr_ipv_6", { type: "string", optional: true, computed: true }],
    ["awscc_ec2_security_group_ingress", "security_group_ingress_id", { type: "string", computed: true }],
    ["awscc_ec2_vpc_endpoint", "route_table_ids", { type: ["set", "string"], optional: true, computed: true }],
    ["awscc_ec2_vpc_endpoint", "creation_timestamp", { type: "string", computed: true }],
    ["awscc_events_rule", "event_pattern", { type: "string", optional: true, computed: true }],
    ["awscc_events_rule", "targets", { nested_type: { nesting_mode: "set" }, optional: true, computed: true }],
    ["awscc_sqs_queue", "redrive_policy", { type: "string", optional: true, computed: true }],
    ["awscc_sqs_queue", "tags", { nested_type: { nesting_mode: "list" }, optional: true, computed: true }],
    ["awscc_sqs_queue", "visibility_timeout", { type: "number", optional: true, computed: true }],
    ["awscc_sqs_queue", "id", { type: "string", computed: true }],
    ["awscc_stepfunctions_state_machine", "definition_substitutions", { type: ["map", "string"] }],
    ["awscc_stepfunctions_state_machine", "logging_configuration", { nested_type: { nesting_mode: "single" } }],
  ])("has the schemas of awscc: %s.%s", (type, name, expected) => {
    const { resource_schemas: made } = awsccSchemas([...tool.schemas.values()]);
    expect(made[type]?.block.attributes?.[name]).toMatchObject(expected);
  });

  it("finds nothing in what is right", async () => {
    expect(await validated({})).toBe("");
  });

  it.each([
    ["a planted attribute", "awscc_sqs_queue.Queue", { colour: "red" }, /colour/],
    ["one of an object within", "awscc_sqs_queue.Queue", { tags: [{ key: "a", worth: "b" }] }, /value/],
    ["one that is missing", "awscc_sqs_queue.Queue", { tags: [{ key: "a" }] }, /"value" is required/],
    ["a number that is none", "awscc_sqs_queue.Queue", { delay_seconds: "soon" }, /number/],
    ["an object for a text", "awscc_sqs_queue.Queue", { redrive_policy: { deadLetterTargetArn: "a" } }, /string/],
    ["what only the service can say", "awscc_sqs_queue.Queue", { arn: "arn:aws:sqs" }, /"arn"\) is computed/],
    ["a resource that is not there", "awscc_sqs_queue.Queue", { queue_name: "${awscc_sqs_queue.Other.arn}" }, /Other/],
    ["an attribute that no queue has", "awscc_iam_role.Role", { path: "${awscc_sqs_queue.Queue.colour}" }, /colour/],
    ["a variable that is not there", "awscc_iam_role.Role", { path: "${var.nobody}" }, /nobody/],
    ["a function that is none", "awscc_iam_role.Role", { path: "${sub(var.Who)}" }, /sub/],
    ["what is no expression", "awscc_iam_role.Role", { path: "${join(var.Who}" }, /./],
    ["a circle", "awscc_sqs_queue.Queue", { queue_name: "${awscc_iam_role.Role.arn}" }, /Cycle/],
    ["a type that there is not", "awscc_sqs_basket.Basket", {}, /awscc_sqs_basket/],
    ["the aws provider's too", "aws_iam_role_policy.Policy", { roles: ["a"] }, /roles/],
  ])("finds %s", async (_, address, values, said) => {
    expect(await validated({ [address]: values })).toMatch(said);
  });

  // Terraform gives what a reference leads to a type only in a plan; OpenTofu's validate tells already.
  it("plans what is right, and not a text where a list is to be", async () => {
    await expect(tool.plan(await written({}))).resolves.toEqual([]);
    const wrong = { "awscc_iam_role.Role": { managed_policy_arns: "${awscc_sqs_queue.Queue.arn}" } };
    const findings = await tool.plan(await written(wrong));
    expect(findings.map(({ detail }) => detail).join("\n")).toMatch(/set of string required/);
  });

  it("makes what the template says, and tells where it does not", async () => {
    const told = async (changed: Changed) => {
      const state = await tool.apply(await written(changed));
      return differences({ template: TEMPLATE, stackName: "penstock-test", state, schemas: tool.schemas });
    };
    expect(await told({})).toEqual([]);
    const other = { "awscc_iam_role.Role": { role_name: "${data.aws_region.current.region}.${var.Who}" } };
    expect(await told(other)).toEqual(['Role.RoleName: "us-east-1.me" instead of "us-east-1-me"']);
    const less = { "aws_iam_role_policy.Policy": { policy: "{}" } };
    expect(await told(less)).toEqual(['Policy.policy: "{}" instead of {"Version":"2012-10-17"}']);
  });
});
