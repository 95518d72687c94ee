/** Users, groups and roles, and what each of them was granted: the rows of `penstock_catalog.roles` and `.grants`. */

export interface StoredRole {
  readonly oid: number;
  readonly kind: RoleKind;
  readonly name: string;
}

export type RoleKind = "user" | "group" | "role";

/**
 * What a grant is on:
 *
 * - `table`, `schema`: the object of that oid. `tables in`: all tables of the schema of that oid, those to come too.
 * - `new tables in`: what tables made in the schema of that oid (0: in any) begin with; the privilege is `owner:privilege` or `owner:privilege*`.
 * - `database`, `iam role`: the one that there is.
 * - `group`, `role`: membership in it, its privilege `member`.
 * - `system`: what a user is by itself, `superuser`.
 */
export type GrantedOn =
  | "table"
  | "schema"
  | "tables in"
  | "new tables in"
  | "database"
  | "iam role"
  | "group"
  | "role"
  | "system";

export interface StoredGrant {
  readonly objectType: GrantedOn;
  readonly objectOid: number;
  readonly granteeType: RoleKind | "public";
  readonly grantee: string;
  /** In lower case. With a star behind it: and may grant it to others. With `no ` before it: what PUBLIC has by itself was taken from it. */
  readonly privilege: string;
}

export const DATABASE_GRANTS = 1;
export const SYSTEM_GRANTS = 0;

export type Roles = ReadonlyMap<string, StoredRole>;
/** By what they are on. */
export type Grants = ReadonlyMap<string, readonly StoredGrant[]>;

export function roleKey(kind: string, name: string): string {
  return `${kind}\0${name}`;
}

export function grantsKey(objectType: GrantedOn, objectOid: number): string {
  return `${objectType}\0${objectOid}`;
}

export function sameGrant(one: StoredGrant, other: StoredGrant): boolean {
  return (
    one.objectType === other.objectType &&
    one.objectOid === other.objectOid &&
    one.granteeType === other.granteeType &&
    one.grantee === other.grantee &&
    one.privilege === other.privilege
  );
}

export function withGrant(grants: Grants, grant: StoredGrant): Grants {
  const key = grantsKey(grant.objectType, grant.objectOid);
  const others = (grants.get(key) ?? []).filter((one) => !sameGrant(one, grant));
  return new Map(grants).set(key, [...others, grant]);
}

export function withoutGrant(grants: Grants, grant: StoredGrant): Grants {
  const key = grantsKey(grant.objectType, grant.objectOid);
  return new Map(grants).set(
    key,
    (grants.get(key) ?? []).filter((one) => !sameGrant(one, grant)),
  );
}

/** What was granted on an object that is no more. */
export function withoutObject(grants: Grants, oid: number): Grants {
  const gone = (["table", "schema", "tables in", "new tables in"] as const).map((type) => grantsKey(type, oid));
  if (!gone.some((key) => grants.has(key))) return grants;
  const rest = new Map(grants);
  for (const key of gone) rest.delete(key);
  return rest;
}
