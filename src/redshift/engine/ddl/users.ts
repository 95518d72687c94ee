/** Users, groups and roles are names that privileges can be granted to: there is one user who logs in, and may do everything. */
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { textLiteral } from "../../sql-text.js";
import type { Grant, UserStatement } from "../../syntax/ast.js";
import { done, type StatementHandler, type StatementRun } from "../statement-run.js";
import { type DdlRun, newOid, requireRelation, runDdl } from "./catalog-work.js";

type Kind = UserStatement["object"];

async function isKnown({ connection, limit, core }: DdlRun, kind: Kind, name: string): Promise<boolean> {
  if (kind === "user" && (name === core.user || name === core.shared.owner || name === "current_user")) return true;
  const rows = await connection.rows(
    `SELECT 1 FROM penstock_catalog.roles WHERE kind = ${textLiteral(kind)} AND name = ${textLiteral(name)}`,
    limit,
  );
  return rows.length > 0;
}

export async function checkUser(run: DdlRun, name: string, at: number, kind: Kind = "user"): Promise<void> {
  if (await isKnown(run, kind, name)) return;
  throw new SqlError(SQL_STATE.undefinedObject, `${kind} "${name}" does not exist`, { at });
}

export const userHandler: StatementHandler<UserStatement> = {
  access: "write",
  async run({ action, object, name, ifExists, renameTo, at }, run) {
    const tag = `${action} ${object}`.toUpperCase();
    const known = await isKnown(run, object, name);
    if (action === "create") {
      if (known) throw new SqlError(SQL_STATE.duplicateObject, `${object} "${name}" already exists`, { at });
      const values = `${await newOid(run)}, ${textLiteral(object)}, ${textLiteral(name)}`;
      await runDdl(run, `INSERT INTO penstock_catalog.roles (oid, kind, name) VALUES (${values})`, name);
      if (object === "user") {
        run.core.notice({
          severity: "INFO",
          message: `User "${name}" can be granted privileges; who may log in is said when Penstock is started.`,
        });
      }
      return done(tag);
    }
    if (!known) {
      if (action === "drop" && ifExists) {
        run.core.notice({ severity: "INFO", message: `${object} "${name}" does not exist and will be skipped` });
        return done(tag);
      }
      throw new SqlError(SQL_STATE.undefinedObject, `${object} "${name}" does not exist`, { at });
    }
    if (action === "drop") await dropRole(run, object, name, at);
    if (renameTo !== undefined) await renameRole(run, { kind: object, name, at }, renameTo);
    return done(tag);
  },
};

async function renameRole(
  run: DdlRun,
  { kind, name, at }: { readonly kind: Kind; readonly name: string; readonly at: number },
  to: string,
): Promise<void> {
  const { core } = run;
  if (kind === "user" && (name === core.user || name === core.shared.owner)) {
    throw new SqlError("0A000", "session user may not be renamed", { at });
  }
  if (await isKnown(run, kind, to))
    throw new SqlError(SQL_STATE.duplicateObject, `${kind} "${to}" already exists`, { at });
  if (kind === "user" && [...core.transaction.snapshot.relations()].some(({ owner }) => owner === name)) {
    throw new SqlError(SQL_STATE.featureNotSupported, `user "${name}" owns tables, and cannot be renamed`, {
      at,
      hint: "ALTER TABLE ... OWNER TO another user first.",
    });
  }
  const [from, target, word] = [name, to, kind].map(textLiteral);
  const texts = [
    `UPDATE penstock_catalog.roles SET name = ${target} WHERE kind = ${word} AND name = ${from}`,
    `UPDATE penstock_catalog.grants SET grantee = ${target} WHERE grantee_type = ${word} AND grantee = ${from}`,
  ];
  await runDdl(run, texts.join(";\n"), name);
}

async function dropRole(run: DdlRun, kind: Kind, name: string, at: number): Promise<void> {
  if (kind === "user" && (name === run.core.user || name === run.core.shared.owner)) {
    throw new SqlError(SQL_STATE.objectInUse, "current user cannot be dropped", { at });
  }
  const own = `kind = ${textLiteral(kind)} AND name = ${textLiteral(name)}`;
  const grants = `grantee_type = ${textLiteral(kind)} AND grantee = ${textLiteral(name)}`;
  await runDdl(
    run,
    `DELETE FROM penstock_catalog.roles WHERE ${own}; DELETE FROM penstock_catalog.grants WHERE ${grants}`,
    name,
  );
}

/** Objects and grantees must be there; what is granted is written down and shown, and nobody is refused anything for it. */
export const grantHandler: StatementHandler<Grant> = {
  access: "write",
  async run(statement, run) {
    const { grantees, kind, at } = statement;
    for (const grantee of grantees) {
      if (grantee.type !== "public") await checkUser(run, grantee.name, at, grantee.type);
    }
    const texts: string[] = [];
    for (const [type, oid] of objectsOf(statement, run)) {
      for (const grantee of grantees) {
        for (const privilege of statement.privileges) {
          const values = [type, oid, grantee.type, grantee.name, privilege];
          const [a, b, c, d, e] = values.map((value) =>
            typeof value === "number" ? String(value) : textLiteral(value),
          );
          const where = `object_type = ${a} AND object_oid = ${b} AND grantee_type = ${c} AND grantee = ${d}`;
          const all = kind === "revoke" && /^all( privileges)?$/.test(privilege);
          texts.push(`DELETE FROM penstock_catalog.grants WHERE ${where}${all ? "" : ` AND privilege = ${e}`}`);
          if (kind === "grant")
            texts.push(
              `INSERT INTO penstock_catalog.grants (object_type, object_oid, grantee_type, grantee, privilege) VALUES (${a}, ${b}, ${c}, ${d}, ${e})`,
            );
        }
      }
    }
    if (texts.length > 0) await runDdl(run, texts.join(";\n"), "grants");
    return done(kind.toUpperCase());
  },
};

function objectsOf({ object, at }: Grant, run: StatementRun): readonly (readonly [type: string, oid: number])[] {
  if (object === undefined) return [];
  switch (object.type) {
    case "schema":
      return object.names.map((name) => {
        const own = name.parts.at(-1) ?? "";
        const schema = run.core.transaction.snapshot.schemas.get(own);
        if (schema === undefined)
          throw new SqlError(SQL_STATE.invalidSchemaName, `schema "${own}" does not exist`, { at: name.at });
        return ["schema", schema.oid] as const;
      });
    case "table":
      return object.names.map((name) => ["table", requireRelation(run, name).oid] as const);
    case "database":
      return [["database", 1] as const];
    default:
      throw new SqlError(SQL_STATE.featureNotSupported, `privileges on a ${object.type} are not supported`, { at });
  }
}
