/** What the packs of cdk-nag do not look at: their rules for Redshift know clusters alone, and no Serverless. */

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

export interface WholeTemplate {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly [section: string]: unknown;
}

type Properties = Readonly<Record<string, unknown>>;

interface Rule {
  readonly name: string;
  readonly type: string;
  readonly holds: (properties: Properties, resource: TemplateResource) => boolean;
}

const LOGS = ["userlog", "connectionlog", "useractivitylog"];
const NAMESPACE = "AWS::RedshiftServerless::Namespace";
const WORKGROUP = "AWS::RedshiftServerless::Workgroup";
const CLUSTER = "AWS::Redshift::Cluster";

const RULES: readonly Rule[] = [
  { name: "not public", type: WORKGROUP, holds: ({ PubliclyAccessible }) => PubliclyAccessible === false },
  { name: "through the VPC alone", type: WORKGROUP, holds: ({ EnhancedVpcRouting }) => EnhancedVpcRouting === true },
  {
    name: "TLS only",
    type: WORKGROUP,
    holds: ({ ConfigParameters }) => parameter(ConfigParameters, "ParameterKey", "require_ssl") === "true",
  },
  {
    name: "a bound to what it may cost",
    type: WORKGROUP,
    holds: ({ MaxCapacity }) => typeof MaxCapacity === "number",
  },
  {
    name: "subnets and security groups of ours",
    type: WORKGROUP,
    holds: (p) => some(p.SubnetIds) && some(p.SecurityGroupIds),
  },
  { name: "a key of ours", type: NAMESPACE, holds: ({ KmsKeyId }) => KmsKeyId !== undefined },
  {
    name: "a password that nobody chose, under a key of ours",
    type: NAMESPACE,
    holds: (p) =>
      p.ManageAdminPassword === true &&
      p.AdminUserPassword === undefined &&
      p.AdminPasswordSecretKmsKeyId !== undefined,
  },
  {
    name: "every log exported",
    type: NAMESPACE,
    holds: ({ LogExports }) => LOGS.every((log) => list(LogExports).includes(log)),
  },
  {
    name: "an administrator of its own name",
    type: NAMESPACE,
    holds: ({ AdminUsername }) => !["admin", "awsuser", undefined].includes(AdminUsername as string),
  },
  {
    name: "not lost with the stack",
    type: NAMESPACE,
    holds: (_, { DeletionPolicy }) => DeletionPolicy === "Retain" || DeletionPolicy === "RetainExceptOnCreate",
  },
  { name: "not public", type: CLUSTER, holds: ({ PubliclyAccessible }) => PubliclyAccessible === false },
  { name: "through the VPC alone", type: CLUSTER, holds: ({ EnhancedVpcRouting }) => EnhancedVpcRouting === true },
  {
    name: "a password that nobody chose",
    type: CLUSTER,
    holds: (p) => p.ManageMasterPassword === true && p.MasterUserPassword === undefined,
  },
  { name: "encrypted by a key of ours", type: CLUSTER, holds: (p) => p.Encrypted === true && p.KmsKeyId !== undefined },
  {
    name: "TLS only",
    type: "AWS::Redshift::ClusterParameterGroup",
    holds: ({ Parameters }) => parameter(Parameters, "ParameterName", "require_ssl") === "true",
  },
];

/** `<logical id>: <rule>`, of what does not hold. */
export function redshiftFindings({ Resources }: WholeTemplate): string[] {
  return Object.entries(Resources).flatMap(([id, resource]) =>
    RULES.filter(({ type, holds }) => type === resource.Type && !holds(resource.Properties ?? {}, resource)).map(
      ({ name }) => `${id}: ${name}`,
    ),
  );
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function some(value: unknown): boolean {
  return list(value).length > 0;
}

function parameter(given: unknown, keyed: string, name: string): unknown {
  const found = list(given).find((one) => (one as Properties)[keyed] === name) as Properties | undefined;
  return found?.ParameterValue;
}
