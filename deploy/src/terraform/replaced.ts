/** Resources that the awscc provider does not have, by those of the aws provider. */
import { PenstockError } from "../../../src/core/errors.js";
import { expression, type Scope, template } from "./expressions.js";

type Values = Readonly<Record<string, unknown>>;

export interface ReplacedResource {
  readonly type: string;
  readonly values: Values;
}

type Replace = (properties: Values, scope: Scope, where: string) => ReplacedResource;

/** By CloudFormation's type. A resource may become several: one for each role or queue that it names. */
const REPLACED: Readonly<Record<string, Replace>> = {
  "AWS::IAM::Policy": (properties, scope, where) => ({
    type: "aws_iam_role_policy",
    values: {
      name: template(properties.PolicyName, scope),
      role: template(only(properties.Roles, "role", where), scope),
      policy: document(properties.PolicyDocument, scope),
    },
  }),
  "AWS::SQS::QueuePolicy": (properties, scope, where) => ({
    type: "aws_sqs_queue_policy",
    values: {
      queue_url: template(only(properties.Queues, "queue", where), scope),
      policy: document(properties.PolicyDocument, scope),
    },
  }),
  "AWS::Glue::Table": (properties, scope) => ({
    type: "aws_glue_catalog_table",
    values: glueTable(properties, scope),
  }),
};

export function replacement(type: string): Replace | undefined {
  return REPLACED[type];
}

function document(value: unknown, scope: Scope): string {
  return `\${jsonencode(${expression(value, scope)})}`;
}

function only(list: unknown, what: string, where: string): unknown {
  if (Array.isArray(list) && list.length === 1) return list[0];
  throw new PenstockError(
    "invalid-argument",
    `${where} is not of exactly one ${what}, and cannot be put into Terraform.`,
  );
}

function glueTable({ CatalogId, DatabaseName, TableInput }: Values, scope: Scope): Values {
  const text = (value: unknown) => template(value, scope);
  const { Name, TableType, Parameters, PartitionKeys, StorageDescriptor } = TableInput as Values;
  const { Columns, Location, InputFormat, OutputFormat, SerdeInfo } = StorageDescriptor as Values;
  const columns = (list: unknown) =>
    (list as readonly Values[]).map((column) => ({ name: text(column.Name), type: text(column.Type) }));
  return {
    catalog_id: text(CatalogId),
    database_name: text(DatabaseName),
    name: text(Name),
    table_type: text(TableType),
    parameters: Object.fromEntries(Object.entries(Parameters as Values).map(([name, value]) => [name, text(value)])),
    ...(PartitionKeys === undefined ? {} : { partition_keys: columns(PartitionKeys) }),
    storage_descriptor: [
      {
        columns: columns(Columns),
        location: text(Location),
        input_format: text(InputFormat),
        output_format: text(OutputFormat),
        ser_de_info: [{ serialization_library: text((SerdeInfo as Values).SerializationLibrary) }],
      },
    ],
  };
}
