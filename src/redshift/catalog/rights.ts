/**
 * What a user may do, by what it owns and what was granted to it, to its groups and roles, and to PUBLIC. Worked out of one state of the catalog, and
 * kept as long as that state is.
 */
import { DATABASE_GRANTS, type GrantedOn, grantsKey, roleKey, type StoredGrant, SYSTEM_GRANTS } from "./roles.js";
import type { Snapshot } from "./snapshot.js";
import { isTemporarySchema } from "./stored.js";

/** Source: "GRANT". */
export const TABLE_PRIVILEGES = [
  "select",
  "insert",
  "update",
  "delete",
  "drop",
  "references",
  "alter",
  "truncate",
] as const;
export const SCHEMA_PRIVILEGES = ["usage", "create", "alter", "drop"] as const;
export const DATABASE_PRIVILEGES = ["create", "temporary", "usage", "alter"] as const;

export type TablePrivilege = (typeof TABLE_PRIVILEGES)[number];
export type SchemaPrivilege = (typeof SCHEMA_PRIVILEGES)[number];
export type DatabasePrivilege = (typeof DATABASE_PRIVILEGES)[number];

/** Of a relation, as far as rights go. */
export interface Guarded {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly owner?: string;
}

export interface Rights {
  readonly superuser: boolean;
  owns(object: { readonly owner?: string }): boolean;
  /** USAGE of its schema aside. */
  onRelation(relation: Guarded, privilege: TablePrivilege): boolean;
  /** By name; schemas of the system and of temporary tables are open to all. */
  onSchema(schema: string, privilege: SchemaPrivilege): boolean;
  onDatabase(privilege: DatabasePrivilege): boolean;
  /** Reads and writes buckets: ASSUMEROLE. */
  usesBuckets(command: BucketPrivilege): boolean;
  isMemberOf(kind: "group" | "role", name: string): boolean;
  /** Was granted it with the right to grant it on. */
  grantsOn(type: GrantedOn, oid: number, privilege: string): boolean;
}

export const ALL_RIGHTS: Rights = {
  superuser: true,
  owns: () => true,
  onRelation: () => true,
  onSchema: () => true,
  onDatabase: () => true,
  usesBuckets: () => true,
  isMemberOf: () => true,
  grantsOn: () => true,
};

/** Who may do everything, by the way in which Penstock was started. */
export interface AccessRules {
  readonly administrators: ReadonlySet<string>;
}

const known = new WeakMap<Snapshot, Map<string, Rights>>();

export function rightsOf(snapshot: Snapshot, user: string, rules: AccessRules): Rights {
  let of = known.get(snapshot);
  if (of === undefined) {
    of = new Map();
    known.set(snapshot, of);
  }
  let rights = of.get(user);
  if (rights === undefined) {
    rights = isSuperuser(snapshot, user, rules) ? ALL_RIGHTS : ordinaryRights(snapshot, user);
    of.set(user, rights);
  }
  return rights;
}

export function isSuperuser(snapshot: Snapshot, user: string, { administrators }: AccessRules): boolean {
  if (administrators.has(user)) return true;
  const own = snapshot.grants.get(grantsKey("system", SYSTEM_GRANTS)) ?? [];
  return own.some(({ grantee, privilege }) => grantee === user && privilege === "superuser");
}

/** The schema over the lake. */
export const LAKE_SCHEMA = "lake";

/** What PUBLIC has without anybody having granted it. Source: "Default database user permissions". */
const PUBLIC_DEFAULTS: Readonly<Record<string, readonly string[]>> = {
  public: ["usage", "create"],
  penstock: ["usage"],
};
const PUBLIC_DATABASE: readonly string[] = ["temporary", "usage"];
/** What ASSUMEROLE is for. */
export const BUCKET_PRIVILEGES = ["copy", "unload"] as const;
export type BucketPrivilege = (typeof BUCKET_PRIVILEGES)[number];

/** What privileges PUBLIC has on a schema by itself, and still. */
export function publicDefaults(snapshot: Snapshot, schema: string): readonly string[] {
  const oid = snapshot.schemas.get(schema)?.oid ?? -1;
  return stillThere(PUBLIC_DEFAULTS[schema] ?? [], snapshot.grants.get(grantsKey("schema", oid)));
}

/** PUBLIC has it on that by itself. */
export function publicHas(snapshot: Snapshot, type: GrantedOn, oid: number, privilege: string): boolean {
  if (type === "database") return PUBLIC_DATABASE.includes(privilege);
  if (type === "iam role") return true;
  if (type !== "schema") return false;
  const schema = [...snapshot.schemas.values()].find((one) => one.oid === oid);
  return (PUBLIC_DEFAULTS[schema?.name ?? ""] ?? []).includes(privilege);
}

function stillThere(defaults: readonly string[], grants: readonly StoredGrant[] = []): readonly string[] {
  return defaults.filter(
    (privilege) => !grants.some((one) => one.granteeType === "public" && one.privilege === `no ${privilege}`),
  );
}

/** Everything is a row of `grants`; those of before rights were checked say `all` for all. */
const ALL: ReadonlySet<string> = new Set(["all", "all privileges"]);

function ordinaryRights(snapshot: Snapshot, user: string): Rights {
  const identities = identitiesOf(snapshot, user);
  const granted = (type: GrantedOn, oid: number, privilege: string): boolean =>
    (snapshot.grants.get(grantsKey(type, oid)) ?? []).some(
      (one) =>
        (one.privilege === privilege || ALL.has(one.privilege)) &&
        identities.has(roleKey(one.granteeType, one.granteeType === "public" ? "public" : one.grantee)),
    );
  const isOpen = (schema: string) => isTemporarySchema(schema) || SYSTEM_SCHEMAS.has(schema);
  return {
    superuser: false,
    owns: ({ owner }) => owner === user,
    onRelation({ oid, schema, kind, owner }, privilege) {
      if (owner === user) return true;
      // Rights on external tables are those on their schema. Source: "GRANT", Redshift Spectrum.
      if (kind === "external-table") return privilege === "select";
      if (granted("table", oid, privilege)) return true;
      return granted("tables in", snapshot.schemas.get(schema)?.oid ?? -1, privilege);
    },
    onSchema(name, privilege) {
      if (isOpen(name)) return privilege === "usage";
      const schema = snapshot.schemas.get(name);
      if (schema === undefined) return false;
      if (schema.owner === user || publicDefaults(snapshot, name).includes(privilege)) return true;
      return granted("schema", schema.oid, privilege);
    },
    onDatabase: (privilege) =>
      granted("database", DATABASE_GRANTS, privilege) ||
      stillThere(PUBLIC_DATABASE, snapshot.grants.get(grantsKey("database", DATABASE_GRANTS))).includes(privilege),
    usesBuckets: (command) =>
      granted("iam role", SYSTEM_GRANTS, command) ||
      stillThere(BUCKET_PRIVILEGES, snapshot.grants.get(grantsKey("iam role", SYSTEM_GRANTS))).includes(command),
    isMemberOf: (kind, name) => identities.has(roleKey(kind, name)),
    grantsOn: (type, oid, privilege) => granted(type, oid, `${privilege}*`),
  };
}

/** What a new table begins with: the default privileges of who made it. */
export function firstGrants(
  snapshot: Snapshot,
  relation: Guarded & { readonly owner: string },
): readonly { readonly grant: StoredGrant }[] {
  const prefix = `${relation.owner}:`;
  return [snapshot.schemas.get(relation.schema)?.oid ?? -1, 0]
    .flatMap((oid) => snapshot.grants.get(grantsKey("new tables in", oid)) ?? [])
    .filter(({ privilege }) => privilege.startsWith(prefix))
    .map((one) => ({
      grant: { ...one, objectType: "table", objectOid: relation.oid, privilege: one.privilege.slice(prefix.length) },
    }));
}

const SYSTEM_SCHEMAS: ReadonlySet<string> = new Set([
  "pg_catalog",
  "information_schema",
  "pg_internal",
  "pg_auto_copy",
]);

/** The user itself, PUBLIC, its groups, its roles and the roles that these were granted. */
function identitiesOf(snapshot: Snapshot, user: string): ReadonlySet<string> {
  const found = new Set([roleKey("user", user), roleKey("public", "public")]);
  const memberships = [...snapshot.roles.values()].filter(({ kind }) => kind !== "user");
  for (let grew = true; grew; ) {
    grew = false;
    for (const { kind, name, oid } of memberships) {
      const key = roleKey(kind, name);
      if (found.has(key) || kind === "user") continue;
      const members = snapshot.grants.get(grantsKey(kind, oid)) ?? [];
      if (!members.some(({ granteeType, grantee }) => found.has(roleKey(granteeType, grantee)))) continue;
      found.add(key);
      grew = true;
    }
  }
  return found;
}
