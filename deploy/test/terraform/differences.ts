/** Where what Terraform has made is not what the template says. */
import { isDeepStrictEqual } from "node:util";
import { awsccSchemas, snake, typeName } from "./awscc-schemas.js";
import { resolved, type World } from "./resolve.js";
import type { AttributeSchema } from "./schemas.js";

type Values = Readonly<Record<string, unknown>>;

export function differences(world: World): string[] {
  const { template, state, schemas } = world;
  const attributesOf = awsccSchemas([...schemas.values()]).resource_schemas;
  return Object.entries(template.Resources).flatMap(([id, { Type, Properties = {} }]) => {
    const properties = resolved(Properties, world) as Values;
    const other = OTHERS[Type]?.(properties);
    if (other !== undefined) {
      const [type, expected] = other;
      const actual = state.get(`${type}.${id}`);
      return Object.entries(expected).flatMap(([name, value]) => unlike(`${id}.${name}`, value, actual?.[name]));
    }
    if (Type.startsWith("Custom::")) return stackDifferences(id, world);
    const actual = state.get(`${typeName(Type)}.${id}`);
    if (actual === undefined) return [`${id} is not there`];
    // A function's code lies in the configuration's own bucket.
    const { Code: _, ...given } = properties;
    const attributes = attributesOf[typeName(Type)]?.block.attributes ?? {};
    return objectDifferences(id, Type === "AWS::Lambda::Function" ? given : properties, attributes, actual);
  });
}

/** What of the aws provider's resource is to be what: JSON is compared by what it says. */
const OTHERS: Readonly<Record<string, (properties: Values) => readonly [string, Values]>> = {
  "AWS::IAM::Policy": ({ PolicyName, PolicyDocument, Roles }) => [
    "aws_iam_role_policy",
    { name: PolicyName, policy: PolicyDocument, role: (Roles as unknown[])[0] },
  ],
  "AWS::SQS::QueuePolicy": ({ PolicyDocument, Queues }) => [
    "aws_sqs_queue_policy",
    { policy: PolicyDocument, queue_url: (Queues as unknown[])[0] },
  ],
  "AWS::Glue::Table": ({ DatabaseName, TableInput }) => {
    const { Name, Parameters, TableType } = TableInput as Values;
    return [
      "aws_glue_catalog_table",
      { name: Name, database_name: DatabaseName, parameters: Parameters, table_type: TableType },
    ];
  },
};

function stackDifferences(id: string, world: World): string[] {
  const { Resources, Outputs = {}, Metadata = {} } = world.template;
  const body = world.state.get("aws_s3_object.stack_template")?.content;
  const expected = {
    Resources: resolved({ [id]: pick(Resources[id]) }, world),
    Outputs: resolved(Outputs, world),
    Metadata: { ...Metadata, Penstock: { ...(Metadata.Penstock as Values | undefined), madeBy: "terraform" } },
  };
  const actual = JSON.parse(String(body)) as Values;
  return Object.entries(expected).flatMap(([name, value]) => unlike(`stack.${name}`, value, actual[name]));
}

const pick = (resource: { readonly Type: string; readonly Properties?: Values } | undefined) => ({
  Type: resource?.Type,
  Properties: resource?.Properties,
});

function objectDifferences(
  where: string,
  expected: Values,
  attributes: Readonly<Record<string, AttributeSchema>>,
  actual: unknown,
): string[] {
  return Object.entries(expected).flatMap(([name, value]) =>
    attributeDifferences(`${where}.${name}`, value, attributes[snake(name)], (actual as Values | null)?.[snake(name)]),
  );
}

function attributeDifferences(
  where: string,
  value: unknown,
  schema: AttributeSchema | undefined,
  actual: unknown,
): string[] {
  if (schema === undefined) return [`${where} is no attribute`];
  const { nested_type: nested, type } = schema;
  if (nested?.nesting_mode === "single") return objectDifferences(where, value as Values, nested.attributes, actual);
  const [kind, element] = nested === undefined ? [type].flat() : [nested.nesting_mode, undefined];
  const inner = (path: string, one: unknown, other: unknown) =>
    nested === undefined
      ? attributeDifferences(path, one, { type: element as string }, other)
      : objectDifferences(path, one as Values, nested.attributes, other);
  if (kind === "map") {
    return Object.entries(value as Values).flatMap(([key, one]) =>
      inner(`${where}.${key}`, one, (actual as Values)?.[key]),
    );
  }
  if (kind !== "list" && kind !== "set") return unlike(where, value, actual);
  const [ours, theirs] = [value as readonly unknown[], (actual ?? []) as readonly unknown[]];
  if (ours.length !== theirs.length) return [`${where} has ${theirs.length} instead of ${ours.length}`];
  return ours.flatMap((one, index) => {
    if (kind === "list") return inner(`${where}[${index}]`, one, theirs[index]);
    return theirs.some((other) => inner("", one, other).length === 0) ? [] : [`${where} lacks ${JSON.stringify(one)}`];
  });
}

/** Text may be a number's, and JSON. */
function unlike(where: string, expected: unknown, actual: unknown): string[] {
  if (isDeepStrictEqual(expected, actual)) return [];
  if (typeof expected !== "object" && String(expected) === String(actual)) return [];
  if (typeof expected === "object" && typeof actual === "string") {
    try {
      if (isDeepStrictEqual(JSON.parse(actual), expected)) return [];
    } catch {
      // It is said below.
    }
  }
  return [`${where}: ${JSON.stringify(actual)?.slice(0, 300)} instead of ${JSON.stringify(expected)?.slice(0, 300)}`];
}
