/**
 * What only CloudFormation can carry out, a custom resource, is a stack with nothing else in it. The stack has the whole one's name, outputs and metadata: by these
 * `penstock ... --aws` finds a deployment, whoever made it.
 */
import { PenstockError } from "../../../src/core/errors.js";
import { expression, literal, type Scope } from "./expressions.js";

type Values = Readonly<Record<string, unknown>>;

export interface StackTemplate {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: Values }>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown; readonly Description?: string }>>;
  readonly Metadata?: Values;
}

export const STACK_TYPE = "aws_cloudformation_stack";
/** Of the local value that is the stack's template, and of the object that holds it: a template of more than 51,200 bytes is read from S3. */
export const STACK_TEMPLATE = "stack_template";
/** Its custom resource answers within 55 minutes, or has failed. */
const TIMEOUT = "60m";

export function isCustom(type: string): boolean {
  return type.startsWith("Custom::") || type === "AWS::CloudFormation::CustomResource";
}

/** Undefined where the template has no custom resource. */
export function stackTemplate(cloud: StackTemplate, scope: Scope): string | undefined {
  const custom = Object.entries(cloud.Resources).filter(([, { Type }]) => isCustom(Type));
  if (custom.length === 0) return undefined;
  if (custom.length > 1) {
    const ids = custom.map(([id]) => id).join(" and ");
    throw new PenstockError("invalid-argument", `${ids} are custom resources; one at most is known here.`);
  }
  const parts = custom.map(
    ([id, { Type, Properties }]) => `${literal(id)} = ${expression({ Type, Properties: Properties ?? {} }, scope)}`,
  );
  const outputs = Object.entries(cloud.Outputs ?? {}).map(
    ([id, output]) => `${literal(id)} = ${expression(output, scope)}`,
  );
  const template = [
    `"AWSTemplateFormatVersion" = "2010-09-09"`,
    `"Description" = "Made by Terraform, with what is around it"`,
    `"Resources" = { ${parts.join(", ")} }`,
    ...(outputs.length === 0 ? [] : [`"Outputs" = { ${outputs.join(", ")} }`]),
    // It is no one's to look for expressions in.
    `"Metadata" = jsondecode(${literal(JSON.stringify(marked(cloud.Metadata)))})`,
  ];
  return `\${jsonencode({ ${template.join(", ")} })}`;
}

/** By it `penstock plan`, `apply` and `destroy` know that the rest is in Terraform's state, and leave it alone. */
function marked(metadata: Values = {}): Values {
  return { ...metadata, Penstock: { ...(metadata.Penstock as Values | undefined), madeBy: "terraform" } };
}

export function stackValues(bucket: string): Values {
  return {
    name: `\${var.stack_name}`,
    template_url: `https://\${${bucket}.bucket_regional_domain_name}/\${aws_s3_object.${STACK_TEMPLATE}.key}`,
    timeouts: { create: TIMEOUT, update: TIMEOUT },
  };
}

/** A new template has a new name: the stack would not see another under the same. */
export function templateObject(bucket: string): Values {
  return {
    bucket: `\${${bucket}.bucket}`,
    key: `\${sha256(local.${STACK_TEMPLATE})}.json`,
    content: `\${local.${STACK_TEMPLATE}}`,
    content_type: "application/json",
  };
}
