/** CloudFormation's values as CloudFormation would work them out, of resources that Terraform has made: independent of the translation, which is held against it. */
import { type CloudResource, snake, typeName } from "./awscc-schemas.js";

type Values = Readonly<Record<string, unknown>>;

export interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties?: Values; readonly Condition?: string }>
  >;
  readonly Outputs?: Values;
  readonly Metadata?: Values;
}

export interface World {
  readonly template: Template;
  readonly stackName: string;
  /** By address. */
  readonly state: ReadonlyMap<string, Values>;
  readonly schemas: ReadonlyMap<string, CloudResource>;
}

/** As the stand-in's data sources find them. */
const PSEUDO: Values = {
  "AWS::AccountId": "123456789012",
  "AWS::Region": "us-east-1",
  "AWS::Partition": "aws",
  "AWS::URLSuffix": "amazonaws.com",
};
const ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"];
/** What Ref gives of a rule on the default bus, as its documentation says. */
const REFERRED: Readonly<Record<string, string>> = { "AWS::Events::Rule": "Name" };

/** Undefined stands for AWS::NoValue. */
export function resolved(value: unknown, world: World): unknown {
  if (Array.isArray(value)) return value.map((one) => resolved(one, world)).filter((one) => one !== undefined);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [name = "", given] = entries[0] ?? [];
  if (entries.length === 1 && (name === "Ref" || name.startsWith("Fn::"))) return called(name, given, world);
  const members = entries.map(([key, inner]) => [key, resolved(inner, world)] as const);
  return Object.fromEntries(members.filter(([, inner]) => inner !== undefined));
}

function called(name: string, given: unknown, world: World): unknown {
  if (name === "Ref") return referred(String(given), world);
  if (name === "Fn::GetAtt") {
    const [id = "", ...path] = Array.isArray(given) ? given.map(String) : String(given).split(".");
    return attribute(id, path.join(".").split("."), world);
  }
  const list = given as readonly unknown[];
  switch (name) {
    case "Fn::Join":
      return (resolved(list[1], world) as unknown[]).join(String(list[0]));
    case "Fn::Select":
      return (resolved(list[1], world) as unknown[])[Number(list[0])];
    case "Fn::Split":
      return String(resolved(list[1], world)).split(String(list[0]));
    case "Fn::GetAZs":
      return ZONES;
    case "Fn::Sub": {
      const [text, values = {}] = Array.isArray(given) ? given : [given];
      return String(text).replace(/\$\{(!?)([^}]*)\}/g, (_, kept: string, inner: string) => {
        if (kept === "!") return `\${${inner}}`;
        if (inner in values) return String(resolved(values[inner], world));
        const [id = "", ...path] = inner.split(".");
        return String(path.length === 0 ? referred(id, world) : attribute(id, path, world));
      });
    }
    default:
      throw new Error(`${name} is not known here.`);
  }
}

function referred(id: string, world: World): unknown {
  if (id === "AWS::NoValue") return undefined;
  if (id === "AWS::StackName") return world.stackName;
  if (id in PSEUDO) return PSEUDO[id];
  const type = world.template.Resources[id]?.Type ?? "";
  const [identity = ""] = world.schemas.get(type)?.primaryIdentifier ?? [];
  return attribute(id, [REFERRED[type] ?? identity.replace("/properties/", "")], world);
}

function attribute(id: string, path: readonly string[], world: World): unknown {
  const type = world.template.Resources[id]?.Type ?? "";
  const [address] = [typeName(type), ...OTHERS].map((one) => `${one}.${id}`).filter((one) => world.state.has(one));
  let value: unknown = world.state.get(address ?? "");
  for (const name of path) value = (value as Values | undefined)?.[snake(name)];
  if (typeof value !== "string") throw new Error(`${id}.${path.join(".")} is ${JSON.stringify(value)} in the state.`);
  return value;
}

/** The aws provider's types that stand for others. */
const OTHERS = ["aws_iam_role_policy", "aws_sqs_queue_policy", "aws_glue_catalog_table"];
