/** GRANT, REVOKE and ALTER DEFAULT PRIVILEGES. What is granted is in force with the next statement, for all sessions when it is committed. */
import {
  BUCKET_PRIVILEGES,
  DATABASE_PRIVILEGES,
  publicHas,
  SCHEMA_PRIVILEGES,
  TABLE_PRIVILEGES,
} from "../../catalog/rights.js";
import { DATABASE_GRANTS, type GrantedOn, grantsKey, type StoredGrant, SYSTEM_GRANTS } from "../../catalog/roles.js";
import type { StoredRelation, StoredSchema } from "../../catalog/stored.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { Grant, QualifiedName } from "../../syntax/ast.js";
import { checkSuperuser, denied, rightsIn } from "../access.js";
import { done, type StatementHandler } from "../statement-run.js";
import { changeGrants, type DdlRun, type GrantChange, requireRelation } from "./catalog-work.js";
import { checkRole, roleOf } from "./users.js";

/** One thing that privileges are granted on. */
interface Granted {
  readonly type: GrantedOn;
  readonly oid: number;
  /** What ALL is, and what may be named. */
  readonly privileges: readonly string[];
  /** As stored. */
  readonly stored?: (privilege: string) => string;
  /** Throws 42501 where the user may not grant that privilege on it. */
  check(privilege: string): void;
}

export const grantHandler: StatementHandler<Grant> = {
  access: "write",
  async run(statement, run) {
    for (const { type, name } of statement.grantees) if (type !== "public") checkRole(run, type, name, statement.at);
    if (statement.onColumns) {
      throw new SqlError(SQL_STATE.featureNotSupported, "privileges on columns are not supported", {
        at: statement.at,
        hint: "Grant SELECT on a view of those columns instead.",
      });
    }
    const changes = grantedOn(statement, run).flatMap((one) => changesOn(one, statement, run));
    await changeGrants(run, changes);
    return done(statement.defaults === undefined ? statement.kind.toUpperCase() : "ALTER DEFAULT PRIVILEGES");
  },
};

function changesOn(on: Granted, statement: Grant, run: DdlRun): readonly GrantChange[] {
  const { snapshot } = run.core.transaction;
  const privileges = namedPrivileges(statement, on);
  for (const privilege of privileges) on.check(privilege);
  const stored = on.stored ?? ((privilege: string) => privilege);
  const there = snapshot.grants.get(grantsKey(on.type, on.oid)) ?? [];
  return statement.grantees.flatMap((grantee) => {
    const row = (privilege: string): StoredGrant => ({
      objectType: on.type,
      objectOid: on.oid,
      granteeType: grantee.type,
      grantee: grantee.name,
      privilege,
    });
    const isPublic = grantee.type === "public";
    const own = there.filter((one) => one.granteeType === grantee.type && one.grantee === grantee.name);
    if (statement.kind === "grant") {
      return privileges.flatMap((privilege): GrantChange[] => [
        { grant: row(stored(privilege)) },
        ...(statement.grantOption ? [{ grant: row(`${stored(privilege)}*`) }] : []),
        ...(isPublic ? [{ revoke: row(`no ${privilege}`) }] : []),
      ]);
    }
    if (statement.grantOption) return privileges.map((privilege) => ({ revoke: row(`${stored(privilege)}*`) }));
    // What was granted as `all` before privileges were told apart: what is left of it.
    const all = own.filter(({ privilege }) => /^all( privileges)?$/.test(privilege));
    const rest = all.length === 0 ? [] : on.privileges.filter((privilege) => !privileges.includes(privilege));
    return [
      ...all.map((revoke) => ({ revoke })),
      ...rest.map((privilege) => ({ grant: row(privilege) })),
      ...privileges.flatMap((privilege): GrantChange[] => [
        { revoke: row(stored(privilege)) },
        { revoke: row(`${stored(privilege)}*`) },
        ...(isPublic && publicHas(snapshot, on.type, on.oid, privilege) ? [{ grant: row(`no ${privilege}`) }] : []),
      ]),
    ];
  });
}

function namedPrivileges({ privileges, commands, at }: Grant, on: Granted): readonly string[] {
  if (on.type === "iam role") {
    const named = (commands ?? ["all"]).filter((one) => one !== "external function" && one !== "create model");
    return named.includes("all") ? on.privileges : on.privileges.filter((one) => named.includes(one));
  }
  if (on.type === "role") return on.privileges;
  if (privileges.some((one) => one === "all" || one === "all privileges")) return on.privileges;
  return privileges.map((privilege) => {
    const plain = privilege === "temp" ? "temporary" : privilege;
    if (on.privileges.includes(plain)) return plain;
    throw new SqlError("0LP01", `invalid privilege type ${privilege.toUpperCase()} for ${WORDS[on.type]}`, {
      at,
      hint: `There are ${on.privileges.map((one) => one.toUpperCase()).join(", ")}.`,
    });
  });
}

const WORDS: Readonly<Record<GrantedOn, string>> = {
  table: "relation",
  schema: "schema",
  "tables in": "relation",
  "new tables in": "relation",
  database: "database",
  "iam role": "role",
  group: "group",
  role: "role",
  system: "system",
};

function grantedOn(statement: Grant, run: DdlRun): readonly Granted[] {
  const { object, defaults, at, privileges } = statement;
  if (defaults !== undefined) return newTables(statement, defaults, run);
  if (object === undefined) return privileges.map((privilege) => membership(privilege, run, at));
  const { names, every } = object;
  if (every?.what === "functions" || every?.what === "procedures") return [];
  switch (object.type) {
    case "schema": {
      const schemas = names.map((name) => requireSchema(name, run));
      if (every === undefined) return schemas.map((schema) => onSchema(schema, run, at));
      if (every.what !== "tables") break;
      if (every.of === "scope") return schemas.map((schema) => tablesIn(schema, run, at));
      return schemas.flatMap(({ name }) =>
        run.core.transaction.snapshot
          .relationsOf(name)
          .filter(({ kind }) => kind !== "external-table")
          .map((relation) => onTable(relation, run, at)),
      );
    }
    case "table":
      return names.map((name) => onTable(requireRelation(run, name), run, name.at));
    case "database":
      for (const { parts, at: place } of names) {
        if (parts.at(-1) !== run.core.shared.name)
          throw new SqlError(SQL_STATE.invalidCatalogName, `database "${parts.at(-1)}" does not exist`, { at: place });
      }
      if (every !== undefined) break;
      return [superusersOnly("database", DATABASE_GRANTS, DATABASE_PRIVILEGES, "grant on the database", run, at)];
    case "iam role":
      return [superusersOnly("iam role", SYSTEM_GRANTS, BUCKET_PRIVILEGES, "grant ASSUMEROLE", run, at)];
  }
  throw new SqlError(SQL_STATE.featureNotSupported, `privileges on a ${object.type} are not supported`, { at });
}

function requireSchema(name: QualifiedName, run: DdlRun): StoredSchema {
  const own = name.parts.at(-1) ?? "";
  const schema = run.core.transaction.snapshot.schemas.get(own);
  if (schema !== undefined) return schema;
  throw new SqlError(SQL_STATE.invalidSchemaName, `schema "${own}" does not exist`, { at: name.at });
}

function onTable(relation: StoredRelation, { core }: DdlRun, at: number): Granted {
  if (relation.kind === "external-table") {
    throw new SqlError(SQL_STATE.featureNotSupported, "privileges on external tables are not supported", {
      at,
      hint: `Grant USAGE on the schema "${relation.schema}": it lets all its tables be read.`,
    });
  }
  const { oid } = relation;
  return {
    type: "table",
    oid,
    privileges: TABLE_PRIVILEGES,
    check(privilege) {
      const rights = rightsIn(core);
      if (!rights.owns(relation) && !rights.grantsOn("table", oid, privilege))
        throw denied("relation", relation.name, at);
    },
  };
}

function onSchema(schema: StoredSchema, { core }: DdlRun, at: number): Granted {
  return {
    type: "schema",
    oid: schema.oid,
    privileges: SCHEMA_PRIVILEGES,
    check(privilege) {
      const rights = rightsIn(core);
      if (!rights.owns(schema) && !rights.grantsOn("schema", schema.oid, privilege))
        throw denied("schema", schema.name, at);
    },
  };
}

function tablesIn(schema: StoredSchema, run: DdlRun, at: number): Granted {
  return superusersOnly("tables in", schema.oid, TABLE_PRIVILEGES, "grant on all tables of a schema", run, at);
}

/** What is made by those users, in those schemas, from now on. Users say so of what they make themselves. */
function newTables(statement: Grant, defaults: NonNullable<Grant["defaults"]>, run: DdlRun): readonly Granted[] {
  const { object, at } = statement;
  if (object?.type !== "tables") {
    throw new SqlError(SQL_STATE.featureNotSupported, `default privileges on ${object?.type} are not supported`, {
      at,
    });
  }
  const users = defaults.users.length === 0 ? [run.core.user] : defaults.users;
  for (const user of users) {
    checkRole(run, "user", user, at);
    if (user !== run.core.user) checkSuperuser(run.core, "alter default privileges of another user", at);
  }
  const schemas = defaults.schemas.map((name) => requireSchema(name, run).oid);
  return users.flatMap((user) =>
    (schemas.length === 0 ? [0] : schemas).map((oid) => ({
      type: "new tables in" as const,
      oid,
      privileges: TABLE_PRIVILEGES,
      stored: (privilege: string) => `${user}:${privilege}`,
      check: () => undefined,
    })),
  );
}

/** GRANT ROLE a TO b. */
function membership(privilege: string, run: DdlRun, at: number): Granted {
  if (!privilege.startsWith("role ")) {
    throw new SqlError(
      SQL_STATE.featureNotSupported,
      `system permissions (${privilege.toUpperCase()}) are not supported`,
      {
        at,
        hint: "Grant privileges on tables, schemas and the database; CREATE USER ... CREATEUSER makes a superuser.",
      },
    );
  }
  const name = privilege.slice("role ".length);
  checkRole(run, "role", name, at);
  const oid = roleOf(run, "role", name)?.oid ?? 0;
  return {
    type: "role",
    oid,
    privileges: ["member"],
    check() {
      if (!rightsIn(run.core).grantsOn("role", oid, "member")) checkSuperuser(run.core, "grant roles", at);
    },
  };
}

function superusersOnly(
  type: GrantedOn,
  oid: number,
  privileges: readonly string[],
  what: string,
  { core }: DdlRun,
  at: number,
): Granted {
  return {
    type,
    oid,
    privileges,
    check(privilege) {
      if (!rightsIn(core).grantsOn(type, oid, privilege)) checkSuperuser(core, what, at);
    },
  };
}
