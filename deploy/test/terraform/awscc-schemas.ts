/**
 * The schemas that the awscc provider has by its documented rules, made from CloudFormation's own: what Terraform holds a configuration against. The names and the
 * kinds are worked out here anew, and not by src/terraform, which is what they check.
 */
import type { AttributeSchema, ProviderSchemas } from "./schemas.js";

export interface CloudSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, CloudSchema>>;
  readonly patternProperties?: Readonly<Record<string, CloudSchema>>;
  readonly items?: CloudSchema;
  readonly required?: readonly string[];
  readonly uniqueItems?: boolean;
  readonly insertionOrder?: boolean;
  readonly oneOf?: readonly CloudSchema[];
  readonly anyOf?: readonly CloudSchema[];
}

export interface CloudResource extends CloudSchema {
  readonly typeName: string;
  readonly definitions?: Readonly<Record<string, CloudSchema>>;
  readonly readOnlyProperties?: readonly string[];
  readonly primaryIdentifier?: readonly string[];
}

export function awsccSchemas(resources: readonly CloudResource[]): ProviderSchemas {
  return {
    source: "registry.terraform.io/hashicorp/awscc",
    provider: { block: {} },
    resource_schemas: Object.fromEntries(
      resources.map((resource) => [
        typeName(resource.typeName),
        { block: { attributes: resourceAttributes(resource) } },
      ]),
    ),
    data_source_schemas: {},
  };
}

function resourceAttributes(resource: CloudResource): Record<string, AttributeSchema> {
  const readOnly = new Set(resource.readOnlyProperties?.map((path) => path.replaceAll("/*/", "/")));
  const attributes = objectAttributes(resource, { resource, readOnly, path: "/properties", within: [] });
  // The provider's own, and what makes way for it.
  const { id: own, ...others } = attributes;
  const moved = own === undefined ? {} : { [`${snake(resource.typeName.split("::")[2] ?? "")}_id`]: own };
  return { ...others, ...moved, id: { type: "string", computed: true } };
}

interface Place {
  readonly resource: CloudResource;
  readonly readOnly: ReadonlySet<string>;
  readonly path: string;
  /** The definitions that this one is in. */
  readonly within: readonly string[];
}

function objectAttributes(schema: CloudSchema, place: Place): Record<string, AttributeSchema> {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, inner]) => {
      const path = `${place.path}/${name}`;
      const kind = kindOf(inner, { ...place, path });
      if (place.readOnly.has(path)) return [snake(name), { ...kind, computed: true }];
      const isRequired = schema.required?.includes(name) === true;
      return [snake(name), isRequired ? { ...kind, required: true } : { ...kind, optional: true, computed: true }];
    }),
  );
}

type Kind = Pick<AttributeSchema, "type" | "nested_type">;

const TEXT: Kind = { type: "string" };
const PRIMITIVES: Readonly<Record<string, string>> = {
  string: "string",
  boolean: "bool",
  integer: "number",
  number: "number",
};

function kindOf(given: CloudSchema, place: Place): Kind {
  const { schema, within, isAgain } = resolved(given, place);
  // What has itself in it is a document.
  if (isAgain) return TEXT;
  const inner = { ...place, within };
  const type = typeOf(schema);
  if (type === "array") return elementsKind(schema, inner);
  if (type !== "object") return { type: PRIMITIVES[type] ?? "string" };
  if (schema.properties !== undefined) {
    return { nested_type: { nesting_mode: "single", attributes: objectAttributes(schema, inner) } };
  }
  const [pattern] = Object.values(schema.patternProperties ?? {});
  if (pattern === undefined) return TEXT;
  const element = kindOf(pattern, inner);
  if (element.nested_type === undefined) return { type: ["map", element.type ?? "string"] };
  return { nested_type: { ...element.nested_type, nesting_mode: "map" } };
}

function elementsKind(schema: CloudSchema, place: Place): Kind {
  const mode = schema.uniqueItems === true && schema.insertionOrder === false ? "set" : "list";
  const element = kindOf(schema.items ?? { type: "string" }, place);
  if (element.nested_type === undefined) return { type: [mode, element.type ?? "string"] };
  if (element.nested_type.nesting_mode !== "single") throw new Error(`${place.path}: lists of lists of objects`);
  return { nested_type: { ...element.nested_type, nesting_mode: mode } };
}

/** An object that may be text as well is its JSON. */
function typeOf(schema: CloudSchema): string {
  const types = [schema.type ?? []].flat();
  if (types.length > 1) return "string";
  const [only] = types;
  if (only !== undefined) return only;
  if (schema.properties !== undefined || schema.patternProperties !== undefined) return "object";
  const alternatives = new Set([...(schema.oneOf ?? []), ...(schema.anyOf ?? [])].map(typeOf));
  return alternatives.size === 1 ? ([...alternatives][0] as string) : "string";
}

function resolved(
  schema: CloudSchema,
  { resource, within }: Place,
): { readonly schema: CloudSchema; readonly within: readonly string[]; readonly isAgain: boolean } {
  const { $ref } = schema;
  if ($ref === undefined) return { schema, within, isAgain: false };
  if (within.includes($ref)) return { schema, within, isAgain: true };
  let found: unknown = resource;
  for (const name of $ref.slice(2).split("/")) found = (found as Readonly<Record<string, unknown>> | undefined)?.[name];
  if (found === undefined) throw new Error(`${resource.typeName} has no ${$ref}`);
  return resolved(found as CloudSchema, { resource, within: [...within, $ref], readOnly: new Set(), path: "" });
}

/** `Ipv6CidrBlock` is `ipv_6_cidr_block`, and `S3Bucket` is `s3_bucket`: a word ends where small letters or digits do, and before the capital that begins the next. */
export function snake(name: string): string {
  const words = name
    .replace("CloudFormation", "Cloudformation")
    .replace("CloudFront", "Cloudfront")
    .replace("CloudWatch", "Cloudwatch")
    .replace("FSx", "Fsx")
    .match(/[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+|[0-9]+|[^A-Za-z0-9]/g);
  return (words ?? []).join("_").toLowerCase();
}

export function typeName(type: string): string {
  const [, service = "", resource = ""] = type.split("::");
  return `awscc_${service.toLowerCase()}_${snake(resource)}`;
}
