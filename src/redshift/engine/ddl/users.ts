/** Users, groups and roles: whom privileges are granted to. Who may log in is said when Penstock is started; what they may do then, here. */
import {
  grantsKey,
  type RoleKind,
  roleKey,
  type StoredGrant,
  type StoredRole,
  SYSTEM_GRANTS,
} from "../../catalog/roles.js";
import { forgetRole, storeRole } from "../../catalog/write.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { UserStatement } from "../../syntax/ast.js";
import { checkSuperuser } from "../access.js";
import { done, type StatementHandler } from "../statement-run.js";
import { changeGrants, type DdlRun, type GrantChange, newOid, runDdl } from "./catalog-work.js";

export function roleOf({ core }: DdlRun, kind: RoleKind, name: string): StoredRole | undefined {
  return core.transaction.snapshot.roles.get(roleKey(kind, name));
}

function isKnown(run: DdlRun, kind: RoleKind, name: string): boolean {
  const { core } = run;
  if (kind === "user" && (name === core.user || name === core.shared.owner || name === "current_user")) return true;
  return roleOf(run, kind, name) !== undefined;
}

/** Throws 42704. */
export function checkRole(run: DdlRun, kind: RoleKind, name: string, at: number): void {
  if (!isKnown(run, kind, name)) throw missingRole(kind, name, at);
}

function missingRole(kind: RoleKind, name: string, at: number): SqlError {
  return new SqlError(SQL_STATE.undefinedObject, `${kind} "${name}" does not exist`, { at });
}

/** Superusers give what there is to whom they like; others keep what is theirs: what it reads by their rights, it would read by the other's. */
export function checkNewOwner(run: DdlRun, name: string, at: number): void {
  checkRole(run, "user", name, at);
  if (name !== run.core.user) checkSuperuser(run.core, "give an object to another user", at);
}

export const userHandler: StatementHandler<UserStatement> = {
  access: "write",
  async run(statement, run) {
    const { action, object, name, ifExists, renameTo, at } = statement;
    const tag = `${action} ${object}`.toUpperCase();
    checkAllowed(statement, run);
    if (action === "create") {
      await createRole(statement, run);
      return done(tag);
    }
    if (!isKnown(run, object, name)) {
      if (action === "drop" && ifExists) {
        run.core.notice({ severity: "INFO", message: `${object} "${name}" does not exist and will be skipped` });
        return done(tag);
      }
      throw missingRole(object, name, at);
    }
    if (action === "drop") await dropRole(run, object, name, at);
    else if (renameTo !== undefined) await renameRole(run, { kind: object, name, at }, renameTo);
    else await setOptions(statement, run);
    return done(tag);
  },
};

/** Users change what is theirs alone (a password, say); all else is a superuser's. */
function checkAllowed({ action, object, name, renameTo, superuser, at }: UserStatement, run: DdlRun): void {
  const own = action === "alter" && object === "user" && name === run.core.user;
  if (!own || renameTo !== undefined || superuser !== undefined) checkSuperuser(run.core, `${action} ${object}s`, at);
}

async function createRole(statement: UserStatement, run: DdlRun): Promise<void> {
  const { object: kind, name, at } = statement;
  if (isKnown(run, kind, name))
    throw new SqlError(SQL_STATE.duplicateObject, `${kind} "${name}" already exists`, { at });
  if (name === "public") throw new SqlError("42939", `${kind} name "public" is reserved`, { at });
  await putRole(run, { oid: await newOid(run), kind, name });
  await setOptions(statement, run);
  if (kind === "user") {
    run.core.notice({
      severity: "INFO",
      message: `User "${name}" can be granted privileges; who may log in is said when Penstock is started.`,
    });
  }
}

async function putRole(run: DdlRun, role: StoredRole): Promise<void> {
  await runDdl(run, storeRole(role), role.name);
  run.core.transaction.change({ putRole: role });
}

/** Membership, and what makes a superuser of a user. */
async function setOptions({ object, name, superuser, added, removed, at }: UserStatement, run: DdlRun): Promise<void> {
  const changes: GrantChange[] = [];
  const memberIn = (group: string, user: string): StoredGrant => {
    const role = roleOf(run, "group", group);
    if (role === undefined) throw missingRole("group", group, at);
    checkRole(run, "user", user, at);
    return { objectType: "group", objectOid: role.oid, granteeType: "user", grantee: user, privilege: "member" };
  };
  for (const other of added)
    changes.push({ grant: object === "group" ? memberIn(name, other) : memberIn(other, name) });
  for (const other of removed) changes.push({ revoke: memberIn(name, other) });
  if (object === "user" && superuser !== undefined) {
    const grant: StoredGrant = {
      objectType: "system",
      objectOid: SYSTEM_GRANTS,
      granteeType: "user",
      grantee: name,
      privilege: "superuser",
    };
    changes.push(superuser ? { grant } : { revoke: grant });
  }
  await changeGrants(run, changes);
}

function grantedTo({ core }: DdlRun, kind: RoleKind, name: string): readonly StoredGrant[] {
  return [...core.transaction.snapshot.grants.values()]
    .flat()
    .filter((one) => one.granteeType === kind && one.grantee === name);
}

/** Objects that hold its name. */
function ownedBy({ core }: DdlRun, name: string): readonly { readonly name: string }[] {
  const { snapshot, temporary } = core.transaction;
  const all = [...snapshot.relations(), ...snapshot.schemas.values(), ...temporary.values()];
  return all.filter(({ owner }) => owner === name);
}

async function renameRole(
  run: DdlRun,
  { kind, name, at }: { readonly kind: RoleKind; readonly name: string; readonly at: number },
  to: string,
): Promise<void> {
  const { core } = run;
  if (kind === "user" && (name === core.user || name === core.shared.owner)) {
    throw new SqlError("0A000", "session user may not be renamed", { at });
  }
  if (kind === "user" && core.shared.loginUsers.has(name)) throw logsIn(name, "renamed", at);
  if (isKnown(run, kind, to)) throw new SqlError(SQL_STATE.duplicateObject, `${kind} "${to}" already exists`, { at });
  if (kind === "user" && ownedBy(run, name).length > 0) {
    throw new SqlError(SQL_STATE.featureNotSupported, `user "${name}" owns tables, and cannot be renamed`, {
      at,
      hint: "ALTER TABLE ... OWNER TO another user first.",
    });
  }
  const grants = grantedTo(run, kind, name);
  const role = roleOf(run, kind, name);
  if (role !== undefined) await putRole(run, { ...role, name: to });
  await changeGrants(
    run,
    grants.flatMap((revoke) => [{ revoke }, { grant: { ...revoke, grantee: to } }]),
  );
}

async function dropRole(run: DdlRun, kind: RoleKind, name: string, at: number): Promise<void> {
  const { core } = run;
  if (kind === "user" && (name === core.user || name === core.shared.owner)) {
    throw new SqlError(SQL_STATE.objectInUse, "current user cannot be dropped", { at });
  }
  if (kind === "user" && core.shared.loginUsers.has(name)) throw logsIn(name, "dropped", at);
  const [owned] = kind === "user" ? ownedBy(run, name) : [];
  if (owned !== undefined) {
    throw new SqlError(
      SQL_STATE.dependentObjectsStillExist,
      `user "${name}" cannot be dropped because some objects depend on it`,
      {
        at,
        detail: `owner of ${owned.name}`,
        hint: "Give what it owns to another user (ALTER TABLE ... OWNER TO), or drop it.",
      },
    );
  }
  const role = roleOf(run, kind, name);
  if (role === undefined) return;
  const members = kind === "user" ? [] : (core.transaction.snapshot.grants.get(grantsKey(kind, role.oid)) ?? []);
  await changeGrants(
    run,
    [...grantedTo(run, kind, name), ...members].map((revoke) => ({ revoke })),
  );
  await runDdl(run, forgetRole(role), name);
  core.transaction.change({ removeRole: role });
}

function logsIn(name: string, what: string, at: number): SqlError {
  return new SqlError(SQL_STATE.objectInUse, `user "${name}" cannot be ${what}`, {
    at,
    detail: "It is one of the credentials that Penstock was started with.",
    hint: "Take it from them and start again.",
  });
}
