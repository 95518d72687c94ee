import { duckDbName } from "../../catalog/relation-info.js";
import type { StoredSchema } from "../../catalog/stored.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { quotedName } from "../../sql-text.js";
import type { AlterSchema, CreateSchema } from "../../syntax/ast.js";
import { checkDatabase, checkSchemaOwner } from "../access.js";
import { done, type StatementHandler } from "../statement-run.js";
import {
  checkSchemaWritable,
  type DdlRun,
  isSystemSchema,
  newOid,
  putRelation,
  putSchema,
  runDdl,
} from "./catalog-work.js";
import { checkName, columnText } from "./columns.js";
import { putFunction } from "./functions.js";
import { rewriteDependents } from "./rename.js";
import { checkNewOwner } from "./users.js";

/** Names that mean something else in the engine. */
const RESERVED: ReadonlySet<string> = new Set(["main", "temp", "system", "warehouse", "penstock_catalog"]);

export const createSchemaHandler: StatementHandler<CreateSchema> = {
  access: "write",
  async run(statement, run) {
    const { name, at, authorization } = statement;
    checkDatabase(run.core, "create", at);
    if (run.core.transaction.snapshot.schemas.has(name) || isSystemSchema(name)) {
      if (!statement.ifNotExists) throw schemaThere(name, at);
      run.core.notice({ severity: "INFO", message: `Schema "${name}" already exists and will be skipped` });
      return done("CREATE SCHEMA");
    }
    checkSchemaName(name, at);
    if (authorization !== undefined) checkNewOwner(run, authorization, at);
    await runDdl(run, `CREATE SCHEMA ${quotedName(name)}`, name);
    await putSchema(run, {
      oid: await newOid(run),
      name,
      owner: authorization ?? run.core.user,
      ...(statement.quota === undefined ? {} : { quota: statement.quota }),
      createdAtMs: run.core.shared.clock.now(),
    });
    return done("CREATE SCHEMA");
  },
};

export function schemaThere(name: string, at: number): SqlError {
  return new SqlError(SQL_STATE.duplicateSchema, `Schema "${name}" already exists`, { at });
}

export function checkSchemaName(name: string, at: number): void {
  checkName(name, at);
  if (name.startsWith("pg_")) {
    throw new SqlError("42939", `unacceptable schema name "${name}"`, {
      at,
      detail: 'The prefix "pg_" is reserved for system schemas.',
    });
  }
  if (RESERVED.has(name)) {
    throw new SqlError("42939", `unacceptable schema name "${name}"`, {
      at,
      hint: "The engine beneath has a schema of that name: take another one.",
    });
  }
}

export const alterSchemaHandler: StatementHandler<AlterSchema> = {
  access: "write",
  async run(statement, run) {
    const { action, name, at } = statement;
    checkSchemaWritable(name, at);
    const schema = run.core.transaction.snapshot.schemas.get(name);
    if (schema === undefined)
      throw new SqlError(SQL_STATE.invalidSchemaName, `schema "${name}" does not exist`, { at });
    checkSchemaOwner(run.core, schema, at, action.type === "owner" ? undefined : "alter");
    switch (action.type) {
      case "owner":
        checkNewOwner(run, action.to, at);
        await putSchema(run, { ...schema, owner: action.to });
        break;
      case "quota":
        await putSchema(run, { ...schema, quota: action.to });
        break;
      case "rename":
        await renameSchema(run, schema, action.to, at);
    }
    return done("ALTER SCHEMA");
  },
};

/** DuckDB cannot rename one, so that its tables are written anew. */
async function renameSchema(run: DdlRun, schema: StoredSchema, to: string, at: number): Promise<void> {
  if (schema.name === "public") {
    throw new SqlError(SQL_STATE.insufficientPrivilege, "the schema public cannot be renamed", { at });
  }
  const { core } = run;
  checkSchemaName(to, at);
  if (core.transaction.snapshot.schemas.has(to) || isSystemSchema(to)) throw schemaThere(to, at);
  if (schema.externalFrom === undefined) await runDdl(run, `CREATE SCHEMA ${quotedName(to)}`, to);
  const renamed = { ...schema, name: to };
  await runDdl(run, `DELETE FROM penstock_catalog.schemas WHERE oid = ${schema.oid}`, schema.name);
  await putSchema(run, renamed);
  for (const relation of core.transaction.snapshot.relationsOf(schema.name)) {
    const moved = { ...relation, schema: to };
    if (relation.kind === "table" || relation.kind === "materialized-view") {
      const columns = relation.columns.map(columnText).join(", ");
      const names = relation.columns.map((column) => quotedName(column.name)).join(", ");
      const texts = [
        `CREATE TABLE ${duckDbName(moved)} (${columns})`,
        `INSERT INTO ${duckDbName(moved)} (${names}) SELECT ${names} FROM ${duckDbName(relation)}`,
        `DROP TABLE ${duckDbName(relation)}`,
      ];
      await runDdl(run, texts.join(";\n"), relation.name);
    }
    await rewriteDependents(run, relation, moved);
    const current = core.transaction.snapshot.byOid(relation.oid) ?? relation;
    await putRelation(run, { ...current, schema: to });
  }
  for (const one of core.transaction.snapshot.functionsOf(schema.name)) await putFunction(run, { ...one, schema: to });
  if (schema.externalFrom === undefined) await runDdl(run, `DROP SCHEMA ${quotedName(schema.name)}`, schema.name);
}
