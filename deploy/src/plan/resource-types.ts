/**
 * What CloudFormation's own database says of a resource's type: which changes make a new resource, and which properties are its identity. It comes with
 * the pinned `aws-cdk`, whose `diff` reads the same; the tests fail where a release has it no more.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";

export interface ResourceType {
  /** Properties whose change replaces the resource; `maybe` depends on the values. */
  readonly replacing: ReadonlyMap<string, "yes" | "maybe">;
  readonly identity: readonly string[];
}

interface Database {
  readonly schema: {
    readonly resource: {
      readonly entities: readonly {
        readonly cloudFormationType: string;
        readonly primaryIdentifier?: readonly string[];
        readonly properties: Readonly<Record<string, { readonly causesReplacement?: "yes" | "maybe" | "no" }>>;
      }[];
    };
  };
}

const NOTHING_KNOWN: ResourceType = { replacing: new Map(), identity: [] };

let known: ReadonlyMap<string, ResourceType> | undefined;

export function resourceType(name: string): ResourceType {
  known ??= readDatabase();
  return known.get(name) ?? NOTHING_KNOWN;
}

export function identityOf(name: string): readonly string[] {
  return resourceType(name).identity;
}

function readDatabase(): ReadonlyMap<string, ResourceType> {
  const folder = dirname(createRequire(import.meta.url).resolve("aws-cdk/package.json"));
  const { schema } = JSON.parse(gunzipSync(readFileSync(join(folder, "db.json.gz"))).toString("utf8")) as Database;
  return new Map(
    schema.resource.entities.map((entity) => {
      const replacing = new Map<string, "yes" | "maybe">();
      for (const [property, { causesReplacement }] of Object.entries(entity.properties)) {
        if (causesReplacement === "yes" || causesReplacement === "maybe") replacing.set(property, causesReplacement);
      }
      return [entity.cloudFormationType, { replacing, identity: entity.primaryIdentifier ?? [] }];
    }),
  );
}
