/** Whether a session's user may do what a statement asks. Where Penstock was started without credentials, everybody may do everything, and nothing is looked up. */
import type { Buckets } from "../../lake/buckets.js";
import type { BindContext, RelationInfo, RelationNeed } from "../binder/bound.js";
import {
  ALL_RIGHTS,
  type BucketPrivilege,
  type DatabasePrivilege,
  type Guarded,
  LAKE_SCHEMA,
  type Rights,
  rightsOf,
  type SchemaPrivilege,
  type TablePrivilege,
} from "../catalog/rights.js";
import { roleKey } from "../catalog/roles.js";
import type { StoredRelation } from "../catalog/stored.js";
import { SQL_STATE, SqlError } from "../sql-error.js";
import type { SessionCore } from "./statement-run.js";

type Who = Pick<SessionCore, "shared" | "transaction" | "user">;

export function rightsIn({ shared, transaction, user }: Who): Rights {
  return shared.access === undefined ? ALL_RIGHTS : rightsOf(transaction.snapshot, user, shared.access);
}

/**
 * The rights by which a view reads. One whose owner is no user of the warehouse is of a time when nobody's rights were checked: users that own
 * something are not dropped.
 */
function rightsOfOwner(core: Who, owner: string | undefined): Rights {
  const { snapshot } = core.transaction;
  if (owner === undefined || !snapshot.roles.has(roleKey("user", owner))) return ALL_RIGHTS;
  return rightsIn({ ...core, user: owner, transaction: core.transaction, shared: core.shared });
}

/** Looks relations up for the session's user, or for the owner of a view that is bound by itself. */
export function guardedContext(
  context: BindContext,
  core: SessionCore,
  owner?: { readonly owner: string },
): BindContext {
  if (core.shared.access === undefined) return context;
  return guarded(context, core, owner === undefined ? rightsIn(core) : rightsOfOwner(core, owner.owner));
}

function guarded(context: BindContext, core: SessionCore, rights: Rights): BindContext {
  const { relation: find } = context;
  return {
    ...context,
    relation: (name, need = "select") => {
      const found = find(name);
      if (found !== undefined) check(rights, found, need, name.at);
      return found;
    },
    asOwner: (view) => guarded({ ...context, relation: find }, core, rightsOfOwner(core, view.owner)),
  };
}

/** Source: "PG_SHADOW" and the like: for superusers alone. */
const OF_SUPERUSERS: ReadonlySet<string> = new Set(["pg_shadow", "pg_authid"]);

function check(rights: Rights, relation: RelationInfo, need: RelationNeed, at: number): void {
  if (need === "none" || rights.superuser) return;
  if (relation.kind === "system-view" && relation.owner === undefined) {
    if (OF_SUPERUSERS.has(relation.name)) throw denied("relation", relation.name, at);
    return;
  }
  requirePrivilege(rights, relation, need, at);
}

function requirePrivilege(rights: Rights, relation: Guarded, privilege: TablePrivilege, at: number): void {
  if (!rights.onSchema(relation.schema, "usage")) throw denied("schema", relation.schema, at);
  if (!rights.onRelation(relation, privilege)) throw denied("relation", relation.name, at);
}

export function denied(what: "relation" | "schema" | "database", name: string, at: number): SqlError {
  return new SqlError(SQL_STATE.insufficientPrivilege, `permission denied for ${what} ${name}`, { at });
}

export function checkPrivilege(core: SessionCore, relation: Guarded, privilege: TablePrivilege, at: number): void {
  const rights = rightsIn(core);
  if (!rights.superuser) requirePrivilege(rights, relation, privilege, at);
}

/** Throws unless the user has any of them. */
export function checkAnyPrivilege(
  core: SessionCore,
  relation: Guarded,
  privileges: readonly TablePrivilege[],
  at: number,
): void {
  const rights = rightsIn(core);
  if (!rights.onSchema(relation.schema, "usage")) throw denied("schema", relation.schema, at);
  if (!privileges.some((one) => rights.onRelation(relation, one))) throw denied("relation", relation.name, at);
}

/** Owners may do everything with what is theirs; `privilege` is what may be granted to others instead. */
export function checkOwner(core: SessionCore, relation: StoredRelation, at: number, privilege?: TablePrivilege): void {
  const rights = rightsIn(core);
  if (rights.owns(relation)) return;
  if (privilege !== undefined && rights.onSchema(relation.schema, "usage") && rights.onRelation(relation, privilege))
    return;
  throw new SqlError(SQL_STATE.insufficientPrivilege, `must be owner of relation ${relation.name}`, { at });
}

export function ownsRelation(core: SessionCore, relation: StoredRelation): boolean {
  return rightsIn(core).owns(relation);
}

export function checkSchemaOwner(
  core: SessionCore,
  schema: { readonly name: string; readonly owner: string },
  at: number,
  privilege?: SchemaPrivilege,
): void {
  const rights = rightsIn(core);
  if (rights.owns(schema) || (privilege !== undefined && rights.onSchema(schema.name, privilege))) return;
  throw new SqlError(SQL_STATE.insufficientPrivilege, `must be owner of schema ${schema.name}`, { at });
}

export function checkSchema(core: SessionCore, schema: string, privilege: SchemaPrivilege, at: number): void {
  if (!rightsIn(core).onSchema(schema, privilege)) throw denied("schema", schema, at);
}

export function checkDatabase(core: SessionCore, privilege: DatabasePrivilege, at: number): void {
  if (rightsIn(core).onDatabase(privilege)) return;
  if (privilege === "temporary")
    throw new SqlError(
      SQL_STATE.insufficientPrivilege,
      `permission denied to create temporary tables in database "${core.shared.name}"`,
      { at },
    );
  throw denied("database", core.shared.name, at);
}

/** `what` the user would do: `create users`, `drop groups`. */
export function checkSuperuser(core: Who, what: string, at?: number): void {
  if (rightsIn(core).superuser) return;
  throw new SqlError(SQL_STATE.insufficientPrivilege, `must be superuser to ${what}`, at === undefined ? {} : { at });
}

/** Schema and bucket of the same objects: what lets one read the one lets one read the other. */
export function checkLake(core: SessionCore, at: number): void {
  checkSchema(core, LAKE_SCHEMA, "usage", at);
}

/** The buckets that COPY or UNLOAD may use. */
export function bucketsFor(core: SessionCore, buckets: Buckets, command: BucketPrivilege, at: number): Buckets {
  const rights = rightsIn(core);
  if (rights.superuser) return buckets;
  if (!rights.usesBuckets(command)) {
    throw new SqlError(
      SQL_STATE.insufficientPrivilege,
      `permission denied to assume a role for ${command.toUpperCase()}`,
      {
        at,
        hint: `GRANT ASSUMEROLE ON ALL TO ${core.user} FOR ${command.toUpperCase()} lets it through.`,
      },
    );
  }
  return {
    ...buckets,
    bucket(name) {
      const found = buckets.bucket(name);
      if (found?.permanent === true) checkLake(core, at);
      return found;
    },
  };
}

/** Sessions of others are a superuser's to stop. */
export function checkSignal(core: SessionCore, processId: number): void {
  const other = core.shared.sessions().find((one) => one.processId === processId);
  if (other !== undefined && other.user !== core.user) checkSuperuser(core, "signal other server processes");
}
