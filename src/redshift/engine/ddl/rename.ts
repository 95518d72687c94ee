/** Renaming of tables, views and columns, with the views that read them. */
import { bindQuery } from "../../binder/queries/bind-query.js";
import { duckDbName } from "../../catalog/relation-info.js";
import type { StoredRelation } from "../../catalog/stored.js";
import { SQL_STATE, SqlError } from "../../sql-error.js";
import { quotedName } from "../../sql-text.js";
import { parseQuery } from "../../syntax/parse.js";
import { alreadyThere, type DdlRun, putRelation, runDdl } from "./catalog-work.js";
import { checkColumnName, checkName } from "./columns.js";
import { kindWord } from "./drop.js";
import { type Successor, viewTextAfter } from "./view-text.js";

export async function renameRelation(run: DdlRun, relation: StoredRelation, to: string, at: number): Promise<void> {
  const { transaction, temporarySchema } = run.core;
  checkName(to, at);
  const isTemporary = relation.schema === temporarySchema;
  const taken = isTemporary ? transaction.temporary.get(to) : transaction.snapshot.relation(relation.schema, to);
  if (taken !== undefined) throw alreadyThere(to, at);
  const renamed = { ...relation, name: to, changedAtMs: run.core.shared.clock.now() };
  await rewriteDependents(run, relation, renamed);
  if (!isTemporary && (relation.kind === "table" || relation.kind === "materialized-view"))
    await runDdl(run, `ALTER TABLE ${duckDbName(relation)} RENAME TO ${quotedName(to)}`, relation.name);
  await putRelation(run, renamed);
}

export async function renameColumn(
  run: DdlRun,
  relation: StoredRelation,
  { from, to, at }: { readonly from: string; readonly to: string; readonly at: number },
): Promise<void> {
  checkColumnName(to, at);
  if (!relation.columns.some(({ name }) => name === from)) throw missingColumn(relation, from, at);
  if (relation.columns.some(({ name }) => name === to)) {
    throw new SqlError(SQL_STATE.duplicateColumn, `column "${to}" of relation "${relation.name}" already exists`, {
      at,
    });
  }
  const columns = relation.columns.map((column) => (column.name === from ? { ...column, name: to } : column));
  const constraints = relation.constraints.map((one) => ({
    ...one,
    columns: one.columns.map((name) => (name === from ? to : name)),
  }));
  const renamed = { ...relation, columns, constraints, changedAtMs: run.core.shared.clock.now() };
  if (relation.kind !== "view")
    await runDdl(
      run,
      `ALTER TABLE ${duckDbName(relation)} RENAME COLUMN ${quotedName(from)} TO ${quotedName(to)}`,
      relation.name,
    );
  const items = columns.map(({ name }) =>
    name === to ? `${quotedName(to)} AS ${quotedName(from)}` : quotedName(name),
  );
  await putRelation(run, renamed);
  await rewriteDependents(run, relation, renamed, {
    text: `(SELECT ${items.join(", ")} FROM ${qualified(renamed)})`,
  });
}

export function missingColumn(relation: StoredRelation, name: string, at: number): SqlError {
  return new SqlError(SQL_STATE.undefinedColumn, `column "${name}" of relation "${relation.name}" does not exist`, {
    at,
    hint: `Its columns are ${relation.columns.map((column) => column.name).join(", ")}.`,
  });
}

/** Views that hold on to the relation name it as it is called from now on. Late-binding ones mean whatever has the name. */
export async function rewriteDependents(
  run: DdlRun,
  before: StoredRelation,
  after: StoredRelation,
  successor: Successor = { text: qualified(after) },
): Promise<void> {
  const { catalog, transaction } = run.core;
  for (const view of [...transaction.snapshot.relations()]) {
    if (view.lateBinding || view.definition === undefined || !view.reads.includes(before.oid)) continue;
    const definition = viewTextAfter(view.definition, (name) => catalog.find(name), before, successor);
    if (definition !== view.definition) await putRelation(run, { ...view, definition });
  }
}

/** The views that would not bind any more, with the catalog as it is now. */
export function brokenViews(run: DdlRun, relation: StoredRelation): readonly StoredRelation[] {
  const { transaction } = run.core;
  return [...transaction.snapshot.relations()].filter((view) => {
    if (view.lateBinding || view.definition === undefined || !view.reads.includes(relation.oid)) return false;
    try {
      bindQuery(parseQuery(view.definition), run.context());
      return false;
    } catch {
      return true;
    }
  });
}

export function columnNeeded(
  relation: StoredRelation,
  column: string,
  by: readonly StoredRelation[],
  at: number,
): SqlError {
  const what = `${kindWord(relation)} ${relation.name} column ${column}`;
  return new SqlError(SQL_STATE.dependentObjectsStillExist, `cannot drop ${what} because other objects depend on it`, {
    at,
    detail: by.map((view) => `${kindWord(view)} ${view.name} depends on ${what}`).join("\n"),
    hint: "Use DROP ... CASCADE to drop the dependent objects too.",
  });
}

export function qualified(relation: Pick<StoredRelation, "schema" | "name">): string {
  return `${quotedName(relation.schema)}.${quotedName(relation.name)}`;
}
