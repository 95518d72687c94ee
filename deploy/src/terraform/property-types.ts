/** The types of CloudFormation's properties, from the database that comes with the pinned `aws-cdk`: what is a JSON document is text in Terraform. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";

export type PropertyType =
  | { readonly type: "string" | "integer" | "number" | "boolean" | "json" | "tag" }
  | { readonly type: "array" | "map"; readonly element: PropertyType }
  | { readonly type: "ref"; readonly reference: { readonly $ref: string } }
  | { readonly type: "union"; readonly types: readonly PropertyType[] };

type Properties = Readonly<Record<string, { readonly type: PropertyType }>>;

export interface KnownResource {
  readonly identity: readonly string[];
  readonly attributes: ReadonlySet<string>;
  readonly properties: ReadonlyMap<string, PropertyType>;
}

export interface PropertyTypes {
  resource(type: string): KnownResource | undefined;
  /** The properties of an object's type. */
  definition(reference: string): ReadonlyMap<string, PropertyType> | undefined;
}

interface Database {
  readonly schema: {
    readonly resource: {
      readonly entities: readonly {
        readonly cloudFormationType: string;
        readonly primaryIdentifier?: readonly string[];
        readonly attributes: Readonly<Record<string, unknown>>;
        readonly properties: Properties;
      }[];
    };
    readonly typeDefinition: {
      readonly entities: readonly { readonly $id: string; readonly properties: Properties }[];
    };
  };
}

let known: PropertyTypes | undefined;

export function propertyTypes(): PropertyTypes {
  known ??= readTypes();
  return known;
}

function readTypes(): PropertyTypes {
  const folder = dirname(createRequire(import.meta.url).resolve("aws-cdk/package.json"));
  const { schema } = JSON.parse(gunzipSync(readFileSync(join(folder, "db.json.gz"))).toString("utf8")) as Database;
  const typesOf = (properties: Properties) =>
    new Map(Object.entries(properties).map(([name, { type }]) => [name, type] as const));
  const resources = new Map(schema.resource.entities.map((one) => [one.cloudFormationType, one]));
  const definitions = new Map(schema.typeDefinition.entities.map((one) => [one.$id, one.properties]));
  return {
    resource: (type) => {
      const found = resources.get(type);
      if (found === undefined) return undefined;
      return {
        identity: found.primaryIdentifier ?? [],
        attributes: new Set(Object.keys(found.attributes)),
        properties: typesOf(found.properties),
      };
    },
    definition: (reference) => {
      const found = definitions.get(reference);
      return found === undefined ? undefined : typesOf(found);
    },
  };
}
