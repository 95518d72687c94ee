/**
 * One state of the catalog, immutable: a transaction works on the one that it began with, DDL makes the next one of it. A process is the only
 * writer of its warehouse, so that all of it can be kept in memory.
 */
import { isDeepStrictEqual } from "node:util";
import {
  type Grants,
  type Roles,
  roleKey,
  type StoredGrant,
  type StoredRole,
  withGrant,
  withoutGrant,
  withoutObject,
} from "./roles.js";
import type { StoredFunction, StoredRelation, StoredSchema } from "./stored.js";

export interface CatalogSnapshot {
  /** Grows with every commit of DDL. */
  readonly version: number;
  readonly schemas: ReadonlyMap<string, StoredSchema>;
  readonly roles: Roles;
  readonly grants: Grants;
  /** Of that name, one for each list of argument types. */
  functions(schema: string, name: string): readonly StoredFunction[];
  functionsOf(schema: string): readonly StoredFunction[];
  relation(schema: string, name: string): StoredRelation | undefined;
  byOid(oid: number): StoredRelation | undefined;
  relations(): Iterable<StoredRelation>;
  relationsOf(schema: string): readonly StoredRelation[];
}

export interface CatalogContents {
  readonly schemas: ReadonlyMap<string, StoredSchema>;
  /** By oid. */
  readonly relations: ReadonlyMap<number, StoredRelation>;
  readonly roles: Roles;
  readonly grants: Grants;
  /** By oid. */
  readonly functions: ReadonlyMap<number, StoredFunction>;
}

export function catalogSnapshot(contents: CatalogContents, version: number): CatalogSnapshot & CatalogContentsOf {
  const byName = new Map<string, StoredRelation>();
  for (const relation of contents.relations.values()) byName.set(keyOf(relation.schema, relation.name), relation);
  const functionsOf = (schema: string) => [...contents.functions.values()].filter((one) => one.schema === schema);
  return {
    version,
    contents,
    functionsOf,
    functions: (schema, name) => functionsOf(schema).filter((one) => one.name === name),
    schemas: contents.schemas,
    roles: contents.roles,
    grants: contents.grants,
    relation: (schema, name) => byName.get(keyOf(schema, name)),
    byOid: (oid) => contents.relations.get(oid),
    relations: () => contents.relations.values(),
    relationsOf: (schema) => [...contents.relations.values()].filter((relation) => relation.schema === schema),
  };
}

export interface CatalogContentsOf {
  readonly contents: CatalogContents;
}

export type Snapshot = CatalogSnapshot & CatalogContentsOf;

/** One step of DDL. */
export type CatalogChange =
  | { readonly put: StoredRelation }
  | { readonly remove: StoredRelation }
  | { readonly putFunction: StoredFunction }
  | { readonly removeFunction: StoredFunction }
  | { readonly putSchema: StoredSchema }
  | { readonly removeSchema: StoredSchema }
  | { readonly putRole: StoredRole }
  | { readonly removeRole: StoredRole }
  | { readonly grant: StoredGrant }
  | { readonly revoke: StoredGrant };

export function applyChange(snapshot: Snapshot, change: CatalogChange): Snapshot {
  return applyChanges(snapshot, [change], snapshot.version);
}

/** On a state that others may have changed meanwhile: DuckDB has seen to it that they did not change the same objects. */
export function applyChanges(snapshot: Snapshot, changes: readonly CatalogChange[], version: number): Snapshot {
  const relations = new Map(snapshot.contents.relations);
  const schemas = new Map(snapshot.contents.schemas);
  const roles = new Map(snapshot.contents.roles);
  const functions = new Map(snapshot.contents.functions);
  let { grants } = snapshot.contents;
  for (const change of changes) {
    if ("put" in change) relations.set(change.put.oid, change.put);
    else if ("remove" in change) {
      relations.delete(change.remove.oid);
      grants = withoutObject(grants, change.remove.oid);
    } else if ("putFunction" in change) functions.set(change.putFunction.oid, change.putFunction);
    else if ("removeFunction" in change) functions.delete(change.removeFunction.oid);
    else if ("grant" in change) grants = withGrant(grants, change.grant);
    else if ("revoke" in change) grants = withoutGrant(grants, change.revoke);
    else if ("removeRole" in change) roles.delete(roleKey(change.removeRole.kind, change.removeRole.name));
    else if ("putRole" in change) {
      for (const [key, { oid }] of roles) if (oid === change.putRole.oid) roles.delete(key);
      roles.set(roleKey(change.putRole.kind, change.putRole.name), change.putRole);
    } else if ("putSchema" in change) {
      for (const [name, { oid }] of schemas) if (oid === change.putSchema.oid) schemas.delete(name);
      schemas.set(change.putSchema.name, change.putSchema);
    } else {
      schemas.delete(change.removeSchema.name);
      grants = withoutObject(grants, change.removeSchema.oid);
    }
  }
  return catalogSnapshot({ schemas, relations, roles, grants, functions }, version);
}

/** `next`, its objects those of `before` where they are the same: an object that has not changed is known by being the same one. */
export function keepingObjects(before: Snapshot, next: Snapshot): Snapshot {
  const relations = new Map<number, StoredRelation>();
  for (const [oid, relation] of next.contents.relations) {
    const known = before.byOid(oid);
    relations.set(oid, known !== undefined && isDeepStrictEqual(known, relation) ? known : relation);
  }
  return catalogSnapshot({ ...next.contents, relations }, next.version);
}

function keyOf(schema: string, name: string): string {
  return `${schema}\0${name}`;
}
