/** What all statements that change the catalog have in common. */
import { firstGrants } from "../../catalog/rights.js";
import type { StoredGrant } from "../../catalog/roles.js";
import type { CatalogChange } from "../../catalog/snapshot.js";
import { isTemporarySchema, type StoredRelation, type StoredSchema } from "../../catalog/stored.js";
import {
  forgetGrant,
  forgetRelation,
  forgetSchema,
  storeGrant,
  storeRelation,
  storeSchema,
} from "../../catalog/write.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import type { QualifiedName } from "../../syntax/ast.js";
import { checkDatabase, checkSchema } from "../access.js";
import { sqlErrorOf } from "../engine-errors.js";
import type { StatementRun } from "../statement-run.js";

export type DdlRun = Pick<StatementRun, "core" | "connection" | "limit" | "context">;

/** The next number that no object has yet. */
export async function newOid({ connection, limit }: DdlRun): Promise<number> {
  const [row] = await connection.rows("SELECT CAST(nextval('penstock_catalog.oids') AS INTEGER)", limit);
  return Number(row?.[0]);
}

/** Runs DuckDB's DDL; `name` is for the message of a conflict. */
export async function runDdl({ connection, limit }: DdlRun, sql: string, name: string): Promise<void> {
  try {
    await connection.run(sql, limit);
  } catch (error) {
    throw limit.stopped ?? sqlErrorOf(error, name);
  }
}

/** As it is now in the catalog; temporary ones are kept by the session alone. */
export async function putRelation(run: DdlRun, relation: StoredRelation): Promise<void> {
  const { transaction } = run.core;
  if (isTemporarySchema(relation.schema)) {
    const tables = new Map(transaction.temporary);
    for (const [name, { oid }] of tables) if (oid === relation.oid) tables.delete(name);
    transaction.changeTemporary(tables.set(relation.name, relation));
    return;
  }
  const isNew = transaction.snapshot.byOid(relation.oid) === undefined;
  await runDdl(run, storeRelation(relation), relation.name);
  transaction.change({ put: relation });
  if (isNew) await changeGrants(run, firstGrants(transaction.snapshot, relation));
}

export type GrantChange = { readonly grant: StoredGrant } | { readonly revoke: StoredGrant };

/** Written down and, for this transaction, in force. */
export async function changeGrants(run: DdlRun, changes: readonly GrantChange[]): Promise<void> {
  if (changes.length === 0) return;
  const texts = changes.map((one) => ("grant" in one ? storeGrant(one.grant) : forgetGrant(one.revoke)));
  await runDdl(run, texts.join(";\n"), "grants");
  for (const one of changes) run.core.transaction.change(one);
}

export async function removeRelation(run: DdlRun, relation: StoredRelation): Promise<void> {
  const { transaction } = run.core;
  if (isTemporarySchema(relation.schema)) {
    const tables = new Map(transaction.temporary);
    tables.delete(relation.name);
    transaction.changeTemporary(tables);
    return;
  }
  await runDdl(run, forgetRelation(relation.oid), relation.name);
  transaction.change({ remove: relation });
}

export async function putSchema(run: DdlRun, schema: StoredSchema): Promise<void> {
  await runDdl(run, storeSchema(schema), schema.name);
  run.core.transaction.change({ putSchema: schema });
}

export async function removeSchema(run: DdlRun, schema: StoredSchema): Promise<void> {
  await runDdl(run, forgetSchema(schema), schema.name);
  const change: CatalogChange = { removeSchema: schema };
  run.core.transaction.change(change);
}

/** The relation that a statement is about. Throws 42P01. */
export function requireRelation({ core }: DdlRun, name: QualifiedName): StoredRelation {
  const found = core.catalog.find(name);
  if (found !== undefined) return found;
  if (core.catalog.findRelation(name) !== undefined) throw systemObject(name);
  throw new SqlError(SQL_STATE.undefinedTable, `relation "${name.parts.join(".")}" does not exist`, { at: name.at });
}

function systemObject(name: QualifiedName): SqlError {
  return new SqlError(
    SQL_STATE.insufficientPrivilege,
    `permission denied: "${name.parts.at(-1)}" is a system catalog`,
    {
      at: name.at,
      hint: "It can be read, nothing else.",
    },
  );
}

/** Where a new object goes. Throws 42P07 where one of that name is there, 42501 for schemas that are not the user's. */
export function placeFor(
  { core }: DdlRun,
  name: QualifiedName,
  temporary: boolean,
): { readonly schema: string; readonly name: string; readonly existing: StoredRelation | undefined } {
  const own = name.parts.at(-1) ?? "";
  const schema = temporary ? temporarySchemaFor(core.temporarySchema, name) : core.catalog.schemaFor(name);
  checkSchemaWritable(schema, name.at);
  const isTemporary = isTemporarySchema(schema);
  if (isTemporary) checkDatabase(core, "temporary", name.at);
  else checkSchema(core, schema, "create", name.at);
  const existing = isTemporary ? core.transaction.temporary.get(own) : core.transaction.snapshot.relation(schema, own);
  return { schema, name: own, existing };
}

function temporarySchemaFor(schema: string, name: QualifiedName): string {
  if (name.parts.length === 1 || name.parts.at(-2) === schema || name.parts.at(-2) === "pg_temp") return schema;
  throw new SqlError(SQL_STATE.invalidTableDefinition, "temporary tables may not specify a schema name", {
    at: name.at,
  });
}

/** Schemas that belong to the system. */
const SYSTEM_SCHEMAS: ReadonlySet<string> = new Set([
  "penstock",
  "penstock_catalog",
  "pg_catalog",
  "information_schema",
  "pg_internal",
  "pg_toast",
  "pg_auto_copy",
]);

export function isSystemSchema(schema: string): boolean {
  return SYSTEM_SCHEMAS.has(schema);
}

export function checkSchemaWritable(schema: string, at: number): void {
  if (!isSystemSchema(schema)) return;
  throw new SqlError(SQL_STATE.insufficientPrivilege, `permission denied for schema ${schema}`, {
    at,
    hint: "It is written by Penstock alone. Use public, or a schema of your own.",
  });
}

/** Throws 42501 for what users may not change the shape of. */
export function checkShape({ core }: DdlRun, relation: StoredRelation, at: number): void {
  checkSchemaWritable(relation.schema, at);
  if (relation.schema === "public" && relation.kind === "table" && core.shared.isPipelineTable(relation.name)) {
    throw new SqlError(
      SQL_STATE.insufficientPrivilege,
      `permission denied: "${relation.name}" is a table of the pipeline`,
      {
        at,
        hint: "Its shape is the definition's: change that and start again. Its rows you may change.",
      },
    );
  }
}

/** Throws 42809 unless it is of the kind that the statement is for. */
export function checkKind(relation: StoredRelation, kinds: readonly StoredRelation["kind"][], at: number): void {
  if (kinds.includes(relation.kind)) return;
  const [wanted = "table"] = kinds;
  const article = wanted === "external-table" ? "an" : "a";
  const words = {
    table: "DROP TABLE",
    view: "DROP VIEW",
    "materialized-view": "DROP MATERIALIZED VIEW",
    "external-table": "DROP TABLE",
  };
  throw new SqlError(SQL_STATE.wrongObjectType, `"${relation.name}" is not ${article} ${wanted.replace("-", " ")}`, {
    at,
    hint: `It is a ${relation.kind.replace("-", " ")}: to remove it use ${words[relation.kind]}.`,
  });
}

export function alreadyThere(name: string, at: number): SqlError {
  return new SqlError(SQL_STATE.duplicateTable, `Relation "${name}" already exists`, {
    at,
    hint: "Take another name, drop it first, or write IF NOT EXISTS.",
  });
}

/** What reads it, other objects' readers too, nearest first. Late-binding views hold on to nothing. */
export function dependentsOf({ core }: DdlRun, relation: StoredRelation): readonly StoredRelation[] {
  const found = new Set<StoredRelation>();
  const visit = (oid: number) => {
    for (const other of core.transaction.snapshot.relations()) {
      if (other.lateBinding || !other.reads.includes(oid) || found.has(other)) continue;
      found.add(other);
      visit(other.oid);
    }
  };
  visit(relation.oid);
  return [...found];
}
