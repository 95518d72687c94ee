import { duckDbName } from "../../catalog/relation-info.js";
import type { StoredRelation, StoredSchema } from "../../catalog/stored.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { quotedName } from "../../sql-text.js";
import type { Drop, QualifiedName } from "../../syntax/ast.js";
import { checkOwner, checkSchemaOwner, rightsIn } from "../access.js";
import { done, type StatementHandler } from "../statement-run.js";
import {
  checkKind,
  checkSchemaWritable,
  checkShape,
  type DdlRun,
  dependentsOf,
  putRelation,
  removeRelation,
  removeSchema,
  runDdl,
} from "./catalog-work.js";
import { dropSequenceTexts } from "./columns.js";
import { removeFunction } from "./functions.js";

export const dropHandler: StatementHandler<Drop> = {
  access: "write",
  async run(statement, run) {
    const tag = `DROP ${statement.object.replace("-", " ").toUpperCase()}`;
    for (const name of statement.names) {
      if (statement.object === "schema") await dropSchema(run, name, statement);
      else await dropNamed(run, name, statement);
    }
    return done(tag);
  },
};

async function dropNamed(run: DdlRun, name: QualifiedName, statement: Drop): Promise<void> {
  const { core } = run;
  const found = core.catalog.find(name);
  if (found === undefined) {
    const what = statement.object === "table" ? "Table" : statement.object === "view" ? "View" : "Materialized view";
    const text = name.parts.join(".");
    if (statement.ifExists) {
      core.notice({ severity: "INFO", message: `${what} "${text}" does not exist and will be skipped` });
      return;
    }
    const system = core.catalog.findRelation(name);
    if (system !== undefined) checkSchemaWritable(system.schema, name.at);
    throw new SqlError(SQL_STATE.undefinedTable, `${what} "${text}" does not exist`, { at: name.at });
  }
  const kinds = statement.object === "table" ? (["table", "external-table"] as const) : ([statement.object] as const);
  checkKind(found, kinds as readonly StoredRelation["kind"][], name.at);
  const schema = core.transaction.snapshot.schemas.get(found.schema);
  if (schema === undefined || !rightsIn(core).owns(schema)) checkOwner(core, found, name.at, "drop");
  checkShape(run, found, name.at);
  await dropWithDependents(run, [found], statement.behavior, name.at);
}

async function dropSchema(run: DdlRun, name: QualifiedName, statement: Drop): Promise<void> {
  const { core } = run;
  const own = name.parts.at(-1) ?? "";
  checkSchemaWritable(own, name.at);
  const schema = core.transaction.snapshot.schemas.get(own);
  if (schema === undefined) {
    if (statement.ifExists) {
      core.notice({ severity: "INFO", message: `Schema "${own}" does not exist and will be skipped` });
      return;
    }
    throw new SqlError(SQL_STATE.invalidSchemaName, `schema "${own}" does not exist`, { at: name.at });
  }
  if (own === "public") {
    throw new SqlError(SQL_STATE.insufficientPrivilege, "the schema public cannot be dropped", {
      at: name.at,
      hint: "The pipeline's tables are in it.",
    });
  }
  checkSchemaOwner(core, schema, name.at, "drop");
  const inside = core.transaction.snapshot.relationsOf(own);
  const functions = core.transaction.snapshot.functionsOf(own);
  const [first] = functions;
  if (first !== undefined && statement.behavior !== "cascade") {
    throw new SqlError(
      SQL_STATE.dependentObjectsStillExist,
      `cannot drop schema ${own} because other objects depend on it`,
      {
        at: name.at,
        detail: `function ${own}.${first.name} depends on schema ${own}`,
        hint: "Use DROP ... CASCADE to drop the dependent objects too.",
      },
    );
  }
  const external = schema.externalFrom !== undefined;
  if (inside.length > 0 && statement.behavior !== "cascade" && !external)
    throw stillNeeded("schema", own, inside, name.at);
  await dropWithDependents(run, inside, external ? "cascade" : statement.behavior, name.at);
  for (const one of functions) await removeFunction(run, one);
  await dropEmptySchema(run, schema);
}

async function dropEmptySchema(run: DdlRun, schema: StoredSchema): Promise<void> {
  if (schema.externalFrom === undefined) await runDdl(run, `DROP SCHEMA ${quotedName(schema.name)}`, schema.name);
  await removeSchema(run, schema);
}

/** All of them, and with CASCADE whatever reads them. */
async function dropWithDependents(
  run: DdlRun,
  relations: readonly StoredRelation[],
  behavior: Drop["behavior"],
  at: number,
): Promise<void> {
  const going = new Set(relations);
  const dependents = new Set<StoredRelation>();
  for (const relation of relations) {
    for (const dependent of dependentsOf(run, relation)) if (!going.has(dependent)) dependents.add(dependent);
  }
  const [first] = relations;
  if (dependents.size > 0 && behavior !== "cascade" && first !== undefined) {
    throw stillNeeded(kindWord(first), first.name, [...dependents], at);
  }
  for (const dependent of dependents) {
    run.core.notice({ severity: "NOTICE", message: `drop cascades to ${kindWord(dependent)} ${dependent.name}` });
  }
  // Readers before what they read.
  for (const relation of [...[...dependents].reverse(), ...relations]) await dropOne(run, relation);
}

async function dropOne(run: DdlRun, relation: StoredRelation): Promise<void> {
  const texts = [...dropSequenceTexts(relation.columns)];
  if (relation.kind === "table" || relation.kind === "materialized-view")
    texts.unshift(`DROP TABLE ${duckDbName(relation)}`);
  if (texts.length > 0) await runDdl(run, texts.join(";\n"), relation.name);
  await removeRelation(run, relation);
  for (const other of referencesTo(run, relation)) await forgetForeignKeys(run, other, relation);
}

/** Tables with a foreign key to it. Redshift drops with CASCADE only; such keys are told to planners alone, so nothing is lost here. */
function referencesTo({ core }: DdlRun, relation: StoredRelation): readonly StoredRelation[] {
  return [...core.transaction.snapshot.relations()].filter((other) =>
    other.constraints.some(({ foreignOid }) => foreignOid === relation.oid),
  );
}

async function forgetForeignKeys(run: DdlRun, table: StoredRelation, gone: StoredRelation): Promise<void> {
  await putRelation(run, {
    ...table,
    constraints: table.constraints.filter(({ foreignOid }) => foreignOid !== gone.oid),
  });
}

export function kindWord(relation: StoredRelation): string {
  return relation.kind.replace("-", " ");
}

export function stillNeeded(kind: string, name: string, by: readonly StoredRelation[], at: number): SqlError {
  return new SqlError(
    SQL_STATE.dependentObjectsStillExist,
    `cannot drop ${kind} ${name} because other objects depend on it`,
    {
      at,
      detail: by.map((one) => `${kindWord(one)} ${one.schema}.${one.name} depends on ${kind} ${name}`).join("\n"),
      hint: "Use DROP ... CASCADE to drop the dependent objects too.",
    },
  );
}
