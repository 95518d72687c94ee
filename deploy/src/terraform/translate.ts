/**
 * A CloudFormation template as Terraform's JSON. The awscc provider is generated from CloudFormation's own types, so a resource is the same one by another
 * spelling; what it lacks is in replaced.ts, and what is in neither is refused by name.
 */
import { PenstockError } from "../../../src/core/errors.js";
import { attributePath, isIntrinsic, jsonText, type Scope, template } from "./expressions.js";
import { address, attributeName, resourceTypeName } from "./names.js";
import { type PropertyType, propertyTypes } from "./property-types.js";
import { replacement } from "./replaced.js";
import { isCustom, STACK_TEMPLATE, STACK_TYPE, stackTemplate, stackValues, templateObject } from "./stack.js";

type Values = Readonly<Record<string, unknown>>;

interface Resource {
  readonly Type: string;
  readonly Properties?: Values;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  readonly Condition?: string;
}

export interface CloudFormationTemplate {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, { readonly Value: unknown; readonly Description?: string }>>;
  readonly Parameters?: Readonly<Record<string, { readonly Default?: unknown; readonly Description?: string }>>;
  readonly Conditions?: Values;
  readonly Metadata?: Values;
}

/** Of a Lambda: the asset's hash, and its folder beside the configuration. */
export interface Asset {
  readonly hash: string;
  readonly folder: string;
}

export interface TerraformOptions {
  readonly stackName: string;
  readonly assets: readonly Asset[];
}

/** Of the CDK's own bootstrap, which Terraform does without. */
const BOOTSTRAP_PARAMETER = "BootstrapVersion";
const AWSCC_VERSION = ">= 1.60.0";
const AWS_VERSION = ">= 6.0.0";
const ARCHIVE_VERSION = ">= 2.4.0";
const CODE = "aws_s3_bucket.code";
/** Of the files in a zip: the same zip, whoever synthesized. */
const FILE_MODE = "0644";

export function terraformOf(cloud: CloudFormationTemplate, options: TerraformOptions): Values {
  const scope = scopeOf(cloud);
  const resources: Record<string, Record<string, unknown>> = {};
  const put = (type: string, name: string, values: Values) => {
    resources[type] = { ...resources[type], [name]: values };
  };
  for (const [id, resource] of Object.entries(cloud.Resources)) {
    const { type, values } = isCustom(resource.Type)
      ? { type: STACK_TYPE, values: stackValues(CODE) }
      : translated(id, resource, scope, options);
    put(type, id, { ...values, ...dependencies(resource, cloud), ...kept(resource) });
  }
  const stack = stackTemplate(cloud, scope);
  if (options.assets.length > 0 || stack !== undefined)
    for (const { name, type, values } of codeBucket(options.assets)) put(type, name, values);
  if (stack !== undefined) put("aws_s3_object", STACK_TEMPLATE, templateObject(CODE));
  const parameters = Object.entries(cloud.Parameters ?? {}).filter(([name]) => name !== BOOTSTRAP_PARAMETER);
  return {
    terraform: {
      required_version: ">= 1.6.0",
      required_providers: {
        archive: { source: "hashicorp/archive", version: ARCHIVE_VERSION },
        aws: { source: "hashicorp/aws", version: AWS_VERSION },
        awscc: { source: "hashicorp/awscc", version: AWSCC_VERSION },
      },
    },
    variable: {
      stack_name: {
        type: "string",
        default: options.stackName,
        description:
          "The name of the CloudFormation stack, by which `penstock ... --aws` finds the deployment, and what the alarms' names begin with.",
      },
      ...Object.fromEntries(
        parameters.map(([name, { Default, Description }]) => [
          name,
          {
            type: "string",
            ...(Default === undefined ? {} : { default: String(Default) }),
            ...(Description === undefined ? {} : { description: Description }),
          },
        ]),
      ),
    },
    data: {
      aws_caller_identity: { current: {} },
      aws_region: { current: {} },
      aws_partition: { current: {} },
      aws_availability_zones: { available: { state: "available" } },
      ...(options.assets.length === 0 ? {} : { archive_file: Object.fromEntries(options.assets.map(archive)) }),
    },
    ...(stack === undefined ? {} : { locals: { [STACK_TEMPLATE]: stack } }),
    resource: resources,
    output: Object.fromEntries(
      Object.entries(cloud.Outputs ?? {}).map(([name, { Value, Description }]) => [
        outputName(name, Object.keys(cloud.Outputs ?? {})),
        { value: template(Value, scope), ...(Description === undefined ? {} : { description: Description }) },
      ]),
    ),
  };
}

/** Without the digest of its path that the construct library ends it in, where that leaves it the only one. */
function outputName(name: string, all: readonly string[]): string {
  const short = (one: string) => one.replace(/[0-9A-F]{8}$/, "");
  return all.filter((one) => short(one) === short(name)).length === 1 ? short(name) : name;
}

function scopeOf(cloud: CloudFormationTemplate): Scope {
  const find = (id: string) => {
    const found = cloud.Resources[id];
    if (found === undefined)
      throw new PenstockError("invalid-argument", `The template names ${id}, and has no such resource.`);
    return found;
  };
  return {
    conditions: cloud.Conditions ?? {},
    ref: (id) => {
      if (cloud.Parameters?.[id] !== undefined) return `var.${id}`;
      const { Type } = find(id);
      if (isCustom(Type))
        throw new PenstockError("invalid-argument", `A Ref to ${id}, a custom resource, is not known here.`);
      if (replacement(Type) !== undefined) return `${address(terraformType(Type), id)}.id`;
      return `${address(terraformType(Type), id)}.${referred(Type)}`;
    },
    attribute: (id, name) => {
      const { Type } = find(id);
      const known = propertyTypes().resource(Type);
      const replaced = replacement(Type) !== undefined;
      if (replaced || !(known?.attributes.has(name) || known?.properties.has(name) || known?.identity.includes(name))) {
        throw new PenstockError("invalid-argument", `${Type} has no attribute ${name} that Terraform could name.`);
      }
      return `${address(terraformType(Type), id)}.${attributePath(name)}`;
    },
  };
}

/** What Ref gives where that is not the identity by which the provider knows the resource. */
const REFERRED: Readonly<Record<string, string>> = { "AWS::Events::Rule": "name" };

function referred(type: string): string {
  const own = REFERRED[type];
  if (own !== undefined) return own;
  const identity = propertyTypes().resource(type)?.identity ?? [];
  if (identity.length !== 1) {
    throw new PenstockError(
      "invalid-argument",
      `A Ref to ${type}, whose identity has ${identity.length} parts, is not known here.`,
    );
  }
  return attributeName(identity[0] ?? "");
}

function terraformType(type: string): string {
  if (isCustom(type)) return STACK_TYPE;
  const replaced = TYPE_OF_REPLACED[type];
  if (replaced !== undefined) return replaced;
  if (propertyTypes().resource(type) === undefined || !type.startsWith("AWS::")) {
    throw new PenstockError("invalid-argument", `${type} is known neither to the awscc provider nor here.`);
  }
  return resourceTypeName(type);
}

const TYPE_OF_REPLACED: Readonly<Record<string, string>> = {
  "AWS::IAM::Policy": "aws_iam_role_policy",
  "AWS::SQS::QueuePolicy": "aws_sqs_queue_policy",
  "AWS::Glue::Table": "aws_glue_catalog_table",
};

function translated(
  id: string,
  { Type, Properties = {}, Condition }: Resource,
  scope: Scope,
  { assets }: TerraformOptions,
): { readonly type: string; readonly values: Values } {
  if (Condition !== undefined) {
    throw new PenstockError(
      "invalid-argument",
      `${id} depends on the condition ${Condition}, which is not translated.`,
    );
  }
  const replace = replacement(Type);
  if (replace !== undefined) return replace(Properties, scope, id);
  const type = terraformType(Type);
  const known = propertyTypes().resource(Type)?.properties ?? new Map<string, PropertyType>();
  const values = Object.fromEntries(
    Object.entries(Properties).map(([name, value]) => {
      const own = known.get(name);
      if (own === undefined) throw new PenstockError("invalid-argument", `${id}: ${Type} has no property ${name}.`);
      return [attributeName(name), attributeValue(value, own, scope, `${id}.${name}`)];
    }),
  );
  // A stack's alarms begin with its name, by which `status --aws` finds those that ring.
  if (Type === "AWS::CloudWatch::Alarm") return { type, values: { alarm_name: `\${var.stack_name}-${id}`, ...values } };
  const asset = Type === "AWS::Lambda::Function" ? assetOf(Properties, assets, id) : undefined;
  if (asset === undefined) return { type, values };
  const code = `aws_s3_object.code_${asset.hash}`;
  return { type, values: { ...values, code: { s3_bucket: `\${${code}.bucket}`, s3_key: `\${${code}.key}` } } };
}

function attributeValue(value: unknown, type: PropertyType, scope: Scope, where: string): unknown {
  if (isIntrinsic(value)) return type.type === "json" ? jsonText(value, scope) : template(value, scope);
  if (type.type === "union") {
    const chosen = typeof value === "object" ? type.types.find((one) => isComposite(one)) : undefined;
    return chosen === undefined ? template(value, scope) : attributeValue(value, chosen, scope, where);
  }
  if (type.type === "json") return jsonText(value, scope);
  if (Array.isArray(value)) {
    const element: PropertyType = type.type === "array" ? type.element : { type: "string" };
    return value.map((one, index) => attributeValue(one, element, scope, `${where}[${index}]`));
  }
  if (typeof value !== "object" || value === null) return template(value, scope);
  if (type.type === "map") {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, attributeValue(inner, type.element, scope, `${where}.${key}`)]),
    );
  }
  const definition = type.type === "ref" ? propertyTypes().definition(type.reference.$ref) : undefined;
  if (definition === undefined && type.type !== "tag") {
    throw new PenstockError("invalid-argument", `${where} holds an object, and is a ${type.type} to CloudFormation.`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const own: PropertyType | undefined = definition === undefined ? { type: "string" } : definition.get(name);
      if (own === undefined) throw new PenstockError("invalid-argument", `${where} has no property ${name}.`);
      return [attributeName(name), attributeValue(inner, own, scope, `${where}.${name}`)];
    }),
  );
}

function isComposite({ type }: PropertyType): boolean {
  return ["json", "array", "map", "ref", "union"].includes(type);
}

function dependencies({ DependsOn }: Resource, cloud: CloudFormationTemplate): Values {
  if (DependsOn === undefined) return {};
  const ids = typeof DependsOn === "string" ? [DependsOn] : DependsOn;
  return { depends_on: ids.map((id) => address(terraformType(cloud.Resources[id]?.Type ?? id), id)) };
}

/** Terraform cannot leave a resource behind by itself: it refuses to destroy it, until somebody takes it out of the state. */
function kept({ DeletionPolicy }: Resource): Values {
  const isKept =
    DeletionPolicy === "Retain" || DeletionPolicy === "RetainExceptOnCreate" || DeletionPolicy === "Snapshot";
  return isKept ? { lifecycle: { prevent_destroy: true } } : {};
}

// The Lambdas' code

function assetOf({ Code }: Values, assets: readonly Asset[], id: string): Asset | undefined {
  const key = (Code as Values | undefined)?.S3Key;
  if (key === undefined) return undefined;
  const found = assets.find(({ hash }) => key === `${hash}.zip`);
  if (found === undefined)
    throw new PenstockError("invalid-argument", `The code of ${id}, ${String(key)}, is not there.`);
  return found;
}

function archive({ hash, folder }: Asset): readonly [string, Values] {
  const path = `\${path.module}/${folder}`;
  return [`code_${hash}`, { type: "zip", source_dir: path, output_path: `${path}.zip`, output_file_mode: FILE_MODE }];
}

function codeBucket(
  assets: readonly Asset[],
): { readonly name: string; readonly type: string; readonly values: Values }[] {
  const bucket = `\${${CODE}.bucket}`;
  return [
    { type: "aws_s3_bucket", name: "code", values: { bucket_prefix: "penstock-code-", force_destroy: true } },
    {
      type: "aws_s3_bucket_public_access_block",
      name: "code",
      values: {
        bucket,
        block_public_acls: true,
        block_public_policy: true,
        ignore_public_acls: true,
        restrict_public_buckets: true,
      },
    },
    ...assets.map(({ hash }) => ({
      type: "aws_s3_object",
      name: `code_${hash}`,
      values: {
        bucket,
        key: `${hash}.zip`,
        source: `\${data.archive_file.code_${hash}.output_path}`,
        source_hash: `\${data.archive_file.code_${hash}.output_base64sha256}`,
      },
    })),
  ];
}
