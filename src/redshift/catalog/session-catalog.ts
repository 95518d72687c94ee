/** The catalog as one session sees it now: the state that its transaction works on, its temporary tables, the system's views. */
import type { RelationInfo } from "../binder/bound.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { QualifiedName } from "../syntax/ast.js";
import type { Catalog } from "./catalog.js";
import { relationInfo } from "./relation-info.js";
import type { Snapshot } from "./snapshot.js";
import type { StoredFunction, StoredRelation } from "./stored.js";

export type SystemView = (schema: string | undefined, name: string) => RelationInfo | undefined;

/** External tables are told how they are read only when they are: which objects there are changes all the time. */
export type ExternalRelation = (relation: StoredRelation) => Promise<RelationInfo>;

export interface SessionCatalog extends Catalog {
  /** The stored object that a name means; undefined for none, and for a system view. */
  find(name: QualifiedName): StoredRelation | undefined;
  findRelation(name: QualifiedName): RelationInfo | undefined;
  /** Users' functions that a name may mean: of the first schema on the search path that has one. */
  findFunctions(name: QualifiedName): readonly StoredFunction[];
  /** Where an object of that name would be made. Throws 3F000 for a schema that is not there. */
  schemaFor(name: QualifiedName): string;
}

export interface SessionCatalogOptions {
  readonly database: string;
  readonly snapshot: () => Snapshot;
  /** By name. */
  readonly temporary: () => ReadonlyMap<string, StoredRelation>;
  readonly temporarySchema: string;
  readonly searchPath: () => readonly string[];
  readonly systemView: SystemView;
  readonly external: ExternalRelation | undefined;
  /** Names in a view's text. */
  readonly namesOfView: (relation: RelationInfo) => readonly QualifiedName[];
}

export function sessionCatalog(options: SessionCatalogOptions): SessionCatalog {
  const { database, temporarySchema, systemView } = options;

  function find({ parts }: QualifiedName): StoredRelation | undefined {
    const name = parts.at(-1) ?? "";
    const schema = parts.at(-2);
    if (parts.length > 2 && parts[0] !== database) return undefined;
    const temporary = options.temporary();
    if (schema !== undefined) {
      if (schema === temporarySchema || schema === "pg_temp") return temporary.get(name);
      return options.snapshot().relation(schema, name);
    }
    const own = temporary.get(name);
    if (own !== undefined) return own;
    const snapshot = options.snapshot();
    for (const one of options.searchPath()) {
      const found = snapshot.relation(one, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function findRelation(name: QualifiedName): RelationInfo | undefined {
    const { parts } = name;
    const own = parts.at(-1) ?? "";
    const schema = parts.at(-2);
    if (parts.length > 2 && parts[0] !== database) return undefined;
    if (schema === undefined) {
      const temporary = options.temporary().get(own);
      if (temporary !== undefined) return relationInfo(temporary);
      const system = systemView(undefined, own);
      if (system !== undefined) return system;
    }
    const stored = find(name);
    if (stored !== undefined) return relationInfo(stored);
    return schema === undefined ? undefined : systemView(schema, own);
  }

  return {
    find,
    findRelation,
    findFunctions({ parts }) {
      const [own, schema] = [parts.at(-1) ?? "", parts.at(-2)];
      if (parts.length > 2 && parts[0] !== database) return [];
      const schemas = schema === undefined ? options.searchPath() : [schema];
      for (const one of schemas) {
        const found = options.snapshot().functions(one, own);
        if (found.length > 0) return found;
      }
      return [];
    },
    async lookUp(names) {
      const { external } = options;
      if (external === undefined) return findRelation;
      const resolved = new Map<StoredRelation, RelationInfo>();
      await resolveExternal(names, resolved, external);
      if (resolved.size === 0) return findRelation;
      return (name) => {
        const stored = find(name);
        return (stored === undefined ? undefined : resolved.get(stored)) ?? findRelation(name);
      };
    },
    schemaFor({ parts, at }) {
      if (parts.length > 2 && parts[0] !== database) {
        throw new SqlError(SQL_STATE.featureNotSupported, "cross-database references are not implemented", { at });
      }
      const schema = parts.at(-2);
      const snapshot = options.snapshot();
      if (schema === undefined) return options.searchPath().find((one) => snapshot.schemas.has(one)) ?? "public";
      if (schema === temporarySchema || schema === "pg_temp") return temporarySchema;
      if (!snapshot.schemas.has(schema)) {
        throw new SqlError(SQL_STATE.invalidSchemaName, `schema "${schema}" does not exist`, { at });
      }
      return schema;
    },
  };

  async function resolveExternal(
    names: readonly QualifiedName[],
    resolved: Map<StoredRelation, RelationInfo>,
    external: ExternalRelation,
    seen = new Set<StoredRelation>(),
  ): Promise<void> {
    for (const name of names) {
      const stored = find(name);
      if (stored === undefined || seen.has(stored)) continue;
      seen.add(stored);
      if (stored.kind === "external-table") resolved.set(stored, await external(stored));
      else if (stored.kind === "view" && stored.definition !== undefined)
        await resolveExternal(options.namesOfView(relationInfo(stored)), resolved, external, seen);
    }
  }
}
