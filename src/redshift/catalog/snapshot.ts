/**
 * One state of the catalog, immutable: a transaction works on the one that it began with, DDL makes the next one of it. A process is the only
 * writer of its warehouse, so that all of it can be kept in memory.
 */
import type { StoredRelation, StoredSchema } from "./stored.js";

export interface CatalogSnapshot {
  /** Grows with every commit of DDL. */
  readonly version: number;
  readonly schemas: ReadonlyMap<string, StoredSchema>;
  relation(schema: string, name: string): StoredRelation | undefined;
  byOid(oid: number): StoredRelation | undefined;
  relations(): Iterable<StoredRelation>;
  relationsOf(schema: string): readonly StoredRelation[];
}

export interface CatalogContents {
  readonly schemas: ReadonlyMap<string, StoredSchema>;
  /** By oid. */
  readonly relations: ReadonlyMap<number, StoredRelation>;
}

export function catalogSnapshot(contents: CatalogContents, version: number): CatalogSnapshot & CatalogContentsOf {
  const byName = new Map<string, StoredRelation>();
  for (const relation of contents.relations.values()) byName.set(keyOf(relation.schema, relation.name), relation);
  return {
    version,
    contents,
    schemas: contents.schemas,
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

export function withRelation(snapshot: Snapshot, relation: StoredRelation): Snapshot {
  const relations = new Map(snapshot.contents.relations).set(relation.oid, relation);
  return catalogSnapshot({ ...snapshot.contents, relations }, snapshot.version);
}

export function withoutRelation(snapshot: Snapshot, oid: number): Snapshot {
  const relations = new Map(snapshot.contents.relations);
  relations.delete(oid);
  return catalogSnapshot({ ...snapshot.contents, relations }, snapshot.version);
}

export function withSchema(snapshot: Snapshot, schema: StoredSchema): Snapshot {
  const schemas = new Map(snapshot.contents.schemas).set(schema.name, schema);
  return catalogSnapshot({ ...snapshot.contents, schemas }, snapshot.version);
}

export function withoutSchema(snapshot: Snapshot, name: string): Snapshot {
  const schemas = new Map(snapshot.contents.schemas);
  schemas.delete(name);
  return catalogSnapshot({ ...snapshot.contents, schemas }, snapshot.version);
}

export function withVersion(snapshot: Snapshot, version: number): Snapshot {
  return catalogSnapshot(snapshot.contents, version);
}

function keyOf(schema: string, name: string): string {
  return `${schema}\0${name}`;
}
